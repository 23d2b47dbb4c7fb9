"""Composition root: builds the pipeline, with database, fetcher and channel senders, from a configuration.

Only this module imports the concrete classes that implement the protocols in ``domain/ports.py``. Some of them are
needed only for some configurations or only by the daemon. They are imported inside functions, because a single pass
that cron starts must start quickly.
"""

import asyncio
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.deliver.registry import UnusableChannel, create_sender
from monitor.deliver.translator import BoundedTranslator
from monitor.digest.links import fill_links
from monitor.domain.channels import Channel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.delivery import Message
from monitor.domain.errors import UsageError
from monitor.domain.mention import Findings
from monitor.domain.ports import ChannelSender, Clock, Fetcher, ProcessPool, Translator
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.watchlist import Watchlist
from monitor.domain.web_settings import WebSettings
from monitor.domain.workers import QueueCounts
from monitor.fetch.client import HttpFetcher
from monitor.fetch.source_fetcher import SourceFetcher
from monitor.fetch.transport import create_guarded_transport
from monitor.insight.notices import InsightNotices
from monitor.pipeline.bounded_matching import ArticleMatcher, BoundedMatcher
from monitor.pipeline.collect import Collector
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.early_matching import EarlyMatching
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.one_pass import PassResult, Pipeline, ProgressCallback, ignore_progress
from monitor.pipeline.page_queue import describe_page_lag
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.pipeline.read_pages import PageReader
from monitor.pipeline.recheck import Rechecker
from monitor.pipeline.report_operation import OperatorReporter
from monitor.pipeline.rescreen import RescreenStep
from monitor.pipeline.send_deliveries import DeliverySender
from monitor.pipeline.worker_jobs import CollectorServices
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import Database

if TYPE_CHECKING:
    import httpx

    from monitor.config.reload import ConfigurationStore, Reloader
    from monitor.domain.backfill import BackfillProgress
    from monitor.match.engine import Matcher
    from monitor.telemetry.metrics import GaugeValues, Metrics

KEY_FILE_NAME = "web.key"

MAX_OFFLOAD_PROCESSES = 2
"""Maximum number of worker processes for computation. The main process cannot supply more than two with work."""

OFFLOAD_CPU_SECONDS, OFFLOAD_IDLE_SECONDS = 5, 30.0

MATCHING_LIMITS = JobLimits(wall_seconds=60, cpu_seconds=30, memory_bytes=1_500_000_000)
"""Limits for matching one long article. An article that exceeds them is abandoned.

The hostile texts of the tests (``tests/support/adversarial_texts.py``) with 3 million characters took 17 to 52 s of
processor time and up to 926 MB. This was measured on one core of a small server under load. Time and memory grow in
proportion to the length. The limit on memory is higher than 926 MB to leave room for a large watchlist. An ordinary
text of this length takes 1 s.
"""

MATCHING_IDLE_SECONDS = 60.0
"""Number of idle seconds after which the worker process with the compiled watchlist is ended.

Only long articles are matched in this process. They are rare, so it would otherwise occupy memory without any use.
"""

GC_THRESHOLD = 10_000
"""Number of new objects between two garbage collections.

With five times this number, a collection blocks the event loop for 20 ms.
"""

PRELOADED_MODULES = (
    "monitor.digest.render",
    "monitor.extract.feed_content",
    "monitor.extract.extractor",
    "monitor.extract.pdf_document",
    "monitor.match.engine",
    "monitor.parse.dispatch",
    "monitor.parse.fast_xml",
    "monitor.parse.feed_discovery",
    "monitor.parse.incremental",
    "monitor.parse.mailbox",
    "monitor.pipeline.mailbox_documents",
    "monitor.stories.features",
    "monitor.stories.grouping",
    "monitor.stories.grouping_window",
    "monitor.stories.fingerprints",
    "monitor.text.search_text",
    "protego",
)
"""Modules that the pipeline imports only at first use, because most passes from cron need none of them. The daemon and
worker processes import them in advance."""


def utc_now() -> datetime:
    """Return the current time in UTC. Every other module gets its clock as a parameter."""
    return datetime.now(UTC)


