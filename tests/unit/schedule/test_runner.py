"""The runner never drops a job silently."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from monitor.schedule.runner import Runner


def test_an_error_is_told_and_the_job_goes_on() -> None:
    """A job that raises is reported with its name, and runs again."""

    async def scene() -> None:
        told: list[tuple[str, str, str]] = []
        again = asyncio.Event()
        runner = Runner(lambda job, what, error: told.append((job, what, str(error))))

        async def work() -> None:
            if told:
                again.set()
            raise ValueError("boom")

        runner.add("poll", timedelta(seconds=0.01), work)
        runner.start()
        await asyncio.wait_for(again.wait(), 5)
        runner.stop()
        assert told[0] == ("poll", "failed", "boom")

    asyncio.run(scene())


def test_a_long_run_is_not_doubled_but_told() -> None:
    """While a run lasts the next is skipped, and that is said."""

    async def scene() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        runner = Runner(lambda _job, what, _error: told.put_nowait(what))
        starts = []

        async def work() -> None:
            starts.append(1)
            await asyncio.Event().wait()

        runner.add("deliver", timedelta(seconds=0.01), work)
        runner.start()
        assert await asyncio.wait_for(told.get(), 5) == "still running"
        runner.stop()
        assert len(starts) == 1
        await runner.drain(timedelta(0))

    asyncio.run(scene())


def test_a_run_under_way_at_the_end_ends_by_itself() -> None:
    """Stopping begins no run and cuts none off; draining waits for it, and only so long."""

    async def scene() -> None:
        told: list[str] = []
        runner = Runner(lambda _job, what, _error: told.append(what))
        begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await go.wait()
            ended.set()

        async def hang() -> None:
            await asyncio.Event().wait()

        runner.add("tell", timedelta(seconds=0.01), work)
        runner.add("deliver", timedelta(seconds=0.01), hang)
        runner.start()
        await asyncio.wait_for(begun.wait(), 5)
        runner.stop()
        assert not ended.is_set()
        go.set()
        assert await runner.drain(timedelta(seconds=0.05)) <= 1
        assert ended.is_set()
        assert await runner.drain(timedelta(seconds=5)) == 0
        assert "failed" not in told

    asyncio.run(scene())


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)])
def test_row_54_jobs_go_on_when_the_clock_jumps(jump: timedelta) -> None:
    """Set forward or back by more than a year, the clock costs neither a wait nor a burst of runs."""

    async def scene() -> None:
        runs: asyncio.Queue[datetime] = asyncio.Queue()
        runner = Runner(lambda *_: None)

        async def work() -> None:
            runs.put_nowait(datetime.now(UTC))

        with travel(datetime.now(UTC), tick=True) as clock:
            runner.add("poll", timedelta(seconds=0.01), work)
            runner.start()
            before = await asyncio.wait_for(runs.get(), 5)
            clock.shift(jump)
            busy = time.process_time()
            later = [await asyncio.wait_for(runs.get(), 5) for _ in range(4)]
            runner.stop()
            assert abs(later[-1] - before - jump) < timedelta(seconds=60)
            assert runs.qsize() <= 1
            assert time.process_time() - busy < 1

    asyncio.run(scene())


def test_row_52_runs_that_were_missed_become_one() -> None:
    """A loop that stood still runs each job once when it goes on: none is dropped, none is made up for."""

    async def scene() -> None:
        runs: asyncio.Queue[int] = asyncio.Queue()
        told: list[str] = []
        runner = Runner(lambda _job, what, _error: told.append(what))

        async def work() -> None:
            runs.put_nowait(1)

        runner.add("poll", timedelta(seconds=0.05), work)
        runner.start()
        await asyncio.wait_for(runs.get(), 5)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass
        await asyncio.wait_for(runs.get(), 5)
        assert (runs.qsize(), told) == (0, [])
        runner.stop()

    asyncio.run(scene())


def test_jobs_of_one_pace_take_turns() -> None:
    """What one leaves is met by the next one in the same period, in the order in which they were added."""

    async def scene() -> None:
        ran: asyncio.Queue[str] = asyncio.Queue()
        runner = Runner(lambda *_: None)
        for name in ("poll", "read", "tell", "deliver"):

            async def work(name: str = name) -> None:
                ran.put_nowait(name)

            runner.add(name, timedelta(seconds=0.5), work)
        runner.start()
        assert [await asyncio.wait_for(ran.get(), 5) for _ in range(4)] == ["poll", "read", "tell", "deliver"]
        runner.stop()

    asyncio.run(scene())
