"""A daemon that comes back after a long rest, to a hundred thousand overdue sources."""

import asyncio
import gc
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fakes import FakeClock, InlineWorkshop
from loopback import on_loop

from monitor.domain.exchange import NotModified, Outcome, Request
from monitor.domain.source import Source, SourceKind
from monitor.jobs import Board, Desk
from monitor.pipeline.collect import PER_HOST, Collector, Poll
from monitor.store.database import SqlDatabase
from monitor.text.urls import host_of

SOURCES, HOSTS = 100_000, 1_000
POLLS = 3_000


class Counting:
    """Answers after a moment that nothing changed, and counts how much is asked of each host at once."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.most = 0

    async def fetch(self, request: Request) -> Outcome:
        """Take a moment."""
        host = host_of(request.url)
        self.open[host] += 1
        self.most = max(self.most, self.open[host])
        await asyncio.sleep(0.005)
        self.open[host] -= 1
        return NotModified()


async def longest_turn(done: asyncio.Event) -> float:
    """Measure for how long work keeps the loop from turning: processor time, for a busy machine is no fault of ours."""
    longest, before = 0.0, time.thread_time()
    while not done.is_set():
        await asyncio.sleep(0.001)
        now = time.thread_time()
        longest, before = max(longest, now - before), now
    return longest


def test_row_51_a_restart_with_all_overdue_neither_blocks_the_loop_nor_storms_a_host(tmp_path: Path) -> None:
    """The loop turns within 200 ms, a host sees its few connections, and what waits is polled in the meantime."""
    clock, fetcher = FakeClock(), Counting()
    sources = {
        f"s{n}": Source(f"s{n}", f"S{n}", SourceKind.FEED, f"https://h{n % HOSTS}.example/{n}") for n in range(SOURCES)
    }
    database = SqlDatabase.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([*sources.values()], clock() - timedelta(days=3))

    async def run() -> tuple[Counter[str], float]:
        outcomes: Counter[str] = Counter()
        done = asyncio.Event()

        def polled(poll: Poll) -> None:
            outcomes[poll.outcome] += 1
            if outcomes["unchanged"] >= POLLS:
                done.set()

        collector = Collector(database, fetcher, InlineWorkshop(), clock, timedelta(days=1))
        line: Any = SimpleNamespace(collector=collector, sources=sources)
        desk = Desk(line, Board(), polled)
        turning = asyncio.create_task(longest_turn(done))
        async with asyncio.timeout(120):
            while not done.is_set():
                await desk.poll()
        longest = await turning
        await desk._polls.drain(timedelta(seconds=20))
        return outcomes, longest

    gc.collect()
    gc.freeze()  # as the daemon does; else a search through the heap of the whole test run counts as a turn
    try:
        outcomes, longest = on_loop(run())
    finally:
        gc.unfreeze()
        database.close()
    assert outcomes["failed"] == outcomes["lost"] == 0
    assert fetcher.most <= PER_HOST
    assert longest < 0.2
