"""Whether a clock is believed. A wrong one must not have done what cannot be undone: let go of what is old.

When a source is polled next, and what its failures weigh. Pure policies, tested as tables.

The pace follows the overlap between polls, which is what measures the risk of loss (Media Cloud's control), failures
weigh differently and the wait grows with their sum in a straight line; a source is never abandoned.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from monitor.domain.fetch_result import FailureWeight

MAX_CLOCK_JUMP = timedelta(days=3)  # a machine that rested over the weekend is nothing to wonder about
TRUST_DIVISOR = 100  # a new time is believed when the program has lived with it for one part in so many of the jump
MAX_CHECK_GAP = timedelta(hours=1)  # from one look at the clock to the next; what is longer was a pause, and not lived


@dataclass(frozen=True, slots=True)
class ClockTrust:
    """The last time that was believed, and for how long the program has lived with one that is far from it."""

    at: datetime
    lived: timedelta = timedelta(0)

    def advance(self, last_checked_at: datetime, now: datetime) -> "ClockTrust":
        """Return what is believed after a look at the clock; ``last`` is when it was looked at before.

        A pause of four months is believed after a day and a half, a clock in 2099 after the better part of a year.
        """
        apart = abs(now - self.at)
        if apart <= MAX_CLOCK_JUMP:
            return ClockTrust(now)
        lived = (
            self.lived + (now - last_checked_at)
            if timedelta(0) <= now - last_checked_at <= MAX_CHECK_GAP
            else self.lived
        )
        return ClockTrust(now) if lived >= apart / TRUST_DIVISOR else ClockTrust(self.at, lived)

    def trusted_time(self, now: datetime) -> datetime:
        """Return the time that things may be let go by: the time itself, or the last one that was believed."""
        return now if now - self.at <= MAX_CLOCK_JUMP else self.at

    def remaining_wait(self, now: datetime) -> timedelta:
        """Return for how long the program has yet to live with a time that is not believed."""
        return abs(now - self.at) / TRUST_DIVISOR - self.lived


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What a look at the clock has shown: how far it was set back, or that it stands too far ahead to be believed.

    ``ahead`` is given with the first look that shows it, ``wait`` is how long it will take to believe it.
    """

    set_back_by: timedelta = timedelta(0)
    ahead_by: timedelta = timedelta(0)
    trusted_after: timedelta = timedelta(0)


MIN_POLL_INTERVAL = timedelta(minutes=5)
MAX_POLL_INTERVAL = timedelta(hours=12)
INITIAL_POLL_INTERVAL = timedelta(minutes=30)
MAX_BACKOFF = timedelta(hours=12)
MAX_BLOCKED_WAIT = timedelta(hours=12)
MAX_SERVER_ADVICE = timedelta(hours=1)
UNCONDITIONAL_INTERVAL = timedelta(hours=12)
GONE_RETRY_INTERVAL = timedelta(days=7)
MAX_RETRY_AFTER = timedelta(days=1)
MIN_MOVED_RESPONSES = 3
_LOW_OVERLAP, _HIGH_OVERLAP = 1 / 3, 2 / 3
_FAILURE_WEIGHTS = {FailureWeight.HARD: 1.0, FailureWeight.SOFT: 0.5, FailureWeight.TEMPORARY: 0.25}
_BACKOFF_STEP = timedelta(minutes=15)


def next_poll_interval(
    interval: timedelta | None, entry_count: int, known_count: int, silent_for: timedelta | None
) -> timedelta:
    """Steer the automatic pace by overlap: few entries known means come sooner, most known means later.

    ``quiet_for`` is how long nothing new has come. Nothing known at all is a gap: half the pace at once.
    """
    interval = interval or INITIAL_POLL_INTERVAL
    if entry_count == 0:
        return _clamp_interval(interval * 1.25)
    share = known_count / entry_count
    if share == 0:
        return _clamp_interval(min(interval / 2, INITIAL_POLL_INTERVAL))
    if share < _LOW_OVERLAP:
        return _clamp_interval(min(interval * 0.6, INITIAL_POLL_INTERVAL))
    if share > _HIGH_OVERLAP:
        return _clamp_interval(_lengthen_interval(interval, silent_for) if share == 1 else interval)
    return _clamp_interval(interval)


