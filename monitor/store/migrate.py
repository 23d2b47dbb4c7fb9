"""The schema's history: bring a database to this program's schema, or refuse and leave it as it was.

Alembic is loaded only where there is something to migrate: every start asks, and hardly any has to.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.domain.errors import SchemaMismatch, StoreError
from monitor.store.connections import Connections
from monitor.store.job_queue import apply_migrations, pending_migrations

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"
MIGRATION_LOCK_ID = 7_310_001  # the number under which PostgreSQL lets one process migrate at a time


def _alembic_config(migrations_dir: Path) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_dir).replace("%", "%%"))
    return config


def schema_version(connections: Connections) -> str:
    """Return the revision a database is at, or an empty text for a new one."""
    with connections.read_transaction() as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return ""
        return str(connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar() or "")  # noqa: S608 - a constant


def latest_revision(migrations_dir: Path = MIGRATIONS_DIR) -> str:
    """Return the last revision of this program: each script's name begins with its revision, and they sort."""
    return max(script.name.partition("_")[0] for script in (migrations_dir / "versions").glob("[0-9]*.py"))


def pending_revisions(connections: Connections, migrations_dir: Path = MIGRATIONS_DIR) -> tuple[str, ...]:
    """Return the revisions that a database lacks, oldest first.

    Raises ``SchemaMismatch`` if it has one that this program does not know, or is another program's.
    """
    current = schema_version(connections)
    if current == latest_revision(migrations_dir):
        return ()
    if not current:
        _reject_foreign_schema(connections)
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    try:
        steps = list(
            ScriptDirectory.from_config(_alembic_config(migrations_dir)).iterate_revisions("heads", current or "base")
        )
    except (CommandError, RevisionError):
        raise SchemaMismatch(
            f"the database has schema {current}, which this program does not know: a newer monitor wrote it. "
            "Install that version again, or restore a backup made before the change"
        ) from None
    return tuple(step.revision for step in reversed(steps))


def _reject_foreign_schema(connections: Connections) -> None:
    """Leave an SQLite file of another program alone. Raises ``SchemaMismatch``."""
    if connections.is_sqlite:
        with connections.read_transaction() as connection:
            tables = inspect(connection).get_table_names()
        if tables:
            raise SchemaMismatch(
                f"{connections.database_file} holds the tables of another program ({', '.join(tables[:3])}); "
                "it was left as it is: name a file of monitor's own"
            )


def pending_queue_migrations(connections: Connections) -> tuple[str, ...]:
    """Return the migrations of the queue's tables that a database lacks, oldest first; none on SQLite.

    Raises ``SchemaMismatch`` as ``borrowed.lacking`` does.
    """
    if connections.is_sqlite:
        return ()
    with connections.read_transaction() as connection:
        return pending_migrations(connection)


def migrate(connections: Connections, migrations_dir: Path = MIGRATIONS_DIR) -> None:
    """Run the missing migrations in one transaction. Raises ``SchemaMismatch``, and then nothing has changed.

    Processes that start together on one PostgreSQL migrate one after another; the later ones find nothing to do.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _alembic_config(migrations_dir)
    try:
        with connections.migration_transaction() as connection:
            if not connections.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": MIGRATION_LOCK_ID})
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            apply_migrations(connection)
            _check_foreign_keys(connection)
    except (StoreError, SQLAlchemyError, CommandError) as error:
        raise SchemaMismatch(
            f"the database could not be brought to this program's schema and is as it was: {error}"
        ) from error


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken:
            raise SchemaMismatch(f"a row of {broken[0]} would point to nothing in {broken[2]}")
