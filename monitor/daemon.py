"""Daemon: runs the pipeline with one configuration at a time, until SIGTERM or SIGINT.

Background jobs continue while the configuration is replaced: configuration check, watchdog, metrics, heartbeat ping,
disk space, backup and cleanup.
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from monitor import __version__
from monitor.app import build_pipeline, preload_and_freeze_gc, read_gauge_values, sqlite_folder, utc_now
from monitor.config.load import load_configuration
from monitor.config.reload import Reloader, ReloadOutcome, ReloadResult, find_database_url
from monitor.deliver.registry import find_channel_faults
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.ports import Clock, ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.workers import EnqueueResult
from monitor.fetch.client import HttpFetcher
from monitor.jobs import COLLECTION_JOBS, SHUTDOWN_TIMEOUT, TICK_INTERVAL, DaemonJobs, PendingNotices, PeriodicJob
from monitor.match.lint import lint_watchlist
from monitor.pipeline.canary import Canary
from monitor.pipeline.heartbeats import delete_expired_heartbeats
from monitor.pipeline.maintenance import Maintenance
from monitor.pipeline.outcome_check import OutcomeCheck
from monitor.pipeline.page_queue import PAGE_LAG
from monitor.pipeline.worker_jobs import JobEnqueuer
from monitor.schedule.child_process import ChildProcess
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.schedule.process_pool import SubprocessPool
from monitor.schedule.scheduler import Scheduler
from monitor.store.database import Database
from monitor.telemetry.event_log import log_job_error, log_poll
from monitor.telemetry.health import (
    DIGESTS,
    EVENT_LOOP,
    SD_READY,
    SD_STOPPING,
    WORKER_PROCESSES,
    Liveness,
    SystemdNotifier,
    Watchdog,
    ping_heartbeat,
    with_heartbeat,
)
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.probes import ProbeServer
from monitor.telemetry.redact import Redactor, find_secrets

SILENCE_LIMITS_SECONDS = {
    EVENT_LOOP: 10.0,
    "poll": 60.0,
    "read": 60.0,
    "process": 900.0,
    "deliver": 60.0,
    "reload": 60.0,
    "database": 180.0,
}
SILENCE_LIMITS_SECONDS |= {
    "clock": 180.0,
    "recheck": 3600.0,
    "disk_space": 60.0,
    "backup": 6 * 3600.0,
    "cleanup": 12 * 3600.0,
    "canary": 600.0,
    "outcome": 600.0,
    "status": 180.0,
}
"""Seconds without a heartbeat after which a component counts as stalled. They are much longer than the longest normal
run of the component."""

DISK_CHECK_INTERVAL, CLOCK_CHECK_INTERVAL, BACKUP_CHECK_INTERVAL, CLEANUP_INTERVAL = (
    timedelta(seconds=5),
    timedelta(seconds=10),
    timedelta(hours=1),
    timedelta(hours=3),
)
RELOAD_CHECK_INTERVAL, GAUGE_INTERVAL, HEARTBEAT_PING_INTERVAL, OUTCOME_INTERVAL, STATUS_INTERVAL = (
    timedelta(seconds=1),
    timedelta(seconds=60),
    timedelta(seconds=60),
    timedelta(seconds=60),
    timedelta(seconds=20),  # three saves before `monitor status` reports a silent daemon
)

log = structlog.get_logger("monitor")


async def run_daemon(
    path: Path, environ: Mapping[str, str], database: str = "", clock: Clock = utc_now, *, log_level: str = "INFO"
) -> None:
    """Run the daemon until SIGTERM or SIGINT, then finish running tasks and close.

    SIGHUP reloads the configuration file at ``path``. ``database`` replaces the database URL in the file. If the file
    has errors, the last good configuration is used. Raises ``ConfigError`` if no good configuration exists,
    ``StoreInUse`` if another daemon uses the database, or ``StoreError``.
    """
    redact = Redactor()
    set_up_logging(redact, level=log_level)
    url = (
        Secret(database)
        if database
        else find_database_url(path, environ) or load_configuration(path, environ).settings.database
    )
    redact.add_secrets([url])
    async with AsyncExitStack() as stack:
        opened = Database.open(url.reveal(), exclusive=True)
        stack.callback(opened.close)
        await opened.run(opened.release_stale_leases, clock())
        reloader = Reloader(path, environ, opened.key_values, (lint_watchlist,))
        configuration, reload = await opened.run(reloader.load_initial, clock())
        workers = await stack.enter_async_context(SubprocessPool())
        daemon = Daemon(opened, workers, reloader, redact, SystemdNotifier(environ), clock)
        daemon.database_folder = sqlite_folder(url)
        daemon.desk_command = (sys.executable, "-m", "monitor", "web", "--child", "--config", str(path))
        daemon.desk_command += ("--database", database) if database else ()
        stack.push_async_callback(daemon.stop_desk)
        stack.callback(daemon.close)
        daemon.report_reload(reload)
        await daemon.run(configuration)


class Daemon:
    """Daemon with an open database and process pool; runs the pipeline and the background jobs."""

    def __init__(
        self,
        database: Database,
        process_pool: ProcessPool,
        reloader: Reloader,
        redactor: Redactor,
        notifier: SystemdNotifier,
        clock: Clock,
    ) -> None:
        self._database, self._process_pool, self._reloader, self._redactor = database, process_pool, reloader, redactor
        self._notifier, self._clock = notifier, clock
        self._metrics = Metrics(__version__)
        self._liveness = Liveness(SILENCE_LIMITS_SECONDS, time.monotonic())
        self._watchdog = Watchdog(self._liveness, notifier, self._metrics)
        self._maintenance = Maintenance(database, clock)
        self._job_enqueuer = (
            JobEnqueuer(database, database.job_queue, clock, self._on_enqueued) if database.job_queue else None
        )
        self._pending_notices = PendingNotices()
        self._background_scheduler = Scheduler(partial(log_job_error, self._metrics))
        self._stop_event, self._reload_event = asyncio.Event(), asyncio.Event()
        self._next_configuration: Configuration | None = None
        self._last_good_configuration: Configuration | None = None
        self._settings: Settings | None = None
        self._probes: ProbeServer | None = None
        self._alive_workers = 0
        self._desk: ChildProcess | None = None
        self._faulty_channels: frozenset[str] = frozenset()
        self.database_folder: Path | None = None
        self.desk_command: tuple[str, ...] = ()

    async def run(self, configuration: Configuration) -> None:
        """Run the pipeline until ``stop`` is called.

        It runs with the given configuration first, and later with each configuration that replaces the previous one.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloader.force_reload)
        for job in (
            PeriodicJob("watchdog", TICK_INTERVAL, self._tick_watchdog),
            PeriodicJob("reload", RELOAD_CHECK_INTERVAL, self._with_heartbeat("reload", self._check_configuration)),
            PeriodicJob("database", GAUGE_INTERVAL, self._with_heartbeat("database", self._update_gauges)),
            PeriodicJob("status", STATUS_INTERVAL, self._with_heartbeat("status", self._save_daemon_status)),
            PeriodicJob("heartbeat", HEARTBEAT_PING_INTERVAL, self._ping_heartbeat),
            PeriodicJob("clock", CLOCK_CHECK_INTERVAL, self._with_heartbeat("clock", self._check_clock)),
            PeriodicJob(
                "disk_space",
                DISK_CHECK_INTERVAL,
                self._with_heartbeat("disk_space", self._maintenance.check_disk_space),
            ),
            PeriodicJob("backup", BACKUP_CHECK_INTERVAL, self._with_heartbeat("backup", self._maintenance.back_up)),
            PeriodicJob("cleanup", CLEANUP_INTERVAL, self._with_heartbeat("cleanup", self._clean_up)),
        ):
            self._background_scheduler.add(job.name, job.interval, job.function)
        self._background_scheduler.start()
        await self._check_clock()
        await self._update_gauges()
        await self._save_daemon_status()
        try:
            while not self._stop_event.is_set():
                configuration = await self._run_or_roll_back(configuration)
        finally:
            self._notifier.notify(SD_STOPPING)
            self._background_scheduler.stop()
            await self._background_scheduler.drain(SHUTDOWN_TIMEOUT)
            with contextlib.suppress(StoreError):
                await self._save_daemon_status(is_stopped=True)
            log.info("stopped")

    async def _run_or_roll_back(self, configuration: Configuration) -> Configuration:
        """Run the daemon with a configuration until it is replaced or the daemon stops; return the next configuration.

        If the daemon cannot start with the configuration, the last configuration with which it could start is returned.
        Raises ``MonitorError`` if there is no such configuration.
        """
        try:
            await self._run_configuration(configuration)
        except MonitorError as error:
            if self._last_good_configuration is None or self._last_good_configuration is configuration:
                raise
            log.error("configuration failed at start, previous one restored", reason=str(error))  # noqa: TRY400 - the reason is complete
            return self._last_good_configuration
        self._last_good_configuration = configuration
        return self._next_configuration or configuration

    async def _run_configuration(self, configuration: Configuration) -> None:
        """Run the pipeline with a configuration until it is replaced or the daemon stops.

        Running tasks are finished before the function returns.
        """
        self._reload_event.clear()
        before = self._settings.web if self._settings else None
        self._apply_settings(configuration)
        if configuration.settings.web != before or self._desk is None:
            await self._restart_desk(configuration.settings)
        self._report_channel_faults(await asyncio.to_thread(find_channel_faults, configuration.channels))
        async with build_pipeline(
            configuration, self._database, self._process_pool, self._clock, self._metrics
        ) as pipeline:
            daemon_jobs = DaemonJobs(
                pipeline,
                self._pending_notices,
                partial(log_poll, self._metrics),
                self._job_enqueuer,
                partial(self._liveness.set_problem, DIGESTS),
                partial(self._liveness.set_problem, WORKER_PROCESSES),
            )
            scheduler = Scheduler(partial(log_job_error, self._metrics))
            for job in daemon_jobs.jobs():
                function = (
                    self._maintenance.skip_when_disk_full(job.function) if job.name in COLLECTION_JOBS else job.function
                )
                scheduler.add(job.name, job.interval, self._with_heartbeat(job.name, function))
            preload_and_freeze_gc()
            canary = Canary(configuration, self._clock)
            outcome_check = OutcomeCheck(self._database, CronDigestSchedule(), configuration, self._clock)
            scheduler.add("canary", OUTCOME_INTERVAL, self._with_heartbeat("canary", canary.run))
            scheduler.add(
                "outcome",
                OUTCOME_INTERVAL,
                self._with_heartbeat("outcome", partial(self._check_outcome, outcome_check)),
            )
            scheduler.start()
            self._notifier.notify(SD_READY)
            log.info("started", sources=len(pipeline.sources), rules=len(configuration.watchlist.rules))
            await self._reload_event.wait()
            scheduler.stop()
            reason = "shutting down" if self._stop_event.is_set() else "applying the new configuration"
            log.info("waiting for running tasks", reason=reason)
            cancelled = sum(await asyncio.gather(daemon_jobs.drain(), scheduler.drain(SHUTDOWN_TIMEOUT)))
            if cancelled:
                log.warning("running tasks cancelled, will be retried", count=cancelled)

    def stop(self) -> None:
        """Make ``run`` end as soon as the tasks that are running have finished."""
        self._stop_event.set()
        self._reload_event.set()

    def close(self) -> None:
        """Close the server that answers health checks (probes), if it is open."""
        if self._probes:
            self._probes.close()

    def report_reload(self, reload: ReloadResult | None) -> None:
        """Report the result of a reload of the configuration in the log and the metrics.

        ``reload`` is None if the file was unchanged. If the file was rejected, the operator gets a notice, and the
        reason is logged once for each edit of the file.
        """
        self._metrics.record_reload(self._clock(), is_success=reload is None or reload.outcome is ReloadOutcome.APPLIED)
        if reload and reload.configuration:
            self._pending_notices.set("")
            log.info("configuration applied", message=reload.message, warnings=reload.configuration.warnings)
        elif reload and reload.is_new:
            self._pending_notices.set(reload.message)
            first_line, _, _ = reload.message.partition("\n")
            log.error("configuration rejected", message=first_line, errors=reload.issues)

    def _apply_settings(self, configuration: Configuration) -> None:
        """Apply the settings of the daemon itself: secrets to hide in logs, and the address of the health check server.

        If the database setting has changed, a warning is logged, because this requires a restart.
        """
        self._redactor.add_secrets(find_secrets(configuration))
        before, self._settings = self._settings, configuration.settings
        if before and before.database != self._settings.database:
            log.warning("database setting changed, restart required")
        address = self._settings.probe_address
        if before and before.probe_address == address:
            return
        self.close()
        self._probes = None
        try:
            if address:
                self._probes = ProbeServer(*address, lambda: self._liveness.health(time.monotonic()), self._metrics)
        except OSError as error:
            log.warning("probe server not started", address=address, reason=str(error))

    async def _restart_desk(self, settings: Settings) -> None:
        """End the process that serves the desk, and start a new one if the desk is configured.

        The desk has a process of its own, so that a slow page cannot delay a poll.
        """
        await self.stop_desk()
        if settings.web is not None and self.desk_command:
            self._desk = ChildProcess(self.desk_command, self._on_desk_exit)
            self._desk.start()
            log.info("desk started", url=settings.web.public_url)

    async def stop_desk(self) -> None:
        """Stop the process that serves the desk, if that process is running."""
        if self._desk:
            await self._desk.stop()
            self._desk = None

    def _on_desk_exit(self, code: int) -> None:
        log.warning("desk ended, will be started again", exit_code=code)

    def _report_channel_faults(self, faults: Mapping[str, str]) -> None:
        """Report channels that cannot work because of their configuration.

        ``faults`` maps the id of each of these channels to the reason. Each counts as a problem of the daemon until a
        later configuration corrects it.
        """
        for channel_id in self._faulty_channels - faults.keys():
            self._liveness.set_problem(f"channel {channel_id}", "")
        for channel_id, reason in faults.items():
            self._liveness.set_problem(f"channel {channel_id}", reason)
            log.error("channel unusable", channel=channel_id, reason=reason)
        self._faulty_channels = frozenset(faults)

    def _with_heartbeat(
        self, component: str, function: Callable[[], Awaitable[object]]
    ) -> Callable[[], Awaitable[None]]:
        return with_heartbeat(self._liveness, component, function)

    async def _clean_up(self) -> None:
        """Delete expired data: old articles and records, old jobs, and heartbeats of dead workers.

        The settings determine the age of articles and records.
        """
        if self._settings:
            await self._maintenance.clean_up(self._settings.retention)
        if self._database.job_queue:
            await self._database.run(self._database.job_queue.delete_old_jobs)
            await delete_expired_heartbeats(self._database, self._clock())

    async def _check_clock(self) -> None:
        """Store the current time, and log a warning if the clock was set back or has jumped far ahead.

        A clock that is far ahead is trusted only after some time. Until then, no old data is deleted.
        """
        check = await self._maintenance.check_clock()
        if check.set_back_by:
            log.warning("clock moved back, rescheduling", seconds=round(check.set_back_by.total_seconds()))
        if check.ahead_by:
            hours = round(check.trusted_after / timedelta(hours=1))
            log.warning("clock far ahead, retention paused", days=check.ahead_by.days, hours=hours)

    async def _tick_watchdog(self) -> None:
        self._watchdog.tick(time.monotonic())

    async def _check_configuration(self) -> None:
        """Check whether the configuration file was edited.

        If the edit is valid, end the run of the current configuration, so that the new one is used.
        """
        reload = await self._reloader.check_for_edit(self._database.run, self._clock(), time.monotonic())
        if reload is None:
            return
        self.report_reload(reload)
        if reload.configuration:
            self._next_configuration = reload.configuration
            self._reload_event.set()

    async def _update_gauges(self) -> None:
        """Update the gauges of the metrics with values from the database and the disk."""
        values = await self._database.read(read_gauge_values, self._database, self.database_folder, self._clock())
        self._metrics.set_gauges(values)
        if self._liveness.set_problem(PAGE_LAG, values.page_problem) and values.page_problem:
            log.warning("pages waiting", reason=values.page_problem)

    async def _check_outcome(self, check: OutcomeCheck) -> None:
        """Check for late deliveries, late digests, a backlog of matching, and a database log that is too long.

        Each problem is recorded in the state of the daemon. A problem that has ended is removed from it.
        """
        for component, problem in (await check.run()).items():
            if self._liveness.set_problem(component, problem) and problem:
                log.warning("component late", component=component, reason=problem)

    async def _save_daemon_status(self, *, is_stopped: bool = False) -> None:
        """Store the daemon status that ``monitor status`` shows.

        It consists of the time, the current problems, and whether the daemon has stopped.
        """
        now, problems = self._clock(), self._liveness.health(time.monotonic()).problems
        status = json.dumps({"at": now.isoformat(), "stopped": is_stopped, "problems": problems})
        await self._database.run(self._database.key_values.set, "daemon", status, now)

    def _on_enqueued(self, enqueued: EnqueueResult) -> None:
        """Record in the metrics that jobs were enqueued for worker processes.

        Requeued jobs, and a change in the number of living worker processes, are also logged.
        """
        self._metrics.record_enqueued(enqueued)
        if enqueued.requeued_jobs:
            log.warning("requeued jobs of dead workers", jobs=enqueued.requeued_jobs)
        if self._alive_workers != enqueued.alive_workers:
            event = (
                "collection delegated to workers" if enqueued.alive_workers else "no worker alive, collecting locally"
            )
            log.info(event, workers=enqueued.alive_workers)
            self._alive_workers = enqueued.alive_workers

    async def _ping_heartbeat(self) -> None:
        """Request the URL ``settings.heartbeat_url``.

        The request reports to an external service whether the daemon is healthy.
        """
        settings = self._settings
        if settings is None or settings.heartbeat_url is None:
            return
        fetcher = HttpFetcher(settings.user_agent_contact, settings.allowed_networks, self._clock)
        try:
            if not await ping_heartbeat(fetcher, settings.heartbeat_url, self._liveness, time.monotonic()):
                log.warning("heartbeat ping failed")
        finally:
            await fetcher.aclose()
