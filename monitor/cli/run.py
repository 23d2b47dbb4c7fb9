"""Commands ``monitor poll``, ``monitor run`` and ``monitor worker``."""

import os
import sys
from collections import Counter
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    VerboseOption,
    complete_ids,
    load_config,
    print_json,
    program_name,
)
from monitor.cli.digests import format_attempt
from monitor.domain.delivery import Rejected, Retry, Sent
from monitor.domain.errors import UsageError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.pipeline.one_pass import PassResult, ProgressCallback


T = TypeVar("T")
EXIT_FAILED = 3


def run_on_uvloop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a uvloop event loop and return its result."""
    import uvloop

    return uvloop.run(coroutine)


def poll(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="Ids of sources to poll, whether due or not.",
            show_default=False,
            autocompletion=complete_ids("sources"),
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    verbose: VerboseOption = False,
    json: JsonOption = False,
) -> None:
    """Run one pass: poll the due sources, or the given ones, then match and deliver.

    Exits with 3 if every polled source, or every delivery, failed.
    """
    from monitor.app import run_one_pass
    from monitor.config.reload import Reloader
    from monitor.match.lint import find_watchlist_errors

    configuration = load_config(config, database, resolve_secrets=True, log_level="DEBUG" if verbose else "WARNING")
    known = {source.id: source for source in configuration.sources}
    for name in sources or ():
        if name not in known:
            raise UsageError(f"There is no source '{name}' in {config}. It has: {', '.join(sorted(known)) or 'none'}.")
        if known[name].paused:
            raise UsageError(f"The source '{name}' is paused in {config}: {known[name].paused}")
    named = frozenset(sources) if sources else None
    with progress_bar() as progress:
        build_reloader = partial(Reloader, config, os.environ, checks=(find_watchlist_errors,))
        result = run_on_uvloop(run_one_pass(configuration, named, progress, build_reloader=build_reloader))
    if json:
        print_json(pass_record(result))
    else:
        print_pass(result)
    if has_failed_everywhere(result):
        raise typer.Exit(EXIT_FAILED)


def has_failed_everywhere(result: "PassResult") -> bool:
    """Return whether a pass (one run of the pipeline) failed completely.

    This is true if it polled sources but could read none of them, or if it tried to send deliveries but could send none
    of them.
    """
    from monitor.pipeline.poll_plan import PollOutcome

    failures = {PollOutcome.FAILED, PollOutcome.BLOCKED, PollOutcome.GONE}
    return (bool(result.polls) and all(poll_.outcome in failures for poll_ in result.polls)) or (
        bool(result.attempts) and not any(isinstance(attempt.receipt, Sent) for attempt in result.attempts)
    )


def pass_record(result: "PassResult") -> dict[str, Any]:
    """Return the JSON record of a pass (one run of the pipeline) that ``poll --json`` prints."""
    results = Counter(type(attempt.receipt) for attempt in result.attempts)
    return {
        "sources": len({poll.source_id for poll in result.polls}),
        "entries": sum(poll.entry_count for poll in result.polls),
        "new": sum(poll.new_count for poll in result.polls),
        "pages": sum(not reading.error for reading in result.pages),
        "matched": result.matching.article_count,
        "hits": result.matching.hit_count,
        "digests": [{"digest": digest.plan_id, "stories": len(digest.stories)} for digest in result.digests],
        "deliveries": {kind.outcome: results[kind] for kind in (Sent, Retry, Rejected)},
        "problems": [
            {"source": poll.source_id, "state": poll.state_after, "detail": poll.detail}
            for poll in result.polls
            if poll.detail
        ],
        "digest_problem": result.digest_problem,
        "worker_problem": result.worker_problem,
    }


def print_pass(result: "PassResult") -> None:
    """Print what a pass (one run of the pipeline) has done: counts, digests and deliveries.

    Problems are printed to standard error.
    """
    counts = pass_record(result)
    typer.echo(
        f"{format_count(counts['sources'], 'source')} polled, {format_count(counts['new'], 'new article')}, "
        f"{format_count(counts['pages'], 'page')} read, {counts['matched']} matched, "
        f"{format_count(counts['hits'], 'hit')}."
    )
    for digest in result.digests:
        typer.echo(f"Digest {digest.plan_id}: {format_count(len(digest.stories), 'story', 'stories')}.")
    for attempt in result.attempts:
        typer.echo(f"  {format_attempt(attempt)}")
    if result.digest_problem:
        typer.echo(f"Digests: {result.digest_problem}", err=True)
    if result.worker_problem:
        typer.echo(f"Worker processes: {result.worker_problem}", err=True)
    for poll_ in result.polls:
        if poll_.detail:
            typer.echo(f"  {poll_.source_id}: {poll_.state_after.value}: {poll_.detail}", err=True)
    if any(poll_.detail for poll_ in result.polls):
        typer.echo(f"Suggestions: {program_name()} status", err=True)


def progress_bar() -> "AbstractContextManager[ProgressCallback]":
    """Return a context manager that shows the progress on standard error, if this is a terminal."""
    if not sys.stderr.isatty():
        return nullcontext(lambda _step, _count: None)
    return _ProgressBar()


class _ProgressBar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.status import Status

        self._status: Any = Status("starting", console=Console(stderr=True))

    def __enter__(self) -> "ProgressCallback":
        self._status.start()
        return lambda step, count: self._status.update(f"{count} {step}")

    def __exit__(self, *_: object) -> None:
        self._status.stop()


def run(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", verbose: VerboseOption = False) -> None:
    """Run the daemon until it is stopped; it applies the configuration whenever the file is saved."""
    from monitor.daemon import run_daemon

    run_on_uvloop(run_daemon(config, os.environ, database, log_level=_log_level(verbose)))


def worker(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=1000, help="Maximum number of concurrent jobs.")] = 32,
    probes: Annotated[
        str,
        typer.Option(
            "--probes",
            metavar="HOST:PORT",
            help="Serve /livez, /readyz and /metrics at this address.",
            show_default=False,
        ),
    ] = "",
    verbose: VerboseOption = False,
) -> None:
    """Poll sources for the daemon, on any number of machines; needs PostgreSQL."""
    from monitor.domain.value_parsers import parse_host_port
    from monitor.worker import run_worker

    try:
        address = parse_host_port(probes) if probes else None
    except ValueError as error:
        raise UsageError(f"--probes: {error}") from None
    run_on_uvloop(run_worker(config, os.environ, database, jobs, address, log_level=_log_level(verbose)))


def _log_level(verbose: bool) -> str:
    return "DEBUG" if verbose else "INFO"
