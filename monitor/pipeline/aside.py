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

from monitor.domain.ports import Workshop

T = TypeVar("T")
FEW = 8
"""So few articles cost less than the way there and back."""

MUCH = 1_000
"""With so many articles to come, a worker is worth its start: it costs as much as 900 of them."""

STEADY = 100.0
"""So many articles a second this process does beside all else; only what is more piles up."""

TOGETHER = 150
"""With so many articles a message is full: its work takes 10 to 20 ms, longer than the wait for the next one."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A piece of work, how many articles it is about, and who waits for what comes of it."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    size: int
    result: "asyncio.Future[Any]"


class Aside:
    """Does pure work elsewhere while there is much of it, ``places`` messages at once. Without a workshop, never."""

    def __init__(self, workshop: Workshop | None = None, places: int = 1) -> None:
        self._workshop, self._places = workshop, places
        self._piled, self._at = 0.0, 0.0
        self._waiting: deque[_Job] = deque()
        self._carriers, self._carrying = set[asyncio.Task[None]](), 0

    def expect(self, articles: int) -> None:
        """Tell that about so many articles are to come at once."""
        now = asyncio.get_running_loop().time()
        left = max(0.0, self._piled - STEADY * (now - self._at))
        self._piled, self._at = min(left + articles, 2.0 * MUCH), now

    async def run(self, work: Callable[..., T], batch: Sequence[Any], *more: object) -> T | None:
        """Do ``work(batch, *more)`` elsewhere; None if it is to be done here. Raises as ``send`` does.

        It is done here if there is little of it, or if no process can be started.
        """
        if self._workshop is None or len(batch) < FEW:
            return None
        self.expect(len(batch))
        if self._piled < MUCH:
            return None
        job = _Job(work, (batch, *more), len(batch), asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._carrying < self._places:
            self._carrying += 1
            carrier = asyncio.create_task(self._carry())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)
        try:
            result: T = await job.result
        except OSError:
            return None
        return result

    async def send(self, work: Callable[..., T], *args: object) -> T:
        """Do some work elsewhere by itself, however little. Raises what it raises, ``WorkerKilled`` or ``OSError``."""
        assert self._workshop is not None  # noqa: S101 - without one, nothing is ever killed that would be tried again
        return await self._workshop.run(work, *args)

    async def _carry(self) -> None:
        """Hand out what waits, until nothing does."""
        try:
            while self._waiting:
                jobs = [self._waiting.popleft()]
                room = TOGETHER - jobs[0].size
                while self._waiting and self._waiting[0].size <= room:
                    jobs.append(self._waiting.popleft())
                    room -= jobs[-1].size
                if wanted := [job for job in jobs if not job.result.done()]:
                    await self._hand_out(wanted)
        finally:
            self._carrying -= 1

    async def _hand_out(self, jobs: list[_Job]) -> None:
        """Have jobs done in one message; if that fails, each by itself, so that only who is at fault hears of it."""
        try:
            results = await self.send(do_all, [(job.work, job.args) for job in jobs])
        except Exception as error:  # noqa: BLE001 - of several, whose it is shows when each is done by itself
            if len(jobs) == 1 and not jobs[0].result.done():
                jobs[0].result.set_exception(error)
            for job in jobs if len(jobs) > 1 else ():
                await self._hand_out([job])
            return
        for job, result in zip(jobs, results, strict=True):
            if not job.result.done():
                job.result.set_result(result)


def do_all(jobs: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Do several pieces of work. Raises what the first of them raises that does."""
    return [work(*args) for work, args in jobs]
