"""Costs of the daily work, counted and not timed: statements, commits, parsed documents and transferred bytes.

Transferred bytes (``piped``) are those pickled to a worker process and back. ``ceilings.json`` pins each count, bytes
with a little room. The counts are the same on every machine, so they hold where a timed test would not; times are for
``make bench``. A count that fell for good is lowered there. What depends on how the code is divided into functions or
on the version of SQLite is not pinned.
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
from monitor.pipeline.build_articles import OFFLOAD_THRESHOLD, ProcessOffloader
from monitor.pipeline.collect import Collector
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
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
PARSERS = {  # whatever parses foreign bytes
    "html": (selectolax.lexbor, "LexborHTMLParser"),
    "xml": (lxml.etree, "fromstring"),
    "feedparser": (feedparser, "parse"),
}


class Counting:
    """A database whose stores are called in this thread, and what they cost."""

    def __init__(self, opened: Database) -> None:
        self._opened, self.counts = opened, Counter[str]()

    def __getattr__(self, store: str) -> Any:
        return getattr(self._opened, store)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method at once, where the daemon would hand it to its writer thread."""
        return work(*args)

    async def cost(self, work: Coroutine[Any, Any, T]) -> tuple[T, Counter[str]]:
        """Return the result of some work and what it cost."""
        self.counts.clear()
        result = await work
        return result, Counter(self.counts)

    def executed(self, *_: object) -> None:
        """Count a statement; one for many rows is one."""
        self.counts["statements"] += 1

    def committed(self, *_: object) -> None:
        """Count a commit."""
        self.counts["commits"] += 1


