"""Parse, extract and match the demo articles without network and database, and compare with their annotations."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from monitor.config.load import parse_configuration
from monitor.demo.content import SEEDS_FOLDER, Edition, load_outlets, parse_age, render_outlet
from monitor.demo.server import load_annotations
from monitor.domain.article import Article
from monitor.domain.configuration import Configuration
from monitor.domain.mention import Findings
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.extract.extractor import extract_page
from monitor.extract.feed_content import article_from_entry, merge_texts
from monitor.match.engine import compile_watchlist
from monitor.parse.dispatch import parse_document

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A demo document as the program reads it, and its annotation."""

    name: str
    source: Source
    article: Article
    truth: dict[str, Any]

    @property
    def published_at(self) -> datetime | None:
        """Annotated publication time."""
        return NOW - parse_age(self.truth["published"]) if self.truth["published"] else None


def plain(text: str) -> str:
    """Normalize a text for comparison: composed characters, single spaces, no invisible characters."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\u00ad", "").split())


@cache
def configuration() -> Configuration:
    """Read the demo's sources.yaml, with an invented address for each outlet."""
    at = {outlet.id: f"http://{outlet.id}.example" for outlet in load_outlets()}
    # The result is YAML, so HTML escaping would be wrong.
    template = Environment(autoescape=False).from_string((SEEDS_FOLDER / "sources.yaml").read_text(encoding="utf-8"))
    return parse_configuration(template.render(at=at).encode(), Path("sources.yaml"), {})


@cache
def cases() -> tuple[Case, ...]:
    """Read every document of both editions, oldest first, in the order in which the daemon would read them."""
    truths = load_annotations()["documents"]
    found: dict[str, Case] = {}
    for source in configuration().sources:
        for name, article in [*_read(source, 1), *_read(source, 2)]:
            found.setdefault(name, Case(name, source, article, truths[name]))
    oldest = NOW - timedelta(days=3650)
    return tuple(sorted(found.values(), key=lambda case: case.published_at or oldest))


def _read(source: Source, number: int) -> Iterator[tuple[str, Article]]:
    outlet = next(outlet for outlet in load_outlets() if outlet.id == source.id)
    base = f"http://{outlet.id}.example"
    edition: Edition = render_outlet(outlet, base, NOW, number)
    listing = edition.resources[source.url.removeprefix(base)]
    feed = parse_document(listing.body, listing.content_type, source.url, source)
    entries = {entry.url.partition("?")[0]: entry for entry in feed.entries}
    for name, path in edition.articles.items():
        page = edition.resources[path]
        listed = article_from_entry(entries[base + path], source)
        yield name, merge_texts(extract_page(page.body, base + path, page.content_type, source, listed), listed)


@cache
def findings_by_document() -> dict[str, Findings]:
    """Match every document against all officials."""
    matcher = compile_watchlist(configuration().watchlist)
    return {case.name: matcher.match(case.article, case.source.id, NOW) for case in cases()}


def articles_by_name() -> Iterator[tuple[str, Article]]:
    """Yield name and article of every case; the name is the article's URL."""
    for case in cases():
        yield case.name, replace(case.article, url=case.name)
