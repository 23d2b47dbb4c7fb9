"""Maintenance of the installation: disk space, backups, and deletion of expired data."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.domain.errors import StoreFull
from monitor.domain.polling_policy import ClockChange
from monitor.domain.ports import Clock
from monitor.domain.read_models import DiskSpace

if TYPE_CHECKING:  # `monitor --help` imports this module and must not load a database driver
    from monitor.store.database import Database

BYTES_PER_MEGABYTE = 2**20
MIN_FREE_BYTES = 64 * BYTES_PER_MEGABYTE
MIN_FREE_DIVISOR = 20  # one twentieth of a small disk must be free
RECOVERY_FACTOR = 1.25  # more space is required to resume than to pause, so that the state does not alternate
BACKUP_INTERVAL = timedelta(days=1)
MAX_RECORD_RETENTION = timedelta(days=90)  # age of near misses and finished deliveries that are deleted


def is_disk_space_low(disk_space: DiskSpace, *, was_low: bool) -> bool:
    """Return whether the disk has too little free space to collect articles.

    If it already had too little at the last check (``was_low``), more space is required.
    """
    required = min(MIN_FREE_BYTES, disk_space.total_bytes // MIN_FREE_DIVISOR)
    return disk_space.free_bytes < (required * RECOVERY_FACTOR if was_low else required)


class CleanupResult(Struct, frozen=True):
    """Result of a cleanup: the numbers of deleted articles and of other deleted records."""

    deleted_articles: int = 0
    deleted_records: int = 0


class Maintenance:
    """Maintenance of the installation: it checks the disk, creates backups and deletes expired data."""

    def __init__(self, database: "Database", clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._low_disk_space: DiskSpace | None = None

    @property
    def low_disk_space(self) -> DiskSpace | None:
        """The last measured space on the disk if it is too little for collecting, otherwise None."""
        return self._low_disk_space

    async def check_disk_space(self) -> None:
        """Measure the free space on the disk. If it is low, delete the reserve file and raise ``StoreFull``.

        The reserve file exists only to be deleted: the results of deliveries can then still be stored in its space.
        Polling and page reading pause while space is low, and resume automatically.
        """
        store = self._database.maintenance
        disk_space = await self._database.read(store.measure_disk_space)
        if disk_space is None:
            return
        if is_disk_space_low(disk_space, was_low=self._low_disk_space is not None):
            self._low_disk_space = disk_space
            await self._database.read(store.release_reserve)
            raise StoreFull(_low_space_message(disk_space))
        self._low_disk_space = None
        await self._database.read(store.create_reserve)

    async def check_clock(self) -> ClockChange:
        """Record the time, and return how far the clock was set back or has jumped ahead since the last check."""
        return await self._database.run(self._database.maintenance.record_clock, self._clock())

    def skip_when_disk_full(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        """Return a function that calls ``work``, or raises ``StoreFull`` instead while disk space is low."""

        async def run_unless_full() -> object:
            if self._low_disk_space is not None:
                raise StoreFull(f"paused: {_low_space_message(self._low_disk_space)}")
            return await work()

        return run_unless_full

    async def back_up(self) -> Path | None:
        """Create a backup if the last backup is at least a day old, and return the path of the new backup.

        The result is None if no backup is due. It is always None on PostgreSQL, which has its own tools for backups.
        Raises ``StoreError``.
        """
        store = self._database.maintenance
        if await self._database.read(store.measure_disk_space) is None:
            return None
        due_at = await self._database.read(self._backup_due_at)
        now = self._clock()
        if due_at is not None and due_at - BACKUP_INTERVAL <= now < due_at:
            return None
        path = await self._database.read(store.back_up, now)
        await self._database.run(self._database.key_values.set, "backed_up_at", now.isoformat(), now)
        return path

    def _backup_due_at(self) -> datetime | None:
        text = self._database.key_values.get("backed_up_at")
        return (
            datetime.fromisoformat(text) + BACKUP_INTERVAL
            if text and self._database.maintenance.last_backup()
            else None
        )

    async def clean_up(self, retention: timedelta | None) -> CleanupResult:
        """Delete articles older than ``retention`` in small batches, and then expired records.

        If ``retention`` is None, no articles are deleted.
        """
        store, now = self._database.maintenance, self._clock()
        article_count, last_id, has_more = 0, 0, True
        while has_more and retention is not None:
            deleted, last_id = await self._database.run(store.delete_expired_articles, now, retention, last_id)
            article_count += deleted
            has_more = last_id > 0
        record_retention = min(MAX_RECORD_RETENTION, retention or MAX_RECORD_RETENTION)
        record_count = await self._database.run(store.delete_expired_records, now, record_retention)
        await self._database.run(store.optimize)
        return CleanupResult(article_count, record_count)


def _low_space_message(disk_space: DiskSpace) -> str:
    return (
        f"only {disk_space.free_bytes / BYTES_PER_MEGABYTE:.1f} MB are free on the database's disk, "
        "so collecting is paused; digests are still sent. Free some space; collecting then resumes automatically"
    )
