"""Stories: what was grouped, and what grouping would do with a file."""

import json as jsonlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import articles as article_commands
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    format_time,
    load_config,
    print_json,
    print_json_lines,
    print_table,
)
from monitor.domain.errors import ConfigError, ConfigIssue, UsageError

if TYPE_CHECKING:
    from monitor.domain.article import Article, StoredArticle, Story
    from monitor.store.database import SqlDatabase

app = typer.Typer(invoke_without_command=True, help="List the stories, latest first; or show one.")
articles_app = typer.Typer(
    invoke_without_command=True, help="List the articles that came in; show one; release what was held back."
)
ArticlesFileArgument = Annotated[
    Path, typer.Argument(metavar="FILE.jsonl", help="One article a line: id, title, text, published.")
]


@app.callback()
def stories(
    context: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: article_commands.SinceOption = "",
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """List the stories, latest first; or show one."""
    if context.invoked_subcommand:
        return
    with article_commands.open_database(load_config(config, database)) as opened:
        found = opened.stories.list_stories(article_commands.parse_since(since), limit)
    if json:
        print_json_lines(story_record(story) for story in found)
        return
    rows = (
        (story.id, format_time(story.last_seen_at), len(story.article_ids), ", ".join(story.official_ids), story.title)
        for story in found
    )
    print_table(("id", "last seen", "articles", "officials", "title"), rows, "Nothing was grouped yet.")


def story_record(story: "Story") -> dict[str, object]:
    """Give a story's keys of ``stories --json``."""
    return {
        "id": story.id,
        "title": story.title,
        "articles": story.article_ids,
        "officials": story.official_ids,
        "first_seen_at": story.first_seen_at,
        "last_seen_at": story.last_seen_at,
    }


@app.command("show")
def show_story(
    story: Annotated[str, typer.Argument(metavar="ID", help="A story; one that was merged leads to where it went.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show a story: its articles in time, which are copies, who is named, what was edited since."""
    with article_commands.open_database(load_config(config, database)) as opened:
        found = opened.stories.get_story(story)
        members = sorted((opened.queries.get_article(number) for number in found.article_ids), key=published_or_seen_at)
        changes = {one.id: list_version_changes(opened, one) for one in members if one.revisions}
    if json:
        print_json({**story_record(found), "members": [member_record(one, changes.get(one.id, [])) for one in members]})
        return
    typer.echo(f"{found.id}  {found.title}")
    typer.echo(
        f"{format_time(found.first_seen_at)} to {format_time(found.last_seen_at)}; "
        f"named: {', '.join(found.official_ids) or '-'}"
    )
    rows = (
        (format_time(published_or_seen_at(one)), one.id, one.source_id, one.copy_of or "", one.article.title)
        for one in members
    )
    print_table(("published", "id", "source", "copy of", "title"), rows, "")
    for number, told in changes.items():
        print_changes(number, told)


def published_or_seen_at(stored: "StoredArticle") -> datetime:
    """Return when an article was published, or else first seen."""
    return stored.article.published_at or stored.first_seen_at


def member_record(stored: "StoredArticle", changes: "list[dict[str, object]]") -> dict[str, object]:
    """Give an article of a story its keys."""
    return {**article_commands.article_record(stored), "changes": changes}


def list_version_changes(database: "SqlDatabase", stored: "StoredArticle") -> "list[dict[str, object]]":
    """Compare every version of an article with the one after it."""
    from monitor.stories.diff import compare_versions

    versions = database.queries.list_versions(stored.id)
    readings = [*(version.article for version in versions), stored.article]
    told = []
    for version, after in zip(versions, readings[1:], strict=True):
        revision = compare_versions(version.article, after)
        at = {"number": version.version, "replaced_at": version.replaced_at}
        told.append({**at, "change": revision.kind, "summary": revision.summary, "difference": revision.lines})
    return told


def print_changes(article_id: int, changes: "list[dict[str, object]]") -> None:
    """Print the differences between an article's versions."""
    for change in changes:
        replaced_at = change["replaced_at"]
        moment = format_time(replaced_at) if isinstance(replaced_at, datetime) else "-"
        typer.echo(f"\narticle {article_id}, {moment}: {change['summary']}")
        lines = change["difference"]
        typer.echo("\n".join(lines if isinstance(lines, tuple) else ()))


@articles_app.callback()
def articles(  # noqa: PLR0913, PLR0917 - a parameter is an option
    context: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    source: article_commands.SourceOption = "",
    since: article_commands.SinceOption = "",
    limit: LimitOption = 50,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the articles that came in; show one; release what was held back."""
    if not context.invoked_subcommand:
        article_commands.list_articles(config, database, source, since, limit, json, csv)


@articles_app.command("show")
def show_article(
    article: Annotated[int, typer.Argument(metavar="ID", help="Its number in 'monitor articles'.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show an article as it stands, where it belongs, and what was edited since it was first read."""
    with article_commands.open_database(load_config(config, database)) as opened:
        stored = opened.queries.get_article(article)
        changes = list_version_changes(opened, stored)
    if json:
        print_json({**member_record(stored, changes), "text": stored.article.body})
        return
    typer.echo(f"{stored.article.title}\n{stored.article.url}")
    place = f"copy of {stored.copy_of}" if stored.copy_of else f"story {stored.story_id or '-'}"
    typer.echo(f"{stored.source_id}, {format_time(published_or_seen_at(stored))}; {place}\n\n{stored.article.body}")
    print_changes(stored.id, changes)


@articles_app.command("release")
def release_articles(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source whose flood was held back.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Make news of what was held back of a source: the next pass screens it, and digests tell it."""
    configuration = load_config(config, database)
    known = sorted(one.id for one in configuration.sources)
    if source not in known:
        raise UsageError(f"There is no source '{source}'. There are: {', '.join(known) or 'none'}.")
    with article_commands.open_database(configuration) as opened:
        count = opened.stories.release_quarantined(source)
    typer.echo(f"{count} articles of {source} are news now." if count else f"Nothing of {source} is held back.")


def group(file: ArticlesFileArgument, json: JsonOption = False) -> None:
    """Show which articles of a file are copies and which tell of one event; nothing is stored."""
    from monitor.stories.grouping import group_articles

    articles = read_articles(file)
    groups = group_articles(number_duplicate_ids(articles))
    lines = [(name, *groups[key]) for (name, _), key in zip(articles, groups, strict=True)]
    if json:
        print_json_lines({"id": name, "story": story, "copy_of": copy} for name, story, copy in lines)
        return
    titles = [article.title for _, article in articles]
    rows = ((story, name, copy or "", title) for (name, story, copy), title in zip(lines, titles, strict=True))
    print_table(("story", "id", "copy of", "title"), sorted(rows), "The file holds no article.")


def number_duplicate_ids(articles: "list[tuple[str, Article]]") -> "list[tuple[str, Article]]":
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
            faults.append(ConfigIssue(str(file), number, 1, str(error)))
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
    published_at = parse_time(text["published"]) or (parse_date(text["published"]) if text["published"] else None)
    article = Article(
        url=text["url"],
        title=text["title"],
        body=text["text"],
        language=text["language"],
        published_at=published_at,
    )
    return str(record["id"]), article


def parse_time(text: str) -> datetime | None:
    """Read an ISO time, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
