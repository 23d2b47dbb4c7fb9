"""Commands of ``monitor sources``: list the configured sources, find feeds, import and export OPML."""

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    load_config,
    print_json_lines,
    print_records,
    print_table,
    run_async,
)
from monitor.domain.errors import ConfigError, UsageError
from monitor.text.numbers import format_count
from monitor.text.slugs import make_slug, make_unique
from monitor.text.urls import canonicalize_url

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.domain.source import Listing, Source, SourceKind
    from monitor.pipeline.discover import DiscoveryResult

_SOURCES_KEY_PATTERN = re.compile(r"^sources:[ \t]*(\{\s*\})?[ \t]*(#.*)?$", re.MULTILINE)


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
    json: JsonOption = False,
) -> None:
    """Find the feeds and news sitemaps of a site and print them as YAML for `sources:`."""
    configuration = load_config(config) if config.exists() else None
    if "://" in url:
        discovery = run_async(_run_discovery(url, configuration))
    else:
        host, url = url, f"https://{url}"
        discovery = run_async(_run_discovery(url, configuration))
        if not discovery.feeds and not discovery.was_reached:
            url = f"http://{host}"
            discovery = run_async(_run_discovery(url, configuration))
    known = configuration.sources if configuration else ()
    used_ids = [source.id for source in known]
    configured = {canonicalize_url(source.url): source.id for source in known}
    if json:
        print_json_lines(
            {
                "url": one.url,
                "kind": one.kind,
                "title": one.title,
                "entries": one.entry_count,
                "newest": one.newest_at,
                "language": one.language,
                "found": one.origin,
            }
            for one in discovery.feeds
        )
    for one in () if json else discovery.feeds:
        newest = f", newest {one.newest_at:%Y-%m-%d %H:%M} UTC" if one.newest_at else ""
        typer.echo(f"# {one.origin}: {format_count(one.entry_count, 'entry', 'entries')}{newest}")
        if canonicalize_url(one.url) in configured:
            typer.echo(f"# Already configured as {configured[canonicalize_url(one.url)]}.")
            continue
        name = one.title or (urlsplit(one.url).hostname or url).removeprefix("www.")
        used_ids.append(make_source_id(name, one.url, used_ids))
        address = one.url if one.listing is None else listing_keys(one.listing)
        typer.echo(format_source_yaml(used_ids[-1], name, one.kind, address, one.language), nl=False)
    if not discovery.feeds:
        sys.stderr.write(f"Nothing found at {url}: {discovery.failure_reason}\n")
        raise typer.Exit(3)


async def _run_discovery(url: str, configuration: "Configuration | None") -> "DiscoveryResult":
    from monitor.app import utc_now
    from monitor.fetch.client import HttpFetcher
    from monitor.pipeline.discover import FeedDiscoverer
    from monitor.schedule.process_pool import SubprocessPool

    settings = configuration.settings if configuration else None
    fetcher = HttpFetcher(
        settings.user_agent_contact if settings else "", settings.allowed_networks if settings else (), utc_now
    )
    async with SubprocessPool() as process_pool:
        try:
            return await FeedDiscoverer(fetcher, process_pool).discover(url)
        finally:
            await fetcher.aclose()


