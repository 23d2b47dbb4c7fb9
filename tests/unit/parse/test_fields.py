"""Dates in feeds."""

from datetime import UTC, datetime

import pytest

from monitor.domain.source import Source
from monitor.parse.dispatch import parse_document
from monitor.parse.fields import parse_instant
from monitor.text.time_zones import SourceClock


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
    assert parse_instant(text, SourceClock()) == datetime(year, 3, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Thu,5 Mar 2026 3:4:5 GMT",
        "Thu, 5 Mar 26 10:4:5 GMT+7",
        "Thu, 05 Mar 26 10:04:05 Asia/Bangkok",
        "05-Mar-26 10:04:05 ICT",
        "2026-03-05T10:4:5+07:00",
        "2026-03-05 10:4:5",
        "Thứ Năm, 05/03/2026 10:4:5",
        "05/03/2026 10:04:05 SA",
    ],
)
def test_dates_of_vietnamese_feeds(text: str) -> None:
    """With a zone or without, where the country tells it."""
    clock = SourceClock(Source("s", "S", feed="https://feed.example/", country="Vietnam"), "https://feed.example/")
    assert parse_instant(text, clock) == datetime(2026, 3, 5, 3, 4, 5, tzinfo=UTC)


DOCUMENTS = [
    (
        "<rss version='2.0'><channel><title>T</title><item><title>A</title><link>https://a.example/1</link>"
        "<pubDate>2026-03-05 09:00:00</pubDate></item></channel></rss>"
    ),
    (
        "<rss version='2.0'><channel><title>T</title><item><title>A</title><link>https://a.example/1</link>"
        "<pubDate>Thu, 5 Mar 2026 9:00:00</pubDate><media:title xmlns:media='http://search.yahoo.com/mrss/'>B</media:title>"
        "</item></channel></rss>"
    ),
    '{"version": "1.1", "items": [{"id": "1", "url": "https://a.example/1", "date_published": "2026-03-05T09:00:00"}]}',
    "<urlset><url><loc>https://a.example/1</loc><publication_date>2026-03-05T09:00:00</publication_date></url></urlset>",
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize(
    ("country", "timezone", "hour"), [("Kenya", "", 6), ("Kenya", "America/Lima", 14), ("", "", 9), ("USA", "", 9)]
)
def test_a_bare_time_is_local_time_in_every_format(document: str, country: str, timezone: str, hour: int) -> None:
    """In the configured zone, else in the zone of the country, else in UTC."""
    source = Source("s", "S", feed="https://feed.example/", country=country, timezone=timezone)
    (entry,) = parse_document(document.encode(), "", source.url, source).entries
    assert entry.published_at == datetime(2026, 3, 5, hour, tzinfo=UTC)


@pytest.mark.parametrize("extra", ["", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>B</media:title>"])
@pytest.mark.parametrize(
    ("other", "month"), [("25/02/2026 09:00", 4), ("02/25/2026 09:00", 3), ("01/02/2026 09:00", 0)]
)
def test_the_other_dates_of_a_feed_tell_the_order_of_numbers(other: str, month: int, extra: str) -> None:
    """A day above twelve in one of them shows it for all; without one an ambiguous date is none."""
    items = "".join(
        f"<item><title>A</title><link>https://a.example/{number}</link><pubDate>{date}</pubDate>{extra}</item>"
        for number, date in enumerate((other, "03/04/2026 09:00"))
    )
    document = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"
    source = Source("s", "S", feed="https://feed.example/")
    _first, entry = parse_document(document.encode(), "", source.url, source).entries
    assert (entry.published_at.month if entry.published_at else 0) == month
