"""Connections: how each engine is opened, and what a transaction is on it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from threading import Lock, local
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from monitor.domain.errors import UsageError
from monitor.store.faults import translated

BUSY_SECONDS = 5.0
IDLE_SECONDS = 20.0
"""After so long in the middle of a transaction, PostgreSQL gives a process up that is frozen, and frees its locks."""

ALIVE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
ALIVE |= {"tcp_user_timeout": 30_000}  # a network that was cut is noticed within half a minute, not after two hours
_LOG_PAGES = 4000  # 16 MB; at the usual 4 MB the pages of the full-text index were copied home with every few polls
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
    f"PRAGMA wal_autocheckpoint={_LOG_PAGES}",
)


class Connections:
    """A writer and its readers on one database.

    On SQLite a write transaction begins IMMEDIATE, so that it waits for its turn at the start and never fails for the
    lock in the middle. A commit of collected articles reaches the disk with the next checkpoint (synchronous=NORMAL:
    after a power cut the last polls are simply polled again); what was told and sent is flushed at once (``durable``).
    """

    def __init__(self, url: str) -> None:
        """Prepare the connections; none is opened yet. Raises ``UsageError`` for a URL that names no known engine."""
        self.sqlite, self.file = _judge(url)
        if self.sqlite:
            self._writer = _sqlite(url, pool_size=1, max_overflow=0)
            self._reader = _sqlite(url, pool_size=4, max_overflow=4)
            _begin_with(self._writer, "BEGIN IMMEDIATE")
            _begin_with(self._reader, "BEGIN")
        else:
            self._writer = self._reader = _postgres(url)
        self._turn = Lock()
        self._held: Connection | None = None
        self._shared = local()

    @property
    def conninfo(self) -> dict[str, Any]:
        """What PostgreSQL's own driver needs to connect to the same database; nothing on SQLite."""
        if self.sqlite:
            return {}
        _, found = self._writer.dialect.create_connect_args(self._writer.url)
        return {**found, **ALIVE, "application_name": "monitor"}

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """Open a write transaction: it commits whole, or leaves nothing when an error passes through."""
        if not self.sqlite:
            with translated(), self._writer.begin() as connection:
                yield connection
            return
        shared: Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._turn, translated():
            connection = self._open_writer()
            set_durable(connection, durable=durable)
            with connection.begin():
                yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what this thread writes inside one transaction: all of it commits, or nothing. For SQLite only.

        What has to be durable must not be among it.
        """
        with self.writing() as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None

    def _open_writer(self) -> Connection:
        """Return the one connection that writes; it stays open, for taking one from the pool costs as much as a row."""
        if self._held is None:
            self._held = self._writer.connect()
        return self._held

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction: all its queries see one state."""
        with translated(), self._reader.connect() as connection, connection.begin():
            yield connection

    def renew_readers(self) -> None:
        """Let readers open anew: a connection goes on planning with what was known of the tables when it opened."""
        self._reader.dispose()

    @contextmanager
    def outside(self) -> Iterator[sqlite3.Connection]:
        """Open SQLite's own connection for what cannot stand in a transaction, between those of the writer."""
        with self._turn, translated(), closing(sqlite3.connect(self.file, isolation_level=None)) as driver:
            driver.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
            yield driver

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Open a write transaction for a migration: foreign keys are judged at its end, not on the way."""
        if not self.sqlite:
            with self.writing() as connection:
                yield connection
            return
        engine = _sqlite(str(self._writer.url.render_as_string(hide_password=False)), poolclass=NullPool)
        _begin_with(engine, "BEGIN IMMEDIATE")
        with translated(), engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]  # open
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections; on SQLite the last one leaves a database of one file."""
        if self._held is not None:
            self._held.close()
        self._reader.dispose()
        self._writer.dispose()


def set_durable(connection: Connection, *, durable: bool) -> None:
    """Choose how safe the next commit is; SQLite only takes this between transactions."""
    if connection.info.get("durable", False) is not durable:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable


def _judge(url: str) -> tuple[bool, str]:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("the database must be like sqlite:///monitor.db or postgresql+psycopg://host/name") from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {None, "", ":memory:"}:
        return True, str(parsed.database)
    if parsed.drivername == "postgresql+psycopg":
        return False, ""
    raise UsageError(
        f"{parsed.drivername} is no database this program keeps its articles in: "
        "it takes sqlite:///FILE or postgresql+psycopg://HOST/NAME"
    )


def _sqlite(url: str, **pool: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def prepare(driver: Any, _record: object) -> None:
        driver.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in _PRAGMAS:
            driver.execute(pragma)

    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _postgres(url: str) -> Engine:
    patience = {"lock_timeout": BUSY_SECONDS, "idle_in_transaction_session_timeout": IDLE_SECONDS}
    options = " ".join(["-c timezone=utc", *(f"-c {name}={int(long * 1000)}" for name, long in patience.items())])
    about = {"options": options, "application_name": "monitor", **ALIVE}
    return create_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True, connect_args=about)


def insert_new(into: Table, connection: Connection) -> Any:
    """Return an insert that leaves rows alone whose key is there already."""
    return _insert(into, connection).on_conflict_do_nothing()


def insert_or_replace(into: Table, connection: Connection, key: str, columns: Iterable[str]) -> Any:
    """Return an insert of these columns that overwrites the row with the same key."""
    statement = _insert(into, connection)
    values = {name: statement.excluded[name] for name in columns if name != key}
    return statement.on_conflict_do_update(index_elements=[key], set_=values)


def _insert(into: Table, connection: Connection) -> Any:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(into)
    from sqlalchemy.dialects import postgresql  # its side of SQLAlchemy is long to load

    return postgresql.insert(into)
