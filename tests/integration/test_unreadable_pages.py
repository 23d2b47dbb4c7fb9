"""Articles whose pages are PDF documents or made by scripts: what is stored, and what their source reports."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool
from support.pdf_bombs import inflated_stream, nested_forms
from support.pdf_writer import column, write_pdf

from monitor.domain.digest import Window
from monitor.domain.fetch_result import Failed, FailureCause, Fetched, FetchRequest, FetchResult
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.ports import ProcessPool
from monitor.domain.source import Source
from monitor.pipeline.collect import Collector
from monitor.pipeline.read_pages import PageReader, PageResult
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import Database

FEED = "https://gazette.example/rss"
SOURCE = Source("gazette", "The Gazette", feed=FEED, poll_interval=timedelta(hours=1))
TEXT = ["General Phan Van Giang was appointed on Monday", "by decree of the President."]
DECREE = write_pdf([column(60, 700, TEXT)])
SCANNED = write_pdf([[]])
SHELL = (
    b"<title>The Gazette</title><body><nav>Home News Opinion</nav><div id='root'></div>"
    b"<noscript>You need to enable JavaScript to run this app.</noscript><script src=/main.js></script>"
)
READABLE = b"<article><h1>Decree</h1>" + b"<p>The minister opened the bridge on Monday and thanked them all.</p>" * 9
BACKFILL = timedelta(days=1)


@dataclass
class Gazette:
    """An outlet that publishes bodies, one article each, and the monitor that reads it."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    published: int = 0
    notices: list[str] = field(default_factory=list)
    results: list[PageResult] = field(default_factory=list)

    def publish(self, *bodies: bytes | FetchResult, pool: ProcessPool | None = None) -> list[PageResult]:
        """Publish an article for each body, poll, and read the pages."""
        answers: dict[str, FetchResult] = {}
        items = "<item><title>Decree 1</title><link>https://gazette.example/1.pdf</link></item>" * (self.published > 0)
        for body in bodies:
            self.published += 1
            url = f"https://gazette.example/{self.published}.pdf"
            answers[url] = Fetched(url, 200, (), body) if isinstance(body, bytes) else body
            items += f"<item><title>Decree {self.published}</title><link>{url}</link></item>"
        feed = f"<rss version='2.0'><channel><title>The Gazette</title>{items}</channel></rss>".encode()
        fetcher = FakeFetcher({**answers, FEED: Fetched(FEED, 200, (), feed, "application/rss+xml")})
        return asyncio.run(self._pass(fetcher, pool or InlineProcessPool()))

    async def _pass(self, fetcher: FakeFetcher, pool: ProcessPool) -> list[PageResult]:
        self.clock.advance(timedelta(hours=1))
        collector = Collector(self.database, fetcher, InlineProcessPool(), self.clock, BACKFILL)
        for poll in await collector.run_due({SOURCE.id: SOURCE}, source_ids={SOURCE.id}):
            self.notices += [poll.notice.text] if poll.notice else []
        results = await PageReader(self.database, fetcher, pool, self.clock, BACKFILL).run_due({SOURCE.id: SOURCE}, 100)
        if isinstance(pool, SubprocessPool):
            await pool.aclose()
        return results

    def load_state(self) -> PollState:
        """Return the poll state that `monitor status` shows."""
        (line,) = self.database.queries.list_sources()
        return line.poll_state


@pytest.fixture
def gazette(tmp_path: Path) -> Iterator[Gazette]:
    """Return an outlet that was polled before."""
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([SOURCE], NOON)
    opened = Gazette(database)
    opened.publish(READABLE)
    yield opened
    database.close()


def test_the_text_of_a_pdf_document_is_the_article(gazette: Gazette) -> None:
    """With the title of the feed."""
    gazette.publish(DECREE)
    article = gazette.database.articles.unmatched(9)[-1].article
    assert (article.title, article.body) == ("Decree 2", " ".join(TEXT))
    assert gazette.load_state().state is SourceState.OK


