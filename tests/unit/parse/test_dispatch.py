"""Detection and parsing of every document format, and of documents that are not feeds."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import DateSelector, Feed, Listing, Source
from monitor.domain.values import replace
from monitor.parse.dispatch import decode_ordinary_feed, parse_document
from monitor.stories.identity import is_empty_entry

URL = "https://daily.example/news/feed"
WALL = DocumentFault.ACCESS_WALL
SOURCE = Source("daily", "Daily", feed=URL)
DATE = "Thu, 05 Mar 2026 09:00:00 +0700"
ITEM = f"<item><title>Tiêu đề</title><link>https://daily.example/1</link><pubDate>{DATE}</pubDate></item>"
RSS = f"<rss version='2.0'><channel><title>Báo</title>{ITEM}</channel></rss>"
SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://daily.example/old</loc><lastmod>2026-03-01</lastmod></url>
<url><loc>https://daily.example/new</loc><image:image><image:title>A photo</image:title></image:image>
<news:news><news:publication><news:name>Daily</news:name><news:language>lo</news:language></news:publication>
<news:publication_date>2026-03-05T09:00:00+07:00</news:publication_date>
<news:title>Fresh &amp; new</news:title></news:news></url></urlset>"""


def parse(body: bytes | str, source: Source = SOURCE, content_type: str = "") -> Feed:
    return parse_document(body.encode() if isinstance(body, str) else body, content_type, source.url, source)


@pytest.mark.parametrize(
    "body",
    [
        f'<?xml version="1.0" encoding="utf-16"?>{RSS}'.encode(),
        f'<?xml version="1.0" encoding="utf-16"?>{RSS}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="utf-16"?>{RSS}'.encode("utf-16-le"),
        f'<?xml version="1.0" encoding="iso-8859-1"?>{RSS}'.encode(),
        f'<?xml version="1.0" encoding="windows-1258"?>{RSS}'.encode("utf-8-sig"),
        f"\n\n  \ufeff{RSS}".encode(),
        RSS.encode(),
        gzip.compress(RSS.encode()),
        f"<!DOCTYPE rss PUBLIC '-//x' 'http://x.example/rss.dtd'>{RSS}".encode(),
        RSS.replace("</rss>", "").encode(),
        RSS.replace("Báo", "Báo &nbsp; & co").encode(),
    ],
)
def test_wrong_and_unusual_encodings_are_accepted(body: bytes) -> None:
    """A wrong declared encoding, UTF-16 with and without BOM, undeclared gzip and truncated ends are parsed."""
    feed = parse_document(body, "text/xml; charset=utf-8", URL, SOURCE)
    assert [entry.title for entry in feed.entries] == ["Tiêu đề"]
    assert feed.entries[0].published_at is not None


def test_a_feed_without_entries_is_valid() -> None:
    """No entries is a valid result, not an error."""
    assert (
        parse_document(b"<rss version='2.0'><channel><title>Quiet</title></channel></rss>", "", URL, SOURCE).entries
        == ()
    )
    assert (
        parse_document(b"<feed xmlns='http://www.w3.org/2005/Atom'><title>Q</title></feed>", "", URL, SOURCE).entries
        == ()
    )


