"""Scheduler: no job is dropped silently."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from loops import JumpingLoop, run_ready_tasks, skip
from time_machine import Traveller, travel

from monitor.schedule.scheduler import Scheduler, _IntervalTrigger

PERIOD = timedelta(seconds=1)


def test_an_error_is_reported_and_the_job_runs_again() -> None:
    """A job that raises is reported with its name."""

    async def scenario(_clock: Traveller) -> None:
        reports: list[tuple[str, str, str]] = []
        again = asyncio.Event()
        scheduler = Scheduler(lambda job, what, error: reports.append((job, what, str(error))))

        async def work() -> None:
            if reports:
                again.set()
            raise ValueError("boom")

        scheduler.add("poll", PERIOD, work)
        scheduler.start()
        await again.wait()
        scheduler.stop()
        assert reports[0] == ("poll", "failed", "boom")

    on_a_clock(scenario)


def test_a_long_run_is_reported_and_not_started_twice() -> None:
    """While a run lasts the next one is skipped and reported."""

    async def scenario(_clock: Traveller) -> None:
        reports: asyncio.Queue[str] = asyncio.Queue()
        scheduler = Scheduler(lambda _job, what, _error: reports.put_nowait(what))
        starts = []

        async def work() -> None:
            starts.append(1)
            await asyncio.Event().wait()

        scheduler.add("deliver", PERIOD, work)
        scheduler.start()
        assert await reports.get() == "still running"
        scheduler.stop()
        assert len(starts) == 1
        await scheduler.drain(timedelta(0))

    on_a_clock(scenario)


def test_stopping_lets_running_jobs_finish() -> None:
    """Stopping starts and cancels no run; draining waits for running ones up to its limit."""

    async def scenario(_clock: Traveller) -> None:
        reports: list[str] = []
        scheduler = Scheduler(lambda _job, what, _error: reports.append(what))
        begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await go.wait()
            ended.set()

        async def hang() -> None:
            await asyncio.Event().wait()

        scheduler.add("process", PERIOD, work)
        scheduler.add("deliver", PERIOD, hang)
        scheduler.start()
        await begun.wait()
        scheduler.stop()
        assert not ended.is_set()
        go.set()
        assert await scheduler.drain(timedelta(seconds=0.05)) <= 1
        assert ended.is_set()
        assert await scheduler.drain(timedelta(seconds=5)) == 0
        assert "failed" not in reports

    on_a_clock(scenario)


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)])
def test_jobs_continue_when_the_clock_jumps(jump: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock set forward or back by more than a year causes neither a pause nor a burst of runs."""
    planned = count()
    plan = _IntervalTrigger.get_next_fire_time

    def counted(pace: _IntervalTrigger, previous: datetime | None, now: datetime) -> datetime:
        assert next(planned) < 100, "every run of 400 days is counted"
        return plan(pace, previous, now)

    monkeypatch.setattr(_IntervalTrigger, "get_next_fire_time", counted)

    async def scenario(clock: Traveller) -> None:
        runs: asyncio.Queue[datetime] = asyncio.Queue()
        scheduler = Scheduler(lambda *_: None)

        async def work() -> None:
            runs.put_nowait(datetime.now(UTC))

        scheduler.add("poll", PERIOD, work)
        scheduler.start()
        before = await runs.get()
        clock.shift(jump)
        later = [await runs.get() - before - jump for _ in range(4)]
        scheduler.stop()
        assert timedelta(0) < later[0] <= PERIOD
        assert [two - one for one, two in pairwise(later)] == [PERIOD] * 3
        assert runs.empty()

    on_a_clock(scenario)


