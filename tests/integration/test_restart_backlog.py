"""A daemon that comes back after a long rest, to a hundred thousand overdue sources."""

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

from loops import turn
from sqlalchemy import Engine, event
from support.fakes import FakeClock, InlineProcessPool

import monitor
from monitor.domain.fetch_result import FetchRequest, FetchResult, NotModified
from monitor.domain.source import Source
from monitor.jobs import DaemonJobs, PendingNotices
from monitor.pipeline.collect import MAX_POLLS_PER_HOST, Collector, PollResult
from monitor.store.database import Database
from monitor.text.urls import extract_host

HOUSE = str(Path(monitor.__file__).parent)
SOURCES, HOSTS = 100_000, 1_000
POLLS = 2_000


class Counting:
    """Answers after a moment that nothing changed, and counts how much is asked of each host at once."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.most = 0

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Let others go on meanwhile."""
        host = extract_host(request.url)
        self.open[host] += 1
        self.most = max(self.most, self.open[host])
        await turn()
        self.open[host] -= 1
        return NotModified()


class Turning(asyncio.SelectorEventLoop):
    """A loop that knows its longest turn: in calls, and in lines of our own functions, which are the same anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = self.longest = 0

    def _run_once(self) -> None:
        before = self.steps
        super()._run_once()  # type: ignore[misc]  # every loop of asyncio turns by it
        self.longest = max(self.longest, self.steps - before)

    def traced(self, frame: FrameType, _what: str, _: object) -> Any:
        """Count a step."""
        self.steps += 1
        return self.traced if frame.f_code.co_filename.startswith(HOUSE) else None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count the steps of this thread."""
        before = sys.gettrace()
        sys.settrace(self.traced)
        try:
            yield
        finally:
            sys.settrace(before)


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """Count the database's statements by the thread that executes them."""
    executed = Counter[str]()

    def heard(*_: object) -> None:
        executed[threading.current_thread().name] += 1

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", heard)


def test_a_restart_with_all_overdue_neither_blocks_the_loop_nor_storms_a_host(tmp_path: Path) -> None:
    """No turn of the loop looks at half of the sources or at the database, and a host sees its few connections.

    Counted, for a turn of the loop takes as long as a busy machine pleases. 30,000 steps were the most, and took 30 ms.
    """
    clock, fetcher = FakeClock(), Counting()
    sources = {f"s{n}": Source(f"s{n}", f"S{n}", feed=f"https://h{n % HOSTS}.example/{n}") for n in range(SOURCES)}
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([*sources.values()], clock() - timedelta(days=3))
    outcomes: Counter[str] = Counter()

    async def run() -> None:
        collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
        line: Any = SimpleNamespace(collector=collector, sources=sources)

        def polled(poll: PollResult) -> None:
            outcomes[poll.outcome] += 1

        desk = DaemonJobs(line, PendingNotices(), polled)
        async with asyncio.timeout(120):
            while outcomes["unchanged"] < POLLS:
                await desk.collect()
        await desk._poll_slots.drain(timedelta(seconds=20))

    loop = Turning()
    with statements() as executed, asyncio.Runner(loop_factory=lambda: loop) as runner, loop.watched():
        runner.run(run())
    database.close()
    assert outcomes["failed"] == outcomes["lost"] == 0
    assert fetcher.most <= MAX_POLLS_PER_HOST
    assert executed[threading.current_thread().name] == 0 < executed.total()
    assert 0 < loop.longest < SOURCES / 2
