"""Connections and transactions on SQLite and PostgreSQL, and INSERT statements for rows that may already exist."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock, local
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from monitor.domain.errors import UsageError
from monitor.store.errors import translate_errors

BUSY_TIMEOUT_SECONDS = 5.0
IDLE_IN_TRANSACTION_SECONDS = 20.0
"""Time after which PostgreSQL ends the session of a process that is idle in a transaction, and releases its locks."""

KEEPALIVE_OPTIONS = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
KEEPALIVE_OPTIONS |= {"tcp_user_timeout": 30_000}
"""A broken connection is detected within 30 s; the default of the system is about two hours."""

_WAL_CHECKPOINT_PAGES = 4000
"""Length of the write-ahead log, in pages, at which SQLite copies the log to the database file. 4000 pages have 16 MB.

With the default of 4 MB, the pages of the full-text index were copied after every few polls.
"""

_INSTRUCTIONS_BETWEEN_CHECKS = 20_000
"""Number of SQLite instructions between two checks of a time limit. They take about a millisecond."""

_JOURNAL_PRAGMA = "PRAGMA journal_mode=WAL"
_PRAGMAS = (
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
    f"PRAGMA wal_autocheckpoint={_WAL_CHECKPOINT_PAGES}",
)


class TimeLimit:
    """Limit on the time of the queries of one thread, in seconds.

    On SQLite, all queries together may take this time. Only the processor time of the thread counts, so that cheap
    queries also finish on a busy machine. On PostgreSQL, the server limits the time of each query.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.thread_time() + seconds

    @contextmanager
    def apply(self, connection: Connection) -> Iterator[None]:
        """Limit the time of the queries on a connection while the block runs."""
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(self._seconds * 1000)}")
            yield
            return
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.thread_time() > self._end, _INSTRUCTIONS_BETWEEN_CHECKS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)