def preload_and_freeze_gc() -> None:
    """Import ``PRELOADED_MODULES`` and exclude all current objects from garbage collection.

    Otherwise a later import would block the event loop for about 20 ms. Sources, names and modules are about a million
    objects; one garbage collection that visits them takes 0.2 s.
    """
    for name in PRELOADED_MODULES:
        import_module(name)
    gc.unfreeze()  # objects of the previous configuration may be garbage now
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


@asynccontextmanager
async def build_collectors(
    configuration: Configuration,
    database: Database,
    process_pool: ProcessPool,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
    early: EarlyMatching | None = None,
) -> AsyncIterator[tuple[CollectorServices, Fetcher, ProcessPool]]:
    """Yield the services that poll sources and read pages, the fetcher, and the process pool.

    The daemon and worker processes both use this function. The services use the same fetcher and process pool. The
    fetcher is closed at the end. With ``metrics``, fetches and killed processes are counted. With ``early``, the
    articles of a poll that finds many new ones are matched as soon as they are built.
    """
    settings = configuration.settings
    client = HttpFetcher(settings.user_agent_contact, settings.allowed_networks, clock)
    client.browser_path = settings.browser_path
    spare_cores = min(MAX_OFFLOAD_PROCESSES, len(os.sched_getaffinity(0)) - 1)
    offload_pool = SubprocessPool(
        spare_cores, JobLimits(cpu_seconds=OFFLOAD_CPU_SECONDS), idle_seconds=OFFLOAD_IDLE_SECONDS
    )
    try:
        fetcher: Fetcher = SourceFetcher(client, clock, settings.allowed_networks)
        metered_offload_pool: ProcessPool = offload_pool
        if metrics:
            from monitor.telemetry.metrics import MeteredFetcher, MeteredProcessPool

            fetcher, process_pool = MeteredFetcher(fetcher, metrics), MeteredProcessPool(process_pool, metrics)
            metered_offload_pool = MeteredProcessPool(offload_pool, metrics)
        database.set_page_retention(settings.keep_pages)
        offloader = ProcessOffloader(metered_offload_pool if spare_cores else None, spare_cores)
        collector = Collector(database, fetcher, process_pool, clock, settings.backfill, offloader, early)
        reader = PageReader(
            database,
            fetcher,
            process_pool,
            clock,
            settings.backfill,
            free_request_count=client.free_request_count,
        )
        yield CollectorServices(collector, reader, client.wait_for_host, offloader), fetcher, process_pool
    finally:
        await offload_pool.aclose()
        await client.aclose()


@asynccontextmanager
async def build_pipeline(
    configuration: Configuration,
    database: Database,
    process_pool: ProcessPool,
    clock: Clock = utc_now,
    metrics: "Metrics | None" = None,
    matcher: ArticleMatcher | None = None,
) -> AsyncIterator[Pipeline]:
    """Yield the whole pipeline of one configuration on an open database, and close its parts at the end.

    ``metrics`` counts what the pipeline does. If ``matcher`` is None, it is compiled from the watchlist. If a part
    cannot be opened, the parts that were opened are closed and the error is raised.
    """
    if matcher is None:
        from monitor.match.engine import compile_watchlist

        matcher = await asyncio.to_thread(
            compile_watchlist, configuration.watchlist
        )  # takes seconds for a large watchlist
    async with AsyncExitStack() as stack:
        early = EarlyMatching(configuration.watchlist)
        parts = build_collectors(configuration, database, process_pool, clock, metrics, early)
        collectors, fetcher, process_pool = await stack.enter_async_context(parts)
        senders = {channel.id: build_channel_sender(channel, configuration) for channel in configuration.channels}
        if metrics:
            from monitor.telemetry.metrics import MeteredChannelSender

            senders = {
                channel.id: MeteredChannelSender(senders[channel.id], channel.kind, metrics)
                for channel in configuration.channels
            }
        bounded_matcher, matching_step = await _enter_matching(stack, configuration, database, matcher, clock, metrics)
        delivery_sender = DeliverySender(database, senders, clock, fill_links=build_link_filler(configuration))
        stack.push_async_callback(delivery_sender.drain, 0)
        await database.run(database.sources.register, configuration.sources, clock())
        await database.run(database.renames.move_histories, *configuration.former_ids)
        yield Pipeline(
            configuration=configuration,
            collector=collectors.collector,
            page_reader=collectors.page_reader,
            offloader=collectors.offloader,
            early_matching=early,
            matching_step=matching_step,
            grouping_step=GroupingStep(database, clock, collectors.offloader, early),
            rescreen_step=RescreenStep(database, bounded_matcher, clock, configuration),
            rechecker=Rechecker(database, fetcher, process_pool, bounded_matcher, configuration.watchlist.rules, clock),
            digest_composer=DigestComposer(
                database,
                CronDigestSchedule(),
                clock,
                translator=build_translator(configuration),
                notice_source=InsightNotices(database),
            ),
            operator_reporter=OperatorReporter(database, clock),
            delivery_sender=delivery_sender,
        )


