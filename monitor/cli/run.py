"""Run: one pass, or the daemon."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, count, emit, ids, load, program
from monitor.domain.delivery import Sent
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.pipeline.line import Progress, Tally


def poll(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", show_default=False, autocompletion=ids("sources"))
    ] = None,
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    json: Json = False,
) -> None:
    """Make one whole pass over what is due, or over the named sources at once."""
    import uvloop

    from monitor.app import poll_once
    from monitor.config.reload import Reloader
    from monitor.match.review import review_watch

    configuration = load(config, database, secrets=True)
    known = {source.id: source for source in configuration.sources}
    for name in sources or ():
        if name not in known:
            raise UsageError(f"There is no source '{name}' in {config}. It has: {', '.join(sorted(known)) or 'none'}.")
        if known[name].paused:
            raise UsageError(f"The source '{name}' is paused in {config}: {known[name].paused}")
    named = frozenset(sources) if sources else None
    with progress_bar() as progress:
        kept = partial(Reloader, config, os.environ, checks=(review_watch,))
        tally = uvloop.run(poll_once(configuration, named, progress, reloader=kept))
    if json:
        emit(summary(tally))
    else:
        tell(tally)


def summary(tally: "Tally") -> dict[str, Any]:
    """Sum a pass up for a program."""
    receipts = [type(attempt.receipt).__name__.lower() for attempt in tally.attempts]
    return {
        "sources": len({poll.source_id for poll in tally.polls}),
        "entries": sum(poll.entries for poll in tally.polls),
        "new": sum(poll.new for poll in tally.polls),
        "pages": sum(not reading.error for reading in tally.readings),
        "screened": tally.screening.articles,
        "hits": tally.screening.hits,
        "digests": [{"digest": digest.id, "stories": len(digest.stories)} for digest in tally.digests],
        "deliveries": {kind: receipts.count(kind) for kind in ("sent", "retry", "refused")},
        "faults": [
            {"source": poll.source_id, "state": poll.after, "detail": poll.detail}
            for poll in tally.polls
            if poll.detail
        ],
    }


def tell(tally: "Tally") -> None:
    """Say what happened, and what needs somebody's eye."""
    sums = summary(tally)
    typer.echo(
        f"{count(sums['sources'], 'source')} polled, {count(sums['new'], 'new article')}, "
        f"{count(sums['pages'], 'page')} read, {sums['screened']} screened, {count(sums['hits'], 'hit')}."
    )
    for digest in tally.digests:
        typer.echo(f"Digest {digest.id}: {count(len(digest.stories), 'story', 'stories')}.")
    for attempt in tally.attempts:
        message, receipt = attempt.delivery.message, attempt.receipt
        said = receipt.detail if isinstance(receipt, Sent) else receipt.reason
        typer.echo(f"  {type(receipt).__name__.lower()} to {message.channel_id}: {message.target}: {said}")
    for poll_ in tally.polls:
        if poll_.detail:
            typer.echo(f"  {poll_.source_id}: {poll_.after.value}: {poll_.detail}", err=True)
    if any(poll_.detail for poll_ in tally.polls):
        typer.echo(f"What helps against these: {program()} status", err=True)


def progress_bar() -> "AbstractContextManager[Progress]":
    """Show what is going on while it goes on, on a terminal; nothing when piped."""
    if not sys.stderr.isatty():
        return nullcontext(lambda _what, _count: None)
    return _Bar()


class _Bar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.status import Status

        self._status: Any = Status("starting", console=Console(stderr=True))

    def __enter__(self) -> "Progress":
        self._status.start()
        return lambda what, count: self._status.update(f"{count} {what}")

    def __exit__(self, *_: object) -> None:
        self._status.stop()


def run(config: Config = DEFAULT_CONFIG, database: DatabaseUrl = "") -> None:
    """Watch until told to stop: the daemon. It takes the configuration over whenever the file is saved."""
    import uvloop

    from monitor.daemon import serve

    uvloop.run(serve(config, os.environ, database))


def worker(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=1000, help="So many side by side.")] = 32,
    probes: Annotated[
        str, typer.Option("--probes", metavar="HOST:PORT", help="Answer /readyz and /metrics.", show_default=False)
    ] = "",
) -> None:
    """Collect for the daemon, on as many machines as wanted; needs PostgreSQL."""
    import uvloop

    from monitor.config.values import parse_door
    from monitor.worker import serve

    try:
        door = parse_door(probes) if probes else None
    except ValueError as error:
        raise UsageError(f"--probes: {error}") from None
    uvloop.run(serve(config, os.environ, database, jobs, door))
