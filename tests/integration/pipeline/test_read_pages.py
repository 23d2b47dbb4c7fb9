"""Page reading step: stored results, retries, and the fallback on the feed text."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool
from support.postgres import Postgres

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.errors import WorkerKilled
from monitor.domain.fetch_result import Blocked, Failed, Fetched, FetchRequest, FetchResult, Gone
from monitor.domain.ports import ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.pipeline.read_pages import MAX_BEGUN_ATTEMPTS, PageReader, PageResult, retry_at
from monitor.store.database import Database
from monitor.stories.undated import FEW_UNDATED_REASON, MANY_UNDATED_REASON

T = TypeVar("T")
PARAGRAPH = "The minister opened the bridge on Monday and thanked the engineers who had built it in two years. "
PAGE = (
    "<html><head><title>Bridge opened</title></head><body><nav>Home News</nav><article><h1>Bridge opened</h1>"
    + "".join(f"<p>{PARAGRAPH}{n}</p>" for n in range(6))
    + "</article></body></html>"
).encode()
URL = "http://daily.example/1"
LISTED = Article(url=URL, title="Bridge opened", standfirst="A bridge.")
BACKFILL = timedelta(days=2)
SOURCE = Source("daily", "Daily", feed="https://daily.example/rss")


def list_article(database: Database, article: Article = LISTED, attempts: int = 0, quarantine_reason: str = "") -> None:
    """Store an article whose page is due, after a number of failed attempts."""
    database.sources.register([SOURCE], NOON)
    (lease,) = database.sources.lease_due(NOON, 1, NOON + timedelta(minutes=5))
    new_article = NewArticle(("guid:1",), article, not quarantine_reason, Stage.LISTED, quarantine_reason)
    database.articles.commit_poll(lease, lease.poll_state, [new_article], NOON)
    for _ in range(attempts):
        (pending,) = database.articles.lease_pages(NOON, 1, NOON + timedelta(minutes=5))
        database.articles.postpone_page(pending, "timed out", NOON)


def run(database: Database, outcome: FetchResult, pool: ProcessPool | None = None) -> PageResult:
    """Read the due page, for which the server gives this response."""
    reader = PageReader(database, FakeFetcher({URL: outcome}), pool or InlineProcessPool(), FakeClock(), BACKFILL)
    [result] = asyncio.run(reader.run_due({}, 5))
    return result


def row(database: Database) -> Any:
    """Return the stored row of the article."""
    with database._connections.read_transaction() as connection:
        return connection.exec_driver_sql("SELECT * FROM article").one()


def test_a_page_is_extracted_and_stored_with_its_raw_response(database: Database) -> None:
    """The article's text comes from the page, without the navigation."""
    list_article(database)
    result = run(database, Fetched(URL, 200, (), PAGE, "text/html"))
    (stored,) = database.articles.unmatched(5)
    assert result.error == row(database).last_error == ""
    assert PARAGRAPH.strip() in stored.article.body
    assert "Home News" not in stored.article.body
    assert database.page_snapshots.get_page_snapshot(stored.id) is not None


@pytest.mark.parametrize(
    ("outcome", "attempts", "minutes"),
    [
        (Failed("timed out"), 0, 2),
        (Failed("timed out"), 1, 10),
        (Failed("timed out"), 2, None),
        (Failed("busy", retry_after=timedelta(minutes=30)), 0, 30),
        (Failed("busy", retry_after=timedelta(hours=5)), 0, 300),
        (Failed("busy", retry_after=timedelta(days=2)), 0, None),
        (Failed("not found", status=404), 0, None),
        (Blocked("challenge page"), 0, None),
        (Gone("410"), 0, None),
    ],
)
def test_temporary_failures_are_retried(outcome: FetchResult, attempts: int, minutes: int | None) -> None:
    """Temporary failures are retried twice, never earlier than the server asks; permanent ones are not."""
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
def test_a_page_updates_the_page_quality_of_its_source(
    database: Database, page: bytes, least: float | None, most: float | None
) -> None:
    """A page of another article counts as confidence 0; a page behind a paywall does not count."""
    list_article(database, replace(LISTED, standfirst="A bridge over the northern river, two years on."))
    run(database, Fetched(URL, 200, (), page, "text/html"))
    recent = database.sources.load_poll_states()["daily"].page_quality.recent
    if least is None or most is None:
        assert recent == ()
    else:
        [confidence] = recent
        assert least <= confidence <= most


