"""Conversion between table rows and domain types, and bulk statements that bypass the statement compiler of SQLAlchemy.

If a statement were compiled for each article, compiling would take longer than SQLite needs to run the statement. The
column types still convert all values, column by column, so the rows are the same as SQLAlchemy would write.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, LargeBinary, Row, Select, Table, select, text

from monitor.domain.article import Article, KnownArticle, Stage, StoredArticle
from monitor.store.column_types import CleanText, UtcDateTime, clean_texts
from monitor.store.core_tables import ARTICLE, ARTICLE_TEXT

IS_LISTED = text("article.stage = 'listed'")  # the same text as in the partial index, else the index is not used
IS_IN_PROGRESS = text("article.stage IN ('extracted', 'matched')")
_HASH_BYTES = 16
AnyRow = Row[*tuple[Any, ...]]

_IDS_PER_QUERY = 1000  # much less than the number of parameters that each engine allows in a statement
_UNUSED_COLUMNS = {"next_attempt_at", "lease_token"}
STORED_ARTICLE_COLUMNS = (
    *(column for column in ARTICLE.c if column.name not in _UNUSED_COLUMNS),
    *(column for column in ARTICLE_TEXT.c if column.name not in {"article_id", "search_text"}),
)
HIT_ID_MARGIN = 1000
"""Number of ids below the newest reported hit in which there may still be unreported hits.

The reason is that transactions may commit in another order than that of their ids.
"""


def hash_text(text: str) -> bytes:
    """Return the 128-bit BLAKE2b hash of a text, by which a long text is found in the database.

    Two texts with the same hash are so improbable that this case is ignored.
    """
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()


def is_in_stories(story_ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Return two SQL conditions that are both true if an article is in one of these stories.

    The second condition, that the article has a story, does not change the result. It allows the database to use the
    partial index of articles with a story.
    """
    return (ARTICLE.c.story_id.in_(story_ids), ARTICLE.c.story_id != "")


def encode_texts(texts: Sequence[str]) -> str:
    """Return a list of texts as JSON for one column. An empty list gives an empty string."""
    return json.dumps(texts, ensure_ascii=False) if texts else ""


def decode_texts(column: str) -> tuple[str, ...]:
    """Return the list of texts that ``encode_texts`` has encoded in a column."""
    return tuple(json.loads(column)) if column else ()


def article_columns(article: Article) -> dict[str, Any]:
    """Return the column values of an article for the table ``article``."""
    return {
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "authors": encode_texts(article.authors),
        "agency": article.agency,
        "section": article.section,
        "language": article.language,
        "partial_reason": article.partial_reason,
        "confidence": article.confidence,
        "published_at": article.published_at,
        "modified_at": article.modified_at,
    }


def text_columns(article: Article, search_text: str) -> dict[str, Any]:
    """Return the column values of an article for the table ``article_text``."""
    return {
        "standfirst": article.standfirst,
        "dateline": article.dateline,
        "captions": encode_texts(article.captions),
        "body": article.body,
        "search_text": search_text,
        "page_starts": json.dumps(article.page_starts) if article.page_starts else "",
    }


def hash_urls(article: Article) -> set[bytes]:
    """Return the hashes of the URLs (URL and canonical URL) by which an article can be found."""
    return {hash_text(url) for url in (article.url, article.canonical_url) if url}


def select_stored_articles() -> Select[Any]:
    """Return the query for articles with their texts; the caller adds conditions."""
    return select(*STORED_ARTICLE_COLUMNS).join_from(ARTICLE, ARTICLE_TEXT)


def article_from_row(row: AnyRow) -> Article:
    """Build an article from a row of ``select_stored_articles``."""
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
        partial_reason=row.partial_reason,
        page_starts=tuple(json.loads(row.page_starts)) if row.page_starts else (),
    )


def stored_article_from_row(row: AnyRow) -> StoredArticle:
    """Build a stored article from a row of ``select_stored_articles``."""
    return StoredArticle(
        id=row.id,
        source_id=row.source_id,
        article=article_from_row(row),
        first_seen_at=row.first_seen_at,
        is_alertable=row.is_alertable,
        stage=Stage(row.stage),
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        version_count=row.version_count,
        quarantine_reason=row.quarantine_reason,
        read_error=row.last_error,
    )


