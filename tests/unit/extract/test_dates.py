"""Publication times: precedence of the feed's and the page's dates and titles."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.article import Article
from monitor.domain.source import Source
from monitor.extract.extractor import extract_page
from monitor.extract.feed_content import merge_texts

LISTED = datetime(2026, 3, 6, 6, 0, tzinfo=UTC)
BODY = "".join(
    f"<p>Paragraph {number} of a report that is long enough to be one, and has verbs.</p>" for number in range(5)
)
HEADLINE = "A headline of some length"
PAGE = f"<head>%s</head><body><h1>{HEADLINE}</h1><span class=date>%s</span>{BODY}</body>"


def published(date: str, head: str = "", timezone: str = "") -> datetime | None:
    page = (PAGE % (head, date)).encode()
    entry = Article("https://news.example/1", title=HEADLINE, published_at=LISTED)
    source = Source("a", "A", feed="https://news.example/rss", timezone=timezone)
    return extract_page(page, "https://news.example/1", "text/html", source, entry).published_at


@pytest.mark.parametrize("date", ["06 March 2026, 1:00PM", "March 6, 2026 - 13:00", "6 March 2026"])
def test_a_page_time_without_zone_or_hour_is_replaced_by_the_feed_time(date: str) -> None:
    """The feed gives an exact instant; the page's local time would be read in an assumed zone."""
    assert published(date) == LISTED


def test_a_configured_zone_makes_the_page_time_count() -> None:
    """If the source's zone is configured, the page's own time is used; the feed may have changed it."""
    assert published("06 March 2026, 1:30PM", timezone="Asia/Ho_Chi_Minh") == LISTED + timedelta(minutes=30)


def test_a_page_time_with_a_zone_counts() -> None:
    """The feed's date may be that of an update; the metadata have the publication time."""
    head = '<meta property="article:published_time" content="2026-03-06T08:00:00+07:00">'
    assert published("", head) == LISTED - timedelta(hours=5)


def test_a_page_date_days_before_the_feed_date_is_kept() -> None:
    """A page that is days older than the feed's date keeps its own date."""
    assert published("2 March 2026, 1:00PM") == datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("feed_title", "expected"), [("Help for a unit", "Help for a unit"), ("Help for ...", "Army Review Online")]
)
def test_the_site_name_is_not_used_as_title(feed_title: str, expected: str) -> None:
    """If no element of the page is a headline, the feed's title is used unless it is truncated."""
    page = f"<html><head><title>Army Review Online</title></head><body><div>{BODY}</div></body></html>".encode()
    entry = Article("https://news.example/1", title=feed_title)
    found = extract_page(page, "https://news.example/1", "text/html", None, entry)
    assert merge_texts(found, entry).title == expected
