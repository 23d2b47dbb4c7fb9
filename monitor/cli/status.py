"""Command ``monitor status``: health of daemon, workers, deliveries and sources, with suggestions."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    format_time,
    load_config,
    print_json,
    print_table,
    print_wrapped,
)
from monitor.domain.errors import ConfigError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.domain.read_models import SourceStatus
    from monitor.pipeline.status_report import StatusReport, WorkerOverview


def format_workers(overview: "WorkerOverview", now: datetime) -> Iterator[str]:
    """Yield a line about the job queue and a line for each worker process.

    Nothing is yielded if no worker process runs and no job is queued.
    """
    from monitor.pipeline.status_report import worker_state

    queue = overview.job_counts
    if not (overview.heartbeats or queue.workers or queue.queued):
        return
    alive = f"{queue.workers} worker{'s' if queue.workers != 1 else ''}"
    yield f"{alive}; {queue.queued} jobs queued, {queue.running} running, {queue.failed} failed."
    for heartbeat in overview.heartbeats:
        yield (
            f"  {heartbeat.name}: {worker_state(heartbeat, now)}, seen {format_time(heartbeat.at)}; "
            f"{heartbeat.done} jobs done, {heartbeat.failed} failed, "
            f"{heartbeat.running} running, {heartbeat.new} new articles."
        )


MAX_LISTED_SOURCES = 20
"""Maximum number of sources for which the report lists all of them. If there are more, it lists the ones with problems.

With ``--all``, all sources are listed in any case.
"""

REFRESH_SECONDS = 2.0

AllOption = Annotated[bool, typer.Option("--all", help="List healthy sources, too.")]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Refresh every two seconds until Ctrl-C.")]


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    everything: AllOption = False,
    watch: WatchOption = False,
    json: JsonOption = False,
) -> None:
    """Show health, problems and suggestions."""
    from monitor.pipeline.status_report import report_record

    while True:
        report = load_report(config, database)
        if watch and not json:
            clear_screen()
        if json:
            print_json(report_record(report))
        else:
            print_report(report, show_all=everything)
        if not watch:
            return
        sleep(REFRESH_SECONDS)


def clear_screen() -> None:
    """Clear the terminal."""
    from rich.console import Console

    Console().clear()


def load_report(config: Path, database: str) -> "StatusReport":
    """Read the status report from the database.

    Errors of the configuration are part of the report. Raises ``ConfigError`` only if the configuration has errors and
    the URL of the database cannot be found.
    """
    from monitor.config.reload import find_database_url
    from monitor.pipeline.status_report import read_status_report
    from monitor.store.database import Database, OpenMode

    errors: tuple[str, ...] = ()
    try:
        url = load_config(config, database).settings.database.reveal()
    except ConfigError as error:
        errors = tuple(map(str, error.issues))
        found = find_database_url(config, os.environ)
        if not database and found is None:
            raise
        url = database or (found.reveal() if found else "")
    opened = Database.open(url, OpenMode.READ_ONLY)
    try:
        return read_status_report(opened, datetime.now(UTC), config, errors)
    finally:
        opened.close()


def print_report(report: "StatusReport", *, show_all: bool) -> None:
    """Print the status report: problems, then sources, counts, worker processes and the daemon.

    ``show_all`` lists healthy sources, too, even if there are many.
    """
    from monitor.pipeline.status_report import (
        STATE_ORDER,
        find_problems,
        format_age,
        severity_key,
        summarize_sources,
    )

    problems = list(find_problems(report))
    for problem in problems:
        print_wrapped(f"! {problem}")
    typer.echo("" if problems else "Healthy: no problems found.")
    if note := describe_entries(report.sources):
        print_wrapped(note)
    listed = sorted(report.sources, key=severity_key)
    if not show_all and len(listed) > MAX_LISTED_SOURCES:
        listed = [
            source for source in listed if STATE_ORDER.index(source.poll_state.state.value) < STATE_ORDER.index("ok")
        ]
    if listed or not report.sources:
        print_sources(report, listed)
    typer.echo(
        summarize_sources(report.totals) + ("" if len(listed) == len(report.sources) else " --all lists every source.")
    )
    facts, counts = report.database, report.outbox
    pages = report.waiting_pages
    waiting = f" (the first was due {format_age(pages[0].due_at, report.created_at)})" if pages else ""
    print_wrapped(
        f"{format_count(facts.article_count, 'article')}, "
        f"{format_count(facts.pending_pages, 'page')} to read{waiting}, {facts.unmatched} to match; "
        f"{format_count(counts.pending, 'delivery', 'deliveries')} pending, "
        f"{counts.failed} failed, {counts.rejected} rejected."
    )
    for line in format_workers(report.workers, report.created_at):
        print_wrapped(line)
    if rescreened := report.last_rescreen:
        typer.echo(
            "Rules or officials edited: {articles} waiting articles matched again, {withdrawn} hits withdrawn, "
            "{added} added, {changed} changed.".format_map(rescreened)
        )
    loaded = f" configuration of {format_time(report.snapshot.loaded_at)};" if report.snapshot else ""
    seen = f", seen {format_time(report.daemon.seen_at)}" if report.daemon.seen_at else ""
    print_wrapped(
        f"Daemon {report.daemon.state}{seen};{loaded} database {facts.size_bytes / 1e6:.1f} MB ({facts.engine})."
    )


def format_day(at: datetime | None) -> str:
    """Return a time as a date in the local zone, or an empty text for None."""
    return f"{at.astimezone():%Y-%m-%d}" if at else ""


def print_sources(report: "StatusReport", sources: "list[SourceStatus]") -> None:
    """Print a table of sources with their states, problems and suggestions."""
    from monitor.pipeline.status_report import describe_source, format_age

    print_table(
        ("source", "state", "last success", "articles", "complete since", "problem and suggestion"),
        (
            (
                source.poll_state.source_id,
                source.poll_state.state.value,
                format_age(source.poll_state.last_success_at, report.created_at),
                source.article_count,
                format_day(report.complete_since(source)),
                describe_source(source.poll_state),
            )
            for source in sources
        ),
        f"No source is registered yet: run `monitor poll` or `monitor run` with {report.config}.",
    )


def describe_entries(sources: "tuple[SourceStatus, ...]") -> str:
    """Return a line about entries (articles in the last document of each source) that were not stored as usual.

    The line states how many entries were quarantined, repeated, empty, left out because their document is too long or
    cut off, or not counted at all. It is empty if there are no such entries.
    """
    counts = [source.poll_state.counts for source in sources]
    parts = [
        f"{count} {label}"
        for count, label in (
            (sum(one.quarantined for one in counts), "in quarantine"),
            (sum(one.merged for one in counts), "listed twice"),
            (sum(one.empty for one in counts), "empty"),
            (sum(one.left_out for one in counts), "left out of documents that are too long or cut off"),
            (sum(one.unaccounted for one in counts), "unaccounted for"),
        )
        if count
    ]
    return f"Entries of the last documents: {', '.join(parts)}; `monitor status --all` lists them." if parts else ""
