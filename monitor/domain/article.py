"""An article: text with regions, and the little that is known about it for certain.

Reports of one event, and copies of one text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Region(StrEnum):
    """Where in an article a text stands. Boilerplate has no region: it is never matched."""

    TITLE = "title"
    STANDFIRST = "standfirst"
    DATELINE = "dateline"
    CAPTION = "caption"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Article:
    """An extracted article. Texts are NFC; ``body`` holds its paragraphs joined by a newline.

    ``published_at`` is empty rather than wrong. ``confidence`` runs from 0 (nothing found) to 1.
    ``partial`` tells why the text is less than the whole article ("paywall", "teaser", "feed").
    """

    url: str
    title: str = ""
    standfirst: str = ""
    dateline: str = ""
    captions: tuple[str, ...] = ()
    body: str = ""
    canonical_url: str = ""
    published_at: datetime | None = None
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    agency: str = ""
    section: str = ""
    language: str = ""
    confidence: float = 0.0
    partial: str = ""

    def regions(self) -> Iterator[tuple[Region, str]]:
        """Yield each non-empty region once with its text; captions stand in one text, a line each."""
        for region, text in (
            (Region.TITLE, self.title),
            (Region.STANDFIRST, self.standfirst),
            (Region.DATELINE, self.dateline),
            (Region.CAPTION, "\n".join(self.captions)),
            (Region.BODY, self.body),
        ):
            if text:
                yield region, text


class Stage(StrEnum):
    """How far a stored article has come; each pipeline step moves rows from one stage to the next."""

    LISTED = "listed"
    EXTRACTED = "read"
    MATCHED = "screened"
    GROUPED = "grouped"


@dataclass(frozen=True, slots=True)
class NewArticle:
    """A new article to be kept: its identity keys, the entry's fields, and whether it counts as news.

    ``stage`` is ``LISTED`` when the page must still be fetched, ``READ`` when ``article`` is whole already.
    ``held`` tells why an article that might be news was kept back as part of a flood; ``articles release`` lets it go.
    ``words`` are those of the search index, if they were made ahead (``text/search_text.py``).
    """

    entry_keys: tuple[str, ...]
    article: Article
    is_alertable: bool
    stage: Stage
    quarantine_reason: str = ""
    search_text: str | None = None


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as the database holds it. ``news`` is false for what was there before we watched."""

    id: int
    source_id: str
    article: Article
    first_seen_at: datetime
    news: bool = True
    stage: Stage = Stage.LISTED
    story_id: str = ""
    copy_of: int | None = None
    revisions: int = 0


@dataclass(frozen=True, slots=True)
class PendingPage:
    """An article whose page must be fetched, leased to the holder of ``token``."""

    id: int
    source_id: str
    article: Article
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event. ``merged_into`` names the story that took this one's members over."""

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    article_ids: tuple[int, ...] = ()
    official_ids: tuple[str, ...] = ()
    merged_into: str = ""