@app.command("import")
def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    write: Annotated[
        bool, typer.Option("--write", help="Add the feeds to the configuration instead of printing.")
    ] = False,
) -> None:
    """Import the feeds of an OPML file: print them as YAML, or add them to the configuration."""
    from monitor.domain.source import SourceKind
    from monitor.parse.opml import parse_opml

    try:
        opml = parse_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    known: Sequence[Source] = load_config(config).sources if config.exists() else ()
    used_ids, urls = [source.id for source in known], {canonicalize_url(source.url) for source in known}
    blocks = []
    for outline in opml.feeds:
        if canonicalize_url(outline.url) not in urls:
            used_ids.append(make_source_id(outline.name, outline.url, used_ids))
            address = SourceKind.FEED, outline.url
            blocks.append(format_source_yaml(used_ids[-1], outline.name, *address, outline.language, outline.groups))
    if write and blocks:
        add_sources(config, "".join(blocks))
    elif not write:
        typer.echo("".join(blocks), nl=False)
    known_count = len(opml.feeds) - len(blocks)
    result = f"added to {config}" if write else "printed"
    total = format_count(len(opml.feeds) + len(opml.omitted), "entry", "entries")
    typer.echo(
        f"{len(blocks)} of {total} {result}, {known_count} already configured, {len(opml.omitted)} not taken"
        + (":" if opml.omitted else "."),
        err=True,
    )
    for one in opml.omitted:
        typer.echo(f"  {one.name}: {one.reason}", err=True)


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


def make_source_id(name: str, url: str, used_ids: Collection[str]) -> str:
    """Return a new id for a source, made from its name.

    If the name has hardly any Latin letters, the id is made from the host of the URL. If the id is used already, a
    number is added.
    """
    slug = make_slug(name)
    if len(slug) < 3:
        slug = make_slug(url.partition("://")[2].partition("/")[0]) or "source"
    return make_unique(slug, used_ids)


def listing_keys(listing: "Listing") -> dict[str, Any]:
    """Return a listing page as the mapping of keys and values that is written in sources.yaml."""
    keys: dict[str, Any] = {"url": listing.url, "items": listing.items, "link": listing.link, "text": listing.text}
    return keys | ({"published": listing.published.selector} if listing.published else {})


def format_source_yaml(
    source_id: str,
    title: str,
    kind: "SourceKind",
    address: str | dict[str, Any],
    language: str = "",
    groups: Sequence[str] = (),
) -> str:
    """Return the YAML lines of a source, indented for the section ``sources:``.

    ``address`` is a URL, or a mapping for a listing page. If it is a mapping, the lines contain ``text_from: feed``,
    because the listing page has the text of each article.
    """
    import yaml

    fields: dict[str, Any] = {"name": title, kind.value: address}
    if isinstance(address, dict):
        fields["text_from"] = "feed"
    if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", language):
        fields["language"] = language.lower()
    if groups:
        fields["groups"] = list(groups)
    text = yaml.safe_dump({source_id: fields}, allow_unicode=True, sort_keys=False, width=1_000)
    return "".join(f"  {line}\n" for line in text.splitlines())


def add_sources(config: Path, source_yaml: str) -> None:
    """Add YAML lines of sources to the section ``sources:`` of a configuration file.

    Raises ``ConfigError`` if the result would have errors; then the file is not changed. Raises ``UsageError`` if
    ``sources:`` in the file is not written as an indented block.
    """
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    found = _SOURCES_KEY_PATTERN.search(text)
    if found:
        head = "sources:" + (f" {found[2]}" if found[2] else "")
        text = f"{text[: found.start()]}{head}\n{source_yaml}{text[found.end() :].removeprefix(chr(10))}"
    elif re.search(r"^sources:", text, re.MULTILINE):
        raise UsageError(f"`sources:` in {config} is not written as a block; paste the printed YAML yourself.")
    else:
        text = f"{text.rstrip()}\n\nsources:\n{source_yaml}".lstrip()
    _replace_if_valid(config, text)


def _replace_if_valid(config: Path, text: str) -> None:
    """Replace the content of a configuration file in one step, if the new text is valid.

    The text is written to a temporary file and checked first. Raises ``ConfigError`` if it has errors.
    """
    with NamedTemporaryFile("w", dir=config.parent, prefix=".", suffix=".yaml", delete=False, encoding="utf-8") as file:
        file.write(text)
    try:
        load_config(Path(file.name))
        Path(file.name).replace(config)
    except ConfigError as error:
        raise ConfigError(tuple(replace(issue, file=str(config)) for issue in error.issues)) from error
    finally:
        Path(file.name).unlink(missing_ok=True)
