"""Status: one screen that answers whether it is well, and if not, what to do."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, count, emit, load, table, when
from monitor.cli.crew import CrewSight, crew_lines, crew_needs, crew_record, look_at_crew
from monitor.domain.errors import ConfigError
from monitor.pipeline.care import is_short

if TYPE_CHECKING:
    from monitor.domain.archive import DatabaseFacts, OutboxCounts, Room, Snapshot, SourceLine

ORDER = ("gone", "blocked", "moved", "failing", "gap", "quiet", "ok", "paused")
FEW = 2
"""When more than so many sources fail, and no other is left, the fault is hardly theirs."""

SCREEN = 20
"""So many sources are listed even if all are well."""

SILENT, LATE, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
PACE = 2.0

All = Annotated[bool, typer.Option("--all", help="List the sources that are well, too.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds, until Ctrl-C.")]


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the daemon last said of itself: running, stopped, silent (it should run and does not), or never seen."""

    state: str = "never seen"
    seen_at: datetime | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """All that one look brought."""

    config: Path
    sources: "tuple[SourceLine, ...]"
    outbox: "OutboxCounts"
    database: "DatabaseFacts"
    snapshot: "Snapshot | None"
    faults: tuple[str, ...]
    daemon: Daemon
    at: datetime
    crew: CrewSight = field(default_factory=CrewSight)
    room: "Room | None" = None


def status(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    everything: All = False,
    watch: Watch = False,
    json: Json = False,
) -> None:
    """Say whether all is well, and if not, what to do."""
    while True:
        sight = look(config, database)
        if watch and not json:
            clear()
        if json:
            emit(record(sight))
        else:
            show(sight, everything=everything)
        if not watch:
            return
        sleep(PACE)


def clear() -> None:
    """Empty the screen."""
    from rich.console import Console

    Console().clear()


def look(config: Path, database: str) -> Sight:
    """Look at the database. A faulty configuration is part of the answer, as long as its database can be found.

    Raises ``ConfigError`` if it cannot.
    """
    from monitor.config.reload import find_database
    from monitor.store.database import SqlDatabase

    faults: tuple[str, ...] = ()
    try:
        url = load(config, database).settings.database.reveal()
    except ConfigError as error:
        faults = tuple(map(str, error.faults))
        found = find_database(config, os.environ)
        if not database and found is None:
            raise
        url = database or (found.reveal() if found else "")
    opened = SqlDatabase.open(url)
    try:
        now = datetime.now(UTC)
        return Sight(
            config=config,
            sources=tuple(opened.archive.sources()),
            outbox=opened.deliveries.counts(),
            database=opened.archive.facts(),
            snapshot=opened.ledger.snapshot(),
            faults=faults,
            daemon=read_daemon(opened.ledger.get("daemon"), now),
            at=now,
            crew=look_at_crew(opened, now),
            room=opened.upkeep.room(),
        )
    finally:
        opened.close()


def read_daemon(fact: str, now: datetime) -> Daemon:
    """Read what the daemon writes into the database every minute, and when it ends."""
    if not fact:
        return Daemon()
    said = loads(fact)
    seen_at = datetime.fromisoformat(said["at"])
    state = "stopped" if said["stopped"] else "silent" if now - seen_at > SILENT else "running"
    return Daemon(state, seen_at, tuple(said["faults"]))


def record(sight: Sight) -> dict[str, object]:
    """Give the keys of ``status --json``."""
    counts, snapshot = sight.outbox, sight.snapshot
    return {
        "well": not list(needs(sight)),
        "sources": [source_record(line) for line in sight.sources],
        "outbox": {"pending": counts.pending, "dead": counts.dead, "oldest_at": counts.oldest_at},
        "config": {
            "loaded_at": snapshot.loaded_at if snapshot else None,
            "faults": list(config_faults(sight)),
        },
        "database": {name: getattr(sight.database, name) for name in sight.database.__dataclass_fields__},
        "daemon": asdict(sight.daemon),
        **crew_record(sight.crew, sight.at),
    }


def config_faults(sight: Sight) -> tuple[str, ...]:
    """Return the faults of the file; without any, why the daemon holds it back all the same."""
    return sight.faults or (sight.snapshot.faults if sight.snapshot else ())


def source_record(line: "SourceLine") -> dict[str, object]:
    """Give a source's keys of ``status --json``."""
    memory = line.memory
    return {
        "id": memory.source_id,
        "state": memory.state,
        "detail": memory.detail,
        "remedy": memory.remedy,
        "last_success_at": memory.last_success_at,
        "next_poll_at": memory.next_poll_at,
        "failures": memory.failures,
        "articles": line.articles,
    }