class Carrying:
    """A workshop right here that takes work over as a process would, and weighs it both ways."""

    def __init__(self, database: Counting) -> None:
        self._counts = database.counts

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do what came out of the pipe, and return what came back."""
        call, given = self._carried((work, args))
        result: T = self._carried(call(*given))
        return result

    def _carried(self, what: Any) -> Any:
        pickled = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
        self._counts["piped"] += len(pickled)
        return pickle.loads(pickled)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    """Open a database that counts, and count every parsing of foreign bytes."""
    opened = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    counting = Counting(opened)
    _loaded()
    for what, (home, name) in PARSERS.items():
        _count(monkeypatch, counting, what, home, name)
    with _listening(counting):
        yield counting
    opened.close()


@cache
def _loaded() -> None:
    """Load what steps load only when they need it, or it would keep the counting name that it finds when it comes."""
    for step in ("extract", "match", "parse", "pipeline", "stories", "text"):
        package = import_module(f"monitor.{step}")
        for found in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(found.name)


def _count(monkeypatch: pytest.MonkeyPatch, counting: Counting, what: str, home: Any, name: str) -> None:
    real = getattr(home, name)

    def counted(*args: Any, **named: Any) -> Any:
        counting.counts[what] += 1
        return real(*args, **named)

    houses = [module for place, module in sys.modules.items() if place.startswith("monitor.")]
    for module in (home, *houses):
        if getattr(module, name, None) is real:
            monkeypatch.setattr(module, name, counted)


@contextmanager
def _listening(counting: Counting) -> Iterator[None]:
    heard = (("before_cursor_execute", counting.executed), ("commit", counting.committed))
    for name, listener in heard:
        event.listen(Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in heard:
            event.remove(Engine, name, listener)


def rss(outlet: str, newest: int, *, whole: bool = True) -> bytes:
    """Make a feed of thirty entries, the newest first; every fifth names somebody."""
    items = []
    for number in range(newest, newest - ENTRIES, -1):
        link = f"https://{outlet}.example/news/{number}"
        text = f"<p>{'</p><p>'.join(story(outlet, number))}</p>" if whole else story(outlet, number)[0]
        items.append(
            f"<item><title>{story(outlet, -number)[0][:60]}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>Thu, 05 Mar 2026 {8 + number // 60:02}:{number % 60:02}:07 GMT</pubDate>"
            f"<description><![CDATA[{text}]]></description></item>"
        )
    return f"<rss version='2.0'><channel><title>{outlet}</title>{''.join(items)}</channel></rss>".encode()


def story(outlet: str, number: int) -> list[str]:
    """Make four paragraphs of words, the same at every run."""
    rng = random.Random(f"{outlet} {number}")
    words = [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lnrst')}e{n % 89}" for n in range(180)]
    if number % 5 == 0:
        words[20:20] = ["Minister", PEOPLE[number % 2].name, "said"]
    return ["It said " + " ".join(words[at : at + 45]) + "." for at in range(0, len(words), 45)]


class Desk:
    """The steps of the line over a counting database."""

    def __init__(self, database: Counting, *, whole: bool = True) -> None:
        self.database, self.whole, self.clock = database, whole, FakeClock()
        mode = TextOrigin.FEED if whole else TextOrigin.PAGE
        self.sources = {
            name: Source(name, name, feed=f"https://{name}.example/rss", text_from=mode) for name in SOURCES
        }
        database.sources.register(list(self.sources.values()), NOON)
        self.fetcher = FakeFetcher({})
        fetcher, workshop, self.aside = self.fetcher, Carrying(database), ProcessOffloader(Carrying(database))
        house: Any = database
        self.collector = Collector(house, fetcher, workshop, self.clock, timedelta(days=7), self.aside)
        self.reader = PageReader(house, fetcher, workshop, self.clock, timedelta(days=1))
        self.screener = MatchingStep(house, BoundedMatcher(compile_watchlist(WATCH)), self.clock)
        self.keeper = GroupingStep(house, self.clock, self.aside)
        self.alerter = DigestComposer(house, CronDigestSchedule(), self.clock)
        self.dispatcher = DeliverySender(house, {"desk": Taker()}, self.clock)

    async def poll(self, name: str, newest: int, tag: str = '"1"') -> Counter[str]:
        """Poll one source; return what it cost."""
        source = self.sources[name]
        body = rss(name, newest, whole=self.whole)
        self.fetcher.answers[source.url] = Fetched(source.url, 200, (), body, "application/rss+xml", etag=tag)
        self.clock.advance(timedelta(hours=1))
        return await self.ask(name)

    async def ask(self, name: str) -> Counter[str]:
        """Poll for what lies there."""
        (lease,) = await self.collector.lease(1, {name})
        _, cost = await self.database.cost(self.collector.poll(lease, self.sources[name]))
        return cost


class Taker:
    """A channel that takes everything."""

    async def send(self, _message: Message, _attempt_at: object) -> SendResult:
        """Take it."""
        return Sent()


def assert_floor(what: str, cost: Counter[str], *, per: int = 1) -> None:
    """Hold every count of a step under its ceiling, all in one line if several rose."""
    kinds = ("statements", "commits", "piped", *PARSERS)
    assert_ceilings({f"{what}.{kind}": cost[kind] / per for kind in kinds})


def test_what_a_poll_costs(database: Counting) -> None:
    """First seen, unchanged by its own word, unchanged to the letter, and with two new entries."""

    async def polls() -> None:
        desk = Desk(database)
        await desk.poll("first", 40)  # what is compiled and cached once is not counted
        await desk.poll("first", 42, '"2"')
        assert_floor("poll.first", await desk.poll("second", 40))
        assert_floor("poll.same", await desk.poll("second", 40, '"2"'))
        desk.fetcher.answers[desk.sources["first"].url] = NotModified()
        await desk.ask("first")
        desk.fetcher.answers[desk.sources["second"].url] = NotModified()
        assert_floor("poll.unchanged", await desk.ask("second"))
        assert_floor("poll.two_new", await desk.poll("second", 42, '"3"'))

    asyncio.run(polls())


def test_what_an_article_costs_on_its_way(database: Counting) -> None:
    """Screened and grouped in batches, told in a digest, delivered: a step at a time, for an article or a message."""

    async def line() -> None:
        desk = Desk(database)
        for name in SOURCES:
            await desk.poll(name, 40)
        await desk.alerter.run_due(CONFIGURATION)  # which opens the digest's first window
        await desk.screener.run_batch(ENTRIES)
        assert_floor("screened", (await database.cost(desk.screener.run_batch(ENTRIES)))[1], per=ENTRIES)
        await desk.keeper.run_batch(ENTRIES)
        assert_floor("grouped", (await database.cost(desk.keeper.run_batch(ENTRIES)))[1], per=ENTRIES)
        await desk.alerter.run_due(CONFIGURATION)
        await desk.dispatcher.run_due()
        await desk.screener.run_all()
        await desk.keeper.run_all()
        desk.clock.advance(timedelta(hours=1))
        digests, cost = await database.cost(desk.alerter.run_due(CONFIGURATION))
        assert len(digests) == 1
        assert_floor("told", cost)
        attempts, cost = await database.cost(desk.dispatcher.run_due())
        assert [type(attempt.receipt) for attempt in attempts] == [Sent]
        assert_floor("delivered", cost)
        assert_floor("idle.told", (await database.cost(desk.alerter.run_due(CONFIGURATION)))[1])
        assert_floor("idle.delivered", (await database.cost(desk.dispatcher.run_due()))[1])

    asyncio.run(line())


def test_what_a_page_costs(database: Counting) -> None:
    """One page read for an entry that the feed only announces: parsed once."""

    async def pages() -> None:
        desk = Desk(database, whole=False)
        await desk.poll("first", 40)
        for number in range(40 - ENTRIES, 41):
            url = f"https://first.example/news/{number}"
            title, text = story("first", -number)[0][:60], "</p><p>".join(story("first", number))
            body = f"<html><body><nav>Home</nav><article><h1>{title}</h1><p>{text}</p></article></body></html>"
            desk.fetcher.answers[url] = Fetched(url, 200, (), body.encode(), "text/html")
        await desk.reader.run_due(desk.sources, 10)
        readings, cost = await database.cost(desk.reader.run_due(desk.sources, 10))
        assert not any(reading.error for reading in readings)
        assert_floor("page", cost, per=len(readings))

    asyncio.run(pages())


def test_what_goes_to_other_processes_and_back(database: Counting) -> None:
    """A feed out of the ordinary, and what is done beside when there is much of it: articles of entries, features."""

    async def aside() -> None:
        desk, newest = Desk(database), 540  # texts of its own, of which no cache knows a word
        await desk.poll("first", newest)
        desk.aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert_floor("aside.made", await desk.poll("second", newest), per=ENTRIES)
        await desk.screener.run_all()
        await desk.keeper.run_batch(ENTRIES)
        desk.aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert_floor("aside.grouped", (await database.cost(desk.keeper.run_batch(ENTRIES)))[1], per=ENTRIES)
        odd = b"<?xml version='1.0' encoding='koi8-r'?>" + rss("third", newest)
        source = desk.sources["third"]
        desk.fetcher.answers[source.url] = Fetched(source.url, 200, (), odd, "application/rss+xml")
        assert_floor("poll.odd", await desk.ask("third"))

    asyncio.run(aside())
