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
from monitor.app import measure, settle_memory, sqlite_folder, staffed, utc_now
from monitor.config.edits import Change, Kind
from monitor.config.load import load_configuration
from monitor.config.reload import Reloader, find_database
from monitor.domain.crew import Handout
from monitor.domain.delivery import Secret
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.ports import Clock, Workshop
from monitor.domain.settings import Configuration, Settings
from monitor.fetch.client import HttpFetcher
from monitor.jobs import COLLECTING, PATIENCE, SECOND, Board, Desk, Job
from monitor.match.review import review_watch
from monitor.pipeline.care import Care
from monitor.pipeline.handover import Foreman
from monitor.pipeline.words import forget_silent
from monitor.schedule.runner import Runner
from monitor.schedule.workers import Workers
from monitor.store.database import SqlDatabase
from monitor.telemetry.guardian import Guardian, beating, ping_heartbeat
from monitor.telemetry.health import LOOP, Pulse
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.news import tell_poll, tell_trouble
from monitor.telemetry.probes import Probes
from monitor.telemetry.redact import Redactor, find_secrets
from monitor.telemetry.systemd import READY, STOPPING, Notifier

LIMITS = {LOOP: 10.0, "poll": 60.0, "read": 60.0, "tell": 900.0, "deliver": 60.0, "reload": 60.0, "database": 180.0}
LIMITS |= {"clock": 180.0, "recheck": 3600.0, "room": 60.0, "backup": 6 * 3600.0, "cleaning": 12 * 3600.0}
"""For how many seconds each part may be silent; after a pause some of them have a long way to go."""

ROOM, CLOCK, BACKUP, CLEANING = timedelta(seconds=5), timedelta(seconds=10), timedelta(hours=1), timedelta(hours=3)
LOOK, MEASURE, PING = timedelta(seconds=1), timedelta(seconds=60), timedelta(seconds=60)

log = structlog.get_logger("monitor")


async def serve(path: Path, environ: Mapping[str, str], database: str = "", clock: Clock = utc_now) -> None:
    """Watch until SIGTERM or SIGINT, then stop leasing, let what is under way end, and close. SIGHUP reads again.

    ``database`` is used in place of the one that the file names. With a broken file the last good configuration is
    used. Raises ``ConfigError`` if there is none, ``StoreInUse`` if another daemon is at work, or ``StoreError``.
    """
    redact = Redactor()
    set_up_logging(redact)
    url = (
        Secret(database)
        if database
        else find_database(path, environ) or load_configuration(path, environ).settings.database
    )
    redact.learn([url])
    async with AsyncExitStack() as stack:
        opened = SqlDatabase.open(url.reveal(), exclusive=True)
        stack.callback(opened.close)
        await opened.run(opened.recover, clock())
        reloader = Reloader(path, environ, opened.ledger, (review_watch,))
        configuration, change = await opened.run(reloader.begin, clock())
        workers = await stack.enter_async_context(Workers())
        daemon = Daemon(opened, workers, reloader, redact, Notifier(environ), clock)
        daemon.folder = sqlite_folder(url)
        stack.callback(daemon.close)
        daemon.announce(change)
        await daemon.watch(configuration)


