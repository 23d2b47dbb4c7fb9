"""Driver errors become the store's errors here, and nowhere else."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.domain.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull

_SQLITE_ERRORS = {  # primary result codes, https://sqlite.org/rescode.html
    sqlite3.SQLITE_BUSY: (StoreBusy, "it is locked by another program for longer than the timeout; try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "it is locked; try again"),
    sqlite3.SQLITE_FULL: (
        StoreFull,
        "there is no space left on its disk; nothing was written, free some and it goes on",
    ),
    sqlite3.SQLITE_IOERR_WRITE: (StoreFull, "its disk took no more; free some space and it goes on"),
    sqlite3.SQLITE_IOERR_SHMSIZE: (StoreFull, "there is no space left beside it; free some and it goes on"),
    sqlite3.SQLITE_IOERR_FSYNC: (StoreFull, "its disk took no more; free some space and it goes on"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the file is damaged; stop the daemon and restore a backup"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "the file is no SQLite database; restore a backup or name another file"),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "it is read-only; give the program's user the right to write to file and folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "it cannot be opened; its folder must exist and be writable"),
}
_POSTGRES_ERRORS = {  # SQLSTATE, or its class of two letters
    "53100": (StoreFull, "there is no space left on the server's disk"),
    "53": (StoreBusy, "the server is short of resources; try again"),
    "40": (StoreBusy, "another transaction was in the way; try again"),
    "25P03": (StoreBusy, "the server took us for frozen in the middle of a transaction; try again"),
    "55P03": (StoreBusy, "a row is locked for longer than the timeout; try again"),
    "57": (StoreBusy, "the server is shutting down or not yet up; try again"),
    "08": (StoreBusy, "the connection to the server was lost; try again"),
    "XX001": (StoreCorrupt, "a table of the server is damaged; restore a backup"),
    "XX002": (StoreCorrupt, "an index of the server is damaged; rebuild it with REINDEX"),
}


def to_store_error(error: DBAPIError) -> StoreError | None:
    """Return what the user should hear, or None for a bug of ours (wrong SQL, a broken constraint)."""
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
    """Return what the user should hear of an error of SQLite's own driver, or None for a bug of ours."""
    code = getattr(cause, "sqlite_errorcode", 0)
    found = _SQLITE_ERRORS.get(code) or _SQLITE_ERRORS.get(code & 0xFF)
    if found:
        return _build_error(found, cause)
    return StoreError(f"the database failed: {cause}") if isinstance(cause, sqlite3.OperationalError) else None


def _build_error(known_error: tuple[type[StoreError], str], cause: BaseException | None) -> StoreError:
    kind, advice = known_error
    return kind(f"the database did not answer as asked: {advice} ({cause})")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a ``StoreError`` for what the driver raises inside; bugs pass through as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy("all connections to the database are in use; try again") from error
    except DBAPIError as error:
        known = to_store_error(error)
        if known is None:
            raise
        raise known from error
    except sqlite3.Error as error:  # where SQLite is asked past SQLAlchemy: PRAGMAs, backups
        known = sqlite_to_store_error(error)
        if known is None:
            raise
        raise known from error
