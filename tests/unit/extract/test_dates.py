"""Publication times: precedence of the feed's and the page's dates and titles."""

import json
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


def test_with_a_configured_zone_the_page_time_is_used() -> None:
    """If the source's zone is configured, the page's own time is used; the feed may have changed it."""
    assert published("06 March 2026, 1:30PM", timezone="Asia/Ho_Chi_Minh") == LISTED + timedelta(minutes=30)


def test_a_page_time_with_a_zone_is_used() -> None:
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


STORY = "".join(
    f"<p>The ministry told the press on day {number} that the bridge will be open before the rains.</p>"
    for number in "abcdef"
)
OLD = '<a href="/old">The bridge of the north is closed for repairs</a>'


def page_date(body: str, head: str = "", url: str = "https://news.example/bridge", language: str = "en") -> str:
    """Return the day that a page is dated to, or an empty string."""
    page = f'<html lang="{language}"><head><title>Bridge opens soon</title>{head}</head><body>{body}</body></html>'
    found = extract_page(page.encode(), url, "text/html; charset=utf-8")
    return f"{found.published_at:%Y-%m-%d}" if found.published_at else ""


@pytest.mark.parametrize(
    "box",
    [
        f"<article class=teaser>{OLD}<time datetime=2024-01-02>2 January</time></article>",
        f"<div class=related-news><h4>More</h4>{OLD}<time>2 January 2024</time></div>",
        f"<ul><li>{OLD}<time datetime=2024-01-02T10:00:00Z></time></li></ul>",
        f"<aside>{OLD}<span class=date>2 January 2024</span></aside>",
        f"<ul><li>{OLD} <span class=post-date>02.01.2024</span></li><li>{OLD} <i class=date>03.01.2024</i></li></ul>",
        "<section id=comments><div>A reader <time datetime=2024-01-02>2 January</time> Good!</div></section>",
        f"<article itemscope>{OLD}<meta itemprop=datePublished content=2024-01-02></article>",
    ],
)
@pytest.mark.parametrize("is_before", [True, False])
def test_a_date_of_another_article_is_not_the_article_date(box: str, *, is_before: bool) -> None:
    """The other dates are in boxes, lists, other articles and comments, before and after the text."""
    article = f"<article><h1>Bridge opens soon</h1>{STORY}</article>"
    assert page_date(f"<main>{box}{article}</main>" if is_before else f"<main>{article}{box}</main>") == ""
    dated = article.replace("</h1>", "</h1><div class=meta>By A. Writer, 14 February 2026</div>")
    assert page_date(f"<main>{box}{dated}</main>" if is_before else f"<main>{dated}{box}</main>") == "2026-02-14"


@pytest.mark.parametrize(
    "line",
    [
        "<time datetime=2026-02-14T08:00:00Z>today</time>",
        "<ul class=article-meta><li>By A. Writer</li><li><time>14 February 2026</time></li></ul>",
        "<div class=share-bar><time datetime=2026-02-14>14 February</time> <a href=#>Share</a></div>",
        "<aside class=author>A. Writer <span class=date>14 Feb 2026, 8:00</span></aside>",
        "<p class=byline>A. Writer | Feb. 14, 2026 8:00 am ET</p>",
    ],
)
def test_a_date_next_to_the_headline_is_the_article_date(line: str) -> None:
    """It may be in a list of details, next to buttons or next to the author."""
    assert page_date(f"<article><h1>Bridge opens soon</h1>{line}{STORY}</article>") == "2026-02-14"


@pytest.mark.parametrize(
    "path",
    [
        "2026/02/14/bridge",
        "news/2026-02-14-bridge",
        "2026/feb/14/bridge",
        "a/20260214/c1.html",
        "202602/t20260214_9.html",
    ],
)
def test_the_url_dates_a_page_without_another_date(path: str) -> None:
    article = f"<article><h1>Bridge opens soon</h1>{STORY}</article>"
    assert page_date(article, url=f"https://news.example/{path}") == "2026-02-14"