@pytest.mark.parametrize(
    ("body", "fault", "words"),
    [
        ("<!doctype html><html><head><title>W</title></head>News</html>", DocumentFault.HTML_PAGE, "an HTML page"),
        ("<html><title>Just a moment...</title><script>cf_chl_opt={}</script></html>", WALL, "page of Cloudflare"),
        ("<html><title>Making sure you&#39;re not a bot!</title></html>", WALL, "challenge page of Anubis"),
        ("<script>document.cookie='D1N=1';window.location.reload(true)</script>", WALL, "cookie gate run by a script"),
        (
            "<html><form action='https://consent.google.com/save'>Before you continue</form></html>",
            WALL,
            "consent page",
        ),
        ("<html><noscript>Please enable JavaScript</noscript></html>", WALL, "page that asks for a browser"),
        ("", DocumentFault.EMPTY, "empty document"),
        ("   \n ", DocumentFault.EMPTY, "empty document"),
        ("{'not': json", DocumentFault.DAMAGED, "not valid JSON"),
        ('{"version": "x"}', DocumentFault.OTHER_FORMAT, "not a JSON Feed"),
        ("Too many requests. Please limit requests to one", DocumentFault.OTHER_FORMAT, "begins with 'Too many"),
        ("<opml version='2.0'><body/></opml>", DocumentFault.OTHER_FORMAT, "is XML"),
        ("<?xml version='1.0'?><error>no such section</error>", DocumentFault.OTHER_FORMAT, "is XML"),
    ],
)
def test_the_error_for_a_non_feed_names_what_it_is(body: str, fault: DocumentFault, words: str) -> None:
    """A bot wall, a page, an empty document and text are distinguished, so that the source gets the right state."""
    with pytest.raises(NotAFeed, match=words) as caught:
        parse(body)
    assert caught.value.fault is fault


def test_the_error_for_a_page_contains_its_feed_url() -> None:
    """The URL of the feed that the page links to is part of the error."""
    with pytest.raises(NotAFeed, match=r"/rss/home\.rss"):
        parse('<html><head><link rel="alternate" type="application/rss+xml" href="/rss/home.rss"></head></html>')


def test_json_feed_1_1_is_parsed() -> None:
    """Numeric ids, relative links and authors are accepted."""
    item = {
        "id": 7,
        "url": "/a",
        "title": "Head",
        "content_html": "<p>x</p>",
        "date_published": "2026-03-05T09:00:00+07:00",
        "authors": [{"name": "Desk"}],
    }
    feed = parse_document(json.dumps({"title": "D", "items": [item, "odd"]}).encode(), "application/json", URL, SOURCE)
    (entry,) = feed.entries
    assert (entry.guid, entry.url, entry.authors) == ("7", "https://daily.example/a", ("Desk",))


def test_news_sitemap_entries_are_sorted_newest_first() -> None:
    """The news extension gives title, date and language; titles of photos are ignored."""
    feed = parse_document(SITEMAP.encode(), "application/xml", URL, replace(SOURCE, feed="", sitemap=URL))
    assert [entry.url for entry in feed.entries] == ["https://daily.example/new", "https://daily.example/old"]
    assert (feed.entries[0].title, feed.entries[0].language) == ("Fresh & new", "lo")
    assert feed.entries[1].published_at is None


def test_sitemap_index_is_sorted_newest_first() -> None:
    """The sitemaps of an index are listed by their last change."""
    parts = "".join(
        f"<sitemap><loc>https://daily.example/s{n}.xml</loc><lastmod>2026-03-0{n}</lastmod></sitemap>"
        for n in (1, 3, 2)
    )
    feed = parse_document(f"<sitemapindex>{parts}</sitemapindex>".encode(), "", URL, SOURCE)
    assert [url[-6:] for url in feed.nested_urls] == ["s3.xml", "s2.xml", "s1.xml"]


LISTING = Listing(URL, "ul.news li", link="a[href*='detail']", published=DateSelector("span.date", "%d/%m/%Y"))
PAGE = """<html lang="lo"><head><base href="https://daily.example/En/"></head><body><ul class="news">
<li><a href="detail.aspx?id=1"><img></a>
<a href="detail.aspx?id=1">Ministers meet in Vientiane</a><span class="date">05/03/2026</span></li>
<li><a href="/about">About</a></li>
<li><a href="detail.aspx?id=2" title="From the tooltip"></a><span class="date">Posted: 04/03/2026 |</span></li>
<li><a href="detail.aspx?id=1">Ministers meet in Vientiane</a></li></ul>
<a rel="next" href="?page=2">2</a></body></html>"""