class Daemon:
    """One running daemon; everything it needs is open."""

    def __init__(
        self,
        database: SqlDatabase,
        workers: Workshop,
        reloader: Reloader,
        redact: Redactor,
        notifier: Notifier,
        clock: Clock,
    ) -> None:
        self._database, self._workers, self._reloader, self._redact = database, workers, reloader, redact
        self._notifier, self._clock = notifier, clock
        self._metrics = Metrics(__version__)
        self._pulse = Pulse(LIMITS, time.monotonic())
        self._guardian = Guardian(self._pulse, notifier, self._metrics)
        self._care = Care(database, clock)
        self._crew = Foreman(database, database.queue, clock, self._handed_out) if database.queue else None
        self._board = Board()
        self._beside = Runner(partial(tell_trouble, self._metrics))
        self._stop, self._turn = asyncio.Event(), asyncio.Event()
        self._next: Configuration | None = None
        self._proven: Configuration | None = None
        self._settings: Settings | None = None
        self._probes: Probes | None = None
        self._alive = 0
        self.folder: Path | None = None

    async def watch(self, configuration: Configuration) -> None:
        """Work, shift after shift, until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloader.again)
        for job in (
            Job("pulse", SECOND, self._beat),
            Job("reload", LOOK, self._beating("reload", self._look)),
            Job("database", MEASURE, self._beating("database", self._measure)),
            Job("heartbeat", PING, self._ping),
            Job("clock", CLOCK, self._beating("clock", self._keep_time)),
            Job("room", ROOM, self._beating("room", self._care.watch_room)),
            Job("backup", BACKUP, self._beating("backup", self._care.back_up)),
            Job("cleaning", CLEANING, self._beating("cleaning", self._clean)),
        ):
            self._beside.add(job.name, job.every, job.work)
        self._beside.start()
        await self._keep_time()
        await self._measure()
        try:
            while not self._stop.is_set():
                configuration = await self._try_shift(configuration)
        finally:
            self._notifier.tell(STOPPING)
            self._beside.stop()
            await self._beside.drain(PATIENCE)
            with contextlib.suppress(StoreError):
                await self._leave_word(stopped=True)
            log.info("stopped")

    async def _try_shift(self, configuration: Configuration) -> Configuration:
        """Work one shift and return the next one's configuration; one that cannot be worked with gives way."""
        try:
            await self._shift(configuration)
        except MonitorError as error:
            if self._proven is None or self._proven is configuration:
                raise
            log.error("the new configuration cannot be worked with", reason=str(error))  # noqa: TRY400 - its text says all
            return self._proven
        self._proven = configuration
        return self._next or configuration

    async def _shift(self, configuration: Configuration) -> None:
        """Work with one configuration until there is another one, or the end; then let what is under way end."""
        self._turn.clear()
        self._prepare(configuration)
        async with staffed(configuration, self._database, self._workers, self._clock, self._metrics) as line:
            desk = Desk(line, self._board, partial(tell_poll, self._metrics), self._crew)
            runner = Runner(partial(tell_trouble, self._metrics))
            for job in desk.jobs():
                work = self._care.with_leave(job.work) if job.name in COLLECTING else job.work
                runner.add(job.name, job.every, self._beating(job.name, work))
            settle_memory()
            runner.start()
            self._notifier.tell(READY)
            log.info("watching", sources=len(line.sources), rules=len(configuration.watch.rules))
            await self._turn.wait()
            runner.stop()
            log.info("letting what is under way end")
            cut = sum(await asyncio.gather(desk.drain(), runner.drain(PATIENCE)))
            if cut:
                log.warning("cut off, will be done again", count=cut)

    def stop(self) -> None:
        """End after the current shift."""
        self._stop.set()
        self._turn.set()

    def close(self) -> None:
        """Close what the daemon itself has opened."""
        if self._probes:
            self._probes.close()

    def announce(self, change: Change | None) -> None:
        """Say once what became of the file: to the log, the metrics and, if it was not taken, the next digest."""
        self._metrics.reloaded(self._clock(), good=change is None or change.kind is Kind.TAKEN)
        if change and change.configuration:
            self._board.post("")
            log.info("configuration taken over", message=change.message, warnings=change.configuration.warnings)
        elif change and change.fresh:
            self._board.post(change.message)
            first, _, _ = change.message.partition("\n")
            log.error("configuration not taken over", message=first, faults=change.faults)

    def _prepare(self, configuration: Configuration) -> None:
        """Take over what belongs to the daemon itself: its secrets, its probes."""
        self._redact.learn(find_secrets(configuration))
        before, self._settings = self._settings, configuration.settings
        if before and before.database != self._settings.database:
            log.warning("settings.database is another one now; it will be used from the next start on")
        wanted = self._settings.probes
        if before and before.probes == wanted:
            return
        self.close()
        self._probes = None
        try:
            if wanted:
                self._probes = Probes(*wanted, lambda: self._pulse.health(time.monotonic()), self._metrics)
        except OSError as error:
            log.warning("no probes and metrics: the port is taken", address=wanted, reason=str(error))

    def _beating(self, part: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        return beating(self._pulse, part, work)

    async def _clean(self) -> None:
        """Let go of what the settings of the hour do not keep."""
        if self._settings:
            await self._care.clean_up(self._settings.retention)
        if self._database.queue:
            await self._database.run(self._database.queue.clean)
            await forget_silent(self._database, self._clock())

    async def _keep_time(self) -> None:
        """See whether the clock was set back, or stands far ahead, and say so."""
        turn = await self._care.watch_clock()
        if turn.back:
            seconds = round(turn.back.total_seconds())
            log.warning("the clock was set back; what it had planned is due again", seconds=seconds)
        if turn.ahead:
            wait = round(turn.wait / timedelta(hours=1))
            log.warning("the clock stands far ahead; nothing is let go of by it yet", days=turn.ahead.days, hours=wait)

    async def _beat(self) -> None:
        self._guardian.tick(time.monotonic())

    async def _look(self) -> None:
        """Look at the configuration file; a good edit ends the shift."""
        change = await self._reloader.look(self._database.run, self._clock(), time.monotonic())
        if change is None:
            return
        self.announce(change)
        if change.configuration:
            self._next = change.configuration
            self._turn.set()

    async def _measure(self) -> None:
        """Read how things stand, for the metrics."""
        standing = await self._database.read(measure, self._database, self.folder, self._clock())
        self._metrics.stands(standing)
        await self._leave_word(stopped=False)

    async def _leave_word(self, *, stopped: bool) -> None:
        """Write down for ``monitor status`` that the daemon is at work and how it is, or that it has ended."""
        now, faults = self._clock(), self._pulse.health(time.monotonic()).faults
        word = json.dumps({"at": now.isoformat(), "stopped": stopped, "faults": faults})
        await self._database.run(self._database.ledger.set, "daemon", word, now)

    def _handed_out(self, told: Handout) -> None:
        """Note what became of jobs; say it when workers come and go, and when one has died over its work."""
        self._metrics.handed_out(told)
        if told.taken_back:
            log.warning("taken back from workers that are silent", jobs=told.taken_back)
        if self._alive != told.workers:
            said = "workers collect" if told.workers else "no worker is alive; collecting here"
            log.info(said, workers=told.workers)
            self._alive = told.workers

    async def _ping(self) -> None:
        """Tell the dead man's switch that all is well, or that it is not."""
        settings = self._settings
        if settings is None or settings.heartbeat is None:
            return
        fetcher = HttpFetcher(settings.contact, settings.allow_networks, self._clock)
        try:
            if not await ping_heartbeat(fetcher, settings.heartbeat, self._pulse, time.monotonic()):
                log.warning("the heartbeat did not arrive")
        finally:
            await fetcher.aclose()
