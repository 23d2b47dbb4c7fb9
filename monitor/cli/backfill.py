"""Command ``monitor backfill``: store older articles of sources, without reporting them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import require_known_id
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    complete_ids,
    load_config,
    print_json_lines,
    print_text,
)
from monitor.cli.run import progress_bar, run_on_uvloop
from monitor.domain.errors import UsageError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.domain.backfill import BackfillProgress
    from monitor.domain.configuration import Configuration
    from monitor.domain.source import Source

EXIT_INCOMPLETE = 3


def backfill(
    since: Annotated[
        str,
        typer.Option("--since", metavar="DATE", help="From this day on, or a length such as 90d.", show_default=False),
    ],
    source: Annotated[
        str,
        typer.Argument(
            metavar="[SOURCE]", help="Id of a source.", show_default=False, autocompletion=complete_ids("sources")
        ),
    ] = "",
    official: Annotated[
        str,
        typer.Option(
            "--official",
            metavar="ID",
            help="All sources whose texts can name this official.",
            show_default=False,
            autocompletion=complete_ids("officials"),
        ),
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1_000_000, help="Maximum number of articles of each source.")
    ] = 5000,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Store the articles that a source published before it was watched; they are not reported.

    The articles are found in the sitemaps and listing pages of the source. A repeated command continues where the last
    one ended. Exits with 3 if the archive of a source is not complete yet.
    """
    from zoneinfo import ZoneInfo

    from monitor.app import run_backfill
    from monitor.insight.search import parse_moment

    configuration = load_config(config, database, resolve_secrets=True)
    if bool(source) == bool(official):
        raise UsageError("name either a source, or --official with the id of an official")
    require_known_id("source", source, (one.id for one in configuration.sources), config)
    require_known_id("official", official, (one.id for one in configuration.watchlist.officials), config)
    now = datetime.now(UTC)
    zone = ZoneInfo(configuration.settings.timezone)
    since_at = parse_moment(since, zone, now)
    if since_at is None or since_at >= now:
        raise UsageError(f"--since {since!r} must be a day in the past, such as 2025-01-01")
    since_at = since_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    sources = choose_sources(configuration, source, official)
    with progress_bar() as progress:
        results = run_on_uvloop(run_backfill(configuration, sources, since_at, limit, progress))
    if json:
        print_json_lines(map(_record, results))
    else:
        for one in results:
            print_text(describe(one))
    if not all(one.is_complete for one in results):
        raise typer.Exit(EXIT_INCOMPLETE)


def choose_sources(configuration: "Configuration", source_id: str, official_id: str) -> "list[Source]":
    """Return the sources whose archives are to be read.

    If ``source_id`` is given, only this source is returned. Otherwise, all sources are returned that are not paused,
    except sources in a script (such as Cyrillic) in which the names of the official ``official_id`` cannot be found.
    Raises ``UsageError`` if the source is paused, or if no source is left.
    """
    from monitor.match.names.coverage import Coverage, find_coverage, find_script_of_language

    active = [one for one in configuration.sources if not one.paused]
    if source_id:
        found = [one for one in active if one.id == source_id]
        if not found:
            raise UsageError(f"the source {source_id!r} is paused; delete `paused` to read its archive")
        return found
    official = next(one for one in configuration.watchlist.officials if one.id == official_id)
    scripts = {one.id: find_script_of_language(one.language) if one.language else "" for one in active}
    found = [
        one for one in active if not scripts[one.id] or find_coverage(official, scripts[one.id]) is not Coverage.NONE
    ]
    if not found:
        raise UsageError(f"no source has texts in which {official_id} can be found; see `monitor officials forms`")
    return found


def describe(progress: "BackfillProgress") -> str:
    """Return a text that describes the backfill of a source: the reading of its archive.

    It states how many articles were stored, and either the day back to which the archive is complete, or the reason why
    it is not complete.
    """
    stored = format_count(progress.stored_count, "older article")
    if progress.is_complete and progress.complete_since_at:
        day = progress.complete_since_at.astimezone()
        return f"{progress.source_id}: {stored} stored; complete from {day:%Y-%m-%d} on."
    if progress.pending_urls:
        left = format_count(len(progress.pending_urls), "document")
        return f"{progress.source_id}: {stored} stored; {left} not read yet, run the command again to continue."
    problems = "".join(f"\n  {problem}" for problem in progress.problems)
    return f"{progress.source_id}: {stored} stored; the archive may not be complete:{problems}"


def _record(progress: "BackfillProgress") -> dict[str, object]:
    return {
        "source": progress.source_id,
        "since": progress.since_at,
        "stored": progress.stored_count,
        "documents_left": len(progress.pending_urls),
        "complete_since": progress.complete_since_at,
        "problems": list(progress.problems),
    }
