"""When a source is polled next, and what its failures weigh. Pure policies, tested as tables.

The pace follows the overlap between polls, which is what measures the risk of loss (Media Cloud's control), failures
weigh differently and the wait grows with their sum in a straight line; a source is never abandoned.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from monitor.domain.exchange import Weight

FASTEST = timedelta(minutes=5)
SLOWEST = timedelta(hours=12)
FIRST_PACE = timedelta(minutes=30)
LONGEST_BACKOFF = timedelta(hours=12)
LONGEST_BLOCKED = timedelta(hours=12)
LONGEST_ADVICE = timedelta(hours=1)
UNCONDITIONAL_EVERY = timedelta(hours=12)
GONE_AGAIN = timedelta(days=7)
RETRY_AFTER_CAP = timedelta(days=1)
MOVED_ANSWERS = 3
_FEW_KNOWN, _MOST_KNOWN = 1 / 3, 2 / 3
_WEIGHTS = {Weight.HARD: 1.0, Weight.SOFT: 0.5, Weight.TEMPORARY: 0.25}
_STEP = timedelta(minutes=15)


def next_pace(pace: timedelta | None, entries: int, known: int, quiet_for: timedelta | None) -> timedelta:
    """Steer the automatic pace by overlap: few entries known means come sooner, most known means later.

    ``quiet_for`` is how long nothing new has come. Nothing known at all is a gap: half the pace at once.
    """
    pace = pace or FIRST_PACE
    if entries == 0:
        return _clamp(pace * 1.25)
    share = known / entries
    if share == 0:
        return _clamp(min(pace / 2, FIRST_PACE))
    if share < _FEW_KNOWN:
        return _clamp(min(pace * 0.6, FIRST_PACE))
    if share > _MOST_KNOWN:
        return _clamp(_later(pace, quiet_for) if share == 1 else pace)
    return _clamp(pace)


def pace_unchanged(pace: timedelta | None, quiet_for: timedelta | None) -> timedelta:
    """Slow the automatic pace down after a poll that found the document unchanged."""
    return _clamp(_later(pace or FIRST_PACE, quiet_for))


def _later(pace: timedelta, quiet_for: timedelta | None) -> timedelta:
    """Come a little later; much later only where a long silence shows that nothing is missed."""
    ceiling = SLOWEST if quiet_for is None else max(FIRST_PACE, quiet_for / 8)
    return pace if pace >= ceiling else min(pace * 1.15, ceiling)


def _clamp(pace: timedelta) -> timedelta:
    return min(max(pace, FASTEST), SLOWEST)


def wait_after_success(every: timedelta | None, pace: timedelta, advice: Collection[timedelta | None]) -> timedelta:
    """Return the wait until the next poll. A server's advice (freshness, ttl) stretches it, within bounds.

    Advice counts up to an hour, and a fixed pace is stretched at most tenfold: many servers promise for a day what
    they change every few minutes, and the user's word comes first.
    """
    wait = every or pace
    asked = max((length for length in advice if length), default=timedelta(0))
    bound = LONGEST_ADVICE if every is None else min(LONGEST_ADVICE, every * 10)
    return max(wait, min(asked, bound))


def skip_silent_hours(at: datetime, hours: Collection[int], days: Collection[str]) -> datetime:
    """Move a poll out of the hours (UTC) and days in which a feed says that it never changes; a day at most."""
    if len(set(hours)) >= 24 or len(set(days)) >= 7:
        return at
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    moved = at.astimezone(UTC)
    for _ in range(24):
        if moved.hour not in hours and names[moved.weekday()] not in days:
            break
        moved = moved.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moved


def add_failure(failures: float, weight: Weight) -> float:
    """Return the weighted sum of failures since the last success."""
    return failures + _WEIGHTS[weight]


def wait_after_failure(
    every: timedelta | None, pace: timedelta | None, failures: float, retry_after: timedelta | None
) -> timedelta:
    """Return the wait after a failure: a straight line in the weighted failures, and never less than was asked for.

    A source polled every few seconds is waited for in its own measure, so that it comes back as quickly.
    """
    usual = every or pace or FIRST_PACE
    step = min(_STEP, usual)
    wait = min(usual + step * max(failures - 0.25, 0.0), max(LONGEST_BACKOFF, usual))
    return max(wait, min(retry_after or timedelta(0), RETRY_AFTER_CAP))


def wait_when_blocked(every: timedelta | None, pace: timedelta | None, retry_after: timedelta | None) -> timedelta:
    """Return the wait after a refusal: coming sooner does not help, so twice the pace, between an hour and half a day.

    A pace below a minute is a test or an own server: it is kept.
    """
    usual = every or pace or FIRST_PACE
    if usual < timedelta(minutes=1):
        wait = usual
    else:
        wait = min(max(usual * 2, timedelta(hours=1)), max(LONGEST_BLOCKED, usual))
    return max(wait, min(retry_after or timedelta(0), RETRY_AFTER_CAP))


def jittered(wait: timedelta, source_id: str, polls: int) -> timedelta:
    """Spread polls: up to a tenth earlier or later, the same for the same source and poll; seconds stay exact."""
    if wait < timedelta(minutes=1):
        return wait
    digest = blake2b(f"{source_id} {polls}".encode(), digest_size=2).digest()
    return wait * (0.9 + 0.2 * int.from_bytes(digest, "big") / 65_535)


def is_unconditional_due(unconditional_at: datetime | None, now: datetime) -> bool:
    """Tell whether it is time to ask without validators: some servers answer 304 for ever."""
    return unconditional_at is None or now - unconditional_at >= UNCONDITIONAL_EVERY


def count_move(moved_to: str, moved_count: int, answer: str) -> tuple[str, int]:
    """Count agreeing answers that name a permanent new address; another answer begins anew, none ends the count."""
    if not answer:
        return "", 0
    return answer, moved_count + 1 if answer == moved_to else 1
