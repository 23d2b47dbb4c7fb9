"""The collect step over fakes of its ports."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fakes import NOON, FakeClock, FakeDatabase, FakeFetcher, InlineProcessPool

from monitor.domain.article import NewArticle, Stage
from monitor.domain.errors import LeaseLost, StoreBusy, WorkerKilled
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
from monitor.domain.poll_state import Lease, PollState, SourceState
from monitor.domain.source import Listing, Source, SourceKind, TextOrigin
from monitor.domain.source_health import recovery_notices
from monitor.pipeline.build_articles import OFFLOAD_THRESHOLD, ProcessOffloader, run_calls
from monitor.pipeline.collect import Collector, PollResult

T = TypeVar("T")
URL = "https://daily.example/feed.xml"
SOURCE = Source("daily", "The Daily", SourceKind.FEED, URL, poll_interval=timedelta(minutes=15))


class Shelf:
    """Sources and articles in memory, with the promises of the ports."""

    def __init__(self, memory: PollState | None = None) -> None:
        self.memory = memory or PollState("daily")
        self.keys = set[str]()
        self.drafts = list[NewArticle]()
        self.failure: Exception | None = None
        self.leases = list[Lease]()

    def lease_due(self, now: object, limit: int, until_at: object, only: Collection[str] | None = None) -> list[Lease]:
        """Hand the sources out."""
        return self.leases or [Lease("daily", "token", NOON + timedelta(minutes=5), self.memory)][:limit]

    def record_poll(self, lease: Lease, memory: PollState) -> None:
        """Keep the memory."""
        if self.failure:
            raise self.failure
        self.memory = memory

    def known_keys(self, source_id: str, keys: Collection[str]) -> set[str]:
        """Look the keys up."""
        return self.keys & set(keys)

    def commit_poll(
        self, lease: Lease, memory: PollState, new_articles: Sequence[NewArticle], now: object, _touched: object = ()
    ) -> int:
        """Keep what is new."""
        self.record_poll(lease, memory)
        new = [draft for draft in new_articles if not self.keys & set(draft.entry_keys)]
        self.drafts += new
        for draft in new_articles:
            self.keys |= set(draft.entry_keys)
        return len(new)


def rss(*numbers: int, text: str = "short") -> bytes:
    items = "".join(
        f"<item><title>Headline {n}</title><link>https://daily.example/{n}</link><guid>g{n}</guid>"
        f"<pubDate>Thu, 05 Mar 2026 09:{n % 60:02}:00 GMT</pubDate><description>{text} {n}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>The Daily</title>{items}</channel></rss>".encode()


def answer(body: bytes, url: str = URL, **more: object) -> Fetched:
    return replace(Fetched(url, 200, (), body, "application/rss+xml", etag='"1"'), **more)  # type: ignore[arg-type]  # fields of Fetched


def poll(
    shelf: Shelf, answers: FetchResult | dict[str, FetchResult], source: Source = SOURCE, clock: FakeClock | None = None
) -> PollResult:
    laid_out = answers if isinstance(answers, dict) else {source.url: answers}
    database = FakeDatabase(articles=shelf, sources=shelf)
    collector = Collector(database, FakeFetcher(laid_out), InlineProcessPool(), clock or FakeClock(), timedelta(days=1))
    (result,) = asyncio.run(collector.run_due({source.id: source}))
    return result


def test_new_entries_are_kept_with_the_validators() -> None:
    """One poll stores the entries and only then the ETag that would hide them."""
    shelf = Shelf()
    result = poll(shelf, answer(rss(1, 2, 3)))
    assert (result.outcome, result.new_count, result.entry_count) == ("new", 3, 3)
    assert shelf.memory.etag == '"1"'
    assert [draft.stage for draft in shelf.drafts] == [Stage.LISTED] * 3


def test_validators_are_not_kept_when_the_entries_are_not() -> None:
    """If the store refuses, the old memory stays, and the entries come again."""
    shelf = Shelf()
    shelf.failure = StoreBusy("locked")
    result = poll(shelf, answer(rss(1)))
    assert result.outcome == "failed"
    assert shelf.memory == PollState("daily")


def test_a_lost_lease_writes_nothing() -> None:
    """Who overslept does not write; the other one does."""
    shelf = Shelf()
    shelf.failure = LeaseLost("overslept")
    assert poll(shelf, answer(rss(1))).outcome == "lease_lost"


def test_an_identical_body_is_not_modified() -> None:
    """A server without validators is not parsed twice for the same bytes."""
    shelf = Shelf()
    poll(shelf, answer(rss(1, 2)))
    assert poll(shelf, answer(rss(1, 2))).outcome == "unchanged"


def test_known_entries_are_not_kept_again() -> None:
    """Only the two new ones of four are drafts."""
    shelf = Shelf()
    poll(shelf, answer(rss(1, 2)))
    assert poll(shelf, answer(rss(4, 3, 2, 1))).new_count == 2
    assert len(shelf.drafts) == 4


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
def test_each_answer_has_its_state(outcome: FetchResult, state: SourceState) -> None:
    """Blocked, gone, failing and an empty new feed are told apart, and all but the last say why."""
    result = poll(Shelf(), outcome)
    assert result.state_after is state
    assert (state is SourceState.OK) or result.detail


def test_a_feed_that_was_full_and_is_empty_is_a_fault() -> None:
    """Empty is not quiet, and its entries are remembered."""
    shelf = Shelf()
    poll(shelf, answer(rss(1, 2)))
    assert poll(shelf, answer(rss())).state_after is SourceState.FAILING
    assert poll(shelf, answer(rss(1, 2, 3))).new_count == 1


def test_zero_overlap_is_a_gap_and_ends_with_the_next_overlap() -> None:
    """Nothing known where there should be means that articles may be missing."""
    shelf = Shelf()
    poll(shelf, answer(rss(1, 2, 3)))
    assert poll(shelf, answer(rss(11, 12, 13))).state_after is SourceState.GAP
    assert poll(shelf, answer(rss(12, 13, 14))).state_after is SourceState.OK


def test_a_gap_is_filled_from_the_sitemap() -> None:
    """The sitemap brings the articles in between, and one that is known proves that the hole is closed."""
    shelf = Shelf()
    source = replace(SOURCE, sitemap="https://daily.example/sitemap.xml")
    poll(shelf, answer(rss(1, 2, 3)), source)
    urls = "".join(f"<url><loc>https://daily.example/{n}</loc></url>" for n in range(1, 14))
    sitemap = answer(f"<urlset>{urls}</urlset>".encode(), source.sitemap)
    result = poll(shelf, {URL: answer(rss(11, 12, 13)), source.sitemap: sitemap}, source)
    assert (result.state_after, result.new_count) == (SourceState.OK, 10)


def test_a_move_for_good_counts_after_three_answers() -> None:
    """Once or twice is a slip; the third says so, with the line to write."""
    shelf = Shelf()
    states = [poll(shelf, answer(rss(1, n), moved_to="https://new.example/feed")).state_after for n in (2, 3, 4)]
    assert states == [SourceState.OK, SourceState.OK, SourceState.MOVED]
    assert "https://new.example/feed" in shelf.memory.suggestion
    answers: dict[str, FetchResult] = {URL: Failed("404", status=404), "https://new.example/feed": answer(rss(1, 5))}
    assert poll(shelf, answers).new_count == 1


def test_a_move_counts_where_nothing_else_is_new() -> None:
    """A redirect to a feed that is unchanged says as much of the new address as one to news."""
    shelf, new = Shelf(), "https://new.example/feed"
    same = answer(rss(1, 2), moved_to=new)
    states = [poll(shelf, outcome).state_after for outcome in (same, same, NotModified(moved_to=new))]
    assert states == [SourceState.OK, SourceState.OK, SourceState.MOVED]
    assert poll(shelf, NotModified()).state_after is SourceState.OK


def test_a_silent_source_is_quiet() -> None:
    """Longer silence than expected is a fault that names the last news."""
    shelf, clock = Shelf(), FakeClock()
    source = replace(SOURCE, max_silence=timedelta(days=2))
    poll(shelf, answer(rss(1)), source, clock)
    clock.advance(timedelta(days=3))
    result = poll(shelf, NotModified(), source, clock)
    assert result.state_after is SourceState.QUIET
    assert "2026-03-05" in result.detail


def test_whole_feed_texts_need_no_page() -> None:
    """With `text_from: feed` nothing is left to be fetched."""
    shelf = Shelf()
    poll(shelf, answer(rss(1)), replace(SOURCE, text_from=TextOrigin.FEED))
    assert shelf.drafts[0].stage is Stage.EXTRACTED


def test_an_unexpected_error_is_recorded_on_the_row() -> None:
    """A bug in one source's poll is that source's state, not the daemon's end."""
    shelf = Shelf()
    result = poll(shelf, {"https://other.example/": NotModified()})
    assert result.state_after is SourceState.FAILING
    assert "KeyError" in shelf.memory.detail


