"""Scheduler: runs jobs periodically. The database, not the scheduler, knows which work is due.

APScheduler 3 hides exceptions of jobs and, by default, drops a run that is a second late. Here a late run is not
dropped, and several late runs of a job become one. Every error, missed run and skipped run is passed to ``on_error``.

APScheduler also computes the time of each run from the run before it, by the clock of the machine. If the clock is set
forward by a day, or the machine is suspended for a day, it computes every run in between, which takes a second for each
job. If the clock is set back by a day, all jobs are delayed by a day. Here the next run is never more than one period
away, even if the clock changes. The clock can change even while APScheduler decides how long to wait. Therefore a timer
of the event loop, which is independent of the clock, also wakes the scheduler: its interval is the shortest period of
all jobs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

JobErrorCallback = Callable[[str, str, BaseException | None], None]
_START_OFFSETS = 5
EVENT_PROBLEMS = {EVENT_JOB_ERROR: "failed", EVENT_JOB_MISSED: "missed", EVENT_JOB_MAX_INSTANCES: "still running"}


class Scheduler:
    """Scheduler that runs each job periodically until it is stopped. Two runs of one job never overlap."""

    def __init__(self, on_error: JobErrorCallback) -> None:
        self._on_error, self._job_count = on_error, 0
        self._shortest_interval: timedelta | None = None
        self._wakeup_timer: asyncio.TimerHandle | None = None
        self._running_tasks: set[asyncio.Task[object]] = set()
        self._scheduler = _ClockSafeScheduler(
            timezone=UTC,
            executors={"default": _NonCancellingExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._report_event, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def add(self, name: str, interval: timedelta, work: Callable[[], Awaitable[object]]) -> None:
        """Add a job, which runs ``work`` every ``interval``. Its first run is within one ``interval`` after ``start``.

        The job that is added first starts after a fifth of its interval, the second job after two fifths of its own,
        and so on; the sixth job starts after a fifth again. So a job can use the results of jobs with the same interval
        that were added before it.
        """
        trigger = _IntervalTrigger(interval, interval * (self._job_count % _START_OFFSETS + 1) / _START_OFFSETS)
        self._scheduler.add_job(self._track_runs(work), trigger, id=name, name=name)
        self._job_count += 1
        self._shortest_interval = min(interval, self._shortest_interval or interval)

    def start(self) -> None:
        """Start the scheduler. This must be called within the running event loop."""
        self._scheduler.start()
        self._wake_repeatedly()

    def stop(self) -> None:
        """Start no more runs. Running jobs continue; ``drain`` waits for them."""
        if self._wakeup_timer:
            self._wakeup_timer.cancel()
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)

    async def drain(self, max_wait: timedelta) -> int:
        """Wait up to ``max_wait`` for running jobs, cancel the remaining ones, and return how many were cancelled.

        This is called after ``stop``.
        """
        if not self._running_tasks:
            return 0
        _, late = await asyncio.wait(self._running_tasks, timeout=max_wait.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    def _wake_repeatedly(self) -> None:
        if self._shortest_interval:
            delay = self._shortest_interval.total_seconds()
            self._wakeup_timer = asyncio.get_running_loop().call_later(delay, self._wake_repeatedly)
            self._scheduler.wakeup()

    def _track_runs(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Return a function that runs a job, and that lets ``drain`` wait for the run.

        If ``drain`` cancels the run, no error is raised.
        """

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - the scheduler runs each coroutine in its own task
            self._running_tasks.add(task)
            try:
                await work()
            except asyncio.CancelledError:
                if self._scheduler.running:
                    raise
            finally:
                self._running_tasks.discard(task)

        return run

    def _report_event(self, event: Any) -> None:
        self._on_error(event.job_id, EVENT_PROBLEMS[event.code], getattr(event, "exception", None))


class _NonCancellingExecutor(AsyncIOExecutor):  # type: ignore[misc]  # published without types
    def shutdown(self, wait: bool = True) -> None:
        """Do nothing, so that running jobs continue. The executor of APScheduler would cancel them."""


class _IntervalTrigger(BaseTrigger):  # type: ignore[misc]  # published without types
    """Trigger that fires once per period. Periods that were missed are skipped."""

    def __init__(self, interval: timedelta, first_delay: timedelta) -> None:
        self.interval, self._first_delay = interval, first_delay

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        at = previous + self.interval if previous else now + self._first_delay
        return at if now < at <= now + self.interval else now + self.interval


class _ClockSafeScheduler(AsyncIOScheduler):  # type: ignore[misc]  # published without types
    def wakeup(self) -> None:
        """Start the jobs that are due, and also each job whose next run is planned more than one period ahead.

        A run is planned that far ahead if the clock was set back.
        """
        now = datetime.now(self.timezone)
        for job in self.get_jobs():
            if job.next_run_time > now + job.trigger.interval:
                job.modify(next_run_time=now)
        super().wakeup()
