"""The schema's history: forward with data, or refused with the database as it was."""

import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from support.postgres import Postgres
from support.rows import draft, kept

from monitor.domain.errors import SchemaMismatch, StoreError, StoreInUse
from monitor.domain.read_models import ArticleFilter
from monitor.store import core_tables
from monitor.store import migrate as migrations
from monitor.store.connections import Connections
from monitor.store.database import Database, LockFile
from monitor.store.generate_core_tables import list_statements, load_metadata, render_core_tables, render_new_database
from monitor.store.migrate import (
    MIGRATIONS_DIR,
    NEW_DATABASE_FILE,
    STATEMENT_END,
    migrate,
    pending_revisions,
    schema_version,
)

FAILING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", "{parent}"

def upgrade():
    op.add_column("article", sa.Column("shade", sa.Text()))
    op.execute("UPDATE article SET title = 'spoiled'")
    op.execute("SELECT * FROM there_is_no_such_table")
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    server: Postgres = request.getfixturevalue("server")
    return server.url(server.new())


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Copy the migrations, to be added to."""
    return Path(shutil.copytree(MIGRATIONS_DIR, tmp_path / "migrations"))


def head(scripts: Path) -> str:
    found: list[str] = re.findall(
        r'^revision = "(\d+)"', "".join(p.read_text() for p in scripts.rglob("0*.py")), re.MULTILINE
    )
    return max(found)


def test_migrations_create_the_tables_of_the_models(fresh: str) -> None:
    """Nothing is left for another migration to do."""
    connections = Connections(fresh)
    migrate(connections)
    with connections.read_transaction() as connection:
        foreign = ("article_search", "procrastinate")
        options = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith(foreign)}
        context = MigrationContext.configure(connection, opts=options)
        changes = [
            change for change in compare_metadata(context, load_metadata()) if "article_search" not in str(change)
        ]
    connections.close()
    assert changes == []


def test_core_tables_agree_with_the_models() -> None:
    """`python -m monitor.store.generate_core_tables` writes them again."""
    assert Path(core_tables.__file__).read_text("utf-8") == render_core_tables()


def test_the_script_for_new_databases_agrees_with_the_migrations() -> None:
    """`python -m monitor.store.generate_core_tables` writes it again."""
    assert NEW_DATABASE_FILE.read_text("utf-8") == render_new_database()


def test_a_new_database_has_the_schema_of_a_migrated_one(tmp_path: Path) -> None:
    """Tables, indexes, settings of the full-text index, and rows."""
    Database.open(f"sqlite:///{tmp_path}/new.db").close()
    connections = Connections(f"sqlite:///{tmp_path}/migrated.db")
    migrate(connections)
    connections.close()
    new, migrated = (sqlite3.connect(tmp_path / f"{name}.db") for name in ("new", "migrated"))
    assert sorted(list_statements(new)) == sorted(list_statements(migrated))
    new.close()
    migrated.close()


def test_an_interrupted_creation_leaves_an_empty_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next start creates the tables."""
    url, broken = f"sqlite:///{tmp_path}/monitor.db", tmp_path / "broken.sql"
    broken.write_text(f"{NEW_DATABASE_FILE.read_text('utf-8')}{STATEMENT_END}INSERT INTO missing VALUES (1)")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "NEW_DATABASE_FILE", broken)
        with pytest.raises(StoreError, match="missing"):
            Database.open(url)
    connections = Connections(url)
    assert schema_version(connections) == ""
    connections.close()
    database = Database.open(url)
    kept(database, draft("a"))
    database.close()


def test_each_migration_runs_from_the_previous_schema(fresh: str, scripts: Path) -> None:
    """One step at a time."""
    later = sorted(scripts.glob("versions/0*.py"))
    kept_back = {path: path.read_text() for path in later}
    for path in later:
        path.unlink()
    connections = Connections(fresh)
    for path in later:
        path.write_text(kept_back[path])
        migrate(connections, scripts)
        assert schema_version(connections) == head(scripts)
    assert pending_revisions(connections) == ()
    connections.close()


def test_a_failed_migration_leaves_the_database_usable(fresh: str, scripts: Path) -> None:
    """The old program can go on with it."""
    database = Database.open(fresh)
    kept(database, draft("a"))
    database.close()
    (scripts / "versions" / "9999_failing.py").write_text(FAILING.format(parent=head(scripts)))
    connections = Connections(fresh)
    with pytest.raises(SchemaMismatch, match="is unchanged"):
        migrate(connections, scripts)
    connections.close()
    database = Database.open(fresh)
    assert [one.article.title for one in database.queries.list_articles(ArticleFilter())] == ["About a"]
    kept(database, draft("b"))
    database.close()


def test_a_file_of_another_program_is_not_changed(tmp_path: Path) -> None:
    """A wrong path in the configuration adds no tables to it."""
    file = tmp_path / "theirs.db"
    connections = Connections(f"sqlite:///{file}")
    with connections.write_transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (number INTEGER)")
    connections.close()
    with pytest.raises(SchemaMismatch, match=r"tables of another program \(invoices\) and was not changed"):
        Database.open(f"sqlite:///{file}")
    connections = Connections(f"sqlite:///{file}")
    with connections.read_transaction() as connection:
        assert inspect(connection).get_table_names() == ["invoices"]
    connections.close()


def test_an_unwritable_folder_is_reported(tmp_path: Path) -> None:
    """With the error of the system and what to do."""
    with pytest.raises(StoreError, match=r"the folder of the database, cannot be written \(.+\); make it writable"):
        LockFile(str(tmp_path / "missing" / "monitor.db"))


def test_a_newer_schema_is_refused(fresh: str) -> None:
    """With what to do, and without a change."""
    Database.open(fresh).close()
    connections = Connections(fresh)
    with connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '8888'")
    with pytest.raises(SchemaMismatch, match="of a newer monitor"):
        Database.open(fresh)
    assert schema_version(connections) == "8888"
    connections.close()


def test_a_database_in_use_is_not_migrated(tmp_path: Path) -> None:
    """While a daemon has the lock, its schema is not changed."""
    file = tmp_path / "monitor.db"
    sqlite3.connect(file).close()
    lock = LockFile(str(file))
    with pytest.raises(StoreInUse, match="needs a new schema"):
        Database.open(f"sqlite:///{file}")
    lock.release()
    Database.open(f"sqlite:///{file}").close()
