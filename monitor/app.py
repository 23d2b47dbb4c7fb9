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

from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.configuration import Configuration
from monitor.domain.mention import Findings
from monitor.domain.ports import ChannelSender, Clock, Fetcher, ProcessPool
from monitor.domain.secret import Secret
from monitor.domain.watchlist import Watchlist
from monitor.domain.workers import QueueCounts
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.build_articles import ProcessOffloader
from monitor.pipeline.collect import Collector
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import ArticleMatcher, MatchingStep
from monitor.pipeline.one_pass import PassResult, Pipeline, ProgressCallback, ignore_progress
from monitor.pipeline.read_pages import PageReader
from monitor.pipeline.recheck import Rechecker
from monitor.pipeline.send_deliveries import DeliverySender
from monitor.pipeline.worker_jobs import CollectorServices
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import SqlDatabase

if TYPE_CHECKING:
    from monitor.config.reload import ConfigurationStore, Reloader
    from monitor.telemetry.metrics import GaugeValues, Metrics

CHANNEL_KIND_NAMES: dict[type[Channel], str] = {
    EmailChannel: "email",
    WebhookChannel: "webhook",
    ChatChannel: "chat",
    FolderChannel: "folder",
}

MAX_OFFLOAD_PROCESSES = 2
"""Processes for our own pure work, where there are cores to spare: the interpreter that hands it out feeds no more."""

OFFLOAD_CPU_SECONDS, OFFLOAD_IDLE_SECONDS = 5, 30.0

GC_THRESHOLD = 10_000
"""So many objects more than before, and cycles are looked for: five times as many keep the event loop for 20 ms."""

PRELOADED_MODULES = (
    "monitor.digest.compose",
    "monitor.digest.render",
    "monitor.extract.feed_content",
    "monitor.extract.feed_content",
    "monitor.extract.extractor",
    "monitor.match.engine",
    "monitor.parse.dispatch",
    "monitor.parse.fast_xml",
    "monitor.parse.incremental",
    "monitor.stories.features",
    "monitor.stories.grouping",
    "monitor.stories.fingerprints",
    "monitor.text.search_text",
)
"""What the pipeline loads when it first needs it, so that a pass from cron that needs none does not wait for it."""


def utc_now() -> datetime:
    """Tell the time: the one clock of the program."""
    return datetime.now(UTC)


def preload_and_freeze_gc() -> None:
    """Load what would be loaded in the midst of work, and let the garbage collector pass over all that stays.

    Each of ``LATE`` would keep the event loop some 20 ms. Sources, names and modules are a million objects; to search
    them again took it 0.2 s each time.
    """
    for name in PRELOADED_MODULES:
        import_module(name)
    gc.unfreeze()  # what the shift before held may be garbage now
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


@asynccontextmanager
async def build_collectors(
    configuration: Configuration,
    database: SqlDatabase,
    process_pool: ProcessPool,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
) -> AsyncIterator[tuple[CollectorServices, Fetcher, ProcessPool]]:
    """Put together what collects, alike for the daemon and for a worker, and hand out what it fetches and parses with.

    ``metrics`` counts what is done.
    """
    settings = configuration.settings
    client = HttpFetcher(settings.user_agent_contact, settings.allowed_networks, clock)
    spare = min(MAX_OFFLOAD_PROCESSES, len(os.sched_getaffinity(0)) - 1)
    hands = SubprocessPool(spare, JobLimits(cpu_seconds=OFFLOAD_CPU_SECONDS), idle_seconds=OFFLOAD_IDLE_SECONDS)
    try:
        fetcher: Fetcher = client
        beside: ProcessPool = hands
        if metrics:
            from monitor.telemetry.metrics import MeteredFetcher, MeteredProcessPool

            fetcher, process_pool = MeteredFetcher(client, metrics), MeteredProcessPool(process_pool, metrics)
            beside = MeteredProcessPool(hands, metrics)
        database.set_page_retention(settings.keep_pages)
        aside = ProcessOffloader(beside if spare else None, spare)
        collector = Collector(database, fetcher, process_pool, clock, settings.backfill, aside)
        reader = PageReader(database, fetcher, process_pool, clock)
        yield CollectorServices(collector, reader, client.wait_for_host, aside), fetcher, process_pool
    finally:
        await hands.aclose()
        await client.aclose()


