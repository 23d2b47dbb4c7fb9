"""Collect: due sources are leased, fetched, read, and what is new in them is kept with the validators, at once."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.entry import Feed
from monitor.domain.errors import LeaseLost, NotAFeed, StoreError, WorkerKilled
from monitor.domain.exchange import Blocked, Failed, Fetched, Gone, NotModified, Outcome, Weight
from monitor.domain.health import Notice, accept, notice_due, standing, with_notice
from monitor.domain.ports import Clock, Database, Fetcher, Workshop
from monitor.domain.source import Lease, Source, SourceKind, SourceMemory, SourceState
from monitor.domain.timing import MOVED_ANSWERS, is_unconditional_due
from monitor.parse.unchanged import hash_body
from monitor.pipeline.account import (
    Reading,
    after_nothing_new,
    after_reading,
    after_refusal,
    became_empty,
    missed_any,
    refusal_of,
)
from monitor.pipeline.aside import Aside
from monitor.pipeline.documents import AnyKnown, Document, Documents
from monitor.pipeline.draft import Drafter
from monitor.stories.floods import Verdict, judge
from monitor.stories.identity import identify, keys_asked
from monitor.text.urls import host_of

LEASE = timedelta(minutes=5)
AT_ONCE = 200
PER_HOST = 4
LONGEST_TURN = timedelta(hours=1)
USUAL_POLL = timedelta(milliseconds=500)
USUAL_FEED = 30
"""So many entries may be expected of a source that was never asked before."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What came of one poll: ``outcome`` is new, known, unchanged, empty, failed, blocked, gone, postponed or lost.

    ``notice`` is what the reader should be told about the source now, if anything; ``remark`` says what was held back,
    or read from elsewhere, in one line.
    """

    source_id: str
    outcome: str
    detail: str = ""
    entries: int = 0
    new: int = 0
    before: SourceState = SourceState.OK
    after: SourceState = SourceState.OK
    next_poll_at: datetime | None = None
    notice: Notice | None = None
    remark: str = ""


class Collector:
    """Polls sources. Every poll commits once; one that is killed is done again when its lease has ended."""

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        workshop: Workshop,
        clock: Clock,
        backfill: timedelta,
        aside: Aside | None = None,
    ) -> None:
        self._database, self._clock, self._backfill = database, clock, backfill
        self._turn = asyncio.Lock()
        self._documents = Documents(fetcher, workshop, self._turn)
        self._aside = aside or Aside()
        self._drafter = Drafter(self._aside, self._turn)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._at_host: Counter[str] = Counter()
        self._host_free_at: dict[str, datetime] = {}
        self._poll_time: dict[str, timedelta] = {}
        self._items: dict[str, bytes] = {}

    async def tick(
        self, sources: Mapping[str, Source], limit: int = AT_ONCE, only: Collection[str] | None = None
    ) -> list[Poll]:
        """Lease due sources (those of ``only`` whether due or not) and collect them side by side."""
        leases = await self.lease(limit, only)
        polls = [
            self.poll(lease, sources[lease.source_id], wait=True) for lease in leases if lease.source_id in sources
        ]
        return list(await asyncio.gather(*polls))

    async def lease(self, limit: int, only: Collection[str] | None = None) -> list[Lease]:
        """Lease at most ``limit`` sources that are due; each must then be handed to ``poll``."""
        now = self._clock()
        leases = await self._database.run(self._database.sources.lease_due, now, limit, now + LEASE, only)
        if fresh := sum(not lease.memory.polls for lease in leases):
            self._aside.expect(fresh * USUAL_FEED)
        return leases

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> Poll:
        """Collect one leased source; never raises. What goes wrong unexpectedly is recorded on its row.

        A source whose host is busy waits for its turn, or, without ``wait``, gives its place to other hosts and is
        due again a little later.
        """
        loop, host = asyncio.get_running_loop(), host_of(source.url)
        start = loop.time()
        busy = self._at_host[host] >= PER_HOST and not wait
        self._at_host[host] += 1
        try:
            return await self._guarded(lease, source, host if busy else "")
        finally:
            self._at_host[host] -= 1
            if not busy:
                took = timedelta(seconds=loop.time() - start)
                self._poll_time[host] = (self._poll_time.get(host, USUAL_POLL) + took) / 2
            if not self._at_host[host]:
                self._forget(host)

    def _forget(self, host: str) -> None:
        """Drop what is known of a host that nobody waits for."""
        del self._at_host[host]
        if self._host_free_at.get(host, self._clock()) <= self._clock():
            self._host_free_at.pop(host, None)
            self._poll_time.pop(host, None)

    async def _guarded(self, lease: Lease, source: Source, busy_host: str) -> Poll:
        before = lease.memory.state
        try:
            try:
                if busy_host:
                    return await self._postpone(lease, busy_host)
                async with self._places:
                    async with self._turn:  # hundreds that start together start one after the other
                        work = self.collect(lease, source)
                    return await work
            except (LeaseLost, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 - the guard of one source: recorded on its row, the others go on
                failure = Failed(f"unexpected {type(error).__name__}: {error}"[:500], Weight.HARD)
                return await self._refused(lease, source, lease.memory, failure)
        except LeaseLost:
            return Poll(source.id, "lost", "its lease ended before the poll did", before=before, after=before)
        except StoreError as error:
            return Poll(source.id, "failed", str(error), before=before, after=before)

    async def collect(self, lease: Lease, source: Source) -> Poll:
        """Fetch and read one source, and keep what came of it. Raises ``LeaseLost`` and ``StoreError``."""
        memory, now = lease.memory, self._clock()
        full = is_unconditional_due(memory.unconditional_at, now)
        memory = replace(memory, polls=memory.polls + 1, last_attempt_at=now)
        outcome = await self._ask(source, memory, full=full)
        if full and isinstance(outcome, Fetched):
            memory = replace(memory, unconditional_at=now)
        if isinstance(outcome, NotModified):
            return await self._unchanged(lease, source, memory, outcome)
        if not isinstance(outcome, Fetched):
            return await self._refused(lease, source, memory, outcome)
        body_hash = hash_body(outcome.body)
        if body_hash == memory.body_hash:
            memory = replace(memory, etag=outcome.etag, last_modified=outcome.last_modified)
            return await self._unchanged(lease, source, memory, outcome)
        document = await self._read(source, memory, outcome)
        if not isinstance(document, Document):
            return await self._refused(lease, source, memory, document)
        if document.feed.cut or (document.feed.nested and source.kind is not SourceKind.PAGE):
            # the whole may come under the same validators as its half; an index may stay the same to the letter
            # while the sitemaps that it names change
            outcome, body_hash = replace(outcome, etag="", last_modified=""), ""
        memory = replace(memory, body_hash=body_hash if document.known or document.feed.entries else "")
        return await self._keep(lease, source, memory, outcome, document)

    async def _read(self, source: Source, memory: SourceMemory, answer: Fetched) -> Document | Failed | Blocked:
        """Read a document and what belongs to it, or say why it cannot be read as what it should be."""
        try:
            document = await self._documents.read(answer, source, self._items.get(source.id, b""))
        except NotAFeed as error:
            return refusal_of(error, source)
        except WorkerKilled as error:
            return Failed(str(error), Weight.HARD)
        if document.known:
            return replace(document, feed=replace(document.feed, ttl=document.feed.ttl or memory.ttl))
        feed = await self._documents.follow(document.feed, source, self._any_known(source))
        return replace(document, feed=feed) if feed.entries or not memory.entries else became_empty(memory)

    async def _ask(self, source: Source, memory: SourceMemory, *, full: bool) -> Outcome:
        """Ask the configured address; where it moved for good and now fails, ask the new one."""
        validators = ("", "") if full else (memory.etag, memory.last_modified)
        outcome = await self._documents.ask(source, source.url, *validators)
        moved = memory.moved_to if memory.moved_count >= MOVED_ANSWERS and memory.moved_to != source.url else ""
        if moved and isinstance(outcome, Failed | Gone):
            instead = await self._documents.ask(source, moved)
            if isinstance(instead, Fetched):
                return replace(instead, moved_to=instead.moved_to or moved)
        return outcome

    def _any_known(self, source: Source) -> AnyKnown:
        async def any_known(feed: Feed) -> bool:
            keys = keys_asked(identify(feed))
            return bool(await self._database.run(self._database.articles.known, source.id, keys))

        return any_known

    async def _keep(
        self, lease: Lease, source: Source, memory: SourceMemory, answer: Fetched, document: Document
    ) -> Poll:
        """Store what is new, then the memory with its validators, in one transaction."""
        now, feed = self._clock(), document.feed
        entries = len(feed.entries) + document.known
        verdict = await self._judge(source, memory, feed, now, document.known)
        missed, note = missed_any(memory, entries, verdict.known), verdict.summary
        if missed and source.sitemap:
            more = await self._judge(source, memory, await self._documents.fill(feed, source), now)
            note = f"a gap was closed from its sitemap: {len(more.fresh) - len(verdict.fresh)} more articles"
            missed, verdict = not more.known, more
        made = await self._drafter.make((*verdict.fresh, *verdict.learned), source)
        note = _note(note, feed, made.bare)
        reading = Reading(entries, verdict.known, len(verdict.fresh), verdict.baseline_at, note, missed)
        memory, notice = self._noticed(after_reading(source, memory, answer, feed, reading, now), source, now)
        changed = verdict.known > document.known  # else all that was read is new: the rest is known to the letter
        touched = keys_asked(identify(feed)) if changed else frozenset[str]()
        new = await self._database.run(self._database.articles.keep_poll, lease, memory, made.drafts, now, touched)
        self._items[source.id] = document.items
        outcome = "new" if new else "known" if entries else "empty"
        return replace(_poll(lease, memory, outcome, notice, entries=entries, new=new), remark=reading.note)

    async def _judge(
        self, source: Source, memory: SourceMemory, feed: Feed, now: datetime, certain: int = 0
    ) -> Verdict:
        async with self._turn:
            identified = identify(feed)
            keys = keys_asked(identified) if memory.baseline_at else ()  # a source never read has nothing that is known
        known = await self._database.run(self._database.articles.known, source.id, keys) if keys else frozenset[str]()
        return judge(identified, known, memory, self._backfill, now, certain)

    async def _unchanged(
        self, lease: Lease, source: Source, memory: SourceMemory, answer: Fetched | NotModified
    ) -> Poll:
        now = self._clock()
        memory, notice = self._noticed(after_nothing_new(source, memory, answer, now), source, now)
        await self._database.run(self._database.sources.settle, lease, memory)
        return _poll(lease, memory, "unchanged", notice, entries=memory.entries)

    async def _refused(
        self, lease: Lease, source: Source, memory: SourceMemory, outcome: Failed | Blocked | Gone
    ) -> Poll:
        now = self._clock()
        memory, notice = self._noticed(after_refusal(source, memory, outcome, now), source, now)
        await self._database.run(self._database.sources.settle, lease, memory)
        return _poll(lease, memory, type(outcome).__name__.lower(), notice)

    async def _postpone(self, lease: Lease, host: str) -> Poll:
        """Give a lease back: its host is busy. Those who wait are told times a poll apart, so hardly one asks twice."""
        now = self._clock()
        free_at = self._host_free_at.get(host, now)
        free_at = free_at if now <= free_at < now + LONGEST_TURN else now  # later was said by a clock since set back
        at = free_at + self._poll_time.get(host, USUAL_POLL) / PER_HOST
        self._host_free_at[host] = at
        memory = replace(lease.memory, next_poll_at=at)
        await self._database.run(self._database.sources.settle, lease, memory)
        return _poll(lease, memory, "postponed", None)

    @staticmethod
    def _noticed(memory: SourceMemory, source: Source, now: datetime) -> tuple[SourceMemory, Notice | None]:
        memory = accept(memory, now)
        notice = notice_due(memory, now, source.name)
        return with_notice(memory, notice, now), notice


def _note(summary: str, feed: Feed, bare: int) -> str:
    cut = f"only the first {len(feed.entries)} entries of the document were read" if feed.truncated else ""
    plain = f"{bare} of the entries could not be read and stay as bare words" if bare else ""
    return "; ".join(filter(None, (summary, cut, plain)))


def _poll(
    lease: Lease, memory: SourceMemory, outcome: str, notice: Notice | None, *, entries: int = 0, new: int = 0
) -> Poll:
    seen = standing(memory)
    return Poll(
        lease.source_id,
        outcome,
        seen.detail,
        entries,
        new,
        standing(lease.memory).state,
        seen.state,
        memory.next_poll_at,
        notice,
    )
