"""Commands of ``monitor sources``: list the configured sources, find feeds, import and export OPML."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    ReaderOption,
    load_config,
    print_json_lines,
    print_records,
    print_table,
    run_async,
)
from monitor.cli.config_edits import create_editor, record_edit
from monitor.domain.errors import ConfigError, UsageError
from monitor.text.numbers import format_count
from monitor.text.urls import canonicalize_url

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.domain.source import Source
    from monitor.pipeline.discover import DiscoveredFeed, DiscoveryResult

app = create_command_group("List the sources; find the feeds of a site; import and export OPML.")


@app.command("list")
def list_sources(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the configured sources with their state, last success and next poll."""
    from monitor.records.sources import SOURCE_COLUMNS, source_record

    configuration = load_config(config, database)
    with open_to_read(configuration) as opened:
        statuses = {status.poll_state.source_id: status for status in opened.queries.list_sources()}
        backfills = opened.key_values.list_backfills()
    records = [
        source_record(source, statuses.get(source.id), backfills.get(source.id)) for source in configuration.sources
    ]
    if print_records(SOURCE_COLUMNS, records, as_json=json, as_csv=csv):
        return
    rows = (
        (
            record["id"],
            record["name"],
            record["kind"],
            record["state"],
            record["last_success_at"],
            record["next_poll_at"],
            record["complete_since"],
        )
        for record in records
    )
    print_table(
        ("id", "name", "kind", "state", "last success", "next poll", "complete since"),
        rows,
        f"No source is configured in {config}.",
    )


@app.command()
def discover(
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    write: Annotated[bool, typer.Option("--write", help="Add the best one to the configuration.")] = False,
    pick: Annotated[int, typer.Option("--pick", min=1, metavar="K", help="Which one is added with --write.")] = 1,
    reader: ReaderOption = "",
    json: JsonOption = False,
) -> None:
    """Find the feeds and news sitemaps of a site and print them as YAML for `sources:`, or add one of them."""
    from monitor.pipeline.discover import feed_record

    configuration = load_config(config) if config.exists() else None
    discovery = run_async(_run_discovery(url, configuration))
    if not discovery.feeds:
        sys.stderr.write(f"Nothing found at {url}: {discovery.failure_reason}\n")
        raise typer.Exit(3)
    if write:
        _add_found(discovery.feeds, pick, config, configuration, reader)
    elif json:
        print_json_lines(feed_record(one) for one in discovery.feeds)
    else:
        _print_found(discovery.feeds, configuration)


def _print_found(feeds: "Sequence[DiscoveredFeed]", configuration: "Configuration | None") -> None:
    from monitor.pipeline.discover import make_source_id

    known = configuration.sources if configuration else ()
    used_ids = [source.id for source in known]
    configured = {canonicalize_url(source.url): source.id for source in known}
    for one in feeds:
        newest = f", newest {one.newest_at:%Y-%m-%d %H:%M} UTC" if one.newest_at else ""
        typer.echo(f"# {one.origin}: {format_count(one.entry_count, 'entry', 'entries')}{newest}")
        if canonicalize_url(one.url) in configured:
            typer.echo(f"# Already configured as {configured[canonicalize_url(one.url)]}.")
            continue
        used_ids.append(make_source_id(one.name, one.url, used_ids))
        typer.echo(format_source_yaml(used_ids[-1], one.keys), nl=False)


def _add_found(
    feeds: "Sequence[DiscoveredFeed]", pick: int, config: Path, configuration: "Configuration | None", reader: str
) -> None:
    """Add one of the feeds that were found to the configuration file, and record this as a change.

    ``pick`` is the number of the feed, from 1. Raises ``UsageError`` if no feed has this number, or if a source with
    the address of the feed is already configured.
    """
    from monitor.pipeline.discover import make_source_id

    if configuration is None:
        raise UsageError(f"{config} does not exist; `monitor init` creates it")
    if pick > len(feeds):
        raise UsageError(f"--pick {pick}: only {format_count(len(feeds), 'feed was', 'feeds were')} found")
    found, known = feeds[pick - 1], configuration.sources
    used = next((one.id for one in known if canonicalize_url(one.url) == canonicalize_url(found.url)), "")
    if used:
        raise UsageError(f"{found.url} is configured already, as {used}")
    source_id = make_source_id(found.name, found.url, [one.id for one in known])
    editor = create_editor(config)
    saved = editor.add_sources({source_id: found.keys})
    typer.echo(f"{config}: sources.{source_id} was added: {found.url}")
    record_edit(configuration, editor, [saved], f"sources.{source_id}", reader)


