"""Status: one screen that answers whether it is well, and if not, what to do.

Workers in ``monitor status``: who is alive, what they have done, and what waits for them.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    format_count,
    format_time,
    load_config,
    print_json,
    print_table,
)
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import ConfigError
from monitor.domain.workers import DEAD_WORKER_RETENTION, WORKER_TIMEOUT, QueueCounts, WorkerHeartbeat
from monitor.pipeline.maintenance import is_disk_space_low

if TYPE_CHECKING:
    from monitor.store.database import SqlDatabase


@dataclass(frozen=True, slots=True)
class WorkerOverview:
    """What one look at workers and queue brought; without PostgreSQL there are none."""

    heartbeats: tuple[WorkerHeartbeat, ...] = ()
    job_counts: QueueCounts = field(default_factory=QueueCounts)


def load_worker_overview(database: "SqlDatabase", now: datetime) -> WorkerOverview:
    """Look at the workers that spoke of late, and count the jobs."""
    from monitor.pipeline.worker_jobs import load_heartbeats

    if database.job_queue is None:
        return WorkerOverview()
    words = tuple(word for word in load_heartbeats(database.key_values) if now - word.at <= DEAD_WORKER_RETENTION)
    return WorkerOverview(words, database.job_queue.count_jobs())


def worker_state(heartbeat: WorkerHeartbeat, now: datetime) -> str:
    """Tell whether a worker is alive, by its last word."""
    return "silent" if now - heartbeat.at > WORKER_TIMEOUT else "alive"


def workers_record(overview: WorkerOverview, now: datetime) -> dict[str, object]:
    """Give the keys of ``status --json`` that speak of workers."""
    workers = [
        {
            "id": word.name,
            "state": worker_state(word, now),
            "seen_at": word.at,
            "began_at": word.began_at,
            "running": word.running,
            "done": word.done,
            "failed": word.failed,
            "articles": word.new,
            "faults": list(word.faults),
        }
        for word in overview.heartbeats
    ]
    queue = overview.job_counts
    return {
        "workers": workers,
        "jobs": {"queued": queue.queued, "running": queue.running, "failed": queue.failed},
    }


def find_worker_problems(overview: WorkerOverview, now: datetime) -> Iterator[str]:
    """Yield what is wrong with workers, each with what to do."""
    for word in overview.heartbeats:
        if worker_state(word, now) == "silent":
            yield (
                f"Worker {word.name} is silent since {format_time(word.at)}: see its log, "
                "and start it by monitor worker; "
                "others have taken its work over."
            )
        else:
            yield from (f"Worker {word.name} reports: {fault}." for fault in word.faults)


def format_workers(overview: WorkerOverview, now: datetime) -> Iterator[str]:
    """Yield a line for the queue and one for each worker; nothing where there are no workers."""
    queue = overview.job_counts
    if not (overview.heartbeats or queue.workers or queue.queued):
        return
    alive = f"{queue.workers} worker{'s' if queue.workers != 1 else ''}"
    yield f"{alive}; {queue.queued} jobs queued, {queue.running} running, {queue.failed} failed."
    for word in overview.heartbeats:
        yield (
            f"  {word.name}: {worker_state(word, now)}, seen {format_time(word.at)}; "
            f"{word.done} jobs done, {word.failed} failed, "
            f"{word.running} running, {word.new} new articles."
        )


if TYPE_CHECKING:
    from monitor.domain.read_models import DatabaseInfo, DiskSpace, OutboxCounts, SavedConfiguration, SourceStatus


STATE_ORDER = ("gone", "blocked", "moved", "failing", "gap", "quiet", "ok", "paused")
OUTAGE_THRESHOLD_SOURCES = 2
"""When more than so many sources fail, and no other is left, the fault is hardly theirs."""

MAX_LISTED_SOURCES = 20
"""So many sources are listed even if all are well."""

MAX_DAEMON_SILENCE, OVERDUE_AFTER, RECENT_REJECTION_PERIOD = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
REFRESH_SECONDS = 2.0

AllOption = Annotated[bool, typer.Option("--all", help="List the sources that are well, too.")]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds, until Ctrl-C.")]


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """What the daemon last said of itself: running, stopped, silent (it should run and does not), or never seen."""

    state: str = "never seen"
    seen_at: datetime | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusReport:
    """All that one look brought."""

    config: Path
    sources: "tuple[SourceStatus, ...]"
    outbox: "OutboxCounts"
    database: "DatabaseInfo"
    snapshot: "SavedConfiguration | None"
    config_errors: tuple[str, ...]
    daemon: DaemonStatus
    created_at: datetime
    workers: WorkerOverview = field(default_factory=WorkerOverview)
    disk_space: "DiskSpace | None" = None


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    everything: AllOption = False,
    watch: WatchOption = False,
    json: JsonOption = False,
) -> None:
    """Say whether all is well, and if not, what to do."""
    while True:
        sight = load_report(config, database)
        if watch and not json:
            clear_screen()
        if json:
            print_json(report_record(sight))
        else:
            print_report(sight, show_all=everything)
        if not watch:
            return
        sleep(REFRESH_SECONDS)


def clear_screen() -> None:
    """Empty the screen."""
    from rich.console import Console

    Console().clear()


def load_report(config: Path, database: str) -> StatusReport:
    """Look at the database. A faulty configuration is part of the answer, as long as its database can be found.

    Raises ``ConfigError`` if it cannot.
    """
    from monitor.config.reload import find_database_url
    from monitor.store.database import SqlDatabase

    faults: tuple[str, ...] = ()
    try:
        url = load_config(config, database).settings.database.reveal()
    except ConfigError as error:
        faults = tuple(map(str, error.issues))
        found = find_database_url(config, os.environ)
        if not database and found is None:
            raise
        url = database or (found.reveal() if found else "")
    opened = SqlDatabase.open(url)
    try:
        now = datetime.now(UTC)
        return StatusReport(
            config=config,
            sources=tuple(opened.queries.list_sources()),
            outbox=opened.deliveries.count_outbox(),
            database=opened.queries.get_database_info(),
            snapshot=opened.key_values.get_saved_configuration(),
            config_errors=faults,
            daemon=parse_daemon_status(opened.key_values.get("daemon"), now),
            created_at=now,
            workers=load_worker_overview(opened, now),
            disk_space=opened.maintenance.measure_disk_space(),
        )
    finally:
        opened.close()


def parse_daemon_status(text: str, now: datetime) -> DaemonStatus:
    """Read what the daemon writes into the database every minute, and when it ends."""
    if not text:
        return DaemonStatus()
    said = loads(text)
    seen_at = datetime.fromisoformat(said["at"])
    state = "stopped" if said["stopped"] else "silent" if now - seen_at > MAX_DAEMON_SILENCE else "running"
    return DaemonStatus(state, seen_at, tuple(said["faults"]))


def report_record(report: StatusReport) -> dict[str, object]:
    """Give the keys of ``status --json``."""
    counts, snapshot = report.outbox, report.snapshot
    return {
        "well": not list(find_problems(report)),
        "sources": [source_record(line) for line in report.sources],
        "outbox": {"pending": counts.pending, "dead": counts.failed, "oldest_at": counts.oldest_pending_at},
        "config": {
            "loaded_at": snapshot.loaded_at if snapshot else None,
            "faults": list(find_config_errors(report)),
        },
        "database": {name: getattr(report.database, name) for name in report.database.__dataclass_fields__},
        "daemon": asdict(report.daemon),
        **workers_record(report.workers, report.created_at),
    }


def find_config_errors(report: StatusReport) -> tuple[str, ...]:
    """Return the faults of the file; without any, why the daemon holds it back all the same."""
    return report.config_errors or (report.snapshot.faults if report.snapshot else ())


def source_record(source: "SourceStatus") -> dict[str, object]:
    """Give a source's keys of ``status --json``."""
    memory = source.poll_state
    return {
        "id": memory.source_id,
        "state": memory.state,
        "detail": memory.detail,
        "remedy": memory.suggestion,
        "last_success_at": memory.last_success_at,
        "next_poll_at": memory.next_poll_at,
        "failures": memory.failures,
        "articles": source.article_count,
    }


