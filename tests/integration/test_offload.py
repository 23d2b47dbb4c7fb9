"""Work in worker processes: the results are equal, nothing is lost with a killed process, and idle ones end."""

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
from monitor.pipeline import group, process_offloader
from monitor.pipeline.build_articles import build_indexed_articles
from monitor.pipeline.collect import Collector
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.process_offloader import FAILURE_MEMORY_SECONDS, OFFLOAD_THRESHOLD, ProcessOffloader, run_calls
from monitor.schedule.process_pool import SubprocessPool
from monitor.store.database import Database
from monitor.stories.fingerprints import GroupingText, pack_features

T = TypeVar("T")


BATCH, ARTICLES = 40, 90
SOURCE = Source("a", "A", feed="https://a.example/rss", text_from=TextOrigin.FEED)


class KillingPool:
    """Process pool that kills its process in the job ``kill_in_job``, and counts all jobs."""

    def __init__(self, pool: SubprocessPool, kill_in_job: int = 0) -> None:
        self.pool, self.kill_in_job, self.jobs = pool, kill_in_job, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        if self.jobs == self.kill_in_job:
            await self.pool.run(os._exit, 1)
        return await self.pool.run(work, *args)


class FailingEntryPool(KillingPool):
    """Process pool that kills its process whenever its work contains an entry titled "poison"."""

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        self.jobs += 1
        batch = args[0][0][1][0] if work is run_calls else args[0]
        if any(isinstance(entry, Entry) and "poison" in entry.title for entry in batch):
            await self.pool.run(os._exit, 1)
        return await self.pool.run(work, *args)


class FailingDocumentPool(KillingPool):
    """Process pool that kills its process whenever it parses the document of the source ``s1``."""

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        self.jobs += 1
        if work is run_calls and any(b">s1<" in part for part in args[0][0][1][0] if isinstance(part, bytes)):
            await self.pool.run(os._exit, 1)
        return await self.pool.run(work, *args)


class NoProcessPool(KillingPool):
    """Process pool that cannot start a process."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        raise OSError("no more processes")


def feed(source: str) -> bytes:
    """Return a feed of twenty whole articles; in one source, one is titled "poison"."""
    items = "".join(
        f"<item><title>{'poison' * (source == 's1' and n == 7)} {n}</title><link>https://{source}.example/{n}</link>"
        f"<description>&lt;p&gt;{prose(n)}</description><pubDate>Sun, 01 Mar 2026 11:{n:02}:00 GMT</pubDate></item>"
        for n in range(20)
    )
    return f"<rss version='2.0'><channel><title>{source}</title>{items}</channel></rss>".encode()


def collected(path: Path, pool: KillingPool | None) -> tuple[list[tuple[str, Article]], dict[str, str], int]:
    """Poll three sources one after the other; return stored articles, notes, and the number of search results."""
    sources = {
        name: Source(name, name, feed=f"https://{name}.example/rss", text_from=TextOrigin.FEED)
        for name in ("s0", "s1", "s2")
    }
    answers = {one.url: Fetched(one.url, 200, (), feed(one.id), "application/rss+xml") for one in sources.values()}
    database = Database.open(f"sqlite:///{path}")
    try:
        database.sources.register(list(sources.values()), NOW)

        async def run() -> dict[str, str]:
            offloader, fetcher = ProcessOffloader(pool), FakeFetcher({**answers})
            collector = Collector(database, fetcher, SubprocessPool(), lambda: NOW, timedelta(days=1), offloader)
            offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
            async with pool.pool if pool else SubprocessPool():
                polls = [poll for name in sources for poll in await collector.run_due(sources, source_ids=[name])]
            return {poll.source_id: poll.note for poll in polls if poll.note}

        notes = on_loop(run())
        stored = [(one.source_id, one.article) for one in database.articles.unmatched(100)]
        return stored, notes, len(database.queries.search("once more", 100))
    finally:
        database.close()


def test_an_entry_that_kills_its_process_becomes_plain_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other entries are stored once and found by a search, as without a process pool."""
    monkeypatch.setattr(process_offloader, "DRAIN_RATE", 0.0)
    in_process, nothing, found = collected(tmp_path / "here.db", None)
    pool = FailingEntryPool(SubprocessPool(1))
    in_pool, notes, found_in_pool = collected(tmp_path / "there.db", pool)
    assert nothing == {}
    assert notes == {"s1": "1 of the entries could not be read and are stored as plain text"}
    assert [number for number, (one, other) in enumerate(zip(in_process, in_pool, strict=True)) if one != other] == [27]
    assert in_pool[27][1].body == in_process[27][1].body
    assert found_in_pool == found > 0
    assert pool.jobs == 3 + 3 + 20  # three documents are parsed, and their entries built, of one feed one by one
    assert pool.pool.killed_count == 2