@pytest.mark.parametrize("path", ["2026/02/30/bridge", "id/120260214", "2026/02/bridge", "20269914/bridge"])
def test_other_numbers_of_a_url_are_not_a_date(path: str) -> None:
    assert page_date(f"<article><h1>Bridge opens soon</h1>{STORY}</article>", url=f"https://news.example/{path}") == ""


def test_the_json_ld_article_with_the_title_of_the_page_gives_the_date() -> None:
    """A list of teasers in JSON-LD may be before the article."""
    teaser = '{"@type":"NewsArticle","headline":"The bridge of the north","datePublished":"2024-01-02"}'
    own = '{"@type":"Article","headline":"Bridge opens soon","datePublished":"2026-02-14T08:00:00Z"}'
    scripts = "".join(f'<script type="application/ld+json">{text}</script>' for text in (f"[{teaser}]", own))
    assert page_date(f"<article><h1>Bridge opens soon</h1>{STORY}</article>", scripts) == "2026-02-14"


def test_a_date_in_a_script_is_used_if_it_is_the_only_one() -> None:
    """Invalid JSON-LD and the state of a script may have the date; of several dates none is used."""
    broken = (
        '<script type="application/ld+json">{"headline": "A "quote"", "datePublished": "2026-02-14T08:00"}</script>'
    )
    article = f"<article><h1>Bridge opens soon</h1>{STORY}</article>"
    assert page_date(article, broken) == "2026-02-14"
    assert page_date(article, broken + '<script>s = {"publishedAt": "2024-01-02T08:00"}</script>') == ""


def test_a_labelled_publication_date_has_priority_over_a_plain_date() -> None:
    head = (
        '<meta name=date content="2026-03-01"><meta property="article:published_time" content="2026-02-14T08:00:00Z">'
    )
    assert page_date(f"<article><h1>Bridge opens soon</h1>{STORY}</article>", head) == "2026-02-14"


@pytest.mark.parametrize(
    ("language", "url", "expected"),
    [
        ("fr", "https://news.example/1", "2026-02-03"),
        ("en-GB", "https://news.example/1", "2026-02-03"),
        ("en-US", "https://news.example/1", ""),
        ("en-US", "https://news.ie/1", "2026-02-03"),
        ("", "https://news.us/1", "2026-03-02"),
    ],
)
def test_the_country_or_language_decides_the_order_of_numbers(language: str, url: str, expected: str) -> None:
    """`en-US` alone does not decide: many sites keep it as a default."""
    article = f"<article><h1>Bridge opens soon</h1><div class=date>03/02/2026</div>{STORY}</article>"
    assert page_date(article, url=url, language=language) == expected


@pytest.mark.parametrize("date", ["2 January 2024", "6 March 2027, 1:00PM UTC"])
def test_a_printed_date_far_from_the_feed_date_is_ignored(date: str) -> None:
    """It is that of an event or of another article; metadata count at any distance."""
    assert published(date) == LISTED
    assert published("", '<meta property="article:published_time" content="2024-01-02T08:00:00Z">') != LISTED


@pytest.mark.parametrize("place", ["head", "article"])
def test_microdata_of_the_page_are_used(place: str) -> None:
    """They may be in the page's head or in the article."""
    meta = '<meta itemprop="datePublished" content="2026-02-14T08:00:00Z">'
    article = f"<article><h1>Bridge opens soon</h1>{meta if place == 'article' else ''}{STORY}</article>"
    assert page_date(article, meta if place == "head" else "") == "2026-02-14"


@pytest.mark.parametrize("names", ["comments-open has-ads", "newsletter", "related tag-list", "modal cookie-consent"])
@pytest.mark.parametrize("element", ["html", "head", "body"])
def test_the_names_of_the_whole_page_do_not_make_its_dates_those_of_other_articles(element: str, names: str) -> None:
    """Sites write the state of a page into the class of its root; the dates in it are still the article's."""
    meta = '<meta itemprop="datePublished" content="2026-02-14T08:00:00Z">'
    page = f"<html><head><title>Bridge</title>{meta}</head><body><h1>Bridge opens soon</h1>{STORY}</body></html>"
    page = page.replace(f"<{element}>", f'<{element} class="{names}">')
    assert extract_page(page.encode(), "https://news.example/bridge", "text/html").published_at is not None


