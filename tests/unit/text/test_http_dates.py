"""Retry-After headers and HTTP dates."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.text.http_dates import parse_http_date, parse_retry_after

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = "Thu, 05 Mar 2026 12:10:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (LATER, 600),
        ("Thu, 05 Mar 2026 11:00:00 GMT", 0),
        ("9999999", 86_400),
        ("99999999999999", 86_400),
        ("Thu, 05 Mar 2026 12:10:00", 600),
    ],
)
def test_retry_after_in_seconds_or_as_date(value: str, seconds: int) -> None:
    """Both forms are accepted; the delay is at most one day, and a time in the past means no delay."""
    assert parse_retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "Mon, 99 Foo 2026", "\u00b2"])
def test_unusable_retry_after_is_none(value: str) -> None:
    """Only seconds and dates are accepted."""
    assert parse_retry_after(value, NOW) is None


def test_http_dates_without_zone_are_utc() -> None:
    """HTTP dates are always in UTC, even if a server omits the zone."""
    assert parse_http_date("Thu, 05 Mar 2026 12:10:00") == datetime(2026, 3, 5, 12, 10, tzinfo=UTC)
    assert parse_http_date("0") is None