def test_a_document_that_kills_its_process_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other sources are stored, and the program goes on."""
    monkeypatch.setattr(process_offloader, "DRAIN_RATE", 0.0)
    in_process, _, _ = collected(tmp_path / "here.db", None)
    pool = FailingDocumentPool(SubprocessPool(1))
    in_pool, _, _ = collected(tmp_path / "there.db", pool)
    assert in_pool == [one for one in in_process if one[0] != "s1"]
    assert pool.pool.killed_count == 1


def test_without_worker_processes_documents_are_parsed_in_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_offloader, "DRAIN_RATE", 0.0)
    in_process, _, _ = collected(tmp_path / "here.db", None)
    pool = NoProcessPool(SubprocessPool(1))
    assert collected(tmp_path / "there.db", pool)[0] == in_process
    assert pool.jobs > 0


def prose(number: int) -> str:
    """Return a text; every fifth repeats the one before with another beginning."""
    rng = random.Random(number - (number % 5 == 0))
    words = [rng.choice(("bridge", "harvest", "strike", "ferry", "council", "school"))]
    words += [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lnrst')}e" for _ in range(120)]
    return f"{'Once more. ' * (number % 5 == 0)}{' '.join(words)}."


def group_articles(path: Path, pool: KillingPool | None) -> list[tuple[object, ...]]:
    """Group two and a quarter batches; return the story and original of each article."""
    database = Database.open(f"sqlite:///{path}")
    try:
        screened(database, *(draft(f"a{number}", body=prose(number)) for number in range(ARTICLES)))

        async def run() -> int:
            offloader = ProcessOffloader(pool)
            offloader.add_backlog(OFFLOAD_THRESHOLD)
            grouping = GroupingStep(database, lambda: NOW + MINUTE, offloader)
            async with pool.pool if pool else SubprocessPool():
                return await grouping.run_all()

        assert on_loop(run()) == ARTICLES
        return [
            (one.id, one.story_id, one.duplicate_of, one.stage)
            for one in database.queries.list_articles(ArticleFilter(limit=1000))
        ]
    finally:
        database.close()


@pytest.mark.parametrize("killed", [0, 1, 2, 3])
def test_stories_are_the_same_with_and_without_worker_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: int
) -> None:
    """They are equal if features are computed in this process, in a worker process, or again after a kill."""
    monkeypatch.setattr(group, "GROUPING_BATCH_SIZE", BATCH)
    monkeypatch.setattr(process_offloader, "DRAIN_RATE", 0.0)  # otherwise a slow machine would see a small backlog
    in_process = group_articles(tmp_path / "here.db", None)
    pool = KillingPool(SubprocessPool(1), killed)
    assert group_articles(tmp_path / "there.db", pool) == in_process
    assert pool.jobs == 3
    assert pool.pool.killed_count == (killed > 0)
    assert any(copy is not None for _, _, copy, _ in in_process)


class UnreadableAnswer:
    """Result of a worker process that the main process cannot unpickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return raise_type_error, ()


def raise_type_error() -> None:
    raise TypeError("no such answer")


def unreadable_answer(_batch: list[int]) -> UnreadableAnswer:
    return UnreadableAnswer()


def test_a_broken_worker_process_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """Each failure is counted, the first one is logged, and after an hour the report ends."""

    async def run() -> tuple[str, str, str]:
        async with SubprocessPool(1) as pool:
            offloader = ProcessOffloader(pool)
            offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
            before = offloader.problem
            for _ in range(2):
                with pytest.raises(TypeError, match="no such answer"):
                    await offloader.run_in_pool(unreadable_answer, [*range(BATCH)])
            now = offloader.problem
            offloader._failed_at -= FAILURE_MEMORY_SECONDS + 1
            return before, now, offloader.problem

    before, now, later = on_loop(run())
    assert (before, later) == ("", "")
    assert "failed 2 times" in now
    assert now.endswith("unreadable_answer: TypeError: no such answer")
    assert [record.getMessage() for record in caplog.records] == ["work in a worker process failed"]


def test_a_worker_process_loads_only_what_its_work_needs() -> None:
    """It imports no database, web or command line, because each pass that uses it waits for its start."""

    async def run() -> set[str]:
        async with SubprocessPool(1) as pool:
            await pool.run(pack_features, [GroupingText("Title", "", "A body of words.", NOW)])
            await pool.run(build_indexed_articles, [Entry("https://a.example/1", content="<p>Words")], SOURCE)
            return set(await pool.run(eval, "list(__import__('sys').modules)"))

    assert not on_loop(run()) & {"sqlalchemy", "typer", "httpx", "feedparser", "jinja2"}


def test_an_idle_worker_process_is_ended() -> None:
    """The next job starts another process."""

    async def run() -> None:
        async with SubprocessPool(1, idle_seconds=0.01) as pool:
            assert await pool.run(math.factorial, 4) == 24
            first = await pool.run(os.getpid)
            process = Path(f"/proc/{first}")
            assert await asyncio.to_thread(wait_until, lambda: not process.exists(), 120)
            assert await pool.run(os.getpid) != first

    on_loop(run())