class Connections:
    """Connections to a database: one that writes, and several that read.

    On SQLite, a write transaction begins IMMEDIATE: it waits for the lock at its start and cannot fail because of the
    lock later. A commit of collected articles reaches the disk only with the next checkpoint (synchronous=NORMAL). A
    power failure may therefore lose the last polls; they are then repeated. A commit of digests or deliveries is
    flushed to the disk immediately, because its transaction is opened with ``durable``.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Prepare the connections without opening one. With ``read_only``, the engine refuses every write.

        Raises ``UsageError`` for a URL of an unsupported engine, or if the optional packages for the engine are not
        installed.
        """
        self.is_sqlite, self.database_file = _parse_url(url)
        if self.is_sqlite:
            options: dict[str, Any] = {"creator": partial(_connect_read_only, self.database_file)} if read_only else {}
            self._write_engine = _create_sqlite_engine(url, pool_size=1, max_overflow=0, **options)
            self._read_engine = _create_sqlite_engine(url, pool_size=4, max_overflow=4, **options)
            _set_begin_statement(self._write_engine, "BEGIN IMMEDIATE")
            _set_begin_statement(self._read_engine, "BEGIN")
        else:
            self._write_engine = self._read_engine = _create_postgres_engine(url, read_only=read_only)
        self._write_lock = Lock()
        self._write_connection: Connection | None = None
        self._thread_state = local()

    @property
    def conninfo(self) -> dict[str, Any]:
        """Return the parameters to connect to the same database with psycopg, or an empty dict on SQLite."""
        if self.is_sqlite:
            return {}
        _, found = self._write_engine.dialect.create_connect_args(self._write_engine.url)
        return {**found, **KEEPALIVE_OPTIONS, "application_name": "monitor"}

    @contextmanager
    def write_transaction(self, *, durable: bool = False) -> Iterator[Connection]:
        """Open a write transaction, which is rolled back if an exception leaves the block.

        With ``durable``, the commit is flushed to disk before it returns.
        """
        if not self.is_sqlite:
            with translate_errors(), self._write_engine.begin() as connection:
                yield connection
            return
        shared: Connection | None = getattr(self._thread_state, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._write_lock, translate_errors():
            connection = self._get_write_connection()
            set_durable(connection, durable=durable)
            with connection.begin():
                yield connection

    @contextmanager
    def shared_transaction(self) -> Iterator[None]:
        """Combine all write transactions that this thread opens inside the block into one transaction.

        Use it on SQLite only, and not for durable writes.
        """
        with self.write_transaction() as connection:
            self._thread_state.connection = connection
            try:
                yield
            finally:
                self._thread_state.connection = None

    def _get_write_connection(self) -> Connection:
        """Return the connection that writes, which stays open between transactions.

        A new connection from the pool each time would take as long as the insertion of a row.
        """
        if self._write_connection is None:
            self._write_connection = self._write_engine.connect()
        return self._write_connection

    @contextmanager
    def read_transaction(self) -> Iterator[Connection]:
        """Open a read transaction; all its queries see the same state of the database."""
        shared: Connection | None = getattr(self._thread_state, "reader", None)
        if shared is not None:
            yield shared
            return
        with translate_errors(), self._read_engine.connect() as connection, connection.begin():
            limit: TimeLimit | None = getattr(self._thread_state, "limit", None)
            with limit.apply(connection) if limit else nullcontext():
                yield connection

    @contextmanager
    def time_limit(self, limit: "TimeLimit") -> Iterator[None]:
        """Limit the time of queries while the block runs, in the read transactions that this thread opens.

        A query that exceeds the limit is stopped and raises ``QueryTimeout``.
        """
        self._thread_state.limit = limit
        try:
            yield
        finally:
            self._thread_state.limit = None

    @contextmanager
    def shared_read_transaction(self) -> Iterator[None]:
        """Combine all read transactions that this thread opens inside the block into one transaction.

        All queries in the block then see the same state of the database.
        """
        with self.read_transaction() as connection:
            self._thread_state.reader = connection
            try:
                yield
            finally:
                self._thread_state.reader = None

    def reset_readers(self) -> None:
        """Close the connections that read. New connections use the current table statistics for their query plans."""
        self._read_engine.dispose()

    @contextmanager
    def raw_connection(self) -> Iterator[sqlite3.Connection]:
        """Open a connection of the SQLite driver for statements that must run outside a transaction.

        Write transactions wait until the block ends.
        """
        with (
            self._write_lock,
            translate_errors(),
            closing(sqlite3.connect(self.database_file, isolation_level=None)) as driver,
        ):
            driver.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}")
            yield driver

    @contextmanager
    def migration_transaction(self) -> Iterator[Connection]:
        """Open a write transaction for migrations; on SQLite, foreign keys are not enforced in it."""
        if not self.is_sqlite:
            with self.write_transaction() as connection:
                yield connection
            return
        engine = _create_sqlite_engine(
            str(self._write_engine.url.render_as_string(hide_password=False)), poolclass=NullPool
        )
        _set_begin_statement(engine, "BEGIN IMMEDIATE")
        with translate_errors(), engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]  # open
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections. On SQLite, closing the last one merges the WAL into the database file."""
        if self._write_connection is not None:
            self._write_connection.close()
        self._read_engine.dispose()
        self._write_engine.dispose()


def set_durable(connection: Connection, *, durable: bool) -> None:
    """Set whether the next commit is flushed to disk; SQLite accepts this only between transactions."""
    if connection.info.get("durable", False) is not durable:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable


def _parse_url(url: str) -> tuple[bool, str]:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("the database URL is invalid; use sqlite:///FILE or postgresql+psycopg://HOST/NAME") from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {None, "", ":memory:"}:
        return True, str(parsed.database)
    if parsed.drivername == "postgresql+psycopg":
        return False, ""
    raise UsageError(
        f"databases of type {parsed.drivername} are not supported; use sqlite:///FILE or postgresql+psycopg://HOST/NAME"
    )


def _create_sqlite_engine(url: str, **options: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def prepare(driver: Any, _record: object) -> None:
        driver.isolation_level = None  # the driver must not begin transactions by itself
        for pragma in _PRAGMAS if "creator" in options else (_JOURNAL_PRAGMA, *_PRAGMAS):
            driver.execute(pragma)

    return engine


def _connect_read_only(database_file: str) -> sqlite3.Connection:
    """Open an SQLite file so that this process cannot write to it.

    In WAL mode, SQLite creates two files next to the database if they are missing. If these files belonged to another
    user, the daemon could not open them. A user who may not create files there therefore opens the database as
    immutable, so that SQLite creates none. If a WAL file exists, this is not done, because another process may have the
    database open.
    """
    file = Path(database_file)
    may_create = os.geteuid() in {0, file.stat().st_uid} and os.access(file.absolute().parent, os.W_OK)
    mode = "mode=ro" if may_create or Path(f"{file}-wal").exists() else "mode=ro&immutable=1"
    uri = f"{file.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False)


def _set_begin_statement(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _create_postgres_engine(url: str, *, read_only: bool) -> Engine:
    timeouts = {
        "lock_timeout": BUSY_TIMEOUT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_SECONDS,
    }
    options = " ".join(["-c timezone=utc", *(f"-c {name}={int(seconds * 1000)}" for name, seconds in timeouts.items())])
    if read_only:
        options += " -c default_transaction_read_only=on"
    connect_args = {"options": options, "application_name": "monitor", **KEEPALIVE_OPTIONS}
    try:
        return create_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True, connect_args=connect_args)
    except ImportError as error:
        raise UsageError(
            "a database on PostgreSQL needs the extra `postgres`; install it with: pip install 'monitor[postgres]'"
        ) from error


def insert_ignore(table: Table, connection: Connection) -> Any:
    """Return an INSERT statement for ``table`` that skips a row whose key already exists."""
    return _dialect_insert(table, connection).on_conflict_do_nothing()


def upsert(table: Table, connection: Connection, key_column: str, columns: Iterable[str]) -> Any:
    """Return an INSERT statement for ``table`` that overwrites a row with the same value of ``key_column``.

    Only ``columns`` are overwritten.
    """
    statement = _dialect_insert(table, connection)
    values = {name: statement.excluded[name] for name in columns if name != key_column}
    return statement.on_conflict_do_update(index_elements=[key_column], set_=values)


def _dialect_insert(table: Table, connection: Connection) -> Any:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # slow to import

    return postgresql.insert(table)
