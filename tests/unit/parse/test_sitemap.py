"""Sitemaps with faults, and sitemaps that are longer than what is read of them."""

import gzip

import pytest

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Feed, Source
from monitor.parse.dispatch import parse_document

URL = "https://daily.example/maps/sitemap.xml"
SOURCE = Source("daily", sitemap=URL)
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def parse(text: str) -> Feed:
    return parse_document(text.encode(), "application/xml", URL, SOURCE)


def urlset(*locations: str) -> str:
    return f"<urlset>{''.join(f'<url><loc>{location}</loc></url>' for location in locations)}</urlset>"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/a?id=1&cat=2", "/a?id=1&cat=2"),
        ("/a?id=1&amp;cat=2", "/a?id=1&cat=2"),
        ("/a?id=1&amp;amp;cat=2", "/a?id=1&cat=2"),
        ("/a?x=1&copy=2&reg=3", "/a?x=1&copy=2&reg=3"),
        ("/terms&policies", "/terms&policies"),
        ("/r&d;more", "/r&d;more"),
        ("/caf&eacute;-&ccedil;a", "/café-ça"),
        ("/caf&#233;-&#xe7;a", "/café-ça"),
        ("<![CDATA[/a?id=1&cat=2]]>", "/a?id=1&cat=2"),
        ("<![CDATA[/a?id=1&amp;cat=2]]>", "/a?id=1&cat=2"),
        ("/a?q=x&", "/a?q=x&"),
        ("/&", "/&"),
    ],
)
def test_ampersands_and_html_entities_in_addresses_are_kept(location: str, path: str) -> None:
    """A bare ampersand is part of the address, an HTML entity is its character, and what follows is not lost."""
    assert [entry.url for entry in parse(urlset(location, "/last")).entries] == [
        "https://daily.example/last",
        f"https://daily.example{path}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"<sm:urlset xmlns:sm='{NAMESPACE}'><sm:url><sm:loc>/1</sm:loc></sm:url></sm:urlset>",
        f"<ns0:urlset\n xmlns:ns0='{NAMESPACE}'><ns0:url><ns0:loc>/1</ns0:loc></ns0:url></ns0:urlset>",
        "<x:urlset><x:url><x:loc>/1</x:loc></x:url></x:urlset>",
        f"\ufeff<?xml version='1.0'?>\n<!-- {'cache ' * 9_000} --><!-- > -->\n{urlset('/1')}",
        f"<?xml version='1.0'?><?xml-stylesheet href='{'x' * 30_000}'?><!DOCTYPE urlset>{urlset('/1')}",
    ],
)
def test_prefixed_roots_and_long_comments_are_read(text: str) -> None:
    """A sitemap is known by its root element, whatever prefix it has and however long the comments before it are."""
    assert [entry.url for entry in parse(text).entries] == ["https://daily.example/1"]


def test_a_feed_after_a_long_comment_is_read() -> None:
    """Comments before the root of a feed do not hide it."""
    item = "<item><title>Head</title><link>https://daily.example/1</link></item>"
    feed = parse(f"<!--{' ' * 60_000}--><rss version='2.0'><channel><title>D</title>{item}</channel></rss>")
    assert [entry.title for entry in feed.entries] == ["Head"]


def test_many_comments_are_skipped_in_linear_time() -> None:
    """Thousands of comments, closed or not, cost no more than their length."""
    assert parse("<!-- x -->" * 20_000 + urlset("/1")).entries
    with pytest.raises(NotAFeed):
        parse("<!-- x " * 20_000)


def test_of_more_addresses_than_the_limit_the_newest_are_kept() -> None:
    """Dates decide, then dates and numbers in the addresses, then the last place in the document."""
    dated = "".join(
        f"<url><loc>/{n}</loc><lastmod>2026-{n % 12 + 1:02}-{n % 28 + 1:02}</lastmod></url>" for n in range(25_200)
    )
    newest = parse(f"<urlset>{dated}</urlset>")
    assert newest.is_truncated
    assert {entry.updated_at.month for entry in newest.entries if entry.updated_at} == {12}
    numbered = parse(urlset(*(f"/story-{n}.html" for n in reversed(range(12_000))))).entries
    assert (numbered[0].url, len(numbered)) == ("https://daily.example/story-11999.html", 2_000)
    words = parse(urlset(*("/" + "ab"[n % 2] * (n % 40 + 1) + f"/top-10?x={n % 7}" for n in range(5_000)), "/newest"))
    assert words.entries[0].url == "https://daily.example/newest"


@pytest.mark.parametrize("end", ["", "<url><loc>/3", "<url><loc>/3</loc>", "<url><lo", "</ur", "<!-- ", "<url/>"])
def test_a_cut_sitemap_keeps_its_complete_entries(end: str) -> None:
    """The address of an entry that is not complete may lack its end; the sitemap is read again at the next poll."""
    for body in (urlset("/1", "/2").removesuffix("</urlset>") + end, "<urlset><url><loc>/1</loc></url>"):
        feed = parse(body)
        assert {entry.url for entry in feed.entries} <= {"https://daily.example/1", "https://daily.example/2"}
        assert feed.entries


def test_a_compressed_sitemap_with_several_members_is_read_and_a_cut_one_is_reported() -> None:
    """Tools that append to a file write one gzip member for each part; what was read before a cut is kept."""
    text = urlset(*(f"/{number * 7919}" for number in range(500))).encode()
    whole = parse_document(gzip.compress(text[:3_000]) + gzip.compress(text[3_000:]), "", URL, SOURCE)
    assert (len(whole.entries), whole.is_cut_off) == (500, False)
    body = gzip.compress(text)
    cut = parse_document(body[: len(body) // 2], "", URL, SOURCE)
    assert 0 < len(cut.entries) < 500
    assert {entry.url for entry in cut.entries} < {entry.url for entry in whole.entries}
    assert cut.is_cut_off
    with pytest.raises(NotAFeed, match="damaged gzip"):
        parse_document(body[:12], "", URL, SOURCE)


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n"])
def test_a_sitemap_in_plain_text_is_read(separator: str) -> None:
    """One address in each line, as the sitemap protocol permits; other lines at its end are left out."""
    text = "\ufeff" + separator.join(["https://daily.example/2026/11/a", "https://daily.example/2026/11/b?x=1&y=2", ""])
    assert {entry.url for entry in parse(text).entries} == {
        "https://daily.example/2026/11/a",
        "https://daily.example/2026/11/b?x=1&y=2",
    }
    long = "\n".join(f"https://daily.example/story/{number}" for number in range(3_000))
    assert parse(long + "\n<!-- end -->").entries[0].url == "https://daily.example/story/2999"


@pytest.mark.parametrize("text", ["https://daily.example/ is down for repairs", "ok", "https://a.example/\nSorry"])
def test_other_plain_text_is_not_a_sitemap(text: str) -> None:
    with pytest.raises(NotAFeed, match="not a feed"):
        parse(text)
