"""Full-text search over texts in lower case without diacritics, with the same results on SQLite and PostgreSQL.

The newest articles are returned first. In scripts without spaces between words, overlapping pairs of characters are
indexed as words, and a word of such a script is searched for as a phrase of pairs. SQLite finds phrases in its index
(FTS5), which has the words but not the text. PostgreSQL finds the words in its index (GIN over their tsvector) and
checks phrases in the text, because a tsvector holds at most 256 positions per word.
"""

import re
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.types import UserDefinedType

from monitor.store.core_tables import ARTICLE_TEXT
from monitor.store.row_mapping import article_from_row, chunk_ids, hash_text, select_stored_articles
from monitor.text.search_text import UNBROKEN_RUN, index_text, split_for_index

SCAN_LIMIT = 1000
"""Number of the latest articles that PostgreSQL checks one by one before it uses the index."""
_PLAN_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = on"
_PLAN_BY_AGE = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = off"
_REMOVE_FROM_INDEX = "INSERT INTO article_search (article_search, rowid, search_text) VALUES ('delete', ?, ?)"
_TERM_PATTERN = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


class SearchTerm(Struct, frozen=True):
    """Condition of a full-text search: ``words`` must occur in the text, directly after one another.

    With ``is_prefix``, the last word may be the beginning of a longer word. With ``is_excluded``, the words must not
    occur in the text.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


class IndexAll(Struct, frozen=True):
    """Condition of a full-text search that is satisfied if all of its parts are satisfied."""

    parts: tuple["IndexQuery", ...]


class IndexAny(Struct, frozen=True):
    """Condition of a full-text search that is satisfied if at least one of its parts is satisfied."""

    parts: tuple["IndexQuery", ...]


IndexQuery = SearchTerm | IndexAll | IndexAny


class _TsQuery(UserDefinedType[str]):
    """Type to which a query text is cast on PostgreSQL: ``tsquery``.

    The cast leaves words unchanged. ``to_tsquery`` would split the words again, and would remove characters that join
    the letters of Khmer and other scripts.
    """

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Return the name of this type in SQL."""
        return "TSQUERY"


def make_search_term(text: str, *, is_prefix: bool = False) -> SearchTerm | None:
    """Return the search condition for a typed word or phrase, or None if ``text`` has no word."""
    words = tuple(split_for_index(text, is_complete=False).split())
    if not words:
        return None
    is_single = len(words) == 1 and len(words[0]) == 1 and UNBROKEN_RUN.fullmatch(words[0]) is not None
    return SearchTerm(words, is_prefix=is_prefix or is_single)


def find_candidates(
    connection: Connection,
    query: IndexQuery,
    limit: int,
    before_id: int | None = None,
    among: Sequence[int] | None = None,
) -> list[int]:
    """Return the ids of the newest articles that contain the words of a query, newest first.

    With ``before_id``, only lower ids are returned. With ``among``, only ids from this sequence are returned.
    """
    if connection.dialect.name == "sqlite":
        return _find_in_fts(connection, _fts_expression(query), limit, before_id, among)
    if among is not None:
        chosen = select(ARTICLE_TEXT.c.article_id).where(ARTICLE_TEXT.c.article_id.in_(among), _index_condition(query))
        return list(connection.execute(chosen.order_by(ARTICLE_TEXT.c.article_id.desc()).limit(limit)).scalars())
    return _search_postgres(connection, _index_condition(query), limit, before_id)


def _find_in_fts(
    connection: Connection, expression: str, limit: int, before_id: int | None, among: Sequence[int] | None
) -> list[int]:
    if among is None:
        statement = (
            "SELECT rowid FROM article_search WHERE article_search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
        )
        return list(connection.exec_driver_sql(statement, (expression, before_id or 2**62, limit)).scalars())
    marks = ",".join("?" * len(among))
    statement = f"SELECT rowid FROM article_search WHERE article_search MATCH ? AND rowid IN ({marks})"  # noqa: S608 - only marks
    # Sorted here, because for a descending order FTS5 reads the list of a word from its end for each id
    ids = sorted(connection.exec_driver_sql(statement, (expression, *among)).scalars(), reverse=True)
    return [one for one in ids if before_id is None or one < before_id][:limit]


def _fts_expression(query: IndexQuery) -> str:
    match query:
        case IndexAll(parts):
            return f"({' AND '.join(map(_fts_expression, parts))})"
        case IndexAny(parts):
            return f"({' OR '.join(map(_fts_expression, parts))})"
        case SearchTerm():
            return _fts_phrase(query)


def _index_condition(query: IndexQuery) -> ColumnElement[bool]:
    match query:
        case IndexAll(parts):
            return and_(*map(_index_condition, parts))
        case IndexAny(parts):
            return or_(*map(_index_condition, parts))
        case SearchTerm():
            return _match_condition((query,))


def parse_search_query(query: str) -> tuple[SearchTerm, ...]:
    """Parse the query of a user: words, "phrases", a trailing star for prefixes, a leading minus to exclude.

    Every input is valid. A query without words gives no terms, and then the search finds nothing.
    """
    terms = []
    for minus, phrase, word in _TERM_PATTERN.findall(query):
        typed = phrase or word
        words = tuple(split_for_index(typed, is_complete=False).split())
        if words:
            is_single_character = (
                len(words) == 1 and len(words[0]) == 1 and UNBROKEN_RUN.fullmatch(words[0]) is not None
            )
            terms.append(
                SearchTerm(words, is_prefix=typed.endswith("*") or is_single_character, is_excluded=bool(minus))
            )
    return tuple(terms)


