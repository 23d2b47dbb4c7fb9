"""Pure work in real worker processes: the same results, nothing lost when one is killed, and none stays for ever."""

import asyncio
import math
import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from support.fakes import FakeFetcher
from support.http_server import on_loop
from support.rows import MINUTE, NOW, draft, screened
from support.wait import wait_until

from monitor.domain.article import Article
from monitor.domain.fetch_result import Fetched
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.pipeline import build_articles, group
from monitor.pipeline.build_articles import OFFLOAD_THRESHOLD, ProcessOffloader, build_indexed_articles, run_calls
from monitor.pipeline.collect import Collector
from monitor.pipeline.group import GroupingStep
from monitor.schedule.process_pool import SubprocessPool
from monitor.store.database import Database
from monitor.stories.fingerprints import pack_features

T = TypeVar("T")


BATCH, ARTICLES = 40, 90
SOURCE = Source("a", "A", feed="https://a.example/rss", text_from=TextOrigin.FEED)


class Mortal:
    """Workers of which the one with a certain job dies, and a count of all jobs."""

    def __init__(self, workers: SubprocessPool, last: int = 0) -> None:
        self.workers, self.last, self.jobs = workers, last, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        if self.jobs == self.last:
            await self.workers.run(os._exit, 1)
        return await self.workers.run(work, *args)


class Poisoned(Mortal):
    """Workers that die whenever an entry of a certain title is among their work."""

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        self.jobs += 1
        batch = args[0][0][1][0] if work is run_calls else args[0]
        if any("poison" in entry.title for entry in batch):
            await self.workers.run(os._exit, 1)
        return await self.workers.run(work, *args)


def feed(source: str) -> bytes:
    """Make a feed of twenty whole articles; in one source, one is poison."""
    items = "".join(
        f"<item><title>{'poison' * (source == 's1' and n == 7)} {n}</title><link>https://{source}.example/{n}</link>"
        f"<description>&lt;p&gt;{prose(n)}</description><pubDate>Sun, 01 Mar 2026 11:{n:02}:00 GMT</pubDate></item>"
        for n in range(20)
    )
    return f"<rss version='2.0'><channel><title>{source}</title>{items}</channel></rss>".encode()


def collected(path: Path, workers: Mortal | None) -> tuple[list[tuple[str, Article]], dict[str, str], int]:
    """Poll three sources one after the other; return what is kept, what was remarked, and what a search finds."""
    sources = {
        name: Source(name, name, feed=f"https://{name}.example/rss", text_from=TextOrigin.FEED)
        for name in ("s0", "s1", "s2")
    }
    answers = {one.url: Fetched(one.url, 200, (), feed(one.id), "application/rss+xml") for one in sources.values()}
    database = Database.open(f"sqlite:///{path}")
    try:
        database.sources.register(list(sources.values()), NOW)

        async def run() -> dict[str, str]:
            beside, fetcher = ProcessOffloader(workers), FakeFetcher({**answers})
            collector = Collector(database, fetcher, SubprocessPool(), lambda: NOW, timedelta(days=1), beside)
            beside.add_backlog(2 * OFFLOAD_THRESHOLD)
            async with workers.workers if workers else SubprocessPool():
                polls = [poll for name in sources for poll in await collector.run_due(sources, source_ids=[name])]
            return {poll.source_id: poll.note for poll in polls if poll.note}

        remarks = on_loop(run())
        stored = [(one.source_id, one.article) for one in database.articles.unmatched(100)]
        return stored, remarks, len(database.queries.search("once more", 100))
    finally:
        database.close()


def test_a_pass_outlives_an_entry_that_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is kept once and found by a search, as if read here; only the entry at fault has bare words."""
    monkeypatch.setattr(build_articles, "DRAIN_RATE", 0.0)
    here, nothing, found = collected(tmp_path / "here.db", None)
    workers = Poisoned(SubprocessPool(1))
    there, remarks, found_there = collected(tmp_path / "there.db", workers)
    assert nothing == {}
    assert remarks == {"s1": "1 of the entries could not be read and are stored as plain text"}
    assert [number for number, (one, other) in enumerate(zip(here, there, strict=True)) if one != other] == [27]
    assert there[27][1].body == here[27][1].body
    assert found_there == found > 0
    assert workers.jobs == 3 + 20
    assert workers.workers.killed_count == 2


def prose(number: int) -> str:
    """Make a text; every fifth is that of the one before with another beginning."""
    rng = random.Random(number - (number % 5 == 0))
    words = [rng.choice(("bridge", "harvest", "strike", "ferry", "council", "school"))]
    words += [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lnrst')}e" for _ in range(120)]
    return f"{'Once more. ' * (number % 5 == 0)}{' '.join(words)}."


def grouped(path: Path, workers: Mortal | None) -> list[tuple[object, ...]]:
    """Group two batches and a bit; return where each article stands."""
    database = Database.open(f"sqlite:///{path}")
    try:
        screened(database, *(draft(f"a{number}", body=prose(number)) for number in range(ARTICLES)))

        async def run() -> int:
            beside = ProcessOffloader(workers)
            beside.add_backlog(OFFLOAD_THRESHOLD)
            keeper = GroupingStep(database, lambda: NOW + MINUTE, beside)
            async with workers.workers if workers else SubprocessPool():
                return await keeper.run_all()

        assert on_loop(run()) == ARTICLES
        return [
            (one.id, one.story_id, one.duplicate_of, one.stage)
            for one in database.queries.list_articles(ArticleFilter(limit=1000))
        ]
    finally:
        database.close()


@pytest.mark.parametrize("killed", [0, 1, 2, 3])
def test_stories_are_the_same_whoever_prepares_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: int
) -> None:
    """Prepared here, in a worker, or in one that was killed over some batch: every article finds its place once."""
    monkeypatch.setattr(group, "GROUPING_BATCH_SIZE", BATCH)
    monkeypatch.setattr(build_articles, "DRAIN_RATE", 0.0)  # else a slow machine would find that little has piled up
    here = grouped(tmp_path / "here.db", None)
    workers = Mortal(SubprocessPool(1), killed)
    assert grouped(tmp_path / "there.db", workers) == here
    assert workers.jobs == 3
    assert workers.workers.killed_count == (killed > 0)
    assert any(copy is not None for _, _, copy, _ in here)


def test_a_worker_loads_what_its_work_needs_and_no_more() -> None:
    """Its start is paid for by every pass that uses it: no database, no web, no command line."""

    async def run() -> set[str]:
        async with SubprocessPool(1) as workers:
            await workers.run(pack_features, [("Title", "", "A body of words.", NOW)])
            await workers.run(build_indexed_articles, [Entry("https://a.example/1", content="<p>Words")], SOURCE)
            return set(await workers.run(eval, "list(__import__('sys').modules)"))

    assert not on_loop(run()) & {"sqlalchemy", "typer", "httpx", "feedparser", "jinja2"}


def test_a_worker_without_work_is_ended() -> None:
    """A process that had its rest is gone; the next job starts another and is done."""

    async def run() -> None:
        async with SubprocessPool(1, idle_seconds=0.01) as workers:
            assert await workers.run(math.factorial, 4) == 24
            first = await workers.run(os.getpid)
            process = Path(f"/proc/{first}")
            assert await asyncio.to_thread(wait_until, lambda: not process.exists(), 120)
            assert await workers.run(os.getpid) != first

    on_loop(run())