def find_problems(report: StatusReport) -> Iterator[str]:
    """Yield what needs somebody, each with what to do."""
    daemon, counts = report.daemon, report.outbox
    if faults := find_config_errors(report):
        stays = f" and that of {format_time(report.snapshot.loaded_at)} stays in use" if report.snapshot else ""
        listed = "".join(f"\n    {fault}" for fault in faults)
        yield f"The configuration cannot be taken over{stays}: mend the file and save it.{listed}"
    if daemon.state == "silent":
        yield f"The daemon is silent since {format_time(daemon.seen_at)}: see its log, and start it by monitor run."
    if daemon.state == "running":
        yield from (f"The daemon reports: {fault}." for fault in daemon.faults)
    if report.disk_space and not daemon.faults and is_disk_space_low(report.disk_space, was_low=False):
        yield (
            f"Only {report.disk_space.free_bytes / 1e6:.1f} MB are free on the database's disk: "
            "nothing new is collected until there is more."
        )
    yield from find_idle_problems(report)
    yield from find_worker_problems(report.workers, report.created_at)
    if counts.failed:
        yield (
            f"{format_count(counts.failed, 'delivery was', 'deliveries were')} given up: "
            f"see monitor deliveries list --state {DeliveryState.FAILED}, "
            "then monitor deliveries resend ID."
        )
    if counts.last_rejected_at and report.created_at - counts.last_rejected_at < RECENT_REJECTION_PERIOD:
        yield (
            f"A target refused a digest at {format_time(counts.last_rejected_at)}, and it is not tried again: "
            f"see monitor deliveries list --state {DeliveryState.REJECTED}, fix the channel, "
            "then monitor deliveries resend ID."
        )
    if counts.oldest_pending_at and report.created_at - counts.oldest_pending_at > OVERDUE_AFTER:
        yield (
            f"A delivery waits since {format_time(counts.oldest_pending_at)}: "
            "see monitor deliveries list for what its target answers."
        )
    ill = [line for line in report.sources if STATE_ORDER.index(line.poll_state.state.value) < STATE_ORDER.index("ok")]
    failing = [line for line in ill if line.poll_state.state.value == "failing"]
    watched = [line for line in report.sources if line.poll_state.state.value != "paused"]
    if len(failing) == len(watched) > OUTAGE_THRESHOLD_SOURCES:
        yield (
            f"None of the {len(failing)} sources can be read: is this machine online (network, name servers, firewall)?"
        )
    elif ill:
        yield f"{format_count(len(ill), 'source needs', 'sources need')} a look: they stand at the top of the list."


