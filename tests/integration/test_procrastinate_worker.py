"""Procrastinate workers on a real PostgreSQL: jobs of one host run one after the other."""

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
TIMEOUT_SECONDS = 120  # then a test fails


@pytest.fixture
def database() -> Iterator[Database]:
    """Open a database with as many due sources of one host as can be queued."""
    with Postgres() as server:
        opened = Database.open(server.url(server.new()))
        urls = [f"https://times.example/{number}" for number in range(MAX_QUEUED_JOBS_PER_HOST)]
        sources = [Source(f"s{number}", url, feed=url) for number, url in enumerate(urls)]
        opened.sources.register(sources, datetime.now(UTC))
        yield opened
        opened.close()


class Job:
    """Job that queries the database, and records how many of its calls run at once."""

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


def test_one_job_per_host_runs_at_a_time(database: Database) -> None:
    """With two workers, too, and all jobs of the host are done."""
    queue = database.job_queue
    assert queue is not None

    async def run() -> Job:
        job = Job(queue)
        workers = [
            ProcrastinateWorker(database.conninfo, QUEUE_NAME, {COLLECT_TASK: job.__call__}, 4, MINUTE)
            for _ in range(2)
        ]
        running = [asyncio.create_task(one.run(MINUTE, lambda _error: None)) for one in workers]
        while (await asyncio.to_thread(queue.count_jobs)).workers < len(workers):
            assert not any(task.done() for task in running)
        now = datetime.now(UTC)
        await asyncio.to_thread(queue.enqueue_due_jobs, now, now + MINUTE)
        await asyncio.wait_for(job.all_done.wait(), TIMEOUT_SECONDS)
        for one in workers:
            one.stop()
        await asyncio.gather(*running)
        return job

    job = asyncio.run(run())
    assert sorted(job.done) == [f"s{number}" for number in range(MAX_QUEUED_JOBS_PER_HOST)]
    assert job.at_once == 1


def test_the_end_of_a_job_announces_the_next_job_of_its_host(database: Database) -> None:
    """Workers are notified, so they need not poll for it."""
    queue, (channel,) = database.job_queue, get_channel_for_queues([QUEUE_NAME])
    assert queue is not None

    async def run() -> tuple[list[int | None], list[int]]:
        begun: list[int | None] = []
        announced: list[int] = []
        now = datetime.now(UTC)
        connector = PsycopgConnector(kwargs=dict(database.conninfo), min_size=1, max_size=2)
        listener = await psycopg.AsyncConnection.connect(**database.conninfo, autocommit=True)
        async with App(connector=connector).open_async(), listener, asyncio.timeout(TIMEOUT_SECONDS):
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

    begun, announced = asyncio.run(run())
    assert len(begun) == MAX_QUEUED_JOBS_PER_HOST
    assert announced == begun[1:]
