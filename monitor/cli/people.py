"""Commands of ``monitor people``: list the watched people with article counts, and show the history of one person."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    complete_ids,
    format_time,
    load_at_once,
    load_config,
    print_csv,
    print_json,
    print_records,
    print_table,
    print_text,
)
from monitor.cli.people_import import import_people
from monitor.domain.errors import UsageError
from monitor.domain.values import replace
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.domain.watchlist import Official
    from monitor.insight.people import PersonHistory

MAX_DAYS, MAX_ROWS, MAX_CHART_WIDTH = 3660, 12, 60
app = create_command_group("List the watched people with their numbers; show one over time.")


def _format_number(number: float | None) -> str:
    return "not yet" if number is None else f"{number:g}"


@app.command("list")
def list_people(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    country: Annotated[str, typer.Option("--country", help="Only people of this country.", show_default=False)] = "",
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="ID",
            help="Only people of this rule.",
            show_default=False,
            autocompletion=complete_ids("rules"),
        ),
    ] = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the watched people, beginning with those named most often in the last seven days."""
    from zoneinfo import ZoneInfo

    from monitor.insight.people import PeopleQuery, describe_young_archive, load_people
    from monitor.insight.records import person_record
    from monitor.records.people import PEOPLE_COLUMNS

    configuration = load_config(config, database)
    watchlist, zone = configuration.watchlist, ZoneInfo(configuration.settings.timezone)
    officials, rules = {one.id: one for one in watchlist.officials}, {one.id: one for one in watchlist.rules}
    wanted, now = PeopleQuery(country, rule), datetime.now(UTC)
    with open_to_read(configuration) as opened:
        found = load_at_once(
            lambda count: load_people(opened, officials, rules, replace(wanted, page_size=count), now, zone).people,
            limit,
            as_document=json or csv,
        )
    if print_records(PEOPLE_COLUMNS, map(person_record, found), as_json=json, as_csv=csv):
        return
    rows = (
        (one.official.id, one.official.name, one.position, one.week, _format_number(one.usual_week), one.last_at)
        for one in found
    )
    print_table(("id", "name", "position", "7 days", "usually", "last named"), rows, "Nobody is watched.")
    if reason := describe_young_archive(found, zone):
        typer.echo(f"{reason[0].upper()}{reason[1:]}: the four weeks before the last seven days are compared.")


