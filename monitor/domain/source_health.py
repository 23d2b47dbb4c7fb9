"""What helps against the usual failures of a source: one sentence each, for the person who keeps sources.yaml.

In which state a source is after a poll, and when its reader is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.fetch_result import Failed, FailureCause
from monitor.domain.poll_state import HEALTHY_STATES, PollState, SourceState
from monitor.domain.source import Source

SUGGEST_FIND_FEED = "open the address in a browser; `monitor discover` finds where the feed is now"
SUGGEST_FIX_SELECTORS = "look at the page and mend the source's selectors (`listing`: `items`, `link`)"
SUGGEST_ASK_ACCESS = "ask the outlet to let this program's User-Agent in, or use another feed or sitemap of the outlet"
SUGGEST_SUBSCRIPTION_HEADERS = (
    "give the source the headers of a subscription (`headers:`), or use a public feed of the outlet"
)
SUGGEST_ALLOWED_FEED = "use a feed of the outlet, or ask the outlet"
SUGGEST_REMOVE_SOURCE = (
    "remove the source, or find its new address with `monitor discover`; it is asked again once a week"
)

_SUGGEST_WAIT = "wait: it is asked again, and the outlet has to mend it if it lasts"
_SUGGESTIONS_BY_CAUSE = {
    FailureCause.NAME_LOOKUP: "see whether the host is spelled right, "
    "and whether this machine is online and its name server answers",
    FailureCause.UNREACHABLE: (
        "see whether the address opens in a browser; if it does, a firewall or the outlet keeps this machine out"
    ),
    FailureCause.TIMEOUT: "wait: it is asked again; if it lasts, see whether the address opens in a browser",
    FailureCause.CERTIFICATE: (
        "open the address in a browser: if it warns, too, the outlet has to mend it; "
        "if not, see to this machine's date and CA certificates"
    ),
    FailureCause.FORBIDDEN_ADDRESS: "if this is a server of yours, name its network in `settings.allowed_networks`",
    FailureCause.REDIRECT: SUGGEST_FIND_FEED,
    FailureCause.LAYOUT_CHANGED: SUGGEST_FIX_SELECTORS,
    FailureCause.MALFORMED: _SUGGEST_WAIT,
}
_SUGGESTIONS_BY_STATUS = {
    400: SUGGEST_FIND_FEED,
    404: SUGGEST_FIND_FEED,
    406: SUGGEST_FIND_FEED,
    429: "raise the source's `poll_interval`",
}


def suggestion_for(failure: Failed) -> str:
    """Return what helps, or an empty text where nothing is known to."""
    by_status = _SUGGESTIONS_BY_STATUS.get(failure.status) or (_SUGGEST_WAIT if failure.status >= 500 else "")
    return by_status or _SUGGESTIONS_BY_CAUSE.get(failure.cause, "")


REMINDER_INTERVAL = timedelta(days=1)
FAILURES_UNTIL_REPORTED = 1.0
LAYOUT_ACCEPTED_AFTER = timedelta(days=7)
_UNREADABLE_STATES = frozenset({SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.QUIET})
_READABLE_STATES = frozenset({SourceState.OK, SourceState.QUIET, SourceState.MOVED})


@dataclass(frozen=True, slots=True)
class SourceDiagnosis:
    """What a poll says of its source: a state, the evidence in one sentence, and what would mend it."""

    state: SourceState = SourceState.OK
    detail: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """One line to the reader about one source: ``kind`` is "change", "reminder" or "recovery"."""

    source_id: str
    kind: str
    text: str


def with_diagnosis(poll_state: PollState, diagnosis: SourceDiagnosis, now: datetime) -> PollState:
    """Return the memory with a finding; the state keeps its beginning while it lasts."""
    since = poll_state.state_since_at if diagnosis.state is poll_state.state and poll_state.state_since_at else now
    return replace(
        poll_state, state=diagnosis.state, detail=diagnosis.detail, remedy=diagnosis.suggestion, state_since_at=since
    )


def diagnose_silence(source: Source, poll_state: PollState, now: datetime) -> SourceDiagnosis | None:
    """Return the finding that a source is silent for longer than expected, or None."""
    if source.max_silence is None:
        return None
    last = poll_state.last_new_at or poll_state.baseline_at
    if last is None or now - last <= source.max_silence:
        return None
    return SourceDiagnosis(
        SourceState.QUIET,
        f"nothing new since {last:%Y-%m-%d %H:%M} UTC, "
        f"though something is expected every {format_duration(source.max_silence)}",
        "see whether the outlet still fills this feed; raise `max_silence` if it is slower than thought",
    )


def effective_poll_state(poll_state: PollState) -> PollState:
    """Return the memory as its reader should see it: a source whose pages are no longer read as before is not well.

    Where the source itself cannot be read, or articles were missed, that is told first.
    """
    pages = poll_state.pages
    if poll_state.state not in _READABLE_STATES:
        return poll_state
    if pages.changed_at is None:
        mended = pages.mended_at and poll_state.state_since_at and pages.mended_at > poll_state.state_since_at
        return (
            replace(poll_state, state_since_at=pages.mended_at)
            if mended and poll_state.state in HEALTHY_STATES
            else poll_state
        )
    if pages.changed_at == poll_state.accepted_at:
        return (
            replace(poll_state, detail=poll_state.detail or _describe_page_quality(poll_state))
            if poll_state.state is SourceState.OK
            else poll_state
        )
    since = pages.changed_at
    look = f"monitor extract --source {poll_state.source_id} {pages.url}"
    remedy = f"look at it with `{look}`, and name the right parts under the source's `selectors:`"
    return replace(
        poll_state,
        state=SourceState.FAILING,
        state_since_at=since,
        detail=f"layout changed: {_describe_page_quality(poll_state)}",
        remedy=remedy,
    )


def _describe_page_quality(poll_state: PollState) -> str:
    """Say how its pages are read now."""
    pages = poll_state.pages
    if not pages.usual:
        return (
            f"its pages yield hardly any text of the articles: confidence {pages.current_confidence:.2f}, "
            f"e.g. {pages.url}"
        )
    return (
        f"its pages are read with confidence {pages.current_confidence:.2f}, usually {pages.usual:.2f}, "
        f"since {pages.changed_at:%Y-%m-%d %H:%M} UTC, e.g. {pages.url}"
    )


def accept_layout_change(poll_state: PollState, now: datetime) -> PollState:
    """Return the memory with a change of layout accepted that lasts after a week of telling: it is usual from then."""
    changed_at, told_at = poll_state.pages.changed_at, poll_state.told_at
    if changed_at is None or told_at is None or poll_state.reported_state is not SourceState.FAILING:
        return poll_state
    lasts = poll_state.state in _READABLE_STATES and now - max(changed_at, told_at) >= LAYOUT_ACCEPTED_AFTER
    return replace(poll_state, accepted_at=changed_at) if lasts else poll_state


def notice_due(poll_state: PollState, now: datetime, outlet: str = "") -> SourceNotice | None:
    """Return the notice to give now: at a change of state, daily while a fault lasts, and once when it is over.

    A fault that takes the place of another is a change: pages read badly are told when the feed is read again, at once.
    A single hiccup is a state, and no notice.
    """
    poll_state, outlet = effective_poll_state(poll_state), outlet or poll_state.source_id
    since = f" since {poll_state.state_since_at:%Y-%m-%d %H:%M} UTC" if poll_state.state_since_at else ""
    if poll_state.state in HEALTHY_STATES:
        if poll_state.reported_state in HEALTHY_STATES:
            return None
        text = f"{outlet} is read again{since}; it was {poll_state.reported_state.value}"
        if poll_state.pages.changed_at is not None:
            text = f"{outlet}: {_describe_page_quality(poll_state)}. From now on that is taken as usual"
        return SourceNotice(poll_state.source_id, "recovery", text)
    another = poll_state.reported_since_at is not None and poll_state.reported_since_at != poll_state.state_since_at
    changed = poll_state.state is not poll_state.reported_state or another
    if changed and poll_state.state is SourceState.FAILING and 0 < poll_state.failures < FAILURES_UNTIL_REPORTED:
        return None
    if not changed and poll_state.reported_at is not None and now - poll_state.reported_at < REMINDER_INTERVAL:
        return None
    text = f"{outlet} is {poll_state.state.value}{since}: {poll_state.detail}"
    if poll_state.remedy:
        text += f". What would help: {poll_state.remedy}"
    return SourceNotice(poll_state.source_id, "change" if changed else "reminder", text)


def with_notice(poll_state: PollState, notice: SourceNotice | None, now: datetime) -> PollState:
    """Return the memory after a notice was given, so that it is not given again."""
    if notice is None:
        return poll_state
    told_at = now if notice.kind != "reminder" else poll_state.told_at or now
    seen = effective_poll_state(poll_state)
    reported = replace(poll_state, reported_state=seen.state, reported_since_at=seen.state_since_at)
    return replace(reported, reported_at=now, told_at=told_at, notice=notice.text)


def recovery_notices(poll_states: Iterable[PollState], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the notices of sources that came back in a period and still are well; faults stand in the coverage."""
    return tuple(
        memory.notice
        for memory in poll_states
        if memory.notice
        and memory.state in HEALTHY_STATES
        and memory.reported_at
        and start_at <= memory.reported_at < end_at
    )


def problem_notices(poll_states: Iterable[PollState], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the notices given in a period of sources that are not well now: what began in it, and the daily reminders.

    A source that is read all the same, from its new address or with a gap behind it, is told once and not again.
    """
    return tuple(
        memory.notice
        for memory in poll_states
        if memory.notice
        and memory.state not in HEALTHY_STATES
        and memory.state is memory.reported_state
        and memory.reported_at
        and start_at <= memory.reported_at < end_at
        and (memory.state in _UNREADABLE_STATES or (memory.state_since_at and memory.state_since_at >= start_at))
    )


def format_duration(duration: timedelta) -> str:
    """Write a length of time for a reader: "2 days", "36 hours", "15 minutes"."""
    seconds = int(duration.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