def test_a_failing_page_is_postponed_with_its_reason(database: Database) -> None:
    """The article stays listed while its server is unreachable."""
    list_article(database)
    result = run(database, Failed("timed out after 30 s"))
    assert result.is_postponed
    assert (row(database).stage, row(database).last_error) == (Stage.LISTED, "timed out after 30 s")
    assert database.articles.lease_pages(NOON + timedelta(seconds=119), 1, NOON + timedelta(hours=1)) == []
    assert len(database.articles.lease_pages(NOON + timedelta(minutes=2), 1, NOON + timedelta(hours=1))) == 1


@pytest.mark.parametrize(
    ("at", "page", "sent"),
    [
        ("https://daily.example/rss", "https://daily.example/1", True),
        ("https://daily.example/rss", "https://DAILY.example:443/1", True),
        ("http://daily.example/rss", "https://daily.example/1", False),
        ("https://daily.example/rss", "https://daily.example:8443/1", False),
        ("https://daily.example/rss", "https://www.daily.example/1", False),
        ("https://daily.example/rss", "http://daily.example/1", False),
        ("https://daily.example/rss", "https://evil.example/1", False),
        ("https://daily.example/rss", "https://daily.example.evil.example/1", False),
    ],
)
def test_configured_headers_are_sent_to_the_origin_of_the_source_only(
    database: Database, at: str, page: str, sent: bool
) -> None:
    """A feed may link to any address; credentials stay with scheme, host and port of the source."""
    source = replace(SOURCE, feed=at, headers={"Authorization": Secret("Bearer x")})
    list_article(database, replace(LISTED, url=page))
    fetcher = FakeFetcher({page: Failed("down")})
    asyncio.run(PageReader(database, fetcher, InlineProcessPool(), FakeClock(), BACKFILL).run_due({"daily": source}, 1))
    expected = (("Authorization", "Bearer x"),) if sent else ()
    assert [request.headers for request in fetcher.asked] == [expected]


def test_an_unreachable_page_leaves_the_feed_text(database: Database) -> None:
    """Mentions in the headline or the summary are found even if the page never responds."""
    list_article(database, attempts=2)
    run(database, Failed("timed out"))
    (stored,) = database.articles.unmatched(5)
    assert (stored.article.title, stored.article.standfirst) == ("Bridge opened", "A bridge.")
    assert (stored.article.partial_reason, row(database).last_error) == ("feed", "timed out")


def test_an_error_of_the_extractor_concerns_only_its_page(database: Database) -> None:
    """An unexpected error is stored with the article and its feed text."""

    class BrokenPool:
        async def run(self, work: Callable[..., T], *_args: object) -> T:
            raise ValueError(f"bad tree in {work.__name__}")

    list_article(database)
    result = run(database, Fetched(URL, 200, (), PAGE), BrokenPool())
    assert result.error == "ValueError: bad tree in extract_page"
    assert row(database).last_error == "ValueError: bad tree in extract_page"
    assert len(database.articles.unmatched(5)) == 1


def test_a_lost_lease_stores_nothing(database: Database) -> None:
    """Another worker leases the page while this one extracts it."""

    class SlowPool(InlineProcessPool):
        async def run(self, work: Callable[..., T], *args: object) -> T:
            later = NOON + timedelta(hours=1)
            assert len(database.articles.lease_pages(later, 1, later + timedelta(hours=1))) == 1
            return await super().run(work, *args)

    list_article(database)
    result = run(database, Fetched(URL, 200, (), PAGE, "text/html"), SlowPool())
    assert result.is_postponed
    assert row(database).stage == Stage.LISTED
    assert database.articles.unmatched(5) == []


