"""Collecting step: reads the sources that are due, and stores new articles together with the next poll state.

A source is leased while it is read, so that no other process reads it at the same time.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

from msgspec import Struct

from monitor.domain.article import KnownArticle, NewArticle
from monitor.domain.errors import LeaseLost, StoreError
from monitor.domain.fetch_result import Failed, FailureWeight
from monitor.domain.poll_state import Lease, PollState, SourceState
from monitor.domain.ports import Clock, Fetcher, ProcessPool
from monitor.domain.source import Feed, Source
from monitor.domain.source_health import SourceNotice, effective_poll_state
from monitor.domain.values import replace
from monitor.pipeline.build_articles import ArticleBuilder, BuiltArticles, build_aliases
from monitor.pipeline.early_matching import EarlyMatching
from monitor.pipeline.feed_documents import (
    EXPECTED_NEW_FEED_ENTRIES,
    FeedDocumentReader,
    FetchedFeed,
    PollAttempt,
    UnchangedFeed,
)
from monitor.pipeline.poll_plan import PollOutcome, PollPlan, keys_to_look_up, note_fallback_articles, plan_poll
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.store.database import Database
from monitor.stories.evidence import recognize_entries
from monitor.stories.identity import assign_entry_keys, collect_lookup_keys
from monitor.text.urls import extract_host

POLL_LEASE = timedelta(minutes=5)
MAX_CONCURRENT_POLLS = 200
MAX_POLLS_PER_HOST = 4
MAX_HOST_WAIT = timedelta(hours=1)
MAX_INTERRUPTED_POLLS = 6
"""Maximum number of consecutive polls of a source that began and never ended.