@asynccontextmanager
async def build_pipeline(
    configuration: Configuration,
    database: SqlDatabase,
    process_pool: ProcessPool,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
    matcher: ArticleMatcher | None = None,
) -> AsyncIterator[Pipeline]:
    """Put the whole line together for one configuration, on a database that is open.

    ``metrics`` counts what the line does; ``watcher`` is compiled here if it is not given. Raises whatever keeps a part
    from opening, after closing what was open.
    """
    if matcher is None:
        from monitor.match.engine import compile_watchlist

        matcher = await asyncio.to_thread(compile_watchlist, configuration.watchlist)  # seconds, where many are watched
    async with AsyncExitStack() as stack:
        parts = build_collectors(configuration, database, process_pool, clock, metrics)
        gatherers, fetcher, process_pool = await stack.enter_async_context(parts)
        carriers = {channel.id: build_channel_sender(channel, configuration) for channel in configuration.channels}
        if metrics:
            from monitor.telemetry.metrics import MeteredChannelSender

            carriers = {
                channel.id: MeteredChannelSender(carriers[channel.id], CHANNEL_KIND_NAMES[type(channel)], metrics)
                for channel in configuration.channels
            }
        dispatcher = DeliverySender(database, carriers, clock)
        stack.push_async_callback(dispatcher.drain, 0)
        await database.run(database.sources.register, configuration.sources, clock())
        yield Pipeline(
            configuration=configuration,
            collector=gatherers.collector,
            page_reader=gatherers.page_reader,
            matching_step=MatchingStep(database, matcher, clock),
            grouping_step=GroupingStep(database, clock, gatherers.offloader),
            rechecker=Rechecker(database, fetcher, process_pool, matcher, configuration.watchlist.rules, clock),
            digest_composer=DigestComposer(database, CronDigestSchedule(), clock),
            delivery_sender=dispatcher,
        )


def build_channel_sender(channel: Channel, configuration: Configuration) -> ChannelSender:
    """Make the carrier of a channel. Raises ``UsageError`` for one that needs an extra which is not installed."""
    if isinstance(channel, EmailChannel):
        from monitor.deliver.email import EmailSender

        return EmailSender(channel)
    if isinstance(channel, FolderChannel):
        from monitor.deliver.folder import FolderSender

        return FolderSender(channel)
    if isinstance(channel, ChatChannel):
        from monitor.deliver.chat import ChatSender

        return ChatSender(channel)
    from monitor.deliver.webhook import WebhookSender
    from monitor.fetch.transport import create_guarded_transport

    return WebhookSender(channel, create_guarded_transport(configuration.settings.allowed_networks))


class _LazyMatcher:
    """The watch engine of one pass: loaded and compiled for the first article; many a pass from cron brings none."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._watchlist = watchlist

    @cached_property
    def match(self) -> Callable[..., Findings]:
        """Compile it, and return what screens articles."""
        from monitor.match.engine import compile_watchlist

        return compile_watchlist(self._watchlist).match


async def run_one_pass(
    configuration: Configuration,
    source_ids: Collection[str] | None = None,
    progress: ProgressCallback = ignore_progress,
    clock: Clock = utc_now,
    build_reloader: "Callable[[ConfigurationStore], Reloader] | None" = None,
) -> PassResult:
    """Make one whole pass. Where no daemon is at work, ``reloader`` keeps the file as the last good configuration."""
    settings = configuration.settings
    async with AsyncExitStack() as stack:
        database = SqlDatabase.open(settings.database.reveal(), exclusive=None)
        stack.callback(database.close)
        await database.run(database.release_stale_leases, clock())
        await database.run(database.maintenance.record_clock, clock())
        if build_reloader and database.is_exclusive:
            await database.run(build_reloader(database.key_values).save_if_valid, clock())
        workers = await stack.enter_async_context(SubprocessPool())
        watcher = _LazyMatcher(configuration.watchlist)
        line = await stack.enter_async_context(build_pipeline(configuration, database, workers, clock, matcher=watcher))
        gc.freeze()  # what was loaded stays to the end of the pass
        gc.set_threshold(GC_THRESHOLD)
        return await line.run_pass(source_ids, progress)


def sqlite_folder(url: Secret) -> Path | None:
    """Return the folder of an SQLite file, whose disk may fill up."""
    kind, _, name = url.reveal().partition(":///")
    return Path(name.partition("?")[0]).absolute().parent if kind == "sqlite" else None


def read_gauge_values(database: SqlDatabase, folder: Path | None, now: datetime) -> "GaugeValues":
    """Read how things stand from the database, and from the disk that holds its folder."""
    from monitor.telemetry.metrics import GaugeValues

    due_at = database.sources.next_due_at()
    counts, facts = database.deliveries.count_outbox(), database.queries.get_database_info()
    return GaugeValues(
        sources_by_state=database.sources.count_by_state(),
        due_lag_seconds=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        outbox_pending=counts.pending,
        outbox_failed=counts.failed,
        outbox_oldest_seconds=(now - counts.oldest_pending_at).total_seconds() if counts.oldest_pending_at else 0.0,
        database_bytes=facts.size,
        disk_free_bytes=shutil.disk_usage(folder).free if folder else 0,
        queue=database.job_queue.count_jobs() if database.job_queue else QueueCounts(),
    )
