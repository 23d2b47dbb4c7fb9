"""Many rows at once, past the statement compiler: on the path of every article its work would cost more than SQLite's.

The columns' types still decide what goes in, so a row written here is the row that SQLAlchemy would have written.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table

Converter = Callable[[Any], Any] | None


def insert_rows(connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]], *, new: bool = False) -> int:
    """Insert rows that all have the same columns (two or more); with ``new``, leave out those whose key is there.

    Returns how many went in.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    statement = _statement(into, names, connection.dialect.name, new=new)
    converters = _converters(into, names, connection.dialect)
    pick = itemgetter(*names)
    values = [
        tuple(
            [value if convert is None else convert(value) for convert, value in zip(converters, pick(row), strict=True)]
        )
        for row in rows
    ]
    return connection.exec_driver_sql(statement, values).rowcount


def keys_of_source(connection: Connection, source_id: str, keys: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Return those of these identity keys that a source has, each with its article's number."""
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(keys))
        query = f"SELECT key, article_id FROM identity WHERE source_id = ? AND key IN ({places})"  # noqa: S608  # "?" only
        return [(key, number) for key, number in connection.exec_driver_sql(query, (source_id, *keys))]
    query = "SELECT key, article_id FROM identity WHERE source_id = %s AND key = ANY(%s)"
    return [(bytes(key), number) for key, number in connection.exec_driver_sql(query, (source_id, list(keys)))]


@cache
def _statement(into: Table, names: tuple[str, ...], engine: str, *, new: bool) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join(["?" if engine == "sqlite" else "%s"] * len(names))
    insert = f'INSERT INTO "{into.name}" ({columns}) VALUES ({places})'  # noqa: S608  # names of our own tables
    return insert + (" ON CONFLICT DO NOTHING" if new else "")


@cache
def _converters(into: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Converter, ...]:
    return tuple(into.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
