"""The composition root: the only place that names concrete adapters. Cheap things come first; all are closed in
reverse, also when a later one cannot be opened.

What only some configurations need, or only the daemon, is imported where it is put together: a pass from cron should
not wait for it.
"""

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.domain.crew import QueueCounts
from monitor.domain.delivery import Channel, ChatChannel, EmailChannel, FolderChannel, Secret, WebhookChannel
from monitor.domain.mention import Findings
from monitor.domain.ports import Carrier, Clock, Fetcher, Workshop
from monitor.domain.rule import Watch
from monitor.domain.settings import Configuration
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.alert import Alerter
from monitor.pipeline.aside import Aside
from monitor.pipeline.collect import Collector
from monitor.pipeline.dispatch import Dispatcher
from monitor.pipeline.errands import Gathering
from monitor.pipeline.group import StoryKeeper
from monitor.pipeline.line import Line, Progress, Tally, silent
from monitor.pipeline.read import Reader
from monitor.pipeline.recheck import Rechecker
from monitor.pipeline.screen import Screener, Watcher
from monitor.schedule.timetable import CronTimetable
from monitor.schedule.workers import Limits, Workers
from monitor.store.database import SqlDatabase

if TYPE_CHECKING:
    from monitor.config.reload import Ledger, Reloader
    from monitor.telemetry.metrics import Metrics, Standing

KINDS: dict[type[Channel], str] = {
    EmailChannel: "email",
    WebhookChannel: "webhook",
    ChatChannel: "chat",
    FolderChannel: "folder",
}

MOST_ASIDE = 2
"""Processes for our own pure work, where there are cores to spare: the interpreter that hands it out feeds no more."""

PATIENCE_SECONDS, REST_SECONDS = 5, 30.0

TIDY = 10_000
"""So many objects more than before, and cycles are looked for: five times as many keep the event loop for 20 ms."""

LATE = (
    "monitor.digest.compose",
    "monitor.digest.render",
    "monitor.extract.bare",
    "monitor.extract.fragment",
    "monitor.extract.page",
    "monitor.match.rules",
    "monitor.parse.document",
    "monitor.parse.ordinary",
    "monitor.parse.pieces",
    "monitor.stories.features",
    "monitor.stories.group",
    "monitor.stories.prepare",
    "monitor.text.index",
)
"""What the pipeline loads when it first needs it, so that a pass from cron that needs none does not wait for it."""


def utc_now() -> datetime:
    """Tell the time: the one clock of the program."""
    return datetime.now(UTC)


def settle_memory() -> None:
    """Load what would be loaded in the midst of work, and let the garbage collector pass over all that stays.

    Each of ``LATE`` would keep the event loop some 20 ms. Sources, names and modules are a million objects; to search
    them again took it 0.2 s each time.
    """
    for name in LATE:
        import_module(name)
    gc.unfreeze()  # what the shift before held may be garbage now
    gc.collect()
    gc.freeze()
    gc.set_threshold(TIDY)


@asynccontextmanager
async def gathering(
    configuration: Configuration,
    database: SqlDatabase,
    workers: Workshop,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
) -> AsyncIterator[tuple[Gathering, Fetcher, Workshop]]:
    """Put together what collects, alike for the daemon and for a worker, and hand out what it fetches and parses with.

    ``metrics`` counts what is done.
    """
    settings = configuration.settings
    client = HttpFetcher(settings.contact, settings.allow_networks, clock)
    spare = min(MOST_ASIDE, len(os.sched_getaffinity(0)) - 1)
    hands = Workers(spare, Limits(cpu_seconds=PATIENCE_SECONDS), rest_seconds=REST_SECONDS)
    try:
        fetcher: Fetcher = client
        beside: Workshop = hands
        if metrics:
            from monitor.telemetry.metered import MeteredFetcher, MeteredWorkshop

            fetcher, workers = MeteredFetcher(client, metrics), MeteredWorkshop(workers, metrics)
            beside = MeteredWorkshop(hands, metrics)
        database.keep(settings.keep_pages)
        aside = Aside(beside if spare else None, spare)
        collector = Collector(database, fetcher, workers, clock, settings.backfill, aside)
        reader = Reader(database, fetcher, workers, clock)
        yield Gathering(collector, reader, client.rest, aside), fetcher, workers
    finally:
        await hands.aclose()
        await client.aclose()


