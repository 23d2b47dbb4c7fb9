"""Collect: due sources are leased, fetched, read, and what is new in them is kept with the validators, at once."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.errors import LeaseLost, NotAFeed, StoreError, WorkerKilled
from monitor.domain.fetch_result import Blocked, Failed, FailureWeight, Fetched, FetchResult, Gone, NotModified
from monitor.domain.poll_state import Lease, PollState, SourceState
from monitor.domain.polling_policy import MIN_MOVED_RESPONSES, is_unconditional_due
from monitor.domain.ports import Clock, Database, Fetcher, ProcessPool
from monitor.domain.source import Feed, Source, SourceKind
from monitor.domain.source_health import (
    SourceNotice,
    accept_layout_change,
    effective_poll_state,
    notice_due,
    with_notice,
)
from monitor.parse.incremental import hash_body
from monitor.pipeline.build_articles import ArticleBuilder, ProcessOffloader
from monitor.pipeline.feed_documents import FeedDocumentReader, FetchedFeed, KnownEntryCheck
from monitor.pipeline.poll_plan import (
    FeedStats,
    classify_parse_error,
    empty_feed_failure,
    has_gap,
    state_after_failure,
    state_after_no_change,
    state_after_success,
)
from monitor.stories.identity import assign_entry_keys, collect_lookup_keys
from monitor.stories.novelty import PollNovelty, classify_entries
from monitor.text.urls import extract_host

POLL_LEASE = timedelta(minutes=5)
MAX_CONCURRENT_POLLS = 200
MAX_POLLS_PER_HOST = 4
MAX_HOST_WAIT = timedelta(hours=1)
INITIAL_POLL_TIME = timedelta(milliseconds=500)
EXPECTED_NEW_FEED_ENTRIES = 30
"""So many entries may be expected of a source that was never asked before."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """What came of one poll: ``outcome`` is new, known, unchanged, empty, failed, blocked, gone, postponed or lost.

    ``notice`` is what the reader should be told about the source now, if anything; ``remark`` says what was held back,
    or read from elsewhere, in one line.
    """

    source_id: str
    outcome: str
    detail: str = ""
    entry_count: int = 0
    new_count: int = 0
    state_before: SourceState = SourceState.OK
    state_after: SourceState = SourceState.OK
    next_poll_at: datetime | None = None
    notice: SourceNotice | None = None
    note: str = ""


class Collector:
    """Polls sources. Every poll commits once; one that is killed is done again when its lease has ended."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        process_pool: ProcessPool,
        clock: Clock,
        backfill: timedelta,
        offloader: ProcessOffloader | None = None,
    ) -> None:
        self._database, self._clock, self._backfill = database, clock, backfill
        self._cpu_slot = asyncio.Lock()
        self._feed_reader = FeedDocumentReader(fetcher, process_pool, self._cpu_slot)
        self._offloader = offloader or ProcessOffloader()
        self._article_builder = ArticleBuilder(self._offloader, self._cpu_slot)
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
        """Lease due sources (those of ``only`` whether due or not) and collect them side by side."""
        leases = await self.lease(limit, source_ids)
        polls = [
            self.poll(lease, sources[lease.source_id], wait=True) for lease in leases if lease.source_id in sources
        ]
        return list(await asyncio.gather(*polls))

    async def lease(self, limit: int, source_ids: Collection[str] | None = None) -> list[Lease]:
        """Lease at most ``limit`` sources that are due; each must then be handed to ``poll``."""
        now = self._clock()
        leases = await self._database.run(self._database.sources.lease_due, now, limit, now + POLL_LEASE, source_ids)
        if fresh := sum(not lease.poll_state.polls for lease in leases):
            self._offloader.add_backlog(fresh * EXPECTED_NEW_FEED_ENTRIES)
        return leases

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> PollResult:
        """Collect one leased source; never raises. What goes wrong unexpectedly is recorded on its row.

        A source whose host is busy waits for its turn, or, without ``wait``, gives its place to other hosts and is
        due again a little later.
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
        """Drop what is known of a host that nobody waits for."""
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
                    async with self._cpu_slot:  # hundreds that start together start one after the other
                        work = self.fetch_and_store(lease, source)
                    return await work
            except (LeaseLost, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 - the guard of one source: recorded on its row, the others go on
                failure = Failed(f"unexpected {type(error).__name__}: {error}"[:500], FailureWeight.HARD)
                return await self._record_failure(lease, source, lease.poll_state, failure)
        except LeaseLost:
            return PollResult(
                source.id, "lost", "its lease ended before the poll did", state_before=before, state_after=before
            )
        except StoreError as error:
            return PollResult(source.id, "failed", str(error), state_before=before, state_after=before)

    async def fetch_and_store(self, lease: Lease, source: Source) -> PollResult:
        """Fetch and read one source, and keep what came of it. Raises ``LeaseLost`` and ``StoreError``."""
        memory, now = lease.poll_state, self._clock()
        full = is_unconditional_due(memory.unconditional_at, now)
        memory = replace(memory, polls=memory.polls + 1, last_attempt_at=now)
        outcome = await self._fetch(source, memory, is_unconditional=full)
        if full and isinstance(outcome, Fetched):
            memory = replace(memory, unconditional_at=now)
        if isinstance(outcome, NotModified):
            return await self._record_unchanged(lease, source, memory, outcome)
        if not isinstance(outcome, Fetched):
            return await self._record_failure(lease, source, memory, outcome)
        body_hash = hash_body(outcome.body)
        if body_hash == memory.body_hash:
            memory = replace(memory, etag=outcome.etag, last_modified=outcome.last_modified)
            return await self._record_unchanged(lease, source, memory, outcome)
        document = await self._parse(source, memory, outcome)
        if not isinstance(document, FetchedFeed):
            return await self._record_failure(lease, source, memory, document)
        if document.feed.is_cut_off or (document.feed.nested_urls and source.kind is not SourceKind.LISTING):
            # the whole may come under the same validators as its half; an index may stay the same to the letter
            # while the sitemaps that it names change
            outcome, body_hash = replace(outcome, etag="", last_modified=""), ""
        memory = replace(memory, body_hash=body_hash if document.known_count or document.feed.entries else "")
        return await self._store_feed(lease, source, memory, outcome, document)

    async def _parse(self, source: Source, poll_state: PollState, response: Fetched) -> FetchedFeed | Failed | Blocked:
        """Read a document and what belongs to it, or say why it cannot be read as what it should be."""
        try:
            document = await self._feed_reader.parse(response, source, self._item_hashes.get(source.id, b""))
        except NotAFeed as error:
            return classify_parse_error(error, source)
        except WorkerKilled as error:
            return Failed(str(error), FailureWeight.HARD)
        if document.known_count:
            return replace(document, feed=replace(document.feed, ttl=document.feed.ttl or poll_state.ttl))
        feed = await self._feed_reader.add_linked_entries(document.feed, source, self._known_entry_check(source))
        return (
            replace(document, feed=feed) if feed.entries or not poll_state.entries else empty_feed_failure(poll_state)
        )

    async def _fetch(self, source: Source, poll_state: PollState, *, is_unconditional: bool) -> FetchResult:
        """Ask the configured address; where it moved for good and now fails, ask the new one."""
        validators = ("", "") if is_unconditional else (poll_state.etag, poll_state.last_modified)
        outcome = await self._feed_reader.fetch(source, source.url, *validators)
        moved = (
            poll_state.moved_to
            if poll_state.moved_count >= MIN_MOVED_RESPONSES and poll_state.moved_to != source.url
            else ""
        )
        if moved and isinstance(outcome, Failed | Gone):
            instead = await self._feed_reader.fetch(source, moved)
            if isinstance(instead, Fetched):
                return replace(instead, moved_to=instead.moved_to or moved)
        return outcome

    def _known_entry_check(self, source: Source) -> KnownEntryCheck:
        async def any_known(feed: Feed) -> bool:
            keys = collect_lookup_keys(assign_entry_keys(feed))
            return bool(await self._database.run(self._database.articles.known_keys, source.id, keys))

        return any_known

    async def _store_feed(
        self, lease: Lease, source: Source, poll_state: PollState, response: Fetched, document: FetchedFeed
    ) -> PollResult:
        """Store what is new, then the memory with its validators, in one transaction."""
        now, feed = self._clock(), document.feed
        entries = len(feed.entries) + document.known_count
        verdict = await self._classify(source, poll_state, feed, now, document.known_count)
        missed, note = has_gap(poll_state, entries, verdict.known_count), verdict.summary
        if missed and source.sitemap:
            more = await self._classify(source, poll_state, await self._feed_reader.fill_gap(feed, source), now)
            note = f"a gap was closed from its sitemap: {len(more.new) - len(verdict.new)} more articles"
            missed, verdict = not more.known_count, more
        made = await self._article_builder.build((*verdict.new, *verdict.aliases), source)
        note = _join_notes(note, feed, made.fallback_count)
        reading = FeedStats(entries, verdict.known_count, len(verdict.new), verdict.baseline_at, note, missed)
        poll_state, notice = self._with_notice(
            state_after_success(source, poll_state, response, feed, reading, now), source, now
        )
        changed = (
            verdict.known_count > document.known_count
        )  # else all that was read is new: the rest is known to the letter
        touched = collect_lookup_keys(assign_entry_keys(feed)) if changed else frozenset[str]()
        new = await self._database.run(
            self._database.articles.commit_poll, lease, poll_state, made.articles, now, touched
        )
        self._item_hashes[source.id] = document.item_hashes
        outcome = "new" if new else "known" if entries else "empty"
        return replace(
            _build_result(lease, poll_state, outcome, notice, entry_count=entries, new_count=new), note=reading.note
        )

    async def _classify(
        self, source: Source, poll_state: PollState, feed: Feed, now: datetime, known_count: int = 0
    ) -> PollNovelty:
        async with self._cpu_slot:
            identified = assign_entry_keys(feed)
            keys = (
                collect_lookup_keys(identified) if poll_state.baseline_at else ()
            )  # a source never read has nothing that is known
        known = (
            await self._database.run(self._database.articles.known_keys, source.id, keys) if keys else frozenset[str]()
        )
        return classify_entries(identified, known, poll_state, self._backfill, now, known_count)

    async def _record_unchanged(
        self, lease: Lease, source: Source, poll_state: PollState, response: Fetched | NotModified
    ) -> PollResult:
        now = self._clock()
        poll_state, notice = self._with_notice(state_after_no_change(source, poll_state, response, now), source, now)
        await self._database.run(self._database.sources.record_poll, lease, poll_state)
        return _build_result(lease, poll_state, "unchanged", notice, entry_count=poll_state.entries)

    async def _record_failure(
        self, lease: Lease, source: Source, poll_state: PollState, failure: Failed | Blocked | Gone
    ) -> PollResult:
        now = self._clock()
        poll_state, notice = self._with_notice(state_after_failure(source, poll_state, failure, now), source, now)
        await self._database.run(self._database.sources.record_poll, lease, poll_state)
        return _build_result(lease, poll_state, type(failure).__name__.lower(), notice)

    async def _postpone(self, lease: Lease, host: str) -> PollResult:
        """Give a lease back: its host is busy. Those who wait are told times a poll apart, so hardly one asks twice."""
        now = self._clock()
        free_at = self._host_free_at.get(host, now)
        free_at = free_at if now <= free_at < now + MAX_HOST_WAIT else now  # later was said by a clock since set back
        at = free_at + self._average_poll_time.get(host, INITIAL_POLL_TIME) / MAX_POLLS_PER_HOST
        self._host_free_at[host] = at
        memory = replace(lease.poll_state, next_poll_at=at)
        await self._database.run(self._database.sources.record_poll, lease, memory)
        return _build_result(lease, memory, "postponed", None)

    @staticmethod
    def _with_notice(poll_state: PollState, source: Source, now: datetime) -> tuple[PollState, SourceNotice | None]:
        poll_state = accept_layout_change(poll_state, now)
        notice = notice_due(poll_state, now, source.name)
        return with_notice(poll_state, notice, now), notice


def _join_notes(summary: str, feed: Feed, fallback_count: int) -> str:
    cut = f"only the first {len(feed.entries)} entries of the document were read" if feed.is_truncated else ""
    plain = f"{fallback_count} of the entries could not be read and stay as bare words" if fallback_count else ""
    return "; ".join(filter(None, (summary, cut, plain)))


def _build_result(
    lease: Lease,
    poll_state: PollState,
    outcome: str,
    notice: SourceNotice | None,
    *,
    entry_count: int = 0,
    new_count: int = 0,
) -> PollResult:
    seen = effective_poll_state(poll_state)
    return PollResult(
        lease.source_id,
        outcome,
        seen.detail,
        entry_count,
        new_count,
        effective_poll_state(lease.poll_state).state,
        seen.state,
        poll_state.next_poll_at,
        notice,
    )
