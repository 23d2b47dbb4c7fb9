"""Collecting step: what a poll stores, on a database with responses given by the test."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool
from support.stores import open_database

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.errors import StoreBusy, WorkerKilled
from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureWeight,
    Fetched,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
)
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Entry, Listing, Source, TextOrigin
from monitor.domain.source_health import recovery_notices
from monitor.domain.values import replace
from monitor.pipeline.collect import Collector, PollResult
from monitor.pipeline.process_offloader import OFFLOAD_THRESHOLD, ProcessOffloader, run_calls
from monitor.store.database import Database

T = TypeVar("T")
URL = "https://daily.example/feed.xml"
SOURCE = Source("daily", "The Daily", feed=URL, poll_interval=timedelta(minutes=15))


class Store:
    """Database as the tests of one source see it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def poll_state(self) -> PollState:
        """Return the stored state of the source."""
        return self.database.sources.load_poll_states()["daily"]

    @property
    def articles(self) -> list[StoredArticle]:
        """Return the stored articles, oldest first."""
        stored = self.database.queries.list_articles(ArticleFilter(limit=1000))
        return sorted(stored, key=lambda article: article.id)

    def quarantine_reasons(self) -> list[str]:
        """Return the quarantine reason of each article."""
        with self.database._connections.read_transaction() as connection:
            return [*connection.exec_driver_sql("SELECT quarantine_reason FROM article ORDER BY id").scalars()]