async def _enter_matching(
    stack: AsyncExitStack,
    configuration: Configuration,
    database: Database,
    matcher: ArticleMatcher,
    clock: Clock,
    metrics: "Metrics | None",
) -> tuple[BoundedMatcher, MatchingStep]:
    """Return the matcher and the pipeline step that matches articles. Long articles are matched in a worker process.

    The step is stopped, and the worker process is ended, when the caller closes ``stack``, its exit stack.
    """
    pool = await stack.enter_async_context(SubprocessPool(1, MATCHING_LIMITS, idle_seconds=MATCHING_IDLE_SECONDS))
    process_pool: ProcessPool = pool
    if metrics:
        from monitor.telemetry.metrics import MeteredProcessPool

        process_pool = MeteredProcessPool(pool, metrics)
    bounded_matcher = BoundedMatcher(matcher, configuration.watchlist, process_pool)
    step = MatchingStep(database, bounded_matcher, clock)
    stack.push_async_callback(step.aclose)
    return bounded_matcher, step


@asynccontextmanager
async def open_fetcher(settings: Settings | None, clock: Clock = utc_now) -> AsyncIterator[HttpFetcher]:
    """Open a fetcher for a search for feeds or a preview of a source, and close it at the end of the block.

    The fetcher has the same rules as the fetcher of the daemon.
    """
    contact, networks = (settings.user_agent_contact, settings.allowed_networks) if settings else ("", ())
    fetcher = HttpFetcher(contact, networks, clock)
    try:
        yield fetcher
    finally:
        await fetcher.aclose()


def build_translator(configuration: Configuration) -> Translator | None:
    """Return the translator for digests, or None if no translator is configured."""
    settings = configuration.settings
    if settings.translate is None:
        return None
    return BoundedTranslator(settings.translate, create_guarded_transport(settings.allowed_networks))


def build_channel_sender(channel: Channel, configuration: Configuration) -> ChannelSender:
    """Return the sender of a channel.

    If the channel cannot work, the result is a sender that fails with the reason. The other channels then still work.
    """

    def create_transport() -> "httpx.AsyncBaseTransport":
        return create_guarded_transport(configuration.settings.allowed_networks)

    try:
        return create_sender(channel, create_transport)
    except UsageError as error:
        return UnusableChannel(str(error))


class _LazyMatcher:
    """Matcher that is imported and compiled only when the first article is to be matched.

    Many passes that cron starts find no article.
    """

    def __init__(self, watchlist: Watchlist) -> None:
        self._watchlist = watchlist

    @cached_property
    def match(self) -> Callable[..., Findings]:
        """The function that matches an article. The watchlist is compiled at the first access."""
        return _compile_matcher(self._watchlist).match


def _compile_matcher(watchlist: Watchlist) -> "Matcher":
    from monitor.match.engine import compile_watchlist

    return compile_watchlist(watchlist)


def load_signing_key(settings: WebSettings, database_url: Secret) -> str:
    """Return the key that signs links in digests.

    It is the configured key. Without one, it is the key in a file next to the SQLite database. This file is created at
    first use, and only its owner can read it. On PostgreSQL without a configured key, the result is an empty string,
    and digests have no such links.
    """
    if settings.signing_key:
        return settings.signing_key.reveal()
    folder = sqlite_folder(database_url)
    if folder is None:
        return ""
    file = folder / KEY_FILE_NAME
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as output:
        output.write(secrets.token_urlsafe(48))
    return file.read_text(encoding="ascii").strip()


