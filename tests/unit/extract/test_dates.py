"""What a feed says of an article's time, beside what its page says."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.article import Article
from monitor.domain.source import Source, SourceKind
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
    source = Source("a", "A", SourceKind.FEED, "https://news.example/rss", timezone=timezone)
    return extract_page(page, "https://news.example/1", "text/html", source, entry).published_at


@pytest.mark.parametrize("date", ["06 March 2026, 1:00PM", "March 6, 2026 - 13:00", "6 March 2026"])
def test_a_page_without_zone_or_hour_yields_to_the_feed(date: str) -> None:
    """The feed names an instant; the page's bare wall clock would be read as some zone's."""
    assert published(date) == LISTED


def test_a_known_zone_makes_the_page_exact() -> None:
    """With the source's zone configured the page's own time counts, which a feed may have moved."""
    assert published("06 March 2026, 1:30PM", timezone="Asia/Ho_Chi_Minh") == LISTED + timedelta(minutes=30)


def test_a_page_that_names_its_zone_counts() -> None:
    """A feed's date may be that of an update; the page's metadata say when it was published."""
    head = '<meta property="article:published_time" content="2026-03-06T08:00:00+07:00">'
    assert published("", head) == LISTED - timedelta(hours=5)


def test_another_day_is_another_day() -> None:
    """A page that is days older than the feed says stays as old as it says."""
    assert published("2 March 2026, 1:00PM") == datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("listed", "told"), [("Help for a unit", "Help for a unit"), ("Help for ...", "Army Review Online")]
)
def test_the_name_of_a_site_is_no_headline(listed: str, told: str) -> None:
    """Where no element of the page is a headline, the feed's is the article's, unless it is cut short."""
    page = f"<html><head><title>Army Review Online</title></head><body><div>{BODY}</div></body></html>".encode()
    entry = Article("https://news.example/1", title=listed)
    found = extract_page(page, "https://news.example/1", "text/html", None, entry)
    assert merge_texts(found, entry).title == told