def rss(*numbers: int, text: str = "short") -> bytes:
    items = "".join(
        f"<item><title>Headline {n}</title><link>https://daily.example/{n}</link><guid>g{n}</guid>"
        f"<pubDate>Thu, 05 Mar 2026 09:{n % 60:02}:00 GMT</pubDate><description>{text} {n}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>The Daily</title>{items}</channel></rss>".encode()


def answer(body: bytes, url: str = URL, **more: object) -> Fetched:
    return replace(Fetched(url, 200, (), body, "application/rss+xml", etag='"1"'), **more)  # type: ignore[arg-type]  # fields of Fetched


class Conditional(FakeFetcher):
    """Server of one document, which answers a request with its ETag that the document is unchanged."""

    def __init__(self, response: Fetched) -> None:
        super().__init__({response.url: response})
        self._response, self._requests = response, list[FetchRequest]()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self._requests.append(request)
        return NotModified() if request.etag == self._response.etag else self._response

    def take_requests(self) -> list[FetchRequest]:
        """Return the requests since the last call."""
        taken, self._requests = self._requests, []
        return taken


def poll(
    database: Database,
    answers: FetchResult | dict[str, FetchResult],
    source: Source = SOURCE,
    clock: FakeClock | None = None,
) -> PollResult:
    """Poll the source once, for which the server gives these responses."""
    clock = clock or FakeClock()
    database.sources.register([source], clock.now)
    responses = answers if isinstance(answers, dict) else {source.url: answers}
    collector = Collector(database, FakeFetcher(responses), InlineProcessPool(), clock, timedelta(days=1))
    (result,) = asyncio.run(collector.run_due({source.id: source}, source_ids={source.id}))
    return result


def test_new_entries_are_stored_with_the_validators(database: Database) -> None:
    """One commit stores the entries and the ETag."""
    store = Store(database)
    result = poll(database, answer(rss(1, 2, 3)))
    assert (result.outcome, result.new_count, result.entry_count) == ("new", 3, 3)
    assert store.poll_state.etag == '"1"'
    assert [draft.stage for draft in store.articles] == [Stage.LISTED] * 3


def test_validators_are_not_stored_without_the_entries(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the commit fails, the old poll state stays, and the entries are read again."""

    def fail(*_args: object) -> int:
        raise StoreBusy("locked")

    monkeypatch.setattr(database.articles, "commit_poll", fail)  # the injected fault
    result = poll(database, answer(rss(1)))
    assert result.outcome == "failed"
    assert Store(database).poll_state == PollState("daily", next_poll_at=NOON)


def test_a_lost_lease_stores_nothing(database: Database) -> None:
    """Another process leases the source while this one reads it."""

    class SlowFetcher(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            later = NOON + timedelta(hours=1)
            assert len(database.sources.lease_due(later, 1, later + timedelta(hours=1))) == 1
            return await super().fetch(request)

    database.sources.register([SOURCE], NOON)
    fetcher = SlowFetcher({URL: answer(rss(1))})
    collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1))
    (result,) = asyncio.run(collector.run_due({"daily": SOURCE}))
    assert result.outcome == "lease_lost"
    assert Store(database).articles == []


def test_an_identical_body_is_unchanged(database: Database) -> None:
    """The same bytes are not parsed again, even without validators."""
    poll(database, answer(rss(1, 2)))
    assert poll(database, answer(rss(1, 2))).outcome == "unchanged"


def test_known_entries_are_not_stored_again(database: Database) -> None:
    """Only the two new ones of four entries are stored."""
    store = Store(database)
    poll(database, answer(rss(1, 2)))
    assert poll(database, answer(rss(4, 3, 2, 1))).new_count == 2
    assert len(store.articles) == 4


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Blocked("shows a challenge"), SourceState.BLOCKED),
        (Gone("410"), SourceState.GONE),
        (Failed("500", FailureWeight.SOFT, status=500), SourceState.FAILING),
        (answer(b"<!doctype html><html><title>Welcome</title></html>"), SourceState.BLOCKED),
        (answer(b"<html><title>Just a moment...</title></html>"), SourceState.BLOCKED),
        (answer(b""), SourceState.FAILING),
        (answer(b"{broken"), SourceState.FAILING),
        (NotModified(), SourceState.OK),
        (answer(rss()), SourceState.OK),
    ],
)
def test_each_response_leads_to_its_state(database: Database, outcome: FetchResult, state: SourceState) -> None:
    """Blocked, gone, failing and empty new feeds are distinguished, and all problems have a detail."""
    result = poll(database, outcome)
    assert result.state_after is state
    assert (state is SourceState.OK) or result.detail


def test_a_feed_that_becomes_empty_is_failing(database: Database) -> None:
    """The entries seen before remain known."""
    poll(database, answer(rss(1, 2)))
    assert poll(database, answer(rss())).state_after is SourceState.FAILING
    assert poll(database, answer(rss(1, 2, 3))).new_count == 1


def test_a_document_without_known_entries_is_a_gap(database: Database) -> None:
    """The gap state ends with the next document that has a known entry."""
    poll(database, answer(rss(1, 2, 3)))
    assert poll(database, answer(rss(11, 12, 13))).state_after is SourceState.GAP
    assert poll(database, answer(rss(12, 13, 14))).state_after is SourceState.OK


def test_a_gap_is_filled_from_the_sitemap(database: Database) -> None:
    """The sitemap adds the articles in between; a known one in it ends the gap."""
    source = replace(SOURCE, sitemap="https://daily.example/sitemap.xml")
    poll(database, answer(rss(1, 2, 3)), source)
    urls = "".join(f"<url><loc>https://daily.example/{n}</loc></url>" for n in range(1, 14))
    sitemap = answer(f"<urlset>{urls}</urlset>".encode(), source.sitemap)
    result = poll(database, {URL: answer(rss(11, 12, 13)), source.sitemap: sitemap}, source)
    assert (result.state_after, result.new_count) == (SourceState.OK, 10)
    assert result.detail == "a gap was filled from its sitemap: 7 more articles"


def test_a_filled_gap_hides_no_quarantine(database: Database) -> None:
    """Old articles of the sitemap are in quarantine, and the detail states both."""
    source = replace(SOURCE, sitemap="https://daily.example/sitemap.xml")
    poll(database, answer(rss(1, 2, 3)), source)
    dated = "<url><loc>https://daily.example/{}</loc><n:news><n:publication_date>{}</n:publication_date></n:news></url>"
    urls = "".join(dated.format(n, "2025-11-20" if n > 3 else "2026-03-04") for n in range(1, 60))
    sitemap = answer(f"<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{urls}</urlset>".encode())
    result = poll(database, {URL: answer(rss(61, 62, 63)), source.sitemap: sitemap}, source)
    assert result.detail.startswith("a gap was filled from its sitemap: 56 more articles; ")
    assert "quarantine" in result.detail


def test_a_permanent_redirect_counts_after_three_responses(database: Database) -> None:
    """The third response changes the state, and the suggestion has the new address."""
    store = Store(database)
    states = [poll(database, answer(rss(1, n), moved_to="https://new.example/feed")).state_after for n in (2, 3, 4)]
    assert states == [SourceState.OK, SourceState.OK, SourceState.MOVED]
    assert "https://new.example/feed" in store.poll_state.suggestion
    answers: dict[str, FetchResult] = {URL: Failed("404", status=404), "https://new.example/feed": answer(rss(1, 5))}
    assert poll(database, answers).new_count == 1


def test_a_redirect_of_an_unchanged_feed_counts(database: Database) -> None:
    """A redirect to an unchanged document counts like one with new entries."""
    new = "https://new.example/feed"
    same = answer(rss(1, 2), moved_to=new)
    states = [poll(database, outcome).state_after for outcome in (same, same, NotModified(moved_to=new))]
    assert states == [SourceState.OK, SourceState.OK, SourceState.MOVED]
    assert poll(database, NotModified()).state_after is SourceState.OK


def test_a_silent_source_is_quiet(database: Database) -> None:
    """Longer silence than expected is a problem, and the detail has the last date."""
    _store, clock = Store(database), FakeClock()
    source = replace(SOURCE, max_silence=timedelta(days=2))
    poll(database, answer(rss(1)), source, clock)
    clock.advance(timedelta(days=3))
    result = poll(database, NotModified(), source, clock)
    assert result.state_after is SourceState.QUIET
    assert "2026-03-05" in result.detail


def test_complete_feed_texts_need_no_page(database: Database) -> None:
    """With text from the feed, no page is to be fetched."""
    store = Store(database)
    poll(database, answer(rss(1)), replace(SOURCE, text_from=TextOrigin.FEED))
    assert store.articles[0].stage is Stage.EXTRACTED


def test_an_unexpected_error_is_stored_with_the_source(database: Database) -> None:
    """An error in the poll of one source only affects that source."""
    store = Store(database)
    result = poll(database, {"https://other.example/": NotModified()})
    assert result.state_after is SourceState.FAILING
    assert "KeyError" in store.poll_state.detail


def test_a_listing_is_read_up_to_a_page_with_a_known_entry(database: Database) -> None:
    """The first poll reads further pages; a later one stops at a page with a known entry."""
    listing = Listing("https://daily.example/news", "li", next="a.next", max_pages=3)
    source = replace(SOURCE, feed="", listing=listing)

    def page(number: int, *items: int) -> Fetched:
        links = "".join(f"<li><a href='/{n}'>Headline number {n}</a></li>" for n in items)
        url = f"https://daily.example/news{'' if number == 1 else number}"
        return answer(f"<ul>{links}</ul><a class='next' href='/news{number + 1}'>more</a>".encode(), url)

    answers: dict[str, FetchResult] = {found.url: found for found in (page(1, 1, 2), page(2, 3), page(3, 4))}
    assert poll(database, answers, source).new_count == 4
    later: dict[str, FetchResult] = {found.url: found for found in (page(1, 9, 1),)}
    assert poll(database, later, source).new_count == 1


def test_a_problem_is_reported_once_then_daily_then_its_end(database: Database) -> None:
    """Change, no notice for a day, reminder, recovery."""
    _store, clock = Store(database), FakeClock()
    reported = []
    gone = Gone("410")
    for outcome, hours in ((gone, 1), (gone, 23), (gone, 1), (NotModified(), 1), (NotModified(), 1)):
        notice = poll(database, outcome, clock=clock).notice
        reported.append(notice.kind if notice else "")
        clock.advance(timedelta(hours=hours))
    assert reported == ["change", "", "reminder", "recovery", ""]


def test_a_single_failure_causes_no_notice(database: Database) -> None:
    """A single 502 changes the state; the second in a row is reported."""
    hiccup = Failed("502", FailureWeight.SOFT, status=502)
    first, second = poll(database, hiccup), poll(database, hiccup)
    assert (first.state_after, first.notice) == (SourceState.FAILING, None)
    assert second.notice is not None


_ITEMS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["g{n}", "same", "https://daily.example/{n}", ""]),
        st.sampled_from(["/{n}", "/12345/{n}", "/x?id={n}&amp;v=1", "/same"]),
        st.sampled_from(["Headline {n}", "Quoted &quot;{n}&quot; talks", "Same headline", "ຫົວຂໍ້ {n}"]),
        st.integers(0, 2),
    ),
    max_size=5,
)


@settings(max_examples=40)  # each example is eight polls
@given(st.lists(_ITEMS, min_size=2, max_size=4))
def test_skipping_unchanged_items_changes_no_result(polls: list[list[tuple[int, str, str, str, int]]]) -> None:
    """A collector that skips unchanged items stores the same as one that parses all of them."""

    def feed(items: list[tuple[int, str, str, str, int]]) -> Fetched:
        written = "".join(
            f"<item><title>{title.format(n=n)}</title><link>https://daily.example{path.format(n=n)}</link>"
            f"<guid isPermaLink='false'>{guid.format(n=n)}</guid><pubDate>Thu, 05 Mar 2026 0{hour}:07:03 GMT</pubDate>"
            f"<description>Lead {n} of {hour}</description></item>"
            for n, guid, path, title, hour in items
        )
        return answer(f"<rss version='2.0'><channel><title>The Daily</title>{written}</channel></rss>".encode())

    stored = []
    for forgets in (False, True):
        with TemporaryDirectory() as folder:
            database = open_database(Path(folder))
            store, clock = Store(database), FakeClock()
            database.sources.register([SOURCE], NOON)
            fetcher = FakeFetcher({})
            collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
            results = []
            for items in polls:
                if forgets:
                    collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
                fetcher.answers[URL] = feed(items)
                (result,) = asyncio.run(collector.run_due({"daily": SOURCE}, source_ids={"daily"}))
                results.append((result.outcome, result.entry_count, result.new_count, result.state_after))
                clock.advance(timedelta(hours=1))
            articles = [(one.article.url, one.article.title, one.is_alertable) for one in store.articles]
            stored.append((results, articles, store.quarantine_reasons()))
            database.close()
    assert stored[0] == stored[1]


def test_polls_of_a_busy_host_are_postponed_or_wait(database: Database) -> None:
    """Of ten sources of one host the daemon polls four and postpones the others; a single pass polls all."""

    class Slow(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            await asyncio.sleep(0)
            return await super().fetch(request)

    sources = {f"s{n}": replace(SOURCE, id=f"s{n}", feed=f"https://daily.example/{n}") for n in range(10)}
    database.sources.register([*sources.values()], NOON)

    async def outcomes(*, wait: bool) -> tuple[Counter[str], list[datetime]]:
        fetcher = Slow({source.url: answer(rss(1), source.url) for source in sources.values()})
        collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1))
        if wait:
            polls = await collector.run_due(sources, source_ids=sources)
        else:
            leases = await collector.lease(10)
            polls = list(await asyncio.gather(*(collector.poll(one, sources[one.source_id]) for one in leases)))
        put_off = [poll.next_poll_at for poll in polls if poll.outcome == "postponed" and poll.next_poll_at]
        return Counter(poll.outcome for poll in polls), put_off

    found, put_off = asyncio.run(outcomes(wait=False))
    assert found["postponed"] == 6
    assert len(set(put_off)) == 6
    found, _ = asyncio.run(outcomes(wait=True))
    assert found["postponed"] == 0


def test_a_clock_moved_back_does_not_postpone_a_host_for_a_day(database: Database) -> None:
    """Sources postponed one day ahead of the real time are postponed by seconds after the correction."""

    class Slow(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            await asyncio.sleep(0)
            return await super().fetch(request)

    sources = {f"s{n}": replace(SOURCE, id=f"s{n}", feed=f"https://daily.example/{n}") for n in range(10)}
    clock = FakeClock(NOON + timedelta(days=1))
    database.sources.register([*sources.values()], clock.now)
    fetcher = Slow({source.url: answer(rss(1), source.url) for source in sources.values()})
    collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))

    async def polls() -> list[PollResult]:
        leases = await collector.lease(10, sources)
        return list(await asyncio.gather(*(collector.poll(one, sources[one.source_id]) for one in leases)))

    asyncio.run(polls())
    clock.advance(-timedelta(days=1))
    late = [poll.next_poll_at for poll in asyncio.run(polls()) if poll.outcome == "postponed" and poll.next_poll_at]
    assert len(late) == 6
    assert max(late) < NOON + timedelta(minutes=1)


def test_an_edited_selector_is_tried_on_an_unchanged_page(database: Database) -> None:
    """The page is requested without validators once, and is parsed although its bytes are the same."""
    page = b"<ul><li class=a><a href=/1>First headline</a></li><li class=b><a href=/2>Second headline</a></li></ul>"
    url, clock = "https://daily.example/news", FakeClock()
    source = replace(SOURCE, feed="", listing=Listing(url, "li.a"))
    unchanged = Conditional(answer(page, url, content_type="text/html"))
    for items, new_count, validators in (("li.a", 1, ["", '"1"']), ("li", 1, ["", '"1"'])):
        source = replace(source, listing=Listing(url, items))
        database.sources.register([source], clock.now)
        collector = Collector(database, unchanged, InlineProcessPool(), clock, timedelta(days=1))
        found: list[PollResult] = []
        for _ in range(2):
            found += asyncio.run(collector.run_due({source.id: source}, source_ids={source.id}))
            clock.advance(timedelta(hours=1))
        assert [(one.outcome, one.new_count) for one in found] == [("new", new_count), ("unchanged", 0)]
        assert [request.etag for request in unchanged.take_requests()] == validators
    assert [stored.article.title for stored in Store(database).articles] == ["First headline", "Second headline"]


def test_an_incomplete_entry_is_stored_by_the_next_poll(database: Database) -> None:
    """Validators of an incomplete document are not stored, because the complete one may have the same."""
    store, whole = Store(database), rss(1, 2, text="many words " * 50)
    assert poll(database, answer(whole[:-200])).new_count == 1
    assert (store.poll_state.etag, store.poll_state.body_hash) == ("", "")
    assert poll(database, answer(whole)).new_count == 1
    assert [draft.article.title for draft in store.articles] == ["Headline 1", "Headline 2"]


def test_a_recovery_is_reported_in_the_digest_of_its_period(database: Database) -> None:
    """It is reported while the source stays healthy."""
    store, clock = Store(database), FakeClock()
    poll(database, Gone("410"), clock=clock)
    clock.advance(timedelta(hours=1))
    poll(database, NotModified(), clock=clock)
    (text,) = recovery_notices([store.poll_state], NOON, clock.now + timedelta(hours=1))
    assert "The Daily is read again" in text
    assert not recovery_notices([store.poll_state], NOON, clock.now)
    assert not recovery_notices(
        [replace(store.poll_state, state=SourceState.GONE)], NOON, clock.now + timedelta(hours=1)
    )


def test_the_sitemaps_of_an_unchanged_index_are_read(database: Database) -> None:
    """The sitemaps of an index are read at every poll, because the index does not show their changes."""
    source = replace(SOURCE, feed="", sitemap="https://daily.example/index.xml")
    part = "https://daily.example/news.xml"
    index = answer(f"<sitemapindex><sitemap><loc>{part}</loc></sitemap></sitemapindex>".encode(), source.url)
    for count in (1, 2):
        urls = "".join(f"<url><loc>https://daily.example/story-{n}</loc></url>" for n in range(count))
        answers: dict[str, FetchResult] = {source.url: index, part: answer(f"<urlset>{urls}</urlset>".encode(), part)}
        assert poll(database, answers, source).new_count == 1


def test_fallback_articles_are_noted_in_the_result(database: Database) -> None:
    """If an entry kills its worker process, the poll succeeds with a note."""

    class Deadly(InlineProcessPool):
        async def run(self, work: Callable[..., T], *args: Any) -> T:
            batch = args[0][0][1][0] if work is run_calls else args[0]
            if any(isinstance(entry, Entry) and entry.title == "Headline 3" for entry in batch):
                raise WorkerKilled("too long")
            return await super().run(work, *args)

    async def run() -> PollResult:
        offloader, fetcher = ProcessOffloader(Deadly()), FakeFetcher({URL: answer(rss(*range(12)))})
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        database.sources.register([SOURCE], NOON)
        collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1), offloader)
        (result,) = await collector.run_due({SOURCE.id: SOURCE})
        return result

    result = asyncio.run(run())
    assert (result.outcome, result.new_count) == ("new", 12)
    assert result.note == "1 of the entries could not be read and are stored as plain text"


class RecordingPool(InlineProcessPool):
    """Process pool that records the names of the functions that it runs."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        self.names += [call[0].__name__ for call in args[0]] if work is run_calls else [work.__name__]
        return await super().run(work, *args)


def test_the_process_that_parses_a_document_depends_on_its_length_and_on_waiting_articles(database: Database) -> None:
    """Long documents are parsed in the pool for untrusted input, and first ones while many articles wait elsewhere."""
    pool, elsewhere = RecordingPool(), RecordingPool()
    fetcher, offloader = FakeFetcher({}), ProcessOffloader(elsewhere)
    collector = Collector(database, fetcher, pool, FakeClock(), timedelta(days=1), offloader)
    sources = {name: replace(SOURCE, id=name, feed=f"https://{name}.example/feed.xml") for name in ("a", "b", "c")}
    database.sources.register(list(sources.values()), NOON)

    async def poll(name: str, *numbers: int, padding: int = 0) -> tuple[list[str], list[str]]:
        pool.names, elsewhere.names = [], []
        url = sources[name].url
        fetcher.answers[url] = answer(rss(*numbers) + b" " * padding, url, etag=f'"{numbers}"')
        (result,) = await collector.run_due(sources, source_ids=[name])
        assert result.entry_count == len(numbers)
        return pool.names, elsewhere.names

    async def run() -> None:
        assert await poll("a", 1, 2) == ([], [])
        assert await poll("b", 1, 2, padding=500_000) == (["parse_document"], [])
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert await poll("c", 1, 2) == ([], ["_parse_in_worker"])
        assert await poll("c", 1, 2, 3) == ([], [])  # items are known, so that only the new one is parsed
        assert await poll("a", 1, 2, 3, padding=500_000) == (["parse_document"], [])

    asyncio.run(run())
