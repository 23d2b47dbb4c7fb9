"""Polling policy and notices about sources, as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import polling_policy
from monitor.domain.fetch_result import FailureWeight
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.source import Source
from monitor.domain.source_health import (
    SourceDiagnosis,
    SourceNotice,
    diagnose_silence,
    notice_due,
    with_diagnosis,
    with_notice,
)
from monitor.domain.values import replace

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCE = Source("daily", "Daily", feed="https://daily.example/feed")


@pytest.mark.parametrize(
    ("pace", "entries", "known", "quiet", "expected"),
    [
        (HOUR, 30, 0, DAY, 30 * MINUTE),
        (20 * MINUTE, 30, 0, DAY, 10 * MINUTE),
        (HOUR, 30, 5, DAY, 30 * MINUTE),
        (20 * MINUTE, 30, 5, DAY, 12 * MINUTE),
        (20 * MINUTE, 30, 15, DAY, 20 * MINUTE),
        (20 * MINUTE, 30, 29, DAY, 20 * MINUTE),
        (20 * MINUTE, 30, 30, DAY, 23 * MINUTE),
        (20 * MINUTE, 30, 30, 10 * MINUTE, 23 * MINUTE),
        (6 * HOUR, 30, 30, DAY, 6 * HOUR),
        (12 * HOUR, 30, 30, 30 * DAY, 12 * HOUR),
        (5 * MINUTE, 30, 0, None, 5 * MINUTE),
        (None, 30, 30, None, 34.5 * MINUTE),
        (HOUR, 0, 0, None, 75 * MINUTE),
    ],
)
def test_the_interval_follows_the_overlap(
    pace: timedelta | None, entries: int, known: int, quiet: timedelta | None, expected: timedelta
) -> None:
    """Few known entries shorten it, many lengthen it, none halves it; between 5 minutes and 12 hours."""
    assert polling_policy.next_poll_interval(pace, entries, known, quiet) == expected


@given(
    st.none() | st.timedeltas(min_value=timedelta(0), max_value=30 * DAY),
    st.integers(0, 100),
    st.integers(0, 100),
    st.none() | st.timedeltas(min_value=timedelta(0), max_value=400 * DAY),
)
def test_the_interval_stays_within_its_bounds(
    pace: timedelta | None, entries: int, known: int, quiet: timedelta | None
) -> None:
    """This holds for every combination of numbers."""
    found = polling_policy.next_poll_interval(pace, entries, min(known, entries), quiet)
    assert polling_policy.MIN_POLL_INTERVAL <= found <= polling_policy.MAX_POLL_INTERVAL
    assert (
        polling_policy.MIN_POLL_INTERVAL
        <= polling_policy.interval_after_no_change(pace, quiet)
        <= polling_policy.MAX_POLL_INTERVAL
    )


@pytest.mark.parametrize(
    ("every", "pace", "advice", "expected"),
    [
        (None, 20 * MINUTE, (None, None), 20 * MINUTE),
        (None, 20 * MINUTE, (40 * MINUTE, None), 40 * MINUTE),
        (None, 20 * MINUTE, (DAY, 2 * HOUR), HOUR),
        (None, 3 * HOUR, (HOUR, None), 3 * HOUR),
        (15 * MINUTE, 3 * HOUR, (None,), 15 * MINUTE),
        (15 * MINUTE, 3 * HOUR, (DAY,), HOUR),
        (MINUTE, 3 * HOUR, (DAY,), 10 * MINUTE),
        (timedelta(seconds=1), HOUR, (HOUR,), timedelta(seconds=10)),
        (DAY, HOUR, (HOUR,), DAY),
    ],
)
def test_cache_lifetimes_extend_the_wait_within_bounds(
    every: timedelta | None, pace: timedelta, advice: tuple[timedelta | None, ...], expected: timedelta
) -> None:
    """They count up to an hour, and at most tenfold against a configured interval."""
    assert polling_policy.wait_after_success(every, pace, advice) == expected


def test_the_wait_grows_linearly_with_weighted_failures() -> None:
    """Hard 1, soft 0.5, temporary 0.25; at most half a day; Retry-After has priority."""
    sums = [
        polling_policy.add_failure(0, weight)
        for weight in (FailureWeight.HARD, FailureWeight.SOFT, FailureWeight.TEMPORARY)
    ]
    assert sums == [1.0, 0.5, 0.25]
    waits = [
        polling_policy.wait_after_failure(15 * MINUTE, None, failures, None) for failures in (0.25, 1.25, 2.25, 500)
    ]
    assert waits == [15 * MINUTE, 30 * MINUTE, 45 * MINUTE, 12 * HOUR]
    assert polling_policy.wait_after_failure(DAY, None, 500, None) == DAY
    assert polling_policy.wait_after_failure(15 * MINUTE, None, 0.25, 2 * HOUR) == 2 * HOUR
    assert polling_policy.wait_after_failure(15 * MINUTE, None, 0.25, 9 * DAY) == DAY
    assert polling_policy.wait_after_failure(timedelta(seconds=1), None, 4.25, None) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("every", "retry_after", "expected"),
    [
        (None, None, HOUR),
        (HOUR, None, 2 * HOUR),
        (10 * HOUR, None, 12 * HOUR),
        (DAY, None, DAY),
        (HOUR, 5 * HOUR, 5 * HOUR),
        (timedelta(seconds=1), None, timedelta(seconds=1)),
    ],
)
def test_blocked_sources_are_polled_rarely(
    every: timedelta | None, retry_after: timedelta | None, expected: timedelta
) -> None:
    """Twice the interval, between an hour and half a day."""
    assert polling_policy.wait_when_blocked(every, None, retry_after) == expected


def test_jitter_is_the_same_for_one_source_and_poll() -> None:
    """Up to 10 % in both directions; seconds are exact."""
    waits = {polling_policy.add_jitter(HOUR, f"s{n}", 1) for n in range(50)}
    assert len(waits) > 40
    assert all(0.9 * HOUR <= wait <= 1.1 * HOUR for wait in waits)
    assert (
        polling_policy.add_jitter(HOUR, "a", 1)
        == polling_policy.add_jitter(HOUR, "a", 1)
        != polling_policy.add_jitter(HOUR, "a", 2)
    )
    assert polling_policy.add_jitter(timedelta(seconds=5), "a", 1) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("hours", "days", "expected"),
    [
        ((), (), NOW),
        ((12, 13), (), NOW.replace(hour=14)),
        ((), ("thursday",), NOW.replace(day=6, hour=0)),
        (tuple(range(24)), (), NOW),
        ((12,), ("friday",), NOW.replace(hour=13)),
    ],
)
def test_excluded_hours_and_days_are_skipped(hours: tuple[int, ...], days: tuple[str, ...], expected: datetime) -> None:
    """A poll moves out of the hours that a feed excludes; invalid values are ignored."""
    assert polling_policy.skip_excluded_hours(NOW, hours, days) == expected


def test_redirects_to_one_address_are_counted() -> None:
    """Another address or none restarts the count."""
    count = ("", 0)
    for answer, expected in (("a", 1), ("a", 2), ("b", 1), ("", 0), ("a", 1), ("a", 2), ("a", 3)):
        count = polling_policy.count_moved_responses(*count, answer)
        assert count[1] == expected


def test_an_unconditional_request_is_due_every_twelve_hours() -> None:
    """The first request is unconditional, too; some servers always respond 304."""
    assert polling_policy.is_unconditional_due(None, NOW)
    assert not polling_policy.is_unconditional_due(NOW - 11 * HOUR, NOW)
    assert polling_policy.is_unconditional_due(NOW - 12 * HOUR, NOW)


@pytest.mark.parametrize(
    ("expect", "last_new", "baseline", "quiet"),
    [
        (None, NOW - 90 * DAY, None, False),
        (2 * DAY, NOW - DAY, None, False),
        (2 * DAY, NOW - 3 * DAY, None, True),
        (2 * DAY, None, NOW - 3 * DAY, True),
        (2 * DAY, None, None, False),
    ],
)
def test_silence_is_compared_with_the_configured_maximum(
    expect: timedelta | None, last_new: datetime | None, baseline: datetime | None, quiet: bool
) -> None:
    """Without a maximum silence is normal; a source without articles counts from its first poll."""
    memory = PollState("daily", last_new_at=last_new, baseline_at=baseline)
    assert bool(diagnose_silence(replace(SOURCE, max_silence=expect), memory, NOW)) is quiet


def test_a_state_keeps_its_start_time() -> None:
    """A new reason does not change the start time."""
    memory = with_diagnosis(PollState("daily"), SourceDiagnosis(SourceState.FAILING, "404"), NOW)
    memory = with_diagnosis(memory, SourceDiagnosis(SourceState.FAILING, "500"), NOW + DAY)
    assert (memory.state_since_at, memory.detail) == (NOW, "500")
    assert with_diagnosis(memory, SourceDiagnosis(), NOW + DAY).state_since_at == NOW + DAY


def give_notice(memory: PollState, finding: SourceDiagnosis, at: datetime) -> tuple[PollState, SourceNotice | None]:
    memory = with_diagnosis(memory, finding, at)
    notice = notice_due(memory, at, "The Daily")
    return with_notice(memory, notice, at), notice


def test_notices_at_change_daily_and_at_recovery() -> None:
    """A change has reason and suggestion; the reminder follows after a day; the recovery is reported once."""
    memory, kinds = PollState("daily"), []
    blocked, gone = SourceDiagnosis(SourceState.BLOCKED, "a wall", "ask them"), SourceDiagnosis(SourceState.GONE, "410")
    for finding, hours in (
        (blocked, 0),
        (blocked, 5),
        (blocked, 24),
        (gone, 25),
        (SourceDiagnosis(), 26),
        (SourceDiagnosis(), 27),
    ):
        memory, notice = give_notice(memory, finding, NOW + hours * HOUR)
        kinds.append(notice.kind if notice else "")
        if hours == 0:
            assert notice is not None
            assert "The Daily is blocked" in notice.text
            assert "ask them" in notice.text
    assert kinds == ["change", "", "reminder", "change", "recovery", ""]


def test_paused_sources_cause_no_notice() -> None:
    """The user has paused them."""
    assert notice_due(PollState("daily", state=SourceState.PAUSED), NOW) is None
