"""Articles, their text regions and processing stages, and stories."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Region(StrEnum):
    """Part of an article in which text may be matched. Boilerplate has no region and is never matched."""

    TITLE = "title"
    STANDFIRST = "standfirst"
    DATELINE = "dateline"
    CAPTION = "caption"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Article:
    """Extracted article. All texts are in Unicode form NFC; paragraphs of ``body`` are joined by a newline.

    ``published_at`` is None if the time is uncertain. ``confidence`` is the quality of the extraction, from 0 (nothing
    found) to 1. ``partial_reason`` is why the text is incomplete, or empty: "paywall", "teaser", "feed", "pages" (a
    long PDF document) or "scripts" (the page shows its text with JavaScript only).
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
    partial_reason: str = ""

    def regions(self) -> Iterator[tuple[Region, str]]:
        """Yield each non-empty region once with its text; captions are joined by newlines."""
        for region, text in (
            (Region.TITLE, self.title),
            (Region.STANDFIRST, self.standfirst),
            (Region.DATELINE, self.dateline),
            (Region.CAPTION, "\n".join(self.captions)),
            (Region.BODY, self.body),
        ):
            if text:
                yield region, text

    @property
    def text_length(self) -> int:
        """The number of characters in all regions."""
        return sum(len(text) for _, text in self.regions())


class Stage(StrEnum):
    """Processing stage of a stored article; each pipeline step moves articles to the next stage."""

    LISTED = "listed"
    EXTRACTED = "extracted"
    MATCHED = "matched"
    GROUPED = "grouped"


@dataclass(frozen=True, slots=True)
class NewArticle:
    """New article before it is stored, with the entry keys by which it is recognised later.

    ``is_alertable`` is false for articles that may not cause an alert, such as those published before the source was
    added. ``stage`` is ``LISTED`` if the page must still be fetched, else ``EXTRACTED``. ``quarantine_reason`` is why
    an article of a bulk change is stored without a report (`monitor articles release` reverses this), or empty.
    ``search_text`` is the text for the full-text index, or None if the store must compute it. ``evidence_keys`` are
    stored with the article for comparison with later entries, but they never identify an article.
    ``known_article_id`` is set if the entry lists an article that is already stored: then only its keys and URL are
    added to that article.
    """

    entry_keys: tuple[str, ...]
    article: Article
    is_alertable: bool
    stage: Stage
    quarantine_reason: str = ""
    search_text: str | None = None
    evidence_keys: tuple[str, ...] = ()
    known_article_id: int | None = None


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """Stored facts about the article that has an entry key; all but the id is empty if the article was deleted."""

    id: int
    url: str = ""
    title: str = ""
    published_at: datetime | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """Article with its database id. ``is_alertable`` is false if the article was published before its source was added.

    ``duplicate_of`` is the id of the article that this one duplicates; ``version_count`` counts the earlier versions.
    ``quarantine_reason`` is why it was stored without alerting, if it is in quarantine.
    """

    id: int
    source_id: str
    article: Article
    first_seen_at: datetime
    is_alertable: bool = True
    stage: Stage = Stage.LISTED
    story_id: str = ""
    duplicate_of: int | None = None
    version_count: int = 0
    quarantine_reason: str = ""


@dataclass(frozen=True, slots=True)
class PendingPage:
    """Article whose page must be fetched, leased to the holder of ``token``.

    ``quarantine_reason`` is why it is stored without alerting, or empty; the date of the page may end a quarantine.
    """

    id: int
    source_id: str
    article: Article
    attempts: int
    token: str
    first_seen_at: datetime
    quarantine_reason: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event. ``merged_into`` is the id of the story that absorbed this one, or empty."""

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    article_ids: tuple[int, ...] = ()
    official_ids: tuple[str, ...] = ()
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class ArticleAttempt:
    """Article that waits for an attempt of its own, because it is long or an earlier attempt failed."""

    article_id: int
    source_id: str


@dataclass(frozen=True, slots=True)
class DuePage:
    """Listed article whose page may be fetched since ``due_at``."""

    due_at: datetime
    article_id: int
    source_id: str
    url: str
