"""Feed candidates from pages, robots.txt and usual paths; OPML import and export."""

import pytest

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Source
from monitor.parse.feed_discovery import (
    find_page_candidates,
    find_refresh_target,
    find_robots_candidates,
    is_comments_feed,
    list_common_candidates,
)
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


HOME = "https://www.daily.example/"


@pytest.mark.parametrize(
    "element",
    [
        '<link rel="alternate" type="application/xml" href="/f">',
        '<link rel="alternate" type="text/xml; charset=utf-8" href="/f">',
        '<link rel="alternate" type="application/json" href="/f">',
        '<link rel="alternate" type="application/feed+json" href="/f">',
        '<link rel="alternate" type="application/x-atom+xml" href="/f">',
        '<link rel="ALTERNATE home" type="Application/RSS+XML" href="/f">',
        '<link rel="feed" href="/f">',
        '<link rel="alternative" type="application/rss+xml" href="/f">',
        '<a rel="feed" href="/f">News</a>',
        '<a rel="alternate" type="application/rss+xml" href="/f">Blog</a>',
    ],
)
def test_every_form_of_declaring_a_feed_is_known(element: str) -> None:
    """Links and anchors may declare a feed, with a type of feeds, with a vague type, or by the relation `feed`."""
    (found,) = find_page_candidates(f"<html><head>{element}</head></html>", HOME)
    assert (found.url, found.found_by) == ("https://www.daily.example/f", "named")


@pytest.mark.parametrize(
    "element",
    [
        '<link rel="alternate" hreflang="vi" href="/f">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">',
        '<link rel="alternate" type="application/json+oembed" href="/oembed?url=x">',
        '<link rel="stylesheet" type="text/xml" href="/f">',
        '<a href="/atomic-energy.html">Atomic energy</a>',
        '<a href="/feedback.php">Feedback</a>',
        '<a href="/world/1">Charity: how to feed a town of thousands</a>',
    ],
)
def test_other_links_are_not_requested(element: str) -> None:
    """Translations, interfaces for programs and articles about feeding are not candidates."""
    assert find_page_candidates(f"<html><body>{element}</body></html>", HOME) == ()


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("QCRSS.xml", "subscribe"),
        ("newsrss.xml", ""),
        ("/rssfeeds/world.php", "World"),
        ("/xml/rss2", "x"),
        ("/out/77", "RSS"),
        ("/out/77", "RSS feeds"),
        ("/out/77", "Newsfeed"),
        ("/out/77", "<img alt='RSS' src='i.png'>"),
        ("/export.aspx?type=rss", "x"),
    ],
)
def test_links_to_feeds_are_known_by_address_or_text(href: str, text: str) -> None:
    """A word for feeds may be a part of the file name, or be the text or the image of the link."""
    (found,) = find_page_candidates(f"<html><body><a href='{href}'>{text}</a></body></html>", HOME)
    assert found.found_by == "linked"


def test_feeds_in_link_headers_are_named() -> None:
    """The header counts like an element of the page; other relations in it do not."""
    feed = '<https://d.example/f?a=1,2>; title="News; all"; type="application/rss+xml"; rel="alternate"'
    header = f"</style.css>; rel=preload, {feed}"
    found = find_page_candidates(
        "<html></html>", HOME, (("link", header), ("Link", "</hub>; rel=hub"), ("link", "</g>; rel=feed"))
    )
    assert [(one.url, one.title) for one in found] == [
        ("https://d.example/f?a=1,2", "News; all"),
        ("https://www.daily.example/g", ""),
    ]


def test_feeds_on_hosts_for_feeds_count_on_a_page_that_lists_feeds() -> None:
    """On any other page a link to another site is not a feed of this one."""
    page = "<html><a href='https://feeds.other.example/x'>World</a><a href='/export/world.xml'>World</a></html>"
    assert find_page_candidates(page, HOME) == ()
    found = find_page_candidates(page, HOME, is_feed_list=True)
    assert [one.url for one in found] == ["https://feeds.other.example/x", "https://www.daily.example/export/world.xml"]


@pytest.mark.parametrize(
    ("url", "title", "expected"),
    [
        (f"{HOME}comments/feed/", "", True),
        (f"{HOME}?feed=comments-rss2", "", True),
        (f"{HOME}2026/bridge/feed/", "Comments on: Bridge", True),
        (f"{HOME}2026/bridge/feed/", "Kommentare zu: Brücke", True),
        (f"{HOME}feed/", "The Daily", False),
        (f"{HOME}commentisfree/rss", "Comment is free", False),
    ],
)
def test_feeds_of_comments_are_recognised(url: str, title: str, expected: bool) -> None:
    """Path and title of WordPress's comments feeds tell them from the feed of articles."""
    assert is_comments_feed(url, title) is expected


def test_sitemaps_in_robots_txt_are_listed() -> None:
    """News sitemaps come first."""
    text = "User-agent: *\nDisallow:\nSitemap: https://daily.example/sitemap.xml\nsitemap: /sitemap-news.xml\n"
    found = [one.url for one in find_robots_candidates(text, "https://daily.example/robots.txt")]
    assert found == ["https://daily.example/sitemap-news.xml", "https://daily.example/sitemap.xml"]


