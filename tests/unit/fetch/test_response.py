"""Freshness headers, and detection of bot walls in headers and pages."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.fetch.response import parse_freshness
from monitor.text.bot_walls import find_wall, find_wall_in_headers

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = "Thu, 05 Mar 2026 12:10:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, Max-Age=600, must-revalidate", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "expires": "0", "age": "900"}, None),
        ({"cache-control": "max-age=600", "age": "²"}, 600),
        ({"cache-control": "max-age=99999999"}, 86_400),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"expires": LATER}, 600),
        ({"expires": LATER, "date": "Thu, 05 Mar 2026 12:05:00 GMT"}, 300),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"cache-control": "max-age=never"}, None),
        ({}, None),
    ],
)
def test_freshness_from_cache_control_and_expires(headers: dict[str, str], seconds: int | None) -> None:
    """max-age less Age is used, else Expires against Date; at most one day; invalid values are ignored."""
    assert parse_freshness(headers, NOW) == (timedelta(seconds=seconds) if seconds is not None else None)


@pytest.mark.parametrize(
    ("html", "wall"),
    [
        ("<title>Just a moment...</title>", "challenge page of Cloudflare"),
        ("<script src='https://ct.captcha-delivery.com/c.js'></script>", "challenge page of DataDome"),
        ("<iframe src='/_Incapsula_Resource?x=1'></iframe>", "challenge page of Imperva"),
        ("<form action='/consent?next=/'>cookiewall</form>", "consent page"),
        ("<script>document.cookie='a=1';location.reload()</script>", "cookie gate run by a script"),
        ("<noscript>Please enable JavaScript</noscript>", "page that asks for a browser"),
        ("<h1>Ministers meet</h1><p>They spoke of cookies and captchas.</p>", ""),
        ("", ""),
    ],
)
def test_bot_walls_are_detected_in_pages(html: str, wall: str) -> None:
    """Each kind of wall is named; an ordinary page is not reported as one."""
    assert find_wall(f"<html>{html}</html>") == wall


def test_bot_walls_are_detected_in_headers() -> None:
    """Headers that announce a challenge are detected; headers of an ordinary CDN response are not."""
    assert find_wall_in_headers({"cf-mitigated": "challenge"}) == "challenge of Cloudflare"
    assert find_wall_in_headers({"x-amzn-waf-action": "challenge"}) == "challenge of AWS WAF"
    assert find_wall_in_headers({"server": "cloudflare", "cf-ray": "1"}) == ""
