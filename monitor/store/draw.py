"""Writes ``catalogue.py`` from the tables as they are defined, to standard output: ``python -m monitor.store.draw``.

A test holds that the two agree.
"""

import sys

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from monitor.store import tables
from monitor.store.column_types import BIG_INTEGER

HEADER = '''"""The tables as queries see them: columns, keys, links and defaults.

Written by ``draw.py``: change the models (``tables.py``, ``letters.py``, ``clusters.py``) and have it written again.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.column_types import BIG_INTEGER, CleanText, UtcDateTime

CORE_METADATA = MetaData()
'''


def load_metadata() -> MetaData:
    """Return the schema with every table in it."""
    for module in (tables, tables, tables):  # each has brought its own at import
        schema: MetaData = module.Base.metadata
    return schema


def render_core_tables() -> str:
    """Return the text of ``catalogue.py``."""
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
    sys.stdout.write(render_core_tables())