def test_a_listing_follows_its_pages_until_something_is_known() -> None:
    """The first poll reads on; a later one stops at the first page that has anything known."""
    listing = Listing("li", next="a.next", max_pages=3)
    source = replace(SOURCE, kind=SourceKind.LISTING, url="https://daily.example/news", listing=listing)

    def page(number: int, *items: int) -> Fetched:
        links = "".join(f"<li><a href='/{n}'>Headline number {n}</a></li>" for n in items)
        url = f"https://daily.example/news{'' if number == 1 else number}"
        return answer(f"<ul>{links}</ul><a class='next' href='/news{number + 1}'>more</a>".encode(), url)

    shelf = Shelf()
    answers: dict[str, FetchResult] = {found.url: found for found in (page(1, 1, 2), page(2, 3), page(3, 4))}
    assert poll(shelf, answers, source).new_count == 4
    later: dict[str, FetchResult] = {found.url: found for found in (page(1, 9, 1),)}
    assert poll(shelf, later, source).new_count == 1


def test_a_fault_is_told_once_then_daily_then_its_end() -> None:
    """Change, silence for a day, reminder, recovery."""
    shelf, clock = Shelf(), FakeClock()
    told = []
    gone = Gone("410")
    for outcome, hours in ((gone, 1), (gone, 23), (gone, 1), (NotModified(), 1), (NotModified(), 1)):
        notice = poll(shelf, outcome, clock=clock).notice
        told.append(notice.kind if notice else "")
        clock.advance(timedelta(hours=hours))
    assert told == ["change", "", "reminder", "recovery", ""]


