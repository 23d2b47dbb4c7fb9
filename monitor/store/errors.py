"""Translation of the errors of database drivers into ``StoreError``. No other module does this."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.domain.errors import QueryTimeout, StoreBusy, StoreCorrupt, StoreError, StoreFull

QUERY_TIMEOUT = "the look-up takes too long and was stopped; ask for a shorter period or for fewer rows"

_SQLITE_ERRORS = {  # primary result codes, https://sqlite.org/rescode.html
    sqlite3.SQLITE_BUSY: (StoreBusy, "it is locked by another program; try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "it is locked; try again"),
    sqlite3.SQLITE_FULL: (
        StoreFull,
        "its disk is full; nothing was written, free some space",
    ),
    sqlite3.SQLITE_IOERR_WRITE: (StoreFull, "its disk is full; free some space"),
    sqlite3.SQLITE_IOERR_SHMSIZE: (StoreFull, "its disk is full; free some space"),
    sqlite3.SQLITE_IOERR_FSYNC: (StoreFull, "its disk is full; free some space"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the file is damaged; stop the daemon and restore a backup"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "the file is not an SQLite database; restore a backup or use another file"),
    sqlite3.SQLITE_INTERRUPT: (QueryTimeout, QUERY_TIMEOUT),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "it is read-only; give the user of the program write access to file and folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "it cannot be opened; its folder must exist and be writable"),
}
_POSTGRES_ERRORS = {  # a SQLSTATE, or the first two letters of one, which name its class
    "53100": (StoreFull, "the disk of the server is full"),
    "53": (StoreBusy, "the server has not enough resources; try again"),
    "25006": (StoreError, "it is read-only; give the user of the program the right to write"),
    "40": (StoreBusy, "it conflicted with another transaction; try again"),
    "25P03": (StoreBusy, "the server ended a transaction that was idle for too long; try again"),
    "57014": (QueryTimeout, QUERY_TIMEOUT),
    "55P03": (StoreBusy, "a row is locked by another transaction; try again"),
    "57": (StoreBusy, "the server is starting or shutting down; try again"),
    "08": (StoreBusy, "the connection to the server was lost; try again"),
    "XX001": (StoreCorrupt, "a table of the server is damaged; restore a backup"),
    "XX002": (StoreCorrupt, "an index of the server is damaged; rebuild it with REINDEX"),
}


def to_store_error(error: DBAPIError) -> StoreError | None:
    """Return the ``StoreError`` to show to the user for an error of a database driver.

    The result is None if the error is a bug of this program, such as wrong SQL or a violated constraint.
    """
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return sqlite_to_store_error(cause)
    state = str(getattr(cause, "sqlstate", None) or "")
    found = _POSTGRES_ERRORS.get(state) or _POSTGRES_ERRORS.get(state[:2])
    if not found and (error.connection_invalidated or (isinstance(error, OperationalError) and not state)):
        found = _POSTGRES_ERRORS["08"]
    if found:
        return _build_error(found, cause)
    return StoreError(f"the database failed: {cause}") if isinstance(error, OperationalError) else None


def sqlite_to_store_error(cause: sqlite3.Error) -> StoreError | None:
    """Return the ``StoreError`` for an error of the SQLite driver, or None if the error is a bug of this program."""
    code = getattr(cause, "sqlite_errorcode", 0)
    found = _SQLITE_ERRORS.get(code) or _SQLITE_ERRORS.get(code & 0xFF)
    if found:
        return _build_error(found, cause)
    return StoreError(f"the database failed: {cause}") if isinstance(cause, sqlite3.OperationalError) else None


def _build_error(known_error: tuple[type[StoreError], str], cause: BaseException | None) -> StoreError:
    kind, advice = known_error
    if kind is QueryTimeout:
        return kind(advice)
    return kind(f"the database cannot be used: {advice} ({cause})")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a ``StoreError`` for each driver error inside the block.

    An error that is a bug of this program is raised unchanged.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("all connections to the database are in use; try again") from error
    except DBAPIError as error:
        known = to_store_error(error)
        if known is None:
            raise
        raise known from error
    except sqlite3.Error as error:  # direct use of the driver raises these errors: PRAGMAs, backups
        known = sqlite_to_store_error(error)
        if known is None:
            raise
        raise known from error