def stored_search_text(connection: Connection, search_text: str) -> str:
    """Return the value of the column ``search_text`` for the normalized text of an article.

    On PostgreSQL it is the text itself. On SQLite it is only a hash of the text, because the full-text index has the
    words.
    """
    if connection.dialect.name != "sqlite":
        return search_text
    return hash_text(search_text).hex() if search_text else ""


def index_texts(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Add newly stored articles to the full-text index of SQLite.

    Each article is given as a pair: its id, and its text in lower case without diacritics. On PostgreSQL nothing is
    done, because it updates its index by itself. On SQLite a trigger cannot update the index, because triggers may not
    write to virtual tables with ``trusted_schema`` off.
    """
    rows = [(article_id, search_text) for article_id, search_text in texts if search_text]
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO article_search (rowid, search_text) VALUES (?, ?)", rows)


def remove_from_index(connection: Connection, article_ids: Sequence[int]) -> None:
    """Remove articles from the full-text index of SQLite. Call this before the articles are changed or deleted.

    To remove an article, SQLite needs the words that were indexed. They are computed again from the article. An article
    stays in the index if the stored hash shows that other words were indexed, by an earlier version of this program.
    """
    if connection.dialect.name != "sqlite":
        return
    columns = select_stored_articles().add_columns(ARTICLE_TEXT.c.search_text)
    for chunk in chunk_ids(article_ids):
        rows = connection.execute(columns.where(ARTICLE_TEXT.c.article_id.in_(chunk), ARTICLE_TEXT.c.search_text != ""))
        indexed = [(row.id, index_text(article_from_row(row)), row.search_text) for row in rows]
        removed = [
            (number, words) for number, words, stored in indexed if stored_search_text(connection, words) == stored
        ]
        if removed:
            connection.exec_driver_sql(_REMOVE_FROM_INDEX, removed)


def search_newest(connection: Connection, terms: tuple[SearchTerm, ...], limit: int) -> list[int]:
    """Return the ids of the newest articles that satisfy all search terms, newest first.

    If every term excludes something, the result is empty.
    """
    if all(term.is_excluded for term in terms):
        return []
    if connection.dialect.name == "sqlite":
        return _search_sqlite(connection, terms, limit)
    return _search_postgres(connection, _match_condition(terms), limit)


def _search_sqlite(connection: Connection, terms: tuple[SearchTerm, ...], limit: int) -> list[int]:
    wanted = " AND ".join(_fts_phrase(term) for term in terms if not term.is_excluded)
    unwanted = " OR ".join(_fts_phrase(term) for term in terms if term.is_excluded)
    expression = f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    query = "SELECT rowid FROM article_search WHERE article_search MATCH ? ORDER BY rowid DESC LIMIT ?"
    return list(connection.exec_driver_sql(query, (expression, limit)).scalars())  # reads the index from its end


def _fts_phrase(term: SearchTerm) -> str:
    return '"' + " ".join(term.words).replace('"', '""') + '"' + (" *" if term.is_prefix else "")


def _search_postgres(
    connection: Connection, condition: ColumnElement[bool], limit: int, before_id: int | None = None
) -> list[int]:
    """Return the ids of the newest articles that satisfy ``condition``, at most ``limit``, newest first.

    First the latest ``SCAN_LIMIT`` articles are checked one by one. If fewer than ``limit`` articles are found, the
    index is searched. If the index finds more than ``SCAN_LIMIT`` articles, all articles are checked one by one, newest
    first.

    The query planner does not know how rare a word is, or how expensive it is to read a text. It would scan all
    articles for a word that no article has. Therefore each step prescribes its query plan.
    """
    article_id = ARTICLE_TEXT.c.article_id
    matching = select(article_id).where(condition)
    if before_id is not None:
        matching = matching.where(article_id < before_id)
    by_age = matching.order_by(article_id.desc()).limit(limit)
    latest = select(func.max(article_id)).scalar_subquery() if before_id is None else literal(before_id)
    found = _fetch_article_ids(connection, _PLAN_BY_AGE, by_age.where(article_id > latest - SCAN_LIMIT))
    if len(found) < limit:
        found = _fetch_article_ids(connection, _PLAN_BY_INDEX, matching.limit(SCAN_LIMIT + 1))
        if len(found) > SCAN_LIMIT:
            found = _fetch_article_ids(connection, _PLAN_BY_AGE, by_age)
    return sorted(found, reverse=True)[:limit]


def _fetch_article_ids(connection: Connection, planner_settings: str, query: Select[int]) -> list[int]:
    connection.exec_driver_sql(planner_settings)
    return list(connection.execute(query).scalars())


def _match_condition(terms: tuple[SearchTerm, ...]) -> ColumnElement[bool]:
    search_text, blank = ARTICLE_TEXT.c.search_text, literal_column("' '", Text)
    words = func.array_to_tsvector(func.string_to_array(func.nullif(search_text, literal_column("''")), blank))
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        lexemes = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in term.words]
        if term.is_prefix:
            lexemes[-1] += ":*"
        condition: ColumnElement[bool] = words.op("@@")(cast(" & ".join(lexemes), _TsQuery()))
        if len(term.words) > 1:
            phrase = " " + " ".join(term.words) + ("" if term.is_prefix else " ")
            condition = and_(condition, func.strpos(blank.concat(search_text).concat(blank), phrase) > 0)
        conditions.append(~condition if term.is_excluded else condition)
    return and_(*conditions)
