"""Fast XML parser: gives the same result as feedparser, or none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.source import Feed, Source
from monitor.domain.values import replace
from monitor.parse import fast_xml
from monitor.parse.fast_xml import parse_fast_xml
from monitor.parse.feedparser_backend import parse_with_feedparser
from monitor.text.encoding import decode

URL = "https://daily.example/section/feed.xml"
SOURCE = Source("daily", "Daily", feed=URL)
FEEDS = Path(__file__).parents[2] / "quality" / "feeds"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
<channel><title>The Daily</title><link>https://daily.example/</link><language>en-gb</language><ttl>30</ttl>
<atom:link href="https://daily.example/feed.xml" rel="self" type="application/rss+xml"/>
<item><title>Talks &amp; toasts</title><link>https://daily.example/1?a=1&amp;b=2</link>
<guid isPermaLink="false">g1</guid>
<pubDate>Thu, 05 Mar 2026 09:00:00 +0700</pubDate><dc:creator>Nguyễn Văn A</dc:creator><category>Politics</category>
<description><![CDATA[<p>The two sides <b>met</b>.</p>]]></description>
<content:encoded><![CDATA[<p>Whole text.</p>]]></content:encoded>
<media:content url="https://daily.example/1.jpg"><media:credit>VNA</media:credit></media:content>
<slash:comments>3</slash:comments></item>
<item><title> Second </title><link>/2</link><guid>https://daily.example/2</guid><pubDate>2026-03-05T02:00:00Z</pubDate>
<description>Plain &lt;i&gt;lead&lt;/i&gt;</description>
<enclosure url="https://daily.example/2.mp3" type="audio/mpeg" length="1"/></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi"><title type="text">Nhật báo</title>
<link href="https://daily.example/"/><link rel="self" href="https://daily.example/atom.xml"/><id>tag:daily.example,2026:f</id>
<entry><title type="html">Headline &amp;amp; more</title><link href="https://daily.example/a1"/>
<link rel="enclosure" href="https://daily.example/a1.mp3"/>
<id>tag:daily.example,2026:1</id><published>2026-03-05T09:00:00+07:00</published><updated>2026-03-05T10:00:00+07:00</updated>
<author><name>Trần Thị B</name><uri>https://daily.example/b</uri></author>
<summary>Lead</summary><content type="html">&lt;p&gt;Text&lt;/p&gt;</content>
<category term="politics"/></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://daily.example/"><title>Daily</title><link>https://daily.example/</link><description>d</description></channel>
<item rdf:about="https://daily.example/r1"><title>One</title><link>https://daily.example/r1</link><description>Lead</description>
<dc:date>2026-03-05T09:00:00+07:00</dc:date><dc:creator>Desk</dc:creator></item></rdf:RDF>"""


def differences(ours: Feed, theirs: Feed) -> list[object]:
    pairs = [(getattr(ours, name), getattr(theirs, name)) for name in ("title", "url", "language", "ttl")]
    pairs.append((len(ours.entries), len(theirs.entries)))
    pairs += zip(ours.entries, theirs.entries, strict=False)
    return [pair for pair in pairs if pair[0] != pair[1]]


@pytest.mark.parametrize("text", [RSS, ATOM, RDF], ids=["rss", "atom", "rdf"])
def test_common_feeds_are_parsed_like_feedparser(text: str) -> None:
    """The three common formats are parsed without feedparser, with the same result."""
    feed = parse_fast_xml(text, URL, SOURCE)
    assert feed is not None
    assert not differences(feed, parse_with_feedparser(text, URL, SOURCE))
    first = feed.entries[0]
    assert first.url.startswith("https://daily.example/")
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2026-03-05T02:00:00+00:00"


