"""The timetable of the daemon: name, pace, use case. What is due is known by the database; a job only asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from monitor.domain.article import Unread
from monitor.domain.crew import Crew
from monitor.domain.source import Lease
from monitor.pipeline.collect import Poll
from monitor.pipeline.line import Line
from monitor.pipeline.slots import Slots

T = TypeVar("T")
SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=20)
POLLS, PAGES = 200, 24
TOLD_AT_ONCE = 512  # articles screened before what was found in them is told
LOOKS, BETWEEN = 4, 0.2  # looks for due work within a tick, and the seconds from one to the next
LOOK_AGAIN = timedelta(seconds=30)
COLLECTING = ("poll", "read", "recheck")  # the jobs that bring in new articles, and rest while the disk is full


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the timetable."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[object]]


class Board:
    """Notices to all readers; each waits until a digest carries it."""

    def __init__(self) -> None:
        self._notices: list[str] = []

    def post(self, notice: str) -> None:
        """Put a notice up, in place of what is there: only the last word about a thing counts."""
        self._notices = [notice] if notice else []

    def read(self) -> tuple[str, ...]:
        """Return what is up."""
        return tuple(self._notices)

    def take_down(self, told: Collection[str]) -> None:
        """Take down what was told."""
        self._notices = [notice for notice in self._notices if notice not in told]


class Desk:
    """The daemon's work: fills free places with due work at every tick, and lets go cleanly."""

    def __init__(
        self,
        line: Line,
        board: Board,
        polled: Callable[[Poll], None] = lambda _poll: None,
        crew: Crew | None = None,
    ) -> None:
        """``board`` holds what the next digest must say; ``polled`` is told what came of every poll.

        While workers of the ``crew`` are alive, they poll sources and read pages.
        """
        self._board, self._crew = board, crew
        self._line, self._sources, self._polled = line, line.sources, polled
        self._polls, self._pages = Slots(POLLS), Slots(PAGES)
        self._working = asyncio.Lock()
        self._leasing = True

    def jobs(self) -> tuple[Job, ...]:
        """Return the timetable."""
        return (
            Job("poll", SECOND, self.poll),
            Job("read", SECOND, self.read),
            Job("recheck", LOOK_AGAIN, self._line.recheck),
            Job("tell", SECOND, self.tell),
            Job("deliver", SECOND, self._line.dispatch),
        )

    async def poll(self) -> None:
        """Hand due sources to workers; where there are none, start polling as many as there are free places."""
        if self._crew and self._leasing and await self._crew.hand_over():
            return
        await self._fill(self._polls, self._line.collector.lease, self._poll)

    async def _poll(self, lease: Lease) -> None:
        self._polled(await self._line.collector.poll(lease, self._sources[lease.source_id]))

    async def read(self) -> None:
        """Start reading as many listed pages as there are free places, where no workers do it."""
        if self._crew and self._crew.is_at_work:
            return
        await self._fill(self._pages, self._line.reader.lease, self._read)

    async def _read(self, unread: Unread) -> None:
        await self._line.reader.read(unread, self._sources.get(unread.source_id))

    async def _fill(
        self,
        places: Slots,
        lease: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Coroutine[object, object, object]],
    ) -> None:
        """Fill free places with what is due. When all were taken, more is due: look again before the next tick.

        Most polls are done in milliseconds; without this, those that hang would leave the others a place a second.
        """
        for _ in range(LOOKS):
            free = places.free if self._leasing else 0
            leased = await lease(free) if free else ()
            for one in leased:
                places.start(work(one))
            if not self._leasing or len(leased) < free:
                return
            await asyncio.sleep(BETWEEN)

    async def tell(self) -> None:
        """Screen, group and compose what has come in; of much a part, and the rest at the next tick."""
        async with self._working:
            notices = self._board.read()
            _, digests = await self._line.tell(notices, TOLD_AT_ONCE)
            if digests:
                self._board.take_down(notices)

    async def drain(self) -> int:
        """Let what is under way end, for twenty seconds at most; what is cut off will be done again."""
        self._leasing = False
        deliveries = self._line.dispatcher.drain(PATIENCE.total_seconds())
        polls, pages, _ = await asyncio.gather(self._polls.drain(PATIENCE), self._pages.drain(PATIENCE), deliveries)
        return polls + pages
