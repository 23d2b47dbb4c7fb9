"""Poll plan: decides what to store after one attempt to read a source. All functions are pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain import polling_policy
from monitor.domain.article import KnownArticle
from monitor.domain.fetch_result import Blocked, Failed, FailureCause, FailureWeight, Fetched, Gone, NotModified
from monitor.domain.poll_state import EntryCounts, PollState, SitemapMemory, SourceState
from monitor.domain.source import Entry, Feed, Source, TextOrigin
from monitor.domain.source_health import (
    SUGGEST_REMOVE_SOURCE,
    SourceDiagnosis,
    SourceNotice,
    accept_layout_change,
    diagnose_refusal,
    diagnose_silence,
    notice_due,
    suggestion_for,
    with_diagnosis,
    with_notice,
)
from monitor.domain.values import replace
from monitor.pipeline.feed_documents import FetchedFeed, PollAttempt, SitemapPart, UnchangedFeed
from monitor.stories.identity import KeyedEntry, collect_lookup_keys, is_empty_entry
from monitor.stories.novelty import ClassifiedEntry, EntryDecision, PollNovelty, classify_entries
from monitor.stories.undated import decide_undated_entries
from monitor.text.numbers import format_count

MAX_REMEMBERED_SITEMAPS = 16
MIN_GAP_ENTRIES = 3  # a document with fewer entries may be replaced completely between two polls


class PollOutcome(StrEnum):
    """Outcome of one poll. ``SUPERSEDED`` means that another worker process has the job now."""

    NEW = "new"
    KNOWN = "known"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    FAILED = "failed"
    BLOCKED = "blocked"
    GONE = "gone"
    POSTPONED = "postponed"
    LEASE_LOST = "lease_lost"
    SUPERSEDED = "superseded"


class PlannedEntry(Struct, frozen=True):
    """An entry of a document, and what was decided about it, for example that it is new or known.

    If the entry repeats another entry of the document, ``merged_into`` is that other entry.
    """

    entry: Entry
    decision: EntryDecision
    merged_into: Entry | None = None


class PollPlan(Struct, frozen=True):
    """Everything that is stored after one poll: the next poll state, a notice, and new articles.

    - ``entry_count`` is the number of entries in the document.
    - ``entries`` has every parsed entry of the document with the decision on it. ``unchanged_count`` further entries
      were skipped, because their bytes were the same at the last poll.
    - ``new_entries`` become articles. ``alias_entries`` add keys, by which articles are found again, to known articles.
    - ``changed_article_ids`` are articles that have changed. If they were reported, their pages are fetched again soon.
    - ``has_gap`` is true if articles may have been missed between two polls.
    - ``note`` is one line about the document, for example about quarantined entries.
    """

    outcome: PollOutcome
    poll_state: PollState
    notice: SourceNotice | None = None
    entry_count: int = 0
    entries: tuple[PlannedEntry, ...] = ()
    unchanged_count: int = 0
    new_entries: tuple[ClassifiedEntry, ...] = ()
    alias_entries: tuple[ClassifiedEntry, ...] = ()
    changed_article_ids: frozenset[int] = frozenset()
    has_gap: bool = False
    note: str = ""


class _FeedStats(Struct, frozen=True):
    """Numbers of entries in a document, from which the next poll state is computed.

    ``has_gap`` is True if older articles may be missing because they left the document between two polls.
    """

    entry_count: int
    known_count: int
    new_count: int
    baseline_at: datetime
    note: str = ""
    has_gap: bool = False


def keys_to_look_up(attempt: PollAttempt) -> frozenset[str]:
    """Return the entry keys that must be looked up in the database before ``plan_poll`` is called.

    An entry key is a value by which a stored article is found again, such as its URL. The result is empty if the source
    was never read before.
    """
    document = attempt.result
    if not isinstance(document, FetchedFeed) or attempt.poll_state.baseline_at is None:
        return frozenset()
    return collect_lookup_keys(_entries_of(document))


def plan_poll(
    source: Source, attempt: PollAttempt, known: Mapping[str, KnownArticle], backfill: timedelta, now: datetime
) -> PollPlan:
    """Decide what to store after an attempt to read a source.

    ``known`` maps entry keys (values by which articles are found again) to stored articles. It must contain each key
    from ``keys_to_look_up`` that is in the database. Articles that were published longer than ``backfill`` before the
    first poll are stored, but not reported.
    """
    poll_state, result = attempt.poll_state, attempt.result
    must_have_entries = poll_state.entries and not source.kind.may_become_empty
    if isinstance(result, FetchedFeed) and not result.entry_count and must_have_entries:
        result = _empty_feed_failure(poll_state)
    if isinstance(result, FetchedFeed):
        plan = _plan_document(source, poll_state, result, known, backfill, now)
    elif isinstance(result, UnchangedFeed):
        next_state = _state_after_no_change(source, poll_state, result.response, now)
        plan = PollPlan(PollOutcome.UNCHANGED, next_state, entry_count=poll_state.entries)
    else:
        plan = PollPlan(_failure_outcome(result), _state_after_failure(source, poll_state, result, now))
    next_state = accept_layout_change(plan.poll_state, now)
    notice = notice_due(next_state, now, source.name)
    return replace(plan, poll_state=with_notice(next_state, notice, now), notice=notice)


def note_fallback_articles(plan: PollPlan, fallback_count: int) -> PollPlan:
    """Add to the plan a note about articles that have only plain text, and return the plan.

    ``fallback_count`` is the number of these articles. Building them in the normal way has failed, so only the plain
    text of their entries is stored.
    """
    if not fallback_count:
        return plan
    fallback_note = f"{fallback_count} of the entries could not be read and are stored as plain text"
    note = "; ".join(filter(None, (plan.note, fallback_note)))
    poll_state = plan.poll_state
    if poll_state.state is SourceState.OK:  # the other states have a detail of their own
        poll_state = replace(poll_state, detail=note)
    return replace(plan, note=note, poll_state=poll_state)


def _entries_of(document: FetchedFeed) -> tuple[KeyedEntry, ...]:
    return document.keyed_entries if document.gap_entries is None else document.gap_entries


def _plan_document(
    source: Source,
    poll_state: PollState,
    document: FetchedFeed,
    known: Mapping[str, KnownArticle],
    backfill: timedelta,
    now: datetime,
) -> PollPlan:
    feed, unchanged_count = document.parsed.feed, document.parsed.unchanged_count
    keyed_entries = _entries_of(document)
    novelty = classify_entries(keyed_entries, known, poll_state, backfill, now, unchanged_count)
    reads_pages = source.text_from is not TextOrigin.FEED and source.kind.has_article_pages
    novelty = decide_undated_entries(novelty, poll_state, backfill, now, reads_pages=reads_pages)
    stats = _FeedStats(
        entry_count=document.entry_count,
        known_count=novelty.known_count,
        new_count=len(novelty.new),
        baseline_at=novelty.baseline_at,
        note=_describe(document, novelty),
        has_gap=_has_gap(poll_state, document.entry_count, novelty.known_count),
    )
    entries = _decide_entries(feed.entries, keyed_entries, novelty.decisions)
    poll_state = replace(
        poll_state,
        body_hash=document.body_hash if document.entry_count else "",
        sitemaps=_remember_sitemaps(poll_state, document.sitemap_parts, novelty),
        counts=count_entries(document, entries),
    )
    outcome = PollOutcome.KNOWN if document.entry_count else PollOutcome.EMPTY
    if novelty.new:
        outcome = PollOutcome.NEW
    return PollPlan(
        outcome,
        _state_after_success(source, poll_state, document.response, feed, stats, now),
        entry_count=document.entry_count,
        entries=entries,
        unchanged_count=unchanged_count,
        new_entries=novelty.new,
        alias_entries=novelty.aliases,
        changed_article_ids=novelty.known_article_ids,
        has_gap=stats.has_gap,
        note=stats.note,
    )


def _remember_sitemaps(poll_state: PollState, parts: Sequence[SitemapPart], novelty: PollNovelty) -> SitemapMemory:
    """Return the addresses of known and of productive sitemaps of a source, to be stored for the next poll.

    A sitemap is known if any poll has read it. It is productive if it had addresses of new articles. Both lists begin
    with the sitemaps of the latest poll. At the first poll, every address is new. All sitemaps with dates then count as
    productive, and the one with the newest date is first.
    """
    memory = poll_state.sitemaps
    if poll_state.baseline_at is None:
        dated = sorted(((part.newest_at, part.url) for part in parts if part.newest_at), reverse=True)
        productive = [url for _, url in dated]
    else:
        new_urls = {one.entry.url for one in novelty.new}
        productive = [part.url for part in parts if not new_urls.isdisjoint(part.entry_urls)]
    return SitemapMemory(
        tuple(dict.fromkeys((*productive, *memory.productive)))[:MAX_REMEMBERED_SITEMAPS],
        tuple(dict.fromkeys((*(part.url for part in parts), *memory.known)))[:MAX_REMEMBERED_SITEMAPS],
    )


def _decide_entries(
    entries: Sequence[Entry], keyed_entries: Sequence[KeyedEntry], decisions: Sequence[EntryDecision]
) -> tuple[PlannedEntry, ...]:
    """Return all entries of the document with the decisions on them, and then the entries from the gap sitemap.

    The gap sitemap is a sitemap with articles that the feed may have lost. ``decisions`` has one decision, such as new
    or known, for each of ``keyed_entries`` (entries with the keys by which articles are found again). If an entry has
    no decision, because of a bug, it is left out, and ``count_entries`` detects that it is missing.
    """
    planned: dict[int, PlannedEntry] = {}
    for one, decision in zip(keyed_entries, decisions, strict=True):
        planned[id(one.entry)] = PlannedEntry(one.entry, decision)
        for entry in one.repeated_entries:
            planned[id(entry)] = PlannedEntry(entry, EntryDecision.REPEATED, one.entry)
    document = [
        PlannedEntry(entry, EntryDecision.EMPTY) if is_empty_entry(entry) else planned.get(id(entry))
        for entry in entries
    ]
    numbers = {id(entry) for entry in entries}
    return (*filter(None, document), *(one for number, one in planned.items() if number not in numbers))


def count_entries(document: FetchedFeed, entries: Sequence[PlannedEntry]) -> EntryCounts:
    """Count the entries of a document by the decision on them, such as new or known.

    The total is counted independently, in the parsed document. ``EntryCounts.unaccounted`` therefore shows whether a
    decision is missing.
    """
    feed, decided = document.parsed.feed, Counter(one.decision for one in entries)
    return EntryCounts(
        total=document.entry_count + document.gap_count + feed.merged_count + feed.empty_count,
        new=decided[EntryDecision.NEW],
        quarantined=decided[EntryDecision.QUARANTINED],
        known=decided[EntryDecision.KNOWN] + decided[EntryDecision.REPUBLISHED] + document.parsed.unchanged_count,
        merged=decided[EntryDecision.REPEATED] + feed.merged_count,
        empty=decided[EntryDecision.EMPTY] + feed.empty_count,
        left_out=feed.left_out_count + feed.is_cut_off,
    )


def _describe(document: FetchedFeed, novelty: PollNovelty) -> str:
    """Describe in one line what is notable about a document, or return an empty string.

    The line consists of these parts, if they apply:

    - the parser's note on the document,
    - the number of articles that a sitemap has added because the feed had lost them,
    - a note on undated entries, and on entries that are stored without a report (quarantined),
    - a note that the document was truncated.
    """
    feed, gap = document.parsed.feed, ""
    if document.gap_entries is not None:
        own = {entry.url for entry in feed.entries}
        added = sum(one.entry.url not in own for one in novelty.new)
        gap = f"a gap was filled from its sitemap: {format_count(added, 'more article')}"
    truncated = f"only the newest {len(feed.entries)} entries of the document were read" if feed.is_truncated else ""
    return "; ".join(filter(None, (feed.note, gap, novelty.summary, truncated)))


def _has_gap(poll_state: PollState, entry_count: int, known_count: int) -> bool:
    """Return whether articles may have been missed between two polls.

    This is the case if the document has several entries, but none of them is known, although an earlier poll found
    entries.
    """
    return poll_state.entries > 0 and entry_count >= MIN_GAP_ENTRIES and known_count == 0


def _empty_feed_failure(poll_state: PollState) -> Failed:
    """Return the failure for a source whose document is empty, but had entries before."""
    return Failed(
        f"the document is valid but empty; it had {poll_state.entries} entries before",
        FailureWeight.TEMPORARY,
        cause=FailureCause.MALFORMED,
    )


def _failure_outcome(failure: Failed | Blocked | Gone) -> PollOutcome:
    if isinstance(failure, Gone):
        return PollOutcome.GONE
    return PollOutcome.BLOCKED if isinstance(failure, Blocked) else PollOutcome.FAILED


def _state_after_success(
    source: Source, poll_state: PollState, response: Fetched, feed: Feed, stats: _FeedStats, now: datetime
) -> PollState:
    """Return the poll state after a document was read.

    The state contains the validators of the document (ETag and Last-Modified), with which the next request can learn
    that the document has not changed.
    """
    silence = _time_since_new_article(poll_state, now)
    interval = polling_policy.next_poll_interval(poll_state.interval, stats.entry_count, stats.known_count, silence)
    moved_to, moved_count = polling_policy.count_moved_responses(
        poll_state.moved_to, poll_state.moved_count, response.moved_to
    )
    has_entries = stats.entry_count > 0
    poll_state = replace(
        poll_state,
        etag=response.etag if has_entries else "",
        last_modified=response.last_modified if has_entries else "",
        interval=interval,
        last_success_at=now,
        last_new_at=now if stats.new_count else poll_state.last_new_at,
        failures=0.0,
        moved_to=moved_to,
        moved_count=moved_count,
        baseline_at=stats.baseline_at,
        entries=stats.entry_count,
        ttl=feed.ttl,
    )
    wait = polling_policy.wait_after_success(source.poll_interval, interval, (response.freshness, feed.ttl))
    next_poll_at = _next_poll_at(source, poll_state, wait, now)
    if source.poll_interval is None:
        next_poll_at = polling_policy.skip_excluded_hours(next_poll_at, feed.skip_hours, feed.skip_days)
    poll_state = with_diagnosis(poll_state, _diagnose_feed(source, poll_state, stats, now), now)
    return replace(poll_state, next_poll_at=next_poll_at)


def _state_after_no_change(
    source: Source, poll_state: PollState, response: Fetched | NotModified, now: datetime
) -> PollState:
    """Return the poll state after a poll that found no change."""
    interval = polling_policy.interval_after_no_change(poll_state.interval, _time_since_new_article(poll_state, now))
    moved_to, moved_count = polling_policy.count_moved_responses(
        poll_state.moved_to, poll_state.moved_count, response.moved_to
    )
    poll_state = replace(
        poll_state,
        # a 304 may replace the validators (RFC 9111, section 4.3.4); validators of a body are stored already
        etag=(isinstance(response, NotModified) and response.etag) or poll_state.etag,
        last_modified=(isinstance(response, NotModified) and response.last_modified) or poll_state.last_modified,
        interval=interval,
        last_success_at=now,
        failures=0.0,
        moved_to=moved_to,
        moved_count=moved_count,
    )
    diagnosis = _diagnose_redirect(poll_state) or diagnose_silence(source, poll_state, now) or SourceDiagnosis()
    wait = polling_policy.wait_after_success(source.poll_interval, interval, (response.freshness, poll_state.ttl))
    return replace(
        with_diagnosis(poll_state, diagnosis, now), next_poll_at=_next_poll_at(source, poll_state, wait, now)
    )


def _state_after_failure(
    source: Source, poll_state: PollState, failure: Failed | Blocked | Gone, now: datetime
) -> PollState:
    """Return the poll state after a poll that got no document.

    The validators of the last document (ETag and Last-Modified) are kept, because the entries of this document are
    stored.
    """
    if isinstance(failure, Gone):
        diagnosis = SourceDiagnosis(SourceState.GONE, failure.reason, SUGGEST_REMOVE_SOURCE)
        wait = polling_policy.GONE_RETRY_INTERVAL
    elif isinstance(failure, Blocked):
        failures = polling_policy.add_failure(poll_state.failures, FailureWeight.SOFT)
        poll_state = replace(poll_state, failures=failures)
        diagnosis = diagnose_refusal(failure)
        wait = polling_policy.wait_when_blocked(source.poll_interval, poll_state.interval, failure.retry_after)
    else:
        failures = polling_policy.add_failure(poll_state.failures, failure.weight)
        poll_state = replace(poll_state, failures=failures)
        diagnosis = SourceDiagnosis(SourceState.FAILING, failure.reason, suggestion_for(failure, source.kind))
        wait = polling_policy.wait_after_failure(
            source.poll_interval, poll_state.interval, failures, failure.retry_after
        )
    retry_after = None if isinstance(failure, Gone) else failure.retry_after
    next_poll_at = _next_poll_at(source, poll_state, wait, now, retry_after)
    return replace(with_diagnosis(poll_state, diagnosis, now), next_poll_at=next_poll_at)


def _diagnose_feed(source: Source, poll_state: PollState, stats: _FeedStats, now: datetime) -> SourceDiagnosis:
    """Return the state of a source after its document was read, with a description and a suggestion for any problem.

    If there are several problems, only the first is used.
    """
    if stats.has_gap:
        return SourceDiagnosis(
            SourceState.GAP,
            f"none of its {stats.entry_count} entries was known: articles between the last poll "
            f"({poll_state.last_attempt_at or now:%Y-%m-%d %H:%M} UTC and before) and now may be missing",
            "poll it more often (`poll_interval: auto`), or configure the outlet's news sitemap (`sitemap:`)",
        )
    if poll_state.counts.unaccounted:
        return SourceDiagnosis(
            SourceState.GAP,
            f"{poll_state.counts}: articles may be missing",
            "this is an error of this program; please report it with the document of the source",
        )
    note = stats.note if stats.entry_count else "valid, but without any entry so far"
    return _diagnose_redirect(poll_state) or diagnose_silence(source, poll_state, now) or SourceDiagnosis(detail=note)


def _diagnose_redirect(poll_state: PollState) -> SourceDiagnosis | None:
    if poll_state.moved_count < polling_policy.MIN_MOVED_RESPONSES:
        return None
    return SourceDiagnosis(
        SourceState.MOVED,
        f"it redirects permanently to {poll_state.moved_to}, where it is read",
        f"write {poll_state.moved_to} into sources.yaml",
    )


def _time_since_new_article(poll_state: PollState, now: datetime) -> timedelta | None:
    last = poll_state.last_new_at or poll_state.baseline_at
    return now - last if last else None


def _next_poll_at(
    source: Source, poll_state: PollState, wait: timedelta, now: datetime, retry_after: timedelta | None = None
) -> datetime:
    return now + polling_policy.add_jitter(wait, source.id, poll_state.polls, retry_after)
