"""A worker of the queue on a real PostgreSQL: when it begins the next job of a host that was busy."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from postgres import Postgres

from monitor.domain.crew import COLLECT, QUEUE
from monitor.domain.source import Source, SourceKind
from monitor.schedule import crew
from monitor.schedule.crew import Crewman
from monitor.store.database import SqlDatabase
from monitor.store.queue import A_HOST, SqlQueue

pytestmark = pytest.mark.xdist_group("postgres")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database() -> Iterator[SqlDatabase]:
    """Open a database with as many due sources of one host as may wait in the queue."""
    with Postgres() as server:
        opened = SqlDatabase.open(server.url(server.new()))
        urls = [f"https://times.example/{number}" for number in range(A_HOST)]
        sources = [Source(f"s{number}", url, SourceKind.FEED, url) for number, url in enumerate(urls)]
        opened.sources.register(sources, datetime.now(UTC))
        yield opened
        opened.close()


class Job:
    """Asks the database for something, and notes how many did so at once."""

    def __init__(self, queue: SqlQueue) -> None:
        self._queue, self._now = queue, 0
        self.done: list[str] = []
        self.at_once = 0
        self.all_done = asyncio.Event()

    async def __call__(self, source: str, token: str) -> None:
        assert token
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        await asyncio.to_thread(self._queue.counts)
        self._now -= 1
        self.done.append(source)
        if len(self.done) == A_HOST:
            self.all_done.set()


def test_a_host_that_is_free_again_is_asked_at_once(database: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends a job says that the next of its host may begin: no worker has to look by chance."""
    monkeypatch.setattr(crew, "POLLING", 5.0)
    queue = database.queue
    assert queue is not None

    async def story() -> tuple[Job, float]:
        job = Job(queue)
        crewmen = [Crewman(database.conninfo, QUEUE, {COLLECT: job.__call__}, 4, MINUTE) for _ in range(2)]
        running = [asyncio.create_task(one.run(MINUTE, lambda _trouble: None)) for one in crewmen]
        while (await asyncio.to_thread(queue.counts)).workers < len(crewmen):
            assert not any(task.done() for task in running)
        began, now = time.monotonic(), datetime.now(UTC)
        await asyncio.to_thread(queue.hand_out, now, now + MINUTE)
        await asyncio.wait_for(job.all_done.wait(), 60)
        took = time.monotonic() - began
        for one in crewmen:
            one.stop()
        await asyncio.gather(*running)
        return job, took

    job, took = asyncio.run(story())
    assert sorted(job.done) == [f"s{number}" for number in range(A_HOST)]
    assert job.at_once == 1
    assert took < 15, "by looking every five seconds alone it takes more"
