"""A bounded number of tasks side by side, so that one that hangs holds up only its own place.

The whole line, from due sources to delivered digests, as one pass.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from monitor.domain.configuration import Configuration
from monitor.domain.digest import Digest
from monitor.domain.source import Source
from monitor.pipeline.collect import Collector, PollResult
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingResult, MatchingStep
from monitor.pipeline.read_pages import PageReader, PageResult
from monitor.pipeline.recheck import Rechecker, RecheckResult
from monitor.pipeline.send_deliveries import DeliveryAttempt, DeliverySender


class TaskSlots:
    """Starts work without waiting for it, and knows how much more may be started."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def free_count(self) -> int:
        """How many more may be started now."""
        return self._size - len(self._tasks)

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run ``work`` in the background; it must handle its own errors."""
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, max_wait: timedelta) -> int:
        """Wait for what is running, then cancel the rest; returns how many were cancelled."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=max_wait.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)


ProgressCallback = Callable[[str, int], None]
BATCH_SIZE = 48
DELIVERY_DRAIN_SECONDS = 60


def ignore_progress(_what: str, _count: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass did."""

    polls: tuple[PollResult, ...] = ()
    pages: tuple[PageResult, ...] = ()
    rechecks: tuple[RecheckResult, ...] = ()
    matching: MatchingResult = field(default_factory=MatchingResult)
    digests: tuple[Digest, ...] = ()
    attempts: tuple[DeliveryAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The use cases in their order. Each reads what the one before has left in the database."""

    configuration: Configuration
    collector: Collector
    page_reader: PageReader
    matching_step: MatchingStep
    grouping_step: GroupingStep
    rechecker: Rechecker
    digest_composer: DigestComposer
    delivery_sender: DeliverySender

    @property
    def sources(self) -> Mapping[str, Source]:
        """The configured sources that may be polled, by id."""
        return {source.id: source for source in self.configuration.sources if not source.paused}

    async def collect(self, source_ids: Collection[str] | None, progress: ProgressCallback) -> tuple[PollResult, ...]:
        """Poll what is due until nothing is, or the named sources once."""
        polls: list[PollResult] = []
        while done := await self.collector.run_due(
            self.sources, BATCH_SIZE if source_ids is None else len(source_ids), source_ids
        ):
            polls += done
            progress("sources polled", len(polls))
            if source_ids is not None:
                break
        return tuple(polls)

    async def read_pages(self, progress: ProgressCallback) -> tuple[PageResult, ...]:
        """Open the pages of what was listed, until none is due."""
        readings: list[PageResult] = []
        while done := await self.page_reader.run_due(self.sources, BATCH_SIZE):
            readings += done
            progress("pages read", len(readings))
        return tuple(readings)

    async def recheck(self, progress: ProgressCallback = ignore_progress) -> tuple[RecheckResult, ...]:
        """Look again at the pages of told articles, until none is due."""
        looks: list[RecheckResult] = []
        while done := await self.rechecker.run_due(self.sources, BATCH_SIZE):
            looks += done
            progress("pages looked at again", len(looks))
        return tuple(looks)

    async def match_and_compose(
        self, notices: Sequence[str] = (), max_articles: float = inf
    ) -> tuple[MatchingResult, tuple[Digest, ...]]:
        """Screen and group what was read, and compose the digests that are due, with ``notices`` at their head.

        After ``enough`` articles the rest waits for the next call, so that a flood does not hold up what was found.
        """
        screening = await self.matching_step.run_all(max_articles)
        await self.grouping_step.run_all()
        return screening, tuple(await self.digest_composer.run_due(self.configuration, notices))

    async def send_deliveries(self) -> tuple[DeliveryAttempt, ...]:
        """Start every delivery that is due; slow targets go on by themselves."""
        return tuple(await self.delivery_sender.run_due())

    async def run_pass(
        self, source_ids: Collection[str] | None = None, progress: ProgressCallback = ignore_progress
    ) -> PassResult:
        """Make one whole pass: fetch, read, look again, match, group, compose what is due, deliver."""
        polls = await self.collect(source_ids, progress)
        readings = await self.read_pages(progress)
        looks = await self.recheck(progress)
        screening, digests = await self.match_and_compose()
        attempts = (*await self.send_deliveries(), *await self.delivery_sender.drain(DELIVERY_DRAIN_SECONDS))
        return PassResult(polls, readings, looks, screening, digests, attempts)