def test_real_feeds_are_parsed_like_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every feed of tests/quality/feeds that the fast parser supports gives feedparser's result.

    Items without title or link, normally left to feedparser, are accepted here, so that more feeds are compared.
    """
    monkeypatch.setattr(fast_xml, "_require", lambda found: None)
    answered, wrong = [], []
    for path in sorted(FEEDS.glob("*.xml")):
        text = decode(path.read_bytes())
        feed = parse_fast_xml(text, URL, SOURCE)
        if feed is not None:
            answered.append(path.name)
            if differences(feed, parse_with_feedparser(text, URL, SOURCE)):
                wrong.append(path.name)
    assert not wrong
    assert len(answered) >= 16, answered


@given(st.sampled_from([RSS, ATOM, RDF]), st.data())
def test_damaged_feeds_are_parsed_like_feedparser_or_left_to_it(text: str, data: st.DataObject) -> None:
    """Truncated, duplicated, reordered and corrupted feeds never give a result that differs from feedparser's."""
    pieces = text.split("<")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(1, len(pieces) - 1))
        kind = data.draw(st.sampled_from(["drop", "double", "swap", "salt", "cut"]))
        if kind == "drop":
            del pieces[at]
        elif kind == "double":
            pieces.insert(at, pieces[at])
        elif kind == "swap":
            other = data.draw(st.integers(1, len(pieces) - 1))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif kind == "salt":
            salt = st.sampled_from(
                ["&nbsp;", "&", "&amp;lt;b>", "\x0b", "Ã©", "é", "\u200b", "]]>", "<!-- x -->", "  "]
            )
            pieces[at] += data.draw(salt)
        else:
            pieces = pieces[: at + 1]
        if len(pieces) < 2:
            return
    damaged = "<".join(pieces)
    feed = parse_fast_xml(damaged, URL, SOURCE)
    if feed is not None:
        assert not differences(feed, parse_with_feedparser(damaged, URL, SOURCE))


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cc", "Cs")), max_size=30)
_FIELDS = st.sampled_from(
    """
    title link guid pubDate description author category comments source enclosure image summary content:encoded
    dc:creator dc:date media:title media:description media:content media:group atom:updated x:title authors created
    content id language subtitle
    """.split()  # noqa: SIM905 - a list to read
)
_NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:x="urn:x"'
)


@given(st.lists(st.tuples(_FIELDS, _WORDS, st.booleans()), max_size=6))
def test_any_mixture_of_elements_is_parsed_like_feedparser_or_left_to_it(fields: list[tuple[str, str, bool]]) -> None:
    """The results never differ, whatever elements an item has, in any order and number."""
    escaped = [
        (name, text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), nest)
        for name, text, nest in fields
    ]
    inner = "".join(f"<{n}><b>{t}</b></{n}>" if nest else f"<{n}>{t}</{n}>" for n, t, nest in escaped)
    text = (
        f"<rss version='2.0' {_NAMESPACES}><channel><title>T</title><item><title>Known</title>"
        f"<link>https://daily.example/1</link>{inner}</item></channel></rss>"
    )
    feed = parse_fast_xml(text, URL, SOURCE)
    if feed is not None:
        assert not differences(feed, parse_with_feedparser(text, URL, SOURCE))


@pytest.mark.parametrize(
    "text",
    [
        RSS.replace("<title>Talks &amp; toasts</title>", "<title><b>Talks</b></title>"),
        RSS.replace("<title> Second </title>", "<title></title>"),
        RSS.replace("<link>/2</link><guid>https://daily.example/2</guid>", ""),
        RSS.replace("<rss ", "<!DOCTYPE rss [<!ENTITY x 'y'>]><rss "),
        RSS.replace("<channel>", "<channel xml:base='https://other.example/'>"),
        RSS.replace("Plain", "Plain &nbsp;"),
        RSS.replace("</channel>", ""),
        ATOM.replace('<content type="html">', '<content type="application/octet-stream">'),
        ATOM.replace("&lt;p&gt;Text&lt;/p&gt;", "<div xmlns='http://www.w3.org/1999/xhtml'>x</div>"),
        "<rss version='2.0'><channel><title>Empty</title></channel></rss>",
        "<opml/>",
        "",
    ],
)
def test_unsupported_documents_are_left_to_feedparser(text: str) -> None:
    """Markup in titles, missing fields, entities, xml:base, base64, inline XHTML and empty feeds are not supported."""
    assert parse_fast_xml(text, URL, SOURCE) is None


def test_dates_without_offset_are_in_the_zone_of_the_source() -> None:
    """A date without an offset is local time of its outlet."""
    text = RSS.replace("Thu, 05 Mar 2026 09:00:00 +0700", "Thu, 05 Mar 2026 09:00:00")
    feed = parse_fast_xml(text, URL, replace(SOURCE, timezone="Asia/Vientiane"))
    assert feed is not None
    assert feed.entries[0].published_at is not None
    assert feed.entries[0].published_at.isoformat() == "2026-03-05T02:00:00+00:00"


@pytest.mark.parametrize("number", ["²", "1²", "-5", "0" * 5_000 + "30", "9" * 5_000, "30.5"])
def test_hints_that_are_no_numbers_do_not_fail_the_feed(number: str) -> None:
    """Signs that look like digits, and numbers of any length, are ignored in the polling hints of a feed."""
    hints = f"<skipHours><hour>{number}</hour><hour>25</hour></skipHours><syn:updatePeriod>hourly</syn:updatePeriod>"
    hints += f"<ttl>{number}</ttl><syn:updateFrequency>{number}</syn:updateFrequency>"
    text = RSS.replace("<ttl>30</ttl>", hints)
    text = text.replace("<rss ", '<rss xmlns:syn="http://purl.org/rss/1.0/modules/syndication/" ')
    feed = parse_fast_xml(text, URL, SOURCE)
    assert feed is not None
    assert (len(feed.entries), feed.ttl, feed.skip_hours) == (2, None, (1,))
