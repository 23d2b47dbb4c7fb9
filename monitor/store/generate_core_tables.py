"""Generator of ``core_tables.py``: `python -m monitor.store.generate_core_tables` overwrites the file.

A test compares the file with the tables. The reason for the file: docs/decisions/0002-core-tables.md.
"""

from pathlib import Path

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from monitor.store import tables
from monitor.store.column_types import BIG_INTEGER

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


if __name__ == "__main__":
    CORE_TABLES_FILE.write_text(render_core_tables(), encoding="utf-8")