def needs(sight: Sight) -> Iterator[str]:
    """Yield what needs somebody, each with what to do."""
    daemon, counts = sight.daemon, sight.outbox
    if faults := config_faults(sight):
        stays = f" and that of {when(sight.snapshot.loaded_at)} stays in use" if sight.snapshot else ""
        listed = "".join(f"\n    {fault}" for fault in faults)
        yield f"The configuration cannot be taken over{stays}: mend the file and save it.{listed}"
    if daemon.state == "silent":
        yield f"The daemon is silent since {when(daemon.seen_at)}: see its log, and start it by monitor run."
    if daemon.state == "running":
        yield from (f"The daemon reports: {fault}." for fault in daemon.faults)
    if sight.room and not daemon.faults and is_short(sight.room, already=False):
        yield (
            f"Only {sight.room.free / 1e6:.1f} MB are free on the database's disk: "
            "nothing new is collected until there is more."
        )
    yield from idle(sight)
    yield from crew_needs(sight.crew, sight.at)
    if counts.dead:
        yield (
            f"{count(counts.dead, 'delivery was', 'deliveries were')} given up: see monitor outbox list --state dead, "
            "then monitor outbox replay ID."
        )
    if counts.refused_at and sight.at - counts.refused_at < DAY:
        yield (
            f"A target refused a digest at {when(counts.refused_at)}, and it is not tried again: "
            "see monitor outbox list --state refused, mend the channel, then monitor outbox replay ID."
        )
    if counts.oldest_at and sight.at - counts.oldest_at > LATE:
        yield f"A delivery waits since {when(counts.oldest_at)}: see monitor outbox list for what its target answers."
    ill = [line for line in sight.sources if ORDER.index(line.memory.state.value) < ORDER.index("ok")]
    failing = [line for line in ill if line.memory.state.value == "failing"]
    watched = [line for line in sight.sources if line.memory.state.value != "paused"]
    if len(failing) == len(watched) > FEW:
        yield (
            f"None of the {len(failing)} sources can be read: is this machine online (network, name servers, firewall)?"
        )
    elif ill:
        yield f"{count(len(ill), 'source needs', 'sources need')} a look: they stand at the top of the list."


def idle(sight: Sight) -> Iterator[str]:
    """Yield that nobody reads the sources, where a daemon was stopped or was never started, nor a pass made by hand."""
    watched = [line.memory for line in sight.sources if line.memory.state.value != "paused"]
    tried = any(memory.last_attempt_at or memory.last_success_at for memory in watched)
    if sight.daemon.state == "never seen" and not tried:
        yield "Nothing was read yet: start the daemon by monitor run, or try one pass by monitor poll."
    due = min((memory.next_poll_at for memory in watched if memory.next_poll_at), default=None)
    if sight.daemon.state == "stopped" and due and sight.at - due > LATE:
        yield f"The daemon was stopped, and sources are due since {when(due)}: start it by monitor run."


def show(sight: Sight, *, everything: bool) -> None:
    """Print the screen."""
    said = list(needs(sight))
    for need in said:
        typer.echo(f"! {need}")
    typer.echo("" if said else "All is well.")
    lines = sorted(sight.sources, key=urgency)
    if not everything and len(lines) > SCREEN:
        lines = [line for line in lines if ORDER.index(line.memory.state.value) < ORDER.index("ok")]
    if lines or not sight.sources:
        show_sources(sight, lines)
    typer.echo(verdict(sight.sources) + ("" if len(lines) == len(sight.sources) else " --all lists every one."))
    facts, counts = sight.database, sight.outbox
    typer.echo(
        f"{facts.articles} articles, {facts.unread} pages to read, {facts.unscreened} to screen; "
        f"{counts.pending} deliveries pending, {counts.dead} dead, {counts.refused} refused."
    )
    for line in crew_lines(sight.crew, sight.at):
        typer.echo(line)
    loaded = f" configuration of {when(sight.snapshot.loaded_at)};" if sight.snapshot else ""
    seen = f", seen {when(sight.daemon.seen_at)}" if sight.daemon.seen_at else ""
    typer.echo(f"Daemon {sight.daemon.state}{seen};{loaded} database {facts.size / 1e6:.1f} MB ({facts.engine}).")


def show_sources(sight: Sight, lines: "list[SourceLine]") -> None:
    """Print the sources, those that need somebody first."""
    table(
        ("source", "state", "read", "articles", "what is wrong, and what helps"),
        (
            (
                line.memory.source_id,
                line.memory.state.value,
                age(line.memory.last_success_at, sight.at),
                line.articles,
                ". What helps: ".join(filter(None, (line.memory.detail, line.memory.remedy))),
            )
            for line in lines
        ),
        f"No source was registered yet: run 'monitor poll' or 'monitor run' with {sight.config}.",
    )


def age(moment: datetime | None, now: datetime) -> str:
    """Say how long ago something was, in a few letters."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit} ago"
    return f"{seconds}s ago"


def urgency(line: "SourceLine") -> tuple[int, str]:
    """Sort what needs somebody's eye to the top."""
    return ORDER.index(line.memory.state.value), line.memory.source_id


def verdict(lines: "tuple[SourceLine, ...]") -> str:
    """Sum the sources up in one sentence."""
    watched = [line for line in lines if line.memory.state.value != "paused"]
    well = [line for line in watched if line.memory.state.value == "ok" and line.memory.last_success_at]
    waiting = [line for line in watched if line.memory.state.value == "ok" and not line.memory.last_success_at]
    said = f"{len(well)} of {count(len(watched), 'source is', 'sources are')} well"
    if waiting:
        said += f", {len(waiting)} not polled yet"
    if paused := len(lines) - len(watched):
        said += f"; {paused} paused"
    return said + "."
