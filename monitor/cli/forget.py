"""Command ``monitor forget official``: erase what was found about a person."""

from typing import Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    load_config,
    print_json,
)
from monitor.domain.errors import UsageError
from monitor.text.numbers import format_count

app = create_command_group("Erase what was found about an official.")


@app.command("official")
def forget_official(
    official: Annotated[str, typer.Argument(metavar="ID", help="The id that the official had.", show_default=False)],
    names: Annotated[
        list[str] | None, typer.Option("--name", metavar="TEXT", help="Another text that names the official.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only count.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Erase all mentions, hits, verdicts, raw pages and digest passages of an official deleted from sources.yaml."""
    from msgspec.structs import asdict

    from monitor.digest.render import render_digest

    configuration = load_config(config, database)
    if official in {one.id for one in configuration.watchlist.officials}:
        raise UsageError(f"{official} is in {config}; delete the official there first, else it would be found again")

    with open_database(configuration) as opened:
        report = opened.forgetting.forget_official(official, tuple(names or ()), render_digest, is_dry_run=not yes)
    if json:
        print_json({"official": official, "erased": yes, **asdict(report)})
        return
    verb = "Erased" if yes else "To be erased with --yes"
    typer.echo(
        f"{verb}: {format_count(report.mentions, 'mention')}, "
        f"{format_count(report.near_misses, 'near miss', 'near misses')}, "
        f"{format_count(report.hits, 'hit')}, {format_count(report.verdicts, 'verdict')}, "
        f"{format_count(report.page_snapshots, 'raw page')}."
    )
    typer.echo(
        f"Redacted: {format_count(report.shared_hits, 'hit')} on other officials, "
        f"{format_count(report.digests, 'digest')}, {format_count(report.rendered_digests, 'rendered digest')}."
    )
    typer.echo(
        f"Kept: {format_count(report.kept_articles, 'article')} with the text of the outlet, and "
        f"{format_count(report.kept_records, 'record')} of the evidence chain, which has addresses, titles and hashes. "
        "Messages that were sent, files of folder channels and backups are not changed."
    )
