"""What Prometheus is told. No label holds a URL, a title or an id: the number of series never grows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monitor.domain.crew import Handout, QueueCounts
from monitor.domain.delivery import Receipt, Refused, Retry, Sent
from monitor.domain.exchange import Blocked, Failed, Fault, Fetched, Gone, NotModified, Outcome
from monitor.domain.source import SourceState

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"

_OUTCOMES = {Fetched: "fetched", NotModified: "not_modified", Blocked: "blocked", Gone: "gone", Failed: "failed"}
_RECEIPTS = {Sent: "sent", Retry: "retry", Refused: "refused"}
_KINDS = ("email", "webhook", "chat", "folder", OTHER)
_JOB_OUTCOMES = ("failed", "missed", "still running", OTHER)
_ERRANDS = ("done", "failed")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand now, read from the database and the disk. ``due_lag`` is how late the latest source is."""

    sources: Mapping[SourceState, int]
    due_lag: float = 0.0
    outbox_pending: int = 0
    outbox_dead: int = 0
    outbox_oldest: float = 0.0
    database_bytes: int = 0
    disk_free_bytes: int = 0
    queue: QueueCounts = field(default_factory=QueueCounts)


class Metrics:
    """All series of one daemon, in a registry of its own."""

    def __init__(self, version: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._fetches = Counter("monitor_fetch", "Exchanges by what came of them", ["outcome"], registry=registry)
        self._seconds = Histogram("monitor_fetch_seconds", "Length of exchanges", buckets=_SECONDS, registry=registry)
        self._guarded = Counter("monitor_ssrf_blocked", "Exchanges with forbidden addresses", registry=registry)
        self._killed = Counter("monitor_parse_killed", "Workers ended for time or memory", registry=registry)
        self._new = Counter("monitor_items_new", "New articles", registry=registry)
        self._deliveries = Counter("monitor_delivery", "Attempts to deliver", ["kind", "outcome"], registry=registry)
        self._jobs = Counter("monitor_job_trouble", "Runs of jobs that went wrong", ["trouble"], registry=registry)
        self._sources = Gauge("monitor_sources", "Sources by state", ["state"], registry=registry)
        self._due_lag = Gauge("monitor_due_lag_seconds", "How late the most overdue source is", registry=registry)
        self._pending = Gauge("monitor_outbox_pending", "Deliveries on their way", registry=registry)
        self._dead = Gauge("monitor_outbox_dead", "Deliveries given up", registry=registry)
        self._oldest = Gauge("monitor_outbox_oldest_seconds", "Age of the oldest pending delivery", registry=registry)
        self._database = Gauge("monitor_db_size_bytes", "Size of the database", registry=registry)
        self._disk = Gauge("monitor_disk_free_bytes", "Free space beside the database", registry=registry)
        self._reload = Gauge("monitor_config_reload_success", "1 if the file is in use as it stands", registry=registry)
        self._loaded = Gauge(
            "monitor_config_last_success_timestamp_seconds", "When the configuration was taken over", registry=registry
        )
        self._workers = Gauge("monitor_workers", "Workers that are alive", registry=registry)
        self._queue = Gauge("monitor_jobs", "Jobs for workers, by state", ["state"], registry=registry)
        self._taken_back = Counter("monitor_jobs_taken_back", "Jobs taken back from dead workers", registry=registry)
        self._errands = Counter("monitor_jobs_done", "Jobs this worker has done", ["outcome"], registry=registry)
        self._loop_lag = Gauge(
            "monitor_event_loop_lag_seconds", "How late the loop ran its last beat", registry=registry
        )
        build = Gauge("monitor_build_info", "The program", ["version"], registry=registry)
        build.labels(version).set(1)
        for outcome in _OUTCOMES.values():
            self._fetches.labels(outcome)
        for trouble in _JOB_OUTCOMES:
            self._jobs.labels(trouble)
        for outcome in _ERRANDS:
            self._errands.labels(outcome)

    def fetched(self, outcome: Outcome, seconds: float) -> None:
        """Count one exchange."""
        self._fetches.labels(_OUTCOMES[type(outcome)]).inc()
        self._seconds.observe(seconds)
        if isinstance(outcome, Failed) and outcome.fault is Fault.FORBIDDEN:
            self._guarded.inc()

    def delivered(self, kind: str, receipt: Receipt) -> None:
        """Count one attempt to deliver; ``kind`` is that of the channel."""
        self._deliveries.labels(kind if kind in _KINDS else OTHER, _RECEIPTS[type(receipt)]).inc()

    def killed(self) -> None:
        """Count a worker that was ended."""
        self._killed.inc()

    def found(self, articles: int) -> None:
        """Count new articles."""
        self._new.inc(articles)

    def troubled(self, trouble: str) -> None:
        """Count a run of a job that failed, was missed or was skipped."""
        self._jobs.labels(trouble if trouble in _JOB_OUTCOMES else OTHER).inc()

    def handed_out(self, told: Handout) -> None:
        """Record who is alive, and count jobs whose worker had died."""
        self._workers.set(told.workers)
        self._taken_back.inc(told.taken_back)

    def errand(self, *, good: bool) -> None:
        """Count a job that this worker has done, or failed to do."""
        self._errands.labels(_ERRANDS[not good]).inc()

    def reloaded(self, at: datetime, *, good: bool) -> None:
        """Record whether the configuration in use is the file's."""
        self._reload.set(good)
        if good:
            self._loaded.set(at.timestamp())

    def lagged(self, seconds: float) -> None:
        """Record how late the event loop was."""
        self._loop_lag.set(seconds)

    def stands(self, standing: Standing) -> None:
        """Record how things stand."""
        for state in SourceState:
            self._sources.labels(state.value).set(standing.sources.get(state, 0))
        self._due_lag.set(standing.due_lag)
        self._pending.set(standing.outbox_pending)
        self._dead.set(standing.outbox_dead)
        self._oldest.set(standing.outbox_oldest)
        self._database.set(standing.database_bytes)
        self._disk.set(standing.disk_free_bytes)
        self._workers.set(standing.queue.workers)
        for name in ("queued", "running", "failed"):
            self._queue.labels(name).set(getattr(standing.queue, name))

    def render(self) -> bytes:
        """Return the page that Prometheus reads."""
        return generate_latest(self.registry)
