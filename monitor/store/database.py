"""The database: opened once, brought to this program's schema, and closed in order."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from monitor.domain.errors import StoreInUse
from monitor.domain.settings import KeepPages
from monitor.store.archive import SqlArchive
from monitor.store.articles import SqlArticles
from monitor.store.backup import back_up, backup_folder, check_at_start
from monitor.store.borrowed import is_installed
from monitor.store.captures import SqlCaptures
from monitor.store.deliveries import SqlDeliveries
from monitor.store.engine import Connections
from monitor.store.evidence import SqlEvidence
from monitor.store.ledger import SqlLedger
from monitor.store.lock import LockFile
from monitor.store.outbox import SqlOutbox
from monitor.store.recovery import release_leases
from monitor.store.revisions import SqlRechecks
from monitor.store.schema import migrate, missing, missing_jobs, version
from monitor.store.sources import SqlSources
from monitor.store.stories import SqlStories
from monitor.store.upkeep import SqlUpkeep
from monitor.store.writer import Writer

if TYPE_CHECKING:
    from monitor.store.queue import SqlQueue

T = TypeVar("T")


class SqlDatabase:
    """The ``Database`` of ``domain/ports.py`` on SQLite or PostgreSQL."""

    def __init__(self, connections: Connections, lock: LockFile | None, keep_pages: KeepPages) -> None:
        """Take over open connections; use ``open``."""
        self._connections, self._lock = connections, lock
        self._writer = Writer(connections, (SqlArticles.known, SqlArticles.keep_poll, SqlSources.settle))
        self._readers = ThreadPoolExecutor(4, "store-reader")
        self.sources = SqlSources(connections)
        self.articles = SqlArticles(connections, keep_pages)
        self.outbox = SqlOutbox(connections)
        self.stories = SqlStories(connections)
        self.rechecks = SqlRechecks(connections)
        self.archive = SqlArchive(connections)
        self.deliveries = SqlDeliveries(connections)
        self.captures = SqlCaptures(connections)
        self.ledger = SqlLedger(connections)
        self.evidence = SqlEvidence(connections)
        self.upkeep = SqlUpkeep(connections)
        self.queue = None if connections.sqlite else _queue(connections)
        self.conninfo = connections.conninfo

    @classmethod
    def open(cls, url: str, *, exclusive: bool | None = False, keep_pages: KeepPages = KeepPages.MATCHED) -> Self:
        """Open the database of a SQLAlchemy URL, made or migrated if need be.

        ``exclusive`` is for the daemon: no second one on the same SQLite file; None asks to be alone if nobody works
        there. Raises ``UsageError`` for a wrong URL, ``StoreInUse``, ``SchemaMismatch``, or another ``StoreError``.
        """
        connections = Connections(url)
        lock = _lock(connections, exclusive)
        try:
            if exclusive:
                check_at_start(connections)
            if missing(connections) or missing_jobs(connections):
                _migrate_alone(connections, lock)
        except BaseException:
            connections.close()
            if lock:
                lock.release()
            raise
        return cls(connections, lock, keep_pages)

    def keep(self, pages: KeepPages) -> None:
        """Keep other raw pages than before, from the next call on: a daemon's configuration may change."""
        self.articles = SqlArticles(self._connections, pages)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method on the writer thread."""
        return await self._writer.run(work, *args)

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a method that only reads, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work, *args)

    def recover(self, now: datetime) -> None:
        """Make due again what was leased by a process that died, if this one is alone on the database.

        Where several processes work, nobody can know this, and a lease runs until its end.
        """
        if self._lock:
            release_leases(self._connections, now)

    @property
    def alone(self) -> bool:
        """Tell whether no other process works on the database, as far as can be known."""
        return self._lock is not None

    def close(self) -> None:
        """Finish what was handed over, then close; nothing may be called afterwards."""
        self._writer.close()
        self._readers.shutdown()
        self._connections.close()
        if self._lock:
            self._lock.release()


def outstanding(url: str) -> tuple[str, ...]:
    """Return the migrations that a database lacks, oldest first. Raises as ``SqlDatabase.open`` does."""
    connections = Connections(url)
    try:
        return missing(connections) + missing_jobs(connections)
    finally:
        connections.close()


def _queue(connections: Connections) -> "SqlQueue | None":
    """Return the queue for workers, if Procrastinate is there."""
    from monitor.store.queue import SqlQueue

    return SqlQueue(connections) if is_installed() else None


def _lock(connections: Connections, exclusive: bool | None) -> LockFile | None:
    """Take the lock as asked for. Raises ``StoreInUse``."""
    if exclusive is False or not connections.sqlite:
        return None
    try:
        return LockFile(connections.file)
    except StoreInUse:
        if exclusive:
            raise
        return None


def _migrate_alone(connections: Connections, lock: LockFile | None) -> None:
    """Migrate while no daemon works on the file."""
    if lock or not connections.sqlite:
        _migrate_safely(connections)
        return
    try:
        own = LockFile(connections.file)
    except StoreInUse as error:
        raise StoreInUse(f"the database needs a new schema, but {error}") from None
    try:
        if missing(connections):
            _migrate_safely(connections)
    finally:
        own.release()


def _migrate_safely(connections: Connections) -> None:
    """Migrate, after a backup of what is there. PostgreSQL's migrations are whole or nothing as well."""
    before = version(connections)
    if before and connections.sqlite:
        back_up(connections, backup_folder(connections), f"{Path(connections.file).stem}-before-{before}", keep=7)
    migrate(connections)