def test_a_page_that_was_read_is_stored_when_the_database_is_back() -> None:
    """A restart of the server costs neither the text of the page nor the five minutes of its lease."""
    with Postgres() as server:
        database = Database.open(server.url(server.new()))
        list_article(database)
        downtime = ExitStack()
        waits: list[float] = []

        class StoppingFetcher(FakeFetcher):
            """Stops the database server while the page is fetched."""

            async def fetch(self, request: FetchRequest) -> FetchResult:
                """Return the page, after the server has stopped."""
                downtime.enter_context(server.down())
                return await super().fetch(request)

        async def start_server(seconds: float) -> None:
            waits.append(seconds)
            downtime.close()

        fetcher = StoppingFetcher({URL: Fetched(URL, 200, (), PAGE, "text/html")})
        reader = PageReader(database, fetcher, InlineProcessPool(), FakeClock(), BACKFILL, start_server)
        [result] = asyncio.run(reader.run_due({}, 5))
        assert waits == [1]
        assert (result.error, result.is_postponed) == ("", False)
        (stored,) = database.articles.unmatched(5)
        assert PARAGRAPH.strip() in stored.article.body
        database.close()


@pytest.mark.parametrize(
    ("reason", "days_old", "expected"),
    [
        (FEW_UNDATED_REASON, 1, (True, "")),
        (FEW_UNDATED_REASON, 3, (False, "")),
        (FEW_UNDATED_REASON, None, (True, "")),
        (FEW_UNDATED_REASON, -3, (True, "")),
        (MANY_UNDATED_REASON, 1, (True, "")),
        (MANY_UNDATED_REASON, 3, (False, "")),
        (MANY_UNDATED_REASON, None, (False, MANY_UNDATED_REASON)),
        ("one of many old articles", 1, (False, "one of many old articles")),
        ("", 30, (True, "")),
    ],
)
def test_the_page_date_decides_on_an_undated_article_of_a_first_poll(
    database: Database, reason: str, days_old: int | None, expected: tuple[bool, str]
) -> None:
    """A date in the future is none; other quarantines and ordinary news do not depend on the date of the page."""
    list_article(database, quarantine_reason=reason)
    date = f"{NOON - timedelta(days=days_old):%Y-%m-%dT%H:%M:%SZ}" if days_old is not None else ""
    meta = f'<meta property="article:published_time" content="{date}">' if date else ""
    run(database, Fetched(URL, 200, (), PAGE.replace(b"<head>", f"<head>{meta}".encode()), "text/html"))
    stored = row(database)
    assert (bool(stored.is_alertable), stored.quarantine_reason, stored.stage) == (*expected, "extracted")


@pytest.mark.parametrize(("reason", "expected"), [(FEW_UNDATED_REASON, True), (MANY_UNDATED_REASON, False)])
def test_an_undated_article_without_a_readable_page_is_decided_by_their_number(
    database: Database, reason: str, *, expected: bool
) -> None:
    list_article(database, quarantine_reason=reason)
    run(database, Gone("410"))
    assert bool(row(database).is_alertable) is expected


def test_a_page_whose_attempts_never_end_is_given_its_feed_text(database: Database) -> None:
    """A page that ends the process at each attempt is not fetched any more."""
    list_article(database, attempts=MAX_BEGUN_ATTEMPTS)
    result = run(database, Fetched(URL, 200, (), PAGE, "text/html"))
    assert result.error == f"{MAX_BEGUN_ATTEMPTS} attempts were interrupted"
    (stored,) = database.articles.unmatched(5)
    assert stored.article.standfirst == "A bridge."


class KillingPool:
    """Process pool whose worker processes all exceed their limits."""

    async def run(self, work: Callable[..., T], *_args: object) -> T:
        """Raise the error of a killed process."""
        raise WorkerKilled(f"{work.__name__} took longer than 15 s")


def test_a_page_that_takes_too_long_to_extract_is_given_its_feed_text(database: Database) -> None:
    """The worker process is killed; the article has the text of its feed and the reason, and is not fetched again."""
    list_article(database)
    result = run(database, Fetched(URL, 200, (), PAGE, "text/html"), KillingPool())
    assert result.error == "extract_page took longer than 15 s"
    assert row(database).last_error == result.error
    (stored,) = database.articles.unmatched(5)
    assert stored.article.standfirst == "A bridge."
