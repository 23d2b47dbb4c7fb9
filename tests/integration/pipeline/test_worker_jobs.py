"""Jobs of workers, and the enqueuer of the daemon."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import pytest
from support.fakes import NOON, FakeClock

from monitor.domain.errors import StoreBusy
from monitor.domain.poll_state import Lease, PollState
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.domain.workers import (
    DEAD_WORKER_RETENTION,
    WORKER_TIMEOUT,
    EnqueueResult,
    QueueCounts,
    WorkerHeartbeat,
)
from monitor.pipeline import store_retry
from monitor.pipeline.collect import Collector, PollResult
from monitor.pipeline.heartbeats import delete_heartbeat, load_heartbeats, save_heartbeat
from monitor.pipeline.poll_plan import PollOutcome
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.pipeline.read_pages import PageReader, PageResult
from monitor.pipeline.worker_jobs import (
    CollectorServices,
    JobEnqueuer,
    JobHandler,
)
from monitor.store.database import Database
from monitor.store.job_queue import JobQueue

URL = "https://times.example/rss"
TIMES = Source("times", "Times", feed=URL)


@dataclass
class FakeQueue:
    """Queue with one job; the first ``down`` claims fail, as if the database were unreachable."""

    lease: Lease | None = field(default_factory=lambda: Lease("times", "t.1", NOON, PollState("times")))
    down: int = 0
    result: EnqueueResult = field(default_factory=lambda: EnqueueResult(0))
    released: list[str] = field(default_factory=list)

    def enqueue_due_jobs(self, _now: datetime, _until_at: datetime) -> EnqueueResult:
        return self.result

    def claim(self, _source_id: str, _token: str, _until_at: datetime) -> Lease | None:
        if self.down:
            self.down -= 1
            raise StoreBusy("it restarts")
        return self.lease

    def release(self, source_id: str, _token: str) -> bool:
        self.released.append(source_id)
        return True

    def count_jobs(self) -> QueueCounts:
        return QueueCounts()

    def delete_old_jobs(self) -> int:
        return 0


@dataclass
class FakeCollector:
    """Collector that returns the given result."""

    poll_: Callable[[], PollResult]
    leases: list[Lease] = field(default_factory=list)

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> PollResult:
        assert wait, "a worker may wait for the host of its source"
        assert source is TIMES
        self.leases.append(lease)
        return self.poll_()


class FakeReader:
    """Page reader that reads one page per call."""

    async def run_due(self, _sources: object, limit: int, only: str) -> list[PageResult]:
        assert limit > 0
        return [PageResult(only, "https://times.example/1")]


def worker(
    database: Database, queue: FakeQueue, poll: Callable[[], PollResult], waited: list[str], *sources: Source
) -> JobHandler:
    async def wait(url: str) -> None:
        waited.append(url)

    collector = cast("Collector", FakeCollector(poll))
    services = CollectorServices(collector, cast("PageReader", FakeReader()), wait, ProcessOffloader())
    return JobHandler(database, cast("JobQueue", queue), services, {one.id: one for one in sources}, FakeClock())


def done() -> PollResult:
    return PollResult("times", PollOutcome.NEW, new_count=2, next_poll_at=NOON)


def test_a_job_collects_its_source_and_waits_for_the_host(database: Database) -> None:
    """The job ends when its host may receive another request."""
    queue, waited = FakeQueue(), list[str]()
    poll = asyncio.run(worker(database, queue, done, waited, TIMES).collect("times", "t"))
    assert (poll.outcome, poll.new_count) == ("new", 2)
    assert (queue.released, waited) == ([], [URL])


def test_a_job_with_an_expired_lease_does_nothing(database: Database) -> None:
    """Another worker has the job, so no request is sent."""
    waited = list[str]()
    poll = asyncio.run(worker(database, FakeQueue(None), done, waited, TIMES).collect("times", "t"))
    assert (poll.outcome, waited) == ("superseded", [])


def test_a_source_that_is_not_configured_is_released(database: Database) -> None:
    """Another worker with the current configuration can take it."""
    queue = FakeQueue()
    poll = asyncio.run(worker(database, queue, done, []).collect("times", "t"))
    assert "does not have the source" in poll.detail
    assert queue.released == ["times"]


def test_a_poll_that_was_not_stored_is_due_at_once(database: Database) -> None:
    """The database became unreachable during the poll."""
    queue = FakeQueue()
    asyncio.run(
        worker(database, queue, lambda: PollResult("times", PollOutcome.FAILED, "no database"), [], TIMES).collect(
            "times", "t"
        )
    )
    assert queue.released == ["times"]


def test_a_cancelled_poll_is_due_at_once(database: Database) -> None:
    """A worker that shuts down releases the lease of an unfinished poll."""
    queue = FakeQueue()

    def cut() -> PollResult:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(worker(database, queue, cut, [], TIMES).collect("times", "t"))
    assert queue.released == ["times"]


def test_a_job_waits_for_a_database_that_restarts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It retries a limited number of times, then the job fails."""
    monkeypatch.setattr(store_retry, "RETRY_DELAYS_SECONDS", (0.0,) * 5)
    assert asyncio.run(worker(database, FakeQueue(down=3), done, [], TIMES).collect("times", "t")).outcome == "new"
    with pytest.raises(StoreBusy):
        asyncio.run(worker(database, FakeQueue(down=1000), done, [], TIMES).collect("times", "t"))


def test_a_job_reads_the_pages_of_one_source(database: Database) -> None:
    """A source that is no longer configured has no pages to read."""
    waited = list[str]()
    assert asyncio.run(worker(database, FakeQueue(), done, waited, TIMES).read_pages("times")) == 1
    assert waited == ["https://times.example/1"]
    assert asyncio.run(worker(database, FakeQueue(), done, waited).read_pages("times")) == 0


def test_the_daemon_enqueues_while_workers_are_alive(database: Database) -> None:
    """Without a worker it must collect by itself."""
    queue, results = FakeQueue(result=EnqueueResult(2, poll_jobs=5)), list[EnqueueResult]()
    enqueuer = JobEnqueuer(database, cast("JobQueue", queue), FakeClock(), results.append)
    seen = [enqueuer.has_workers]
    for result in (queue.result, EnqueueResult(0)):
        queue.result = result
        assert asyncio.run(enqueuer.enqueue_due_jobs()) is enqueuer.has_workers
        seen.append(enqueuer.has_workers)
    assert seen == [False, True, False]
    assert results == [EnqueueResult(2, poll_jobs=5), EnqueueResult(0)]


def test_heartbeats_are_loaded_as_saved(database: Database) -> None:
    """The last heartbeat of each worker is kept until it is deleted."""
    store, heartbeat = database.key_values, WorkerHeartbeat("b-1", NOON, NOON, 1, 2, 3, 4, ("queue: gone",))
    save_heartbeat(store, replace(heartbeat, done=1))
    save_heartbeat(store, heartbeat)
    save_heartbeat(store, replace(heartbeat, name="a-1"))
    assert load_heartbeats(store) == [replace(heartbeat, name="a-1"), heartbeat]
    delete_heartbeat(store, "a-1")
    assert load_heartbeats(store) == [heartbeat]
    assert WORKER_TIMEOUT < DEAD_WORKER_RETENTION
