"""A clock is believed when it goes on from where it was, or when the program has lived with it for long enough."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.polling_policy import MAX_CHECK_GAP, ClockTrust

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WRONG = NOW.replace(year=2099)


def lived(trust: ClockTrust, begin: datetime, length: timedelta, beat: timedelta = MAX_CHECK_GAP) -> ClockTrust:
    """Look at a clock for so long."""
    last = begin
    while last < begin + length:
        trust, last = trust.advance(last, last + beat), last + beat
    return trust


@pytest.mark.parametrize("pause", [timedelta(seconds=10), DAY, 3 * DAY, -2 * DAY])
def test_short_pauses_are_believed_at_once(pause: timedelta) -> None:
    """A night, a weekend, a clock that is put right by hours."""
    assert ClockTrust(NOW).advance(NOW, NOW + pause) == ClockTrust(NOW + pause)


def test_things_are_let_go_by_the_last_time_that_was_believed() -> None:
    """A clock far ahead counts as the time before its jump; one that stands behind lets go of less by itself."""
    trust = ClockTrust(NOW).advance(NOW, WRONG)
    assert (trust.trusted_time(WRONG), trust.trusted_time(NOW + DAY), trust.trusted_time(NOW - 9 * DAY)) == (
        NOW,
        NOW + DAY,
        NOW - 9 * DAY,
    )


@pytest.mark.parametrize(("pause", "hours"), [(7 * DAY, 2), (120 * DAY, 30), (365 * DAY, 89), (73 * 365 * DAY, 6460)])
def test_a_jump_is_believed_after_a_hundredth_of_it(pause: timedelta, hours: int) -> None:
    """So a long pause costs days at most, and a wrong clock has most of a year to be found."""
    begin = NOW + pause
    trust = ClockTrust(NOW).advance(NOW, begin)
    assert lived(trust, begin, timedelta(hours=hours - 1)).trusted_time(begin) == NOW
    assert lived(trust, begin, timedelta(hours=hours)).at >= begin


def test_a_machine_that_is_on_for_two_hours_a_week_is_believed_in_the_end() -> None:
    """What it lived with the new time adds up, pauses between do not count as lived."""
    trust, last = ClockTrust(NOW), NOW
    for week in range(8, 60):
        begin = NOW + week * 7 * DAY
        trust = lived(trust.advance(last, begin), begin, 2 * MAX_CHECK_GAP)
        last = begin + 2 * MAX_CHECK_GAP
    assert last - trust.at <= 7 * DAY


def test_a_clock_that_is_put_right_needs_no_time() -> None:
    """And the next jump begins anew."""
    trust = lived(ClockTrust(NOW).advance(NOW, WRONG), WRONG, 200 * DAY)
    assert trust.advance(WRONG + 200 * DAY, NOW + DAY) == ClockTrust(NOW + DAY)


def test_a_first_time_that_was_wrong_is_given_up() -> None:
    """A database that was made under a clock in 2099 believes the right one after a hundredth of the way back."""
    trust = lived(ClockTrust(WRONG), NOW, 267 * DAY)
    assert trust.at <= NOW + 267 * DAY
