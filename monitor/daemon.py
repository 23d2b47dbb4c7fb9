"""The daemon: shifts of work, one for each configuration, and what goes on beside them without a break.

Beside the shifts run the look at the configuration file, the pulse with the watchdog, the metrics and the heartbeat.
"""

import asyncio
import contextlib
import json
import signal
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
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.ports import Clock, ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.workers import EnqueueResult
from monitor.fetch.client import HttpFetcher
from monitor.jobs import COLLECTION_JOBS, SHUTDOWN_TIMEOUT, TICK_INTERVAL, DaemonJobs, PendingNotices, PeriodicJob
from monitor.match.lint import lint_watchlist
from monitor.pipeline.maintenance import Maintenance
from monitor.pipeline.worker_jobs import JobEnqueuer, delete_expired_heartbeats
from monitor.schedule.process_pool import SubprocessPool
from monitor.schedule.scheduler import Scheduler
from monitor.store.database import SqlDatabase
from monitor.telemetry.event_log import log_job_error, log_poll
from monitor.telemetry.health import (
    EVENT_LOOP,
    SD_READY,
    SD_STOPPING,
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
    "tell": 900.0,
    "deliver": 60.0,
    "reload": 60.0,
    "database": 180.0,
}
SILENCE_LIMITS_SECONDS |= {
    "clock": 180.0,
    "recheck": 3600.0,
    "room": 60.0,
    "backup": 6 * 3600.0,
    "cleaning": 12 * 3600.0,
}
"""For how many seconds each part may be silent; after a pause some of them have a long way to go."""

DISK_CHECK_INTERVAL, CLOCK_CHECK_INTERVAL, BACKUP_CHECK_INTERVAL, CLEANUP_INTERVAL = (
    timedelta(seconds=5),
    timedelta(seconds=10),
    timedelta(hours=1),
    timedelta(hours=3),
)
RELOAD_CHECK_INTERVAL, GAUGE_INTERVAL, HEARTBEAT_PING_INTERVAL = (
    timedelta(seconds=1),
    timedelta(seconds=60),
    timedelta(seconds=60),
)

log = structlog.get_logger("monitor")


async def run_daemon(path: Path, environ: Mapping[str, str], database: str = "", clock: Clock = utc_now) -> None:
    """Watch until SIGTERM or SIGINT, then stop leasing, let what is under way end, and close. SIGHUP reads again.

    ``database`` is used in place of the one that the file names. With a broken file the last good configuration is
    used. Raises ``ConfigError`` if there is none, ``StoreInUse`` if another daemon is at work, or ``StoreError``.
    """
    redact = Redactor()
    set_up_logging(redact)
    url = (
        Secret(database)
        if database
        else find_database_url(path, environ) or load_configuration(path, environ).settings.database
    )
    redact.add_secrets([url])
    async with AsyncExitStack() as stack:
        opened = SqlDatabase.open(url.reveal(), exclusive=True)
        stack.callback(opened.close)
        await opened.run(opened.release_stale_leases, clock())
        reloader = Reloader(path, environ, opened.key_values, (lint_watchlist,))
        configuration, change = await opened.run(reloader.load_initial, clock())
        workers = await stack.enter_async_context(SubprocessPool())
        daemon = Daemon(opened, workers, reloader, redact, SystemdNotifier(environ), clock)
        daemon.database_folder = sqlite_folder(url)
        stack.callback(daemon.close)
        daemon.report_reload(change)
        await daemon.run(configuration)


