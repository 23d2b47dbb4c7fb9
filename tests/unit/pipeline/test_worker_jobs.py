"""What a worker does for a job, and how the daemon hands it out."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from support.fakes import NOON, FakeClock, FakeDatabase

from monitor.domain.errors import StoreBusy
from monitor.domain.poll_state import Lease, PollState
from monitor.domain.source import Source, SourceKind
from monitor.domain.workers import (
    DEAD_WORKER_RETENTION,
    WORKER_TIMEOUT,
    EnqueueResult,
    JobQueue,
    QueueCounts,
    WorkerHeartbeat,
)
from monitor.pipeline import worker_jobs
from monitor.pipeline.build_articles import ProcessOffloader
from monitor.pipeline.collect import Collector, PollResult
from monitor.pipeline.poll_plan import PollOutcome
from monitor.pipeline.read_pages import PageReader, PageResult
from monitor.pipeline.worker_jobs import (
    CollectorServices,
    JobEnqueuer,
    JobHandler,
    delete_heartbeat,
    load_heartbeats,
    save_heartbeat,
)

URL = "https://times.example/rss"
TIMES = Source("times", "Times", SourceKind.FEED, URL)


@dataclass
class FakeQueue:
    """A queue with one claim to give; ``down`` is how often the database does not answer first."""

    lease: Lease | None = field(default_factory=lambda: Lease("times", "t.1", NOON, PollState("times")))
    down: int = 0
    told: EnqueueResult = field(default_factory=lambda: EnqueueResult(0))
    released: list[str] = field(default_factory=list)

    def enqueue_due_jobs(self, _now: datetime, _until_at: datetime) -> EnqueueResult:
        return self.told

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
    """Polls as told."""

    poll_: Callable[[], PollResult]
    leases: list[Lease] = field(default_factory=list)

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> PollResult:
        assert wait, "a worker has a place for this source, so it may wait for its host"
        assert source is TIMES
        self.leases.append(lease)
        return self.poll_()


class FakeReader:
    """Reads one page at each call."""

    async def run_due(self, _sources: object, limit: int, only: str) -> list[PageResult]:
        assert limit > 0
        return [PageResult(only, "https://times.example/1")]


def worker(queue: FakeQueue, poll: Callable[[], PollResult], rested: list[str], *sources: Source) -> JobHandler:
    async def rest(url: str) -> None:
        rested.append(url)

    collector = cast("Collector", FakeCollector(poll))
    gathering = CollectorServices(collector, cast("PageReader", FakeReader()), rest, ProcessOffloader())
    database = FakeDatabase()
    return JobHandler(database, cast("JobQueue", queue), gathering, {one.id: one for one in sources}, FakeClock())


def done() -> PollResult:
    return PollResult("times", PollOutcome.NEW, new_count=2, next_poll_at=NOON)


def test_a_job_collects_its_source_and_lets_the_host_rest() -> None:
    """The lock of the host lasts until it may be asked again, by whomever."""
    queue, rested = FakeQueue(), list[str]()
    poll = asyncio.run(worker(queue, done, rested, TIMES).collect("times", "t"))
    assert (poll.outcome, poll.new_count) == ("new", 2)
    assert (queue.released, rested) == ([], [URL])


def test_a_job_that_comes_late_does_nothing() -> None:
    """Another worker has it; nobody is asked for anything."""
    rested = list[str]()
    poll = asyncio.run(worker(FakeQueue(None), done, rested, TIMES).collect("times", "t"))
    assert (poll.outcome, rested) == ("superseded", [])


def test_an_unknown_source_is_given_back() -> None:
    """To a worker whose configuration is of the hour."""
    queue = FakeQueue()
    poll = asyncio.run(worker(queue, done, []).collect("times", "t"))
    assert "does not have the source" in poll.detail
    assert queue.released == ["times"]


def test_what_could_not_be_kept_is_due_again_at_once() -> None:
    """The database went away in the middle of the poll."""
    queue = FakeQueue()
    asyncio.run(
        worker(queue, lambda: PollResult("times", PollOutcome.FAILED, "no database"), [], TIMES).collect("times", "t")
    )
    assert queue.released == ["times"]


def test_what_is_cut_off_is_due_again_at_once() -> None:
    """A worker that is stopped gives back what it could not end in time."""
    queue = FakeQueue()

    def cut() -> PollResult:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(worker(queue, cut, [], TIMES).collect("times", "t"))
    assert queue.released == ["times"]


def test_a_database_that_restarts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not for ever: then the job has failed."""
    monkeypatch.setattr(worker_jobs, "STORE_RETRY_DELAY", timedelta(0))
    assert asyncio.run(worker(FakeQueue(down=3), done, [], TIMES).collect("times", "t")).outcome == "new"
    with pytest.raises(StoreBusy):
        asyncio.run(worker(FakeQueue(down=1000), done, [], TIMES).collect("times", "t"))


def test_pages_are_read_for_one_source() -> None:
    """A source that is not configured any more has none."""
    rested = list[str]()
    assert asyncio.run(worker(FakeQueue(), done, rested, TIMES).read_pages("times")) == 1
    assert rested == ["https://times.example/1"]
    assert asyncio.run(worker(FakeQueue(), done, rested).read_pages("times")) == 0


def test_the_daemon_hands_over_while_workers_are_alive() -> None:
    """And collects by itself as soon as none is."""
    queue, heard = FakeQueue(told=EnqueueResult(2, poll_jobs=5)), list[EnqueueResult]()
    foreman = JobEnqueuer(FakeDatabase(), cast("JobQueue", queue), FakeClock(), heard.append)
    seen = [foreman.has_workers]
    for told in (queue.told, EnqueueResult(0)):
        queue.told = told
        assert asyncio.run(foreman.enqueue_due_jobs()) is foreman.has_workers
        seen.append(foreman.has_workers)
    assert seen == [False, True, False]
    assert heard == [EnqueueResult(2, poll_jobs=5), EnqueueResult(0)]


class FakeWords:
    """Facts by name."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {"daemon": "{}"}

    def set(self, name: str, value: str, _now: datetime) -> None:
        self.facts[name] = value

    def get_by_prefix(self, prefix: str) -> dict[str, str]:
        return {name: value for name, value in self.facts.items() if name.startswith(prefix)}

    def delete(self, names: Collection[str]) -> None:
        for name in names:
            del self.facts[name]


def test_a_word_comes_back_as_it_was_said() -> None:
    """The last word of each worker counts, until it ends."""
    words, word = FakeWords(), WorkerHeartbeat("b-1", NOON, NOON, 1, 2, 3, 4, ("queue: gone",))
    save_heartbeat(words, replace(word, done=1))
    save_heartbeat(words, word)
    save_heartbeat(words, replace(word, name="a-1"))
    assert load_heartbeats(words) == [replace(word, name="a-1"), word]
    delete_heartbeat(words, "a-1")
    assert load_heartbeats(words) == [word]
    assert WORKER_TIMEOUT < DEAD_WORKER_RETENTION
