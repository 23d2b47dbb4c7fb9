"""Pure work on many articles at once, done in a worker process beside this one where there is much of it.

One interpreter keeps one core busy. What a first pass does to thousands of articles and needs no database for is done
on another core. Results are the same wherever it is done: whoever calls does the work here when told to.

A process that has answered waits until this one, which is busy, reads the answer and hands it more. So what has piled
up meanwhile goes out together, and those who asked for it hear of each other only if it takes too long.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.domain.ports import ProcessPool

T = TypeVar("T")
MIN_OFFLOAD_ARTICLES = 8
"""So few articles cost less than the way there and back."""

OFFLOAD_THRESHOLD = 1_000
"""With so many articles to come, a worker is worth its start: it costs as much as 900 of them."""

DRAIN_RATE = 100.0
"""So many articles a second this process does beside all else; only what is more piles up."""

MAX_MESSAGE_ARTICLES = 150
"""With so many articles a message is full: its work takes 10 to 20 ms, longer than the wait for the next one."""


@dataclass(frozen=True, slots=True)
class _OffloadedCall:
    """A piece of work, how many articles it is about, and who waits for what comes of it."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    article_count: int
    future: "asyncio.Future[Any]"


class ProcessOffloader:
    """Does pure work elsewhere while there is much of it, ``places`` messages at once. Without a workshop, never."""

    def __init__(self, process_pool: ProcessPool | None = None, concurrency: int = 1) -> None:
        self._process_pool, self._concurrency = process_pool, concurrency
        self._backlog, self._backlog_at = 0.0, 0.0
        self._queue: deque[_OffloadedCall] = deque()
        self._tasks, self._active_tasks = set[asyncio.Task[None]](), 0

    def add_backlog(self, article_count: int) -> None:
        """Tell that about so many articles are to come at once."""
        now = asyncio.get_running_loop().time()
        left = max(0.0, self._backlog - DRAIN_RATE * (now - self._backlog_at))
        self._backlog, self._backlog_at = min(left + article_count, 2.0 * OFFLOAD_THRESHOLD), now

    async def run_in_pool(self, work: Callable[..., T], batch: Sequence[Any], *args: object) -> T | None:
        """Do ``work(batch, *more)`` elsewhere; None if it is to be done here. Raises as ``send`` does.

        It is done here if there is little of it, or if no process can be started.
        """
        if self._process_pool is None or len(batch) < MIN_OFFLOAD_ARTICLES:
            return None
        self.add_backlog(len(batch))
        if self._backlog < OFFLOAD_THRESHOLD:
            return None
        job = _OffloadedCall(work, (batch, *args), len(batch), asyncio.get_running_loop().create_future())
        self._queue.append(job)
        if self._active_tasks < self._concurrency:
            self._active_tasks += 1
            carrier = asyncio.create_task(self._send_queue())
            self._tasks.add(carrier)
            carrier.add_done_callback(self._tasks.discard)
        try:
            result: T = await job.future
        except OSError:
            return None
        return result

    async def run_separately(self, work: Callable[..., T], *args: object) -> T:
        """Do some work elsewhere by itself, however little. Raises what it raises, ``WorkerKilled`` or ``OSError``."""
        assert self._process_pool is not None  # noqa: S101 - without one, nothing is ever killed that would be tried again
        return await self._process_pool.run(work, *args)

    async def _send_queue(self) -> None:
        """Hand out what waits, until nothing does."""
        try:
            while self._queue:
                jobs = [self._queue.popleft()]
                room = MAX_MESSAGE_ARTICLES - jobs[0].article_count
                while self._queue and self._queue[0].article_count <= room:
                    jobs.append(self._queue.popleft())
                    room -= jobs[-1].article_count
                if wanted := [job for job in jobs if not job.future.done()]:
                    await self._send_message(wanted)
        finally:
            self._active_tasks -= 1

    async def _send_message(self, calls: list[_OffloadedCall]) -> None:
        """Have jobs done in one message; if that fails, each by itself, so that only who is at fault hears of it."""
        try:
            results = await self.run_separately(run_calls, [(job.work, job.args) for job in calls])
        except Exception as error:  # noqa: BLE001 - of several, whose it is shows when each is done by itself
            if len(calls) == 1 and not calls[0].future.done():
                calls[0].future.set_exception(error)
            for job in calls if len(calls) > 1 else ():
                await self._send_message([job])
            return
        for job, result in zip(calls, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)


def run_calls(calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Do several pieces of work. Raises what the first of them raises that does."""
    return [work(*args) for work, args in calls]
