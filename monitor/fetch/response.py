"""What the headers of an answer say of time: how long it stays fresh, and when to come back.

What an answer's status and headers mean: the one place where HTTP becomes an outcome.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureWeight,
    Fetched,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
)
from monitor.domain.source_health import SUGGEST_ASK_ACCESS, SUGGEST_SUBSCRIPTION_HEADERS
from monitor.text.bot_walls import find_wall, find_wall_in_headers

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


_FAILURE_REASONS = {
    400: "does not understand the request (400)",
    404: "says there is nothing at this address (404)",
    406: "has nothing in a form we read (406)",
    429: "asks us to come less often (429)",
    500: "has an error of its own (500)",
    502: "stands before a server that does not answer (502)",
    503: "is out of service for now (503)",
    504: "stands before a server that does not answer (504)",
    520: "stands before a server that answers nonsense (520)",
    522: "stands before a server that does not answer (522)",
}
_BLOCKED_STATUSES = {
    401: ("asks for a login", SUGGEST_SUBSCRIPTION_HEADERS),
    402: ("asks for payment", SUGGEST_SUBSCRIPTION_HEADERS),
    407: ("asks for a login", SUGGEST_SUBSCRIPTION_HEADERS),
    451: ("may not show this here for legal reasons", ""),
}


def to_fetch_result(
    request: FetchRequest,
    status: int,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    final_url: str,
    moved_to: str,
    now: datetime,
) -> FetchResult:
    """Translate the last answer of a chain of redirects. ``moved_to`` is empty unless the move is for good."""
    named = dict(headers)
    host_says = f"{final_url.split('/')[2]} "
    if status == 304:
        if request.etag or request.last_modified:
            return NotModified(freshness=parse_freshness(named, now), moved_to=moved_to)
        return Failed(host_says + "answers 'not modified' to a first question (304)", status=status)
    if 200 <= status < 300:
        if status != 200:
            return Failed(host_says + f"answers without a document ({status})", status=status)
        return Fetched(
            url=final_url,
            status=status,
            headers=headers,
            body=body,
            content_type=named.get("content-type", ""),
            etag=named.get("etag", ""),
            last_modified=named.get("last-modified", ""),
            freshness=parse_freshness(named, now),
            moved_to=moved_to,
        )
    if status == 410:
        return Gone(host_says + "says that this address is gone for good (410)")
    return _to_error_result(status, named, body, host_says, now)


def _to_error_result(
    status: int, headers: Mapping[str, str], body: bytes, reason_prefix: str, now: datetime
) -> FetchResult:
    """Tell those who keep programs out from those who are broken."""
    after = parse_retry_after(headers, now)
    if status in _BLOCKED_STATUSES:
        reason, remedy = _BLOCKED_STATUSES[status]
        return Blocked(reason_prefix + f"{reason} ({status})", remedy, after)
    wall = find_wall_in_headers(headers)
    if not wall and status in {403, 405, 429, 503}:
        wall = find_wall(body[:60_000].decode("utf-8", "replace"))
    if wall:
        return Blocked(reason_prefix + f"shows a {wall} ({status})", SUGGEST_ASK_ACCESS, after)
    if status == 403:
        return Blocked(reason_prefix + "refuses programs or this country (403)", SUGGEST_ASK_ACCESS, after)
    return Failed(
        reason_prefix + _FAILURE_REASONS.get(status, f"answers with status {status}"), FailureWeight.SOFT, after, status
    )
