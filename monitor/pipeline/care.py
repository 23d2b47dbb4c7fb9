"""The care of the installation: space on the disk, backups, and what is let go of with time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from monitor.domain.archive import Room
from monitor.domain.errors import StoreFull
from monitor.domain.ports import Clock, Records
from monitor.domain.trust import Turn

MEGABYTE = 2**20
LEAST_FREE = 64 * MEGABYTE
LEAST_SHARE = 20  # of a small disk, one part in so many must be free
RELIEF = 1.25  # so much more must be free again before work goes on: no going to and fro at the edge
BACKUP_EVERY = timedelta(days=1)
LOOSE_ENDS_KEPT = timedelta(days=90)  # near misses, and deliveries that are settled


def is_short(room: Room, *, already: bool) -> bool:
    """Decide whether so little space is left that nothing new may be collected; ``already``: it was so before."""
    least = min(LEAST_FREE, room.total // LEAST_SHARE)
    return room.free < (least * RELIEF if already else least)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What was let go of."""

    articles: int = 0
    others: int = 0


class Care:
    """Watches the disk and cleans up; collecting asks it for leave."""

    def __init__(self, database: Records, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._short: Room | None = None

    @property
    def short(self) -> Room | None:
        """The disk as it was last measured, while it is too full for collecting; None while all is well."""
        return self._short

    async def watch_room(self) -> None:
        """Measure the disk. Without space, throw the ballast off, so that what is sent can still be noted.

        Raises ``StoreFull`` while there is too little; polling and reading rest, and go on by themselves.
        """
        upkeep = self._database.upkeep
        room = await self._database.read(upkeep.room)
        if room is None:
            return
        if is_short(room, already=self._short is not None):
            self._short = room
            await self._database.read(upkeep.throw_off_ballast)
            raise StoreFull(_advice(room))
        self._short = None
        await self._database.read(upkeep.load_ballast)

    async def watch_clock(self) -> Turn:
        """Note the time; returns whether the clock was set back, or far ahead, since it was last noted."""
        return await self._database.run(self._database.upkeep.keep_time, self._clock())

    def with_leave(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        """Make a job that collects rest while there is no space. The job then raises ``StoreFull``."""

        async def rested() -> object:
            if self._short is not None:
                raise StoreFull(f"resting: {_advice(self._short)}")
            return await work()

        return rested

    async def back_up(self) -> Path | None:
        """Back up if the last backup is a day old; None if it is not, or on PostgreSQL. Raises ``StoreError``."""
        upkeep = self._database.upkeep
        if await self._database.read(upkeep.room) is None:
            return None
        due_at = await self._database.read(self._backup_due_at)
        now = self._clock()
        if due_at is not None and due_at - BACKUP_EVERY <= now < due_at:
            return None
        made = await self._database.read(upkeep.back_up, now)
        await self._database.run(self._database.ledger.set, "backed_up_at", now.isoformat(), now)
        return made

    def _backup_due_at(self) -> datetime | None:
        text = self._database.ledger.get("backed_up_at")
        return datetime.fromisoformat(text) + BACKUP_EVERY if text and self._database.upkeep.last_backup() else None

    async def clean_up(self, retention: timedelta | None) -> Housekeeping:
        """Let go of what is older than the retention (None: of no article), portion by portion, and tidy up."""
        upkeep, now = self._database.upkeep, self._clock()
        articles, place, more = 0, 0, True
        while more and retention is not None:
            gone, place = await self._database.run(upkeep.forget, now, retention, place)
            articles += gone
            more = place > 0
        kept = min(LOOSE_ENDS_KEPT, retention or LOOSE_ENDS_KEPT)
        others = await self._database.run(upkeep.forget_rest, now, kept)
        await self._database.run(upkeep.tidy)
        return Housekeeping(articles, others)


def _advice(room: Room) -> str:
    return (
        f"only {room.free / MEGABYTE:.1f} MB are free on the database's disk, so nothing new is collected; "
        "digests still go out. Free some space, and collecting goes on by itself"
    )
