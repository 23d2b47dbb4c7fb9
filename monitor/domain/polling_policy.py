"""Polling policy as pure functions: poll intervals, waits after failures, and the plausibility check of the clock.

The poll interval depends on the share of entries that were known already. The lower this share is, the higher is the
risk that articles are missed. Failures have weights. The wait grows linearly with the sum of the weights, up to a
limit, so a source is never abandoned.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from msgspec import Struct

from monitor.domain.fetch_result import FailureWeight

MAX_CLOCK_JUMP = timedelta(days=3)  # longer than a weekend, for which a machine may be switched off
TRUST_DIVISOR = 100  # a new time is trusted after the program has run with it for 1/100 of the jump
MAX_CHECK_GAP = timedelta(hours=1)  # a longer time between two checks was a pause and does not count as running


class ClockTrust(Struct, frozen=True):
    """Trust in the clock of the machine. Without it, recent data would be deleted as old after the clock jumps ahead.

    ``trusted_at`` is the last time of the clock that was plausible. ``run_time`` is how long the program has run since
    the clock became implausible.
    """

    trusted_at: datetime
    run_time: timedelta = timedelta(0)

    def advance(self, last_checked_at: datetime, now: datetime) -> "ClockTrust":
        """Return the trust in the clock after a check at ``now``. The previous check was at ``last_checked_at``.

        A time near the last trusted time is trusted immediately. After a jump, the new time is trusted once the program
        has run for 1 % of the length of the jump. This is one and a half days for a jump of four months, and most of a
        year for a jump to 2099.
        """
        apart = abs(now - self.trusted_at)
        if apart <= MAX_CLOCK_JUMP:
            return ClockTrust(now)
        lived = (
            self.run_time + (now - last_checked_at)
            if timedelta(0) <= now - last_checked_at <= MAX_CHECK_GAP
            else self.run_time
        )
        return ClockTrust(now) if lived >= apart / TRUST_DIVISOR else ClockTrust(self.trusted_at, lived)

    def trusted_time(self, now: datetime) -> datetime:
        """Return the time that counts as the present when old data is deleted.

        It is ``now``, unless ``now`` is more than ``MAX_CLOCK_JUMP`` after the last trusted time. Then it is the last
        trusted time.
        """
        return now if now - self.trusted_at <= MAX_CLOCK_JUMP else self.trusted_at

    def remaining_wait(self, now: datetime) -> timedelta:
        """Return how much longer the program must run before the time ``now`` is trusted."""
        return abs(now - self.trusted_at) / TRUST_DIVISOR - self.run_time


class ClockChange(Struct, frozen=True):
    """Result of a check of the machine's clock. All values are 0 if the clock is right.

    - ``set_back_by`` is how far the clock was set back since the last check.
    - ``ahead_by`` is how far it is ahead of the last trusted time; only the first check after the jump sets it.
    - ``trusted_after`` is how much longer the program must run before it trusts the clock.
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
    """Return the automatic poll interval after a document with ``entry_count`` entries was read.

    ``known_count`` of these entries were already known from earlier polls. If few entries were known, the interval
    becomes shorter. If none was known, articles may have been missed, and the interval is at least halved. If all were
    known, or if the document had no entries, the interval becomes longer. ``silent_for`` is the time without a new
    article.
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
    """Return the automatic poll interval after a poll that found the document unchanged.

    It is longer than before, unless it has reached its upper limit. ``silent_for`` is the time without a new article.
    """
    return _clamp_interval(_lengthen_interval(interval or INITIAL_POLL_INTERVAL, silent_for))


def _lengthen_interval(interval: timedelta, silent_for: timedelta | None) -> timedelta:
    """Return the interval plus 15 %, but at most an upper limit. An interval above this limit is returned unchanged.

    The limit is an eighth of ``silent_for``, the time without a new article, but at least ``INITIAL_POLL_INTERVAL``. If
    ``silent_for`` is None, the limit is ``MAX_POLL_INTERVAL``.
    """
    ceiling = MAX_POLL_INTERVAL if silent_for is None else max(INITIAL_POLL_INTERVAL, silent_for / 8)
    return interval if interval >= ceiling else min(interval * 1.15, ceiling)


def _clamp_interval(interval: timedelta) -> timedelta:
    return min(max(interval, MIN_POLL_INTERVAL), MAX_POLL_INTERVAL)


def wait_after_success(
    poll_interval: timedelta | None, interval: timedelta, server_advice: Collection[timedelta | None]
) -> timedelta:
    """Return the wait until the next poll after a success.

    The wait is the configured ``poll_interval``, or the automatic ``interval`` if none is configured. ``server_advice``
    has the cache lifetimes that the server and the feed state. If the longest of them is longer than the wait, it
    extends the wait to at most one hour and at most ten times the configured interval. The reason for these limits is
    that many servers state a lifetime of a day for a feed that changes every few minutes.
    """
    wait = poll_interval or interval
    asked = max((length for length in server_advice if length), default=timedelta(0))
    bound = MAX_SERVER_ADVICE if poll_interval is None else min(MAX_SERVER_ADVICE, poll_interval * 10)
    return max(wait, min(asked, bound))


def skip_excluded_hours(poll_at: datetime, skip_hours: Collection[int], skip_days: Collection[str]) -> datetime:
    """Return a poll time that is not in the UTC hours and weekdays which a feed excludes.

    ``poll_at`` is moved later in steps of an hour, by at most one day.
    """
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
    """Return the weighted number of failures since the last success, after one more failure.

    ``failures`` is the number before it. A failure adds 1, 0.5 or 0.25, depending on its weight.
    """
    return failures + _FAILURE_WEIGHTS[weight]


def wait_after_failure(
    poll_interval: timedelta | None, interval: timedelta | None, failures: float, retry_after: timedelta | None
) -> timedelta:
    """Return the wait until the next poll after a failure.

    The wait grows linearly with the weighted number of failures, up to a limit. Each failure adds at most the usual
    interval, so that a source that is polled every few seconds is also tried again after a few seconds. The wait is
    never shorter than ``retry_after``, the delay that the server asks for (at most one day).
    """
    usual = poll_interval or interval or INITIAL_POLL_INTERVAL
    step = min(_BACKOFF_STEP, usual)
    wait = min(usual + step * max(failures - 0.25, 0.0), max(MAX_BACKOFF, usual))
    return max(wait, min(retry_after or timedelta(0), MAX_RETRY_AFTER))


def wait_when_blocked(
    poll_interval: timedelta | None, interval: timedelta | None, retry_after: timedelta | None
) -> timedelta:
    """Return the wait until the next poll after the server refused access.

    The wait is twice the interval, but at least one hour. It is at most half a day, or the interval if that is longer.
    An interval under one minute is not changed, because only tests and the user's own servers have such an interval.
    The wait is never shorter than ``retry_after``, the delay that the server asks for (at most one day).
    """
    usual = poll_interval or interval or INITIAL_POLL_INTERVAL
    if usual < timedelta(minutes=1):
        wait = usual
    else:
        wait = min(max(usual * 2, timedelta(hours=1)), max(MAX_BLOCKED_WAIT, usual))
    return max(wait, min(retry_after or timedelta(0), MAX_RETRY_AFTER))


def add_jitter(wait: timedelta, source_id: str, poll_count: int, retry_after: timedelta | None = None) -> timedelta:
    """Return a wait that is changed by up to 10 %, so that sources are not polled at the same time.

    The change depends only on the id of the source and the number of the poll. Waits under one minute are not changed.
    The result is not shorter than ``retry_after``, the delay that the server asks for (at most one day).
    """
    if wait < timedelta(minutes=1):
        return wait
    digest = blake2b(f"{source_id} {poll_count}".encode(), digest_size=2).digest()
    share = int.from_bytes(digest, "big") / 65_535
    shortest = min(retry_after or timedelta(0), MAX_RETRY_AFTER)
    changed = wait * (0.9 + 0.2 * share)
    return changed if changed >= shortest else shortest * (1 + 0.1 * share)


def is_unconditional_due(unconditional_at: datetime | None, now: datetime) -> bool:
    """Return whether the next request should have no validators (ETag and Last-Modified).

    The server then sends the whole document. This is done once in each ``UNCONDITIONAL_INTERVAL``, because some servers
    always respond 304 to a request with validators. ``unconditional_at`` is the time of the last such request, or None
    if none was sent.
    """
    return unconditional_at is None or now - unconditional_at >= UNCONDITIONAL_INTERVAL


def count_moved_responses(moved_to: str, moved_count: int, new_url: str) -> tuple[str, int]:
    """Count how many responses in a row redirect permanently to the same new URL. Return the URL and the number.

    ``moved_to`` and ``moved_count`` are the values after the previous response. If the latest response was not a
    permanent redirect, ``new_url`` is empty, and the result is an empty URL and 0.
    """
    if not new_url:
        return "", 0
    return new_url, moved_count + 1 if new_url == moved_to else 1
