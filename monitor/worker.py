"""The worker: collects for the daemon, which hands the jobs out; as many as wanted, on as many machines.

It works by the configuration that the daemon keeps in the database, so that no file has to be carried around. A new
one ends a shift in good order and begins the next.
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
from dataclasses import replace
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
from monitor.domain.errors import ConfigError, StoreError, UsageError
from monitor.domain.ports import Clock, ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.workers import COLLECT_TASK, HEARTBEAT_INTERVAL, QUEUE_NAME, READ_PAGES_TASK, WorkerHeartbeat
from monitor.jobs import SHUTDOWN_TIMEOUT, TICK_INTERVAL
from monitor.pipeline.poll_plan import PollOutcome
from monitor.pipeline.worker_jobs import JobHandler, delete_heartbeat, save_heartbeat
from monitor.schedule.process_pool import SubprocessPool
from monitor.schedule.scheduler import Scheduler
from monitor.store.database import SqlDatabase
from monitor.store.job_queue import SqlJobQueue, is_installed
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
SILENCE_LIMITS_SECONDS = {EVENT_LOOP: 10.0, "word": 60.0, "configuration": 60.0}

log = structlog.get_logger("monitor")


async def run_worker(
    path: Path,
    environ: Mapping[str, str],
    database: str = "",
    concurrency: int = 32,
    probes: tuple[str, int] | None = None,
    clock: Clock = utc_now,
) -> None:
    """Do jobs, ``places`` side by side, until SIGTERM or SIGINT; then let what is under way end, and close.

    The database is that of the file, or ``database``. Raises ``UsageError`` if there is no queue in it, ``ConfigError``
    if none is named, or ``StoreError``.
    """
    redact = Redactor()
    set_up_logging(redact)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # we say it ourselves, once and shorter
    found = Secret(database) if database else find_database_url(path, environ)
    url = found or load_configuration(path, environ).settings.database
    redact.add_secrets([url])
    if url.reveal().startswith("sqlite"):
        raise UsageError(
            "workers share their work by PostgreSQL, and this database is SQLite: write postgresql+psycopg://HOST/NAME "
            "into settings.database, here and where monitor run is at work; on one machine, monitor run does it all"
        )
    if not is_installed():
        raise UsageError("monitor worker takes its jobs from Procrastinate: pip install 'monitor[postgres]'")
    async with AsyncExitStack() as stack:
        opened = SqlDatabase.open(url.reveal())
        stack.callback(opened.close)
        assert opened.job_queue is not None  # noqa: S101 - on PostgreSQL with Procrastinate there is one
        workers = await stack.enter_async_context(SubprocessPool())
        hand = WorkerProcess(opened, opened.job_queue, workers, redact, path, environ)
        hand.clock, hand.concurrency = clock, concurrency
        if probes:
            stack.callback(ProbeServer(*probes, hand.health, hand.metrics).close)
        await hand.run(SystemdNotifier(environ))


class Stoppable(Protocol):
    """What takes jobs from the queue."""

    def stop(self) -> None:
        """Take no further one."""
        ...


class WorkerProcess:
    """One running worker; everything it needs is open."""

    def __init__(
        self,
        database: SqlDatabase,
        queue: SqlJobQueue,
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
        self._configuration_text = ""
        self._job_handler: JobHandler | None = None
        self._queue_worker: Stoppable | None = None
        self._heartbeat = WorkerHeartbeat(f"{socket.gethostname()}-{os.getpid()}", utc_now(), utc_now())

    def health(self) -> HealthStatus:
        """Judge how the worker is, for its probes."""
        return self._liveness.health(time.monotonic())

    async def run(self, notifier: SystemdNotifier) -> None:
        """Do jobs, shift after shift, until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        guardian = Watchdog(self._liveness, notifier, self.metrics)
        beside = Scheduler(partial(log_job_error, self.metrics))
        beside.add("pulse", TICK_INTERVAL, _as_async_job(lambda: guardian.tick(time.monotonic())))
        beside.add(
            "configuration",
            RELOAD_CHECK_INTERVAL,
            with_heartbeat(self._liveness, "configuration", self._check_configuration),
        )
        beside.add("word", HEARTBEAT_SAVE_INTERVAL, with_heartbeat(self._liveness, "word", self._save_heartbeat))
        beside.start()
        notifier.notify(SD_READY)
        try:
            await self._save_heartbeat()
            while not self._stop_event.is_set():
                await self._run_configuration()
        finally:
            notifier.notify(SD_STOPPING)
            beside.stop()
            await beside.drain(SHUTDOWN_TIMEOUT)
            with contextlib.suppress(StoreError):
                await self._database.run(delete_heartbeat, self._database.key_values, self._heartbeat.name)
            log.info("stopped", done=self._heartbeat.done, failed=self._heartbeat.failed)

    def stop(self) -> None:
        """Take no further job, and end when those under way have ended."""
        self._stop_event.set()
        self._end_configuration_run()

    def _end_configuration_run(self) -> None:
        self._reload_event.set()
        if self._queue_worker:
            self._queue_worker.stop()

    async def _run_configuration(self) -> None:
        """Work with the daemon's configuration until there is another one, or the end."""
        configuration = self._read_configuration(await self._fetch_configuration())
        self._reload_event.clear()
        if configuration is None or self._stop_event.is_set():
            await self._wait_for_change()
            return
        self._redactor.add_secrets(find_secrets(configuration))
        sources = {source.id: source for source in configuration.sources if not source.paused}
        parts = build_collectors(configuration, self._database, self._process_pool, self.clock, self.metrics)
        from monitor.schedule.procrastinate_worker import ProcrastinateWorker

        async with parts as (gatherers, _fetcher, _workers):
            self._job_handler = JobHandler(self._database, self._queue, gatherers, sources, self.clock)
            works: dict[str, Callable[..., Awaitable[object]]] = {
                COLLECT_TASK: self._collect,
                READ_PAGES_TASK: self._read_pages,
            }
            crewman = ProcrastinateWorker(
                self._database.conninfo, QUEUE_NAME, works, self.concurrency, HEARTBEAT_INTERVAL
            )
            self._queue_worker = crewman
            preload_and_freeze_gc()
            log.info("at work", worker=self._heartbeat.name, sources=len(sources), places=self.concurrency)
            await crewman.run(SHUTDOWN_TIMEOUT, self._report_queue_problem)

    async def _wait_for_change(self) -> None:
        """Wait until something has changed."""
        if not self._stop_event.is_set():
            await self._reload_event.wait()

    async def _fetch_configuration(self) -> str:
        """Return the text of the configuration that the daemon has kept, empty if there is none or no way to it."""
        try:
            snapshot = await self._database.run(self._database.key_values.get_saved_configuration)
        except StoreError:
            return ""
        return snapshot.text if snapshot else ""

    def _read_configuration(self, text: str) -> Configuration | None:
        """Read the configuration, or say why this machine cannot work by it."""
        self._configuration_text = text
        if not text:
            log.warning("there is no configuration in the database yet: start monitor run on it")
            return None
        try:
            return parse_configuration(text.encode(), self._path, self._environ)
        except ConfigError as error:
            # mostly a ${NAME} that is set where the daemon runs, and not here
            log.error("the daemon's configuration cannot be read here", faults=error.issues)  # noqa: TRY400 - faults say all
            return None

    async def _check_configuration(self) -> None:
        """Look whether the daemon has taken another configuration over."""
        snapshot = await self._database.run(self._database.key_values.get_saved_configuration)
        if snapshot and snapshot.text != self._configuration_text:
            log.info("another configuration; letting what is under way end")
            self._end_configuration_run()

    async def _collect(self, source_id: str, token: str) -> None:
        """Do a job of the queue: collect a source."""
        with self._count_job(COLLECT_TASK):
            assert self._job_handler is not None  # noqa: S101 - jobs are taken within a shift
            poll = await self._job_handler.collect(source_id, token)
            log_poll(self.metrics, poll)
            self._heartbeat = replace(self._heartbeat, new=self._heartbeat.new + poll.new_count)
        if poll.outcome in {PollOutcome.SUPERSEDED, PollOutcome.LEASE_LOST}:
            log.warning("came too late and was dropped; another worker does it", source=source_id, detail=poll.detail)

    async def _read_pages(self, source_id: str) -> None:
        """Do a job of the queue: read pages that a source has listed."""
        with self._count_job(READ_PAGES_TASK):
            assert self._job_handler is not None  # noqa: S101 - jobs are taken within a shift
            await self._job_handler.read_pages(source_id)

    @contextlib.contextmanager
    def _count_job(self, job: str) -> Iterator[None]:
        """Count a job while it runs, and what became of it; say why one has failed."""
        self._heartbeat = replace(self._heartbeat, running=self._heartbeat.running + 1)
        good = False
        try:
            yield
            good = True
        except Exception as error:
            log_job_error(self.metrics, job, "failed", error)
            raise
        finally:
            done, failed = self._heartbeat.done + good, self._heartbeat.failed + (not good)
            self._heartbeat = replace(self._heartbeat, running=self._heartbeat.running - 1, done=done, failed=failed)
            self.metrics.record_worker_job(is_success=good)

    async def _save_heartbeat(self) -> None:
        """Leave word for ``monitor status``."""
        self._heartbeat = replace(self._heartbeat, at=self.clock(), faults=self.health().problems)
        await self._database.run(save_heartbeat, self._database.key_values, self._heartbeat)

    def _report_queue_problem(self, problem: str) -> None:
        """Say once what is wrong with the queue, and when it is over."""
        if self._liveness.set_problem("queue", problem):
            log.error("in trouble", part="queue", reason=problem) if problem else log.info("well again", part="queue")


def _as_async_job(work: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """Make a job of something that waits for nothing."""

    async def job() -> None:
        work()

    return job
