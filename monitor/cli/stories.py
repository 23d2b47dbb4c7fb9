"""Commands ``monitor stories``, ``monitor articles`` and ``monitor group``."""

import json as jsonlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import articles as article_commands
from monitor.cli import feedback as feedback_commands
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    format_time,
    load_config,
    load_rows,
    print_json,
    print_json_lines,
    print_table,
    print_text,
    stream_rows,
)
from monitor.domain.errors import ConfigError, ConfigIssue, UsageError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.domain.article import Article, StoredArticle, Story
    from monitor.records.articles import VersionChange

app = create_command_group("List the stories, latest first; show, split and join stories.")
articles_app = create_command_group("List the articles; show one; release articles from quarantine.")
ArticlesFileArgument = Annotated[
    Path, typer.Argument(metavar="FILE.jsonl", help="One JSON article per line: id, title, text, published.")
]


@app.command("list")
def list_stories(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: article_commands.SinceOption = "",
    limit: LimitOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories, latest first."""
    from monitor.records.stories import story_record

    with article_commands.open_to_read(load_config(config, database)) as opened:
        since_at = article_commands.parse_since(since)

        def load(count: int, last: "Story | None") -> "list[Story]":
            return opened.stories.list_stories(since_at, count, last)

        if json:
            print_json_lines(map(story_record, stream_rows(load, limit)))
            return
        found = load_rows(load, limit)
    rows = (
        (story.id, story.last_seen_at, len(story.article_ids), ", ".join(story.official_ids), story.title)
        for story in found
    )
    print_table(("id", "last seen", "articles", "officials", "title"), rows, "There are no stories.")


@app.command("show")
def show_story(
    story: Annotated[
        str,
        typer.Argument(metavar="ID", help="Id of a story, also of a merged one, or code of an article in it."),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show a story: its articles in order of time, duplicates, officials and edits."""
    from monitor.records.articles import member_record
    from monitor.records.stories import story_members_record
    from monitor.records.versions import list_version_changes

    with article_commands.open_to_read(load_config(config, database)) as opened:
        found = opened.stories.get_story(feedback_commands.resolve_story(opened, story))
        members = sorted(opened.queries.load_articles(found.article_ids), key=published_or_seen_at)
        edited = [one for one in members if one.version_count]
        changes = {one.id: list_version_changes(one, opened.queries.list_versions(one.id)) for one in edited}
    if json:
        print_json(story_members_record(found, [member_record(one, changes.get(one.id, [])) for one in members]))
        return
    print_text(f"{found.id}  {found.title}")
    typer.echo(
        f"{format_time(found.first_seen_at)} to {format_time(found.last_seen_at)}; "
        f"named: {', '.join(found.official_ids) or '-'}"
    )
    rows = (
        (published_or_seen_at(one), f"a{one.id}", one.source_id, one.duplicate_of or "", one.article.title)
        for one in members
    )
    print_table(("published", "id", "source", "duplicate of", "title"), rows, "")
    for article_id, article_changes in changes.items():
        print_changes(article_id, article_changes)


def published_or_seen_at(stored: "StoredArticle") -> datetime:
    """Return the time of publication of an article.

    If it is unknown, return the time at which the article was first seen.
    """
    return stored.article.published_at or stored.first_seen_at


def print_changes(article_id: int, changes: "list[VersionChange]") -> None:
    """Print the differences between consecutive versions of an article."""
    for change in changes:
        print_text(f"\narticle {article_id}, {format_time(change['replaced_at'])}: {change['summary']}")
        print_text("\n".join(change["difference"]))


app.command("split")(feedback_commands.split_story)
app.command("join")(feedback_commands.join_stories)


articles_app.command("list")(article_commands.list_articles)


@articles_app.command("show")
def show_article(
    article: Annotated[str, typer.Argument(metavar="ID", help="Id, code (a53, h45) or URL of an article.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show an article, its story (or the original of a copy), and the edits since it was first read."""
    from monitor.records.articles import article_text_record
    from monitor.records.versions import list_version_changes

    with article_commands.open_to_read(load_config(config, database)) as opened:
        stored, _is_story = feedback_commands.find_target(opened, article)
        changes = list_version_changes(stored, opened.queries.list_versions(stored.id))
    if json:
        print_json(article_text_record(stored, changes))
        return
    print_text(f"{stored.article.title}\n{stored.article.url}")
    place = f"duplicate of {stored.duplicate_of}" if stored.duplicate_of else f"story {stored.story_id or '-'}"
    print_text(f"{stored.source_id}, {format_time(published_or_seen_at(stored))}; {place}\n\n{stored.article.body}")
    print_changes(stored.id, changes)


@articles_app.command("release")
def release_articles(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE|CODE", help="A source, or the code (a53), id or URL of an article.", show_default=False
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Release the quarantined articles of a source, or one article; the next pass processes and reports them.

    A quarantined article is stored, but not reported. Articles that were abandoned after their last attempt are tried
    again.
    """
    configuration = load_config(config, database)
    known = sorted(one.id for one in configuration.sources)
    with article_commands.open_database(configuration) as opened:
        if name in known:
            count = opened.stories.release_quarantined(name)
            none = f"No article of {name} is in quarantine or abandoned."
            typer.echo(f"{format_count(count, 'article of', 'articles of')} {name} released." if count else none)
            return
        found = feedback_commands.find_articles(opened, name)
        if not found:
            raise UsageError(f"There is no source '{name}'. There are: {', '.join(known) or 'none'}.")
        for one in found:
            is_released = opened.stories.release_article(one.id)
            typer.echo(f"Article {one.id} is {'released' if is_released else 'not in quarantine and not abandoned'}.")


def group(file: ArticlesFileArgument, json: JsonOption = False) -> None:
    """Show which articles of a file are duplicates and which belong to one story; nothing is stored."""
    from monitor.stories.grouping import group_articles

    articles = read_articles(file)
    groups = group_articles(number_duplicate_ids(articles))
    placements = [(name, *groups[key]) for (name, _), key in zip(articles, groups, strict=True)]
    if json:
        print_json_lines({"id": name, "story": story, "copy_of": original} for name, story, original in placements)
        return
    titles = [article.title for _, article in articles]
    rows = (
        (story, name, original or "", title) for (name, story, original), title in zip(placements, titles, strict=True)
    )
    print_table(("story", "id", "duplicate of", "title"), sorted(rows), "There are no articles in the file.")


def number_duplicate_ids(articles: "list[tuple[str, Article]]") -> "list[tuple[str, Article]]":
    """Make the ids of articles unique by adding a number to each repetition of an id."""
    seen: Counter[str] = Counter()
    numbered = []
    for name, article in articles:
        seen[name] += 1
        numbered.append((name if seen[name] == 1 else f"{name}#{seen[name]}", article))
    return numbered


def read_articles(file: Path) -> "list[tuple[str, Article]]":
    """Return the id and the article of each line of a JSON Lines file.

    Raises ``ConfigError`` with all invalid lines, or ``UsageError`` if the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    articles, issues = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            articles.append(read_article(line))
        except ValueError as error:
            issues.append(ConfigIssue(str(file), number, 1, str(error)))
    if issues:
        raise ConfigError(tuple(issues))
    return articles


def read_article(line: str) -> "tuple[str, Article]":
    """Return the id and the article in a line of JSON. Raises ``ValueError`` with the reason if the line is invalid."""
    from monitor.domain.article import Article
    from monitor.extract.language_detection import detect_language
    from monitor.text.dates import parse_date

    try:
        record = jsonlib.loads(line)
    except jsonlib.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {error}") from error
    if not isinstance(record, dict) or not str(record.get("id") or "").strip():
        raise ValueError('an article is an object with an "id", a "title" and a "text"')
    text = {key: str(record.get(key) or "") for key in ("title", "text", "url", "language", "published")}
    published_at = parse_time(text["published"]) or (parse_date(text["published"]) if text["published"] else None)
    article = Article(
        url=text["url"],
        title=text["title"],
        body=text["text"],
        language=text["language"] or detect_language(f"{text['title']} {text['text']}", []),
        published_at=published_at,
    )
    return str(record["id"]), article


def parse_time(text: str) -> datetime | None:
    """Return an ISO 8601 time in UTC; for an invalid text, return None. A time without a zone is read as UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