class Daemon:
    """One running daemon; everything it needs is open."""

    def __init__(
        self,
        database: SqlDatabase,
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
        self.database_folder: Path | None = None

    async def run(self, configuration: Configuration) -> None:
        """Work, shift after shift, until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloader.force_reload)
        for job in (
            PeriodicJob("pulse", TICK_INTERVAL, self._tick_watchdog),
            PeriodicJob("reload", RELOAD_CHECK_INTERVAL, self._with_heartbeat("reload", self._check_configuration)),
            PeriodicJob("database", GAUGE_INTERVAL, self._with_heartbeat("database", self._update_gauges)),
            PeriodicJob("heartbeat", HEARTBEAT_PING_INTERVAL, self._ping_heartbeat),
            PeriodicJob("clock", CLOCK_CHECK_INTERVAL, self._with_heartbeat("clock", self._check_clock)),
            PeriodicJob("room", DISK_CHECK_INTERVAL, self._with_heartbeat("room", self._maintenance.check_disk_space)),
            PeriodicJob("backup", BACKUP_CHECK_INTERVAL, self._with_heartbeat("backup", self._maintenance.back_up)),
            PeriodicJob("cleaning", CLEANUP_INTERVAL, self._with_heartbeat("cleaning", self._clean_up)),
        ):
            self._background_scheduler.add(job.name, job.interval, job.function)
        self._background_scheduler.start()
        await self._check_clock()
        await self._update_gauges()
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
        """Work one shift and return the next one's configuration; one that cannot be worked with gives way."""
        try:
            await self._run_configuration(configuration)
        except MonitorError as error:
            if self._last_good_configuration is None or self._last_good_configuration is configuration:
                raise
            log.error("the new configuration cannot be worked with", reason=str(error))  # noqa: TRY400 - its text says all
            return self._last_good_configuration
        self._last_good_configuration = configuration
        return self._next_configuration or configuration

    async def _run_configuration(self, configuration: Configuration) -> None:
        """Work with one configuration until there is another one, or the end; then let what is under way end."""
        self._reload_event.clear()
        self._apply_settings(configuration)
        async with build_pipeline(
            configuration, self._database, self._process_pool, self._clock, self._metrics
        ) as line:
            desk = DaemonJobs(line, self._pending_notices, partial(log_poll, self._metrics), self._job_enqueuer)
            runner = Scheduler(partial(log_job_error, self._metrics))
            for job in desk.jobs():
                work = (
                    self._maintenance.skip_when_disk_full(job.function) if job.name in COLLECTION_JOBS else job.function
                )
                runner.add(job.name, job.interval, self._with_heartbeat(job.name, work))
            preload_and_freeze_gc()
            runner.start()
            self._notifier.notify(SD_READY)
            log.info("watching", sources=len(line.sources), rules=len(configuration.watchlist.rules))
            await self._reload_event.wait()
            runner.stop()
            log.info("letting what is under way end")
            cut = sum(await asyncio.gather(desk.drain(), runner.drain(SHUTDOWN_TIMEOUT)))
            if cut:
                log.warning("cut off, will be done again", count=cut)

    def stop(self) -> None:
        """End after the current shift."""
        self._stop_event.set()
        self._reload_event.set()

    def close(self) -> None:
        """Close what the daemon itself has opened."""
        if self._probes:
            self._probes.close()

    def report_reload(self, change: ReloadResult | None) -> None:
        """Say once what became of the file: to the log, the metrics and, if it was not taken, the next digest."""
        self._metrics.record_reload(self._clock(), is_success=change is None or change.outcome is ReloadOutcome.APPLIED)
        if change and change.configuration:
            self._pending_notices.set("")
            log.info("configuration taken over", message=change.message, warnings=change.configuration.warnings)
        elif change and change.is_new:
            self._pending_notices.set(change.message)
            first, _, _ = change.message.partition("\n")
            log.error("configuration not taken over", message=first, faults=change.issues)

    def _apply_settings(self, configuration: Configuration) -> None:
        """Take over what belongs to the daemon itself: its secrets, its probes."""
        self._redactor.add_secrets(find_secrets(configuration))
        before, self._settings = self._settings, configuration.settings
        if before and before.database != self._settings.database:
            log.warning("settings.database is another one now; it will be used from the next start on")
        wanted = self._settings.probe_address
        if before and before.probe_address == wanted:
            return
        self.close()
        self._probes = None
        try:
            if wanted:
                self._probes = ProbeServer(*wanted, lambda: self._liveness.health(time.monotonic()), self._metrics)
        except OSError as error:
            log.warning("no probes and metrics: the port is taken", address=wanted, reason=str(error))

    def _with_heartbeat(self, part: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        return with_heartbeat(self._liveness, part, work)

    async def _clean_up(self) -> None:
        """Let go of what the settings of the hour do not keep."""
        if self._settings:
            await self._maintenance.clean_up(self._settings.retention)
        if self._database.job_queue:
            await self._database.run(self._database.job_queue.delete_old_jobs)
            await delete_expired_heartbeats(self._database, self._clock())

    async def _check_clock(self) -> None:
        """See whether the clock was set back, or stands far ahead, and say so."""
        turn = await self._maintenance.check_clock()
        if turn.set_back_by:
            seconds = round(turn.set_back_by.total_seconds())
            log.warning("the clock was set back; what it had planned is due again", seconds=seconds)
        if turn.ahead_by:
            wait = round(turn.trusted_after / timedelta(hours=1))
            log.warning(
                "the clock stands far ahead; nothing is let go of by it yet", days=turn.ahead_by.days, hours=wait
            )

    async def _tick_watchdog(self) -> None:
        self._watchdog.tick(time.monotonic())

    async def _check_configuration(self) -> None:
        """Look at the configuration file; a good edit ends the shift."""
        change = await self._reloader.check_for_edit(self._database.run, self._clock(), time.monotonic())
        if change is None:
            return
        self.report_reload(change)
        if change.configuration:
            self._next_configuration = change.configuration
            self._reload_event.set()

    async def _update_gauges(self) -> None:
        """Read how things stand, for the metrics."""
        standing = await self._database.read(read_gauge_values, self._database, self.database_folder, self._clock())
        self._metrics.set_gauges(standing)
        await self._save_daemon_status(is_stopped=False)

    async def _save_daemon_status(self, *, is_stopped: bool) -> None:
        """Write down for ``monitor status`` that the daemon is at work and how it is, or that it has ended."""
        now, faults = self._clock(), self._liveness.health(time.monotonic()).problems
        word = json.dumps({"at": now.isoformat(), "stopped": is_stopped, "faults": faults})
        await self._database.run(self._database.key_values.set, "daemon", word, now)

    def _on_enqueued(self, enqueued: EnqueueResult) -> None:
        """Note what became of jobs; say it when workers come and go, and when one has died over its work."""
        self._metrics.record_enqueued(enqueued)
        if enqueued.requeued_jobs:
            log.warning("taken back from workers that are silent", jobs=enqueued.requeued_jobs)
        if self._alive_workers != enqueued.alive_workers:
            said = "workers collect" if enqueued.alive_workers else "no worker is alive; collecting here"
            log.info(said, workers=enqueued.alive_workers)
            self._alive_workers = enqueued.alive_workers

    async def _ping_heartbeat(self) -> None:
        """Tell the dead man's switch that all is well, or that it is not."""
        settings = self._settings
        if settings is None or settings.heartbeat_url is None:
            return
        fetcher = HttpFetcher(settings.user_agent_contact, settings.allowed_networks, self._clock)
        try:
            if not await ping_heartbeat(fetcher, settings.heartbeat_url, self._liveness, time.monotonic()):
                log.warning("the heartbeat did not arrive")
        finally:
            await fetcher.aclose()
