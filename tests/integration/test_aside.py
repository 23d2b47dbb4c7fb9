"""Pure work in real worker processes: the same results, nothing lost when one is killed, and none stays for ever."""

import asyncio
import math
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from loopback import on_loop
from unit.store.samples import MINUTE, NOW, draft, screened
from waiting import wait_until

from monitor.domain.archive import Filter
from monitor.pipeline import aside, group
from monitor.pipeline.aside import MUCH, Aside
from monitor.pipeline.group import StoryKeeper
from monitor.schedule.workers import Workers
from monitor.store.database import SqlDatabase
from monitor.stories.prepare import prepare

T = TypeVar("T")


BATCH, ARTICLES = 40, 90


class Mortal:
    """Workers of which the one with a certain job dies, and a count of all jobs."""

    def __init__(self, workers: Workers, last: int = 0) -> None:
        self.workers, self.last, self.jobs = workers, last, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        if self.jobs == self.last:
            await self.workers.run(os._exit, 1)
        return await self.workers.run(work, *args)


def prose(number: int) -> str:
    """Make a text; every fifth is that of the one before with another beginning."""
    rng = random.Random(number - (number % 5 == 0))
    words = [rng.choice(("bridge", "harvest", "strike", "ferry", "council", "school"))]
    words += [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lnrst')}e" for _ in range(120)]
    return f"{'Once more. ' * (number % 5 == 0)}{' '.join(words)}."


def grouped(path: Path, workers: Mortal | None) -> list[tuple[object, ...]]:
    """Group two batches and a bit; return where each article stands."""
    database = SqlDatabase.open(f"sqlite:///{path}")
    try:
        screened(database, *(draft(f"a{number}", body=prose(number)) for number in range(ARTICLES)))

        async def run() -> int:
            beside = Aside(workers)
            beside.expect(MUCH)
            keeper = StoryKeeper(database, lambda: NOW + MINUTE, beside)
            async with workers.workers if workers else Workers():
                return await keeper.drain()

        assert on_loop(run()) == ARTICLES
        return [(one.id, one.story_id, one.copy_of, one.stage) for one in database.archive.articles(Filter(limit=1000))]
    finally:
        database.close()


@pytest.mark.parametrize("killed", [0, 1, 2, 3])
def test_stories_are_the_same_whoever_prepares_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: int
) -> None:
    """Prepared here, in a worker, or in one that was killed over some batch: every article finds its place once."""
    monkeypatch.setattr(group, "BATCH", BATCH)
    monkeypatch.setattr(aside, "STEADY", 0.0)  # else a slow machine would find that little has piled up
    here = grouped(tmp_path / "here.db", None)
    workers = Mortal(Workers(1), killed)
    assert grouped(tmp_path / "there.db", workers) == here
    assert workers.jobs == 3
    assert workers.workers.killed == (killed > 0)
    assert any(copy is not None for _, _, copy, _ in here)


def test_a_worker_loads_what_its_work_needs_and_no_more() -> None:
    """Its start is paid for by every pass that uses it: no database, no web, no command line."""

    async def run() -> set[str]:
        async with Workers(1) as workers:
            await workers.run(prepare, [("Title", "", "A body of words.", NOW)])
            return set(await workers.run(eval, "list(__import__('sys').modules)"))

    assert not on_loop(run()) & {"sqlalchemy", "pydantic", "typer", "httpx", "feedparser", "jinja2"}


def test_a_worker_without_work_is_ended() -> None:
    """A process that had its rest is gone; the next job starts another and is done."""

    async def run() -> None:
        async with Workers(1, rest_seconds=0.01) as workers:
            assert await workers.run(math.factorial, 4) == 24
            first = await workers.run(os.getpid)
            process = Path(f"/proc/{first}")
            assert await asyncio.to_thread(wait_until, lambda: not process.exists(), 20)
            assert await workers.run(os.getpid) != first

    on_loop(run())
