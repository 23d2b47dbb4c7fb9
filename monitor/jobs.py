"""The timetable of the daemon: name, pace, use case. What is due is known by the database; a job only asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.source import Lease
from monitor.pipeline.line import Line
from monitor.pipeline.slots import Slots

SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=20)
POLLS, PAGES = 200, 24
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

    def __init__(self, line: Line, board: Board, found: Callable[[int], None] = lambda _new: None) -> None:
        """``board`` holds what the next digest must say; ``found`` is told how many new articles a poll has brought."""
        self._board = board
        self._line, self._sources, self._found = line, line.sources, found
        self._polls, self._pages = Slots(POLLS), Slots(PAGES)
        self._working = asyncio.Lock()

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
        """Start polling as many due sources as there are free places."""
        if self._polls.free:
            for lease in await self._line.collector.lease(self._polls.free):
                self._polls.start(self._poll(lease))

    async def _poll(self, lease: Lease) -> None:
        self._found((await self._line.collector.poll(lease, self._sources[lease.source_id])).new)

    async def read(self) -> None:
        """Start reading as many listed pages as there are free places."""
        if self._pages.free:
            for unread in await self._line.reader.lease(self._pages.free):
                self._pages.start(self._line.reader.read(unread, self._sources.get(unread.source_id)))

    async def tell(self) -> None:
        """Screen, group and compose what has come in."""
        async with self._working:
            notices = self._board.read()
            _, digests = await self._line.tell(notices)
            if digests:
                self._board.take_down(notices)

    async def drain(self) -> int:
        """Let what is under way end, for twenty seconds at most; what is cut off will be done again."""
        deliveries = self._line.dispatcher.drain(PATIENCE.total_seconds())
        polls, pages, _ = await asyncio.gather(self._polls.drain(PATIENCE), self._pages.drain(PATIENCE), deliveries)
        return polls + pages
