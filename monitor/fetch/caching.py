"""What the headers of an answer say of time: how long it stays fresh, and when to come back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MAX_AGE_DIRECTIVE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_MAX_DELAY = timedelta(days=1)


def parse_freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long the answer stays fresh by Cache-Control or Expires less its age, or None; a day at most."""
    control = headers.get("cache-control", "")
    if re.search(r"no-(?:cache|store)", control, re.IGNORECASE):
        return None
    if found := _MAX_AGE_DIRECTIVE.search(control):
        age = headers.get("age", "").strip()
        left = timedelta(seconds=int(found[1]) - (int(age) if age.isdigit() and len(age) < 10 else 0))
    else:
        expires = _parse_http_date(headers.get("expires", ""))
        if expires is None:
            return None
        left = expires - (_parse_http_date(headers.get("date", "")) or now)
    return min(left, _MAX_DELAY) if left > timedelta(0) else None


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return what Retry-After asks for, in either of its forms, a day at most; None if it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), _MAX_DELAY)
    until = _parse_http_date(text)
    if until is None:
        return None
    return min(max(until - now, timedelta(0)), _MAX_DELAY)


def _parse_http_date(text: str) -> datetime | None:
    """Read an HTTP date; None for none. ``Expires: 0`` and its kin are none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