def build_link_filler(configuration: Configuration) -> Callable[[Message], Message]:
    """Return a function that fills in the signed feedback and unsubscribe links of a message for its recipient.

    If these links are not configured, the function returns the message unchanged.
    """
    settings = configuration.settings
    if not settings.has_acting_links or settings.web is None or settings.web.links is None:
        return lambda message: message
    key, url, period = load_signing_key(settings.web, settings.database), settings.web.url, settings.web.links.period
    return lambda message: fill_links(message, url, key, period)


async def run_one_pass(
    configuration: Configuration,
    source_ids: Collection[str] | None = None,
    progress: ProgressCallback = ignore_progress,
    clock: Clock = utc_now,
    build_reloader: "Callable[[ConfigurationStore], Reloader] | None" = None,
) -> PassResult:
    """Run the pipeline once for the due sources, and return the results.

    With ``source_ids``, these sources are polled instead, whether they are due or not. ``progress`` is called with the
    name of a step and a count. If no daemon uses the database, the present configuration file is saved as the last good
    configuration, which a daemon can use later. ``build_reloader`` returns the object that saves it.
    """
    settings = configuration.settings
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database.reveal(), exclusive=None)
        stack.callback(database.close)
        await database.run(database.release_stale_leases, clock())
        await database.run(database.maintenance.record_clock, clock())
        if build_reloader and database.is_exclusive:
            await database.run(build_reloader(database.key_values).save_if_valid, clock())
        process_pool = await stack.enter_async_context(SubprocessPool())
        matcher = _LazyMatcher(configuration.watchlist)
        pipeline = await stack.enter_async_context(
            build_pipeline(configuration, database, process_pool, clock, matcher=matcher)
        )
        gc.freeze()  # the objects loaded so far are used until the end of the pass
        gc.set_threshold(GC_THRESHOLD)
        return await pipeline.run_pass(source_ids, progress)


async def run_backfill(
    configuration: Configuration,
    sources: Sequence[Source],
    since_at: datetime,
    limit: int,
    progress: ProgressCallback = ignore_progress,
    clock: Clock = utc_now,
) -> "list[BackfillProgress]":
    """Read the archives of sources back to the time ``since_at``. Return the progress of each source.

    The archives are read one after another. At most ``limit`` articles of each source are stored.
    """
    from monitor.pipeline.backfill import Backfiller

    async with AsyncExitStack() as stack:
        database = Database.open(configuration.settings.database.reveal(), exclusive=None)
        stack.callback(database.close)
        await database.run(database.release_stale_leases, clock())
        process_pool = await stack.enter_async_context(SubprocessPool())
        matcher = _LazyMatcher(configuration.watchlist)
        pipeline = await stack.enter_async_context(
            build_pipeline(configuration, database, process_pool, clock, matcher=matcher)
        )
        backfiller = Backfiller(database, pipeline, clock, progress)
        return [await backfiller.run(source, since_at, limit) for source in sources]


def sqlite_folder(url: Secret) -> Path | None:
    """Return the folder of an SQLite database, or None for PostgreSQL."""
    kind, _, name = url.reveal().partition(":///")
    return Path(name.partition("?")[0]).absolute().parent if kind == "sqlite" else None


def read_gauge_values(database: Database, folder: Path | None, now: datetime) -> "GaugeValues":
    """Return the current values of all gauges (metrics), read from the database and from the disk of ``folder``."""
    from monitor.telemetry.metrics import GaugeValues

    due_at, pages = database.sources.next_due_at(), database.articles.list_waiting_pages(now, 1)
    counts, facts = database.deliveries.count_outbox(), database.queries.get_database_info()
    return GaugeValues(
        sources_by_state=database.sources.count_by_state(),
        due_lag_seconds=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        page_lag_seconds=(now - pages[0].due_at).total_seconds() if pages else 0.0,
        page_problem=describe_page_lag(pages[0].due_at, now) if pages else "",
        outbox_pending=counts.pending,
        outbox_failed=counts.failed,
        outbox_oldest_seconds=(now - counts.oldest_pending_at).total_seconds() if counts.oldest_pending_at else 0.0,
        database_bytes=facts.size_bytes,
        disk_free_bytes=shutil.disk_usage(folder).free if folder else 0,
        queue=database.job_queue.count_jobs() if database.job_queue else QueueCounts(),
    )
