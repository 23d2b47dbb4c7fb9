"""Costs of the pipeline as counts instead of times: statements, commits, parsed documents and transferred bytes.

Transferred bytes are those pickled to a worker process and back. ``ceilings.json`` has the maximum of each count, with
a small margin for bytes. The counts are the same on every machine; times are measured by ``make bench``. If a count
falls permanently, lower its ceiling. Counts that depend on the division of the code into functions or on the version
of SQLite have no ceiling.
"""

import asyncio
import pickle
import random
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

import feedparser
import lxml.etree
import pytest
import selectolax.lexbor
from sqlalchemy import Engine, event
from support.baselines import assert_ceilings
from support.fakes import NOON, FakeClock, FakeFetcher

from monitor.domain.channels import FolderChannel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.delivery import Message, SendResult, Sent
from monitor.domain.digest import DigestPlan
from monitor.domain.fetch_result import Fetched, NotModified
from monitor.domain.secret import Secret
from monitor.domain.source import Source, TextOrigin
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.collect import Collector
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.process_offloader import OFFLOAD_THRESHOLD, ProcessOffloader
from monitor.pipeline.read_pages import PageReader
from monitor.pipeline.send_deliveries import DeliverySender
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database

T = TypeVar("T")
ENTRIES, SOURCES = 30, ("first", "second", "third")
PEOPLE = (Official("ada", "Ada Example"), Official("ben", "Bến Sample"))
ONCE = DigestPlan("urgent", ("people",), at="immediately", channels=("desk",))
WATCH = Watchlist(PEOPLE, (Rule("people", ("ada", "ben")),))
CONFIGURATION = Configuration(
    Settings(Secret("")), watchlist=WATCH, channels=(FolderChannel("desk", "/nowhere"),), digests=(ONCE,)
)
PARSERS = {  # all parsers of foreign bytes
    "html": (selectolax.lexbor, "LexborHTMLParser"),
    "xml": (lxml.etree, "fromstring"),
    "feedparser": (feedparser, "parse"),
}


class CountingDatabase:
    """Database that calls its stores in this thread, and counts the costs."""

    def __init__(self, opened: Database) -> None:
        self._opened, self.counts = opened, Counter[str]()

    def __getattr__(self, store: str) -> Any:
        return getattr(self._opened, store)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a method of a store at once; the daemon would pass it to its writer thread."""
        return work(*args)

    async def cost(self, work: Coroutine[Any, Any, T]) -> tuple[T, Counter[str]]:
        """Return the result of a coroutine and its costs."""
        self.counts.clear()
        result = await work
        return result, Counter(self.counts)

    def executed(self, *_: object) -> None:
        """Count a statement; a statement for many rows counts once."""
        self.counts["statements"] += 1

    def committed(self, *_: object) -> None:
        """Count a commit."""
        self.counts["commits"] += 1


class CountingPool:
    """Process pool that runs work in this process, and counts the bytes that a worker process would transfer."""

    def __init__(self, database: CountingDatabase) -> None:
        self._counts = database.counts

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Pickle and unpickle the call, run it, and do the same with the result."""
        call, given = self._transfer((work, args))
        result: T = self._transfer(call(*given))
        return result

    def _transfer(self, value: Any) -> Any:
        pickled = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        self._counts["transferred"] += len(pickled)
        return pickle.loads(pickled)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingDatabase]:
    """Open a database that counts, and count every parsing of foreign bytes."""
    opened = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    counting = CountingDatabase(opened)
    _import_pipeline()
    for label, (home, name) in PARSERS.items():
        _count(monkeypatch, counting, label, home, name)
    with _count_statements(counting):
        yield counting
    opened.close()


@cache
def _import_pipeline() -> None:
    """Import all modules of the pipeline, because a later import would get the counting function."""
    for step in ("extract", "match", "parse", "pipeline", "stories", "text"):
        package = import_module(f"monitor.{step}")
        for found in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(found.name)


def _count(monkeypatch: pytest.MonkeyPatch, counting: CountingDatabase, label: str, home: Any, name: str) -> None:
    original = getattr(home, name)

    def counted(*args: Any, **named: Any) -> Any:
        counting.counts[label] += 1
        return original(*args, **named)

    modules = [module for module_name, module in sys.modules.items() if module_name.startswith("monitor.")]
    for module in (home, *modules):
        if getattr(module, name, None) is original:
            monkeypatch.setattr(module, name, counted)


