"""Status report: the health of daemon, workers, deliveries and sources, and a suggestion for each problem."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from json import loads
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict

from monitor.domain.article import DuePage
from monitor.domain.backfill import BackfillProgress, find_complete_since
from monitor.domain.delivery import DeliveryState
from monitor.domain.poll_state import HEALTHY_STATES, PollState, SourceState
from monitor.domain.read_models import (
    AbandonedArticle,
    DatabaseInfo,
    DiskSpace,
    OutboxCounts,
    SavedConfiguration,
    SourceStatus,
)
from monitor.domain.workers import DEAD_WORKER_RETENTION, WORKER_TIMEOUT, QueueCounts, WorkerHeartbeat
from monitor.pipeline.heartbeats import load_heartbeats
from monitor.pipeline.maintenance import is_disk_space_low
from monitor.pipeline.page_queue import PAGE_LAG, format_busiest_hosts
from monitor.pipeline.rescreen import RESCREEN_KEY
from monitor.records.status import SourceStatusRecord, StatusRecord, WorkerRecord, WorkersRecord
from monitor.store.database import Database
from monitor.text.numbers import format_count

STATE_ORDER = (
    "gone",
    "login_expired",
    "needs_javascript",
    "blocked",
    "moved",
    "failing",
    "gap",
    "quiet",
    "ok",
    "paused",
)
OUTAGE_THRESHOLD_SOURCES = 2
"""If all sources fail, and there are more of them than this, the report names the network as the likely cause."""

ABANDONED_PERIOD = timedelta(days=7)
"""Period for which an abandoned article, which failed and is not tried again, is shown as a problem.