async def _run_discovery(url: str, configuration: "Configuration | None") -> "DiscoveryResult":
    from monitor.app import open_fetcher
    from monitor.pipeline.discover import FeedDiscoverer
    from monitor.schedule.process_pool import SubprocessPool

    settings = configuration.settings if configuration else None
    async with SubprocessPool() as process_pool, open_fetcher(settings) as fetcher:
        return await FeedDiscoverer(fetcher, process_pool).discover(url)


@app.command("import")
def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    write: Annotated[
        bool, typer.Option("--write", help="Add the feeds to the configuration instead of printing.")
    ] = False,
    reader: ReaderOption = "",
) -> None:
    """Import the feeds of an OPML file: print them as YAML, or add them to the configuration."""
    from monitor.domain.source import SourceKind
    from monitor.feedback.configuration import list_keys
    from monitor.parse.opml import OmittedOutline, parse_opml
    from monitor.pipeline.discover import build_source_keys, make_source_id

    try:
        opml = parse_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    configuration = load_config(config) if write or config.exists() else None
    known: Sequence[Source] = configuration.sources if configuration else ()
    used_ids, urls = [source.id for source in known], {canonicalize_url(source.url) for source in known}
    editor, new, omitted = create_editor(config), {}, list(opml.omitted)
    feeds = [outline for outline in opml.feeds if canonicalize_url(outline.url) not in urls]
    for outline in feeds:
        source_id = make_source_id(outline.name, outline.url, used_ids)
        keys = build_source_keys(outline.name, SourceKind.FEED, outline.url, outline.language, outline.groups)
        try:
            editor.build_source(source_id, keys)
        except (ConfigError, UsageError) as error:
            reasons = [one.message for one in error.issues] if isinstance(error, ConfigError) else [str(error)]
            omitted.append(OmittedOutline(outline.name, "; ".join(reasons)))
            continue
        used_ids.append(source_id)
        new[source_id] = keys
    if not write:
        typer.echo("".join(format_source_yaml(name, keys) for name, keys in new.items()), nl=False)
    saved = [editor.add_sources(new)] if write and new else []
    total = format_count(len(opml.feeds) + len(opml.omitted), "entry", "entries")
    typer.echo(
        f"{len(new)} of {total} {f'added to {config}' if write else 'printed'}, "
        f"{len(opml.feeds) - len(feeds)} already configured, {len(omitted)} not taken{':' if omitted else '.'}",
        err=True,
    )
    for one in omitted:
        typer.echo(f"  {one.name}: {one.reason}", err=True)
    if configuration and saved:
        record_edit(configuration, editor, saved, list_keys("sources", tuple(new)), reader)


@app.command("export")
def export_opml(
    file: Annotated[str, typer.Argument(metavar="FILE.opml", show_default=False)], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Write the configured feeds as OPML; `-` writes to standard output."""
    from monitor.domain.source import SourceKind
    from monitor.parse.opml import write_opml

    sources = load_config(config).sources
    text = write_opml(sources)
    if file == "-":
        sys.stdout.write(text)
    else:
        Path(file).write_text(text, encoding="utf-8")
    omitted = [source.id for source in sources if source.kind is not SourceKind.FEED]
    if omitted:
        typer.echo(f"OPML can contain feeds only; not exported: {', '.join(omitted)}.", err=True)


def format_source_yaml(source_id: str, keys: dict[str, Any]) -> str:
    """Return the YAML lines of a source, indented for the section ``sources:``.

    ``keys`` are the keys of the source with their values.
    """
    import yaml

    text = yaml.safe_dump({source_id: keys}, allow_unicode=True, sort_keys=False, width=1_000)
    return "".join(f"  {line}\n" for line in text.splitlines())
