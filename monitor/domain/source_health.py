"""Health of sources: the diagnosis after a poll, notices about problems, and suggestions on how to fix them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Failed, FailureCause
from monitor.domain.poll_state import HEALTHY_STATES, PollState, SourceState
from monitor.domain.source import Source, SourceKind
from monitor.domain.values import replace

SUGGEST_FIND_FEED = "open the address in a browser; `monitor sources discover` finds where the feed is now"
SUGGEST_ASK_ACCESS = "ask the outlet to allow this program's User-Agent, or use another feed or sitemap of the outlet"
SUGGEST_SUBSCRIPTION_HEADERS = (
    "add the headers of a subscription to the source (`headers:`), or use a public feed of the outlet"
)
SUGGEST_ALLOWED_FEED = "use a feed of the outlet, or ask the outlet"
SUGGEST_REMOVE_SOURCE = (
    "remove the source, or find its new address with `monitor sources discover`; it is polled once a week"
)

SUGGEST_LOGIN = "log in with a browser and renew the source's cookies or headers (`cookie_file:`, `headers:`)"

_SUGGESTIONS_BY_PROBLEM = {
    PageProblem.NEEDS_PDF_EXTRA: "pip install 'monitor[pdf]', then restart the daemon",
    PageProblem.SCANNED_PDF: "use another source of the outlet: text in pictures is not recognised",
    PageProblem.LOCKED_PDF: "use another source of the outlet: the documents open with a password only",
    PageProblem.XFA_FORM: "use another source of the outlet: only programs of Adobe show the text of these forms",
    PageProblem.NEEDS_JAVASCRIPT: (
        "pip install 'monitor[browser]', install Chromium, and add `fetch: browser` to the source"
    ),
    PageProblem.NEEDS_BROWSER_EXTRA: "pip install 'monitor[browser]', install Chromium, then restart the daemon",
    PageProblem.LOGIN_EXPIRED: SUGGEST_LOGIN,
}
_STATES_BY_PROBLEM = {
    PageProblem.NEEDS_JAVASCRIPT: SourceState.NEEDS_JAVASCRIPT,
    PageProblem.LOGIN_EXPIRED: SourceState.LOGIN_EXPIRED,
}
STATE_PHRASES = {
    SourceState.NEEDS_JAVASCRIPT: "shows its articles with JavaScript only",
    SourceState.LOGIN_EXPIRED: "no longer accepts the login",
}
"""Words for some states, as notices show them. Other states are written as "is" and the name of the state."""

_SUGGEST_WAIT = "wait: it is retried automatically; if the failure persists, only the outlet can fix it"
_SUGGESTIONS_BY_CAUSE = {
    FailureCause.NAME_LOOKUP: "check the spelling of the host, and that this machine is online and its DNS works",
    FailureCause.UNREACHABLE: (
        "open the address in a browser; if that works, a firewall or the outlet blocks this machine"
    ),
    FailureCause.TIMEOUT: "wait: it is retried automatically; if it persists, open the address in a browser",
    FailureCause.CERTIFICATE: (
        "open the address in a browser: if it warns, too, only the outlet can fix it; "
        "if not, check this machine's date and CA certificates"
    ),
    FailureCause.FORBIDDEN_ADDRESS: "if this is a server of yours, add its network to `settings.allowed_networks`",
    FailureCause.REDIRECT: SUGGEST_FIND_FEED,
    FailureCause.MALFORMED: _SUGGEST_WAIT,
    FailureCause.TOO_LONG: "read a feed of a section or the news sitemap instead, which is shorter",
}
_SUGGESTIONS_BY_STATUS = {
    400: SUGGEST_FIND_FEED,
    404: SUGGEST_FIND_FEED,
    406: SUGGEST_FIND_FEED,
    429: "raise the source's `poll_interval`",
}


def diagnose_refusal(refusal: Blocked) -> "SourceDiagnosis":
    """Return the diagnosis of a source whose server refused access, or sent an unreadable page such as a login."""
    suggestion = refusal.suggestion or _SUGGESTIONS_BY_PROBLEM.get(refusal.problem, "")
    state = _STATES_BY_PROBLEM.get(refusal.problem, SourceState.BLOCKED)
    return SourceDiagnosis(state, refusal.reason, suggestion)


def suggest_for_document(kind: SourceKind) -> str:
    """Return a suggestion for a source whose document is not of the expected kind."""
    if kind.is_page:
        return f"open the address in a browser and correct the source's keys under `{kind}:`, which find the articles"
    return SUGGEST_FIND_FEED


def suggestion_for(failure: Failed, kind: SourceKind) -> str:
    """Return a suggestion for fixing the cause of a failed request, or an empty text if none is known."""
    if failure.cause is FailureCause.LAYOUT_CHANGED:
        return suggest_for_document(kind)
    by_status = _SUGGESTIONS_BY_STATUS.get(failure.status) or (_SUGGEST_WAIT if failure.status >= 500 else "")
    return by_status or _SUGGESTIONS_BY_CAUSE.get(failure.cause, "")


class NoticeKind(StrEnum):
    """Reason for a notice about a source: a new state, a daily reminder, or the end of a problem."""

    CHANGE = "change"
    REMINDER = "reminder"
    RECOVERY = "recovery"


REMINDER_INTERVAL = timedelta(days=1)
FAILURES_UNTIL_REPORTED = 1.0
LAYOUT_ACCEPTED_AFTER = timedelta(days=7)
_UNREADABLE_STATES = frozenset(
    {
        SourceState.FAILING,
        SourceState.BLOCKED,
        SourceState.GONE,
        SourceState.QUIET,
        SourceState.NEEDS_JAVASCRIPT,
        SourceState.LOGIN_EXPIRED,
    }
)
_READABLE_STATES = frozenset({SourceState.OK, SourceState.QUIET, SourceState.MOVED})


class SourceDiagnosis(Struct, frozen=True):
    """The result of a poll as shown to the user: the state, the reason in one sentence, and a suggestion for a fix."""

    state: SourceState = SourceState.OK
    detail: str = ""
    suggestion: str = ""


class SourceNotice(Struct, frozen=True):
    """Notice about a source, as one line of text."""

    source_id: str
    kind: NoticeKind
    text: str


def with_diagnosis(poll_state: PollState, diagnosis: SourceDiagnosis, now: datetime) -> PollState:
    """Return the poll state with a new diagnosis. If the state changes, ``state_since_at`` becomes ``now``."""
    since = poll_state.state_since_at if diagnosis.state is poll_state.state and poll_state.state_since_at else now
    return replace(
        poll_state,
        state=diagnosis.state,
        detail=diagnosis.detail,
        suggestion=diagnosis.suggestion,
        state_since_at=since,
    )


def diagnose_silence(source: Source, poll_state: PollState, now: datetime) -> SourceDiagnosis | None:
    """Return a diagnosis if the source had no new article for longer than its ``max_silence``, otherwise None."""
    if source.max_silence is None:
        return None
    last = poll_state.last_new_at or poll_state.baseline_at
    if last is None or now - last <= source.max_silence:
        return None
    return SourceDiagnosis(
        SourceState.QUIET,
        f"no new article since {last:%Y-%m-%d %H:%M} UTC, "
        f"although one is expected every {format_duration(source.max_silence)}",
        "check whether the outlet still updates this feed; raise `max_silence` if it publishes less often",
    )


def effective_poll_state(poll_state: PollState) -> PollState:
    """Return the poll state to show to the user, which also reflects whether the article pages can be read.

    - If the source is paused, its document cannot be read, or articles were missed, the poll state is unchanged.
    - If the pages have a problem or a changed layout, the result has the state and the explanation of this fault.
    - If the changed layout was accepted as normal, the state is unchanged, and the explanation mentions the change.
    - If such a fault has ended and the source is healthy, ``state_since_at`` becomes the time of this end.
    """
    pages = poll_state.page_quality
    if poll_state.state not in _READABLE_STATES:
        return poll_state
    if pages.has_problem:
        return replace(
            poll_state,
            state=_STATES_BY_PROBLEM.get(pages.problem, SourceState.FAILING),
            state_since_at=pages.problem_since_at,
            detail=f"the text of its pages cannot be read: {pages.problem_detail}, e.g. {pages.problem_url}",
            suggestion=_SUGGESTIONS_BY_PROBLEM[pages.problem],
        )
    if pages.layout_changed_at is None:
        recovered = (
            pages.layout_restored_at
            and poll_state.state_since_at
            and pages.layout_restored_at > poll_state.state_since_at
        )
        return (
            replace(poll_state, state_since_at=pages.layout_restored_at)
            if recovered and poll_state.state in HEALTHY_STATES
            else poll_state
        )
    if pages.layout_changed_at == poll_state.accepted_at:
        return (
            replace(poll_state, detail=poll_state.detail or _describe_page_quality(poll_state))
            if poll_state.state is SourceState.OK
            else poll_state
        )
    command = f"monitor extract --source {poll_state.source_id} {pages.example_url}"
    return replace(
        poll_state,
        state=SourceState.FAILING,
        state_since_at=pages.layout_changed_at,
        detail=f"layout changed: {_describe_page_quality(poll_state)}",
        suggestion=f"inspect the extraction with `{command}`, and set the source's `selectors:`",
    )


def _describe_page_quality(poll_state: PollState) -> str:
    """Describe the present and the usual extraction confidence of the source in words, with an example page."""
    pages = poll_state.page_quality
    if not pages.usual:
        return (
            f"hardly any article text is found on its pages: confidence {pages.current_confidence:.2f}, "
            f"e.g. {pages.example_url}"
        )
    return (
        f"its pages are read with confidence {pages.current_confidence:.2f}, usually {pages.usual:.2f}, "
        f"since {pages.layout_changed_at:%Y-%m-%d %H:%M} UTC, e.g. {pages.example_url}"
    )


def accept_layout_change(poll_state: PollState, now: datetime) -> PollState:
    """Return the poll state in which the changed layout counts as normal, if the change has lasted long enough.

    The change has lasted long enough when ``LAYOUT_ACCEPTED_AFTER`` has passed both since its beginning and since its
    first notice. Otherwise the poll state is returned unchanged.
    """
    pages, reported_at = poll_state.page_quality, poll_state.first_reported_at
    changed_at = None if pages.has_problem else pages.layout_changed_at
    if changed_at is None or reported_at is None or poll_state.reported_state is not SourceState.FAILING:
        return poll_state
    persists = poll_state.state in _READABLE_STATES and now - max(changed_at, reported_at) >= LAYOUT_ACCEPTED_AFTER
    return replace(poll_state, accepted_at=changed_at) if persists else poll_state


def notice_due(poll_state: PollState, now: datetime, outlet: str = "") -> SourceNotice | None:
    """Return the notice about a source that is due at ``now``, or None if no notice is due.

    A notice is due when the state changes, daily while a problem lasts, and once when the problem ends. If another
    problem follows directly, its notice is due at once. A single minor failure, such as a timeout, is not reported,
    although it changes the state. ``outlet`` is the name of the source in the notice.
    """
    poll_state, outlet = effective_poll_state(poll_state), outlet or poll_state.source_id
    since = f" since {poll_state.state_since_at:%Y-%m-%d %H:%M} UTC" if poll_state.state_since_at else ""
    if poll_state.state in HEALTHY_STATES:
        if poll_state.reported_state in HEALTHY_STATES:
            return None
        before = poll_state.reported_state
        text = f"{outlet} is read again{since}; it {STATE_PHRASES.get(before, f'was {before.value}')}"
        if poll_state.page_quality.layout_changed_at is not None:
            text = f"{outlet}: {_describe_page_quality(poll_state)}. This is accepted as usual from now on"
        return SourceNotice(poll_state.source_id, NoticeKind.RECOVERY, text)
    is_other_problem = (
        poll_state.reported_since_at is not None and poll_state.reported_since_at != poll_state.state_since_at
    )
    changed = poll_state.state is not poll_state.reported_state or is_other_problem
    if changed and poll_state.state is SourceState.FAILING and 0 < poll_state.failures < FAILURES_UNTIL_REPORTED:
        return None
    if not changed and poll_state.reported_at is not None and now - poll_state.reported_at < REMINDER_INTERVAL:
        return None
    state = STATE_PHRASES.get(poll_state.state, f"is {poll_state.state.value}")
    text = f"{outlet} {state}{since}: {poll_state.detail}"
    if poll_state.suggestion:
        text += f". Suggestion: {poll_state.suggestion}"
    return SourceNotice(poll_state.source_id, NoticeKind.CHANGE if changed else NoticeKind.REMINDER, text)


def with_notice(poll_state: PollState, notice: SourceNotice | None, now: datetime) -> PollState:
    """Return a poll state that records that a notice was sent, so that the notice is not sent again."""
    if notice is None:
        return poll_state
    effective = effective_poll_state(poll_state)
    is_reminder = notice.kind is NoticeKind.REMINDER
    return replace(
        poll_state,
        reported_state=effective.state,
        reported_since_at=effective.state_since_at,
        reported_at=now,
        first_reported_at=(poll_state.first_reported_at or now) if is_reminder else now,
        notice=notice.text,
    )


def recovery_notices(poll_states: Iterable[PollState], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the texts of the notices, sent during a period, that the problem of a source has ended.

    Sources that have a problem again are left out.
    """
    return tuple(
        poll_state.notice
        for poll_state in poll_states
        if poll_state.notice
        and poll_state.state in HEALTHY_STATES
        and poll_state.reported_at
        and start_at <= poll_state.reported_at < end_at
    )


def problem_notices(poll_states: Iterable[PollState], start_at: datetime, end_at: datetime) -> tuple[str, ...]:
    """Return the notices of a period about sources that are unhealthy now: new problems and reminders.

    If a source can still be read (it has moved, or may have missed articles), only a problem that began in the period
    is included.
    """
    return tuple(
        poll_state.notice
        for poll_state in poll_states
        if poll_state.notice
        and poll_state.state not in HEALTHY_STATES
        and poll_state.state is poll_state.reported_state
        and poll_state.reported_at
        and start_at <= poll_state.reported_at < end_at
        and (
            poll_state.state in _UNREADABLE_STATES
            or (poll_state.state_since_at and poll_state.state_since_at >= start_at)
        )
    )


def format_duration(duration: timedelta) -> str:
    """Return a duration as text for display, such as "2 days", "36 hours" or "15 minutes"."""
    seconds = int(duration.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
