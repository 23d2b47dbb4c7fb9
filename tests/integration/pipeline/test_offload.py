"""Offloading of pure work to worker processes."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from monitor.domain.errors import WorkerKilled
from monitor.pipeline.process_offloader import DRAIN_RATE, MIN_OFFLOAD_ARTICLES, OFFLOAD_THRESHOLD, ProcessOffloader

T = TypeVar("T")


class CountingPool:
    """Process pool that counts its calls, and runs them or raises the given error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.jobs = error, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        if self.error:
            raise self.error
        return work(*args)


async def halves(offloader: ProcessOffloader, count: int) -> list[int] | None:
    """Offload the halving of ``count`` numbers."""
    return await offloader.run_in_pool(halve, range(count), 2)


def halve(numbers: list[int], by: int) -> list[int]:
    return [number // by for number in numbers]


def test_a_backlog_is_offloaded() -> None:
    """With a backlog a batch is offloaded; a small batch never is."""

    async def scenario() -> None:
        elsewhere = CountingPool()
        offloader = ProcessOffloader(elsewhere)
        assert await halves(offloader, 10) is None
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert await halves(offloader, 10) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        assert await halves(offloader, MIN_OFFLOAD_ARTICLES - 1) is None
        assert elsewhere.jobs == 1
        assert await halves(ProcessOffloader(), 5 * OFFLOAD_THRESHOLD) is None

    asyncio.run(scenario())


def test_a_steady_flow_is_not_offloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Articles that arrive faster than this process builds them are a backlog; a steady flow is not."""

    async def scenario() -> None:
        now = 1000.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
        elsewhere = CountingPool()
        offloader = ProcessOffloader(elsewhere)
        for _ in range(60):
            now += 1
            assert await halves(offloader, int(DRAIN_RATE)) is None
        for _ in range(10):
            await halves(offloader, 200)
        assert elsewhere.jobs == 6
        now += 60
        assert await halves(offloader, 200) is None

    asyncio.run(scenario())


def test_without_a_process_the_caller_does_the_work() -> None:
    """If no process can be started, the result is None."""

    async def scenario() -> None:
        offloader = ProcessOffloader(CountingPool(OSError("no more processes")))
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert await halves(offloader, 10) is None

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [WorkerKilled("too long"), ValueError("odd")])
def test_errors_reach_the_caller(error: Exception) -> None:
    """Work that killed its process is not repeated here, and its own errors are passed on."""

    async def scenario() -> None:
        offloader = ProcessOffloader(CountingPool(error))
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        with pytest.raises(type(error)):
            await halves(offloader, 10)

    asyncio.run(scenario())


class Slow(CountingPool):
    """Process pool that waits for ``go``; a batch with a certain number kills it."""

    def __init__(self, deadly: int = -1) -> None:
        super().__init__()
        self.deadly, self.go, self.sizes = deadly, asyncio.Event(), list[list[int]]()

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        batches = [batch for _, (batch, *_) in args[0]]
        self.sizes.append([len(batch) for batch in batches])
        await self.go.wait()
        if any(self.deadly in batch for batch in batches):
            raise WorkerKilled("too long")
        return await super().run(work, *args)


def test_waiting_calls_share_messages() -> None:
    """The first call is sent at once, later ones in full messages, and each gets its own result."""

    async def scenario() -> None:
        slow = Slow()
        offloader = ProcessOffloader(slow)
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        asked = [asyncio.create_task(offloader.run_in_pool(halve, range(at, at + 60), 2)) for at in range(0, 300, 60)]
        await asyncio.sleep(0)
        gone = asyncio.create_task(offloader.run_in_pool(halve, range(60), 2))
        await asyncio.sleep(0)
        gone.cancel()
        slow.go.set()
        assert await asyncio.gather(*asked) == [halve(list(range(at, at + 60)), 2) for at in range(0, 300, 60)]
        assert slow.sizes == [[60, 60], [60, 60], [60]]
        assert await offloader.run_in_pool(halve, range(10), 2) == halve(list(range(10)), 2)

    asyncio.run(scenario())


def test_a_killed_process_affects_one_call() -> None:
    """The calls of a message that killed its process are repeated one by one."""

    async def scenario() -> None:
        slow = Slow(deadly=70)
        slow.go.set()
        offloader = ProcessOffloader(slow)
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        asked = [offloader.run_in_pool(halve, range(at, at + 30), 2) for at in (0, 30, 60, 90)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(result) for result in results] == [list, list, WorkerKilled, list]
        assert slow.sizes == [[30] * 4, [30], [30], [30], [30]]

    asyncio.run(scenario())