def test_listing_pages_are_parsed_by_selectors() -> None:
    """The title is the longest link text; the date is read with the configured format."""
    source = replace(
        SOURCE,
        feed="",
        listing=replace(LISTING, next="a[rel=next]", max_pages=2),
        timezone="Asia/Vientiane",
    )
    feed = parse_document(PAGE.encode(), "text/html", URL, source)
    assert [(entry.title, entry.url[-4:]) for entry in feed.entries] == [
        ("Ministers meet in Vientiane", "id=1"),
        ("From the tooltip", "id=2"),
    ]
    assert [f"{entry.published_at:%Y-%m-%dT%H}" for entry in feed.entries] == ["2026-03-04T17", "2026-03-03T17"]
    assert feed.nested_urls == ("https://daily.example/En/?page=2",)


@pytest.mark.parametrize(
    ("listing", "page", "fault"),
    [
        (replace(LISTING, items="div.gone"), PAGE, DocumentFault.LAYOUT_CHANGED),
        (replace(LISTING, link="a.gone"), PAGE, DocumentFault.LAYOUT_CHANGED),
        (replace(LISTING, items="li[["), PAGE, DocumentFault.WRONG_SELECTOR),
        (LISTING, "<html><title>Just a moment...</title></html>", WALL),
    ],
)
def test_the_error_for_an_empty_listing_names_the_cause(listing: Listing, page: str, fault: DocumentFault) -> None:
    """A changed layout, a bot wall and an empty list are distinguished."""
    with pytest.raises(NotAFeed) as caught:
        parse(page, replace(SOURCE, feed="", listing=listing))
    assert caught.value.fault is fault


def test_only_uncompressed_feeds_are_parsed_in_process() -> None:
    """Compressed feeds, sitemaps and pages are left to a worker process."""
    assert decode_ordinary_feed(RSS.encode(), "", SOURCE) == RSS
    assert decode_ordinary_feed(gzip.compress(RSS.encode()), "", SOURCE) is None
    assert decode_ordinary_feed(RSS.encode(), "", replace(SOURCE, feed="", sitemap=URL)) is None


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 0000 00:00:00 GMT", "9999-12-31T23:59:59+00:00", "0001-01-01", "soon", "-1"]
)
def test_impossible_dates_are_none(date: str) -> None:
    """Year 0, year 9999 and words are not dates; the entry is kept."""
    feed = parse_document(RSS.replace(DATE, date).encode(), "", URL, SOURCE)
    assert [entry.published_at for entry in feed.entries] == [None]


@pytest.mark.parametrize("end", range(1, 200, 7))
def test_an_incomplete_entry_is_dropped(end: int) -> None:
    """A feed that ends within an entry keeps the entries before it and is marked as cut off."""
    entry = (
        "<item><guid>g{n}</guid><title>Number {n}</title><description>" + "some words " * 20 + "</description></item>"
    )
    text = "<rss><channel><title>The Daily</title>" + "".join(entry.format(n=n) for n in (1, 2, 3))
    feed = parse_document(text[: len(text) - end].encode(), "", URL, SOURCE)
    assert [found.title for found in feed.entries] == ["Number 1", "Number 2"]
    assert feed.is_cut_off


def test_a_feed_without_its_end_tags_is_complete_after_its_last_entry() -> None:
    """A document that ends after a complete entry is not marked as cut off."""
    text = "<rss><channel><title>T</title><item><title>A</title><link>https://x.example/a</link></channel></rss>"
    feed = parse_document(text.encode(), "", URL, SOURCE)
    assert ([entry.title for entry in feed.entries], feed.is_cut_off) == (["A"], False)


_ANYTHING = st.text(max_size=60) | st.sampled_from(
    ["\x00", "\ud800", "\u202e", "\ufffe", "<b>", "&#0;", "]]>", "\x1b[0m"]
)


