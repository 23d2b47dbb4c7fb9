"""The care of the installation: space on the disk, backups, and what is let go of with time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from monitor.domain.errors import StoreFull
from monitor.domain.polling_policy import ClockChange
from monitor.domain.ports import ApplicationDatabase, Clock
from monitor.domain.read_models import DiskSpace

BYTES_PER_MEGABYTE = 2**20
MIN_FREE_BYTES = 64 * BYTES_PER_MEGABYTE
MIN_FREE_DIVISOR = 20  # of a small disk, one part in so many must be free
RECOVERY_FACTOR = 1.25  # so much more must be free again before work goes on: no going to and fro at the edge
BACKUP_INTERVAL = timedelta(days=1)
MAX_RECORD_RETENTION = timedelta(days=90)  # near misses, and deliveries that are settled


def is_disk_space_low(disk_space: DiskSpace, *, was_low: bool) -> bool:
    """Decide whether so little space is left that nothing new may be collected; ``already``: it was so before."""
    least = min(MIN_FREE_BYTES, disk_space.total_bytes // MIN_FREE_DIVISOR)
    return disk_space.free_bytes < (least * RECOVERY_FACTOR if was_low else least)


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """What was let go of."""

    deleted_articles: int = 0
    deleted_records: int = 0


class Maintenance:
    """Watches the disk and cleans up; collecting asks it for leave."""

    def __init__(self, database: ApplicationDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._low_disk_space: DiskSpace | None = None

    @property
    def low_disk_space(self) -> DiskSpace | None:
        """The disk as it was last measured, while it is too full for collecting; None while all is well."""
        return self._low_disk_space

    async def check_disk_space(self) -> None:
        """Measure the disk. Without space, throw the ballast off, so that what is sent can still be noted.

        Raises ``StoreFull`` while there is too little; polling and reading rest, and go on by themselves.
        """
        upkeep = self._database.maintenance
        room = await self._database.read(upkeep.measure_disk_space)
        if room is None:
            return
        if is_disk_space_low(room, was_low=self._low_disk_space is not None):
            self._low_disk_space = room
            await self._database.read(upkeep.release_reserve)
            raise StoreFull(_low_space_message(room))
        self._low_disk_space = None
        await self._database.read(upkeep.create_reserve)

    async def check_clock(self) -> ClockChange:
        """Note the time; returns whether the clock was set back, or far ahead, since it was last noted."""
        return await self._database.run(self._database.maintenance.record_clock, self._clock())

    def skip_when_disk_full(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        """Make a job that collects rest while there is no space. The job then raises ``StoreFull``."""

        async def rested() -> object:
            if self._low_disk_space is not None:
                raise StoreFull(f"resting: {_low_space_message(self._low_disk_space)}")
            return await work()

        return rested

    async def back_up(self) -> Path | None:
        """Back up if the last backup is a day old; None if it is not, or on PostgreSQL. Raises ``StoreError``."""
        upkeep = self._database.maintenance
        if await self._database.read(upkeep.measure_disk_space) is None:
            return None
        due_at = await self._database.read(self._backup_due_at)
        now = self._clock()
        if due_at is not None and due_at - BACKUP_INTERVAL <= now < due_at:
            return None
        made = await self._database.read(upkeep.back_up, now)
        await self._database.run(self._database.key_values.set, "backed_up_at", now.isoformat(), now)
        return made

    def _backup_due_at(self) -> datetime | None:
        text = self._database.key_values.get("backed_up_at")
        return (
            datetime.fromisoformat(text) + BACKUP_INTERVAL
            if text and self._database.maintenance.last_backup()
            else None
        )

    async def clean_up(self, retention: timedelta | None) -> CleanupResult:
        """Let go of what is older than the retention (None: of no article), portion by portion, and tidy up."""
        upkeep, now = self._database.maintenance, self._clock()
        articles, place, more = 0, 0, True
        while more and retention is not None:
            gone, place = await self._database.run(upkeep.delete_expired_articles, now, retention, place)
            articles += gone
            more = place > 0
        kept = min(MAX_RECORD_RETENTION, retention or MAX_RECORD_RETENTION)
        others = await self._database.run(upkeep.delete_expired_records, now, kept)
        await self._database.run(upkeep.optimize)
        return CleanupResult(articles, others)


def _low_space_message(disk_space: DiskSpace) -> str:
    return (
        f"only {disk_space.free_bytes / BYTES_PER_MEGABYTE:.1f} MB are free on the database's disk, "
        "so nothing new is collected; "
        "digests still go out. Free some space, and collecting goes on by itself"
    )
