"""The commands ``monitor hits`` and ``monitor articles list``, and functions that other commands use."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    complete_ids,
    load_config,
    load_rows,
    print_records,
    print_table,
    stream_rows,
)
from monitor.domain.errors import UsageError
from monitor.domain.values import replace

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.read_models import HitSummary
    from monitor.store.database import Database

SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="ID",
        help="Only articles of this source.",
        show_default=False,
        autocompletion=complete_ids("sources"),
    ),
]
SinceOption = Annotated[str, typer.Option("--since", metavar="LENGTH", help="Only of the last 30m, 12h, 7d ...")]
RuleOption = Annotated[
    str,
    typer.Option(
        "--rule", metavar="ID", help="Only hits of this rule.", show_default=False, autocompletion=complete_ids("rules")
    ),
]
OfficialOption = Annotated[
    str,
    typer.Option(
        "--official",
        metavar="ID",
        help="Only hits on this official.",
        show_default=False,
        autocompletion=complete_ids("officials"),
    ),
]


@contextmanager
def open_database(configuration: "Configuration") -> "Iterator[Database]":
    """Open the database of a configuration for reading and writing, and close it at the end of the block.

    Raises ``StoreError`` if the database cannot be opened, for example because it does not exist yet.
    """
    from monitor.store.database import Database, OpenMode

    with closing(Database.open(configuration.settings.database.reveal(), OpenMode.EXISTING)) as database:
        yield database


@contextmanager
def open_to_read(configuration: "Configuration") -> "Iterator[Database]":
    """Open the database of a configuration for reading only, and close it at the end of the block.

    Raises ``StoreError`` if the database cannot be opened, for example because it does not exist yet.
    """
    from monitor.store.database import Database, OpenMode

    with closing(Database.open(configuration.settings.database.reveal(), OpenMode.READ_ONLY)) as database:
        yield database


def parse_since(length: str) -> datetime | None:
    """Return the time that is a duration before now. ``length`` is the duration, such as ``7d``.

    For an empty text, return None. Raises ``UsageError`` if the duration is invalid.
    """
    from monitor.domain.value_parsers import parse_duration

    if not length:
        return None
    try:
        return datetime.now(UTC) - parse_duration(length)
    except ValueError as error:
        raise UsageError(f"--since '{length}': {error}") from error


def require_known_id(kind: str, wanted_id: str, known_ids: Iterable[str], config: Path) -> None:
    """Raise ``UsageError`` if ``wanted_id`` is not one of ``known_ids``. An empty id is accepted.

    ``kind`` is the word that the message uses for the object, such as "source". ``config`` is the configuration file
    that the message names. The message suggests a similar id. If no id is similar, it lists all known ids.
    """
    from monitor.domain.value_parsers import suggest_similar

    known_ids = list(known_ids)
    if wanted_id and wanted_id not in known_ids:
        hint = suggest_similar(wanted_id, known_ids) or f"; it has: {', '.join(known_ids) or 'none'}"
        raise UsageError(f"There is no {kind} '{wanted_id}' in {config}{hint}")


def list_articles(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    source: SourceOption = "",
    since: SinceOption = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List stored articles, newest first."""
    from monitor.domain.read_models import ArticleFilter, Cursor
    from monitor.records.articles import ARTICLE_COLUMNS, article_record

    configuration = load_config(config, database)
    outlets = outlet_names(configuration)
    wanted = ArticleFilter(source_id=source, since_at=parse_since(since))
    with open_to_read(configuration) as opened:

        def load(count: int, last: "StoredArticle | None") -> "list[StoredArticle]":
            after = Cursor(last.first_seen_at, last.id) if last else None
            return opened.queries.list_articles(replace(wanted, limit=count, after=after))

        records = (article_record(one, outlets) for one in stream_rows(load, limit))
        if print_records(ARTICLE_COLUMNS, records, as_json=json, as_csv=csv):
            return
        stored = load_rows(load, limit)
    if not stored:
        require_known_id("source", source, (one.id for one in configuration.sources), config)
    rows = (
        (
            f"a{one.id}",
            one.article.published_at or one.first_seen_at,
            outlets.get(one.source_id, one.source_id),
            one.article.title,
            one.article.url,
        )
        for one in stored
    )
    print_table(("id", "published", "outlet", "title", "address"), rows, "There are no articles.")


def outlet_names(configuration: "Configuration") -> dict[str, str]:
    """Return a dictionary that maps the id of each configured source to its name."""
    return {source.id: source.name for source in configuration.sources}


def hits(  # noqa: PLR0913, PLR0917 - a parameter is an option
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    rule: RuleOption = "",
    official: OfficialOption = "",
    since: SinceOption = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the hits of the rules, newest first, and when each was reported."""
    from monitor.domain.read_models import ArticleFilter, Cursor
    from monitor.records.articles import HIT_COLUMNS, hit_record

    wanted = ArticleFilter(rule_id=rule, official_id=official, since_at=parse_since(since))
    configuration = load_config(config, database)
    with open_to_read(configuration) as opened:

        def load(count: int, last: "HitSummary | None") -> "list[HitSummary]":
            after = Cursor(last.found_at, last.id) if last else None
            return opened.queries.list_hits(replace(wanted, limit=count, after=after))

        if print_records(HIT_COLUMNS, map(hit_record, stream_rows(load, limit)), as_json=json, as_csv=csv):
            return
        found = load_rows(load, limit)
    if not found:
        require_known_id("rule", rule, (one.id for one in configuration.watchlist.rules), config)
        require_known_id("official", official, (one.id for one in configuration.watchlist.officials), config)
    rows = (
        (
            f"h{hit.id}",
            f"a{hit.article_id}",
            hit.published_at or hit.found_at,
            hit.outlet,
            hit.rule_id,
            ", ".join(hit.official_ids),
            hit.title,
            f"(page {hit.page}) {hit.passage}" if hit.page else hit.passage,
            f"{hit.form} {hit.confidence:.2f}" if hit.form else "",
            "withdrawn" if hit.withdrawn_at else hit.reported_at,
            hit.url,
        )
        for hit in found
    )
    headings = ("id", "article", "published", "outlet", "rule", "officials", "title", "passage", "form", "reported")
    print_table((*headings, "address"), rows, "There are no hits.")
