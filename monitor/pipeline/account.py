"""What a poll leaves in the memory of its source: validators, pace, state, and when to come again. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain import timing
from monitor.domain.entry import Feed
from monitor.domain.errors import NotAFeed
from monitor.domain.exchange import Blocked, Failed, Fault, Fetched, Gone, NotModified, Weight
from monitor.domain.health import Finding, silence, with_finding
from monitor.domain.remedies import FIND_FEED, GONE, MEND_LAYOUT, remedy_of
from monitor.domain.source import Source, SourceMemory, SourceState

SMALL_FEED = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document that was read brought. ``missed`` is true if nothing in it was known and nothing filled it."""

    entries: int
    known: int
    new: int
    baseline_at: datetime
    note: str = ""
    missed: bool = False


def after_reading(
    source: Source, memory: SourceMemory, answer: Fetched, feed: Feed, reading: Reading, now: datetime
) -> SourceMemory:
    """Return the memory after a document was read. Its validators count once this memory is stored."""
    quiet = _quiet_for(memory, now)
    pace = timing.next_pace(memory.interval, reading.entries, reading.known, quiet)
    moved_to, moved_count = timing.count_move(memory.moved_to, memory.moved_count, answer.moved_to)
    held = reading.entries > 0
    memory = replace(
        memory,
        etag=answer.etag if held else "",
        last_modified=answer.last_modified if held else "",
        interval=pace,
        last_success_at=now,
        last_new_at=now if reading.new else memory.last_new_at,
        failures=0.0,
        moved_to=moved_to,
        moved_count=moved_count,
        baseline_at=reading.baseline_at,
        entries=reading.entries,
        ttl=feed.ttl,
    )
    wait = timing.wait_after_success(source.every, pace, (answer.freshness, feed.ttl))
    at = _next(source, memory, wait, now)
    if source.every is None:
        at = timing.skip_silent_hours(at, feed.skip_hours, feed.skip_days)
    return replace(with_finding(memory, _finding(source, memory, reading, now), now), next_poll_at=at)


def after_nothing_new(
    source: Source, memory: SourceMemory, answer: Fetched | NotModified, now: datetime
) -> SourceMemory:
    """Return the memory after an answer that nothing changed."""
    pace = timing.pace_unchanged(memory.interval, _quiet_for(memory, now))
    moved_to, moved_count = timing.count_move(memory.moved_to, memory.moved_count, answer.moved_to)
    memory = replace(
        memory, interval=pace, last_success_at=now, failures=0.0, moved_to=moved_to, moved_count=moved_count
    )
    finding = _moved(memory) or silence(source, memory, now) or Finding()
    wait = timing.wait_after_success(source.every, pace, (answer.freshness, memory.ttl))
    return replace(with_finding(memory, finding, now), next_poll_at=_next(source, memory, wait, now))


def after_refusal(
    source: Source, memory: SourceMemory, outcome: Failed | Blocked | Gone, now: datetime
) -> SourceMemory:
    """Return the memory after an exchange that brought no document. Validators stay: the old entries are stored."""
    if isinstance(outcome, Gone):
        memory = with_finding(memory, Finding(SourceState.GONE, outcome.reason, GONE), now)
        return replace(memory, next_poll_at=_next(source, memory, timing.GONE_AGAIN, now))
    if isinstance(outcome, Blocked):
        memory = replace(memory, failures=timing.add_failure(memory.failures, Weight.SOFT))
        memory = with_finding(memory, Finding(SourceState.BLOCKED, outcome.reason, outcome.remedy), now)
        wait = timing.wait_when_blocked(source.every, memory.interval, outcome.retry_after)
        return replace(memory, next_poll_at=_next(source, memory, wait, now))
    failures = timing.add_failure(memory.failures, outcome.weight)
    memory = replace(memory, failures=failures)
    memory = with_finding(memory, Finding(SourceState.FAILING, outcome.reason, remedy_of(outcome)), now)
    wait = timing.wait_after_failure(source.every, memory.interval, failures, outcome.retry_after)
    return replace(memory, next_poll_at=_next(source, memory, wait, now))


def refusal_of(error: NotAFeed, source: Source) -> Failed | Blocked:
    """Tell a wall from a broken document."""
    what = error.looks_like
    if what == "changed page":
        return Failed(error.reason, Weight.HARD, fault=Fault.LAYOUT)
    if what in {"HTML page", "consent page"} or "challenge" in what or "gate" in what or "browser" in what:
        return Blocked(error.reason, MEND_LAYOUT if source.listing else FIND_FEED)
    return Failed(error.reason, Weight.SOFT, fault=Fault.LAYOUT if what == "wrong selector" else Fault.BROKEN)


def _finding(source: Source, memory: SourceMemory, reading: Reading, now: datetime) -> Finding:
    """Judge a document that was read; the first fault found is told."""
    if reading.missed:
        return Finding(
            SourceState.GAP,
            f"none of its {reading.entries} entries was known: articles between the last poll "
            f"({memory.last_attempt_at or now:%Y-%m-%d %H:%M} UTC and before) and now may be missing",
            "poll it more often (`every: auto`), or give it the outlet's news sitemap (`sitemap:`)",
        )
    note = reading.note if reading.entries else "well-formed, but without any entry so far"
    return _moved(memory) or silence(source, memory, now) or Finding(detail=note)


def _moved(memory: SourceMemory) -> Finding | None:
    if memory.moved_count < timing.MOVED_ANSWERS:
        return None
    return Finding(
        SourceState.MOVED,
        f"it answers for good from {memory.moved_to}, from where it is read",
        f"write {memory.moved_to} into sources.yaml",
    )


def became_empty(memory: SourceMemory) -> Failed:
    """Return what an empty document is where there were entries before: a fault, not silence."""
    return Failed(
        f"the document is well-formed but empty; it held {memory.entries} entries before",
        Weight.TEMPORARY,
        fault=Fault.BROKEN,
    )


def missed_any(memory: SourceMemory, entries: int, known: int) -> bool:
    """Tell whether articles may have come and gone between two polls: nothing known where there should be."""
    return memory.entries > 0 and entries >= SMALL_FEED and known == 0


def _quiet_for(memory: SourceMemory, now: datetime) -> timedelta | None:
    last = memory.last_new_at or memory.baseline_at
    return now - last if last else None


def _next(source: Source, memory: SourceMemory, wait: timedelta, now: datetime) -> datetime:
    return now + timing.jittered(wait, source.id, memory.polls)
