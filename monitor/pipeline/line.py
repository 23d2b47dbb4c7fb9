"""The whole line, from due sources to delivered digests, as one pass."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from monitor.domain.digest import Digest
from monitor.domain.settings import Configuration
from monitor.domain.source import Source
from monitor.pipeline.alert import Alerter
from monitor.pipeline.collect import Collector, Poll
from monitor.pipeline.dispatch import Attempt, Dispatcher
from monitor.pipeline.group import StoryKeeper
from monitor.pipeline.read import Reader, Reading
from monitor.pipeline.recheck import Look, Rechecker
from monitor.pipeline.screen import Screener, Screening

Progress = Callable[[str, int], None]
BATCH = 48
LAST_ATTEMPTS_SECONDS = 60


def silent(_what: str, _count: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one pass did."""

    polls: tuple[Poll, ...] = ()
    readings: tuple[Reading, ...] = ()
    looks: tuple[Look, ...] = ()
    screening: Screening = field(default_factory=Screening)
    digests: tuple[Digest, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """The use cases in their order. Each reads what the one before has left in the database."""

    configuration: Configuration
    collector: Collector
    reader: Reader
    screener: Screener
    keeper: StoryKeeper
    rechecker: Rechecker
    alerter: Alerter
    dispatcher: Dispatcher

    @property
    def sources(self) -> Mapping[str, Source]:
        """The configured sources that may be polled, by id."""
        return {source.id: source for source in self.configuration.sources if not source.paused}

    async def collect(self, only: Collection[str] | None, progress: Progress) -> tuple[Poll, ...]:
        """Poll what is due until nothing is, or the named sources once."""
        polls: list[Poll] = []
        while done := await self.collector.tick(self.sources, BATCH if only is None else len(only), only):
            polls += done
            progress("sources polled", len(polls))
            if only is not None:
                break
        return tuple(polls)

    async def read(self, progress: Progress) -> tuple[Reading, ...]:
        """Open the pages of what was listed, until none is due."""
        readings: list[Reading] = []
        while done := await self.reader.tick(self.sources, BATCH):
            readings += done
            progress("pages read", len(readings))
        return tuple(readings)

    async def recheck(self, progress: Progress = silent) -> tuple[Look, ...]:
        """Look again at the pages of told articles, until none is due."""
        looks: list[Look] = []
        while done := await self.rechecker.tick(self.sources, BATCH):
            looks += done
            progress("pages looked at again", len(looks))
        return tuple(looks)

    async def tell(self, notices: Sequence[str] = (), enough: float = inf) -> tuple[Screening, tuple[Digest, ...]]:
        """Screen and group what was read, and compose the digests that are due, with ``notices`` at their head.

        After ``enough`` articles the rest waits for the next call, so that a flood does not hold up what was found.
        """
        screening = await self.screener.drain(enough)
        await self.keeper.drain()
        return screening, tuple(await self.alerter.compose_due(self.configuration, notices))

    async def dispatch(self) -> tuple[Attempt, ...]:
        """Start every delivery that is due; slow targets go on by themselves."""
        return tuple(await self.dispatcher.deliver_due())

    async def poll(self, only: Collection[str] | None = None, progress: Progress = silent) -> Tally:
        """Make one whole pass: fetch, read, look again, match, group, compose what is due, deliver."""
        polls = await self.collect(only, progress)
        readings = await self.read(progress)
        looks = await self.recheck(progress)
        screening, digests = await self.tell()
        attempts = (*await self.dispatch(), *await self.dispatcher.drain(LAST_ATTEMPTS_SECONDS))
        return Tally(polls, readings, looks, screening, digests, attempts)
