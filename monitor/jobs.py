"""Periodic jobs of the daemon: name, interval and function. Each run reads from the database which work is due."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from datetime import timedelta
from typing import TypeVar

from msgspec import Struct

from monitor.domain.article import PendingPage
from monitor.domain.poll_state import Lease
from monitor.domain.workers import WorkerPoolPort
from monitor.pipeline.collect import PollResult
from monitor.pipeline.one_pass import Pipeline, TaskSlots

T = TypeVar("T")
TICK_INTERVAL = timedelta(seconds=1)
SHUTDOWN_TIMEOUT = timedelta(seconds=20)
MAX_CONCURRENT_POLLS, MAX_CONCURRENT_PAGES = 200, 24
MAX_ARTICLES_PER_TICK = 512  # articles matched before their hits are composed into digests
REFILLS_PER_TICK, REFILL_DELAY_SECONDS = 4, 0.2  # 4 x 0.2 s fit into a tick of one second
MIN_REFILL_DELAY_SECONDS = 0.05  # between two leases of pages; many fast pages are leased together
RECHECK_INTERVAL = timedelta(seconds=30)
COLLECTION_JOBS = ("poll", "read", "recheck")  # add articles to the database; paused while the disk is full


class PeriodicJob(Struct, frozen=True):
    """Definition of a job that the daemon runs once per interval. Logs and health reports contain its name."""

    name: str
    interval: timedelta
    function: Callable[[], Awaitable[object]]


class PendingNotices:
    """Holder of a notice to the operator until a report contains it. It holds at most one notice."""

    def __init__(self) -> None:
        self._notices: list[str] = []

    def set(self, notice: str) -> None:
        """Replace the waiting notice; an empty text removes it."""
        self._notices = [notice] if notice else []

    def get(self) -> tuple[str, ...]:
        """Return a tuple with the waiting notice, or an empty tuple."""
        return tuple(self._notices)

    def clear(self, delivered: Collection[str]) -> None:
        """Remove the waiting notice if it is among ``delivered``, the notices that a report contained."""
        self._notices = [notice for notice in self._notices if notice not in delivered]


class DaemonJobs:
    """Periodic jobs of one configuration.

    Due polls and page reads are started as tasks in the background. Each running task occupies a slot, and the number
    of slots is limited. ``drain`` waits for the tasks at the end.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        pending_notices: PendingNotices,
        on_poll: Callable[[PollResult], None] = lambda _poll: None,
        workers: WorkerPoolPort | None = None,
        on_digest_problem: Callable[[str], object] = lambda _problem: None,
        on_worker_problem: Callable[[str], object] = lambda _problem: None,
    ) -> None:
        """Create the jobs of a pipeline.

        - ``pending_notices`` are included in the operator's next report.
        - ``on_poll`` is called with the result of every poll by the daemon itself.
        - While ``workers`` reports a living worker process, worker processes poll sources and read pages instead of the
          daemon.
        - ``on_digest_problem`` is called after each attempt to compose digests, with a line about failing digests or an
          empty text.
        - ``on_worker_problem`` is called at the same time, with a line about work that failed in the process pool or an
          empty text.
        """
        self._on_digest_problem, self._on_worker_problem = on_digest_problem, on_worker_problem
        self._pending_notices, self._workers = pending_notices, workers
        self._pipeline, self._sources, self._on_poll = pipeline, pipeline.sources, on_poll
        self._poll_slots, self._page_slots = TaskSlots(MAX_CONCURRENT_POLLS), TaskSlots(MAX_CONCURRENT_PAGES)
        self._processing_lock = asyncio.Lock()
        self._has_read_page = asyncio.Event()
        self._is_leasing = True

    def jobs(self) -> tuple[PeriodicJob, ...]:
        """Return all periodic jobs."""
        return (
            PeriodicJob("poll", TICK_INTERVAL, self.collect),
            PeriodicJob("read", TICK_INTERVAL, self.read_pages),
            PeriodicJob("recheck", RECHECK_INTERVAL, self._pipeline.recheck),
            PeriodicJob("process", TICK_INTERVAL, self.match_and_compose),
            PeriodicJob("deliver", TICK_INTERVAL, self._pipeline.send_deliveries),
        )

    async def collect(self) -> None:
        """Enqueue due sources for worker processes.

        If no worker process is alive, poll the due sources here, as many at the same time as there are free slots.
        """
        if self._workers and self._is_leasing and await self._workers.enqueue_due_jobs():
            return
        await self._fill_slots(self._poll_slots, self._pipeline.collector.lease, self._collect_source)

    async def _collect_source(self, lease: Lease) -> None:
        self._on_poll(await self._pipeline.collector.poll(lease, self._sources[lease.source_id]))

    async def read_pages(self) -> None:
        """Read the pages of articles that are due to be read, unless worker processes do this.

        As many pages are read at the same time as there are free slots.
        """
        if self._workers and self._workers.has_workers:
            return
        end = asyncio.get_running_loop().time() + REFILLS_PER_TICK * REFILL_DELAY_SECONDS
        while self._is_leasing:
            self._has_read_page.clear()
            free = self._page_slots.free_count
            for pending_page in await self._pipeline.page_reader.queue.lease(free) if free else ():
                self._page_slots.start(self._read_page(pending_page))
            try:
                # a page that is done makes room for the next one of its host
                await asyncio.wait_for(self._has_read_page.wait(), end - asyncio.get_running_loop().time())
            except TimeoutError:
                return
            await asyncio.sleep(MIN_REFILL_DELAY_SECONDS)

    async def _read_page(self, pending_page: PendingPage) -> None:
        try:
            await self._pipeline.page_reader.read(pending_page, self._sources.get(pending_page.source_id))
        finally:
            self._has_read_page.set()

    async def _fill_slots(
        self,
        slots: TaskSlots,
        lease: Callable[[int], Awaitable[Sequence[T]]],
        task: Callable[[T], Coroutine[object, object, object]],
    ) -> None:
        """Lease due work, and start a task for each piece of work, until no slot is free or no work is due.

        ``slots`` limits the number of running tasks. ``lease`` leases at most the given number of pieces of work, and
        ``task`` does one of them. The leasing is repeated a few times as long as there is work for every free slot,
        because most polls take milliseconds and free their slots soon. This function is called once per second. Without
        the repetition, each slot would do at most one poll per second.
        """
        for _ in range(REFILLS_PER_TICK):
            free = slots.free_count if self._is_leasing else 0
            leased = await lease(free) if free else ()
            for item in leased:
                slots.start(task(item))
            if not self._is_leasing or len(leased) < free:
                return
            await asyncio.sleep(REFILL_DELAY_SECONDS)

    async def match_and_compose(self) -> None:
        """Match and group new articles, at most ``MAX_ARTICLES_PER_TICK`` of them, and compose due digests."""
        async with self._processing_lock:
            await self._pipeline.match_and_compose(MAX_ARTICLES_PER_TICK)
            self._on_digest_problem(self._pipeline.digest_problem)
            self._on_worker_problem(self._pipeline.worker_problem)
            notices = self._pending_notices.get()
            if await self._pipeline.report_operation(notices):
                self._pending_notices.clear(notices)

    async def drain(self) -> int:
        """Stop leasing work, and wait at most ``SHUTDOWN_TIMEOUT`` for running tasks.

        Return the number of cancelled tasks. Tasks are polls and page reads. The leases of cancelled tasks expire, so
        this work is done again later.
        """
        self._is_leasing = False
        deliveries = self._pipeline.delivery_sender.drain(SHUTDOWN_TIMEOUT.total_seconds())
        polls, pages, _ = await asyncio.gather(
            self._poll_slots.drain(SHUTDOWN_TIMEOUT), self._page_slots.drain(SHUTDOWN_TIMEOUT), deliveries
        )
        return polls + pages
