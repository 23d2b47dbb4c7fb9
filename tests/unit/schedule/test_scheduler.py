"""The runner never drops a job silently."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from loops import LeapingLoop, skip, turn
from time_machine import Traveller, travel

from monitor.schedule.scheduler import Scheduler, _IntervalTrigger

PERIOD = timedelta(seconds=1)


def test_an_error_is_told_and_the_job_goes_on() -> None:
    """A job that raises is reported with its name, and runs again."""

    async def scene(_clock: Traveller) -> None:
        told: list[tuple[str, str, str]] = []
        again = asyncio.Event()
        runner = Scheduler(lambda job, what, error: told.append((job, what, str(error))))

        async def work() -> None:
            if told:
                again.set()
            raise ValueError("boom")

        runner.add("poll", PERIOD, work)
        runner.start()
        await again.wait()
        runner.stop()
        assert told[0] == ("poll", "failed", "boom")

    on_a_clock(scene)


def test_a_long_run_is_not_doubled_but_told() -> None:
    """While a run lasts the next is skipped, and that is said."""

    async def scene(_clock: Traveller) -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        runner = Scheduler(lambda _job, what, _error: told.put_nowait(what))
        starts = []

        async def work() -> None:
            starts.append(1)
            await asyncio.Event().wait()

        runner.add("deliver", PERIOD, work)
        runner.start()
        assert await told.get() == "still running"
        runner.stop()
        assert len(starts) == 1
        await runner.drain(timedelta(0))

    on_a_clock(scene)


def test_a_run_under_way_at_the_end_ends_by_itself() -> None:
    """Stopping begins no run and cuts none off; draining waits for it, and only so long."""

    async def scene(_clock: Traveller) -> None:
        told: list[str] = []
        runner = Scheduler(lambda _job, what, _error: told.append(what))
        begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await go.wait()
            ended.set()

        async def hang() -> None:
            await asyncio.Event().wait()

        runner.add("process", PERIOD, work)
        runner.add("deliver", PERIOD, hang)
        runner.start()
        await begun.wait()
        runner.stop()
        assert not ended.is_set()
        go.set()
        assert await runner.drain(timedelta(seconds=0.05)) <= 1
        assert ended.is_set()
        assert await runner.drain(timedelta(seconds=5)) == 0
        assert "failed" not in told

    on_a_clock(scene)


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)])
def test_jobs_go_on_when_the_clock_jumps(jump: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set forward or back by more than a year, the clock costs neither a wait nor a burst of runs."""
    planned = count()
    plan = _IntervalTrigger.get_next_fire_time

    def counted(pace: _IntervalTrigger, previous: datetime | None, now: datetime) -> datetime:
        assert next(planned) < 100, "every run of 400 days is counted"
        return plan(pace, previous, now)

    monkeypatch.setattr(_IntervalTrigger, "get_next_fire_time", counted)

    async def scene(clock: Traveller) -> None:
        runs: asyncio.Queue[datetime] = asyncio.Queue()
        runner = Scheduler(lambda *_: None)

        async def work() -> None:
            runs.put_nowait(datetime.now(UTC))

        runner.add("poll", PERIOD, work)
        runner.start()
        before = await runs.get()
        clock.shift(jump)
        later = [await runs.get() - before - jump for _ in range(4)]
        runner.stop()
        assert timedelta(0) < later[0] <= PERIOD
        assert [two - one for one, two in pairwise(later)] == [PERIOD] * 3
        assert runs.empty()

    on_a_clock(scene)


def test_runs_that_were_missed_become_one() -> None:
    """A loop that stood still runs each job once when it goes on: none is dropped, none is made up for."""

    async def scene(_clock: Traveller) -> None:
        runs: asyncio.Queue[int] = asyncio.Queue()
        told: list[str] = []
        runner = Scheduler(lambda _job, what, _error: told.append(what))

        async def work() -> None:
            runs.put_nowait(1)

        runner.add("poll", PERIOD, work)
        runner.start()
        await runs.get()
        skip(10 * PERIOD.total_seconds())
        await turn()
        assert (runs.qsize(), told) == (1, [])
        runner.stop()

    on_a_clock(scene)


def test_jobs_of_one_pace_take_turns() -> None:
    """What one leaves is met by the next one in the same period, in the order in which they were added."""

    async def scene(_clock: Traveller) -> None:
        ran: asyncio.Queue[str] = asyncio.Queue()
        runner = Scheduler(lambda *_: None)
        for name in ("poll", "read", "process", "deliver"):

            async def work(name: str = name) -> None:
                ran.put_nowait(name)

            runner.add(name, PERIOD, work)
        runner.start()
        assert [await ran.get() for _ in range(4)] == ["poll", "read", "process", "deliver"]
        runner.stop()

    on_a_clock(scene)


def on_a_clock(scene: Callable[[Traveller], Coroutine[object, object, None]]) -> None:
    """Play a scene on a loop that never waits, while the clock on the wall shows the time of the loop."""
    with (
        travel(datetime.now(UTC), tick=False) as clock,
        asyncio.Runner(loop_factory=lambda: LeapingLoop(lambda seconds: _follow(clock, seconds))) as runner,
    ):
        runner.run(scene(clock))


def _follow(clock: Traveller, seconds: float) -> None:
    clock.shift(timedelta(microseconds=round(seconds * 1_000_000)))
