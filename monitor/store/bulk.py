"""Many rows at once, past the statement compiler: on the path of every article its work would cost more than SQLite's.

The columns' types still decide what goes in, so a row written here is the row that SQLAlchemy would have written.
Values are brought to their types column by column, not cell by cell.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Table

from monitor.store.columns import CleanText, clean_texts

ColumnValues = Sequence[Any]
Converter = Callable[[Any], Any]


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool = False
) -> int:
    """Insert rows that all have the same columns (two or more); with ``new``, leave out those whose key is there.

    Returns how many went in.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    columns: list[ColumnValues] = list(zip(*map(itemgetter(*names), rows), strict=True))
    for at, convert, words in _column_converters(table, names, connection.dialect):
        columns[at] = clean_texts(columns[at]) if words else [convert(value) for value in columns[at]]
    statement = _insert_statement(table, names, connection.dialect.name, skip_existing=skip_existing)
    return connection.exec_driver_sql(statement, list(zip(*columns, strict=True))).rowcount


def execute_update(connection: Connection, table: Table, statement: str, values: Mapping[str, Any]) -> int:
    """Run a statement with a "?" for each of these columns' values, in their order; return how many rows it changed."""
    names, dialect = tuple(values), connection.dialect
    bound = list(values.values())
    for at, convert, _words in _column_converters(table, names, dialect):
        bound[at] = convert(bound[at])
    statement = statement if dialect.name == "sqlite" else statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, tuple(bound)).rowcount


def find_keys_of_source(connection: Connection, source_id: str, keys: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Return those of these identity keys that a source has, each with its article's number."""
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(keys))
        query = f"SELECT key, article_id FROM identity WHERE source_id = ? AND key IN ({places})"  # noqa: S608  # "?" only
        return [(key, number) for key, number in connection.exec_driver_sql(query, (source_id, *keys))]
    query = "SELECT key, article_id FROM identity WHERE source_id = %s AND key = ANY(%s)"
    return [(bytes(key), number) for key, number in connection.exec_driver_sql(query, (source_id, list(keys)))]


@cache
def _insert_statement(table: Table, names: tuple[str, ...], engine: str, *, skip_existing: bool) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join(["?" if engine == "sqlite" else "%s"] * len(names))
    insert = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608  # names of our own tables
    return insert + (" ON CONFLICT DO NOTHING" if skip_existing else "")


@cache
def _column_converters(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[int, Converter, bool], ...]:
    """Return what brings values to their types, each with its place and whether they are words."""
    kinds = [table.c[name].type for name in names]
    found = [(at, kind.dialect_impl(dialect).bind_processor(dialect), kind) for at, kind in enumerate(kinds)]
    return tuple(
        (at, convert, isinstance(kind, CleanText))
        for at, convert, kind in found
        if convert is not None and not isinstance(kind, LargeBinary)  # every driver takes bytes as they are
    )
