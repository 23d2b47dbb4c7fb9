"""The pipeline as one pass, from due sources to sent deliveries. Also runs a limited number of background tasks."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import timedelta
from math import inf
from typing import TypeVar

from msgspec import Struct, field

from monitor.domain.configuration import Configuration
from monitor.domain.digest import Digest
from monitor.domain.errors import StoreError
from monitor.domain.poll_state import Lease
from monitor.domain.source import Source
from monitor.pipeline.bounded_matching import MatchingResult
from monitor.pipeline.collect import Collector, PollResult
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.early_matching import EarlyMatching
from monitor.pipeline.group import GROUPING_BATCH_SIZE, GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.pipeline.read_pages import PageReader, PageResult
from monitor.pipeline.recheck import Rechecker, RecheckResult
from monitor.pipeline.report_operation import OperatorReporter
from monitor.pipeline.rescreen import RescreenStep
from monitor.pipeline.send_deliveries import DeliveryAttempt, DeliverySender


class TaskSlots:
    """Limited number of slots for background tasks. Each running task occupies one slot, even if it hangs."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def free_count(self) -> int:
        """Number of further tasks that may be started now."""
        return self._size - len(self._tasks)

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run ``work`` in the background. ``work`` must handle its own errors."""
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, max_wait: timedelta) -> int:
        """Wait up to ``max_wait`` for running tasks, then cancel the tasks that have not ended.

        Return the number of cancelled tasks.
        """
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=max_wait.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)


T = TypeVar("T")
R = TypeVar("R")


async def run_continuously(
    lease: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Coroutine[object, object, R]],
    concurrency: int,
    report: Callable[[int], None],
    has_waiting: Callable[[], bool] = lambda: False,
) -> list[R]:
    """Lease items (reserve them for a limited time) and run ``work`` on them until none is left. Return the results.

    - ``lease`` is a function that leases and returns items. Its argument is the maximum number of items.
    - ``concurrency`` is the maximum number of items that are processed at a time. Another item is leased as soon as one
      is done, so that a slow item does not delay other items.
    - ``report`` is called with the number of items done so far.
    - ``has_waiting`` returns True if some items cannot be leased yet. The function then waits for them.
    """
    running: set[asyncio.Task[R]] = set()
    results: list[R] = []
    try:
        while True:
            free = concurrency - len(running)
            leased = await lease(free) if free else ()
            running.update(asyncio.ensure_future(work(item)) for item in leased)
            if not running and not has_waiting():
                return results
            if running:
                await asyncio.wait(running, timeout=WAITING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(MIN_LEASE_SECONDS if running else WAITING_SECONDS)  # some finish together
            done = {task for task in running if task.done()}
            running -= done
            results += [task.result() for task in done]
            if done:
                report(len(results))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


ProgressCallback = Callable[[str, int], None]
WAITING_SECONDS, MIN_LEASE_SECONDS = 0.2, 0.01
BATCH_SIZE = 48
DELIVERY_DRAIN_SECONDS = 60


def ignore_progress(_what: str, _count: int) -> None:
    """Do nothing. Callers that show no progress pass this function."""


class PassResult(Struct, frozen=True):
    """Results of all steps of one pass.

    ``digest_problem`` is one line about digests that could not be composed. ``worker_problem`` is one line about work
    that failed in worker processes. Both may be empty.
    """

    polls: tuple[PollResult, ...] = ()
    pages: tuple[PageResult, ...] = ()
    rechecks: tuple[RecheckResult, ...] = ()
    matching: MatchingResult = field(default_factory=MatchingResult)
    digests: tuple[Digest, ...] = ()
    digest_problem: str = ""
    attempts: tuple[DeliveryAttempt, ...] = ()
    worker_problem: str = ""


class Pipeline(Struct, frozen=True):
    """The steps of the pipeline in their order. Each step processes what earlier steps have stored."""

    configuration: Configuration
    collector: Collector
    page_reader: PageReader
    offloader: ProcessOffloader
    early_matching: EarlyMatching
    matching_step: MatchingStep
    grouping_step: GroupingStep
    rescreen_step: RescreenStep
    rechecker: Rechecker
    digest_composer: DigestComposer
    operator_reporter: OperatorReporter
    delivery_sender: DeliverySender

    @property
    def sources(self) -> Mapping[str, Source]:
        """The configured sources that are not paused, by id."""
        return {source.id: source for source in self.configuration.sources if not source.paused}

    @property
    def digest_problem(self) -> str:
        """One line about digests that could not be composed, or an empty string."""
        return self.digest_composer.failures.describe()

    @property
    def worker_problem(self) -> str:
        """One line about work that failed in worker processes within the last hour, or an empty string."""
        return self.offloader.problem

    async def collect(self, source_ids: Collection[str] | None, progress: ProgressCallback) -> tuple[PollResult, ...]:
        """Poll due sources until none is due. If ``source_ids`` are given, poll only these sources, once each.

        Only a few sources are leased (reserved for a limited time) at once, because the lease of a source must not end
        before its poll begins.
        """
        sources, named = self.sources, deque(dict.fromkeys(source_ids or ()))

        async def lease(limit: int) -> list[Lease]:
            chosen = [named.popleft() for _ in range(min(limit, len(named)))] if source_ids is not None else None
            leases = [] if chosen == [] else await self.collector.lease(limit, chosen)
            return [one for one in leases if one.source_id in sources]

        return tuple(
            await run_continuously(
                lease,
                lambda one: self.collector.poll(one, sources[one.source_id], wait=True),
                BATCH_SIZE,
                lambda count: progress("sources polled", count),
                lambda: bool(named),
            )
        )

    async def read_pages(self, progress: ProgressCallback) -> tuple[PageResult, ...]:
        """Read the pages of articles whose page was not read yet, until none is due."""
        sources, queue = self.sources, self.page_reader.queue
        return tuple(
            await run_continuously(
                queue.lease,
                lambda page: self.page_reader.read(page, sources.get(page.source_id)),
                BATCH_SIZE,
                lambda count: progress("pages read", count),
                lambda: queue.has_waiting,
            )
        )

    async def recheck(self, progress: ProgressCallback = ignore_progress) -> tuple[RecheckResult, ...]:
        """Fetch the pages of reported articles again, to find changes of the articles, until none is due."""
        rechecks: list[RecheckResult] = []
        while done := await self.rechecker.run_due(self.sources, BATCH_SIZE):
            rechecks += done
            progress("pages rechecked", len(rechecks))
        return tuple(rechecks)

    async def match_and_compose(self, max_articles: float = inf) -> tuple[MatchingResult, tuple[Digest, ...]]:
        """Match and group articles, then compose the due digests.

        If grouping joins an article to a text or story on which a reader has given a verdict, the article is matched
        again before digests are composed. Matching stops after about ``max_articles`` articles, so that alerts are not
        delayed when many articles wait.
        """
        matching = await self.matching_step.run_all(max_articles) + self.early_matching.take_result()
        await self.grouping_step.run_all()
        await self.rescreen_step.run_all()
        return matching, tuple(await self.digest_composer.run_due(self.configuration))

    async def report_operation(self, problems: Sequence[str] = ()) -> Digest | None:
        """Send a report on problems to the operator if one is due, and return the report if it was sent.

        ``problems`` are present problems that are not in the database, such as a rejected configuration. They are
        reported first. Digests that cannot be composed and faulty templates are added.
        """
        templates = dict.fromkeys(
            problem for found in self.digest_composer.template_problems.values() for problem in found
        )
        digests = self.digest_composer.failures.list_problems()
        return await self.operator_reporter.run_due(self.configuration, [*problems, *digests, *templates])

    async def send_deliveries(self) -> tuple[DeliveryAttempt, ...]:
        """Start all due deliveries, and return the attempts that have ended.

        Deliveries to slow targets continue in the background.
        """
        return tuple(await self.delivery_sender.run_due())

    async def _group_while(self, collecting: "asyncio.Task[tuple[PollResult, ...]]") -> tuple[PollResult, ...]:
        """Group articles while the task ``collecting`` runs. Then wait for this task, and return its result.

        If the database fails during grouping, grouping stops, and no error is raised. If the failure persists, the next
        step raises it.
        """
        try:
            with contextlib.suppress(StoreError), self.early_matching.grouping():
                while not collecting.done():
                    if len(self.early_matching.ready) < GROUPING_BATCH_SIZE:
                        await asyncio.wait({collecting}, timeout=WAITING_SECONDS)
                    elif not await self.grouping_step.run_batch():
                        break
            return await collecting
        finally:
            collecting.cancel()

    async def run_pass(
        self, source_ids: Collection[str] | None = None, progress: ProgressCallback = ignore_progress
    ) -> PassResult:
        """Run all steps once: collect, read pages, recheck reported articles, match, group, compose and deliver."""
        polls = await self._group_while(asyncio.create_task(self.collect(source_ids, progress)))
        pages = await self.read_pages(progress)
        rechecks = await self.recheck(progress)
        matching, digests = await self.match_and_compose()
        await self.report_operation()
        attempts = (*await self.send_deliveries(), *await self.delivery_sender.drain(DELIVERY_DRAIN_SECONDS))
        return PassResult(polls, pages, rechecks, matching, digests, self.digest_problem, attempts, self.worker_problem)
