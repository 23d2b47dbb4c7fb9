"""Opening, migrating and closing the database, which gives access to all stores.

This module also has the lock file, which prevents a second daemon on the same database.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from monitor.domain.configuration import PageRetention
from monitor.domain.errors import StoreError, StoreInUse
from monitor.store.api_answers import ApiAnswerStore
from monitor.store.articles import ArticleStore
from monitor.store.attempts import AttemptStore
from monitor.store.backup import back_up, backup_folder, check_at_start
from monitor.store.configuration_edits import ConfigurationEditStore
from monitor.store.connections import Connections, TimeLimit
from monitor.store.deliveries import DeliveryStore
from monitor.store.digests import DigestStore
from monitor.store.evidence import EvidenceStore, PageSnapshotStore
from monitor.store.feedback import FeedbackStore
from monitor.store.findings import FindingStore
from monitor.store.forgetting import ForgetStore
from monitor.store.job_queue import JobQueue, is_installed
from monitor.store.key_value import KeyValueStore
from monitor.store.maintenance import MaintenanceStore, release_leases
from monitor.store.migrate import (
    create_tables,
    latest_revision,
    migrate,
    pending_queue_migrations,
    pending_revisions,
    require_current_schema,
    schema_version,
)
from monitor.store.noise import NoiseStore
from monitor.store.proposals import ProposalStore
from monitor.store.queries import QueryStore
from monitor.store.readers import ReaderStore
from monitor.store.renaming import RenameStore
from monitor.store.revisions import RecheckStore
from monitor.store.sources import SourceStore
from monitor.store.stories import StoryStore
from monitor.store.story_edits import StoryEditStore
from monitor.store.successions import SuccessionStore
from monitor.store.translations import TranslationStore
from monitor.store.write_queue import WriteQueue

if TYPE_CHECKING:
    from monitor.store.desk import DeskStore


class LockFile:
    """Lock file next to the database (flock). It contains the process id of the process that holds the lock.

    The operating system releases the lock when the process ends.
    """

    def __init__(self, database_file: str) -> None:
        """Acquire the lock.

        Raises ``StoreInUse`` if another process has it, or ``StoreError`` if the folder is read-only.
        """
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
                f"another monitor (process {holder or 'unknown'}) uses {database_file}; "
                "stop it first, or use another database"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Release the lock. The file remains: if it were deleted, two processes could lock different files."""
        self._file.truncate(0)
        self._file.close()


class OpenMode(StrEnum):
    """Purpose for which a process opens the database: to create, migrate, write, or only read it."""

    CREATE = "create"
    """Create or migrate the database if necessary."""
    EXISTING = "existing"
    """Require a database with this program's schema; rows may be written."""
    READ_ONLY = "read only"
    """Require a database with this program's schema; nothing may be written."""


T = TypeVar("T")


