"""Candidates for feeds in pages, robots.txt and the usual places; OPML both ways."""

import pytest

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Source, SourceKind
from monitor.parse.feed_discovery import find_page_candidates, find_robots_candidates, list_common_candidates
from monitor.parse.opml import parse_opml, write_opml

PAGE = """<html><head><base href="https://www.daily.example/en/">
<link rel="alternate" type="application/rss+xml" title="Politics &amp; Law" href="rss/politics.rss">
<link rel="alternate" type="application/atom+xml" href="https://feeds.example/daily">
<link rel="alternate" hreflang="vi" href="/vi"><link rel="stylesheet" type="text/css" href="/rss.css"></head>
<body><a href="/rss/world.rss">World</a><a href="/news?format=rss">RSS</a><a href="/feedback">Tell us</a>
<a href="https://elsewhere.test/rss">Other</a><a href="https://m.daily.example/feed/">Mobile</a></body></html>"""


def test_a_page_names_and_links_its_feeds() -> None:
    """Named feeds come first, also those of a service; links count on the outlet's own site; each once."""
    found = find_page_candidates(PAGE, "https://www.daily.example/")
    assert [(one.url, one.found_by) for one in found] == [
        ("https://www.daily.example/en/rss/politics.rss", "named"),
        ("https://feeds.example/daily", "named"),
        ("https://www.daily.example/rss/world.rss", "linked"),
        ("https://www.daily.example/news?format=rss", "linked"),
        ("https://m.daily.example/feed/", "linked"),
    ]
    assert found[0].title == "Politics & Law"


def test_robots_txt_names_sitemaps() -> None:
    """Sitemaps for news come first."""
    text = "User-agent: *\nDisallow:\nSitemap: https://daily.example/sitemap.xml\nsitemap: /sitemap-news.xml\n"
    found = [one.url for one in find_robots_candidates(text, "https://daily.example/robots.txt")]
    assert found == ["https://daily.example/sitemap-news.xml", "https://daily.example/sitemap.xml"]


def test_usual_places_are_of_the_site_and_the_section() -> None:
    """A section may have a feed of its own; nothing is guessed below a page's file."""
    urls = [one.url for one in list_common_candidates("https://daily.example/world/?page=2")]
    assert "https://daily.example/feed" in urls
    assert "https://daily.example/world/feed" in urls
    assert not any("index.html" in one.url for one in list_common_candidates("https://daily.example/index.html"))


OPML = """<?xml version="1.0"?><opml version="1.0"><body><outline text="Asia"><outline type="rss" text="Báo A"
 xmlUrl="https://a.example/rss" htmlUrl="https://a.example/"/><outline title="B" XMLURL="https://b.example/feed"/></outline>
<outline text="again" xmlUrl="https://a.example/rss#x"/><outline text="no feed"/><outline xmlUrl="ftp://c.example/"/></body></opml>"""


def test_opml_is_read_flat_and_once() -> None:
    """Folders are flattened, repetitions and addresses outside the web left out."""
    assert [(one.name, one.url) for one in parse_opml(OPML.encode())] == [
        ("Báo A", "https://a.example/rss"),
        ("B", "https://b.example/feed"),
    ]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"not xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"])
def test_what_is_no_opml_says_so(body: bytes) -> None:
    """An error, not an empty list."""
    with pytest.raises(NotAFeed):
        parse_opml(body)


def test_opml_survives_a_round_trip() -> None:
    """Names with markup and marks come back as they were; what OPML cannot hold is left out."""
    sources = [
        Source("a", 'Báo <A> & "B"', SourceKind.FEED, "https://a.example/rss?x=1&y=2", language="vi"),
        Source("b", "Map", SourceKind.SITEMAP, "https://b.example/sitemap.xml"),
    ]
    (outline,) = parse_opml(write_opml(sources).encode())
    assert (outline.name, outline.url, outline.language) == (sources[0].name, sources[0].url, "vi")