ColumnValues = Sequence[Any]
Converter = Callable[[Any], Any]


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_existing: bool = False
) -> int:
    """Insert rows, and return the number of inserted rows.

    All rows must have the same columns, and at least two columns. With ``skip_existing``, rows that violate a unique
    constraint are skipped.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    columns: list[ColumnValues] = list(zip(*map(itemgetter(*names), rows), strict=True))
    for at, convert, is_text in _column_converters(table, names, connection.dialect):
        columns[at] = clean_texts(columns[at]) if is_text else [convert(value) for value in columns[at]]
    statement = _insert_statement(table, names, connection.dialect.name, skip_existing=skip_existing)
    return connection.exec_driver_sql(statement, list(zip(*columns, strict=True))).rowcount


def execute_update(connection: Connection, table: Table, statement: str, values: Mapping[str, Any]) -> int:
    """Run an SQL statement that changes rows of ``table``, and return the number of changed rows.

    ``values`` maps columns to values. The statement has a `?` for each value, in the same order.
    """
    names, dialect = tuple(values), connection.dialect
    bound = list(values.values())
    for at, convert, _is_text in _column_converters(table, names, dialect):
        bound[at] = convert(bound[at])
    statement = statement if dialect.name == "sqlite" else statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, tuple(bound)).rowcount


def find_keys_of_source(connection: Connection, source_id: str, keys: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Look up hashes of entry keys, such as URLs of feed entries, among the stored keys of a source.

    Return a pair for each hash in ``keys`` that is stored: the hash, and the id of the article that the key identifies.
    """
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(keys))
        query = f"SELECT key, article_id FROM entry_key WHERE source_id = ? AND key IN ({marks})"  # noqa: S608  # parameter marks only
        return [(key, number) for key, number in connection.exec_driver_sql(query, (source_id, *keys))]
    query = "SELECT key, article_id FROM entry_key WHERE source_id = %s AND key = ANY(%s)"
    return [(bytes(key), number) for key, number in connection.exec_driver_sql(query, (source_id, list(keys)))]


_SELECT_KNOWN = """
    SELECT entry_key.key, entry_key.article_id, article.id, article.url, article.title, article.published_at
    FROM entry_key LEFT JOIN article ON article.id = entry_key.article_id
    WHERE entry_key.source_id = """


def find_known_articles(
    connection: Connection, source_id: str, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, KnownArticle]]:
    """Look up hashes of entry keys, such as URLs of feed entries, among the stored keys of a source.

    Yield a pair for each hash in ``keys`` that is stored: the hash, and data about the article that the key identifies.
    """
    if connection.dialect.name == "sqlite":
        query = f"{_SELECT_KNOWN} ? AND entry_key.key IN ({', '.join('?' * len(keys))})"
        rows = connection.exec_driver_sql(query, (source_id, *keys))
    else:
        rows = connection.exec_driver_sql(f"{_SELECT_KNOWN} %s AND entry_key.key = ANY(%s)", (source_id, list(keys)))
    to_time = UtcDateTime().process_result_value
    articles: dict[int, KnownArticle] = {}
    for key, number, stored, url, title, published_at in rows:
        if number not in articles:
            articles[number] = (
                KnownArticle(number, is_deleted=True)
                if stored is None
                else KnownArticle(number, url, title, to_time(published_at, connection.dialect))
            )
        yield bytes(key), articles[number]


@cache
def _insert_statement(table: Table, names: tuple[str, ...], engine: str, *, skip_existing: bool) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join(["?" if engine == "sqlite" else "%s"] * len(names))
    insert = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608  # names of tables and columns of this program
    return insert + (" ON CONFLICT DO NOTHING" if skip_existing else "")


@cache
def _column_converters(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[int, Converter, bool], ...]:
    """Return a converter for each of the columns ``names`` whose values must be converted before they are stored.

    Each is a tuple: the position of the column in ``names``, the function that converts a value, and whether the column
    has the type ``CleanText``.
    """
    kinds = [table.c[name].type for name in names]
    found = [(at, kind.dialect_impl(dialect).bind_processor(dialect), kind) for at, kind in enumerate(kinds)]
    return tuple(
        (at, convert, isinstance(kind, CleanText))
        for at, convert, kind in found
        if convert is not None and not isinstance(kind, LargeBinary)  # drivers accept bytes unchanged
    )


Id = TypeVar("Id", int, str)


def chunk_ids(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    """Split a list of ids into parts, each short enough for one SQL statement."""
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield ids[start : start + _IDS_PER_QUERY]
