"""Worker on top of Procrastinate: runs jobs from the PostgreSQL queue until it is stopped.

This module changes Procrastinate in two ways:

- Procrastinate's own worker ends if it loses its database, or if its process was suspended until its registration
  expired. This module then restarts it after a moment.
- Procrastinate announces only new jobs, so the next job for a busy host would start only at the next regular query of
  the queue. In this module, a finished job announces the next job for its host.
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
"""Seconds between two queries of the queue if no new job is announced.

The database announces each new job to the workers. The regular queries are necessary, because an announcement that
arrives during a query is missed.
"""

STALLED_WORKER_SECONDS = 3600.0


class ProcrastinateWorker:
    """Worker that runs up to ``concurrency`` jobs at the same time."""

    def __init__(
        self,
        conninfo: Mapping[str, Any],
        queue: str,
        functions: Mapping[str, JobFunction],
        concurrency: int,
        heartbeat: timedelta,
    ) -> None:
        """Prepare the worker.

        ``functions`` maps the name of each job to its function. A job fails if its function raises an exception.
        """
        self._conninfo, self._queue, self._functions = dict(conninfo), queue, dict(functions)
        self._concurrency, self._heartbeat = concurrency, heartbeat
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Start no more jobs. ``run`` returns when the running jobs have ended."""
        self._stopped.set()

    async def run(self, max_wait: timedelta, on_error: QueueErrorCallback) -> None:
        """Run jobs until ``stop`` is called, and then wait for running jobs.

        Jobs that have not ended after ``max_wait`` are cancelled. If the queue fails, ``on_error`` is called with a
        description; when the queue works again, it is called with an empty text.
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
        """Run Procrastinate's worker until it ends or is stopped. Raises the error that ended it."""
        connector = PsycopgConnector(kwargs=self._conninfo, min_size=1, max_size=MAX_CONNECTIONS, timeout=10)
        app = App(connector=connector)
        app.job_manager = _NotifyingJobManager(connector)
        for name, work in self._functions.items():
            app.task(name=name, queue=self._queue)(work)
        async with app.open_async():
            on_error("")
            worker_task = asyncio.create_task(
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
            await asyncio.wait({worker_task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            worker_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker_task


class _NotifyingJobManager(JobManager):
    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Record the result of a job, and notify all workers if another job waits for the same host."""
        await super().finish_job(job, status, delete_job)
        if job.lock:
            (channel,) = get_channel_for_queues([job.queue])
            await self.connector.execute_query_async(_NOTIFY_NEXT_JOB, channel=channel, lock=job.lock)


_NOTIFY_NEXT_JOB = """SELECT pg_notify(%(channel)s, json_build_object('type', 'job_inserted', 'job_id', id)::text)
    FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo' ORDER BY priority DESC, id LIMIT 1"""


def _ignore_connector_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle an error of the event loop, but ignore the loss of a database connection.

    If the connection is lost, Procrastinate cannot record that a job has finished. The job is then requeued later.
    """
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)
