"""Look: what is well, what came in, what was found."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    Config,
    Csv,
    DatabaseUrl,
    Json,
    Limit,
    emit_records,
    ids,
    load,
    table,
    when,
)
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.archive import HitLine
    from monitor.domain.article import Stored
    from monitor.domain.settings import Configuration
    from monitor.store.database import SqlDatabase

Of = Annotated[
    str,
    typer.Option(
        "--source", metavar="ID", help="Only of this source.", show_default=False, autocompletion=ids("sources")
    ),
]
Since = Annotated[str, typer.Option("--since", metavar="LENGTH", help="Only of the last 30m, 12h, 7d ...")]
Told = Annotated[
    str,
    typer.Option("--rule", metavar="ID", help="Only of this rule.", show_default=False, autocompletion=ids("rules")),
]
Named = Annotated[
    str,
    typer.Option(
        "--official", metavar="ID", help="Only of this official.", show_default=False, autocompletion=ids("officials")
    ),
]


@contextmanager
def reading(configuration: "Configuration") -> "Iterator[SqlDatabase]":
    """Open the database for looking, and close it."""
    from monitor.store.database import SqlDatabase

    database = SqlDatabase.open(configuration.settings.database.reveal())
    try:
        yield database
    finally:
        database.close()


def ago(length: str) -> datetime | None:
    """Return the time so long ago. Raises ``UsageError`` for what is no length."""
    from monitor.config.values import parse_length

    if not length:
        return None
    try:
        return datetime.now(UTC) - parse_length(length)
    except ValueError as error:
        raise UsageError(f"--since '{length}': {error}") from error


def known(what: str, name: str, ids: Iterable[str], config: Path) -> None:
    """Make sure that an id nothing was found for is one at all. Raises ``UsageError`` with those that are."""
    from monitor.config.values import meant

    ids = list(ids)
    if name and name not in ids:
        hint = meant(name, ids) or f"; it has: {', '.join(ids) or 'none'}"
        raise UsageError(f"There is no {what} '{name}' in {config}{hint}")


def articles(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    source: Of = "",
    since: Since = "",
    limit: Limit = 50,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the articles that came in, newest first."""
    from monitor.domain.archive import Filter

    configuration = load(config, database)
    with reading(configuration) as opened:
        found = opened.archive.articles(Filter(source_id=source, since_at=ago(since), limit=limit))
    if not (found or json or csv):
        known("source", source, (one.id for one in configuration.sources), config)
    show_articles(found, json=json, csv=csv, empty="No article came in.")


def show_articles(found: "list[Stored]", *, json: bool, csv: bool, empty: str) -> None:
    """Print articles a line each."""
    if emit_records(ARTICLE_COLUMNS, map(article_record, found), json=json, csv=csv):
        return
    rows = (
        (stored.id, when(stored.article.published_at or stored.first_seen_at), stored.source_id, stored.article.title)
        for stored in found
    )
    table(("id", "published", "source", "title"), rows, empty)


ARTICLE_COLUMNS = (
    *("id", "source", "url", "canonical_url", "title", "published", "first_seen_at", "language", "story", "copy_of"),
    "revisions",
)


def article_record(stored: "Stored") -> dict[str, object]:
    """Give an article's keys of ``articles --json``."""
    return {
        "id": stored.id,
        "source": stored.source_id,
        "url": stored.article.url,
        "canonical_url": stored.article.canonical_url,
        "title": stored.article.title,
        "published": stored.article.published_at,
        "first_seen_at": stored.first_seen_at,
        "language": stored.article.language,
        "story": stored.story_id,
        "copy_of": stored.copy_of,
        "revisions": stored.revisions,
    }


HIT_COLUMNS = ("id", "article", "rule", "officials", "found_at", "told_at", "digest", "kind", "title", "url")


def hit_record(hit: "HitLine") -> dict[str, object]:
    """Give a hit's keys of ``hits --json``."""
    return {
        "id": hit.id,
        "article": hit.article_id,
        "rule": hit.rule_id,
        "officials": hit.officials,
        "found_at": hit.found_at,
        "told_at": hit.told_at,
        "digest": hit.digest_id,
        "kind": hit.kind,
        "title": hit.title,
        "url": hit.url,
    }


def hits(  # noqa: PLR0913, PLR0917 - a parameter is an option
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    rule: Told = "",
    official: Named = "",
    since: Since = "",
    limit: Limit = 50,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List what the rules found, newest first, and when it was told."""
    from monitor.domain.archive import Filter

    wanted = Filter(rule_id=rule, official_id=official, since_at=ago(since), limit=limit)
    configuration = load(config, database)
    with reading(configuration) as opened:
        found = opened.archive.hits(wanted)
    if emit_records(HIT_COLUMNS, map(hit_record, found), json=json, csv=csv):
        return
    if not found:
        known("rule", rule, (one.id for one in configuration.watch.rules), config)
        known("official", official, (one.id for one in configuration.watch.officials), config)
    rows = (
        (hit.id, when(hit.found_at), hit.rule_id, ", ".join(hit.officials), hit.title, when(hit.told_at))
        for hit in found
    )
    table(("id", "found", "rule", "officials", "title", "told"), rows, "No rule found anything.")


def search(
    query: Annotated[str, typer.Argument(help='Words, "a phrase", begin*; -word excludes. Marks do not matter.')],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    limit: Limit = 20,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Find stored articles by their words, newest first."""
    with reading(load(config, database)) as opened:
        found = opened.archive.search(query, limit)
    show_articles(found, json=json, csv=csv, empty="No stored article has these words.")
