"""Between rows and domain types: what a column holds is decided here."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, text

from monitor.domain.article import Article, Stage, Stored
from monitor.store.catalogue import ARTICLE, CONTENT

LISTED = text("article.stage = 'listed'")  # conditions in the words of the partial indexes they should use
WAITING = text("article.stage IN ('read', 'screened')")
_DIGEST = 16
AnyRow = Row[*tuple[Any, ...]]

STORED = (
    *(column for column in ARTICLE.c if column.name not in {"held", "last_error", "next_attempt_at", "lease_token"}),
    *(column for column in CONTENT.c if column.name not in {"article_id", "folded"}),
)


def digest(text: str) -> bytes:
    """Return a short digest to look a long text up by (BLAKE2b of 128 bits: chance never makes two alike)."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def in_stories(names: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that an article is in one of these stories, so that their index serves it."""
    return (ARTICLE.c.story_id.in_(names), ARTICLE.c.story_id != "")


def several(texts: Sequence[str]) -> str:
    """Write texts into one column."""
    return json.dumps(texts, ensure_ascii=False) if texts else ""


def several_of(column: str) -> tuple[str, ...]:
    """Read what ``several`` wrote."""
    return tuple(json.loads(column)) if column else ()


def heading(article: Article) -> dict[str, Any]:
    """Return the columns of an article in its own table."""
    return {
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "authors": several(article.authors),
        "agency": article.agency,
        "section": article.section,
        "language": article.language,
        "partial": article.partial,
        "confidence": article.confidence,
        "published_at": article.published_at,
        "modified_at": article.modified_at,
    }


def wording(article: Article, folded: str) -> dict[str, Any]:
    """Return the columns of its text."""
    return {
        "standfirst": article.standfirst,
        "dateline": article.dateline,
        "captions": several(article.captions),
        "body": article.body,
        "folded": folded,
    }


def addresses(article: Article) -> set[bytes]:
    """Return the digests of the URLs by which an article can be asked for."""
    return {digest(url) for url in (article.url, article.canonical_url) if url}


def stored_query() -> Select[Any]:
    """Return the query for whole articles, to be narrowed by the caller."""
    return select(*STORED).join_from(ARTICLE, CONTENT)


def article_of(row: AnyRow) -> Article:
    """Make the article of a row of ``stored_query``."""
    return Article(
        url=row.url,
        title=row.title,
        standfirst=row.standfirst,
        dateline=row.dateline,
        captions=several_of(row.captions),
        body=row.body,
        canonical_url=row.canonical_url,
        published_at=row.published_at,
        modified_at=row.modified_at,
        authors=several_of(row.authors),
        agency=row.agency,
        section=row.section,
        language=row.language,
        confidence=row.confidence,
        partial=row.partial,
    )


def stored_of(row: AnyRow) -> Stored:
    """Make the stored article of a row of ``stored_query``."""
    return Stored(
        id=row.id,
        source_id=row.source_id,
        article=article_of(row),
        first_seen_at=row.first_seen_at,
        news=row.news,
        stage=Stage(row.stage),
        story_id=row.story_id,
        copy_of=row.copy_of,
        revisions=row.revisions,
    )
