"""Stories: what was grouped, and what grouping would do with a file."""

import json as jsonlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import look
from monitor.cli.common import (
    DEFAULT_CONFIG,
    Config,
    Csv,
    DatabaseUrl,
    Json,
    Limit,
    emit,
    emit_lines,
    load,
    table,
    when,
)
from monitor.domain.errors import ConfigError, Fault, UsageError

if TYPE_CHECKING:
    from monitor.domain.article import Article, Stored
    from monitor.domain.story import Story
    from monitor.store.database import SqlDatabase

app = typer.Typer(invoke_without_command=True, help="List the stories, latest first; or show one.")
articles_app = typer.Typer(
    invoke_without_command=True, help="List the articles that came in; show one; release what was held back."
)
Input = Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One article a line: id, title, text, published.")]


@app.callback()
def stories(
    context: typer.Context,
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    since: look.Since = "",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the stories, latest first; or show one."""
    if context.invoked_subcommand:
        return
    with look.reading(load(config, database)) as opened:
        found = opened.stories.stories(look.ago(since), limit)
    if json:
        emit_lines(story_record(story) for story in found)
        return
    rows = (
        (story.id, when(story.last_seen_at), len(story.articles), ", ".join(story.officials), story.title)
        for story in found
    )
    table(("id", "last seen", "articles", "officials", "title"), rows, "Nothing was grouped yet.")


def story_record(story: "Story") -> dict[str, object]:
    """Give a story's keys of ``stories --json``."""
    return {
        "id": story.id,
        "title": story.title,
        "articles": story.articles,
        "officials": story.officials,
        "first_seen_at": story.first_seen_at,
        "last_seen_at": story.last_seen_at,
    }


@app.command("show")
def show_story(
    story: Annotated[str, typer.Argument(metavar="ID", help="A story; one that was merged leads to where it went.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    json: Json = False,
) -> None:
    """Show a story: its articles in time, which are copies, who is named, what was edited since."""
    with look.reading(load(config, database)) as opened:
        found = opened.stories.story(story)
        members = sorted((opened.archive.article(number) for number in found.articles), key=told_at)
        changes = {one.id: differences(opened, one) for one in members if one.revisions}
    if json:
        emit({**story_record(found), "members": [member_record(one, changes.get(one.id, [])) for one in members]})
        return
    typer.echo(f"{found.id}  {found.title}")
    typer.echo(f"{when(found.first_seen_at)} to {when(found.last_seen_at)}; named: {', '.join(found.officials) or '-'}")
    rows = ((when(told_at(one)), one.id, one.source_id, one.copy_of or "", one.article.title) for one in members)
    table(("published", "id", "source", "copy of", "title"), rows, "")
    for number, told in changes.items():
        show_changes(number, told)


def told_at(stored: "Stored") -> datetime:
    """Return when an article was published, or else first seen."""
    return stored.article.published_at or stored.first_seen_at


def member_record(stored: "Stored", changes: "list[dict[str, object]]") -> dict[str, object]:
    """Give an article of a story its keys."""
    return {**look.article_record(stored), "changes": changes}


def differences(database: "SqlDatabase", stored: "Stored") -> "list[dict[str, object]]":
    """Compare every version of an article with the one after it."""
    from monitor.stories.revisions import compare

    versions = database.archive.versions(stored.id)
    readings = [*(version.article for version in versions), stored.article]
    told = []
    for version, after in zip(versions, readings[1:], strict=True):
        revision = compare(version.article, after)
        at = {"number": version.number, "replaced_at": version.replaced_at}
        told.append({**at, "change": revision.change, "summary": revision.summary, "difference": revision.lines})
    return told


def show_changes(number: int, changes: "list[dict[str, object]]") -> None:
    """Print the differences between an article's versions."""
    for change in changes:
        replaced_at = change["replaced_at"]
        moment = when(replaced_at) if isinstance(replaced_at, datetime) else "-"
        typer.echo(f"\narticle {number}, {moment}: {change['summary']}")
        lines = change["difference"]
        typer.echo("\n".join(lines if isinstance(lines, tuple) else ()))


@articles_app.callback()
def articles(  # noqa: PLR0913, PLR0917 - a parameter is an option
    context: typer.Context,
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    source: look.Of = "",
    since: look.Since = "",
    limit: Limit = 50,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the articles that came in; show one; release what was held back."""
    if not context.invoked_subcommand:
        look.articles(config, database, source, since, limit, json, csv)


@articles_app.command("show")
def show_article(
    article: Annotated[int, typer.Argument(metavar="ID", help="Its number in 'monitor articles'.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    json: Json = False,
) -> None:
    """Show an article as it stands, where it belongs, and what was edited since it was first read."""
    with look.reading(load(config, database)) as opened:
        stored = opened.archive.article(article)
        changes = differences(opened, stored)
    if json:
        emit({**member_record(stored, changes), "text": stored.article.body})
        return
    typer.echo(f"{stored.article.title}\n{stored.article.url}")
    place = f"copy of {stored.copy_of}" if stored.copy_of else f"story {stored.story_id or '-'}"
    typer.echo(f"{stored.source_id}, {when(told_at(stored))}; {place}\n\n{stored.article.body}")
    show_changes(stored.id, changes)


@articles_app.command("release")
def release(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source whose flood was held back.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
) -> None:
    """Make news of what was held back of a source: the next pass screens it, and digests tell it."""
    configuration = load(config, database)
    known = sorted(one.id for one in configuration.sources)
    if source not in known:
        raise UsageError(f"There is no source '{source}'. There are: {', '.join(known) or 'none'}.")
    with look.reading(configuration) as opened:
        count = opened.stories.release(source)
    typer.echo(f"{count} articles of {source} are news now." if count else f"Nothing of {source} is held back.")


def group(file: Input, json: Json = False) -> None:
    """Show which articles of a file are copies and which tell of one event; nothing is stored."""
    from monitor.stories.group import group_articles

    articles = read_articles(file)
    groups = group_articles(distinct(articles))
    lines = [(name, *groups[key]) for (name, _), key in zip(articles, groups, strict=True)]
    if json:
        emit_lines({"id": name, "story": story, "copy_of": copy} for name, story, copy in lines)
        return
    titles = [article.title for _, article in articles]
    rows = ((story, name, copy or "", title) for (name, story, copy), title in zip(lines, titles, strict=True))
    table(("story", "id", "copy of", "title"), sorted(rows), "The file holds no article.")


def distinct(articles: "list[tuple[str, Article]]") -> "list[tuple[str, Article]]":
    """Give articles that share an id a number behind it: they are articles of their own."""
    seen: Counter[str] = Counter()
    named = []
    for name, article in articles:
        seen[name] += 1
        named.append((name if seen[name] == 1 else f"{name}#{seen[name]}", article))
    return named


def read_articles(file: Path) -> "list[tuple[str, Article]]":
    """Read articles from lines of JSON. Raises ``ConfigError`` with every faulty line, ``UsageError`` if it cannot."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    articles, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            articles.append(read_article(line))
        except ValueError as error:
            faults.append(Fault(str(file), number, 1, str(error)))
    if faults:
        raise ConfigError(tuple(faults))
    return articles


def read_article(line: str) -> "tuple[str, Article]":
    """Read one article. Raises ``ValueError`` saying what is wrong."""
    from monitor.domain.article import Article
    from monitor.text.dates import parse_date

    try:
        record = jsonlib.loads(line)
    except jsonlib.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(record, dict) or not str(record.get("id") or "").strip():
        raise ValueError('an article is an object with an "id", a "title" and a "text"')
    text = {key: str(record.get(key) or "") for key in ("title", "text", "url", "language", "published")}
    published_at = instant(text["published"]) or (parse_date(text["published"]) if text["published"] else None)
    article = Article(
        url=text["url"],
        title=text["title"],
        body=text["text"],
        language=text["language"],
        published_at=published_at,
    )
    return str(record["id"]), article


def instant(text: str) -> datetime | None:
    """Read an ISO time, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
