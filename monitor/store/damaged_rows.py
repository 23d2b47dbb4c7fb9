"""Rows whose stored content cannot be read, for example after a disk fault.

A damaged row is logged with its table and id, and the other rows are read nevertheless.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TypeVar

from sqlalchemy import Table

from monitor.domain.errors import DamagedRow
from monitor.store.row_mapping import AnyRow

T = TypeVar("T")
log = logging.getLogger(__name__)

_DECODING_ERRORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def read_row(table: Table, row_id: object, build: Callable[[], T]) -> T:
    """Return the result of ``build``, which decodes a row.

    Raises ``DamagedRow`` with the table and the id of the row if ``build`` cannot decode the content.
    """
    try:
        return build()
    except _DECODING_ERRORS as error:
        raise DamagedRow(
            f"row {row_id} of the table {table.name} cannot be read ({type(error).__name__}): restore it from a "
            "backup, or delete it"
        ) from error


def read_rows(table: Table, rows: Iterable[AnyRow], build: Callable[[AnyRow], T], id_column: str = "id") -> list[T]:
    """Return the result of ``build`` for each row; damaged rows are logged and left out.

    Log messages contain the type of the error but not its text, which may quote the text of an article.
    """
    found = []
    get_id = attrgetter(id_column)
    for row in rows:
        try:
            found.append(build(row))
        except _DECODING_ERRORS as error:
            log.error("row %s of the table %s cannot be read: %s", get_id(row), table.name, type(error).__name__)  # noqa: TRY400 - the traceback is of no use
    return found


def read_part(
    fetch: Callable[[AnyRow | None], Sequence[AnyRow]], read: Callable[[Sequence[AnyRow]], list[T]]
) -> list[T]:
    """Return the next rows of a list that is read in parts. Parts of which every row is damaged are skipped.

    An empty result therefore means the end of the list. ``fetch`` is called with the row after which the part begins,
    or with None for the first part. ``read`` leaves damaged rows out, as ``read_rows`` does.
    """
    last: AnyRow | None = None
    while rows := fetch(last):
        if found := read(rows):
            return found
        last = rows[-1]
    return []
