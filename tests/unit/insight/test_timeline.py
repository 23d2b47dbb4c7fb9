"""Timelines: days on which sources could not be read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.poll_state import PollState, SourceState
from monitor.insight.timeline import build_bars, chart_days, count_unread_sources

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Vientiane")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "since", "success", "unread"),
    [
        (SourceState.FAILING, NOW - DAY, NOW - 3 * DAY, ["2026-03-08", "2026-03-09", "2026-03-10"]),
        (SourceState.NEEDS_JAVASCRIPT, NOW - DAY, NOW, ["2026-03-09", "2026-03-10"]),
        (SourceState.GONE, NOW.replace(hour=18), None, []),
        (SourceState.QUIET, NOW - 3 * DAY, NOW, []),
        (SourceState.OK, None, NOW - 3 * DAY, []),
    ],
)
def test_days_without_a_source_are_known(
    state: SourceState, since: datetime | None, success: datetime | None, unread: list[str]
) -> None:
    """From the day on which the problem began, and each day after the last success, in the zone of the reader."""
    poll_state = PollState("s", state=state, state_since_at=since, last_success_at=success)
    days = chart_days(NOW, ZONE, 5)
    counts = count_unread_sources([poll_state, poll_state], days, ZONE)
    assert dict(counts) == dict.fromkeys(unread, 2)
    bars = build_bars({}, days, ZONE, "day", unread_sources=counts)
    assert [bar.start for bar in bars if bar.unread_sources == 2] == unread
