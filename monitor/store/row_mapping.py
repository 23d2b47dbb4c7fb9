"""Between rows and domain types: what a column holds is decided here.

Many rows at once, past the statement compiler: on the path of every article its work would cost more than SQLite's.

The columns' types still decide what goes in, so a row written here is the row that SQLAlchemy would have written.
Values are brought to their types column by column, not cell by cell.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, LargeBinary, Row, Select, Table, select, text

from monitor.domain.article import Article, Stage, StoredArticle
from monitor.store.column_types import CleanText, clean_texts
from monitor.store.core_tables import ARTICLE, CONTENT

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


ColumnValues = Sequence[Any]
Converter = Callable[[Any], Any]


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool = False
) -> int:
    """Insert rows that all have the same columns (two or more); with ``new``, leave out those whose key is there.

    Returns how many went in.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    columns: list[ColumnValues] = list(zip(*map(itemgetter(*names), rows), strict=True))
    for at, convert, words in _column_converters(table, names, connection.dialect):
        columns[at] = clean_texts(columns[at]) if words else [convert(value) for value in columns[at]]
    statement = _insert_statement(table, names, connection.dialect.name, skip_existing=skip_existing)
    return connection.exec_driver_sql(statement, list(zip(*columns, strict=True))).rowcount


def execute_update(connection: Connection, table: Table, statement: str, values: Mapping[str, Any]) -> int:
    """Run a statement with a "?" for each of these columns' values, in their order; return how many rows it changed."""
    names, dialect = tuple(values), connection.dialect
    bound = list(values.values())
    for at, convert, _words in _column_converters(table, names, dialect):
        bound[at] = convert(bound[at])
    statement = statement if dialect.name == "sqlite" else statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, tuple(bound)).rowcount


def find_keys_of_source(connection: Connection, source_id: str, keys: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Return those of these identity keys that a source has, each with its article's number."""
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(keys))
        query = f"SELECT key, article_id FROM identity WHERE source_id = ? AND key IN ({places})"  # noqa: S608  # "?" only
        return [(key, number) for key, number in connection.exec_driver_sql(query, (source_id, *keys))]
    query = "SELECT key, article_id FROM identity WHERE source_id = %s AND key = ANY(%s)"
    return [(bytes(key), number) for key, number in connection.exec_driver_sql(query, (source_id, list(keys)))]


@cache
def _insert_statement(table: Table, names: tuple[str, ...], engine: str, *, skip_existing: bool) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join(["?" if engine == "sqlite" else "%s"] * len(names))
    insert = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608  # names of our own tables
    return insert + (" ON CONFLICT DO NOTHING" if skip_existing else "")


@cache
def _column_converters(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[int, Converter, bool], ...]:
    """Return what brings values to their types, each with its place and whether they are words."""
    kinds = [table.c[name].type for name in names]
    found = [(at, kind.dialect_impl(dialect).bind_processor(dialect), kind) for at, kind in enumerate(kinds)]
    return tuple(
        (at, convert, isinstance(kind, CleanText))
        for at, convert, kind in found
        if convert is not None and not isinstance(kind, LargeBinary)  # every driver takes bytes as they are
    )