@pytest.mark.parametrize(
    ("body", "state", "detail", "suggestion"),
    [
        (SHELL, SourceState.NEEDS_JAVASCRIPT, "with JavaScript only", "fetch: browser"),
        (SCANNED, SourceState.FAILING, "no text layer", "another source"),
    ],
    ids=["scripts", "scans"],
)
def test_pages_without_readable_text_are_a_problem_of_their_source(
    gazette: Gazette, body: bytes, state: SourceState, detail: str, suggestion: str
) -> None:
    """Status, digests and notices name the reason and what to do, until pages are read again."""
    gazette.publish(body, body)
    assert gazette.load_state().state is SourceState.OK
    gazette.publish(body)
    shown = gazette.load_state()
    assert shown.state is state
    assert detail in shown.detail
    assert "https://gazette.example/4.pdf" in shown.detail
    assert suggestion in shown.suggestion
    (problem,) = gazette.database.digests.load_coverage(Window(NOON, NOON + timedelta(hours=9))).problems
    assert (problem.state, problem.detail) == (state, shown.detail)
    assert gazette.database.sources.count_by_state()[state] == 1
    gazette.publish(body)
    assert len(gazette.notices) == 1
    assert detail in gazette.notices[0]
    gazette.publish(READABLE)
    assert gazette.load_state().state is state
    gazette.publish(READABLE, READABLE)
    assert gazette.load_state().state is SourceState.OK
    gazette.publish(READABLE)
    assert "The Gazette is read again" in gazette.notices[1]


def test_a_source_with_readable_pages_too_has_the_problem_of_most_pages(gazette: Gazette) -> None:
    """Decrees as scans between readable news; it is reported once, and a few scans are not."""
    for _ in range(4):
        gazette.publish(SHELL, SHELL, READABLE)
    assert gazette.load_state().state is SourceState.NEEDS_JAVASCRIPT
    assert len(gazette.notices) == 1
    for _ in range(4):
        gazette.publish(READABLE, READABLE, SHELL)
    assert gazette.load_state().state is SourceState.OK


def test_each_article_states_why_its_page_could_not_be_read(gazette: Gazette) -> None:
    """Even if it is the only one of its source."""
    (result,) = gazette.publish(SCANNED)
    assert "no text layer" in result.error
    (result,) = gazette.publish(SHELL)
    assert "JavaScript" in result.error


def test_a_document_that_costs_too_much_fails_alone(gazette: Gazette) -> None:
    """Neither nested forms nor a stream that inflates a thousandfold harm the documents next to it."""
    limits = JobLimits(wall_seconds=60, cpu_seconds=1, memory_bytes=768_000_000)
    results = gazette.publish(nested_forms(), DECREE, inflated_stream(), DECREE, pool=SubprocessPool(1, limits))
    assert ["exceeded its limit" in result.error for result in results] == [True, False, True, False]
    bodies = [stored.article.body for stored in gazette.database.articles.unmatched(9)[1:]]
    assert bodies == ["", " ".join(TEXT), "", " ".join(TEXT)]


def test_a_document_above_the_usual_limit_is_requested_with_a_higher_one(gazette: Gazette) -> None:
    """Gazettes have hundreds of pages; other pages of that length are not read."""
    too_long = Failed("too long", cause=FailureCause.TOO_LONG)

    class Fetcher(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            found = await super().fetch(request)
            return Fetched(request.url, 200, (), DECREE) if request.is_large else found

    urls = ["https://gazette.example/long.pdf", "https://gazette.example/long.html"]
    items = "".join(f"<item><title>Long {url[-4:]}</title><link>{url}</link></item>" for url in urls)
    feed = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    fetcher = Fetcher({**dict.fromkeys(urls, too_long), FEED: Fetched(FEED, 200, (), feed)})
    results = asyncio.run(gazette._pass(fetcher, InlineProcessPool()))
    assert sorted(result.error for result in results) == ["", "too long"]
