"""Conversion of HTTP responses to fetch results. The times in their headers are parsed, too."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

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
from monitor.text.http_dates import parse_http_date, parse_retry_after
from monitor.text.numbers import parse_number

_MAX_AGE_DIRECTIVE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_MAX_FRESHNESS = timedelta(days=1)


def parse_freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a response is fresh, at most one day, or None if it is not fresh.

    The time is ``max-age`` in ``Cache-Control``, minus the ``Age`` of the response. Without ``max-age``, the time until
    ``Expires`` is used.
    """
    control = headers.get("cache-control", "")
    if re.search(r"no-(?:cache|store)", control, re.IGNORECASE):
        return None
    if found := _MAX_AGE_DIRECTIVE.search(control):
        remaining = timedelta(seconds=int(found[1]) - (parse_number(headers.get("age", "")) or 0))
    else:
        expires = parse_http_date(headers.get("expires", ""))
        if expires is None:
            return None
        remaining = expires - (parse_http_date(headers.get("date", "")) or now)
    return min(remaining, _MAX_FRESHNESS) if remaining > timedelta(0) else None


_FAILURE_REASONS = {
    400: "does not understand the request (400)",
    404: "has nothing at this address (404)",
    406: "does not offer a format that monitor reads (406)",
    429: "asks for fewer requests (429)",
    500: "reports an internal error (500)",
    502: "is a gateway to a server that does not answer (502)",
    503: "is temporarily out of service (503)",
    504: "is a gateway to a server that does not answer (504)",
    520: "is a gateway to a server that sends an invalid response (520)",
    522: "is a gateway to a server that does not answer (522)",
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
    """Convert the last response of a redirect chain to a fetch result.

    ``final_url`` is the URL of this response. ``moved_to`` is the new URL after a permanent move, or empty.
    """
    named = dict(headers)
    reason_prefix = f"{final_url.split('/')[2]} "
    if status == 304:
        if request.etag or request.last_modified:
            return NotModified(
                parse_freshness(named, now), moved_to, named.get("etag", ""), named.get("last-modified", "")
            )
        return Failed(reason_prefix + "answers 'not modified' to a request without validators (304)", status=status)
    if 200 <= status < 300 and (status == 200 or body.strip()):  # some servers send whole feeds with 202, 203 or 226
        is_whole = status != 206
        return Fetched(
            url=final_url,
            status=status,
            headers=headers,
            body=body,
            content_type=named.get("content-type", ""),
            etag=named.get("etag", "") if is_whole else "",
            last_modified=named.get("last-modified", "") if is_whole else "",
            freshness=parse_freshness(named, now),
            moved_to=moved_to,
        )
    if status == 410:
        return Gone(reason_prefix + "reports that this address is permanently gone (410)")
    return _to_error_result(status, named, body, reason_prefix, now)


def _to_error_result(
    status: int, headers: Mapping[str, str], body: bytes, reason_prefix: str, now: datetime
) -> FetchResult:
    """Convert a response with an error status, or without a body, to a failed fetch result.

    The result is ``Blocked`` if the server refuses programs or asks for a login. For other errors it is ``Failed``.
    """
    retry_after = parse_retry_after(headers.get("retry-after", ""), now)
    if status in _BLOCKED_STATUSES:
        reason, suggestion = _BLOCKED_STATUSES[status]
        return Blocked(reason_prefix + f"{reason} ({status})", suggestion, retry_after)
    wall = find_wall_in_headers(headers)
    if not wall and status in {403, 405, 429, 503}:
        wall = find_wall(body[:60_000].decode("utf-8", "replace"))
    if wall:
        return Blocked(reason_prefix + f"shows a {wall} ({status})", SUGGEST_ASK_ACCESS, retry_after)
    if status == 403:
        return Blocked(reason_prefix + "refuses programs or this country (403)", SUGGEST_ASK_ACCESS, retry_after)
    usual_reason = f"answers without a document ({status})" if status < 300 else f"answers with status {status}"
    return Failed(
        reason_prefix + _FAILURE_REASONS.get(status, usual_reason),
        FailureWeight.SOFT,
        retry_after,
        status,
    )
