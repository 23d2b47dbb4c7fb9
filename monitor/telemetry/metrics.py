"""Prometheus metrics, and wrappers that measure fetches, deliveries and the process pool.

No label contains a URL, a title or an id, so that the number of time series does not grow. The wrappers implement the
protocols in ``domain/ports.py``, so neither the callers nor the wrapped objects depend on them.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import Struct, field
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.delivery import Message, SendResult
from monitor.domain.errors import WorkerKilled
from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureCause,
    Fetched,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
)
from monitor.domain.poll_state import SourceState
from monitor.domain.ports import ChannelSender, Fetcher, ProcessPool
from monitor.domain.workers import EnqueueResult, QueueCounts

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER_LABEL = "other"

_FETCH_OUTCOMES = {Fetched: "fetched", NotModified: "not_modified", Blocked: "blocked", Gone: "gone", Failed: "failed"}
_JOB_PROBLEMS = ("failed", "missed", "still running", OTHER_LABEL)
_WORKER_JOB_OUTCOMES = ("done", "failed")
_FETCH_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)


class GaugeValues(Struct, frozen=True):
    """Values of the gauges at one time, read from the database and the disk.

    ``due_lag_seconds`` and ``page_lag_seconds`` are the delays of the most overdue source and page. ``page_problem`` is
    a sentence about pages that have waited for too long, or empty.
    """

    sources_by_state: Mapping[SourceState, int]
    due_lag_seconds: float = 0.0
    outbox_pending: int = 0
    outbox_failed: int = 0
    outbox_oldest_seconds: float = 0.0
    database_bytes: int = 0
    disk_free_bytes: int = 0
    queue: QueueCounts = field(default_factory=QueueCounts)
    page_lag_seconds: float = 0.0
    page_problem: str = ""


class Metrics:
    """All metrics of one process, in their own registry."""

    def __init__(self, version: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._fetches = Counter("monitor_fetch", "Fetches by result", ["outcome"], registry=registry)
        self._fetch_seconds = Histogram(
            "monitor_fetch_seconds", "Duration of fetches in seconds", buckets=_FETCH_BUCKETS_SECONDS, registry=registry
        )
        self._ssrf_blocked = Counter(
            "monitor_ssrf_blocked", "Fetches rejected because of a forbidden address", registry=registry
        )
        self._killed_processes = Counter(
            "monitor_parse_killed", "Worker processes killed for time or memory", registry=registry
        )
        self._new_articles = Counter("monitor_items_new", "New articles", registry=registry)
        self._deliveries = Counter(
            "monitor_delivery", "Delivery attempts by channel kind and result", ["kind", "outcome"], registry=registry
        )
        self._job_problems = Counter(
            "monitor_job_problems",
            "Job runs that failed, were missed or were still running",
            ["problem"],
            registry=registry,
        )
        self._sources = Gauge("monitor_sources", "Sources by state", ["state"], registry=registry)
        self._due_lag = Gauge(
            "monitor_due_lag_seconds", "Delay of the most overdue source in seconds", registry=registry
        )
        self._page_lag = Gauge(
            "monitor_page_lag_seconds", "Delay of the most overdue page in seconds", registry=registry
        )
        self._outbox_pending = Gauge("monitor_outbox_pending", "Deliveries waiting to be sent", registry=registry)
        self._outbox_failed = Gauge("monitor_outbox_failed", "Failed deliveries", registry=registry)
        self._outbox_oldest = Gauge(
            "monitor_outbox_oldest_seconds", "Age of the oldest pending delivery in seconds", registry=registry
        )
        self._database_size = Gauge("monitor_db_size_bytes", "Size of the database in bytes", registry=registry)
        self._disk_free = Gauge(
            "monitor_disk_free_bytes", "Free space on the database's disk in bytes", registry=registry
        )
        self._reload_success = Gauge(
            "monitor_config_reload_success", "1 if the configuration file is in use unchanged", registry=registry
        )
        self._last_reload = Gauge(
            "monitor_config_last_success_timestamp_seconds", "When the configuration was applied", registry=registry
        )
        self._workers = Gauge("monitor_workers", "Running workers", registry=registry)
        self._queued_jobs = Gauge("monitor_jobs", "Jobs for workers, by state", ["state"], registry=registry)
        self._requeued_jobs = Counter("monitor_jobs_requeued", "Jobs requeued from stopped workers", registry=registry)
        self._worker_jobs = Counter("monitor_jobs_done", "Jobs finished by this worker", ["outcome"], registry=registry)
        self._loop_lag = Gauge(
            "monitor_event_loop_lag_seconds", "Delay of the event loop's last heartbeat in seconds", registry=registry
        )
        self._unhealthy_components = Gauge(
            "monitor_unhealthy_components", "Components of the daemon with a problem", registry=registry
        )
        build = Gauge("monitor_build_info", "Version of the program", ["version"], registry=registry)
        build.labels(version).set(1)
        for outcome in _FETCH_OUTCOMES.values():
            self._fetches.labels(outcome)
        for problem in _JOB_PROBLEMS:
            self._job_problems.labels(problem)
        for outcome in _WORKER_JOB_OUTCOMES:
            self._worker_jobs.labels(outcome)

    def record_fetch(self, fetch_result: FetchResult, seconds: float) -> None:
        """Count one fetch with its result, and record its duration in seconds."""
        self._fetches.labels(_FETCH_OUTCOMES[type(fetch_result)]).inc()
        self._fetch_seconds.observe(seconds)
        if isinstance(fetch_result, Failed) and fetch_result.cause is FailureCause.FORBIDDEN_ADDRESS:
            self._ssrf_blocked.inc()

    def record_delivery(self, kind: str, send_result: SendResult) -> None:
        """Count one delivery attempt with its result. ``kind`` is the kind of the channel, such as "email"."""
        self._deliveries.labels(kind if kind in CHANNEL_KINDS else OTHER_LABEL, send_result.outcome).inc()

    def record_killed_process(self) -> None:
        """Count one killed worker process of the process pool."""
        self._killed_processes.inc()

    def record_new_articles(self, article_count: int) -> None:
        """Add ``article_count`` to the counter of new articles."""
        self._new_articles.inc(article_count)

    def record_job_problem(self, problem: str) -> None:
        """Count one unsuccessful run of a periodic job. ``problem`` is "failed", "missed" or "still running"."""
        self._job_problems.labels(problem if problem in _JOB_PROBLEMS else OTHER_LABEL).inc()

    def record_enqueued(self, enqueued: EnqueueResult) -> None:
        """Record the number of live worker processes, and count the jobs that were requeued from dead processes."""
        self._workers.set(enqueued.alive_workers)
        self._requeued_jobs.inc(enqueued.requeued_jobs)

    def record_worker_job(self, *, is_success: bool) -> None:
        """Count a job that this worker process has finished. ``is_success`` is False if the job failed."""
        self._worker_jobs.labels(_WORKER_JOB_OUTCOMES[not is_success]).inc()

    def record_reload(self, reloaded_at: datetime, *, is_success: bool) -> None:
        """Record the result of reloading the configuration file.

        ``is_success`` is true if the configuration in use is the one in the file. ``reloaded_at`` is recorded only in
        this case.
        """
        self._reload_success.set(is_success)
        if is_success:
            self._last_reload.set(reloaded_at.timestamp())

    def set_loop_lag(self, seconds: float) -> None:
        """Record the delay of the event loop in seconds."""
        self._loop_lag.set(seconds)

    def set_unhealthy_components(self, count: int) -> None:
        """Record the number of components with a problem."""
        self._unhealthy_components.set(count)

    def set_gauges(self, values: GaugeValues) -> None:
        """Set the gauges to the given values."""
        for state in SourceState:
            self._sources.labels(state.value).set(values.sources_by_state.get(state, 0))
        self._due_lag.set(values.due_lag_seconds)
        self._page_lag.set(values.page_lag_seconds)
        self._outbox_pending.set(values.outbox_pending)
        self._outbox_failed.set(values.outbox_failed)
        self._outbox_oldest.set(values.outbox_oldest_seconds)
        self._database_size.set(values.database_bytes)
        self._disk_free.set(values.disk_free_bytes)
        self._workers.set(values.queue.workers)
        for name in ("queued", "running", "failed"):
            self._queued_jobs.labels(name).set(getattr(values.queue, name))

    def render(self) -> bytes:
        """Return all metrics in Prometheus text format."""
        return generate_latest(self.registry)


T = TypeVar("T")


class MeteredFetcher:
    """Fetcher that passes each request to another fetcher, and counts and times the fetches."""

    def __init__(self, fetcher: Fetcher, metrics: Metrics) -> None:
        self._fetcher, self._metrics = fetcher, metrics

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch with the wrapped fetcher, and record the result and the duration."""
        started_at = time.monotonic()
        result = await self._fetcher.fetch(request)
        self._metrics.record_fetch(result, time.monotonic() - started_at)
        return result


class MeteredChannelSender:
    """Sender that passes each message to another sender, and counts the attempts by kind of channel."""

    def __init__(self, sender: ChannelSender, kind: str, metrics: Metrics) -> None:
        self._sender, self._kind, self._metrics = sender, kind, metrics

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send with the wrapped sender, and count the attempt."""
        result = await self._sender.send(message, attempt_at)
        self._metrics.record_delivery(self._kind, result)
        return result


class MeteredProcessPool:
    """Process pool that passes each job to another pool, and counts the worker processes that were killed."""

    def __init__(self, pool: ProcessPool, metrics: Metrics) -> None:
        self._pool, self._metrics = pool, metrics

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run a function in the wrapped pool. If the worker process that runs it is killed, count the process."""
        try:
            return await self._pool.run(work, *args)
        except WorkerKilled:
            self._metrics.record_killed_process()
            raise