@given(_ANYTHING, _ANYTHING, st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_any_text_is_cleaned(title: str, summary: str, encoding: str) -> None:
    """NUL, lone surrogates, direction overrides and broken markup are never stored."""
    text = f"<rss><channel><item><title>{title}</title><link>https://daily.example/1</link><description>{summary}</description></item></channel></rss>"
    feed = parse_document(
        text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass"), "", URL, SOURCE
    )
    for entry in feed.entries:
        for value in (entry.title, entry.summary, entry.content, entry.guid):
            assert not set(value) & set("\x00\x1b\u202e\ufffe")
            value.encode("utf-8")


@pytest.mark.parametrize("dirt", ["\x00", "\x1b", "\u202e", "\ufffe", "\ud800", "\x00\u2066\x07"])
def test_invalid_characters_in_an_entry_are_removed(dirt: str) -> None:
    """Neither the entry nor the words around the invalid characters are lost."""
    text = f"<rss><channel><item><title>Cầ{dirt}u</title><link>https://daily.example/1</link></item></channel></rss>"
    feed = parse_document(text.encode("utf-8", "surrogatepass"), "", URL, SOURCE)
    (entry,) = feed.entries
    assert "".join(filter(str.isalpha, entry.title)) == "Cầu"
    assert not set(entry.title) & set(dirt)


@given(st.binary(max_size=400), st.sampled_from(["text/xml", "text/html; charset=tis-620", "application/json", ""]))
def test_any_bytes_give_a_feed_or_not_a_feed_error(body: bytes, content_type: str) -> None:
    """No input raises any other error."""
    for source in (
        SOURCE,
        replace(SOURCE, feed="", sitemap=URL),
        replace(SOURCE, feed="", listing=LISTING),
    ):
        try:
            parse_document(body, content_type, URL, source)
        except NotAFeed as error:
            assert error.reason  # noqa: PT017 - both ends are right, and an error must speak


RSS_ITEM = (
    "<item><title>Story {n}</title><link>https://daily.example/{n}</link>"
    "<pubDate>Thu, 05 Mar 2026 {hour:02}:{minute:02}:{second:02} GMT</pubDate></item>"
)
RSS_DATED = "<item><title>Story {n}</title><link>https://daily.example/{n}</link><pubDate>{date}</pubDate></item>"
JSON_ITEM = (
    '{{"id":"{n}","url":"/{n}","title":"Story {n}","date_published":"2026-03-05T{hour:02}:{minute:02}:{second:02}Z"}}'
)


@pytest.mark.parametrize(
    ("head", "item", "separator", "tail"),
    [
        ("<rss version='2.0'><channel><title>D</title>", RSS_ITEM, "", "</channel></rss>"),
        ("<!DOCTYPE rss><rss version='2.0'><channel><title>D</title>", RSS_ITEM, "", "</channel></rss>"),
        ('{"version":"https://jsonfeed.org/version/1","title":"D","items":[', JSON_ITEM, ",", "]}"),
    ],
)
@pytest.mark.parametrize("is_newest_last", [True, False])
def test_of_a_long_feed_the_newest_entries_are_kept(
    head: str, item: str, separator: str, tail: str, is_newest_last: bool
) -> None:
    """Whichever parser reads it and wherever its newest entry stands, a feed longer than the cap loses its oldest."""
    items = [item.format(n=n, hour=n // 3600, minute=n // 60 % 60, second=n % 60) for n in range(2_100)]
    body = head + separator.join(items if is_newest_last else items[::-1]) + tail
    feed = parse_document(body.encode(), "", URL, SOURCE)
    titles = [entry.title for entry in feed.entries]
    assert (len(titles), feed.is_truncated) == (2_000, True)
    assert titles[-1 if is_newest_last else 0] == "Story 2099"
    assert titles[0 if is_newest_last else -1] == "Story 100"


def test_the_newest_entries_of_a_long_feed_are_found_by_the_dates_of_its_entries() -> None:
    """One date that can only be day first decides how the others are read, also for the choice of the newest."""
    days = [f"{day:02}/{month:02}/2026 10:00" for month in range(1, 13) for day in range(1, 29)]
    items = [RSS_DATED.format(n=n, date=days[n // 7]) for n in range(2_100)]
    body = f"<rss version='2.0'><channel><title>D</title>{''.join(items)}</channel></rss>"
    feed = parse_document(body.encode(), "", URL, SOURCE)
    assert [entry.title for entry in feed.entries] == [f"Story {n}" for n in range(100, 2_100)]


def test_of_a_long_listing_page_the_newest_articles_are_kept() -> None:
    """The numbers of the articles show that the page begins with the oldest one."""
    links = "".join(f"<p><a href='/{n}'>Story {n}</a></p>" for n in range(1, 2_101))
    source = Source("daily", listing=Listing(URL, "p", link="a"))
    feed = parse_document(f"<html><body>{links}</body></html>".encode(), "", URL, source)
    assert ([entry.title for entry in feed.entries][:1], feed.left_out_count) == (["Story 101"], 100)


@pytest.mark.parametrize("character", ["\n", "\t", "\r\n", "\x0b", "\x01"])
def test_json_feeds_with_control_characters_in_strings_are_read(character: str) -> None:
    """JSON forbids them, yet generators that join strings by hand write them."""
    body = f'{{"title":"D","items":[{{"id":"1","url":"/1","title":"Harbour{character} bridge"}}]}}'
    (entry,) = parse_document(body.encode(), "application/json", URL, SOURCE).entries
    assert entry.title == "Harbour bridge"


LINK_FORMS = [
    ("harbour.example/a/22", "https://harbour.example/a/22"),
    ("www.harbour.co.uk/a/23", "https://www.harbour.co.uk/a/23"),
    ("news.harbour.vn/a?id=1", "https://news.harbour.vn/a?id=1"),
    ("harbour.com", "https://harbour.com"),
    ("N/A", ""),
    ("none", ""),
    ("index.php?id=3", "https://daily.example/feeds/index.php?id=3"),
    ("story.do?id=3", "https://daily.example/feeds/story.do?id=3"),
    ("2026/11/story.html", "https://daily.example/feeds/2026/11/story.html"),
    ("v1.2/notes", "https://daily.example/feeds/v1.2/notes"),
    ("//harbour.example/a", "https://harbour.example/a"),
    ("/n/22", "https://daily.example/n/22"),
    ("https://daily.example/feeds/harbour.example/a", "https://daily.example/feeds/harbour.example/a"),
]


@pytest.mark.parametrize(("link", "expected"), LINK_FORMS)
@pytest.mark.parametrize(
    "document",
    [
        "<rss version='2.0'><channel><title>D</title><item><title>A</title><link>{}</link></item></channel></rss>",
        "<!DOCTYPE rss><rss><channel><title>D</title><item><title>A</title><link>\n {} </link></item></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>A</title><link href='{}'/></entry></feed>",
        '{{"title":"D","items":[{{"id":"1","title":"A","url":"{}"}}]}}',
    ],
)
def test_links_without_a_scheme_lead_to_their_host(document: str, link: str, expected: str) -> None:
    """A link that begins with a host name is not a path below the feed, "N/A" is not a link, and paths stay paths."""
    at = "https://daily.example/feeds/all.xml"
    (entry,) = parse_document(document.format(link).encode(), "", at, replace(SOURCE, feed=at)).entries
    assert entry.url == expected


def test_an_address_in_the_guid_replaces_a_link_that_is_none() -> None:
    """The guid of an item without a usable link may be its address."""
    item = "<item><title>A</title><link>N/A</link><guid>https://daily.example/n/1</guid></item>"
    (entry,) = parse_document(f"<rss version='2.0'><channel>{item}</channel></rss>".encode(), "", URL, SOURCE).entries
    assert entry.url == "https://daily.example/n/1"


BAD_REFERENCES = [
    "&#55357;&#56832;",
    "&#xD83D;&#xDE00;",
    "&#xD83D;",
    "&#56832;",
    "&#0;",
    "&#x1F;",
    "&#xFFFF;",
    "&#1234567890;",
]


@pytest.mark.parametrize("reference", BAD_REFERENCES)
@pytest.mark.parametrize("extra", ["", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>A & B</media:title>"])
def test_a_bad_reference_fails_no_feed(reference: str, extra: str) -> None:
    """In titles, descriptions and links, plain and in CDATA, for the fast parser and for feedparser."""
    items = "".join(
        f"<item><title>Story {number} {reference}</title><link>https://daily.example/{number}?a={reference}</link>"
        f"<description><![CDATA[<p>{reference} text</p>]]></description><pubDate>{DATE}</pubDate>{extra}</item>"
        for number in range(3)
    )
    entries = parse(f"<rss version='2.0'><channel><title>{reference}</title>{items}</channel></rss>").entries
    smile = "\U0001f600" if "DE00" in reference or "#55357" in reference else "\ufffd"
    assert [entry.title for entry in entries] == [f"Story {number} {smile}" for number in range(3)]
    assert all(entry.published_at and smile in entry.summary + entry.content for entry in entries)
    repr(entries).encode()


@pytest.mark.parametrize("reference", BAD_REFERENCES)
def test_a_bad_reference_fails_no_other_document(reference: str) -> None:
    sitemap = f"<urlset><url><loc>https://daily.example/a</loc><title>T {reference}</title></url></urlset>"
    listing = f"<ul><li><a href='/a'>T {reference}</a></li></ul>"
    feed = json.dumps({"items": [{"url": "https://daily.example/a", "title": f"T {reference}"}]})
    source = replace(SOURCE, feed="", listing=Listing(URL, "li", link="a"))
    for body, of in ((sitemap, SOURCE), (listing, source), (feed, SOURCE)):
        (entry,) = parse(body, of).entries
        assert entry.title in {"T \U0001f600", "T \ufffd"}
        assert entry.url == "https://daily.example/a"


def test_half_of_an_escaped_pair_fails_no_json_feed() -> None:
    body = (
        '{"language": "en\\ud83d", "items": [{"url": "https://daily.example/a", "title": "A\\ud83d\\ude00 \\ud83d"}]}'
    )
    feed = parse(body)
    assert feed.entries[0].title == "A\U0001f600 \ufffd"
    repr(feed).encode()


def test_control_characters_in_strings_fail_no_json_feed() -> None:
    body = '{"items": [{"url": "https://daily.example/a", "title": "Flood\twarning\nfor the coast"}]}'
    assert parse(body).entries[0].title == "Flood warning for the coast"


@pytest.mark.parametrize("extra", ["", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>B</media:title>"])
@pytest.mark.parametrize("nested", ["<item/>", "<item />", "<item></item>", "<item> \n </item>"])
def test_an_empty_nested_item_is_no_article(nested: str, extra: str) -> None:
    """And the outer item keeps what follows it."""
    items = "".join(
        f"<item><title>Story {number}</title>{nested}<link>https://daily.example/{number}</link>{extra}</item>"
        for number in range(3)
    )
    entries = parse(f"<rss version='2.0'><channel><title>T</title>{items}<item/></channel></rss>").entries
    assert [(one.title, one.url) for one in entries] == [
        (f"Story {number}", f"https://daily.example/{number}") for number in range(3)
    ]


def test_items_without_guid_link_title_and_text_are_empty_entries() -> None:
    body = {"items": [{}, {"date_published": "2026-03-05"}, {"content_text": "News."}]}
    assert [is_empty_entry(entry) for entry in parse(json.dumps(body)).entries] == [True, True, False]
    items = f"<item><pubDate>{DATE}</pubDate></item>{ITEM}"
    entries = parse(f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>").entries
    assert [is_empty_entry(entry) for entry in entries] == [True, False]


@pytest.mark.parametrize("extra", ["", "<media:title xmlns:media='http://search.yahoo.com/mrss/'>A & B</media:title>"])
def test_an_unescaped_ampersand_keeps_the_parameters_of_a_link(extra: str) -> None:
    """`&lang=`, `&copy=` and `&reg=` begin like names of HTML."""
    link = "https://daily.example/s.php?id=5&lang=en&copy=1&reg=2&x=3"
    item = f"<item><title>Oil & gas</title><link>{link}</link>{extra}</item>"
    (entry,) = parse(f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>").entries
    assert (entry.url, entry.title) == (link, "Oil & gas")
    (page,) = parse(f"<urlset><url><loc>{link}</loc></url></urlset>").entries
    assert page.url == link
