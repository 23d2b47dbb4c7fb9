"""Worker process: polls sources and reads pages for the daemon, with jobs from a PostgreSQL queue.

The worker uses the configuration that the daemon stores in the database. Before it applies a new configuration, it
finishes its running jobs.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from monitor import __version__
from monitor.app import build_collectors, preload_and_freeze_gc, utc_now
from monitor.config.load import load_configuration, parse_configuration
from monitor.config.reload import find_database_url
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError, SchemaMismatch, StoreError, UsageError
from monitor.domain.ports import Clock, ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.domain.workers import COLLECT_TASK, HEARTBEAT_INTERVAL, QUEUE_NAME, READ_PAGES_TASK, WorkerHeartbeat
from monitor.jobs import SHUTDOWN_TIMEOUT, TICK_INTERVAL
from monitor.pipeline.heartbeats import delete_heartbeat, save_heartbeat
from monitor.pipeline.poll_plan import PollOutcome
from monitor.pipeline.worker_jobs import JobHandler
from monitor.schedule.process_pool import SubprocessPool
from monitor.schedule.scheduler import Scheduler
from monitor.store.database import Database
from monitor.store.job_queue import JobQueue, is_installed
from monitor.telemetry.event_log import log_job_error, log_poll
from monitor.telemetry.health import (
    EVENT_LOOP,
    SD_READY,
    SD_STOPPING,
    HealthStatus,
    Liveness,
    SystemdNotifier,
    Watchdog,
    with_heartbeat,
)
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.probes import ProbeServer
from monitor.telemetry.redact import Redactor, find_secrets

HEARTBEAT_SAVE_INTERVAL, RELOAD_CHECK_INTERVAL = timedelta(seconds=5), timedelta(seconds=2)
SILENCE_LIMITS_SECONDS = {EVENT_LOOP: 10.0, "heartbeat": 60.0, "configuration": 60.0}

log = structlog.get_logger("monitor")


async def run_worker(
    path: Path,
    environ: Mapping[str, str],
    database: str = "",
    concurrency: int = 32,
    probes: tuple[str, int] | None = None,
    clock: Clock = utc_now,
    *,
    log_level: str = "INFO",
) -> None:
    """Run jobs, at most ``concurrency`` at a time, until SIGTERM or SIGINT. Then finish running jobs and close.

    ``database`` replaces the URL in the configuration file at ``path``. ``probes`` is the host and port of the server
    that answers health checks. Raises ``UsageError`` if the database has no job queue, ``ConfigError`` if no database
    is configured, or ``StoreError``.
    """
    redact = Redactor()
    set_up_logging(redact, level=log_level)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # this module logs queue errors itself, once each
    found = Secret(database) if database else find_database_url(path, environ)
    url = found or load_configuration(path, environ).settings.database
    redact.add_secrets([url])
    if url.reveal().startswith("sqlite"):
        raise UsageError(
            "workers need PostgreSQL, and this database is SQLite: set settings.database to "
            "postgresql+psycopg://HOST/NAME, here and where `monitor run` runs; on one machine `monitor run` is enough"
        )
    if not is_installed():
        raise UsageError("`monitor worker` needs Procrastinate: pip install 'monitor[postgres]'")
    async with AsyncExitStack() as stack:
        opened = Database.open(url.reveal())
        stack.callback(opened.close)
        assert opened.job_queue is not None  # noqa: S101 - on PostgreSQL with Procrastinate there is one
        process_pool = await stack.enter_async_context(SubprocessPool())
        worker = WorkerProcess(opened, opened.job_queue, process_pool, redact, path, environ)
        worker.clock, worker.concurrency = clock, concurrency
        if probes:
            stack.callback(ProbeServer(*probes, worker.health, worker.metrics).close)
        await worker.run(SystemdNotifier(environ))


class Stoppable(Protocol):
    """Protocol of an object that runs jobs from a queue and can be stopped."""

    def stop(self) -> None:
        """Start no further job. Running jobs are finished."""
        ...


class WorkerProcess:
    """Worker process with an open database, job queue and process pool."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        process_pool: ProcessPool,
        redactor: Redactor,
        path: Path,
        environ: Mapping[str, str],
    ) -> None:
        self._database, self._queue, self._process_pool, self._redactor = database, queue, process_pool, redactor
        self._path, self._environ = path, environ
        self.clock: Clock = utc_now
        self.concurrency = 1
        self.metrics = Metrics(__version__)
        self._liveness = Liveness(SILENCE_LIMITS_SECONDS, time.monotonic())
        self._stop_event, self._reload_event = asyncio.Event(), asyncio.Event()
        self._configuration_text = self._newer_schema = ""
        self._job_handler: JobHandler | None = None
        self._queue_worker: Stoppable | None = None
        self._heartbeat = WorkerHeartbeat(f"{socket.gethostname()}-{os.getpid()}", utc_now(), utc_now())

    def health(self) -> HealthStatus:
        """Return the health of the worker, for its probes."""
        return self._liveness.health(time.monotonic())

    async def run(self, notifier: SystemdNotifier) -> None:
        """Run jobs until ``stop`` is called, and apply a new configuration whenever the daemon stores one."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        watchdog = Watchdog(self._liveness, notifier, self.metrics)
        background_scheduler = Scheduler(partial(log_job_error, self.metrics))
        background_scheduler.add("watchdog", TICK_INTERVAL, _as_async_job(lambda: watchdog.tick(time.monotonic())))
        background_scheduler.add(
            "configuration",
            RELOAD_CHECK_INTERVAL,
            with_heartbeat(self._liveness, "configuration", self._check_configuration),
        )
        background_scheduler.add(
            "heartbeat", HEARTBEAT_SAVE_INTERVAL, with_heartbeat(self._liveness, "heartbeat", self._save_heartbeat)
        )
        background_scheduler.start()
        notifier.notify(SD_READY)
        try:
            await self._save_heartbeat()
            while not self._stop_event.is_set():
                await self._run_configuration()
        finally:
            notifier.notify(SD_STOPPING)
            background_scheduler.stop()
            await background_scheduler.drain(SHUTDOWN_TIMEOUT)
            with contextlib.suppress(StoreError):
                await self._database.run(delete_heartbeat, self._database.key_values, self._heartbeat.name)
            log.info("stopped", done=self._heartbeat.done, failed=self._heartbeat.failed)
        if self._newer_schema:
            raise SchemaMismatch(
                f"a newer monitor has upgraded the database to schema {self._newer_schema} while this worker ran; "
                "install that version here, and start the worker again"
            )

    def stop(self) -> None:
        """Make ``run`` end: start no further job, and finish the running jobs."""
        self._stop_event.set()
        self._end_configuration_run()

    def _end_configuration_run(self) -> None:
        self._reload_event.set()
        if self._queue_worker:
            self._queue_worker.stop()

    async def _run_configuration(self) -> None:
        """Run jobs with the configuration in the database until it is replaced or the worker stops."""
        configuration = self._read_configuration(await self._fetch_configuration())
        self._reload_event.clear()
        if configuration is None or self._stop_event.is_set():
            await self._wait_for_change()
            return
        self._redactor.add_secrets(find_secrets(configuration))
        sources = {source.id: source for source in configuration.sources if not source.paused}
        parts = build_collectors(configuration, self._database, self._process_pool, self.clock, self.metrics)
        from monitor.schedule.procrastinate_worker import ProcrastinateWorker  # needs the extra `postgres`

        async with parts as (services, _fetcher, _process_pool):
            self._job_handler = JobHandler(self._database, self._queue, services, sources, self.clock)
            handlers: dict[str, Callable[..., Awaitable[object]]] = {
                COLLECT_TASK: self._collect,
                READ_PAGES_TASK: self._read_pages,
            }
            queue_worker = ProcrastinateWorker(
                self._database.conninfo, QUEUE_NAME, handlers, self.concurrency, HEARTBEAT_INTERVAL
            )
            self._queue_worker = queue_worker
            preload_and_freeze_gc()
            log.info("worker started", worker=self._heartbeat.name, sources=len(sources), jobs=self.concurrency)
            await queue_worker.run(SHUTDOWN_TIMEOUT, self._report_queue_problem)

    async def _wait_for_change(self) -> None:
        """Wait until the stored configuration has changed or ``stop`` is called."""
        if not self._stop_event.is_set():
            await self._reload_event.wait()

    async def _fetch_configuration(self) -> str:
        """Return the configuration that the daemon has stored in the database, as text.

        The result is an empty string if no configuration is stored, or if the database cannot be read.
        """
        try:
            snapshot = await self._database.run(self._database.key_values.get_saved_configuration)
        except StoreError:
            return ""
        return snapshot.text if snapshot else ""

    def _read_configuration(self, text: str) -> Configuration | None:
        """Parse the stored configuration. If this machine cannot use it, log the reason and return None."""
        self._configuration_text = text
        if not text:
            log.warning("no configuration in database", suggestion="start `monitor run` on this database")
            return None
        try:
            return parse_configuration(text.encode(), self._path, self._environ)
        except ConfigError as error:
            # the usual cause is a ${NAME} that is set for the daemon but not on this machine
            log.error("configuration rejected", errors=error.issues)  # noqa: TRY400 - the errors are complete
            return None

    async def _check_configuration(self) -> None:
        """End the run of the current configuration if the daemon has stored another one.

        If a newer program has upgraded the database schema, this worker process stops.
        """
        self._newer_schema = await self._database.read(self._database.find_newer_schema)
        if self._newer_schema:
            self.stop()
            return
        snapshot = await self._database.run(self._database.key_values.get_saved_configuration)
        if snapshot and snapshot.text != self._configuration_text:
            log.info("configuration changed, waiting for running jobs")
            self._end_configuration_run()

    async def _collect(self, source_id: str, token: str) -> None:
        """Poll a source. The queue calls this for each job that polls a source, with the token of the job's lease."""
        with self._count_job(COLLECT_TASK):
            assert self._job_handler is not None  # noqa: S101 - jobs run only within a configuration run
            poll = await self._job_handler.collect(source_id, token)
            log_poll(self.metrics, poll)
            self._heartbeat = replace(self._heartbeat, new=self._heartbeat.new + poll.new_count)
        if poll.outcome in {PollOutcome.SUPERSEDED, PollOutcome.LEASE_LOST}:
            log.warning("lease expired, result discarded", source=source_id, detail=poll.detail)

    async def _read_pages(self, source_id: str) -> None:
        """Read the pages of a source's listed articles. The queue calls this for each job that reads pages."""
        with self._count_job(READ_PAGES_TASK):
            assert self._job_handler is not None  # noqa: S101 - jobs run only within a configuration run
            await self._job_handler.read_pages(source_id)

    @contextlib.contextmanager
    def _count_job(self, job: str) -> Iterator[None]:
        """Count a job as running inside the block, and afterwards as done or failed. If it failed, log the error."""
        self._heartbeat = replace(self._heartbeat, running=self._heartbeat.running + 1)
        is_success = False
        try:
            yield
            is_success = True
        except Exception as error:  # logged whatever it is, and raised again
            log_job_error(self.metrics, job, "failed", error)
            raise
        finally:
            done, failed = self._heartbeat.done + is_success, self._heartbeat.failed + (not is_success)
            self._heartbeat = replace(self._heartbeat, running=self._heartbeat.running - 1, done=done, failed=failed)
            self.metrics.record_worker_job(is_success=is_success)

    async def _save_heartbeat(self) -> None:
        """Store the heartbeat of this worker process: its counts of jobs, and its current problems.

        ``monitor status`` shows them.
        """
        self._heartbeat = replace(self._heartbeat, at=self.clock(), problems=self.health().problems)
        await self._database.run(save_heartbeat, self._database.key_values, self._heartbeat)

    def _report_queue_problem(self, problem: str) -> None:
        """Log a problem of the queue once when it begins, and again when it has ended."""
        if self._liveness.set_problem("queue", problem):
            if problem:
                log.error("component failing", component="queue", reason=problem)
            else:
                log.info("component recovered", component="queue")


def _as_async_job(function: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """Return an async function that calls a synchronous one, for the scheduler."""

    async def job() -> None:
        function()

    return job
