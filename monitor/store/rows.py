"""Between rows and domain types: what a column holds is decided here."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, text

from monitor.domain.article import Article, Stage, StoredArticle
from monitor.store.catalogue import ARTICLE, CONTENT

IS_LISTED = text("article.stage = 'listed'")  # conditions in the words of the partial indexes they should use
IS_IN_PROGRESS = text("article.stage IN ('read', 'screened')")
_HASH_BYTES = 16
AnyRow = Row[*tuple[Any, ...]]

STORED_ARTICLE_COLUMNS = (
    *(column for column in ARTICLE.c if column.name not in {"held", "last_error", "next_attempt_at", "lease_token"}),
    *(column for column in CONTENT.c if column.name not in {"article_id", "folded"}),
)


def hash_text(text: str) -> bytes:
    """Return a short digest to look a long text up by (BLAKE2b of 128 bits: chance never makes two alike)."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()


def is_in_stories(story_ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that an article is in one of these stories, so that their index serves it."""
    return (ARTICLE.c.story_id.in_(story_ids), ARTICLE.c.story_id != "")


def encode_texts(texts: Sequence[str]) -> str:
    """Write texts into one column."""
    return json.dumps(texts, ensure_ascii=False) if texts else ""


def decode_texts(column: str) -> tuple[str, ...]:
    """Read what ``several`` wrote."""
    return tuple(json.loads(column)) if column else ()


def article_columns(article: Article) -> dict[str, Any]:
    """Return the columns of an article in its own table."""
    return {
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "authors": encode_texts(article.authors),
        "agency": article.agency,
        "section": article.section,
        "language": article.language,
        "partial": article.partial,
        "confidence": article.confidence,
        "published_at": article.published_at,
        "modified_at": article.modified_at,
    }


def content_columns(article: Article, search_text: str) -> dict[str, Any]:
    """Return the columns of its text."""
    return {
        "standfirst": article.standfirst,
        "dateline": article.dateline,
        "captions": encode_texts(article.captions),
        "body": article.body,
        "folded": search_text,
    }


def url_hashes(article: Article) -> set[bytes]:
    """Return the digests of the URLs by which an article can be asked for."""
    return {hash_text(url) for url in (article.url, article.canonical_url) if url}


def select_stored_articles() -> Select[Any]:
    """Return the query for whole articles, to be narrowed by the caller."""
    return select(*STORED_ARTICLE_COLUMNS).join_from(ARTICLE, CONTENT)


def article_from_row(row: AnyRow) -> Article:
    """Make the article of a row of ``stored_query``."""
    return Article(
        url=row.url,
        title=row.title,
        standfirst=row.standfirst,
        dateline=row.dateline,
        captions=decode_texts(row.captions),
        body=row.body,
        canonical_url=row.canonical_url,
        published_at=row.published_at,
        modified_at=row.modified_at,
        authors=decode_texts(row.authors),
        agency=row.agency,
        section=row.section,
        language=row.language,
        confidence=row.confidence,
        partial=row.partial,
    )


def stored_article_from_row(row: AnyRow) -> StoredArticle:
    """Make the stored article of a row of ``stored_query``."""
    return StoredArticle(
        id=row.id,
        source_id=row.source_id,
        article=article_from_row(row),
        first_seen_at=row.first_seen_at,
        news=row.news,
        stage=Stage(row.stage),
        story_id=row.story_id,
        copy_of=row.copy_of,
        revisions=row.revisions,
    )
