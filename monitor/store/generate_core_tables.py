"""Generator of ``core_tables.py`` and ``new_database.sql``.

`python -m monitor.store.generate_core_tables` overwrites both files. Tests compare them with the tables and the
migrations. The reasons for the files: docs/decisions/0002-core-tables.md.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from monitor.store import tables
from monitor.store.column_types import BIG_INTEGER
from monitor.store.connections import Connections
from monitor.store.migrate import NEW_DATABASE_FILE, STATEMENT_END, migrate

SEARCH_TABLE = "article_search"
CORE_TABLES_FILE = Path(__file__).with_name("core_tables.py")
HEADER = '''"""Tables for queries, generated from ``tables.py``: columns, keys, foreign keys and defaults.

Do not edit: change ``tables.py`` and run ``python -m monitor.store.generate_core_tables``.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.column_types import BIG_INTEGER, CleanText, UtcDateTime

CORE_METADATA = MetaData()
'''


def load_metadata() -> MetaData:
    """Return the metadata of all tables."""
    metadata: MetaData = tables.Base.metadata
    return metadata


def render_core_tables() -> str:
    """Return the text of ``core_tables.py``."""
    return HEADER + "".join(f"\n{_render_table(table)}" for _, table in sorted(load_metadata().tables.items()))


def _render_table(table: Table) -> str:
    columns = "".join(f"    {_render_column(column)},\n" for column in table.columns)
    return f'{table.name.upper()} = Table(\n    "{table.name}",\n    CORE_METADATA,\n{columns})\n'


def _render_column(column: Column[object]) -> str:
    kind = "BIG_INTEGER" if column.type is BIG_INTEGER else type(column.type).__name__.replace("AutoString", "String")
    parts = [f'"{column.name}"', kind]
    parts += [f'ForeignKey("{key.target_fullname}")' for key in column.foreign_keys]
    parts += ["primary_key=True"] * column.primary_key
    parts += ["autoincrement=False"] * (column.primary_key and column.autoincrement is False)
    if isinstance(column.default, ScalarElementColumnDefault):
        parts.append(f"default={column.default.arg!r}".replace("'", '"'))
    return f"Column({', '.join(parts)})"


def render_new_database() -> str:
    """Return the text of ``new_database.sql``: the schema and the rows that all migrations together create."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/new.db"
        connections = Connections(f"sqlite:///{file}")
        migrate(connections)
        connections.close()
        with closing(sqlite3.connect(file)) as connection:
            return f"{STATEMENT_END.join(list_statements(connection))};\n"


def list_statements(connection: sqlite3.Connection) -> list[str]:
    """Return the SQL statements that create all tables and indexes of a database and insert the rows of the tables.

    No statement creates the internal tables of the full-text index, because SQLite does this. The settings of the index
    are inserted as commands, not as ordinary rows.
    """
    internal = f"{SEARCH_TABLE}_"
    objects = connection.execute("SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    created = [(name, kind, sql) for name, kind, sql in objects if not name.startswith((internal, "sqlite_"))]
    tables = [name for name, kind, _ in created if kind == "table" and name != SEARCH_TABLE]
    settings = connection.execute(f"SELECT k, v FROM {internal}config WHERE k != 'version' ORDER BY k").fetchall()  # noqa: S608 - a constant
    statements = [sql.strip() for _, _, sql in created]
    for name, value in settings:
        statements.append(f"INSERT INTO {SEARCH_TABLE} ({SEARCH_TABLE}, rank) VALUES ('{name}', {value})")  # noqa: S608 - our own values
    for table in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"').fetchall():  # noqa: S608 - our own tables
            values = [connection.execute("SELECT quote(?)", (value,)).fetchone()[0] for value in row]
            statements.append(f'INSERT INTO "{table}" VALUES ({", ".join(values)})')  # noqa: S608 - our own values
    return statements


if __name__ == "__main__":
    CORE_TABLES_FILE.write_text(render_core_tables(), encoding="utf-8")
    NEW_DATABASE_FILE.write_text(render_new_database(), encoding="utf-8")
