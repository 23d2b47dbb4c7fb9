"""What Prometheus is told. No label holds a URL, a title or an id: the number of series never grows.

The ports of ``domain/ports.py`` with a meter on them: whoever is behind, and whoever calls, knows nothing of it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monitor.domain.delivery import Message, Refused, Retry, SendResult, Sent
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
_DELIVERY_OUTCOMES = {Sent: "sent", Retry: "retry", Refused: "refused"}
_CHANNEL_KINDS = ("email", "webhook", "chat", "folder", OTHER_LABEL)
_JOB_PROBLEMS = ("failed", "missed", "still running", OTHER_LABEL)
_WORKER_JOB_OUTCOMES = ("done", "failed")
_FETCH_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class GaugeValues:
    """How things stand now, read from the database and the disk. ``due_lag`` is how late the latest source is."""

    sources_by_state: Mapping[SourceState, int]
    due_lag_seconds: float = 0.0
    outbox_pending: int = 0
    outbox_failed: int = 0
    outbox_oldest_seconds: float = 0.0
    database_bytes: int = 0
    disk_free_bytes: int = 0
    queue: QueueCounts = field(default_factory=QueueCounts)


class Metrics:
    """All series of one daemon, in a registry of its own."""

    def __init__(self, version: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._fetches = Counter("monitor_fetch", "Exchanges by what came of them", ["outcome"], registry=registry)
        self._fetch_seconds = Histogram(
            "monitor_fetch_seconds", "Length of exchanges", buckets=_FETCH_BUCKETS_SECONDS, registry=registry
        )
        self._ssrf_blocked = Counter("monitor_ssrf_blocked", "Exchanges with forbidden addresses", registry=registry)
        self._killed_processes = Counter("monitor_parse_killed", "Workers ended for time or memory", registry=registry)
        self._new_articles = Counter("monitor_items_new", "New articles", registry=registry)
        self._deliveries = Counter("monitor_delivery", "Attempts to deliver", ["kind", "outcome"], registry=registry)
        self._job_problems = Counter(
            "monitor_job_trouble", "Runs of jobs that went wrong", ["trouble"], registry=registry
        )
        self._sources = Gauge("monitor_sources", "Sources by state", ["state"], registry=registry)
        self._due_lag = Gauge("monitor_due_lag_seconds", "How late the most overdue source is", registry=registry)
        self._outbox_pending = Gauge("monitor_outbox_pending", "Deliveries on their way", registry=registry)
        self._outbox_failed = Gauge("monitor_outbox_dead", "Deliveries given up", registry=registry)
        self._outbox_oldest = Gauge(
            "monitor_outbox_oldest_seconds", "Age of the oldest pending delivery", registry=registry
        )
        self._database_size = Gauge("monitor_db_size_bytes", "Size of the database", registry=registry)
        self._disk_free = Gauge("monitor_disk_free_bytes", "Free space beside the database", registry=registry)
        self._reload_success = Gauge(
            "monitor_config_reload_success", "1 if the file is in use as it stands", registry=registry
        )
        self._last_reload = Gauge(
            "monitor_config_last_success_timestamp_seconds", "When the configuration was taken over", registry=registry
        )
        self._workers = Gauge("monitor_workers", "Workers that are alive", registry=registry)
        self._queued_jobs = Gauge("monitor_jobs", "Jobs for workers, by state", ["state"], registry=registry)
        self._requeued_jobs = Counter("monitor_jobs_taken_back", "Jobs taken back from dead workers", registry=registry)
        self._worker_jobs = Counter("monitor_jobs_done", "Jobs this worker has done", ["outcome"], registry=registry)
        self._loop_lag = Gauge(
            "monitor_event_loop_lag_seconds", "How late the loop ran its last beat", registry=registry
        )
        build = Gauge("monitor_build_info", "The program", ["version"], registry=registry)
        build.labels(version).set(1)
        for outcome in _FETCH_OUTCOMES.values():
            self._fetches.labels(outcome)
        for trouble in _JOB_PROBLEMS:
            self._job_problems.labels(trouble)
        for outcome in _WORKER_JOB_OUTCOMES:
            self._worker_jobs.labels(outcome)

    def record_fetch(self, fetch_result: FetchResult, seconds: float) -> None:
        """Count one exchange."""
        self._fetches.labels(_FETCH_OUTCOMES[type(fetch_result)]).inc()
        self._fetch_seconds.observe(seconds)
        if isinstance(fetch_result, Failed) and fetch_result.cause is FailureCause.FORBIDDEN_ADDRESS:
            self._ssrf_blocked.inc()

    def record_delivery(self, kind: str, receipt: SendResult) -> None:
        """Count one attempt to deliver; ``kind`` is that of the channel."""
        self._deliveries.labels(
            kind if kind in _CHANNEL_KINDS else OTHER_LABEL, _DELIVERY_OUTCOMES[type(receipt)]
        ).inc()

    def record_killed_process(self) -> None:
        """Count a worker that was ended."""
        self._killed_processes.inc()

    def record_new_articles(self, article_count: int) -> None:
        """Count new articles."""
        self._new_articles.inc(article_count)

    def record_job_problem(self, problem: str) -> None:
        """Count a run of a job that failed, was missed or was skipped."""
        self._job_problems.labels(problem if problem in _JOB_PROBLEMS else OTHER_LABEL).inc()

    def record_enqueued(self, enqueued: EnqueueResult) -> None:
        """Record who is alive, and count jobs whose worker had died."""
        self._workers.set(enqueued.alive_workers)
        self._requeued_jobs.inc(enqueued.requeued_jobs)

    def record_worker_job(self, *, is_success: bool) -> None:
        """Count a job that this worker has done, or failed to do."""
        self._worker_jobs.labels(_WORKER_JOB_OUTCOMES[not is_success]).inc()

    def record_reload(self, reloaded_at: datetime, *, is_success: bool) -> None:
        """Record whether the configuration in use is the file's."""
        self._reload_success.set(is_success)
        if is_success:
            self._last_reload.set(reloaded_at.timestamp())

    def set_loop_lag(self, seconds: float) -> None:
        """Record how late the event loop was."""
        self._loop_lag.set(seconds)

    def set_gauges(self, values: GaugeValues) -> None:
        """Record how things stand."""
        for state in SourceState:
            self._sources.labels(state.value).set(values.sources_by_state.get(state, 0))
        self._due_lag.set(values.due_lag_seconds)
        self._outbox_pending.set(values.outbox_pending)
        self._outbox_failed.set(values.outbox_failed)
        self._outbox_oldest.set(values.outbox_oldest_seconds)
        self._database_size.set(values.database_bytes)
        self._disk_free.set(values.disk_free_bytes)
        self._workers.set(values.queue.workers)
        for name in ("queued", "running", "failed"):
            self._queued_jobs.labels(name).set(getattr(values.queue, name))

    def render(self) -> bytes:
        """Return the page that Prometheus reads."""
        return generate_latest(self.registry)


T = TypeVar("T")


class MeteredFetcher:
    """A ``Fetcher`` whose exchanges are counted and timed."""

    def __init__(self, fetcher: Fetcher, metrics: Metrics) -> None:
        self._fetcher, self._metrics = fetcher, metrics

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch as the fetcher behind does."""
        began = time.monotonic()
        outcome = await self._fetcher.fetch(request)
        self._metrics.record_fetch(outcome, time.monotonic() - began)
        return outcome


class MeteredChannelSender:
    """A ``Carrier`` whose attempts are counted by the kind of its channel."""

    def __init__(self, sender: ChannelSender, kind: str, metrics: Metrics) -> None:
        self._sender, self._kind, self._metrics = sender, kind, metrics

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send as the carrier behind does."""
        receipt = await self._sender.send(message, attempt_at)
        self._metrics.record_delivery(self._kind, receipt)
        return receipt


class MeteredProcessPool:
    """A ``Workshop`` whose killed workers are counted."""

    def __init__(self, pool: ProcessPool, metrics: Metrics) -> None:
        self._pool, self._metrics = pool, metrics

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run as the workshop behind does."""
        try:
            return await self._pool.run(work, *args)
        except WorkerKilled:
            self._metrics.record_killed_process()
            raise