At its end, even a weekly digest has reported the article.
"""

MAX_DAEMON_SILENCE, OVERDUE_AFTER, RECENT_REJECTION_PERIOD = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class WorkerOverview(Struct, frozen=True):
    """Heartbeats of the worker processes, and numbers of jobs by state. Both are empty without PostgreSQL."""

    heartbeats: tuple[WorkerHeartbeat, ...] = ()
    job_counts: QueueCounts = field(default_factory=QueueCounts)


def load_worker_overview(database: Database, now: datetime) -> WorkerOverview:
    """Return the heartbeats of worker processes from the last hour, and the numbers of jobs in the queue."""
    if database.job_queue is None:
        return WorkerOverview()
    heartbeats = tuple(
        heartbeat for heartbeat in load_heartbeats(database.key_values) if now - heartbeat.at <= DEAD_WORKER_RETENTION
    )
    return WorkerOverview(heartbeats, database.job_queue.count_jobs())


def worker_state(heartbeat: WorkerHeartbeat, now: datetime) -> str:
    """Return "alive" for a worker process, or "silent" if its last heartbeat is older than ``WORKER_TIMEOUT``."""
    return "silent" if now - heartbeat.at > WORKER_TIMEOUT else "alive"


def workers_record(overview: WorkerOverview, now: datetime) -> WorkersRecord:
    """Return the values of the keys ``workers`` and ``jobs`` of ``status --json``."""
    workers: list[WorkerRecord] = [
        {
            "id": heartbeat.name,
            "state": worker_state(heartbeat, now),
            "seen_at": heartbeat.at,
            "started_at": heartbeat.began_at,
            "running": heartbeat.running,
            "done": heartbeat.done,
            "failed": heartbeat.failed,
            "new_articles": heartbeat.new,
            "problems": list(heartbeat.problems),
        }
        for heartbeat in overview.heartbeats
    ]
    queue = overview.job_counts
    return {
        "workers": workers,
        "jobs": {"queued": queue.queued, "running": queue.running, "failed": queue.failed},
    }


def find_worker_problems(overview: WorkerOverview, now: datetime, zone: tzinfo | None = None) -> Iterator[str]:
    """Yield a sentence for each problem of a worker process, with a suggestion."""
    for heartbeat in overview.heartbeats:
        if worker_state(heartbeat, now) == "silent":
            yield (
                f"Worker {heartbeat.name} has been silent since {format_time(heartbeat.at, zone)}: see its log, "
                "and restart it with `monitor worker`; its jobs were requeued."
            )
        else:
            yield from (f"Worker {heartbeat.name} reports: {problem}." for problem in heartbeat.problems)


class DaemonStatus(Struct, frozen=True):
    """The state of the daemon as it was last stored.

    ``state`` is running, stopped, silent (it should run, but has not reported for a minute) or never seen.
    """

    state: str = "never seen"
    seen_at: datetime | None = None
    problems: tuple[str, ...] = ()


class SourceTotals(Struct, frozen=True):
    """Numbers of the configured sources by state, and the times of their polls.

    - ``by_state`` maps each state to the number of sources in it.
    - ``new_count`` is the number of sources that were never read and have no problem.
    - ``last_poll_at`` is the time of the last poll of any source.
    - ``due_at`` is the earliest time at which a source is due.

    Paused sources count only in ``by_state``.
    """

    by_state: Counter[SourceState] = field(default_factory=Counter)
    new_count: int = 0
    last_poll_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def watched_count(self) -> int:
        """The number of sources that are not paused."""
        return self.by_state.total() - self.by_state[SourceState.PAUSED]

    @property
    def unhealthy_count(self) -> int:
        """The number of sources that have a problem."""
        return sum(count for state, count in self.by_state.items() if state not in HEALTHY_STATES)


def total_sources(sources: Iterable[SourceStatus]) -> SourceTotals:
    """Summarize the given sources: how many are in each state, and when the last poll was and the next one is due."""
    states = [source.poll_state for source in sources]
    watched = [one for one in states if one.state is not SourceState.PAUSED]
    return SourceTotals(
        Counter(one.state for one in states),
        sum(one.state is SourceState.OK and one.last_success_at is None for one in watched),
        max(filter(None, (one.last_attempt_at or one.last_success_at for one in watched)), default=None),
        min(filter(None, (one.next_poll_at for one in watched)), default=None),
    )


def read_totals(database: Database) -> SourceTotals:
    """Return how many configured sources are in each state, when the last poll was, and when the next one is due.

    The sources are counted in the database. Only the sources that have a problem are loaded.
    """
    found = database.sources.count_reads()
    attempts = (one.poll_state.last_attempt_at for one in database.desk.list_source_problems())
    last_poll_at = max(filter(None, (found.last_success_at, *attempts)), default=None)
    return SourceTotals(
        database.sources.count_by_state(), found.new_count, last_poll_at, database.sources.next_due_at()
    )


class StatusReport(Struct, frozen=True):
    """Everything that ``monitor status`` shows, as it was at ``created_at``.

    ``backfills`` has the progress of each backfill by the id of its source. If only the totals of the sources were
    read, they are in ``known_totals``, and ``sources`` is empty.
    """

    config: Path
    sources: tuple[SourceStatus, ...]
    outbox: OutboxCounts
    database: DatabaseInfo
    snapshot: SavedConfiguration | None
    config_errors: tuple[str, ...]
    daemon: DaemonStatus
    created_at: datetime
    workers: WorkerOverview = field(default_factory=WorkerOverview)
    disk_space: DiskSpace | None = None
    abandoned: tuple[AbandonedArticle, ...] = ()
    waiting_pages: tuple[DuePage, ...] = ()
    rescreened: str = ""
    known_totals: SourceTotals | None = None
    backfills: Mapping[str, BackfillProgress] = field(default_factory=dict)

    @property
    def totals(self) -> SourceTotals:
        """The numbers of sources by state, and the times of their polls."""
        return self.known_totals or total_sources(self.sources)

    def complete_since(self, source: SourceStatus) -> datetime | None:
        """Return the time since which all articles of a source are stored, or None if the source was never read."""
        return find_complete_since(source.poll_state.baseline_at, self.backfills.get(source.poll_state.source_id))

    @property
    def last_rescreen(self) -> dict[str, object]:
        """Time and result of the last rescreen, in which stored articles were matched again after an edit.

        The key ``at`` has the time, and the other keys have numbers, such as the number of articles. The dictionary is
        empty if there was no rescreen yet.
        """
        found: dict[str, object] = loads(self.rescreened) if self.rescreened else {}
        return found


def read_status_report(
    database: Database,
    now: datetime,
    config: Path = Path(),
    config_errors: tuple[str, ...] = (),
    *,
    with_sources: bool = True,
) -> StatusReport:
    """Read the status report from the database.

    ``config`` is the path of the configuration file, and ``config_errors`` are the errors in it. If ``with_sources`` is
    true, each source is read, which is slow for thousands of sources. Otherwise only the totals of the sources are
    read.
    """
    return StatusReport(
        config=config,
        sources=tuple(database.queries.list_sources()) if with_sources else (),
        known_totals=None if with_sources else read_totals(database),
        backfills=database.key_values.list_backfills() if with_sources else {},
        outbox=database.deliveries.count_outbox(),
        database=database.queries.get_database_info(),
        snapshot=database.key_values.get_saved_configuration(),
        config_errors=config_errors,
        daemon=parse_daemon_status(database.key_values.get("daemon"), now),
        created_at=now,
        workers=load_worker_overview(database, now),
        disk_space=database.maintenance.measure_disk_space(),
        waiting_pages=tuple(database.articles.list_waiting_pages(now)),
        abandoned=tuple(database.attempts.list_abandoned(now - ABANDONED_PERIOD)),
        rescreened=database.key_values.get(RESCREEN_KEY),
    )


def parse_daemon_status(text: str, now: datetime) -> DaemonStatus:
    """Parse the daemon status, which the daemon stores as JSON every 20 seconds and when it stops."""
    if not text:
        return DaemonStatus()
    stored = loads(text)
    seen_at = datetime.fromisoformat(stored["at"])
    state = "stopped" if stored["stopped"] else "silent" if now - seen_at > MAX_DAEMON_SILENCE else "running"
    return DaemonStatus(state, seen_at, tuple(stored.get("problems", ())))


def report_record(report: StatusReport) -> StatusRecord:
    """Convert the report to the JSON record of ``status --json``."""
    counts, snapshot = report.outbox, report.snapshot
    return {
        "healthy": not list(find_problems(report)),
        "sources": [
            source_status_record(one, report.backfills.get(one.poll_state.source_id)) for one in report.sources
        ],
        "deliveries": {
            "pending": counts.pending,
            "failed": counts.failed,
            "rejected": counts.rejected,
            "oldest_pending_at": counts.oldest_pending_at,
            "retried": counts.retried,
        },
        "config": {
            "loaded_at": snapshot.loaded_at if snapshot else None,
            "errors": list(find_config_errors(report)),
        },
        "database": asdict(report.database),
        "daemon": asdict(report.daemon),
        "page_due_at": report.waiting_pages[0].due_at if report.waiting_pages else None,
        "abandoned": [asdict(article) for article in report.abandoned],
        "rescreened": report.last_rescreen,
        **workers_record(report.workers, report.created_at),
    }


def find_config_errors(report: StatusReport) -> tuple[str, ...]:
    """Return the errors of the configuration file.

    If the file has no errors, return the reasons why the daemon has rejected the last edit.
    """
    return report.config_errors or (report.snapshot.errors if report.snapshot else ())


def source_status_record(source: SourceStatus, backfill: BackfillProgress | None = None) -> SourceStatusRecord:
    """Return the status of a source, with its last backfill, as its record in ``status --json``."""
    poll_state = source.poll_state
    return {
        "id": poll_state.source_id,
        "state": poll_state.state,
        "detail": poll_state.detail,
        "suggestion": poll_state.suggestion,
        "last_success_at": poll_state.last_success_at,
        "next_poll_at": poll_state.next_poll_at,
        "failures": poll_state.failures,
        "articles": source.article_count,
        "complete_since": find_complete_since(poll_state.baseline_at, backfill),
        "entries": {**asdict(poll_state.counts), "unaccounted": poll_state.counts.unaccounted},
    }


def find_problems(report: StatusReport, zone: tzinfo | None = None) -> Iterator[str]:
    """Yield a sentence for each problem, with a suggestion. Times are in ``zone``, or in the zone of the machine."""
    daemon = report.daemon
    if errors := find_config_errors(report):
        in_use = f", the one of {format_time(report.snapshot.loaded_at, zone)} stays in use" if report.snapshot else ""
        listed = "".join(f"\n    {error}" for error in errors)
        yield f"The configuration is rejected{in_use}: fix the file and save it.{listed}"
    if daemon.state == "silent":
        yield (
            f"The daemon has been silent since {format_time(daemon.seen_at, zone)}: "
            "see its log and start it with `monitor run`."
        )
    for problem in daemon.problems if daemon.state == "running" else ():
        hosts = format_busiest_hosts(page.url for page in report.waiting_pages) if problem.startswith(PAGE_LAG) else ""
        yield f"The daemon reports: {problem}{hosts and f', most of them at {hosts}'}."
    if report.disk_space and not daemon.problems and is_disk_space_low(report.disk_space, was_low=False):
        yield (
            f"Only {report.disk_space.free_bytes / 1e6:.1f} MB are free on the database's disk: "
            "nothing new is collected until more space is free."
        )
    yield from find_idle_problems(report, zone)
    yield from find_worker_problems(report.workers, report.created_at, zone)
    yield from find_abandoned_problems(report.abandoned)
    yield from find_delivery_problems(report, zone)
    totals = report.totals
    failing_count = totals.by_state[SourceState.FAILING]
    if failing_count == totals.watched_count > OUTAGE_THRESHOLD_SOURCES:
        yield (
            f"None of the {failing_count} sources can be read: "
            "is this machine online (network, name servers, firewall)?"
        )
    elif totals.unhealthy_count:
        yield f"{format_count(totals.unhealthy_count, 'source is', 'sources are')} unhealthy: see the top of the list."


def find_delivery_problems(report: StatusReport, zone: tzinfo | None) -> Iterator[str]:
    """Yield a sentence if deliveries failed, were rejected, are being retried, or have been pending for long."""
    counts = report.outbox
    if counts.failed:
        yield (
            f"{format_count(counts.failed, 'delivery has', 'deliveries have')} failed: "
            f"see `monitor deliveries list --state {DeliveryState.FAILED}`, then `monitor deliveries resend ID`, "
            "or put them away with `monitor deliveries dismiss ID`."
        )
    if counts.last_rejected_at and report.created_at - counts.last_rejected_at < RECENT_REJECTION_PERIOD:
        yield (
            f"A target rejected a digest at {format_time(counts.last_rejected_at, zone)}; it is not tried again: "
            f"see `monitor deliveries list --state {DeliveryState.REJECTED}`, fix the channel, "
            "then `monitor deliveries resend ID`, or put it away with `monitor deliveries dismiss ID`."
        )
    if counts.retried:
        yield (
            f"{format_count(counts.retried, 'delivery was', 'deliveries were')} not accepted and will be tried again: "
            f"{counts.retry_error}"
        )
    elif counts.oldest_pending_at and report.created_at - counts.oldest_pending_at > OVERDUE_AFTER:
        yield (
            f"A delivery has been pending since {format_time(counts.oldest_pending_at, zone)}: "
            "see its last error in `monitor deliveries list`."
        )


def find_abandoned_problems(abandoned: Sequence[AbandonedArticle]) -> Iterator[str]:
    """Yield a sentence for each source with abandoned articles, which failed and are not tried again."""
    for source_id, group in groupby(abandoned, key=lambda article: article.source_id):
        articles = list(group)
        last = articles[-1]
        count = format_count(len(articles), "article", "articles")
        yield (
            f"{count} of {source_id} could not be processed and will not be tried again, the last one {last.url} "
            f"({last.error}): `monitor articles release {source_id}` tries them once more."
        )


def find_idle_problems(report: StatusReport, zone: tzinfo | None = None) -> Iterator[str]:
    """Yield a sentence if nothing was ever polled, or if the daemon is stopped and no other process polls."""
    totals = report.totals
    last_poll_at = totals.last_poll_at
    daemon = report.daemon
    if daemon.state == "never seen" and last_poll_at is None:
        yield "Nothing was polled yet: start the daemon with `monitor run`, or run one pass with `monitor poll`."
    if daemon.state != "stopped" or daemon.seen_at is None:
        return
    if last_poll_at is None or last_poll_at <= daemon.seen_at:
        yield f"The daemon was stopped at {format_time(daemon.seen_at, zone)}: start it with `monitor run`."
    elif totals.due_at and report.created_at - totals.due_at > OVERDUE_AFTER:
        since = format_time(totals.due_at, zone)
        yield f"The daemon is stopped, and sources have been due since {since}: start it with `monitor run`."


def describe_source(poll_state: PollState) -> str:
    """Return the problem of a source and a suggestion, or an empty string if nothing needs to be reported.

    If entries of the last document were quarantined (stored without a report), merged or dropped, the text also has the
    numbers of entries.
    """
    counts = poll_state.counts
    is_notable = counts.quarantined or counts.merged or counts.empty or counts.left_out or counts.unaccounted
    problem = ". Suggestion: ".join(filter(None, (poll_state.detail, poll_state.suggestion)))
    return ". ".join(filter(None, (problem, f"Last document: {counts}" if is_notable else "")))


def format_time(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """Format a time to the minute, with its time zone. The result for None is "-".

    Without ``zone``, the time zone of this machine is used.
    """
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if moment else "-"


def format_age(moment: datetime | None, now: datetime) -> str:
    """Format the time since ``moment`` in its largest unit, such as "3h ago". The result for None is "never"."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit} ago"
    return f"{seconds}s ago"


def severity_key(source: SourceStatus) -> tuple[int, str]:
    """Return a sort key for a source: the most severe state is first, and equal states are sorted by id."""
    return STATE_ORDER.index(source.poll_state.state.value), source.poll_state.source_id


def summarize_sources(totals: SourceTotals) -> str:
    """Return a sentence with the numbers of healthy, new and paused sources."""
    healthy_count = totals.by_state[SourceState.OK] - totals.new_count
    watched = format_count(totals.watched_count, "source")
    summary = f"{healthy_count} of {watched} {'is' if healthy_count == 1 else 'are'} healthy"
    if totals.new_count:
        summary += f", {totals.new_count} not polled yet"
    if paused_count := totals.by_state[SourceState.PAUSED]:
        summary += f"; {paused_count} paused"
    return summary + "."
