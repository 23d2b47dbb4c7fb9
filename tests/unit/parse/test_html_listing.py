"""Listing pages with the layouts of real outlets: dates in every order, titles with hidden characters."""

import pytest

from monitor.domain.source import DateSelector, Feed, Listing, Source
from monitor.parse.dispatch import parse_document
from monitor.parse.html_listing import parse_listing

URL = "https://outlet.example/section/"
SHAPES = {
    "stream with a day-first date beside a month-first tooltip": (
        Listing(
            URL,
            "div.timeline > div.box-stream",
            link="a.title",
            published=DateSelector("span.time", "%d/%m/%Y %H:%M"),
        ),
        (
            "<div class='timeline'><div class='box-stream' data-id='7'>"
            "<a class='title' href='/a-7.htm'>\u00adHeadline</a>"
            "<span class='time' title='8/5/2026 8:35:00 PM'>05/08/2026 20:35</span></div></div>"
        ),
        "2026-08-05T13:35",
    ),
    "links themselves as items, date in a time element": (
        Listing(URL, ".content-list article h2 a", link="a"),
        "<div class='content-list'><article><h2><a href='/a-7.htm'>Headline</a></h2></article></div>",
        "",
    ),
    "articles with machine dates and zero-width characters": (
        Listing(URL, ".list-news article", link="h3 a"),
        (
            "<div class='list-news'><article><h3><a href='/a-7.htm'>\u200bHeadline\u200b</a></h3>"
            "<time datetime='2026-08-05T20:35:00+07:00'>5/8</time></article></div>"
        ),
        "2026-08-05T13:35",
    ),
    "east Asian dates": (
        Listing(URL, ".cate-list .story", link="h2 a", published=DateSelector("time", "%Y年%m月%d日 %H:%M:%S")),
        (
            "<div class='cate-list'><div class='story'><h2><a href='/a-7.htm'>Headline</a></h2>"
            "<time>2026年8月5日 20:35:00</time></div></div>"
        ),
        "2026-08-05T13:35",
    ),
    "month first with words around": (
        Listing(URL, "li", published=DateSelector(".date", "%H:%M | %m/%d/%Y")),
        "<ul><li><a href='/a-7.htm'>Headline</a><p class='date'>Published 20:35 | 08/05/2026 by the desk</p></li></ul>",
        "2026-08-05T13:35",
    ),
    "picture link first, heading apart": (
        Listing(URL, "li.item"),
        "<ul><li class='item'><a href='/a-7.htm'><img alt='x'></a><h3>Headline</h3><a href='/tag/y'>tag</a></li></ul>",
        "",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_listing_layouts_of_real_outlets_are_parsed(shape: str) -> None:
    """Each layout gives one article with its URL, its clean headline and its publication time."""
    listing, html, at = SHAPES[shape]
    source = Source("o", "Outlet", listing=listing, timezone="Asia/Vientiane")
    (entry,) = parse_document(f"<html><body>{html}</body></html>".encode(), "text/html", URL, source).entries
    assert (entry.url, entry.title) == ("https://outlet.example/a-7.htm", "Headline")
    assert (f"{entry.published_at:%Y-%m-%dT%H:%M}" if entry.published_at else "") == at


def listed(body: str, link: str = "a") -> list[tuple[str, str]]:
    """Return URL and title of each entry of a page."""
    source = Source("o", "Outlet", listing=Listing(URL, ".item", link=link))
    feed = parse_document(f"<html><body>{body}</body></html>".encode(), "text/html", URL, source)
    return [(entry.url, entry.title) for entry in feed.entries]


@pytest.mark.parametrize("own", ["#top", "#", "/section/", "https://outlet.example/section/?utm_source=x#share", ""])
def test_a_link_to_the_page_itself_is_no_article(own: str) -> None:
    """The item's next link is; an item without another link has none."""
    up = f"<a href='{own}'>Up</a>"
    body = f"<div class=item>{up}<a href='/a-7'>Headline</a></div><div class=item>{up}</div>"
    assert listed(body) == [("https://outlet.example/a-7", "Headline")]


def test_items_that_are_anchors_of_the_page_are_entries_of_their_own() -> None:
    """As on a page that has all its news in full; the fragment distinguishes them."""
    body = "".join(
        f"<div class=item id=n{number}><h2>Headline {number}</h2><a href='#n{number}'>Link</a><a href=#top>Up</a></div>"
        for number in range(3)
    )
    assert [url for url, _title in listed(body)] == [
        f"https://outlet.example/section/#n{number}" for number in range(3)
    ]


def test_the_page_itself_and_its_top_are_no_articles() -> None:
    """An item's link to another page is taken, and an item without one is counted and left out."""
    html = (
        "<div class='i'><a href='#top'>top</a><a href='/a-7.htm'>Headline</a></div>"
        "<div class='i'><a href='#'>up</a><a href='?'>again</a></div>"
        "<div class='i'><a href='/a-7.htm'>Headline</a></div>"
    )
    source = Source("o", "Outlet", listing=Listing(URL, ".i"))
    feed = parse_document(html.encode(), "text/html", URL, source)
    assert [(entry.url, entry.title) for entry in feed.entries] == [("https://outlet.example/a-7.htm", "Headline")]
    assert (feed.merged_count, feed.empty_count) == (1, 1)


def test_places_on_the_page_are_articles_of_their_own() -> None:
    """A live page lists its posts with links to their anchors."""
    html = "".join(f"<div class='i'><a href='#post-{n}'>Headline {n}</a></div>" for n in range(3))
    source = Source("o", "Outlet", listing=Listing(URL, ".i"))
    feed = parse_document(html.encode(), "text/html", URL, source)
    assert [entry.url for entry in feed.entries] == [f"{URL}#post-{n}" for n in range(3)]


def dated_listing(published: DateSelector | None) -> Feed:
    """Parse a list of one article with the date 29/11/2026."""
    page = "<ul><li><a href='/a/1'>One article</a> <span class=d>29/11/2026</span></li></ul>"
    listing = Listing("https://daily.example/", items="li", published=published)
    return parse_listing(page, "https://daily.example/", Source("daily", listing=listing))


@pytest.mark.parametrize(
    ("published", "note"),
    [
        (
            DateSelector(".d", "%Y-%m-%d"),
            "no date of the list could be read: '29/11/2026' does not have the format '%Y-",
        ),
        (DateSelector(".e", "%Y-%m-%d"), "no article of the list has a date at '.e'; correct published"),
        (DateSelector(".d", "%d/%m/%Y"), ""),
        (None, ""),
    ],
)
def test_dates_that_cannot_be_read_are_reported(published: DateSelector | None, note: str) -> None:
    """With an example; an undated first poll reports nothing, so the user must know."""
    found = dated_listing(published).note
    assert found.startswith(note) if note else found == ""
