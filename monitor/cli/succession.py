"""Command ``monitor succession``: posts of watched officials that may have changed hands."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    complete_ids,
    load_config,
    print_records,
    print_text,
    run_async,
)

SUCCESSION_COLUMNS = ("official", "name", "kind", "person", "post", "since", "outlets", "yaml")


def list_successions(
    since: Annotated[
        str, typer.Option("--since", metavar="LENGTH", help="In articles of the last 7d, 30d ...")
    ] = "30d",
    official: Annotated[
        str,
        typer.Option(
            "--official",
            metavar="ID",
            help="Only posts of this official.",
            show_default=False,
            autocompletion=complete_ids("officials"),
        ),
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the posts of watched officials that, according to at least two outlets, may have changed hands."""
    from datetime import timedelta

    from monitor.cli.people import parse_days, require_watched
    from monitor.insight.records import succession_record
    from monitor.insight.succession import find_successions, search_statements

    days = parse_days(since)
    configuration = load_config(config, database)
    officials = configuration.watchlist.officials
    if official:
        require_watched(official, officials)
    now = datetime.now(UTC)
    with open_database(configuration) as opened:
        run_async(search_statements(opened, configuration, now))
        statements = opened.successions.list_statements(now - timedelta(days=days), [official] if official else ())
    found = find_successions(statements, officials, now.date())
    if print_records(SUCCESSION_COLUMNS, map(succession_record, found), as_json=json, as_csv=csv):
        return
    if not found:
        print_text(f"No post of a watched official has changed hands in articles of the last {since}.")
    for one in found:
        print_text(f"{one.headline}  [{one.official.id}, since {one.since}, {len(one.outlets)} outlets]")
        for statement in one.shown_statements:
            print_text(f"  {statement.outlet} (a{statement.article_id}): {statement.passage}")
        print_text(f"  roles: {one.yaml_line}\n")