class Database:
    """The database, on SQLite or PostgreSQL, with all its stores.

    Call the methods of the stores through ``run`` or ``read``. ``run`` is for methods that write, and uses the write
    thread. ``read`` is for methods that only read, and uses other threads.
    """

    def __init__(self, connections: Connections, lock: LockFile | None, page_retention: PageRetention) -> None:
        """Create the stores on existing connections. To open a database, call the class method ``open`` instead."""
        self._connections, self._lock = connections, lock
        self._write_queue = WriteQueue(
            connections, (ArticleStore.known_articles, ArticleStore.commit_poll, SourceStore.record_poll)
        )
        self._read_pool = ThreadPoolExecutor(4, "store-reader")
        self.sources = SourceStore(connections)
        self.articles = ArticleStore(connections, page_retention)
        self.findings = FindingStore(connections, page_retention)
        self.feedback = FeedbackStore(connections)
        self.configuration_edits = ConfigurationEditStore(connections)
        self.proposals = ProposalStore(connections)
        self.attempts = AttemptStore(connections)
        self.digests = DigestStore(connections)
        self.stories = StoryStore(connections)
        self.story_edits = StoryEditStore(connections)
        self.forgetting = ForgetStore(connections)
        self.noise = NoiseStore(connections)
        self.renames = RenameStore(connections)
        self.rechecks = RecheckStore(connections)
        self.queries = QueryStore(connections)
        self.deliveries = DeliveryStore(connections)
        self.page_snapshots = PageSnapshotStore(connections)
        self.key_values = KeyValueStore(connections)
        self.translations = TranslationStore(connections)
        self.successions = SuccessionStore(connections)
        self.api_answers = ApiAnswerStore(connections)
        self.evidence = EvidenceStore(connections)
        self.maintenance = MaintenanceStore(connections)
        self.readers = ReaderStore(connections)
        self.job_queue = None if connections.is_sqlite or not is_installed() else JobQueue(connections)
        self.conninfo = connections.conninfo

    @cached_property
    def desk(self) -> "DeskStore":
        """The store with the queries for the web interface (the desk).

        It is imported at first use, because most commands do not need it.
        """
        from monitor.store.desk import DeskStore

        return DeskStore(self._connections)

    @classmethod
    def open(
        cls,
        url: str,
        mode: OpenMode = OpenMode.CREATE,
        *,
        exclusive: bool | None = False,
        page_retention: PageRetention = PageRetention.MATCHED,
    ) -> Self:
        """Open the database at a SQLAlchemy URL.

        ``exclusive`` controls the lock of an SQLite file:

        - With True, which the daemon uses, opening fails if another process has the lock.
        - With None, the lock is taken if no other process has it.
        - With False, no lock is taken.

        Raises ``UsageError`` if the URL is wrong. Raises ``StoreInUse``, ``StoreMissing``, ``SchemaMismatch`` or
        another ``StoreError`` if the database cannot be opened.
        """
        with ExitStack() as stack:
            connections = Connections(url, read_only=mode is OpenMode.READ_ONLY)
            stack.callback(connections.close)
            if mode is not OpenMode.CREATE:
                require_current_schema(connections)
                stack.pop_all()
                return cls(connections, None, page_retention)
            lock = _acquire_lock(connections, exclusive)
            if lock:
                stack.callback(lock.release)
            if exclusive:
                check_at_start(connections)
            if pending_revisions(connections) or pending_queue_migrations(connections):
                _migrate_exclusively(connections, lock)
            stack.pop_all()  # the new object will close the connections
            return cls(connections, lock, page_retention)

    def set_page_retention(self, page_retention: PageRetention) -> None:
        """Set which raw pages are kept from now on. The program calls this after a change of the configuration."""
        self.articles = ArticleStore(self._connections, page_retention)
        self.findings = FindingStore(self._connections, page_retention)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a method of a store on the write thread and return its result."""
        return await self._write_queue.run(work, *args)

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a method that only reads the database, on a thread that is not the write thread. Return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._read_pool, work, *args)

    async def read_within(self, seconds: float, work: Callable[..., T], *args: object) -> T:
        """Call a method as ``read`` does, but limit the time of its queries to ``seconds``.

        Raises ``QueryTimeout`` if the queries take longer.
        """

        def run() -> T:
            with self._connections.time_limit(TimeLimit(seconds)):
                return work(*args)

        return await self.read(run)

    def release_stale_leases(self, now: datetime) -> None:
        """End the leases that crashed processes have left, if this process has the lock of the database.

        A lease is a claim of a process on a row. Without the lock, other processes may still work on the leased rows.
        Each lease then ends when it expires.
        """
        if self._lock:
            release_leases(self._connections, now)

    @property
    def is_exclusive(self) -> bool:
        """Return whether this process has the lock of the database; always False on PostgreSQL."""
        return self._lock is not None

    def close(self) -> None:
        """Finish queued calls, then close the database. No other method may be called afterwards."""
        self._write_queue.close()
        self._read_pool.shutdown()
        self._connections.close()
        if self._lock:
            self._lock.release()

    def find_newer_schema(self) -> str:
        """Return the schema version of the database if it is newer than this program, otherwise an empty string.

        The schema is newer if a newer program has upgraded it while this process had the database open.
        """
        version = schema_version(self._connections)
        return version if version > latest_revision() else ""


def list_pending_migrations(url: str) -> tuple[str, ...]:
    """Return the migrations that are not applied yet, oldest first. Raises the same errors as ``Database.open``."""
    connections = Connections(url)
    try:
        return pending_revisions(connections) + pending_queue_migrations(connections)
    finally:
        connections.close()


def _acquire_lock(connections: Connections, exclusive: bool | None) -> LockFile | None:
    """Acquire the lock of the database file as required by ``exclusive`` (see ``Database.open``).

    The result is None if no lock is required or possible. Raises ``StoreInUse`` if ``exclusive`` is true and another
    process has the lock.
    """
    if exclusive is False or not connections.is_sqlite:
        return None
    try:
        return LockFile(connections.database_file)
    except StoreInUse:
        if exclusive:
            raise
        return None


def _migrate_exclusively(connections: Connections, lock: LockFile | None) -> None:
    """Migrate the database while this process has the lock of the file, so that no daemon uses it.

    Raises ``StoreInUse`` if another process has the lock.
    """
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
    """Make a backup if the database is on SQLite, then migrate. In a new database, only create the tables."""
    before = schema_version(connections)
    if not before and connections.is_sqlite:
        create_tables(connections)
        return
    if connections.is_sqlite:
        back_up(
            connections, backup_folder(connections), f"{Path(connections.database_file).stem}-before-{before}", keep=7
        )
    migrate(connections)
