"""Look: what is well, what came in, what was found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    Config,
    DatabaseUrl,
    Json,
    Limit,
    emit,
    emit_lines,
    ids,
    load,
    table,
    when,
)
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.archive import SourceLine
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


def status(config: Config = DEFAULT_CONFIG, database: DatabaseUrl = "", json: Json = False) -> None:
    """Say whether all is well, and if not, what to do."""
    configuration = load(config, database)
    with reading(configuration) as opened:
        lines, counts, facts = opened.archive.sources(), opened.deliveries.counts(), opened.archive.facts()
        snapshot = opened.ledger.snapshot()
    if json:
        emit(
            {
                "sources": [source_record(line) for line in lines],
                "outbox": {"pending": counts.pending, "dead": counts.dead, "oldest_at": counts.oldest_at},
                "config": {
                    "loaded_at": snapshot.loaded_at if snapshot else None,
                    "faults": list(snapshot.faults) if snapshot else [],
                },
                "database": {name: getattr(facts, name) for name in facts.__dataclass_fields__},
            }
        )
        return
    table(
        ("source", "state", "last success", "next poll", "articles", "what is wrong, and what helps"),
        (
            (
                line.memory.source_id,
                line.memory.state.value,
                when(line.memory.last_success_at),
                "-" if line.memory.state.value == "paused" else when(line.memory.next_poll_at),
                line.articles,
                " ".join(filter(None, (line.memory.detail, line.memory.remedy))),
            )
            for line in sorted(lines, key=urgency)
        ),
        f"No source was registered yet: run 'monitor poll' or 'monitor run' with {config}.",
    )
    typer.echo(verdict(lines))
    typer.echo(
        f"{facts.articles} articles, {facts.unread} pages to read, {facts.unscreened} to screen; "
        f"{counts.pending} deliveries pending, {counts.dead} dead, {counts.refused} refused."
    )
    if counts.dead:
        typer.echo("Dead deliveries can be sent again: monitor outbox list, then monitor outbox replay ID.")


def source_record(line: "SourceLine") -> dict[str, object]:
    """Give a source's keys of ``status --json``."""
    memory = line.memory
    return {
        "id": memory.source_id,
        "state": memory.state,
        "detail": memory.detail,
        "remedy": memory.remedy,
        "last_success_at": memory.last_success_at,
        "next_poll_at": memory.next_poll_at,
        "failures": memory.failures,
        "articles": line.articles,
    }


def urgency(line: "SourceLine") -> tuple[int, str]:
    """Sort what needs somebody's eye to the top."""
    order = ("gone", "blocked", "moved", "failing", "gap", "quiet", "ok", "paused")
    return order.index(line.memory.state.value), line.memory.source_id


def verdict(lines: "list[SourceLine]") -> str:
    """Sum the sources up in one sentence."""
    watched = [line for line in lines if line.memory.state.value != "paused"]
    well = [line for line in watched if line.memory.state.value == "ok" and line.memory.last_success_at]
    waiting = [line for line in watched if line.memory.state.value == "ok" and not line.memory.last_success_at]
    said = f"{len(well)} of {len(watched)} sources are well"
    if waiting:
        said += f", {len(waiting)} not polled yet"
    if ill := len(watched) - len(well) - len(waiting):
        said += f", {ill} need a look (at the top)"
    if paused := len(lines) - len(watched):
        said += f"; {paused} paused"
    return said + "."


def articles(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    source: Of = "",
    since: Since = "",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the articles that came in, newest first."""
    from monitor.domain.archive import Filter

    with reading(load(config, database)) as opened:
        found = opened.archive.articles(Filter(source_id=source, since_at=ago(since), limit=limit))
    show_articles(found, json=json, empty="No article came in.")


def show_articles(found: "list[Stored]", *, json: bool, empty: str) -> None:
    """Print articles a line each."""
    if json:
        emit_lines(article_record(stored) for stored in found)
        return
    rows = (
        (stored.id, when(stored.article.published_at or stored.first_seen_at), stored.source_id, stored.article.title)
        for stored in found
    )
    table(("id", "published", "source", "title"), rows, empty)


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


def hits(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    rule: Told = "",
    official: Named = "",
    since: Since = "",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List what the rules found, newest first, and when it was told."""
    from monitor.domain.archive import Filter

    wanted = Filter(rule_id=rule, official_id=official, since_at=ago(since), limit=limit)
    with reading(load(config, database)) as opened:
        found = opened.archive.hits(wanted)
    if json:
        emit_lines(
            {
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
            for hit in found
        )
        return
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
) -> None:
    """Find stored articles by their words, newest first."""
    with reading(load(config, database)) as opened:
        found = opened.archive.search(query, limit)
    show_articles(found, json=json, empty="No stored article has these words.")
