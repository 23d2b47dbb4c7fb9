"""Commands of ``monitor officials``: list the spellings of names that are matched, and the near misses.

A near miss is a text that was rejected as the name of an official.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from monitor.cli.articles import open_to_read, parse_since
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    complete_ids,
    load_config,
    print_json_lines,
    print_table,
)
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.watchlist import Official

MAX_NEAR_MISSES = 200
app = create_command_group("List the name forms of an official; list near misses.")


@app.command("forms")
def list_forms(
    official: Annotated[
        str,
        typer.Argument(
            metavar="OFFICIAL",
            help="The official's id.",
            show_default=False,
            autocompletion=complete_ids("officials"),
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """List the forms of an official's name that are matched, and the scripts in which the name is found.

    A risky form counts as the name of the official only if the text contains more evidence, such as the full name. The
    list states which evidence.
    """
    from monitor.match.names.coverage import Coverage, list_coverage
    from monitor.match.names.forms import list_name_forms

    found = find_official(load_config(config).watchlist.officials, official)
    forms = list_name_forms(found)
    if json:
        print_json_lines(asdict(form) for form in forms)
        return
    rows = ((form.text, form.form.value, "risky" if form.risky else "", form.why) for form in forms)
    print_table(("written", "form", "", "why"), rows, "This official has no name form.")
    typer.echo("\nIn texts of each script the name is found:")
    for coverage in Coverage:
        scripts = [one.script for one in list_coverage(found) if one.coverage is coverage]
        if scripts:
            hint = "; add an alias in the script" if coverage is Coverage.NONE else ""
            typer.echo(f"  {coverage.value}: {', '.join(scripts)}{hint}")


@app.command("near-misses")
def list_near_misses(
    official: Annotated[
        str,
        typer.Argument(
            metavar="[OFFICIAL]",
            help="Only of this official.",
            show_default=False,
            autocompletion=complete_ids("officials"),
        ),
    ] = "",
    since: Annotated[str, typer.Option("--since", metavar="LENGTH", help="Of the last 7d, 30d ...")] = "7d",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """List near misses: spellings that were rejected as the name of an official, with the reason."""
    from monitor.domain.digest import Window  # imported late: this loads pydantic, which --help does not need
    from monitor.records.articles import near_miss_summary_record

    configuration = load_config(config, database)
    officials = configuration.watchlist.officials
    wanted = [find_official(officials, official).id] if official else [one.id for one in officials]
    now = datetime.now(UTC)
    with open_to_read(configuration) as opened:
        near_misses = opened.digests.list_near_misses(wanted, Window(parse_since(since) or now, now), MAX_NEAR_MISSES)
    if json:
        print_json_lines(map(near_miss_summary_record, near_misses))
        return
    rows = (
        (miss.official_id, miss.text, miss.article_count, miss.reason, f"{miss.article_id} {miss.title}")
        for miss in near_misses
    )
    print_table(("official", "written", "articles", "reason", "latest article"), rows, "There are no near misses.")


def find_official(officials: "Sequence[Official]", official_id: str) -> "Official":
    """Return the official with this id. If there is none, raise ``UsageError`` with some known ids."""
    for official in officials:
        if official.id == official_id:
            return official
    known = ", ".join(official.id for official in officials[:10]) or "none is configured"
    raise UsageError(f"there is no official {official_id!r}; configured are: {known}")
