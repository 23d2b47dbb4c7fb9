"""The schema's history: bring a database to this program's schema, or refuse and leave it as it was.

Alembic is loaded only where there is something to migrate: every start asks, and hardly any has to.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.domain.errors import SchemaMismatch, StoreError
from monitor.store.borrowed import bring, lacking
from monitor.store.engine import Connections

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = "alembic_version"
TURN = 7_310_001  # the number under which PostgreSQL lets one process migrate at a time


def _config(scripts: Path) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def version(connections: Connections) -> str:
    """Return the revision a database is at, or an empty text for a new one."""
    with connections.reading() as connection:
        if not inspect(connection).has_table(_VERSION):
            return ""
        return str(connection.execute(text(f"SELECT version_num FROM {_VERSION}")).scalar() or "")  # noqa: S608 - a constant


def newest(scripts: Path = SCRIPTS) -> str:
    """Return the last revision of this program: each script's name begins with its revision, and they sort."""
    return max(script.name.partition("_")[0] for script in (scripts / "versions").glob("[0-9]*.py"))


def missing(connections: Connections, scripts: Path = SCRIPTS) -> tuple[str, ...]:
    """Return the revisions that a database lacks, oldest first.

    Raises ``SchemaMismatch`` if it has one that this program does not know, or is another program's.
    """
    current = version(connections)
    if current == newest(scripts):
        return ()
    if not current:
        _refuse_foreign(connections)
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    try:
        steps = list(ScriptDirectory.from_config(_config(scripts)).iterate_revisions("heads", current or "base"))
    except (CommandError, RevisionError):
        raise SchemaMismatch(
            f"the database has schema {current}, which this program does not know: a newer monitor wrote it. "
            "Install that version again, or restore a backup made before the change"
        ) from None
    return tuple(step.revision for step in reversed(steps))


def _refuse_foreign(connections: Connections) -> None:
    """Leave an SQLite file of another program alone. Raises ``SchemaMismatch``."""
    if connections.sqlite:
        with connections.reading() as connection:
            tables = inspect(connection).get_table_names()
        if tables:
            raise SchemaMismatch(
                f"{connections.file} holds the tables of another program ({', '.join(tables[:3])}); "
                "it was left as it is: name a file of monitor's own"
            )


def missing_jobs(connections: Connections) -> tuple[str, ...]:
    """Return the migrations of the queue's tables that a database lacks, oldest first; none on SQLite.

    Raises ``SchemaMismatch`` as ``borrowed.lacking`` does.
    """
    if connections.sqlite:
        return ()
    with connections.reading() as connection:
        return lacking(connection)


def migrate(connections: Connections, scripts: Path = SCRIPTS) -> None:
    """Run the missing migrations in one transaction. Raises ``SchemaMismatch``, and then nothing has changed.

    Processes that start together on one PostgreSQL migrate one after another; the later ones find nothing to do.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _config(scripts)
    try:
        with connections.rebuilding() as connection:
            if not connections.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            bring(connection)
            _check_links(connection)
    except (StoreError, SQLAlchemyError, CommandError) as error:
        raise SchemaMismatch(
            f"the database could not be brought to this program's schema and is as it was: {error}"
        ) from error


def _check_links(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken:
            raise SchemaMismatch(f"a row of {broken[0]} would point to nothing in {broken[2]}")