@asynccontextmanager
async def staffed(
    configuration: Configuration,
    database: SqlDatabase,
    workers: Workshop,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
    watcher: Watcher | None = None,
) -> AsyncIterator[Line]:
    """Put the whole line together for one configuration, on a database that is open.

    ``metrics`` counts what the line does; ``watcher`` is compiled here if it is not given. Raises whatever keeps a part
    from opening, after closing what was open.
    """
    if watcher is None:
        from monitor.match.rules import compile_watch

        watcher = await asyncio.to_thread(compile_watch, configuration.watch)  # seconds, where many are watched
    async with AsyncExitStack() as stack:
        parts = gathering(configuration, database, workers, clock, metrics)
        gatherers, fetcher, workers = await stack.enter_async_context(parts)
        carriers = {channel.id: carrier(channel, configuration) for channel in configuration.channels}
        if metrics:
            from monitor.telemetry.metered import MeteredCarrier

            carriers = {
                channel.id: MeteredCarrier(carriers[channel.id], KINDS[type(channel)], metrics)
                for channel in configuration.channels
            }
        dispatcher = Dispatcher(database, carriers, clock)
        stack.push_async_callback(dispatcher.drain, 0)
        await database.run(database.sources.register, configuration.sources, clock())
        yield Line(
            configuration=configuration,
            collector=gatherers.collector,
            reader=gatherers.reader,
            screener=Screener(database, watcher, clock),
            keeper=StoryKeeper(database, clock, gatherers.aside),
            rechecker=Rechecker(database, fetcher, workers, watcher, configuration.watch.rules, clock),
            alerter=Alerter(database, CronTimetable(), clock),
            dispatcher=dispatcher,
        )


def carrier(channel: Channel, configuration: Configuration) -> Carrier:
    """Make the carrier of a channel. Raises ``UsageError`` for one that needs an extra which is not installed."""
    if isinstance(channel, EmailChannel):
        from monitor.deliver.smtp import SmtpCarrier

        return SmtpCarrier(channel)
    if isinstance(channel, FolderChannel):
        from monitor.deliver.folder import FolderCarrier

        return FolderCarrier(channel)
    if isinstance(channel, ChatChannel):
        from monitor.deliver.chat import ChatCarrier

        return ChatCarrier(channel)
    from monitor.deliver.webhook import WebhookCarrier
    from monitor.fetch.transport import guarded_transport

    return WebhookCarrier(channel, guarded_transport(configuration.settings.allow_networks))


class _WhenNeeded:
    """The watch engine of one pass: loaded and compiled for the first article; many a pass from cron brings none."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @cached_property
    def screen(self) -> Callable[..., Findings]:
        """Compile it, and return what screens articles."""
        from monitor.match.rules import compile_watch

        return compile_watch(self._watch).screen


async def poll_once(
    configuration: Configuration,
    only: Collection[str] | None = None,
    progress: Progress = silent,
    clock: Clock = utc_now,
    reloader: "Callable[[Ledger], Reloader] | None" = None,
) -> Tally:
    """Make one whole pass. Where no daemon is at work, ``reloader`` keeps the file as the last good configuration."""
    settings = configuration.settings
    async with AsyncExitStack() as stack:
        database = SqlDatabase.open(settings.database.reveal(), exclusive=None)
        stack.callback(database.close)
        await database.run(database.recover, clock())
        await database.run(database.upkeep.keep_time, clock())
        if reloader and database.alone:
            await database.run(reloader(database.ledger).remember, clock())
        workers = await stack.enter_async_context(Workers())
        watcher = _WhenNeeded(configuration.watch)
        line = await stack.enter_async_context(staffed(configuration, database, workers, clock, watcher=watcher))
        gc.freeze()  # what was loaded stays to the end of the pass
        gc.set_threshold(TIDY)
        return await line.poll(only, progress)


def sqlite_folder(url: Secret) -> Path | None:
    """Return the folder of an SQLite file, whose disk may fill up."""
    kind, _, name = url.reveal().partition(":///")
    return Path(name.partition("?")[0]).absolute().parent if kind == "sqlite" else None


def measure(database: SqlDatabase, folder: Path | None, now: datetime) -> "Standing":
    """Read how things stand from the database, and from the disk that holds its folder."""
    from monitor.telemetry.metrics import Standing

    due_at = database.sources.first_due()
    counts, facts = database.deliveries.counts(), database.archive.facts()
    return Standing(
        sources=database.sources.states(),
        due_lag=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        outbox_pending=counts.pending,
        outbox_dead=counts.dead,
        outbox_oldest=(now - counts.oldest_at).total_seconds() if counts.oldest_at else 0.0,
        database_bytes=facts.size,
        disk_free_bytes=shutil.disk_usage(folder).free if folder else 0,
        queue=database.queue.counts() if database.queue else QueueCounts(),
    )
