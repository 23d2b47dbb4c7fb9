"""HTTP dates: parses the dates and delays in HTTP headers."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_RETRY_DELAY = timedelta(days=1)


def parse_http_date(text: str) -> datetime | None:
    """Parse a date in an HTTP header; a date without a zone is read as UTC.

    The result is None if the date is invalid, as in ``Expires: 0``.
    """
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_retry_after(value: str, now: datetime) -> timedelta | None:
    """Parse a Retry-After header, which has seconds or a date; return the delay, or None if the header is invalid.

    The delay is at most one day. A date in the past gives a delay of zero.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), int(MAX_RETRY_DELAY.total_seconds())))
    until = parse_http_date(text)
    return None if until is None else min(max(until - now, timedelta(0)), MAX_RETRY_DELAY)
