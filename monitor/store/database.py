"""The database: opened once, brought to this program's schema, and closed in order.

One daemon a database: a lock file that the system lets go of however the daemon ends.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from monitor.domain.configuration import PageRetention
from monitor.domain.errors import StoreError, StoreInUse
from monitor.store.articles import ArticleStore
from monitor.store.backup import back_up, backup_folder, check_at_start
from monitor.store.connections import Connections
from monitor.store.deliveries import DeliveryStore
from monitor.store.digests import DigestStore
from monitor.store.evidence import EvidenceStore, PageSnapshotStore
from monitor.store.findings import FindingStore
from monitor.store.job_queue import JobQueue, is_installed
from monitor.store.key_value import KeyValueStore
from monitor.store.maintenance import MaintenanceStore, release_leases
from monitor.store.migrate import migrate, pending_queue_migrations, pending_revisions, schema_version
from monitor.store.queries import QueryStore
from monitor.store.revisions import RecheckStore
from monitor.store.sources import SourceStore
from monitor.store.stories import StoryStore
from monitor.store.write_queue import WriteQueue


class LockFile:
    """An exclusive lock beside the database file (flock), with the holder's process id inside."""

    def __init__(self, database_file: str) -> None:
        """Take the lock. Raises ``StoreInUse`` if another process holds it, ``StoreError`` if there can be none."""
        path = Path(f"{database_file}.lock")
        try:
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(
                f"{path.parent}, the folder of the database, cannot be written ({error.strerror}); "
                "make it writable for this user, or use another database"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise StoreInUse(
                f"another monitor (process {holder or 'unknown'}) works on {database_file}; "
                "stop it first, or use another database"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go of the lock; the file stays, for taking it away could part two holders."""
        self._file.truncate(0)
        self._file.close()


T = TypeVar("T")


class Database:
    """Database on SQLite or PostgreSQL with all stores; ``run`` calls them on the write thread, ``read`` on others."""

    def __init__(self, connections: Connections, lock: LockFile | None, page_retention: PageRetention) -> None:
        """Take over open connections; use ``open``."""
        self._connections, self._lock = connections, lock
        self._write_queue = WriteQueue(
            connections, (ArticleStore.known_keys, ArticleStore.commit_poll, SourceStore.record_poll)
        )
        self._read_pool = ThreadPoolExecutor(4, "store-reader")
        self.sources = SourceStore(connections)
        self.articles = ArticleStore(connections, page_retention)
        self.findings = FindingStore(connections, page_retention)
        self.digests = DigestStore(connections)
        self.stories = StoryStore(connections)
        self.rechecks = RecheckStore(connections)
        self.queries = QueryStore(connections)
        self.deliveries = DeliveryStore(connections)
        self.page_snapshots = PageSnapshotStore(connections)
        self.key_values = KeyValueStore(connections)
        self.evidence = EvidenceStore(connections)
        self.maintenance = MaintenanceStore(connections)
        self.job_queue = None if connections.is_sqlite or not is_installed() else JobQueue(connections)
        self.conninfo = connections.conninfo

    @classmethod
    def open(
        cls, url: str, *, exclusive: bool | None = False, page_retention: PageRetention = PageRetention.MATCHED
    ) -> Self:
        """Open the database of a SQLAlchemy URL, made or migrated if need be.

        ``exclusive`` is for the daemon: no second one on the same SQLite file; None asks to be alone if nobody works
        there. Raises ``UsageError`` for a wrong URL, ``StoreInUse``, ``SchemaMismatch``, or another ``StoreError``.
        """
        connections = Connections(url)
        lock = _acquire_lock(connections, exclusive)
        try:
            if exclusive:
                check_at_start(connections)
            if pending_revisions(connections) or pending_queue_migrations(connections):
                _migrate_exclusively(connections, lock)
        except BaseException:
            connections.close()
            if lock:
                lock.release()
            raise
        return cls(connections, lock, page_retention)

    def set_page_retention(self, page_retention: PageRetention) -> None:
        """Keep other raw pages than before, from the next call on: a daemon's configuration may change."""
        self.articles = ArticleStore(self._connections, page_retention)
        self.findings = FindingStore(self._connections, page_retention)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method on the writer thread."""
        return await self._write_queue.run(work, *args)

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a method that only reads, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._read_pool, work, *args)

    def release_stale_leases(self, now: datetime) -> None:
        """Make due again what was leased by a process that died, if this one is alone on the database.

        Where several processes work, nobody can know this, and a lease runs until its end.
        """
        if self._lock:
            release_leases(self._connections, now)

    @property
    def is_exclusive(self) -> bool:
        """Tell whether no other process works on the database, as far as can be known."""
        return self._lock is not None

    def close(self) -> None:
        """Finish what was handed over, then close; nothing may be called afterwards."""
        self._write_queue.close()
        self._read_pool.shutdown()
        self._connections.close()
        if self._lock:
            self._lock.release()


def list_pending_migrations(url: str) -> tuple[str, ...]:
    """Return the migrations that a database lacks, oldest first. Raises as ``Database.open`` does."""
    connections = Connections(url)
    try:
        return pending_revisions(connections) + pending_queue_migrations(connections)
    finally:
        connections.close()


def _acquire_lock(connections: Connections, exclusive: bool | None) -> LockFile | None:
    """Take the lock as asked for. Raises ``StoreInUse``."""
    if exclusive is False or not connections.is_sqlite:
        return None
    try:
        return LockFile(connections.database_file)
    except StoreInUse:
        if exclusive:
            raise
        return None


def _migrate_exclusively(connections: Connections, lock: LockFile | None) -> None:
    """Migrate while no daemon works on the file."""
    if lock or not connections.is_sqlite:
        _migrate_with_backup(connections)
        return
    try:
        own = LockFile(connections.database_file)
    except StoreInUse as error:
        raise StoreInUse(f"the database needs a new schema, but {error}") from None
    try:
        if pending_revisions(connections):
            _migrate_with_backup(connections)
    finally:
        own.release()


def _migrate_with_backup(connections: Connections) -> None:
    """Migrate, after a backup of what is there. PostgreSQL's migrations are whole or nothing as well."""
    before = schema_version(connections)
    if before and connections.is_sqlite:
        back_up(
            connections, backup_folder(connections), f"{Path(connections.database_file).stem}-before-{before}", keep=7
        )
    migrate(connections)
