"""Context of the desk (the web site for readers): the objects that all pages use, such as the current configuration."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeVar

from msgspec import Struct, field

from monitor.domain.configuration import Configuration
from monitor.domain.errors import MonitorError
from monitor.domain.ports import Clock, ProcessPool
from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Rule
from monitor.domain.web_settings import WebSettings
from monitor.feedback.service import FeedbackService
from monitor.insight.people import describe_position
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.status_report import DaemonStatus, parse_daemon_status
from monitor.store.database import Database
from monitor.web.passwords import PasswordChecker

MAX_READS, MAX_WAITING_READS = 4, 16
LOOKUP_SECONDS = 2.0
"""Maximum time for the queries of one look-up. If a million articles are stored, a page of the desk needs about a
twentieth of this time."""

HEALTH_SECONDS, CONFIGURATION_SECONDS = 5.0, 2.0
"""Seconds between two reads of the health of the daemon, and seconds between two checks for a changed configuration.

In between, pages use the values in memory.
"""

T = TypeVar("T")


class TooManyRequests(MonitorError):
    """Raised if too many reads of the database are waiting, or if another trial run of edited rules is running.

    The reader should try again later.
    """


@dataclass(frozen=True)
class Snapshot:
    """The configuration that the daemon uses at a certain time, with dictionaries of officials, rules and sources.

    ``version`` identifies the configuration: it is different after every change.
    """

    configuration: Configuration
    version: str = ""

    @cached_property
    def officials(self) -> dict[str, Official]:
        """Dictionary that maps the id of each official to the official."""
        return {official.id: official for official in self.configuration.watchlist.officials}

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Dictionary that maps the id of each rule to the rule."""
        return {rule.id: rule for rule in self.configuration.watchlist.rules}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Dictionary that maps the id of each source to the source."""
        return {source.id: source for source in self.configuration.sources}

    @cached_property
    def source_names(self) -> dict[str, str]:
        """Dictionary that maps the id of each source to its name."""
        return {source.id: source.name for source in self.configuration.sources}

    def name_official(self, official_id: str) -> str:
        """Return the name of an official, or the given id if this official is not configured any more."""
        official = self.officials.get(official_id)
        return official.name if official else official_id

    def describe_position(self, official_id: str, now: datetime) -> str:
        """Return the position that an official holds at a time, or an empty text if there is none."""
        return describe_position(self.officials.get(official_id), now)


class ConfigurationLoader(Protocol):
    """Protocol of a loader that reads the configuration that the daemon uses."""

    def load(self, current: Snapshot | None) -> Snapshot:
        """Return the present configuration. If it is equal to ``current``, return the same object.

        Raises ``ConfigError`` if there is no valid configuration, or ``StoreError`` if the database cannot be read.
        """
        ...


class DeskHealth(Struct, frozen=True):
    """State of the program that every page shows: the daemon, sources with a problem, and failed deliveries."""

    daemon: DaemonStatus = field(default_factory=DaemonStatus)
    problem_count: int = 0
    failed_count: int = 0


class DeskContext:
    """Objects that all pages of the desk use, such as database, settings and clock. Each process has one context."""

    def __init__(
        self,
        database: Database,
        settings: WebSettings,
        loader: ConfigurationLoader,
        clock: Clock,
        redact: Callable[[str], str],
        process_pool: ProcessPool | None = None,
        signing_key: str = "",
    ) -> None:
        self.signing_key = signing_key
        self.database, self.settings, self.clock, self.redact = database, settings, clock, redact
        self._loader, self._process_pool = loader, process_pool
        self.passwords = PasswordChecker()
        self._feedback: tuple[str, FeedbackService] | None = None
        self._snapshot: Snapshot | None = None
        self._loading = asyncio.Lock()
        self._checked_at = float("-inf")
        self._health: tuple[float, DeskHealth] = (float("-inf"), DeskHealth())
        self._reads, self._waiting = asyncio.Semaphore(MAX_READS), 0

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a function that only reads the database, on a thread that may read it, and return the result.

        Raises ``TooManyRequests`` if too many reads are waiting, or ``QueryTimeout`` if the queries take longer than
        ``LOOKUP_SECONDS``.
        """
        if self._waiting >= MAX_WAITING_READS:
            raise TooManyRequests("the desk is busy; try again in a moment")
        self._waiting += 1
        try:
            await self._reads.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self.database.read_within(LOOKUP_SECONDS, work, *args)
        finally:
            self._reads.release()

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a method that writes to the database, on the write thread of the database, and return the result.

        The stored health of the program is discarded, so that the next page shows the effect of the method.
        """
        try:
            return await self.database.run(work, *args)
        finally:
            self._health = float("-inf"), self._health[1]

    async def snapshot(self) -> Snapshot:
        """Return the configuration that the daemon uses, at most a few seconds old."""
        if self._snapshot and time.monotonic() - self._checked_at < CONFIGURATION_SECONDS:
            return self._snapshot
        async with self._loading:
            if self._snapshot is None or time.monotonic() - self._checked_at >= CONFIGURATION_SECONDS:
                self._snapshot = await asyncio.to_thread(self._loader.load, self._snapshot)
                self._checked_at = time.monotonic()
        return self._snapshot

    async def feedback(self) -> FeedbackService:
        """Return the feedback service for the present configuration.

        The watchlist is compiled at the first call after a change of the configuration.
        """
        snapshot = await self.snapshot()
        async with self._loading:
            if self._feedback is None or self._feedback[0] != snapshot.version:
                watchlist = snapshot.configuration.watchlist
                matcher = BoundedMatcher(
                    await asyncio.to_thread(compile_watchlist, watchlist), watchlist, self._process_pool
                )
                self._feedback = snapshot.version, FeedbackService(self.database, matcher, watchlist, self.clock)
            return self._feedback[1]

    async def health(self) -> DeskHealth:
        """Return the health of the daemon and the sources, at most a few seconds old."""
        read_at, health = self._health
        if time.monotonic() - read_at >= HEALTH_SECONDS:
            health = await self.read(self._read_health)
            self._health = time.monotonic(), health
        return health

    def _read_health(self) -> DeskHealth:
        database = self.database
        counts = database.sources.count_by_state()
        return DeskHealth(
            parse_daemon_status(database.key_values.get("daemon"), self.clock()),
            sum(count for state, count in counts.items() if state.value not in {"ok", "paused"}),
            database.deliveries.count_outbox().failed,
        )
