"""In which state a source is after a poll, and when its reader is told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.source import WELL, Source, SourceMemory, SourceState

REMIND_AFTER = timedelta(days=1)
FAILURES_UNTIL_TOLD = 1.0
ACCEPTED_AFTER = timedelta(days=7)
_BLIND = frozenset({SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.QUIET})
_READABLE = frozenset({SourceState.OK, SourceState.QUIET, SourceState.MOVED})


@dataclass(frozen=True, slots=True)
class Finding:
    """What a poll says of its source: a state, the evidence in one sentence, and what would mend it."""

    state: SourceState = SourceState.OK
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line to the reader about one source: ``kind`` is "change", "reminder" or "recovery"."""

    source_id: str
    kind: str
    text: str


def with_finding(memory: SourceMemory, finding: Finding, now: datetime) -> SourceMemory:
    """Return the memory with a finding; the state keeps its beginning while it lasts."""
    since = memory.state_since_at if finding.state is memory.state and memory.state_since_at else now
    return replace(memory, state=finding.state, detail=finding.detail, remedy=finding.remedy, state_since_at=since)


def silence(source: Source, memory: SourceMemory, now: datetime) -> Finding | None:
    """Return the finding that a source is silent for longer than expected, or None."""
    if source.expect is None:
        return None
    last = memory.last_new_at or memory.baseline_at
    if last is None or now - last <= source.expect:
        return None
    return Finding(
        SourceState.QUIET,
        f"nothing new since {last:%Y-%m-%d %H:%M} UTC, though something is expected every {say(source.expect)}",
        "see whether the outlet still fills this feed; raise `expect` if it is slower than thought",
    )


def standing(memory: SourceMemory) -> SourceMemory:
    """Return the memory as its reader should see it: a source whose pages are no longer read as before is not well.

    Where the source itself cannot be read, or articles were missed, that is told first.
    """
    pages = memory.pages
    if memory.state not in _READABLE:
        return memory
    if pages.changed_at is None:
        mended = pages.mended_at and memory.state_since_at and pages.mended_at > memory.state_since_at
        return replace(memory, state_since_at=pages.mended_at) if mended and memory.state in WELL else memory
    if pages.changed_at == memory.accepted_at:
        return replace(memory, detail=memory.detail or _worse(memory)) if memory.state is SourceState.OK else memory
    since = pages.changed_at
    look = f"monitor extract --source {memory.source_id} {pages.url}"
    remedy = f"look at it with `{look}`, and name the right parts under the source's `selectors:`"
    return replace(
        memory,
        state=SourceState.FAILING,
        state_since_at=since,
        detail=f"layout changed: {_worse(memory)}",
        remedy=remedy,
    )


def _worse(memory: SourceMemory) -> str:
    """Say how its pages are read now."""
    pages = memory.pages
    if not pages.usual:
        return f"its pages yield hardly any text of the articles: confidence {pages.level:.2f}, e.g. {pages.url}"
    return (
        f"its pages are read with confidence {pages.level:.2f}, usually {pages.usual:.2f}, "
        f"since {pages.changed_at:%Y-%m-%d %H:%M} UTC, e.g. {pages.url}"
    )


def accept(memory: SourceMemory, now: datetime) -> SourceMemory:
    """Return the memory with a change of layout accepted that lasts after a week of telling: it is usual from then."""
    changed_at, told_at = memory.pages.changed_at, memory.told_at
    if changed_at is None or told_at is None or memory.reported_state is not SourceState.FAILING:
        return memory
    lasts = memory.state in _READABLE and now - max(changed_at, told_at) >= ACCEPTED_AFTER
    return replace(memory, accepted_at=changed_at) if lasts else memory


def notice_due(memory: SourceMemory, now: datetime, name: str = "") -> Notice | None:
    """Return the notice to give now: at a change of state, daily while a fault lasts, and once when it is over.

    A fault that takes the place of another is a change: pages read badly are told when the feed is read again, at once.
    A single hiccup is a state, and no notice.
    """
    memory, name = standing(memory), name or memory.source_id
    since = f" since {memory.state_since_at:%Y-%m-%d %H:%M} UTC" if memory.state_since_at else ""
    if memory.state in WELL:
        if memory.reported_state in WELL:
            return None
        text = f"{name} is read again{since}; it was {memory.reported_state.value}"
        if memory.pages.changed_at is not None:
            text = f"{name}: {_worse(memory)}. From now on that is taken as usual"
        return Notice(memory.source_id, "recovery", text)
    another = memory.reported_since_at is not None and memory.reported_since_at != memory.state_since_at
    changed = memory.state is not memory.reported_state or another
    if changed and memory.state is SourceState.FAILING and 0 < memory.failures < FAILURES_UNTIL_TOLD:
        return None
    if not changed and memory.reported_at is not None and now - memory.reported_at < REMIND_AFTER:
        return None
    text = f"{name} is {memory.state.value}{since}: {memory.detail}"
    if memory.remedy:
        text += f". What would help: {memory.remedy}"
    return Notice(memory.source_id, "change" if changed else "reminder", text)


def with_notice(memory: SourceMemory, notice: Notice | None, now: datetime) -> SourceMemory:
    """Return the memory after a notice was given, so that it is not given again."""
    if notice is None:
        return memory
    told_at = now if notice.kind != "reminder" else memory.told_at or now
    seen = standing(memory)
    reported = replace(memory, reported_state=seen.state, reported_since_at=seen.state_since_at)
    return replace(reported, reported_at=now, told_at=told_at, notice=notice.text)


def recoveries(memories: Iterable[SourceMemory], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the notices of sources that came back in a period and still are well; faults stand in the coverage."""
    return tuple(
        memory.notice
        for memory in memories
        if memory.notice and memory.state in WELL and memory.reported_at and start_at <= memory.reported_at < end_at
    )


def troubles(memories: Iterable[SourceMemory], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the notices given in a period of sources that are not well now: what began in it, and the daily reminders.

    A source that is read all the same, from its new address or with a gap behind it, is told once and not again.
    """
    return tuple(
        memory.notice
        for memory in memories
        if memory.notice
        and memory.state not in WELL
        and memory.state is memory.reported_state
        and memory.reported_at
        and start_at <= memory.reported_at < end_at
        and (memory.state in _BLIND or (memory.state_since_at and memory.state_since_at >= start_at))
    )


def say(length: timedelta) -> str:
    """Write a length of time for a reader: "2 days", "36 hours", "15 minutes"."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
