"""When pure work is done elsewhere, and that it is done here whenever that fails."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from monitor.domain.errors import WorkerKilled
from monitor.pipeline.build_articles import DRAIN_RATE, MIN_OFFLOAD_ARTICLES, OFFLOAD_THRESHOLD, ProcessOffloader

T = TypeVar("T")


class Elsewhere:
    """Counts what it is handed, and does it, or fails as told."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble, self.jobs = trouble, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.jobs += 1
        if self.trouble:
            raise self.trouble
        return work(*args)


async def halves(aside: ProcessOffloader, count: int) -> list[int] | None:
    """Ask for so many numbers to be halved."""
    return await aside.run_in_pool(halve, range(count), 2)


def halve(numbers: list[int], by: int) -> list[int]:
    return [number // by for number in numbers]


def test_much_work_is_done_elsewhere() -> None:
    """Once enough is to come, a batch goes to the workshop; a handful never does."""

    async def scene() -> None:
        elsewhere = Elsewhere()
        aside = ProcessOffloader(elsewhere)
        assert await halves(aside, 10) is None
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert await halves(aside, 10) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        assert await halves(aside, MIN_OFFLOAD_ARTICLES - 1) is None
        assert elsewhere.jobs == 1
        assert await halves(ProcessOffloader(), 5 * OFFLOAD_THRESHOLD) is None

    asyncio.run(scene())


def test_batches_pile_up_and_a_steady_flow_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Articles that come faster than this process reads them are worth a worker; as many over a long time are not."""

    async def scene() -> None:
        now = 1000.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
        elsewhere = Elsewhere()
        aside = ProcessOffloader(elsewhere)
        for _ in range(60):
            now += 1
            assert await halves(aside, int(DRAIN_RATE)) is None
        for _ in range(10):
            await halves(aside, 200)
        assert elsewhere.jobs == 6
        now += 60
        assert await halves(aside, 200) is None

    asyncio.run(scene())


def test_what_cannot_be_done_elsewhere_is_done_here() -> None:
    """Where no process can be started, there is this one."""

    async def scene() -> None:
        aside = ProcessOffloader(Elsewhere(OSError("no more processes")))
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        assert await halves(aside, 10) is None

    asyncio.run(scene())


@pytest.mark.parametrize("trouble", [WorkerKilled("too long"), ValueError("odd")])
def test_what_kills_or_raises_is_the_callers(trouble: Exception) -> None:
    """What killed a process must not be done here unseen, and an error of the work itself is no other's."""

    async def scene() -> None:
        aside = ProcessOffloader(Elsewhere(trouble))
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        with pytest.raises(type(trouble)):
            await halves(aside, 10)

    asyncio.run(scene())


class Slow(Elsewhere):
    """Answers when it is told to; whatever holds a certain number kills it."""

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


def test_what_piles_up_goes_out_together() -> None:
    """The first goes at once, those that come meanwhile in full messages, and everybody gets what he asked for."""

    async def scene() -> None:
        slow = Slow()
        aside = ProcessOffloader(slow)
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        asked = [asyncio.create_task(aside.run_in_pool(halve, range(at, at + 60), 2)) for at in range(0, 300, 60)]
        await asyncio.sleep(0)
        gone = asyncio.create_task(aside.run_in_pool(halve, range(60), 2))
        await asyncio.sleep(0)
        gone.cancel()
        slow.go.set()
        assert await asyncio.gather(*asked) == [halve(list(range(at, at + 60)), 2) for at in range(0, 300, 60)]
        assert slow.sizes == [[60, 60], [60, 60], [60]]
        assert await aside.run_in_pool(halve, range(10), 2) == halve(list(range(10)), 2)

    asyncio.run(scene())


def test_only_who_kills_hears_of_it() -> None:
    """A message that killed a worker is taken apart: all others get their results."""

    async def scene() -> None:
        slow = Slow(deadly=70)
        slow.go.set()
        aside = ProcessOffloader(slow)
        aside.add_backlog(2 * OFFLOAD_THRESHOLD)
        asked = [aside.run_in_pool(halve, range(at, at + 30), 2) for at in (0, 30, 60, 90)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(result) for result in results] == [list, list, WorkerKilled, list]
        assert slow.sizes == [[30] * 4, [30], [30], [30], [30]]

    asyncio.run(scene())
