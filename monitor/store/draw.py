"""Writes ``catalogue.py`` from the tables as they are defined, to standard output: ``python -m monitor.store.draw``.

A test holds that the two agree.
"""

import sys

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from monitor.store import clusters, letters, tables
from monitor.store.columns import BIG

HEAD = '''"""The tables as queries see them: columns, keys, links and defaults.

Written by ``draw.py``: change the models (``tables.py``, ``letters.py``, ``clusters.py``) and have it written again.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.columns import BIG, Moment, Words

CATALOGUE = MetaData()
'''


def defined() -> MetaData:
    """Return the schema with every table in it."""
    for module in (tables, letters, clusters):  # each has brought its own at import
        schema: MetaData = module.Base.metadata
    return schema


def drawn() -> str:
    """Return the text of ``catalogue.py``."""
    return HEAD + "".join(f"\n{_table(table)}" for _, table in sorted(defined().tables.items()))


def _table(table: Table) -> str:
    columns = "".join(f"    {_column(column)},\n" for column in table.columns)
    return f'{table.name.upper()} = Table(\n    "{table.name}",\n    CATALOGUE,\n{columns})\n'


def _column(column: Column[object]) -> str:
    kind = "BIG" if column.type is BIG else type(column.type).__name__.replace("AutoString", "String")
    parts = [f'"{column.name}"', kind]
    parts += [f'ForeignKey("{key.target_fullname}")' for key in column.foreign_keys]
    parts += ["primary_key=True"] * column.primary_key
    parts += ["autoincrement=False"] * (column.primary_key and column.autoincrement is False)
    if isinstance(column.default, ScalarElementColumnDefault):
        parts.append(f"default={column.default.arg!r}".replace("'", '"'))
    return f"Column({', '.join(parts)})"


if __name__ == "__main__":
    sys.stdout.write(drawn())