@contextmanager
def _count_statements(counting: CountingDatabase) -> Iterator[None]:
    listeners = (("before_cursor_execute", counting.executed), ("commit", counting.committed))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def rss(outlet: str, newest: int, *, whole: bool = True) -> bytes:
    """Return a feed of thirty entries, the newest first; every fifth names an official."""
    items = []
    for number in range(newest, newest - ENTRIES, -1):
        link = f"https://{outlet}.example/news/{number}"
        text = f"<p>{'</p><p>'.join(paragraphs_of(outlet, number))}</p>" if whole else paragraphs_of(outlet, number)[0]
        items.append(
            f"<item><title>{paragraphs_of(outlet, -number)[0][:60]}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>Thu, 05 Mar 2026 {8 + number // 60:02}:{number % 60:02}:07 GMT</pubDate>"
            f"<description><![CDATA[{text}]]></description></item>"
        )
    return f"<rss version='2.0'><channel><title>{outlet}</title>{''.join(items)}</channel></rss>".encode()


def paragraphs_of(outlet: str, number: int) -> list[str]:
    """Return four paragraphs of words, the same in every run."""
    rng = random.Random(f"{outlet} {number}")
    words = [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lnrst')}e{n % 89}" for n in range(180)]
    if number % 5 == 0:
        words[20:20] = ["Minister", PEOPLE[number % 2].name, "said"]
    return ["It said " + " ".join(words[at : at + 45]) + "." for at in range(0, len(words), 45)]


class Pipeline:
    """The steps of the pipeline on a counting database."""

    def __init__(self, database: CountingDatabase, *, whole: bool = True) -> None:
        self.database, self.whole, self.clock = database, whole, FakeClock()
        mode = TextOrigin.FEED if whole else TextOrigin.PAGE
        self.sources = {
            name: Source(name, name, feed=f"https://{name}.example/rss", text_from=mode) for name in SOURCES
        }
        database.sources.register(list(self.sources.values()), NOON)
        self.fetcher = FakeFetcher({})
        fetcher, pool, self.offloader = self.fetcher, CountingPool(database), ProcessOffloader(CountingPool(database))
        any_database: Any = database
        self.collector = Collector(any_database, fetcher, pool, self.clock, timedelta(days=7), self.offloader)
        self.reader = PageReader(any_database, fetcher, pool, self.clock, timedelta(days=1))
        self.matching = MatchingStep(any_database, BoundedMatcher(compile_watchlist(WATCH)), self.clock)
        self.grouping = GroupingStep(any_database, self.clock, self.offloader)
        self.composer = DigestComposer(any_database, CronDigestSchedule(), self.clock)
        self.sender = DeliverySender(any_database, {"desk": AcceptingChannel()}, self.clock)

    async def poll(self, name: str, newest: int, tag: str = '"1"') -> Counter[str]:
        """Poll one source with new content; return the costs."""
        source = self.sources[name]
        body = rss(name, newest, whole=self.whole)
        self.fetcher.answers[source.url] = Fetched(source.url, 200, (), body, "application/rss+xml", etag=tag)
        self.clock.advance(timedelta(hours=1))
        return await self.poll_again(name)

    async def poll_again(self, name: str) -> Counter[str]:
        """Poll the content that is there; return the costs."""
        (lease,) = await self.collector.lease(1, {name})
        _, cost = await self.database.cost(self.collector.poll(lease, self.sources[name]))
        return cost


class AcceptingChannel:
    """Channel that accepts every message."""

    async def send(self, _message: Message, _attempt_at: object) -> SendResult:
        """Accept a message."""
        return Sent()


def assert_costs(label: str, cost: Counter[str], *, per: int = 1) -> None:
    """Check every count of a step against its ceiling; the error lists all that are higher."""
    kinds = ("statements", "commits", "transferred", *PARSERS)
    assert_ceilings({f"{label}.{kind}": cost[kind] / per for kind in kinds})


def test_costs_of_polls(database: CountingDatabase) -> None:
    """The polls are a first one, an identical one, a 304, and one with two new entries."""

    async def run() -> None:
        pipeline = Pipeline(database)
        await pipeline.poll("first", 40)  # one-time costs of compiling and caching are not counted
        await pipeline.poll("first", 42, '"2"')
        assert_costs("poll.first", await pipeline.poll("second", 40))
        assert_costs("poll.same", await pipeline.poll("second", 40, '"2"'))
        pipeline.fetcher.answers[pipeline.sources["first"].url] = NotModified()
        await pipeline.poll_again("first")
        pipeline.fetcher.answers[pipeline.sources["second"].url] = NotModified()
        assert_costs("poll.unchanged", await pipeline.poll_again("second"))
        assert_costs("poll.two_new", await pipeline.poll("second", 42, '"3"'))

    asyncio.run(run())


def test_costs_of_an_article(database: CountingDatabase) -> None:
    """It is matched and grouped in batches, reported in a digest, and delivered; the last steps count per message."""

    async def run() -> None:
        pipeline = Pipeline(database)
        for name in SOURCES:
            await pipeline.poll(name, 40)
        await pipeline.composer.run_due(CONFIGURATION)  # starts the digest's first window
        await pipeline.matching.run_batch(ENTRIES)
        assert_costs("matched", (await database.cost(pipeline.matching.run_batch(ENTRIES)))[1], per=ENTRIES)
        await pipeline.grouping.run_batch(ENTRIES)
        assert_costs("grouped", (await database.cost(pipeline.grouping.run_batch(ENTRIES)))[1], per=ENTRIES)
        await pipeline.composer.run_due(CONFIGURATION)
        await pipeline.sender.run_due()
        await pipeline.matching.run_all()
        await pipeline.grouping.run_all()
        pipeline.clock.advance(timedelta(hours=1))
        digests, cost = await database.cost(pipeline.composer.run_due(CONFIGURATION))
        assert len(digests) == 1
        assert_costs("composed", cost)
        attempts, cost = await database.cost(pipeline.sender.run_due())
        assert [type(attempt.receipt) for attempt in attempts] == [Sent]
        assert_costs("delivered", cost)
        assert_costs("idle.composed", (await database.cost(pipeline.composer.run_due(CONFIGURATION)))[1])
        assert_costs("idle.delivered", (await database.cost(pipeline.sender.run_due()))[1])

    asyncio.run(run())


def test_costs_of_a_page(database: CountingDatabase) -> None:
    """A page is read for an entry with a summary only, and is parsed once."""

    async def run() -> None:
        pipeline = Pipeline(database, whole=False)
        await pipeline.poll("first", 40)
        for number in range(40 - ENTRIES, 41):
            url = f"https://first.example/news/{number}"
            title, text = paragraphs_of("first", -number)[0][:60], "</p><p>".join(paragraphs_of("first", number))
            body = f"<html><body><nav>Home</nav><article><h1>{title}</h1><p>{text}</p></article></body></html>"
            pipeline.fetcher.answers[url] = Fetched(url, 200, (), body.encode(), "text/html")
        await pipeline.reader.run_due(pipeline.sources, 10)
        readings, cost = await database.cost(pipeline.reader.run_due(pipeline.sources, 10))
        assert not any(reading.error for reading in readings)
        assert_costs("page", cost, per=len(readings))

    asyncio.run(run())


def test_transfer_to_worker_processes(database: CountingDatabase) -> None:
    """Unusual feeds are parsed in a worker process; with a backlog, articles and features are computed there, too."""

    async def run() -> None:
        pipeline, newest = Pipeline(database), 540  # new texts, which no cache contains
        await pipeline.poll("first", newest)
        pipeline.offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert_costs("offloaded.built", await pipeline.poll("second", newest), per=ENTRIES)
        await pipeline.matching.run_all()
        await pipeline.grouping.run_batch(ENTRIES)
        pipeline.offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert_costs("offloaded.grouped", (await database.cost(pipeline.grouping.run_batch(ENTRIES)))[1], per=ENTRIES)
        odd = b"<?xml version='1.0' encoding='koi8-r'?>" + rss("third", newest)
        source = pipeline.sources["third"]
        pipeline.fetcher.answers[source.url] = Fetched(source.url, 200, (), odd, "application/rss+xml")
        assert_costs("poll.odd", await pipeline.poll_again("third"))

    asyncio.run(run())