def test_usual_paths_are_listed_for_site_and_section() -> None:
    """A section may have its own feed; no path is guessed below the file of a page."""
    urls = [one.url for one in list_common_candidates("https://daily.example/world/?page=2")]
    assert "https://daily.example/feed" in urls
    assert {f"https://daily.example/world/{name}" for name in ("feed", "rss", "rss.xml")} <= set(urls)
    assert not any("index.html" in one.url for one in list_common_candidates("https://daily.example/index.html"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0; url=/en/", "https://daily.example/en/"),
        ("3;URL='https://www.daily.example/home'", "https://www.daily.example/home"),
        ("0;url=/", ""),
        ("300", ""),
        ("600; url=/reloaded", ""),
        ("0; url=javascript:alert(1)", ""),
    ],
)
def test_a_page_that_redirects_by_an_element_has_a_target(content: str, expected: str) -> None:
    """A page that only loads itself again after some minutes is the page that was asked for."""
    html = f'<html><head><META HTTP-EQUIV="Refresh" CONTENT="{content}"></head></html>'
    assert find_refresh_target(html, "https://daily.example/") == expected


OPML = """<?xml version="1.0"?><opml version="1.0"><body><outline text="Asia"><outline type="rss" text="Báo A"
 xmlUrl="https://a.example/rss" htmlUrl="https://a.example/" category="/Politics,/Asia"/>
<outline text="Laos"><outline title="B" XMLURL="https://b.example/feed"/></outline></outline>
<outline text="again" xmlUrl="https://a.example/rss#x"/><outline text="no feed"/><outline xmlUrl="ftp://c.example/"/>
<outline text="Secret" xmlUrl="https://user:s3cret@d.example/feed"/><outline text="Rel" xmlUrl="/feed"/>
<outline xmlUrl="feed://www.e.example/feed"/><outline text="F" xmlUrl="feed:https://f.example/"/></body></opml>"""


def test_folders_of_opml_become_groups() -> None:
    """The place in the file, and categories; a feed without a name has the one of its host."""
    assert [(one.name, one.url, one.groups) for one in parse_opml(OPML.encode()).feeds] == [
        ("Báo A", "https://a.example/rss", ("Asia", "Politics")),
        ("B", "https://b.example/feed", ("Asia/Laos",)),
        ("e.example", "http://www.e.example/feed", ()),
        ("F", "https://f.example/", ()),
    ]


def test_entries_of_opml_that_are_not_taken_have_a_reason() -> None:
    """A login in an address is not repeated."""
    omitted = {one.name: one.reason for one in parse_opml(OPML.encode()).omitted}
    assert list(omitted) == ["again", "no feed", "c.example", "Secret", "Rel"]
    assert omitted["again"] == "it has the same address as Báo A"
    assert "has a login" in omitted["Secret"]
    assert "s3cret" not in str(omitted)


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
    (outline,) = parse_opml(write_opml(sources).encode()).feeds
    assert (outline.name, outline.url, outline.language) == (sources[0].name, sources[0].url, "vi")


def test_groups_come_back_on_export() -> None:
    """Folders and further categories."""
    groups = [(), ("Asia/Laos", "Politics"), ("Asia",), ("Asia/Laos",)]
    sources = [Source(f"s{n}", feed=f"https://{n}.example/", groups=names) for n, names in enumerate(groups)]
    text = write_opml(sources)
    assert text.count('text="Laos"') == 1
    assert sorted(one.groups for one in parse_opml(text.encode()).feeds) == sorted(groups)


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12))
OUTLINE = '<outline text="{name}" xmlUrl="https://{host}.example/rss?a=1&b=2"/>'


@pytest.mark.parametrize(
    ("doctype", "name"),
    [
        (f"<!DOCTYPE opml [{ENTITIES}]>", "&e11;"),
        (f"<!DOCTYPE opml [<!ENTITY a '{'x' * 50_000}'>]>", "&a;" * 2_000),
        ('<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
        ('<!DOCTYPE opml SYSTEM "http://127.0.0.1:1/opml.dtd">', "plain"),
        ('<!DOCTYPE opml [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]>', "plain"),
    ],
)
def test_entities_of_an_opml_file_are_not_expanded(doctype: str, name: str) -> None:
    """A document type cannot make the file grow, read a file or a URL, or hide the other feeds."""
    outlines = OUTLINE.format(name=name, host="one") + OUTLINE.format(name="Two", host="two")
    body = f'<?xml version="1.0" encoding="utf-8"?>{doctype}<opml><head><title>{name}</title></head><body>{outlines}'
    found = parse_opml(f"{body}</body></opml>".encode()).feeds
    assert [one.url for one in found][-1:] == ["https://two.example/rss?a=1&b=2"]
    assert all(len(one.name) <= 300 and "root" not in one.name for one in found)


def test_html_entities_and_encodings_of_an_opml_file_are_read() -> None:
    """Readers export names with HTML entities, and files in other encodings."""
    outline = OUTLINE.format(name="Caf&eacute; &#8217;&amp;", host="one")
    body = f'<?xml version="1.0" encoding="iso-8859-1"?><opml><body>{outline}<outline text="Žurnál" xmlUrl="x"/>'
    (found,) = parse_opml(f"{body}</body></opml>".replace("Ž", "Z").encode("iso-8859-1")).feeds
    assert (found.name, found.url) == ("Café ’&", "https://one.example/rss?a=1&b=2")
