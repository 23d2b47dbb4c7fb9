"""What a poll leaves in the memory of its source: validators, pace, state, and when to come again. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain import polling_policy
from monitor.domain.errors import NotAFeed
from monitor.domain.fetch_result import Blocked, Failed, FailureCause, FailureWeight, Fetched, Gone, NotModified
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.source import Feed, Source
from monitor.domain.source_health import (
    SUGGEST_FIND_FEED,
    SUGGEST_FIX_SELECTORS,
    SUGGEST_REMOVE_SOURCE,
    SourceDiagnosis,
    diagnose_silence,
    suggestion_for,
    with_diagnosis,
)

MIN_GAP_ENTRIES = 3


@dataclass(frozen=True, slots=True)
class FeedStats:
    """What a document that was read brought. ``missed`` is true if nothing in it was known and nothing filled it."""

    entry_count: int
    known_count: int
    new_count: int
    baseline_at: datetime
    note: str = ""
    has_gap: bool = False


def state_after_success(
    source: Source, poll_state: PollState, response: Fetched, feed: Feed, stats: FeedStats, now: datetime
) -> PollState:
    """Return the memory after a document was read. Its validators count once this memory is stored."""
    quiet = _time_since_new_article(poll_state, now)
    pace = polling_policy.next_poll_interval(poll_state.interval, stats.entry_count, stats.known_count, quiet)
    moved_to, moved_count = polling_policy.count_moved_responses(
        poll_state.moved_to, poll_state.moved_count, response.moved_to
    )
    held = stats.entry_count > 0
    poll_state = replace(
        poll_state,
        etag=response.etag if held else "",
        last_modified=response.last_modified if held else "",
        interval=pace,
        last_success_at=now,
        last_new_at=now if stats.new_count else poll_state.last_new_at,
        failures=0.0,
        moved_to=moved_to,
        moved_count=moved_count,
        baseline_at=stats.baseline_at,
        entries=stats.entry_count,
        ttl=feed.ttl,
    )
    wait = polling_policy.wait_after_success(source.poll_interval, pace, (response.freshness, feed.ttl))
    at = _next_poll_at(source, poll_state, wait, now)
    if source.poll_interval is None:
        at = polling_policy.skip_excluded_hours(at, feed.skip_hours, feed.skip_days)
    return replace(with_diagnosis(poll_state, _assess_feed(source, poll_state, stats, now), now), next_poll_at=at)


def state_after_no_change(
    source: Source, poll_state: PollState, response: Fetched | NotModified, now: datetime
) -> PollState:
    """Return the memory after an answer that nothing changed."""
    pace = polling_policy.interval_after_no_change(poll_state.interval, _time_since_new_article(poll_state, now))
    moved_to, moved_count = polling_policy.count_moved_responses(
        poll_state.moved_to, poll_state.moved_count, response.moved_to
    )
    poll_state = replace(
        poll_state, interval=pace, last_success_at=now, failures=0.0, moved_to=moved_to, moved_count=moved_count
    )
    finding = _redirect_finding(poll_state) or diagnose_silence(source, poll_state, now) or SourceDiagnosis()
    wait = polling_policy.wait_after_success(source.poll_interval, pace, (response.freshness, poll_state.ttl))
    return replace(with_diagnosis(poll_state, finding, now), next_poll_at=_next_poll_at(source, poll_state, wait, now))


def state_after_failure(
    source: Source, poll_state: PollState, failure: Failed | Blocked | Gone, now: datetime
) -> PollState:
    """Return the memory after an exchange that brought no document. Validators stay: the old entries are stored."""
    if isinstance(failure, Gone):
        poll_state = with_diagnosis(
            poll_state, SourceDiagnosis(SourceState.GONE, failure.reason, SUGGEST_REMOVE_SOURCE), now
        )
        return replace(
            poll_state, next_poll_at=_next_poll_at(source, poll_state, polling_policy.GONE_RETRY_INTERVAL, now)
        )
    if isinstance(failure, Blocked):
        poll_state = replace(poll_state, failures=polling_policy.add_failure(poll_state.failures, FailureWeight.SOFT))
        poll_state = with_diagnosis(
            poll_state, SourceDiagnosis(SourceState.BLOCKED, failure.reason, failure.suggestion), now
        )
        wait = polling_policy.wait_when_blocked(source.poll_interval, poll_state.interval, failure.retry_after)
        return replace(poll_state, next_poll_at=_next_poll_at(source, poll_state, wait, now))
    failures = polling_policy.add_failure(poll_state.failures, failure.weight)
    poll_state = replace(poll_state, failures=failures)
    poll_state = with_diagnosis(
        poll_state, SourceDiagnosis(SourceState.FAILING, failure.reason, suggestion_for(failure)), now
    )
    wait = polling_policy.wait_after_failure(source.poll_interval, poll_state.interval, failures, failure.retry_after)
    return replace(poll_state, next_poll_at=_next_poll_at(source, poll_state, wait, now))


def classify_parse_error(error: NotAFeed, source: Source) -> Failed | Blocked:
    """Tell a wall from a broken document."""
    what = error.looks_like
    if what == "changed page":
        return Failed(error.reason, FailureWeight.HARD, cause=FailureCause.LAYOUT_CHANGED)
    if what in {"HTML page", "consent page"} or "challenge" in what or "gate" in what or "browser" in what:
        return Blocked(error.reason, SUGGEST_FIX_SELECTORS if source.listing else SUGGEST_FIND_FEED)
    return Failed(
        error.reason,
        FailureWeight.SOFT,
        cause=FailureCause.LAYOUT_CHANGED if what == "wrong selector" else FailureCause.MALFORMED,
    )


def _assess_feed(source: Source, poll_state: PollState, stats: FeedStats, now: datetime) -> SourceDiagnosis:
    """Judge a document that was read; the first fault found is told."""
    if stats.has_gap:
        return SourceDiagnosis(
            SourceState.GAP,
            f"none of its {stats.entry_count} entries was known: articles between the last poll "
            f"({poll_state.last_attempt_at or now:%Y-%m-%d %H:%M} UTC and before) and now may be missing",
            "poll it more often (`poll_interval: auto`), or give it the outlet's news sitemap (`sitemap:`)",
        )
    note = stats.note if stats.entry_count else "well-formed, but without any entry so far"
    return _redirect_finding(poll_state) or diagnose_silence(source, poll_state, now) or SourceDiagnosis(detail=note)


def _redirect_finding(poll_state: PollState) -> SourceDiagnosis | None:
    if poll_state.moved_count < polling_policy.MIN_MOVED_RESPONSES:
        return None
    return SourceDiagnosis(
        SourceState.MOVED,
        f"it answers for good from {poll_state.moved_to}, from where it is read",
        f"write {poll_state.moved_to} into sources.yaml",
    )


def empty_feed_failure(poll_state: PollState) -> Failed:
    """Return what an empty document is where there were entries before: a fault, not silence."""
    return Failed(
        f"the document is well-formed but empty; it held {poll_state.entries} entries before",
        FailureWeight.TEMPORARY,
        cause=FailureCause.MALFORMED,
    )


def has_gap(poll_state: PollState, entry_count: int, known_count: int) -> bool:
    """Tell whether articles may have come and gone between two polls: nothing known where there should be."""
    return poll_state.entries > 0 and entry_count >= MIN_GAP_ENTRIES and known_count == 0


def _time_since_new_article(poll_state: PollState, now: datetime) -> timedelta | None:
    last = poll_state.last_new_at or poll_state.baseline_at
    return now - last if last else None


def _next_poll_at(source: Source, poll_state: PollState, wait: timedelta, now: datetime) -> datetime:
    return now + polling_policy.add_jitter(wait, source.id, poll_state.polls)
