"""The timetable of the daemon: name, pace, use case. What is due is known by the database; a job only asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from monitor.domain.article import PendingPage
from monitor.domain.poll_state import Lease
from monitor.domain.workers import WorkerPoolPort
from monitor.pipeline.collect import PollResult
from monitor.pipeline.one_pass import Pipeline, TaskSlots

T = TypeVar("T")
TICK_INTERVAL = timedelta(seconds=1)
SHUTDOWN_TIMEOUT = timedelta(seconds=20)
MAX_CONCURRENT_POLLS, MAX_CONCURRENT_PAGES = 200, 24
MAX_ARTICLES_PER_TICK = 512  # articles screened before what was found in them is told
REFILLS_PER_TICK, REFILL_DELAY_SECONDS = (
    4,
    0.2,
)  # looks for due work within a tick, and the seconds from one to the next
RECHECK_INTERVAL = timedelta(seconds=30)
COLLECTION_JOBS = ("poll", "read", "recheck")  # the jobs that bring in new articles, and rest while the disk is full


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """One line of the timetable."""

    name: str
    interval: timedelta
    function: Callable[[], Awaitable[object]]


class PendingNotices:
    """Notices to all readers; each waits until a digest carries it."""

    def __init__(self) -> None:
        self._notices: list[str] = []

    def set(self, notice: str) -> None:
        """Put a notice up, in place of what is there: only the last word about a thing counts."""
        self._notices = [notice] if notice else []

    def get(self) -> tuple[str, ...]:
        """Return what is up."""
        return tuple(self._notices)

    def clear(self, delivered: Collection[str]) -> None:
        """Take down what was told."""
        self._notices = [notice for notice in self._notices if notice not in delivered]


class DaemonJobs:
    """The daemon's work: fills free places with due work at every tick, and lets go cleanly."""

    def __init__(
        self,
        pipeline: Pipeline,
        pending_notices: PendingNotices,
        on_poll: Callable[[PollResult], None] = lambda _poll: None,
        workers: WorkerPoolPort | None = None,
    ) -> None:
        """``board`` holds what the next digest must say; ``polled`` is told what came of every poll.

        While workers of the ``crew`` are alive, they poll sources and read pages.
        """
        self._pending_notices, self._workers = pending_notices, workers
        self._pipeline, self._sources, self._on_poll = pipeline, pipeline.sources, on_poll
        self._poll_slots, self._page_slots = TaskSlots(MAX_CONCURRENT_POLLS), TaskSlots(MAX_CONCURRENT_PAGES)
        self._processing_lock = asyncio.Lock()
        self._is_leasing = True

    def jobs(self) -> tuple[PeriodicJob, ...]:
        """Return the timetable."""
        return (
            PeriodicJob("poll", TICK_INTERVAL, self.collect),
            PeriodicJob("read", TICK_INTERVAL, self.read_pages),
            PeriodicJob("recheck", RECHECK_INTERVAL, self._pipeline.recheck),
            PeriodicJob("tell", TICK_INTERVAL, self.match_and_compose),
            PeriodicJob("deliver", TICK_INTERVAL, self._pipeline.send_deliveries),
        )

    async def collect(self) -> None:
        """Hand due sources to workers; where there are none, start polling as many as there are free places."""
        if self._workers and self._is_leasing and await self._workers.enqueue_due_jobs():
            return
        await self._fill_slots(self._poll_slots, self._pipeline.collector.lease, self._collect_source)

    async def _collect_source(self, lease: Lease) -> None:
        self._on_poll(await self._pipeline.collector.poll(lease, self._sources[lease.source_id]))

    async def read_pages(self) -> None:
        """Start reading as many listed pages as there are free places, where no workers do it."""
        if self._workers and self._workers.has_workers:
            return
        await self._fill_slots(self._page_slots, self._pipeline.page_reader.lease, self._read_page)

    async def _read_page(self, pending_page: PendingPage) -> None:
        await self._pipeline.page_reader.read(pending_page, self._sources.get(pending_page.source_id))

    async def _fill_slots(
        self,
        slots: TaskSlots,
        lease: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Coroutine[object, object, object]],
    ) -> None:
        """Fill free places with what is due. When all were taken, more is due: look again before the next tick.

        Most polls are done in milliseconds; without this, those that hang would leave the others a place a second.
        """
        for _ in range(REFILLS_PER_TICK):
            free = slots.free_count if self._is_leasing else 0
            leased = await lease(free) if free else ()
            for one in leased:
                slots.start(work(one))
            if not self._is_leasing or len(leased) < free:
                return
            await asyncio.sleep(REFILL_DELAY_SECONDS)

    async def match_and_compose(self) -> None:
        """Screen, group and compose what has come in; of much a part, and the rest at the next tick."""
        async with self._processing_lock:
            notices = self._pending_notices.get()
            _, digests = await self._pipeline.match_and_compose(notices, MAX_ARTICLES_PER_TICK)
            if digests:
                self._pending_notices.clear(notices)

    async def drain(self) -> int:
        """Let what is under way end, for twenty seconds at most; what is cut off will be done again."""
        self._is_leasing = False
        deliveries = self._pipeline.delivery_sender.drain(SHUTDOWN_TIMEOUT.total_seconds())
        polls, pages, _ = await asyncio.gather(
            self._poll_slots.drain(SHUTDOWN_TIMEOUT), self._page_slots.drain(SHUTDOWN_TIMEOUT), deliveries
        )
        return polls + pages
