"""The tables of Procrastinate, on PostgreSQL: made and migrated along with ours, from the scripts that come with it.

Which of its scripts were applied last is written as a comment on its main table, because its schema does not say. A
later Procrastinate brings further scripts; they are applied in order, in the transaction of our own migrations.
"""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, text

from monitor.domain.errors import SchemaMismatch

PROCRASTINATE = "procrastinate"
_SCHEMA_COMMENT_PREFIX = "kept by monitor, schema "
_SELECT_SCHEMA_COMMENT = """SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class') AS said,
                  to_regclass('procrastinate_jobs') IS NOT NULL AS there"""


def is_installed() -> bool:
    """Tell whether Procrastinate is there, which comes with the extra ``postgres``."""
    return find_spec(PROCRASTINATE) is not None


def pending_migrations(connection: Connection) -> tuple[str, ...]:
    """Return the scripts of the installed Procrastinate that the database lacks, oldest first.

    Raises ``SchemaMismatch`` if its tables are not ours, or were made by a newer one.
    """
    if connection.dialect.name == "sqlite" or not is_installed():
        return ()
    found = connection.execute(text(_SELECT_SCHEMA_COMMENT)).one()
    names = [path.stem for path in _migration_scripts()]
    if not found.there:
        return tuple(names)
    said = str(found.said or "")
    if not said.startswith(_SCHEMA_COMMENT_PREFIX):
        raise SchemaMismatch(
            "the database holds tables of Procrastinate which this program has not made: give it a database of its own"
        )
    applied = said.removeprefix(_SCHEMA_COMMENT_PREFIX)
    if applied > names[-1]:
        raise SchemaMismatch(
            f"the queue in the database has schema {applied}, and the installed Procrastinate knows {names[-1]}: "
            "install the newer version again"
        )
    return tuple(name for name in names if name > applied)


def apply_migrations(connection: Connection) -> None:
    """Apply what is lacking, inside a transaction. Raises as ``lacking`` does."""
    steps = pending_migrations(connection)
    if not steps:
        return
    scripts = {path.stem: path for path in _migration_scripts()}
    new = steps == tuple(scripts)
    for path in [_sql_dir() / "schema.sql"] if new else [scripts[step] for step in steps]:
        # without parameters, for only so does the driver take several statements at once, and a % as it stands
        script = path.read_text(encoding="utf-8")
        connection.execution_options(no_parameters=True).exec_driver_sql(script)
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{_SCHEMA_COMMENT_PREFIX}{steps[-1]}'")


def _sql_dir() -> Path:
    spec = find_spec(PROCRASTINATE)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - callers asked is_installed()
    return Path(spec.origin).parent / "sql"


def _migration_scripts() -> list[Path]:
    """Return its migrations in their order, which is that of their names (version, then number)."""
    return sorted((_sql_dir() / "migrations").glob("*.sql"))
