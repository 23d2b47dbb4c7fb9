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
from monitor.app import gathering, settle_memory, utc_now
from monitor.config.load import load_configuration, read_configuration
from monitor.config.reload import find_database
from monitor.domain.crew import COLLECT, HEARTBEAT, QUEUE, READ, Word
from monitor.domain.delivery import Secret
from monitor.domain.errors import ConfigError, StoreError, UsageError
from monitor.domain.ports import Clock, Workshop
from monitor.domain.settings import Configuration
from monitor.jobs import PATIENCE, SECOND
from monitor.pipeline.errands import LATE, Errands
from monitor.pipeline.words import forget, speak
from monitor.schedule.runner import Runner
from monitor.schedule.workers import Workers
from monitor.store.borrowed import is_installed
from monitor.store.database import SqlDatabase
from monitor.store.queue import SqlQueue
from monitor.telemetry.guardian import Guardian, beating
from monitor.telemetry.health import LOOP, Health, Pulse
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.news import tell_poll, tell_trouble
from monitor.telemetry.probes import Probes
from monitor.telemetry.redact import Redactor, find_secrets
from monitor.telemetry.systemd import READY, STOPPING, Notifier

SPEAK, LOOK = timedelta(seconds=5), timedelta(seconds=2)
LIMITS = {LOOP: 10.0, "word": 60.0, "configuration": 60.0}

log = structlog.get_logger("monitor")


