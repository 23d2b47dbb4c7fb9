"""Opening a database to look at it, or to change rows, but never to create or migrate it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.rows import NOW, draft, kept
from support.stores import open_database

import monitor
from monitor.domain.errors import SchemaMismatch, StoreError, StoreMissing, UsageError
from monitor.domain.read_models import ArticleFilter
from monitor.store.connections import Connections
from monitor.store.database import Database, OpenMode

OTHER_MODES = [OpenMode.EXISTING, OpenMode.READ_ONLY]


def titles(database: Database) -> list[str]:
    return [one.article.title for one in database.queries.list_articles(ArticleFilter())]


@pytest.fixture
def filled(url: str) -> str:
    """Name a database with one article."""
    database = Database.open(url)
    kept(database, draft("a"))
    database.close()
    return url


@pytest.mark.parametrize("mode", OTHER_MODES)
def test_a_missing_file_is_not_created(tmp_path: Path, mode: OpenMode) -> None:
    """The message names the file, and what may be meant."""
    with pytest.raises(StoreMissing, match=r"no database /.+/monitor.db.+MONITOR_DATABASE.+`monitor poll` creates it"):
        Database.open(f"sqlite:///{tmp_path}/monitor.db", mode)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", OTHER_MODES)
def test_an_empty_file_is_left_empty(tmp_path: Path, mode: OpenMode) -> None:
    """A file without tables counts as no database."""
    file = tmp_path / "monitor.db"
    file.touch()
    with pytest.raises(StoreMissing):
        Database.open(f"sqlite:///{file}", mode)
    if mode is OpenMode.READ_ONLY:
        assert file.stat().st_size == 0


@pytest.mark.parametrize("mode", OTHER_MODES)
def test_an_older_schema_is_not_migrated(filled: str, mode: OpenMode) -> None:
    """The message names the command that upgrades it."""
    connections = Connections(filled)
    version = set_version(connections, "0009")
    with pytest.raises(SchemaMismatch, match=r"schema 0009, which is older.+`monitor db upgrade`"):
        Database.open(filled, mode)
    assert set_version(connections, version) == "0009"
    connections.close()


def set_version(connections: Connections, version: str) -> str:
    """Replace the schema version and return the one before."""
    with connections.write_transaction() as connection:
        before = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    return str(before)


def test_the_engine_refuses_writes_when_opened_to_read(filled: str) -> None:
    """A method that writes fails, and nothing has changed."""
    database = Database.open(filled, OpenMode.READ_ONLY)
    assert titles(database) == ["About a"]
    with pytest.raises(StoreError, match="read-only"):
        database.key_values.set("key", "value", NOW)
    database.close()
    database = Database.open(filled, OpenMode.EXISTING)
    assert database.key_values.get("key") == ""
    database.key_values.set("key", "value", NOW)
    database.close()


def test_looking_sees_what_a_running_daemon_has_written(tmp_path: Path) -> None:
    """Rows that are still in the write-ahead log are seen."""
    writer = open_database(tmp_path)
    kept(writer, draft("a"))
    reader = Database.open(f"sqlite:///{tmp_path}/monitor.db", OpenMode.READ_ONLY)
    assert titles(reader) == ["About a"]
    reader.close()
    kept(writer, draft("b"))
    writer.close()


def look_as_another_user(file: Path) -> str:
    """Return the titles, or the error, that another user gets, in a folder that this user cannot write to."""
    for path in (file.parent, *file.parent.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = (
        "import os, sqlite3, sys, sqlalchemy.dialects.sqlite\n"
        "from monitor.store.database import Database, OpenMode\n"
        "from monitor.domain.read_models import ArticleFilter\n"
        "os.geteuid() or os.setuid(65534)\n"
        "database = Database.open(sys.argv[1], OpenMode.READ_ONLY)\n"
        "print(*(one.article.title for one in database.queries.list_articles(ArticleFilter())))\n"
        "database.close()"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that other users can enter, unlike the temporary folders of pytest."""
    package = Path(monitor.__file__).parent
    if not all(folder.stat().st_mode & 0o001 for folder in (package, *package.parents)):
        pytest.skip("another user cannot read the program, because its checkout is in a private folder")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_another_user_can_look_while_the_daemon_runs_and_when_it_does_not(open_folder: Path) -> None:
    """The right to read is enough, and no file is left that the daemon could not open."""
    writer = open_database(open_folder)
    kept(writer, draft("a"))
    file = open_folder / "monitor.db"
    assert look_as_another_user(file) == "About a"
    for path in (open_folder, *open_folder.iterdir()):
        path.chmod(0o755)
    writer.close()
    assert look_as_another_user(file) == "About a"
    assert [path.name for path in open_folder.iterdir()] == ["monitor.db"]


def test_a_wrong_url_is_a_usage_error() -> None:
    """In each mode."""
    with pytest.raises(UsageError):
        Database.open("mysql://host/name", OpenMode.READ_ONLY)
