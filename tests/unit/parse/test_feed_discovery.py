"""Feed candidates from pages, robots.txt and usual paths; OPML import and export."""

import pytest

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Source
from monitor.parse.feed_discovery import find_page_candidates, find_robots_candidates, list_common_candidates
from monitor.parse.opml import parse_opml, write_opml

PAGE = """<html><head><base href="https://www.daily.example/en/">
<link rel="alternate" type="application/rss+xml" title="Politics &amp; Law" href="rss/politics.rss">
<link rel="alternate" type="application/atom+xml" href="https://feeds.example/daily">
<link rel="alternate" hreflang="vi" href="/vi"><link rel="stylesheet" type="text/css" href="/rss.css"></head>
<body><a href="/rss/world.rss">World</a><a href="/news?format=rss">RSS</a><a href="/feedback">Tell us</a>
<a href="https://elsewhere.test/rss">Other</a><a href="https://m.daily.example/feed/">Mobile</a></body></html>"""


def test_declared_feeds_come_before_linked_ones() -> None:
    """Declared feeds count on any host, links only on the outlet's own site; each URL is listed once."""
    found = find_page_candidates(PAGE, "https://www.daily.example/")
    assert [(one.url, one.found_by) for one in found] == [
        ("https://www.daily.example/en/rss/politics.rss", "named"),
        ("https://feeds.example/daily", "named"),
        ("https://www.daily.example/rss/world.rss", "linked"),
        ("https://www.daily.example/news?format=rss", "linked"),
        ("https://m.daily.example/feed/", "linked"),
    ]
    assert found[0].title == "Politics & Law"


def test_sitemaps_in_robots_txt_are_listed() -> None:
    """News sitemaps come first."""
    text = "User-agent: *\nDisallow:\nSitemap: https://daily.example/sitemap.xml\nsitemap: /sitemap-news.xml\n"
    found = [one.url for one in find_robots_candidates(text, "https://daily.example/robots.txt")]
    assert found == ["https://daily.example/sitemap-news.xml", "https://daily.example/sitemap.xml"]


def test_usual_paths_are_listed_for_site_and_section() -> None:
    """A section may have its own feed; no path is guessed below the file of a page."""
    urls = [one.url for one in list_common_candidates("https://daily.example/world/?page=2")]
    assert "https://daily.example/feed" in urls
    assert "https://daily.example/world/feed" in urls
    assert not any("index.html" in one.url for one in list_common_candidates("https://daily.example/index.html"))


OPML = """<?xml version="1.0"?><opml version="1.0"><body><outline text="Asia"><outline type="rss" text="Báo A"
 xmlUrl="https://a.example/rss" htmlUrl="https://a.example/"/><outline title="B" XMLURL="https://b.example/feed"/></outline>
<outline text="again" xmlUrl="https://a.example/rss#x"/><outline text="no feed"/><outline xmlUrl="ftp://c.example/"/></body></opml>"""


def test_opml_folders_are_flattened_and_duplicates_removed() -> None:
    """Each feed is listed once; URLs other than http(s) are ignored."""
    assert [(one.name, one.url) for one in parse_opml(OPML.encode())] == [
        ("Báo A", "https://a.example/rss"),
        ("B", "https://b.example/feed"),
    ]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"not xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"])
def test_a_file_that_is_not_opml_is_an_error(body: bytes) -> None:
    """The result is an error, not an empty list."""
    with pytest.raises(NotAFeed):
        parse_opml(body)


def test_exported_opml_can_be_imported() -> None:
    """Names with markup and diacritics are unchanged; sources that OPML cannot express are omitted."""
    sources = [
        Source("a", 'Báo <A> & "B"', feed="https://a.example/rss?x=1&y=2", language="vi"),
        Source("b", "Map", sitemap="https://b.example/sitemap.xml"),
    ]
    (outline,) = parse_opml(write_opml(sources).encode())
    assert (outline.name, outline.url, outline.language) == (sources[0].name, sources[0].url, "vi")