If there are more, the next poll fails without reading the source, because its document may crash the process. A crash
interrupts all running polls, also of sources that did not cause it. This limit is therefore higher than the number of
failures after which an article is abandoned.
"""
INITIAL_POLL_TIME = timedelta(milliseconds=500)


class PollResult(Struct, frozen=True):
    """Result of one poll of a source.

    - ``detail`` describes the state of the source in words.
    - ``entry_count`` is the number of entries in the document, and ``new_count`` is the number of new articles.
    - ``state_before`` and ``state_after`` are the states of the source before and after the poll.
    - ``next_poll_at`` is the time of the next poll.
    - ``notice`` informs the user that a problem of the source began or ended.
    - ``note`` is one line about quarantined entries, unreadable entries, and entries that a sitemap has added.
    """

    source_id: str
    outcome: PollOutcome
    detail: str = ""
    entry_count: int = 0
    new_count: int = 0
    state_before: SourceState = SourceState.OK
    state_after: SourceState = SourceState.OK
    next_poll_at: datetime | None = None
    notice: SourceNotice | None = None
    note: str = ""


class Collector:
    """Poller of sources. It stores everything that results from a poll in one transaction.

    If a poll is interrupted, it is repeated when its lease expires.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        process_pool: ProcessPool,
        clock: Clock,
        backfill: timedelta,
        offloader: ProcessOffloader | None = None,
        early: EarlyMatching | None = None,
    ) -> None:
        self._database, self._clock, self._backfill = database, clock, backfill
        self._cpu_slot = asyncio.Lock()
        self._offloader = offloader or ProcessOffloader()
        self.feed_reader = FeedDocumentReader(fetcher, process_pool, self._cpu_slot, self._offloader)
        self._early = early
        self.article_builder = ArticleBuilder(self._offloader, self._cpu_slot, early)
        self._poll_slots = asyncio.Semaphore(MAX_CONCURRENT_POLLS)
        self._polls_by_host: Counter[str] = Counter()
        self._host_free_at: dict[str, datetime] = {}
        self._average_poll_time: dict[str, timedelta] = {}
        self._item_hashes: dict[str, bytes] = {}

    async def run_due(
        self,
        sources: Mapping[str, Source],
        limit: int = MAX_CONCURRENT_POLLS,
        source_ids: Collection[str] | None = None,
    ) -> list[PollResult]:
        """Lease the sources that are due, and poll them concurrently.

        If ``source_ids`` is given, these sources are polled instead, even if they are not due.
        """
        leases = await self.lease(limit, source_ids)
        polls = [
            self.poll(lease, sources[lease.source_id], wait=True) for lease in leases if lease.source_id in sources
        ]
        return list(await asyncio.gather(*polls))

    async def lease(self, limit: int, source_ids: Collection[str] | None = None) -> list[Lease]:
        """Reserve at most ``limit`` due sources for this process for a limited time, and return these leases.

        The caller must pass each lease to ``poll``.
        """
        now = self._clock()
        leases = await self._database.run(self._database.sources.lease_due, now, limit, now + POLL_LEASE, source_ids)
        if first_poll_count := sum(not lease.poll_state.polls for lease in leases):
            self._offloader.add_backlog(first_poll_count * EXPECTED_NEW_FEED_ENTRIES)
        return leases

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> PollResult:
        """Poll a source that was reserved with ``lease``. An unexpected error is stored with the source and not raised.

        If the host of the source is busy and ``wait`` is true, the poll waits for the host. Otherwise the poll is
        postponed, so that other hosts can be polled.
        """
        loop, host = asyncio.get_running_loop(), extract_host(source.url)
        start = loop.time()
        busy = self._polls_by_host[host] >= MAX_POLLS_PER_HOST and not wait
        self._polls_by_host[host] += 1
        try:
            return await self._poll_safely(lease, source, host if busy else "")
        finally:
            self._polls_by_host[host] -= 1
            if not busy:
                took = timedelta(seconds=loop.time() - start)
                self._average_poll_time[host] = (self._average_poll_time.get(host, INITIAL_POLL_TIME) + took) / 2
            if not self._polls_by_host[host]:
                self._drop_idle_host(host)

    def _drop_idle_host(self, host: str) -> None:
        """Delete the data in memory about a host from which no source is being polled."""
        del self._polls_by_host[host]
        if self._host_free_at.get(host, self._clock()) <= self._clock():
            self._host_free_at.pop(host, None)
            self._average_poll_time.pop(host, None)

    async def _poll_safely(self, lease: Lease, source: Source, busy_host: str) -> PollResult:
        before = lease.poll_state.state
        try:
            try:
                if busy_host:
                    return await self._postpone(lease, busy_host)
                async with self._poll_slots:
                    async with self._cpu_slot:  # hundreds of polls start one after another
                        work = self.fetch_and_store(lease, source)
                    return await work
            except (LeaseLost, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 - an error in one source is stored with it and stops no other
                failure = Failed(f"unexpected {type(error).__name__}: {error}"[:500], FailureWeight.HARD)
                return await self._store(
                    lease, await self._plan(source, PollAttempt(lease.poll_state, failure), self._clock())
                )
        except LeaseLost:
            detail = "its lease expired during the poll"
            return PollResult(source.id, PollOutcome.LEASE_LOST, detail, state_before=before, state_after=before)
        except StoreError as error:
            return PollResult(source.id, PollOutcome.FAILED, str(error), state_before=before, state_after=before)

    async def fetch_and_store(self, lease: Lease, source: Source) -> PollResult:
        """Read a source once and store the result.

        ``lease`` is the lease by which this process has reserved the source. Raises ``LeaseLost`` if the lease has
        ended in the meantime, and ``StoreError`` if the database fails.
        """

        async def has_known_entry(page: Feed) -> bool:
            keyed_entries = assign_entry_keys(page)
            known = await self.find_known(source, collect_lookup_keys(keyed_entries))
            return any(found.article for found in recognize_entries(keyed_entries, known))

        item_hashes = self._item_hashes.get(source.id, b"")
        before = lease.poll_state
        attempt = (
            await self.feed_reader.read(source, before, self._clock(), item_hashes, has_known_entry)
            if before.interrupted_polls <= MAX_INTERRUPTED_POLLS
            else _fail_interrupted(before, self._clock())
        )
        is_read = isinstance(attempt.result, (FetchedFeed, UnchangedFeed))
        if is_read and before.interrupted_polls:
            attempt = replace(attempt, poll_state=replace(attempt.poll_state, interrupted_polls=0))
        now = self._clock()
        plan = await self._plan(source, attempt, now)
        if plan.has_gap and source.gap_sitemap:
            attempt = await self.feed_reader.fill_gap(attempt, source)
            plan = await self._plan(source, attempt, now)
        async with self._early.room_for(len(plan.new_entries)) if self._early else nullcontext():
            is_isolated = before.interrupted_polls > 0
            built = await self.article_builder.build(plan.new_entries, source, now, is_isolated=is_isolated)
            articles = (*built.articles, *build_aliases(plan.alias_entries))
            plan = note_fallback_articles(plan, built.fallback_count)
            result = await self._store(lease, plan, articles, now, built)
        if isinstance(attempt.result, FetchedFeed):
            self._item_hashes[source.id] = attempt.result.parsed.item_hashes
        return result

    async def _plan(self, source: Source, attempt: PollAttempt, now: datetime) -> PollPlan:
        known = await self.find_known(source, keys_to_look_up(attempt))
        return plan_poll(source, attempt, known, self._backfill, now)

    async def find_known(self, source: Source, keys: Collection[str]) -> dict[str, KnownArticle]:
        """Return a dictionary that maps entry keys to the stored articles of a source. Unknown keys are omitted.

        An entry key is a value by which a stored article is found again, such as its URL.
        """
        return await self._database.run(self._database.articles.known_articles, source.id, keys) if keys else {}

    async def _store(
        self,
        lease: Lease,
        plan: PollPlan,
        articles: Sequence[NewArticle] = (),
        now: datetime | None = None,
        built: BuiltArticles = BuiltArticles(),  # noqa: B008 - immutable
    ) -> PollResult:
        """Store the next poll state and the new articles in one transaction, and return a summary of the poll.

        Articles that another process has stored in the meantime do not count as new.
        """
        commit = self._database.articles.commit_poll
        now = now or self._clock()
        stored = await self._database.run(
            commit, lease, plan.poll_state, articles, now, plan.changed_article_ids, built.findings
        )
        new_count = len(stored)
        if self._early:
            self._early.add(lease.source_id, stored, built.articles, built.findings, built.features, now)
        outcome = plan.outcome
        if new_count or outcome is PollOutcome.NEW:
            outcome = PollOutcome.NEW if new_count else PollOutcome.KNOWN
        effective = effective_poll_state(plan.poll_state)
        return PollResult(
            lease.source_id,
            outcome,
            effective.detail,
            plan.entry_count,
            new_count,
            effective_poll_state(lease.poll_state).state,
            effective.state,
            plan.poll_state.next_poll_at,
            plan.notice,
            plan.note,
        )

    async def _postpone(self, lease: Lease, host: str) -> PollResult:
        """End the lease of a source whose host is busy, and make the source due when the host is expected to be free.

        Postponed sources of one host become due one after another, so that few of them are postponed twice.
        """
        now = self._clock()
        free_at = self._host_free_at.get(host, now)
        free_at = free_at if now <= free_at < now + MAX_HOST_WAIT else now  # else set before the clock moved back
        next_poll_at = free_at + self._average_poll_time.get(host, INITIAL_POLL_TIME) / MAX_POLLS_PER_HOST
        self._host_free_at[host] = next_poll_at
        return await self._store(
            lease, PollPlan(PollOutcome.POSTPONED, replace(lease.poll_state, next_poll_at=next_poll_at))
        )


def _fail_interrupted(poll_state: PollState, now: datetime) -> PollAttempt:
    """Return a failed poll for a source whose polls were interrupted too often. The source is not read.

    The next poll reads the source again.
    """
    reason = f"{poll_state.interrupted_polls} polls in a row were interrupted: the program was stopped during each"
    poll_state = replace(poll_state, polls=poll_state.polls + 1, last_attempt_at=now, interrupted_polls=1)
    return PollAttempt(poll_state, Failed(reason, FailureWeight.HARD))