@app.command("show")
def show_person(  # noqa: PLR0913, PLR0917 - a parameter is an option
    official: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The official's id.", show_default=False, autocompletion=complete_ids("officials")
        ),
    ],
    since: Annotated[str, typer.Option("--since", metavar="LENGTH", help="Of the last 30d, 90d, 365d ...")] = "90d",
    by: Annotated[str, typer.Option("--by", metavar="day|week", help="Step of the timeline.")] = "week",
    chart: Annotated[
        Path | None,
        typer.Option("--chart", metavar="FILE.svg", help="Write the timeline as an SVG image.", show_default=False),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Show how a person was reported over time.

    This covers articles and stories, outlets, languages, rules, people named with the person, spellings of the name,
    and posts.
    """
    from zoneinfo import ZoneInfo

    from monitor.insight.people import load_history
    from monitor.insight.records import history_record, timeline_records
    from monitor.insight.timeline import STEPS
    from monitor.records.people import TIMELINE_COLUMNS

    if by not in STEPS:
        raise UsageError(f"--by {by!r} is not one of {', '.join(STEPS)}")
    if json and csv:
        raise UsageError("--json and --csv cannot be combined: choose one.")
    if chart and chart.suffix.lower() != ".svg":
        raise UsageError(f"--chart {chart}: charts are SVG images; give a name that ends with .svg")
    days = parse_days(since)
    configuration = load_config(config, database)
    officials = {one.id: one for one in configuration.watchlist.officials}
    require_watched(official, configuration.watchlist.officials)
    zone = ZoneInfo(configuration.settings.timezone)
    with open_to_read(configuration) as opened:
        history = load_history(opened, officials, official, days, by, datetime.now(UTC), zone)
        backfills = opened.key_values.list_backfills()
    if chart:
        write_chart(chart, history, since)
    if json:
        print_json(history_record(history))
    elif csv:
        print_csv(TIMELINE_COLUMNS, timeline_records(history))
    elif not chart:
        print_history(history, since)
        complete = [one.complete_since_at for one in backfills.values() if one.complete_since_at]
        if complete:
            sources = format_count(len(complete), "source")
            print_text(f"\nThe archive of {sources} is complete from {format_time(max(complete))} on, or earlier.")


def parse_days(since: str) -> int:
    """Return a duration as a number of days, rounded up.

    Raises ``UsageError`` if the duration is invalid, or not between one day and ``MAX_DAYS``.
    """
    from monitor.domain.value_parsers import parse_duration

    try:
        days = -(-parse_duration(since) // timedelta(days=1))
    except ValueError as error:
        raise UsageError(f"--since '{since}': {error}") from error
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"--since '{since}' must be between 1d and {MAX_DAYS}d")
    return days


def require_watched(official_id: str, officials: "Sequence[Official]") -> None:
    """Raise ``UsageError`` if no watched person has this id. The message contains a similar id, or some known ids."""
    from monitor.cli.officials import find_official
    from monitor.domain.value_parsers import suggest_similar

    ids = [one.id for one in officials]
    if official_id not in ids and (hint := suggest_similar(official_id, ids)):
        raise UsageError(f"there is no official {official_id!r}{hint}")
    find_official(officials, official_id)


def write_chart(path: Path, history: "PersonHistory", since: str) -> None:
    """Write an SVG file with a bar chart of the number of articles that name a person, by day or week.

    ``since`` describes the period in the title of the chart. Raises ``OSError`` if the file cannot be written.
    """
    from monitor.insight.charts import render_svg

    view = history.view
    title = f"{view.official.name}: {_format_totals(history)} in {since}"
    path.write_text(render_svg(view.bars, title), encoding="utf-8")


def _format_totals(history: "PersonHistory") -> str:
    stories = format_count(history.story_count, "story", "stories")
    return f"{format_count(history.view.total, 'article')}, {stories}"


def print_history(history: "PersonHistory", since: str) -> None:
    """Print the history of a person as a chart and tables for the terminal."""
    from monitor.insight.charts import draw_bars

    view = history.view
    head = ", ".join(filter(None, (view.official.name, view.position, view.official.country)))
    print_text(f"{view.official.id}  {head}")
    print_text(f"first named {format_time(history.first_at)}; last named {format_time(view.last_at)}")
    print_text(f"{_format_totals(history)} in {since}\n")
    width = min(MAX_CHART_WIDTH, max(10, get_terminal_size().columns - 24))
    print_text("\n".join(draw_bars(view.bars, width)))
    sample = view.sample
    _print_counts("outlet", ((one.name, one.count) for one in sample.outlets))
    _print_counts("language", ((one.name or "unknown", one.count) for one in sample.languages))
    _print_counts("rule", ((one.name, one.count) for one in history.rules))
    if history.companions:
        rows = (
            (one.name, one.count, f"x {one.lift:.1f}" if one.lift else "-") for one in history.companions[:MAX_ROWS]
        )
        print_table(("named with", "articles", "than by chance"), rows, "")
    if view.forms:
        written = ((one.text, one.form.value, one.count, one.last_at) for one in view.forms[:MAX_ROWS])
        print_table(("written", "form", "mentions", "last"), written, "")
    if history.seen_posts:
        posts = (
            (one.post, one.count, one.first_on, one.last_on, f"a{one.article_id}")
            for one in history.seen_posts[:MAX_ROWS]
        )
        print_table(("post next to the name", "articles", "first", "last", "newest"), posts, "")


def _print_counts(heading: str, counts: "Iterable[tuple[str, int]]") -> None:
    rows = list(counts)[:MAX_ROWS]
    if rows:
        print_table((heading, "articles"), rows, "")


app.command("import")(import_people)
