"""Dates in feeds."""

from datetime import UTC, datetime

import pytest

from monitor.parse.fields import parse_instant


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("05 Mar 26 15:00 +0700", 2026),
        ("Thu, 05 Mar 26 15:00:00 +0700", 2026),
        ("05 Mar 99 15:00 +0700", 1999),
        ("05 Mar 2026 15:00 +0700", 2026),
    ],
)
def test_two_digit_years_follow_rfc_2822(text: str, year: int) -> None:
    """RFC 822 allowed only two digits, and some feeds still use them."""
    assert parse_instant(text, UTC) == datetime(year, 3, 5, 8, 0, tzinfo=UTC)
