"""The scheduler: asks for due work again and again; what is due is known by the database, not by it.

APScheduler 3 swallows what a job raises and, by default, drops a run that is a second late: so nothing is ever
misfired here, runs that pile up become one, and every error, missed run and skipped run is handed to ``on_trouble``.

It also plans by the wall clock, one run after the other: a clock set forward by a day, or a machine that slept, would
cost a second of counting for every job; a clock set back would leave all jobs waiting for a day. Here the next run is
never more than one period away, whatever the clock does.
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
    """Runs each job at its pace until it is stopped, never twice at once."""

    def __init__(self, on_error: JobErrorCallback) -> None:
        self._on_error, self._job_count = on_error, 0
        self._running_tasks: set[asyncio.Task[object]] = set()
        self._scheduler = _ClockSafeScheduler(
            timezone=UTC,
            executors={"default": _NonCancellingExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._report_event, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def add(self, name: str, interval: timedelta, work: Callable[[], Awaitable[object]]) -> None:
        """Run ``work`` every so often, for the first time within one period after ``start``.

        Jobs begin a fifth of their period apart, in the order in which they are added: what a poll brings is told by
        the next job of the same second, not by that of the next one.
        """
        pace = _IntervalTrigger(interval, interval * (self._job_count % _START_OFFSETS + 1) / _START_OFFSETS)
        self._scheduler.add_job(self._track_runs(work), pace, id=name, name=name)
        self._job_count += 1

    def start(self) -> None:
        """Begin; must be called inside the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further run; those under way are left to end by themselves, and ``drain`` waits for them."""
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)

    async def drain(self, max_wait: timedelta) -> int:
        """Wait for the runs under way after ``stop``, cut off those that take longer, and return their number."""
        if not self._running_tasks:
            return 0
        _, late = await asyncio.wait(self._running_tasks, timeout=max_wait.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    def _track_runs(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Know the runs of a job while they last. One that ``drain`` cuts off ends in silence: it is counted there."""

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine of the scheduler runs in a task of its own
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
        """Leave the runs under way alone; the library's own would cancel them."""


class _IntervalTrigger(BaseTrigger):  # type: ignore[misc]  # published without types
    """One run a period; the runs of a period that is over are left out at once, not counted one by one."""

    def __init__(self, interval: timedelta, first_delay: timedelta) -> None:
        self.interval, self._first_delay = interval, first_delay

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        at = previous + self.interval if previous else now + self._first_delay
        return at if now < at <= now + self.interval else now + self.interval


class _ClockSafeScheduler(AsyncIOScheduler):  # type: ignore[misc]  # published without types
    def wakeup(self) -> None:
        """Look for due jobs. One that is planned more than a period ahead was planned by a clock since set back."""
        now = datetime.now(self.timezone)
        for job in self.get_jobs():
            if job.next_run_time > now + job.trigger.interval:
                job.modify(next_run_time=now)
        super().wakeup()
