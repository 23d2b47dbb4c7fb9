"""The composition root: the only place that names concrete adapters. Cheap things come first; all are closed in
reverse, also when a later one cannot be opened.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from monitor.deliver.chat import ChatCarrier
from monitor.deliver.folder import FolderCarrier
from monitor.deliver.smtp import SmtpCarrier
from monitor.deliver.webhook import WebhookCarrier
from monitor.domain.delivery import Channel, ChatChannel, EmailChannel, FolderChannel
from monitor.domain.ports import Carrier, Clock
from monitor.domain.settings import Configuration
from monitor.fetch.client import HttpFetcher
from monitor.fetch.transport import guarded_transport
from monitor.jobs import Desk
from monitor.match.rules import compile_watch
from monitor.pipeline.alert import Alerter
from monitor.pipeline.collect import Collector
from monitor.pipeline.dispatch import Dispatcher
from monitor.pipeline.line import Line, Progress, Tally, silent
from monitor.pipeline.read import Reader
from monitor.pipeline.screen import Screener
from monitor.schedule.runner import Runner
from monitor.schedule.timetable import CronTimetable
from monitor.schedule.workers import Workers
from monitor.store.database import SqlDatabase

log = structlog.get_logger("monitor")


def utc_now() -> datetime:
    """Tell the time: the one clock of the program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    """Everything opened, ready to work."""

    configuration: Configuration
    database: SqlDatabase
    line: Line
    clock: Clock


@asynccontextmanager
async def opened(
    configuration: Configuration, clock: Clock = utc_now, *, exclusive: bool = False
) -> AsyncIterator[App]:
    """Open the program for a configuration; ``exclusive`` keeps a second daemon out.

    Raises ``StoreError`` and whatever else keeps a part from opening, after closing what was open.
    """
    settings = configuration.settings
    watcher = compile_watch(configuration.watch)
    async with AsyncExitStack() as stack:
        database = SqlDatabase.open(settings.database.reveal(), exclusive=exclusive, keep_pages=settings.keep_pages)
        stack.callback(database.close)
        workers = await stack.enter_async_context(Workers())
        fetcher = HttpFetcher(settings.contact, settings.allow_networks, clock)
        stack.push_async_callback(fetcher.aclose)
        carriers = {channel.id: carrier(channel, configuration) for channel in configuration.channels}
        dispatcher = Dispatcher(database, carriers, clock)
        stack.push_async_callback(dispatcher.drain, 0)
        await database.run(database.sources.register, configuration.sources, clock())
        line = Line(
            configuration=configuration,
            collector=Collector(database, fetcher, workers, clock, settings.backfill),
            reader=Reader(database, fetcher, workers, clock),
            screener=Screener(database, watcher, clock),
            alerter=Alerter(database, CronTimetable(), clock),
            dispatcher=dispatcher,
        )
        yield App(configuration, database, line, clock)


def carrier(channel: Channel, configuration: Configuration) -> Carrier:
    """Make the carrier of a channel. Raises ``UsageError`` for one that needs an extra which is not installed."""
    if isinstance(channel, EmailChannel):
        return SmtpCarrier(channel)
    if isinstance(channel, FolderChannel):
        return FolderCarrier(channel)
    if isinstance(channel, ChatChannel):
        return ChatCarrier(channel)
    return WebhookCarrier(channel, guarded_transport(configuration.settings.allow_networks))


async def poll_once(
    configuration: Configuration,
    only: Collection[str] | None = None,
    progress: Progress = silent,
    clock: Clock = utc_now,
) -> Tally:
    """Make one whole pass."""
    async with opened(configuration, clock) as app:
        return await app.line.poll(only, progress)


def tell_trouble(job: str, what: str, error: BaseException | None) -> None:
    """Log a job that failed, or could not be run at its time."""
    log.error("job in trouble", job=job, what=what, error=str(error or ""), exc_info=error)


async def serve(configuration: Configuration, clock: Clock = utc_now) -> None:
    """Watch until SIGTERM or SIGINT, then stop leasing, let what is under way end, and close."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(configuration, clock, exclusive=True) as app:
        desk = Desk(app.line)
        runner = Runner(tell_trouble)
        for job in desk.jobs():
            runner.add(job.name, job.every, job.work)
        runner.start()
        log.info("watching", sources=len(app.line.sources))
        await stop.wait()
        runner.stop()
        log.info("stopping")
        await desk.drain()