async def serve(
    path: Path,
    environ: Mapping[str, str],
    database: str = "",
    places: int = 32,
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
    found = Secret(database) if database else find_database(path, environ)
    url = found or load_configuration(path, environ).settings.database
    redact.learn([url])
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
        assert opened.queue is not None  # noqa: S101 - on PostgreSQL with Procrastinate there is one
        workers = await stack.enter_async_context(Workers())
        hand = Hand(opened, opened.queue, workers, redact, path, environ)
        hand.clock, hand.places = clock, places
        if probes:
            stack.callback(Probes(*probes, hand.health, hand.metrics).close)
        await hand.work(Notifier(environ))


class Stoppable(Protocol):
    """What takes jobs from the queue."""

    def stop(self) -> None:
        """Take no further one."""
        ...


class Hand:
    """One running worker; everything it needs is open."""

    def __init__(
        self,
        database: SqlDatabase,
        queue: SqlQueue,
        workers: Workshop,
        redact: Redactor,
        path: Path,
        environ: Mapping[str, str],
    ) -> None:
        self._database, self._queue, self._workers, self._redact = database, queue, workers, redact
        self._path, self._environ = path, environ
        self.clock: Clock = utc_now
        self.places = 1
        self.metrics = Metrics(__version__)
        self._pulse = Pulse(LIMITS, time.monotonic())
        self._stop, self._news = asyncio.Event(), asyncio.Event()
        self._text = ""
        self._errands: Errands | None = None
        self._crewman: Stoppable | None = None
        self._word = Word(f"{socket.gethostname()}-{os.getpid()}", utc_now(), utc_now())

    def health(self) -> Health:
        """Judge how the worker is, for its probes."""
        return self._pulse.health(time.monotonic())

    async def work(self, notifier: Notifier) -> None:
        """Do jobs, shift after shift, until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        guardian = Guardian(self._pulse, notifier, self.metrics)
        beside = Runner(partial(tell_trouble, self.metrics))
        beside.add("pulse", SECOND, _soon(lambda: guardian.tick(time.monotonic())))
        beside.add("configuration", LOOK, beating(self._pulse, "configuration", self._look))
        beside.add("word", SPEAK, beating(self._pulse, "word", self._speak))
        beside.start()
        notifier.tell(READY)
        try:
            await self._speak()
            while not self._stop.is_set():
                await self._shift()
        finally:
            notifier.tell(STOPPING)
            beside.stop()
            await beside.drain(PATIENCE)
            with contextlib.suppress(StoreError):
                await self._database.run(forget, self._database.ledger, self._word.name)
            log.info("stopped", done=self._word.done, failed=self._word.failed)

    def stop(self) -> None:
        """Take no further job, and end when those under way have ended."""
        self._stop.set()
        self._turn()

    def _turn(self) -> None:
        self._news.set()
        if self._crewman:
            self._crewman.stop()

    async def _shift(self) -> None:
        """Work with the daemon's configuration until there is another one, or the end."""
        configuration = self._read_configuration(await self._fetch_configuration())
        self._news.clear()
        if configuration is None or self._stop.is_set():
            await self._next_look()
            return
        self._redact.learn(find_secrets(configuration))
        sources = {source.id: source for source in configuration.sources if not source.paused}
        parts = gathering(configuration, self._database, self._workers, self.clock, self.metrics)
        from monitor.schedule.crew import Crewman  # after serve() has seen that it can be imported

        async with parts as (gatherers, _fetcher, _workers):
            self._errands = Errands(self._database, self._queue, gatherers, sources, self.clock)
            works: dict[str, Callable[..., Awaitable[object]]] = {COLLECT: self._collect, READ: self._read}
            crewman = Crewman(self._database.conninfo, QUEUE, works, self.places, HEARTBEAT)
            self._crewman = crewman
            settle_memory()
            log.info("at work", worker=self._word.name, sources=len(sources), places=self.places)
            await crewman.run(PATIENCE, self._tell_queue)

    async def _next_look(self) -> None:
        """Wait until something has changed."""
        if not self._stop.is_set():
            await self._news.wait()

    async def _fetch_configuration(self) -> str:
        """Return the text of the configuration that the daemon has kept, empty if there is none or no way to it."""
        try:
            snapshot = await self._database.run(self._database.ledger.snapshot)
        except StoreError:
            return ""
        return snapshot.text if snapshot else ""

    def _read_configuration(self, text: str) -> Configuration | None:
        """Read the configuration, or say why this machine cannot work by it."""
        self._text = text
        if not text:
            log.warning("there is no configuration in the database yet: start monitor run on it")
            return None
        try:
            return read_configuration(text.encode(), self._path, self._environ)
        except ConfigError as error:
            # mostly a ${NAME} that is set where the daemon runs, and not here
            log.error("the daemon's configuration cannot be read here", faults=error.faults)  # noqa: TRY400 - faults say all
            return None

    async def _look(self) -> None:
        """Look whether the daemon has taken another configuration over."""
        snapshot = await self._database.run(self._database.ledger.snapshot)
        if snapshot and snapshot.text != self._text:
            log.info("another configuration; letting what is under way end")
            self._turn()

    async def _collect(self, source: str, token: str) -> None:
        """Do a job of the queue: collect a source."""
        with self._counted(COLLECT):
            assert self._errands is not None  # noqa: S101 - jobs are taken within a shift
            poll = await self._errands.collect(source, token)
            tell_poll(self.metrics, poll)
            self._word = replace(self._word, new=self._word.new + poll.new)
        if poll.outcome in {LATE, "lost"}:
            log.warning("came too late and was dropped; another worker does it", source=source, detail=poll.detail)

    async def _read(self, source: str) -> None:
        """Do a job of the queue: read pages that a source has listed."""
        with self._counted(READ):
            assert self._errands is not None  # noqa: S101 - jobs are taken within a shift
            await self._errands.read(source)

    @contextlib.contextmanager
    def _counted(self, job: str) -> Iterator[None]:
        """Count a job while it runs, and what became of it; say why one has failed."""
        self._word = replace(self._word, running=self._word.running + 1)
        good = False
        try:
            yield
            good = True
        except Exception as error:
            tell_trouble(self.metrics, job, "failed", error)
            raise
        finally:
            done, failed = self._word.done + good, self._word.failed + (not good)
            self._word = replace(self._word, running=self._word.running - 1, done=done, failed=failed)
            self.metrics.errand(good=good)

    async def _speak(self) -> None:
        """Leave word for ``monitor status``."""
        self._word = replace(self._word, at=self.clock(), faults=self.health().faults)
        await self._database.run(speak, self._database.ledger, self._word)

    def _tell_queue(self, trouble: str) -> None:
        """Say once what is wrong with the queue, and when it is over."""
        if self._pulse.trouble("queue", trouble):
            log.error("in trouble", part="queue", reason=trouble) if trouble else log.info("well again", part="queue")


def _soon(work: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """Make a job of something that waits for nothing."""

    async def job() -> None:
        work()

    return job
