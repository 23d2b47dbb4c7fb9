"""A worker of the queue on a real PostgreSQL: how it comes to the next job of a host that was busy."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status
from procrastinate.manager import get_channel_for_queues
from support.postgres import Postgres

from monitor.domain.source import Source
from monitor.domain.workers import COLLECT_TASK, QUEUE_NAME
from monitor.schedule.procrastinate_worker import ProcrastinateWorker, _NotifyingJobManager
from monitor.store.database import Database
from monitor.store.job_queue import MAX_QUEUED_JOBS_PER_HOST, JobQueue

pytestmark = pytest.mark.xdist_group("postgres")
MINUTE = timedelta(minutes=1)
HANG = 120  # seconds, after which a test has failed


@pytest.fixture
def database() -> Iterator[Database]:
    """Open a database with as many due sources of one host as may wait in the queue."""
    with Postgres() as server:
        opened = Database.open(server.url(server.new()))
        urls = [f"https://times.example/{number}" for number in range(MAX_QUEUED_JOBS_PER_HOST)]
        sources = [Source(f"s{number}", url, feed=url) for number, url in enumerate(urls)]
        opened.sources.register(sources, datetime.now(UTC))
        yield opened
        opened.close()


class Job:
    """Asks the database for something, and notes how many did so at once."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue, self._now = queue, 0
        self.done: list[str] = []
        self.at_once = 0
        self.all_done = asyncio.Event()

    async def __call__(self, source_id: str, token: str) -> None:
        assert token
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        await asyncio.to_thread(self._queue.count_jobs)
        self._now -= 1
        self.done.append(source_id)
        if len(self.done) == MAX_QUEUED_JOBS_PER_HOST:
            self.all_done.set()


def test_a_host_is_asked_by_one_job_at_a_time(database: Database) -> None:
    """However many workers there are; and all its jobs are done."""
    queue = database.job_queue
    assert queue is not None

    async def story() -> Job:
        job = Job(queue)
        crewmen = [
            ProcrastinateWorker(database.conninfo, QUEUE_NAME, {COLLECT_TASK: job.__call__}, 4, MINUTE)
            for _ in range(2)
        ]
        running = [asyncio.create_task(one.run(MINUTE, lambda _trouble: None)) for one in crewmen]
        while (await asyncio.to_thread(queue.count_jobs)).workers < len(crewmen):
            assert not any(task.done() for task in running)
        now = datetime.now(UTC)
        await asyncio.to_thread(queue.enqueue_due_jobs, now, now + MINUTE)
        await asyncio.wait_for(job.all_done.wait(), HANG)
        for one in crewmen:
            one.stop()
        await asyncio.gather(*running)
        return job

    job = asyncio.run(story())
    assert sorted(job.done) == [f"s{number}" for number in range(MAX_QUEUED_JOBS_PER_HOST)]
    assert job.at_once == 1


def test_a_host_that_is_free_again_is_announced(database: Database) -> None:
    """Whoever ends a job says that the next of its host may begin: no worker has to look by chance."""
    queue, (channel,) = database.job_queue, get_channel_for_queues([QUEUE_NAME])
    assert queue is not None

    async def story() -> tuple[list[int | None], list[int]]:
        begun: list[int | None] = []
        announced: list[int] = []
        now = datetime.now(UTC)
        connector = PsycopgConnector(kwargs=dict(database.conninfo), min_size=1, max_size=2)
        listener = await psycopg.AsyncConnection.connect(**database.conninfo, autocommit=True)
        async with App(connector=connector).open_async(), listener, asyncio.timeout(HANG):
            manager = _NotifyingJobManager(connector)
            worker = await manager.register_worker()
            await asyncio.to_thread(queue.enqueue_due_jobs, now, now + MINUTE)
            await listener.execute(f'LISTEN "{channel}"'.encode())
            while job := await manager.fetch_job([QUEUE_NAME], worker):
                begun.append(job.id)
                assert await manager.fetch_job([QUEUE_NAME], worker) is None, "its host is busy"
                await manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
            await connector.execute_query_async("SELECT pg_notify(%(channel)s, 'end')", channel=channel)
            async for one in listener.notifies():
                if one.payload == "end":
                    break
                announced.append(json.loads(one.payload)["job_id"])
        return begun, announced

    begun, announced = asyncio.run(story())
    assert len(begun) == MAX_QUEUED_JOBS_PER_HOST
    assert announced == begun[1:]
