"""Start of a daemon with a hundred thousand overdue sources."""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

from loops import run_ready_tasks
from sqlalchemy import Engine, event
from support.fakes import FakeClock, InlineProcessPool

import monitor
from monitor.domain.fetch_result import FetchRequest, FetchResult, NotModified
from monitor.domain.source import Source
from monitor.jobs import DaemonJobs, PendingNotices
from monitor.pipeline.collect import MAX_POLLS_PER_HOST, Collector, PollResult
from monitor.store.database import Database
from monitor.text.urls import extract_host

PRODUCT_FOLDER = str(Path(monitor.__file__).parent)
SOURCES, HOSTS = 100_000, 1_000
POLLS = 2_000


class CountingFetcher:
    """Fetcher that returns "not modified" after a while, and counts the simultaneous requests per host."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.most_open = 0

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return the result after the other tasks have run."""
        host = extract_host(request.url)
        self.open[host] += 1
        self.most_open = max(self.most_open, self.open[host])
        await run_ready_tasks()
        self.open[host] -= 1
        return NotModified()


class CountingLoop(asyncio.SelectorEventLoop):
    """Event loop that records its longest turn in calls and executed lines of this project."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = self.longest = 0

    def _run_once(self) -> None:
        before = self.steps
        super()._run_once()  # type: ignore[misc]  # all loops of asyncio call it for each turn
        self.longest = max(self.longest, self.steps - before)

    def trace(self, frame: FrameType, _what: str, _: object) -> Any:
        """Count a step."""
        self.steps += 1
        return self.trace if frame.f_code.co_filename.startswith(PRODUCT_FOLDER) else None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count the steps of this thread."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """Count SQL statements by the thread that executes them."""
    executed = Counter[str]()

    def count(*_: object) -> None:
        executed[threading.current_thread().name] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_a_start_with_all_sources_overdue_blocks_neither_the_loop_nor_a_host(tmp_path: Path) -> None:
    """No turn of the loop visits all sources or uses the database, and each host gets few connections.

    Steps are counted because the time of a turn depends on the load. The longest had 53,000 steps: it
    planned 200 polls.
    """
    clock, fetcher = FakeClock(), CountingFetcher()
    sources = {f"s{n}": Source(f"s{n}", f"S{n}", feed=f"https://h{n % HOSTS}.example/{n}") for n in range(SOURCES)}
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([*sources.values()], clock() - timedelta(days=3))
    outcomes: Counter[str] = Counter()

    async def run() -> None:
        collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
        pipeline: Any = SimpleNamespace(collector=collector, sources=sources)

        def polled(poll: PollResult) -> None:
            outcomes[poll.outcome] += 1

        jobs = DaemonJobs(pipeline, PendingNotices(), polled)
        async with asyncio.timeout(120):
            while outcomes["unchanged"] < POLLS:
                await jobs.collect()
        await jobs._poll_slots.drain(timedelta(seconds=20))

    loop = CountingLoop()
    with statements() as executed, asyncio.Runner(loop_factory=lambda: loop) as runner, loop.watched():
        runner.run(run())
    database.close()
    assert outcomes["failed"] == outcomes["lost"] == 0
    assert fetcher.most_open <= MAX_POLLS_PER_HOST
    assert executed[threading.current_thread().name] == 0 < executed.total()
    assert 0 < loop.longest < SOURCES