def test_a_clock_that_changes_between_two_readings_costs_one_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler reads the clock again after jobs were rescheduled; a step back in between must not stop them."""

    async def scenario(clock: Traveller) -> None:
        runs: asyncio.Queue[float] = asyncio.Queue()
        scheduler = Scheduler(lambda *_: None)
        wake = AsyncIOScheduler.wakeup
        steps = iter([timedelta(days=-1)])

        def wake_after_step(self: AsyncIOScheduler) -> None:
            if not runs.empty():
                clock.shift(next(steps, timedelta(0)))
            wake(self)

        async def work() -> None:
            runs.put_nowait(asyncio.get_running_loop().time())

        monkeypatch.setattr(AsyncIOScheduler, "wakeup", wake_after_step)
        scheduler.add("poll", PERIOD, work)
        scheduler.start()
        await asyncio.sleep(12 * PERIOD.total_seconds())
        scheduler.stop()
        times = [runs.get_nowait() for _ in range(runs.qsize())]
        assert len(times) >= 10
        assert max(two - one for one, two in pairwise(times)) <= 2 * PERIOD.total_seconds()
        assert next(steps, None) is None

    on_a_clock(scenario)


@pytest.mark.parametrize("seed", range(10))
def test_no_sequence_of_clock_steps_stops_or_multiplies_runs(seed: int) -> None:
    """The clock jumps by seconds, days or years at random, forward and back, also while a job runs."""

    async def scenario(clock: Traveller) -> None:
        draw = random.Random(seed)
        run_count = 0
        scheduler = Scheduler(lambda *_: None)
        started_at = asyncio.get_running_loop().time()

        def step() -> None:
            unit = draw.choice([timedelta(seconds=0.4), timedelta(days=1), timedelta(days=400)])
            clock.shift(unit * draw.randint(-3, 3))

        async def work() -> None:
            nonlocal run_count
            run_count += 1
            await asyncio.sleep(draw.random() / 2)
            if draw.random() < 0.3:
                step()

        scheduler.add("poll", PERIOD, work)
        scheduler.start()
        for _ in range(60):
            await asyncio.sleep(draw.random() * 2)
            step()
        periods = (asyncio.get_running_loop().time() - started_at) / PERIOD.total_seconds()  # of the loop's own clock
        scheduler.stop()
        await scheduler.drain(PERIOD)
        assert periods / 3 <= run_count <= 2 * periods

    on_a_clock(scenario)


def test_missed_runs_become_one() -> None:
    """After a blocked event loop each job runs once: no job is dropped, and missed runs are not repeated."""

    async def scenario(_clock: Traveller) -> None:
        runs: asyncio.Queue[int] = asyncio.Queue()
        reports: list[str] = []
        scheduler = Scheduler(lambda _job, what, _error: reports.append(what))

        async def work() -> None:
            runs.put_nowait(1)

        scheduler.add("poll", PERIOD, work)
        scheduler.start()
        await runs.get()
        skip(10 * PERIOD.total_seconds())
        await run_ready_tasks()
        assert (runs.qsize(), reports) == (1, [])
        scheduler.stop()

    on_a_clock(scenario)


def test_jobs_with_the_same_interval_run_in_order() -> None:
    """The results of one job are processed by the next one in the same period."""

    async def scenario(_clock: Traveller) -> None:
        ran: asyncio.Queue[str] = asyncio.Queue()
        scheduler = Scheduler(lambda *_: None)
        for name in ("poll", "read", "process", "deliver"):

            async def work(name: str = name) -> None:
                ran.put_nowait(name)

            scheduler.add(name, PERIOD, work)
        scheduler.start()
        assert [await ran.get() for _ in range(4)] == ["poll", "read", "process", "deliver"]
        scheduler.stop()

    on_a_clock(scenario)


def on_a_clock(scenario: Callable[[Traveller], Coroutine[object, object, None]]) -> None:
    """Run a scenario on a loop that never waits, while the wall clock follows the time of the loop."""
    with (
        travel(datetime.now(UTC), tick=False) as clock,
        asyncio.Runner(loop_factory=lambda: JumpingLoop(lambda seconds: _follow(clock, seconds))) as scheduler,
    ):
        scheduler.run(scenario(clock))


def _follow(clock: Traveller, seconds: float) -> None:
    clock.shift(timedelta(microseconds=round(seconds * 1_000_000)))