def find_idle_problems(report: StatusReport) -> Iterator[str]:
    """Yield that nobody reads the sources, where a daemon was stopped or was never started, nor a pass made by hand."""
    watched = [line.poll_state for line in report.sources if line.poll_state.state.value != "paused"]
    tried = any(memory.last_attempt_at or memory.last_success_at for memory in watched)
    if report.daemon.state == "never seen" and not tried:
        yield "Nothing was read yet: start the daemon by monitor run, or try one pass by monitor poll."
    due = min((memory.next_poll_at for memory in watched if memory.next_poll_at), default=None)
    if report.daemon.state == "stopped" and due and report.created_at - due > OVERDUE_AFTER:
        yield f"The daemon was stopped, and sources are due since {format_time(due)}: start it by monitor run."


def print_report(report: StatusReport, *, show_all: bool) -> None:
    """Print the screen."""
    said = list(find_problems(report))
    for need in said:
        typer.echo(f"! {need}")
    typer.echo("" if said else "All is well.")
    lines = sorted(report.sources, key=severity_key)
    if not show_all and len(lines) > MAX_LISTED_SOURCES:
        lines = [line for line in lines if STATE_ORDER.index(line.poll_state.state.value) < STATE_ORDER.index("ok")]
    if lines or not report.sources:
        print_sources(report, lines)
    typer.echo(
        summarize_sources(report.sources) + ("" if len(lines) == len(report.sources) else " --all lists every one.")
    )
    facts, counts = report.database, report.outbox
    typer.echo(
        f"{facts.articles} articles, {facts.unread} pages to read, {facts.unscreened} to screen; "
        f"{counts.pending} deliveries pending, {counts.failed} dead, {counts.rejected} refused."
    )
    for line in format_workers(report.workers, report.created_at):
        typer.echo(line)
    loaded = f" configuration of {format_time(report.snapshot.loaded_at)};" if report.snapshot else ""
    seen = f", seen {format_time(report.daemon.seen_at)}" if report.daemon.seen_at else ""
    typer.echo(f"Daemon {report.daemon.state}{seen};{loaded} database {facts.size / 1e6:.1f} MB ({facts.engine}).")


def print_sources(report: StatusReport, sources: "list[SourceStatus]") -> None:
    """Print the sources, those that need somebody first."""
    print_table(
        ("source", "state", "read", "articles", "what is wrong, and what helps"),
        (
            (
                line.poll_state.source_id,
                line.poll_state.state.value,
                format_age(line.poll_state.last_success_at, report.created_at),
                line.article_count,
                ". What helps: ".join(filter(None, (line.poll_state.detail, line.poll_state.suggestion))),
            )
            for line in sources
        ),
        f"No source was registered yet: run 'monitor poll' or 'monitor run' with {report.config}.",
    )


def format_age(moment: datetime | None, now: datetime) -> str:
    """Say how long ago something was, in a few letters."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit} ago"
    return f"{seconds}s ago"


def severity_key(source: "SourceStatus") -> tuple[int, str]:
    """Sort what needs somebody's eye to the top."""
    return STATE_ORDER.index(source.poll_state.state.value), source.poll_state.source_id


def summarize_sources(sources: "tuple[SourceStatus, ...]") -> str:
    """Sum the sources up in one sentence."""
    watched = [line for line in sources if line.poll_state.state.value != "paused"]
    well = [line for line in watched if line.poll_state.state.value == "ok" and line.poll_state.last_success_at]
    waiting = [line for line in watched if line.poll_state.state.value == "ok" and not line.poll_state.last_success_at]
    said = f"{len(well)} of {format_count(len(watched), 'source is', 'sources are')} well"
    if waiting:
        said += f", {len(waiting)} not polled yet"
    if paused := len(sources) - len(watched):
        said += f"; {paused} paused"
    return said + "."