def interval_after_no_change(interval: timedelta | None, silent_for: timedelta | None) -> timedelta:
    """Slow the automatic pace down after a poll that found the document unchanged."""
    return _clamp_interval(_lengthen_interval(interval or INITIAL_POLL_INTERVAL, silent_for))


def _lengthen_interval(interval: timedelta, silent_for: timedelta | None) -> timedelta:
    """Come a little later; much later only where a long silence shows that nothing is missed."""
    ceiling = MAX_POLL_INTERVAL if silent_for is None else max(INITIAL_POLL_INTERVAL, silent_for / 8)
    return interval if interval >= ceiling else min(interval * 1.15, ceiling)


def _clamp_interval(interval: timedelta) -> timedelta:
    return min(max(interval, MIN_POLL_INTERVAL), MAX_POLL_INTERVAL)


def wait_after_success(
    poll_interval: timedelta | None, interval: timedelta, server_advice: Collection[timedelta | None]
) -> timedelta:
    """Return the wait until the next poll. A server's advice (freshness, ttl) stretches it, within bounds.

    Advice counts up to an hour, and a fixed pace is stretched at most tenfold: many servers promise for a day what
    they change every few minutes, and the user's word comes first.
    """
    wait = poll_interval or interval
    asked = max((length for length in server_advice if length), default=timedelta(0))
    bound = MAX_SERVER_ADVICE if poll_interval is None else min(MAX_SERVER_ADVICE, poll_interval * 10)
    return max(wait, min(asked, bound))


def skip_excluded_hours(poll_at: datetime, skip_hours: Collection[int], skip_days: Collection[str]) -> datetime:
    """Move a poll out of the hours (UTC) and days in which a feed says that it never changes; a day at most."""
    if len(set(skip_hours)) >= 24 or len(set(skip_days)) >= 7:
        return poll_at
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    moved = poll_at.astimezone(UTC)
    for _ in range(24):
        if moved.hour not in skip_hours and names[moved.weekday()] not in skip_days:
            break
        moved = moved.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moved


def add_failure(failures: float, weight: FailureWeight) -> float:
    """Return the weighted sum of failures since the last success."""
    return failures + _FAILURE_WEIGHTS[weight]


def wait_after_failure(
    poll_interval: timedelta | None, interval: timedelta | None, failures: float, retry_after: timedelta | None
) -> timedelta:
    """Return the wait after a failure: a straight line in the weighted failures, and never less than was asked for.

    A source polled every few seconds is waited for in its own measure, so that it comes back as quickly.
    """
    usual = poll_interval or interval or INITIAL_POLL_INTERVAL
    step = min(_BACKOFF_STEP, usual)
    wait = min(usual + step * max(failures - 0.25, 0.0), max(MAX_BACKOFF, usual))
    return max(wait, min(retry_after or timedelta(0), MAX_RETRY_AFTER))


def wait_when_blocked(
    poll_interval: timedelta | None, interval: timedelta | None, retry_after: timedelta | None
) -> timedelta:
    """Return the wait after a refusal: coming sooner does not help, so twice the pace, between an hour and half a day.

    A pace below a minute is a test or an own server: it is kept.
    """
    usual = poll_interval or interval or INITIAL_POLL_INTERVAL
    if usual < timedelta(minutes=1):
        wait = usual
    else:
        wait = min(max(usual * 2, timedelta(hours=1)), max(MAX_BLOCKED_WAIT, usual))
    return max(wait, min(retry_after or timedelta(0), MAX_RETRY_AFTER))


def add_jitter(wait: timedelta, source_id: str, poll_count: int) -> timedelta:
    """Spread polls: up to a tenth earlier or later, the same for the same source and poll; seconds stay exact."""
    if wait < timedelta(minutes=1):
        return wait
    digest = blake2b(f"{source_id} {poll_count}".encode(), digest_size=2).digest()
    return wait * (0.9 + 0.2 * int.from_bytes(digest, "big") / 65_535)


def is_unconditional_due(unconditional_at: datetime | None, now: datetime) -> bool:
    """Tell whether it is time to ask without validators: some servers answer 304 for ever."""
    return unconditional_at is None or now - unconditional_at >= UNCONDITIONAL_INTERVAL


def count_moved_responses(moved_to: str, moved_count: int, new_url: str) -> tuple[str, int]:
    """Count agreeing answers that name a permanent new address; another answer begins anew, none ends the count."""
    if not new_url:
        return "", 0
    return new_url, moved_count + 1 if new_url == moved_to else 1