def test_one_hiccup_is_a_state_but_no_notice() -> None:
    """A single 502 shows in the status and wakes nobody; the second in a row is told."""
    shelf = Shelf()
    hiccup = Failed("502", FailureWeight.SOFT, status=502)
    first, second = poll(shelf, hiccup), poll(shelf, hiccup)
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
def test_leaving_known_items_out_changes_nothing(polls: list[list[tuple[int, str, str, str, int]]]) -> None:
    """A collector that remembers items to the letter keeps exactly what one that forgets them keeps."""

    def feed(items: list[tuple[int, str, str, str, int]]) -> Fetched:
        written = "".join(
            f"<item><title>{title.format(n=n)}</title><link>https://daily.example{path.format(n=n)}</link>"
            f"<guid isPermaLink='false'>{guid.format(n=n)}</guid><pubDate>Thu, 05 Mar 2026 0{hour}:07:03 GMT</pubDate>"
            f"<description>Lead {n} of {hour}</description></item>"
            for n, guid, path, title, hour in items
        )
        return answer(f"<rss version='2.0'><channel><title>The Daily</title>{written}</channel></rss>".encode())

    kept = []
    for forgets in (False, True):
        shelf, clock = Shelf(), FakeClock()
        fetcher = FakeFetcher({})
        database = FakeDatabase(articles=shelf, sources=shelf)
        collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
        seen = []
        for items in polls:
            if forgets:
                collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
            fetcher.answers[URL] = feed(items)
            (result,) = asyncio.run(collector.run_due({"daily": SOURCE}))
            seen.append((result.outcome, result.entry_count, result.new_count, result.state_after))
            clock.advance(timedelta(hours=1))
        kept.append(
            (
                seen,
                [
                    (draft.article.url, draft.article.title, draft.is_alertable, draft.quarantine_reason)
                    for draft in shelf.drafts
                ],
            )
        )
    assert kept[0] == kept[1]


def test_a_busy_host_gives_its_place_to_others_and_a_pass_waits_for_it() -> None:
    """Ten sources of one host: the daemon polls four and puts the others off, one pass polls them all."""

    class Slow(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            await asyncio.sleep(0)
            return await super().fetch(request)

    sources = {f"s{n}": replace(SOURCE, id=f"s{n}", url=f"https://daily.example/{n}") for n in range(10)}
    leases = [Lease(name, "token", NOON, PollState(name)) for name in sources]

    async def outcomes(*, wait: bool) -> tuple[Counter[str], list[datetime]]:
        shelf = Shelf()
        shelf.leases = leases
        fetcher = Slow({source.url: answer(rss(1), source.url) for source in sources.values()})
        database = FakeDatabase(articles=shelf, sources=shelf)
        collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1))
        if wait:
            polls = await collector.run_due(sources)
        else:
            polls = list(await asyncio.gather(*(collector.poll(one, sources[one.source_id]) for one in leases)))
        put_off = [poll.next_poll_at for poll in polls if poll.outcome == "postponed" and poll.next_poll_at]
        return Counter(poll.outcome for poll in polls), put_off

    found, put_off = asyncio.run(outcomes(wait=False))
    assert found["postponed"] == 6
    assert len(set(put_off)) == 6
    found, _ = asyncio.run(outcomes(wait=True))
    assert found["postponed"] == 0


