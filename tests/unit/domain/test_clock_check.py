"""Plausibility check of the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.polling_policy import MAX_CHECK_GAP, ClockTrust

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WRONG = NOW.replace(year=2099)


def lived(trust: ClockTrust, begin: datetime, length: timedelta, beat: timedelta = MAX_CHECK_GAP) -> ClockTrust:
    """Check a clock regularly during ``length``."""
    last = begin
    while last < begin + length:
        trust, last = trust.advance(last, last + beat), last + beat
    return trust


@pytest.mark.parametrize("pause", [timedelta(seconds=10), DAY, 3 * DAY, -2 * DAY])
def test_short_pauses_are_trusted_at_once(pause: timedelta) -> None:
    """A night, a weekend, or a correction by hours."""
    assert ClockTrust(NOW).advance(NOW, NOW + pause) == ClockTrust(NOW + pause)


def test_data_expires_by_the_last_trusted_time() -> None:
    """A clock far ahead counts as the time before its jump; a clock that is behind expires less."""
    trust = ClockTrust(NOW).advance(NOW, WRONG)
    assert (trust.trusted_time(WRONG), trust.trusted_time(NOW + DAY), trust.trusted_time(NOW - 9 * DAY)) == (
        NOW,
        NOW + DAY,
        NOW - 9 * DAY,
    )


@pytest.mark.parametrize(("pause", "hours"), [(7 * DAY, 2), (120 * DAY, 30), (365 * DAY, 89), (73 * 365 * DAY, 6460)])
def test_a_jump_is_trusted_after_a_hundredth_of_it(pause: timedelta, hours: int) -> None:
    """A long pause costs days at most, and a wrong clock has most of a year to be noticed."""
    begin = NOW + pause
    trust = ClockTrust(NOW).advance(NOW, begin)
    assert lived(trust, begin, timedelta(hours=hours - 1)).trusted_time(begin) == NOW
    assert lived(trust, begin, timedelta(hours=hours)).trusted_at >= begin


def test_running_time_with_the_new_time_adds_up() -> None:
    """Two hours of running per week add up; pauses in between do not count."""
    trust, last = ClockTrust(NOW), NOW
    for week in range(8, 60):
        begin = NOW + week * 7 * DAY
        trust = lived(trust.advance(last, begin), begin, 2 * MAX_CHECK_GAP)
        last = begin + 2 * MAX_CHECK_GAP
    assert last - trust.trusted_at <= 7 * DAY


def test_a_corrected_clock_is_trusted_at_once() -> None:
    """The next jump starts again from zero."""
    trust = lived(ClockTrust(NOW).advance(NOW, WRONG), WRONG, 200 * DAY)
    assert trust.advance(WRONG + 200 * DAY, NOW + DAY) == ClockTrust(NOW + DAY)


def test_a_wrong_first_time_is_replaced() -> None:
    """A database created under a clock in 2099 trusts the right time after a hundredth of the difference."""
    trust = lived(ClockTrust(WRONG), NOW, 267 * DAY)
    assert trust.trusted_at <= NOW + 267 * DAY
