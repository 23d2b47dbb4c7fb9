"""Reading pages: what is kept, what is tried again, and what falls back on the feed."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from support.fakes import NOON, FakeArticles, FakeClock, FakeDatabase, FakeFetcher, InlineProcessPool

from monitor.domain.article import Article, PendingPage
from monitor.domain.errors import LeaseLost
from monitor.domain.fetch_result import Blocked, Failed, Fetched, FetchResult, Gone
from monitor.domain.source import Source, SourceKind
from monitor.pipeline.read_pages import PageReader, PageResult, retry_at

T = TypeVar("T")
PARAGRAPH = "The minister opened the bridge on Monday and thanked the engineers who had built it in two years. "
PAGE = (
    "<html><head><title>Bridge opened</title></head><body><nav>Home News</nav><article><h1>Bridge opened</h1>"
    + "".join(f"<p>{PARAGRAPH}{n}</p>" for n in range(6))
    + "</article></body></html>"
).encode()
LISTED = PendingPage(
    1, "daily", Article(url="http://daily.example/1", title="Bridge opened", standfirst="A bridge."), 0, "t"
)


def read(outcome: FetchResult, attempts: int = 0) -> tuple[PageResult, FakeArticles]:
    """Read one page that answers so."""
    unread = PendingPage(LISTED.id, LISTED.source_id, LISTED.article, attempts, LISTED.token)
    articles = FakeArticles([unread])
    reader = PageReader(
        FakeDatabase(articles=articles), FakeFetcher({LISTED.article.url: outcome}), InlineProcessPool(), FakeClock()
    )
    [reading] = asyncio.run(reader.run_due({}, 5))
    return reading, articles


def test_a_page_is_extracted_and_kept_with_its_raw_answer() -> None:
    """The article's text comes from the page, the navigation does not."""
    reading, articles = read(Fetched(LISTED.article.url, 200, (), PAGE, "text/html"))
    [(_, article, page, error)] = articles.kept
    assert reading.error == error == ""
    assert PARAGRAPH.strip() in article.body
    assert "Home News" not in article.body
    assert page is not None


@pytest.mark.parametrize(
    ("outcome", "attempts", "minutes"),
    [
        (Failed("timed out"), 0, 2),
        (Failed("timed out"), 1, 10),
        (Failed("timed out"), 2, None),
        (Failed("busy", retry_after=timedelta(minutes=30)), 0, 30),
        (Failed("busy", retry_after=timedelta(days=2)), 0, 60),
        (Failed("not found", status=404), 0, None),
        (Blocked("challenge page"), 0, None),
        (Gone("410"), 0, None),
    ],
)
def test_when_a_page_is_tried_again(outcome: FetchResult, attempts: int, minutes: int | None) -> None:
    """Passing troubles are waited out for a while; what will not change is not asked for twice."""
    expected = None if minutes is None else NOON + timedelta(minutes=minutes)
    assert retry_at(outcome, attempts, NOON) == expected


@pytest.mark.parametrize(
    ("page", "least", "most"),
    [
        (PAGE, 0.6, 1.0),
        (PAGE.replace(f"{PARAGRAPH}3".encode(), b"</p><div class=paywall>Subscribe now</div>")[:999], None, None),
        (b"<title>Daily</title>" + b"<p>We value your privacy and set cookies on this device.</p>" * 9, 0.0, 0.0),
        (b"<html><body><script>load()</script></body></html>", 0.0, 0.0),
    ],
    ids=["an article", "a paywall", "another page", "nothing"],
)
def test_what_a_page_says_of_its_source(page: bytes, least: float | None, most: float | None) -> None:
    """How well it was read; a page that is not the entry's counts as nothing, one behind a paywall not at all."""
    standfirst = "A bridge over the northern river, two years on."
    listed = replace(LISTED, article=replace(LISTED.article, standfirst=standfirst))
    articles = FakeArticles([listed])
    fetcher = FakeFetcher({LISTED.article.url: Fetched(LISTED.article.url, 200, (), page, "text/html")})
    asyncio.run(PageReader(FakeDatabase(articles=articles), fetcher, InlineProcessPool(), FakeClock()).run_due({}, 5))
    [confidence] = articles.confidences
    if least is None or most is None:
        assert confidence is None
    else:
        assert confidence is not None
        assert least <= confidence <= most


def test_a_failing_page_is_postponed_with_its_reason() -> None:
    """Nothing is lost while a server is down."""
    reading, articles = read(Failed("timed out after 30 s"))
    assert reading.is_postponed
    assert articles.postponed == [(LISTED, "timed out after 30 s", NOON + timedelta(minutes=2))]
    assert not articles.kept


@pytest.mark.parametrize(
    ("at", "page", "sent"),
    [
        ("https://daily.example/rss", "https://daily.example/1", True),
        ("http://daily.example/rss", "https://daily.example/1", True),
        ("https://daily.example/rss", "http://daily.example/1", False),
        ("https://daily.example/rss", "https://evil.example/1", False),
        ("https://daily.example/rss", "https://daily.example.evil.example/1", False),
    ],
)
def test_a_source_s_headers_stay_with_its_own_host(at: str, page: str, sent: bool) -> None:
    """A feed may name any address; credentials do not go there, nor in the open."""
    source = Source("daily", "Daily", SourceKind.FEED, at, headers=(("Authorization", "Bearer x"),))
    unread = replace(LISTED, article=replace(LISTED.article, url=page))
    fetcher = FakeFetcher({page: Failed("down")})
    reader = PageReader(FakeDatabase(articles=FakeArticles([unread])), fetcher, InlineProcessPool(), FakeClock())
    asyncio.run(reader.run_due({"daily": source}, 1))
    assert [request.headers for request in fetcher.asked] == [source.headers if sent else ()]


def test_a_page_that_stays_away_leaves_what_the_feed_said() -> None:
    """A mention in the headline or the summary is found even if the page never comes."""
    _, articles = read(Failed("timed out"), attempts=2)
    [(_, article, _, error)] = articles.kept
    assert (article.title, article.standfirst) == ("Bridge opened", "A bridge.")
    assert (article.partial, error) == ("feed", "timed out")


def test_an_extractor_that_fails_costs_only_its_own_page() -> None:
    """An unexpected error is recorded on the row, with what the feed said."""

    class Broken:
        async def run(self, work: Callable[..., T], *_args: object) -> T:
            raise ValueError(f"bad tree in {work.__name__}")

    articles = FakeArticles([LISTED])
    fetcher = FakeFetcher({LISTED.article.url: Fetched(LISTED.article.url, 200, (), PAGE)})
    reader = PageReader(FakeDatabase(articles=articles), fetcher, Broken(), FakeClock())
    [reading] = asyncio.run(reader.run_due({}, 5))
    assert reading.error == "ValueError: bad tree in extract_page"
    assert articles.kept[0][3] == "ValueError: bad tree in extract_page"


def test_a_lost_lease_writes_nothing() -> None:
    """Somebody else reads the page now."""

    class Taken(FakeArticles):
        def save_page(self, *_args: object) -> None:
            raise LeaseLost("taken over")

    articles = Taken([LISTED])
    fetcher = FakeFetcher({LISTED.article.url: Fetched(LISTED.article.url, 200, (), PAGE, "text/html")})
    reader = PageReader(FakeDatabase(articles=articles), fetcher, InlineProcessPool(), FakeClock())
    [reading] = asyncio.run(reader.run_due({}, 5))
    assert reading.is_postponed
    assert not articles.kept