OTHER_CHANGE = '<meta itemprop="dateModified" content="2026-03-01T08:00:00Z">'


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", f"<article class=teaser>{OLD}{OTHER_CHANGE}</article>", ""),
        ("", f"<ul><li>{OLD}{OTHER_CHANGE}</li></ul>", ""),
        ("", f"<div class=related-news>{OLD}{OTHER_CHANGE}</div>", ""),
        ("", OTHER_CHANGE.replace("03-01", "02-15"), "2026-02-15"),
        (
            OTHER_CHANGE.replace("03-01", "02-15").replace("itemprop", "name"),
            f"<li>{OLD}{OTHER_CHANGE}</li>",
            "2026-02-15",
        ),
        ('<meta name="dateModified" content="2026-01-01">', OTHER_CHANGE.replace("03-01", "02-15"), "2026-02-15"),
        (
            """<script type="application/ld+json">[{"@type":"NewsArticle","datePublished":"2026-02-14T08:00:00Z"},
            {"@type":"NewsArticle","datePublished":"2026-02-20","dateModified":"2026-03-01"}]</script>""",
            "",
            "",
        ),
    ],
)
def test_the_time_of_change_is_that_of_the_article(head: str, body: str, expected: str) -> None:
    """A change of another article on the page does not count, and one before the publication is passed over."""
    head += '<meta property="article:published_time" content="2026-02-14T08:00:00Z">'
    article = f"<article><h1>Bridge opens soon</h1>{STORY}</article>"
    page = f"<html><head><title>Bridge opens soon</title>{head}</head><body><main>{article}{body}</main></body></html>"
    found = extract_page(page.encode(), "https://news.example/bridge", "text/html").modified_at
    assert (f"{found:%Y-%m-%d}" if found else "") == expected


CLAIM = {"@type": "NewsArticle", "headline": "General Somebody Else opens the games", "datePublished": "2026-01-01"}
LINK = "<a href=/x>General Somebody Else opens the winter games of the northern provinces</a>"


@pytest.mark.parametrize(
    "other",
    [
        f"<article><h2>{LINK}</h2><time datetime=2026-01-01>1 January</time></article>",
        f"<div class=ticker><span class=time>1 January 2026</span> {LINK}</div>",
        f"<ul><li>{LINK} <time datetime=2026-01-01>1 January 2026</time></li></ul>",
        f"<div>{LINK}<br><span class=date>1 January 2026</span></div>",
        "<div class=current-date>Thursday, 1 January 2026</div>",
        f"<script type='application/ld+json'>{json.dumps({'@type': 'ItemList', 'itemListElement': [CLAIM]})}</script>",
        f"<script type='application/ld+json'>{json.dumps(CLAIM)}</script>",
    ],
)
def test_the_date_of_something_else_is_not_the_article_date(other: str) -> None:
    """Boxes, list items and other articles, wherever they are, and the date of today."""
    text = "".join(
        f"<p>{at} The assembly voted to rebuild the bridge, which a flood destroyed in autumn.</p>" for at in "abc"
    )
    figure = "<figure><img src=a.jpg><figcaption>The bridge on 3 March 2025</figcaption></figure>"
    story = f"<h1>Assembly votes for bridge</h1>{figure}<div>{text}</div>"
    for inside in (
        f"{other}<main>{story}</main>",
        f"<main>{story}{other}</main>",
        f"<main><article>{story}</article></main>{other}",
    ):
        page = f"<html><body>{inside}</body></html>".encode()
        assert extract_page(page, "https://daily.example/politics/bridge", "").published_at is None
