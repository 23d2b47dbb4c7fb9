"""A worker of Procrastinate: takes jobs from the queue in PostgreSQL and does them, until it is stopped.

Procrastinate's worker ends when its database goes away, and when it was frozen for so long that it is no longer on its
list; here it begins anew then, after a moment. It also leaves it to chance when the next job of a busy host begins: a
new job is announced, one whose turn has come is not. Here whoever ends a job announces the next one of its host.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, get_channel_for_queues

Work = Callable[..., Awaitable[object]]
Trouble = Callable[[str], None]
AGAIN = 1.0
CONNECTIONS = 4
POLLING = 1.0
"""So often, in seconds, the queue is looked into without an announcement: one that comes during a look is missed."""

PRUNED = 3600.0


class Crewman:
    """One worker, doing ``places`` jobs side by side."""

    def __init__(
        self, conninfo: Mapping[str, Any], queue: str, works: Mapping[str, Work], places: int, heartbeat: timedelta
    ) -> None:
        """``works`` does a job of each name; a job that raises has failed."""
        self._conninfo, self._queue, self._works = dict(conninfo), queue, dict(works)
        self._places, self._heartbeat = places, heartbeat
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Take no further job."""
        self._stopped.set()

    async def run(self, patience: timedelta, trouble: Trouble) -> None:
        """Do jobs until stopped; then let those under way end, and after ``patience`` cut off the rest.

        ``trouble`` is told what is wrong with the queue, and an empty text when all is well.
        """
        asyncio.get_running_loop().set_exception_handler(_pass_over)
        while not self._stopped.is_set():
            try:
                await self._serve(patience, trouble)
            except (psycopg.Error, ConnectorException) as error:
                trouble(f"the queue cannot be reached: {error.__cause__ or error}".strip())
            if not self._stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), AGAIN)

    async def _serve(self, patience: timedelta, trouble: Trouble) -> None:
        """Run Procrastinate's worker until it ends by itself or is stopped. Raises what it ends by."""
        connector = PsycopgConnector(kwargs=self._conninfo, min_size=1, max_size=CONNECTIONS, timeout=10)
        app = App(connector=connector)
        app.job_manager = _Announcer(connector)
        for name, work in self._works.items():
            app.task(name=name, queue=self._queue)(work)
        async with app.open_async():
            trouble("")
            serving = asyncio.create_task(
                app.run_worker_async(
                    queues=[self._queue],
                    concurrency=self._places,
                    fetch_job_polling_interval=POLLING,
                    shutdown_graceful_timeout=patience.total_seconds(),
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._heartbeat.total_seconds(),
                    stalled_worker_timeout=PRUNED,
                )
            )
            stopped = asyncio.create_task(self._stopped.wait())
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


class _Announcer(JobManager):
    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note what became of a job, and tell all workers if another one waits for its host."""
        await super().finish_job(job, status, delete_job)
        if job.lock:
            (channel,) = get_channel_for_queues([job.queue])
            await self.connector.execute_query_async(_ANNOUNCE, channel=channel, lock=job.lock)


_ANNOUNCE = """SELECT pg_notify(%(channel)s, json_build_object('type', 'job_inserted', 'job_id', id)::text)
    FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo' ORDER BY priority DESC, id LIMIT 1"""


def _pass_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a job whose end Procrastinate could not note: it was taken back, or it will be."""
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)
