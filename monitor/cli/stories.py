"""Stories: what was grouped, and what grouping would do with a file."""

import json as jsonlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import Json, emit_lines, table
from monitor.domain.errors import ConfigError, Fault, UsageError

if TYPE_CHECKING:
    from monitor.domain.article import Article

Input = Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One article a line: id, title, text, published.")]


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
