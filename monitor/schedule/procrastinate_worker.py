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

JobFunction = Callable[..., Awaitable[object]]
QueueErrorCallback = Callable[[str], None]
RECONNECT_SECONDS = 1.0
MAX_CONNECTIONS = 4
QUEUE_POLL_SECONDS = 1.0
"""So often, in seconds, the queue is looked into without an announcement: one that comes during a look is missed."""

STALLED_WORKER_SECONDS = 3600.0


class ProcrastinateWorker:
    """One worker, doing ``places`` jobs side by side."""

    def __init__(
        self,
        conninfo: Mapping[str, Any],
        queue: str,
        functions: Mapping[str, JobFunction],
        concurrency: int,
        heartbeat: timedelta,
    ) -> None:
        """``works`` does a job of each name; a job that raises has failed."""
        self._conninfo, self._queue, self._functions = dict(conninfo), queue, dict(functions)
        self._concurrency, self._heartbeat = concurrency, heartbeat
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Take no further job."""
        self._stopped.set()

    async def run(self, max_wait: timedelta, on_error: QueueErrorCallback) -> None:
        """Do jobs until stopped; then let those under way end, and after ``patience`` cut off the rest.

        ``trouble`` is told what is wrong with the queue, and an empty text when all is well.
        """
        asyncio.get_running_loop().set_exception_handler(_ignore_connector_error)
        while not self._stopped.is_set():
            try:
                await self._run_until_stopped(max_wait, on_error)
            except (psycopg.Error, ConnectorException) as error:
                on_error(f"the queue cannot be reached: {error.__cause__ or error}".strip())
            if not self._stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), RECONNECT_SECONDS)

    async def _run_until_stopped(self, max_wait: timedelta, on_error: QueueErrorCallback) -> None:
        """Run Procrastinate's worker until it ends by itself or is stopped. Raises what it ends by."""
        connector = PsycopgConnector(kwargs=self._conninfo, min_size=1, max_size=MAX_CONNECTIONS, timeout=10)
        app = App(connector=connector)
        app.job_manager = _NotifyingJobManager(connector)
        for name, work in self._functions.items():
            app.task(name=name, queue=self._queue)(work)
        async with app.open_async():
            on_error("")
            serving = asyncio.create_task(
                app.run_worker_async(
                    queues=[self._queue],
                    concurrency=self._concurrency,
                    fetch_job_polling_interval=QUEUE_POLL_SECONDS,
                    shutdown_graceful_timeout=max_wait.total_seconds(),
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._heartbeat.total_seconds(),
                    stalled_worker_timeout=STALLED_WORKER_SECONDS,
                )
            )
            stopped = asyncio.create_task(self._stopped.wait())
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


class _NotifyingJobManager(JobManager):
    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note what became of a job, and tell all workers if another one waits for its host."""
        await super().finish_job(job, status, delete_job)
        if job.lock:
            (channel,) = get_channel_for_queues([job.queue])
            await self.connector.execute_query_async(_NOTIFY_NEXT_JOB, channel=channel, lock=job.lock)


_NOTIFY_NEXT_JOB = """SELECT pg_notify(%(channel)s, json_build_object('type', 'job_inserted', 'job_id', id)::text)
    FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo' ORDER BY priority DESC, id LIMIT 1"""


def _ignore_connector_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of a job whose end Procrastinate could not note: it was taken back, or it will be."""
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)