def test_row_54_a_host_is_not_put_off_for_a_day_by_a_clock_set_back() -> None:
    """Five of a host's sources are put off a day ahead of the real time; put off again in it, they wait seconds."""

    class Slow(FakeFetcher):
        async def fetch(self, request: FetchRequest) -> FetchResult:
            await asyncio.sleep(0)
            return await super().fetch(request)

    sources = {f"s{n}": replace(SOURCE, id=f"s{n}", url=f"https://daily.example/{n}") for n in range(10)}
    leases = [Lease(name, "token", NOON, PollState(name)) for name in sources]
    clock, shelf = FakeClock(NOON + timedelta(days=1)), Shelf()
    fetcher = Slow({source.url: answer(rss(1), source.url) for source in sources.values()})
    database = FakeDatabase(articles=shelf, sources=shelf)
    collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))

    async def polls() -> list[PollResult]:
        return list(await asyncio.gather(*(collector.poll(one, sources[one.source_id]) for one in leases)))

    asyncio.run(polls())
    clock.advance(-timedelta(days=1))
    late = [poll.next_poll_at for poll in asyncio.run(polls()) if poll.outcome == "postponed" and poll.next_poll_at]
    assert len(late) == 6
    assert max(late) < NOON + timedelta(minutes=1)


def test_an_entry_that_was_cut_comes_whole_with_the_next_poll() -> None:
    """The half is no article, and its validators are not kept: the whole may come under the same ones."""
    shelf, whole = Shelf(), rss(1, 2, text="many words " * 50)
    assert poll(shelf, answer(whole[:-200])).new_count == 1
    assert (shelf.memory.etag, shelf.memory.body_hash) == ("", "")
    assert poll(shelf, answer(whole)).new_count == 1
    assert [draft.article.title for draft in shelf.drafts] == ["Headline 1", "Headline 2"]


def test_a_recovery_is_kept_for_the_next_digest() -> None:
    """What came back is told in the digest of that time, and only while it lasts."""
    shelf, clock = Shelf(), FakeClock()
    poll(shelf, Gone("410"), clock=clock)
    clock.advance(timedelta(hours=1))
    poll(shelf, NotModified(), clock=clock)
    (text,) = recovery_notices([shelf.memory], NOON, clock.now + timedelta(hours=1))
    assert "The Daily is read again" in text
    assert not recovery_notices([shelf.memory], NOON, clock.now)
    assert not recovery_notices([replace(shelf.memory, state=SourceState.GONE)], NOON, clock.now + timedelta(hours=1))


def test_an_index_that_never_changes_hides_nothing() -> None:
    """The sitemaps that an index names are read at every poll, for the index alone does not tell what they hold."""
    shelf = Shelf()
    source = replace(SOURCE, kind=SourceKind.SITEMAP, url="https://daily.example/index.xml")
    part = "https://daily.example/news.xml"
    index = answer(f"<sitemapindex><sitemap><loc>{part}</loc></sitemap></sitemapindex>".encode(), source.url)
    for count in (1, 2):
        urls = "".join(f"<url><loc>https://daily.example/story-{n}</loc></url>" for n in range(count))
        answers: dict[str, FetchResult] = {source.url: index, part: answer(f"<urlset>{urls}</urlset>".encode(), part)}
        assert poll(shelf, answers, source).new_count == 1


def test_what_was_kept_as_bare_words_is_said() -> None:
    """Where an entry kills its reader, the poll goes well, and its line tells of it."""

    class Deadly(InlineProcessPool):
        async def run(self, work: Callable[..., T], *args: Any) -> T:
            batch = args[0][0][1][0] if work is run_calls else args[0]
            if any(entry.title == "Headline 3" for entry in batch):
                raise WorkerKilled("too long")
            return await super().run(work, *args)

    async def run() -> PollResult:
        aside, shelf = ProcessOffloader(Deadly()), Shelf()
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        database, fetcher = FakeDatabase(articles=shelf, sources=shelf), FakeFetcher({URL: answer(rss(*range(12)))})
        collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1), aside)
        (result,) = await collector.run_due({SOURCE.id: SOURCE})
        return result

    result = asyncio.run(run())
    assert (result.outcome, result.new_count) == ("new", 12)
    assert result.note == "1 of the entries could not be read and are stored as plain text"
