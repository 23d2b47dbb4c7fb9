"""Schema migrations: upgrade a database to the schema of this program, or refuse and leave it unchanged.

Alembic is imported only if there is something to migrate, because importing it is slow. A new SQLite database needs no
migration: its tables are created by a script with the newest schema, which is generated from the migrations.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.domain.errors import SchemaMismatch, StoreError, StoreMissing
from monitor.store.connections import Connections
from monitor.store.job_queue import apply_migrations, pending_migrations

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
NEW_DATABASE_FILE = Path(__file__).with_name("new_database.sql")
STATEMENT_END = ";\n\n"
"""Text between two statements of ``NEW_DATABASE_FILE``."""
_VERSION_TABLE = "alembic_version"
MIGRATION_LOCK_ID = 7_310_001  # an advisory lock of PostgreSQL: only one process at a time migrates


def _alembic_config(migrations_dir: Path) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_dir).replace("%", "%%"))
    return config


def schema_version(connections: Connections) -> str:
    """Return the schema version of a database, or an empty string for a new database."""
    with connections.read_transaction() as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return ""
        return str(connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar() or "")  # noqa: S608 - a constant


def latest_revision(migrations_dir: Path = MIGRATIONS_DIR) -> str:
    """Return the id of the latest migration of this program."""
    return _list_revisions(migrations_dir)[-1]


def _list_revisions(migrations_dir: Path) -> list[str]:
    """Return the ids of all migrations, oldest first. The file name of each migration begins with its id."""
    return sorted(script.name.partition("_")[0] for script in (migrations_dir / "versions").glob("[0-9]*.py"))


def pending_revisions(connections: Connections, migrations_dir: Path = MIGRATIONS_DIR) -> tuple[str, ...]:
    """Return the migrations that are not applied yet, oldest first.

    Raises ``SchemaMismatch`` if the schema is newer than this program, or belongs to another program.
    """
    current, revisions = schema_version(connections), _list_revisions(migrations_dir)
    if not current:
        _reject_foreign_schema(connections)
    elif current not in revisions:
        raise SchemaMismatch(
            f"the database has schema {current} of a newer monitor; "
            "install that version, or restore a backup from before its upgrade"
        )
    return tuple(revision for revision in revisions if revision > current)


def _reject_foreign_schema(connections: Connections) -> None:
    """Raise ``SchemaMismatch`` if an SQLite file has tables but not the schema of this program."""
    if connections.is_sqlite:
        with connections.read_transaction() as connection:
            tables = inspect(connection).get_table_names()
        if tables:
            raise SchemaMismatch(
                f"{connections.database_file} has tables of another program ({', '.join(tables[:3])}) "
                "and was not changed; use another file"
            )


def pending_queue_migrations(connections: Connections) -> tuple[str, ...]:
    """Return the migrations of the job queue that are not applied yet, oldest first; none on SQLite.

    Raises ``SchemaMismatch`` in the same cases as ``job_queue.pending_migrations``.
    """
    if connections.is_sqlite:
        return ()
    with connections.read_transaction() as connection:
        return pending_migrations(connection)


def require_current_schema(connections: Connections) -> None:
    """Raise ``StoreMissing`` or ``SchemaMismatch`` unless the database exists and has this program's schema."""
    file = connections.database_file
    place = f"no database {file}" if connections.is_sqlite else "no table of monitor in the database"
    missing = StoreMissing(
        f"there is {place}. If the daemon uses another database, name it with --database URL or in MONITOR_DATABASE; "
        "if nothing was polled yet, `monitor poll` creates it"
    )
    if connections.is_sqlite and not Path(file).exists():
        raise missing
    pending = pending_revisions(connections)
    version = schema_version(connections)
    if not version:
        raise missing
    if pending or pending_queue_migrations(connections):
        raise SchemaMismatch(
            f"the database has schema {version}, which is older than this program's {latest_revision()}; "
            "`monitor db upgrade` backs it up and upgrades it, and the daemon does so at its start"
        )


def create_tables(connections: Connections) -> None:
    """Create the tables of this program in a new SQLite database, in one transaction.

    The result is the same as that of all migrations.
    """
    with connections.migration_transaction() as connection:
        for statement in NEW_DATABASE_FILE.read_text(encoding="utf-8").split(STATEMENT_END):
            connection.exec_driver_sql(statement)


def migrate(connections: Connections, migrations_dir: Path = MIGRATIONS_DIR) -> None:
    """Run the pending migrations in one transaction.

    Raises ``SchemaMismatch`` if a migration fails; then nothing has changed. If several processes start at the same
    time on PostgreSQL, they run this function one after another. The later processes find nothing to do.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _alembic_config(migrations_dir)
    try:
        with connections.migration_transaction() as connection:
            if not connections.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock_id)"), {"lock_id": MIGRATION_LOCK_ID})
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            apply_migrations(connection)
            _check_foreign_keys(connection)
    except (StoreError, SQLAlchemyError, CommandError) as error:
        raise SchemaMismatch(
            f"the database could not be upgraded to the schema of this program and is unchanged: {error}"
        ) from error


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken:
            raise SchemaMismatch(f"a row of {broken[0]} would refer to a row of {broken[2]} that does not exist")
