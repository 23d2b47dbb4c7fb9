"""What a worker does for a job, and how the daemon hands it out."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from fakes import NOON, FakeClock, FakeDatabase

from monitor.domain.crew import FORGOTTEN, SILENT, Handout, JobQueue, QueueCounts, Word
from monitor.domain.errors import StoreBusy
from monitor.domain.source import Lease, Source, SourceKind, SourceMemory
from monitor.pipeline import errands
from monitor.pipeline.aside import Aside
from monitor.pipeline.collect import Collector, Poll
from monitor.pipeline.errands import Errands, Gathering
from monitor.pipeline.handover import Foreman
from monitor.pipeline.read import Reader, Reading
from monitor.pipeline.words import forget, hear, speak

URL = "https://times.example/rss"
TIMES = Source("times", "Times", SourceKind.FEED, URL)


@dataclass
class FakeQueue:
    """A queue with one claim to give; ``down`` is how often the database does not answer first."""

    lease: Lease | None = field(default_factory=lambda: Lease("times", "t.1", NOON, SourceMemory("times")))
    down: int = 0
    told: Handout = field(default_factory=lambda: Handout(0))
    released: list[str] = field(default_factory=list)

    def hand_out(self, _now: datetime, _until_at: datetime) -> Handout:
        return self.told

    def claim(self, _source_id: str, _token: str, _until_at: datetime) -> Lease | None:
        if self.down:
            self.down -= 1
            raise StoreBusy("it restarts")
        return self.lease

    def release(self, source_id: str, _token: str) -> bool:
        self.released.append(source_id)
        return True

    def counts(self) -> QueueCounts:
        return QueueCounts()

    def clean(self) -> int:
        return 0


@dataclass
class FakeCollector:
    """Polls as told."""

    poll_: Callable[[], Poll]
    leases: list[Lease] = field(default_factory=list)

    async def poll(self, lease: Lease, source: Source, *, wait: bool = False) -> Poll:
        assert wait, "a worker has a place for this source, so it may wait for its host"
        assert source is TIMES
        self.leases.append(lease)
        return self.poll_()


class FakeReader:
    """Reads one page at each call."""

    async def tick(self, _sources: object, limit: int, only: str) -> list[Reading]:
        assert limit > 0
        return [Reading(only, "https://times.example/1")]


def worker(queue: FakeQueue, poll: Callable[[], Poll], rested: list[str], *sources: Source) -> Errands:
    async def rest(url: str) -> None:
        rested.append(url)

    collector = cast("Collector", FakeCollector(poll))
    gathering = Gathering(collector, cast("Reader", FakeReader()), rest, Aside())
    database = FakeDatabase()
    return Errands(database, cast("JobQueue", queue), gathering, {one.id: one for one in sources}, FakeClock())


def done() -> Poll:
    return Poll("times", "new", new=2, next_poll_at=NOON)


def test_a_job_collects_its_source_and_lets_the_host_rest() -> None:
    """The lock of the host lasts until it may be asked again, by whomever."""
    queue, rested = FakeQueue(), list[str]()
    poll = asyncio.run(worker(queue, done, rested, TIMES).collect("times", "t"))
    assert (poll.outcome, poll.new) == ("new", 2)
    assert (queue.released, rested) == ([], [URL])


def test_a_job_that_comes_late_does_nothing() -> None:
    """Another worker has it; nobody is asked for anything."""
    rested = list[str]()
    poll = asyncio.run(worker(FakeQueue(None), done, rested, TIMES).collect("times", "t"))
    assert (poll.outcome, rested) == ("late", [])


def test_an_unknown_source_is_given_back() -> None:
    """To a worker whose configuration is of the hour."""
    queue = FakeQueue()
    poll = asyncio.run(worker(queue, done, []).collect("times", "t"))
    assert "does not know" in poll.detail
    assert queue.released == ["times"]


def test_what_could_not_be_kept_is_due_again_at_once() -> None:
    """The database went away in the middle of the poll."""
    queue = FakeQueue()
    asyncio.run(worker(queue, lambda: Poll("times", "failed", "no database"), [], TIMES).collect("times", "t"))
    assert queue.released == ["times"]


def test_what_is_cut_off_is_due_again_at_once() -> None:
    """A worker that is stopped gives back what it could not end in time."""
    queue = FakeQueue()

    def cut() -> Poll:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(worker(queue, cut, [], TIMES).collect("times", "t"))
    assert queue.released == ["times"]


def test_a_database_that_restarts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not for ever: then the job has failed."""
    monkeypatch.setattr(errands, "PAUSE", timedelta(0))
    assert asyncio.run(worker(FakeQueue(down=3), done, [], TIMES).collect("times", "t")).outcome == "new"
    with pytest.raises(StoreBusy):
        asyncio.run(worker(FakeQueue(down=1000), done, [], TIMES).collect("times", "t"))


def test_pages_are_read_for_one_source() -> None:
    """A source that is not configured any more has none."""
    rested = list[str]()
    assert asyncio.run(worker(FakeQueue(), done, rested, TIMES).read("times")) == 1
    assert rested == ["https://times.example/1"]
    assert asyncio.run(worker(FakeQueue(), done, rested).read("times")) == 0


def test_the_daemon_hands_over_while_workers_are_alive() -> None:
    """And collects by itself as soon as none is."""
    queue, heard = FakeQueue(told=Handout(2, polls=5)), list[Handout]()
    foreman = Foreman(FakeDatabase(), cast("JobQueue", queue), FakeClock(), heard.append)
    seen = [foreman.is_at_work]
    for told in (queue.told, Handout(0)):
        queue.told = told
        assert asyncio.run(foreman.hand_over()) is foreman.is_at_work
        seen.append(foreman.is_at_work)
    assert seen == [False, True, False]
    assert heard == [Handout(2, polls=5), Handout(0)]


class FakeWords:
    """Facts by name."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {"daemon": "{}"}

    def set(self, name: str, value: str, _now: datetime) -> None:
        self.facts[name] = value

    def named(self, prefix: str) -> dict[str, str]:
        return {name: value for name, value in self.facts.items() if name.startswith(prefix)}

    def drop(self, names: Collection[str]) -> None:
        for name in names:
            del self.facts[name]


def test_a_word_comes_back_as_it_was_said() -> None:
    """The last word of each worker counts, until it ends."""
    words, word = FakeWords(), Word("b-1", NOON, NOON, 1, 2, 3, 4, ("queue: gone",))
    speak(words, replace(word, done=1))
    speak(words, word)
    speak(words, replace(word, name="a-1"))
    assert hear(words) == [replace(word, name="a-1"), word]
    forget(words, "a-1")
    assert hear(words) == [word]
    assert SILENT < FORGOTTEN
