"""A document or entry that ends the process: the poll is repeated in worker processes, and does not end it again."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from support.fakes import NOON, FakeClock, FakeFetcher

from monitor.domain.fetch_result import Fetched
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.source import Source, TextOrigin
from monitor.domain.values import replace
from monitor.parse import dispatch
from monitor.parse.dispatch import parse_document
from monitor.pipeline import build_articles, collect
from monitor.pipeline.build_articles import build_indexed_articles
from monitor.pipeline.collect import MAX_INTERRUPTED_POLLS, Collector, PollResult
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.schedule.process_pool import SubprocessPool
from monitor.store.database import Database

T = TypeVar("T")
KILLED = 9
SOURCE = Source("daily", "The Daily", feed="https://daily.example/rss", text_from=TextOrigin.FEED)
ITEMS = "".join(
    f"<item><title>Headline {number}</title><link>https://daily.example/{number}</link>"
    f"<pubDate>Thu, 05 Mar 2026 09:0{number}:00 GMT</pubDate><description>Text {number}</description></item>"
    for number in range(3)
)
FEED = f"<rss version='2.0'><channel><title>Daily</title>{ITEMS}</channel></rss>".encode()


class Pool:
    """Pool of real worker processes; work that is ``fatal`` kills its process."""

    def __init__(self, fatal: Callable[..., bool]) -> None:
        self.pool, self.fatal, self.works = SubprocessPool(1), fatal, list[Callable[..., object]]()

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.works.append(work)
        if self.fatal(work, *args):
            await self.pool.run(os._exit, 1)
        return await self.pool.run(work, *args)


def poll(folder: Path, clock: FakeClock, fatal: Callable[..., bool] = lambda *_: False) -> tuple[PollResult, Pool]:
    """Start as the daemon does after a kill, and poll the source once."""
    database = Database.open(f"sqlite:///{folder}/monitor.db", exclusive=True)
    try:
        database.release_stale_leases(clock())
        database.sources.register([SOURCE], clock())
        fetcher = FakeFetcher({SOURCE.url: Fetched(SOURCE.url, 200, (), FEED, "application/rss+xml")})

        async def run() -> tuple[PollResult, Pool]:
            pool = Pool(fatal)
            collector = Collector(database, fetcher, pool, clock, timedelta(days=1), ProcessOffloader(pool))
            async with pool.pool:
                (result,) = await collector.run_due({SOURCE.id: SOURCE})
            return result, pool

        return asyncio.run(run())
    finally:
        database.close()


def killed_poll(folder: Path, clock: FakeClock, home: Any, name: str) -> int:
    """Poll the source in a process that ends when it calls the function ``name``; return its exit code."""
    child = os.fork()
    if not child:
        try:
            setattr(home, name, lambda *_: os._exit(KILLED))  # the injected fault
            poll(folder, clock)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stored(folder: Path) -> tuple[PollState, list[str]]:
    """Return the poll state of the source, and the bodies of the articles."""
    database = Database.open(f"sqlite:///{folder}/monitor.db")
    try:
        bodies = [one.article.body for one in database.articles.unmatched(10)]
        return database.sources.load_poll_states()["daily"], bodies
    finally:
        database.close()


def is_parsing(work: Callable[..., object], *_: object) -> bool:
    return work is parse_document


def is_building_the_second(work: Callable[..., object], *args: Any) -> bool:
    return work is build_indexed_articles and any(entry.title == "Headline 1" for entry in args[0])


def test_a_document_that_ends_the_process_is_parsed_in_a_worker_process(tmp_path: Path) -> None:
    """While it also kills worker processes, the source is failing, and never parsed in the main process."""
    clock = FakeClock()
    assert killed_poll(tmp_path, clock, dispatch, "parse_ordinary_feed") == KILLED
    for failures in (1, 2):
        result, pool = poll(tmp_path, clock, is_parsing)
        assert (result.outcome, pool.works) == ("failed", [parse_document])
        state, bodies = stored(tmp_path)
        assert (state.state, state.failures, state.interrupted_polls, bodies) == (SourceState.FAILING, failures, 1, [])
        clock.advance(timedelta(days=1))
    result, _ = poll(tmp_path, clock)
    assert (result.outcome, result.new_count) == ("new", 3)
    assert stored(tmp_path)[0].interrupted_polls == 0
    clock.advance(timedelta(days=1))
    assert poll(tmp_path, clock)[1].works == [], "an ordinary document is parsed in the main process again"


def test_an_entry_that_ends_the_process_becomes_plain_text(tmp_path: Path) -> None:
    """After the restart, each article is built alone in a worker process; the others are complete."""
    clock = FakeClock()
    assert killed_poll(tmp_path, clock, build_articles, "build_articles") == KILLED
    result, pool = poll(tmp_path, clock, is_building_the_second)
    assert (result.new_count, result.note) == (3, "1 of the entries could not be read and are stored as plain text")
    assert pool.works == [parse_document, *[build_indexed_articles] * 3]
    assert stored(tmp_path)[1] == ["Text 0", "Text 1", "Text 2"]


def test_a_source_that_ends_each_process_fails_with_a_reason(tmp_path: Path) -> None:
    """The source is read again after the wait of a failing source."""
    clock = FakeClock()
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([SOURCE], NOON)
    (lease,) = database.sources.lease_due(NOON, 1, NOON + timedelta(minutes=5))
    database.sources.record_poll(lease, replace(lease.poll_state, interrupted_polls=MAX_INTERRUPTED_POLLS))
    database.close()
    assert killed_poll(tmp_path, clock, collect, "plan_poll") == KILLED
    result, pool = poll(tmp_path, clock)
    assert (result.outcome, result.state_after, pool.works) == ("failed", SourceState.FAILING, [])
    assert result.detail == "7 polls in a row were interrupted: the program was stopped during each"
    assert result.next_poll_at
    assert result.next_poll_at > NOON
    clock.advance(timedelta(days=1))
    assert poll(tmp_path, clock)[0].new_count == 3
