"""Full-text search over folded text, newest article first, alike on both engines.

Scripts without word breaks are indexed as overlapping pairs of characters, so that any part of a run is found: a word
of such a script is a phrase of pairs. SQLite finds phrases in its index (FTS5). PostgreSQL finds the words in its index
(GIN over their tsvector) and checks phrases on the text, because a tsvector keeps 256 positions a word and no more.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    func,
    literal,
    literal_column,
    select,
)

from monitor.store.core_tables import CONTENT
from monitor.text.search_text import UNBROKEN_RUN, split_for_index

SCAN_LIMIT = 1000
_PLAN_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = on"
_PLAN_BY_AGE = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = off"
_TERM_PATTERN = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Words that must stand together, or must not stand at all; ``prefix``: the last one may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


def parse_search_query(query: str) -> tuple[SearchTerm, ...]:
    """Read what a user typed: words, "phrases", a star at the end for any ending, a minus before to exclude.

    Nothing in it is an error; a query without a word finds nothing.
    """
    terms = []
    for minus, phrase, word in _TERM_PATTERN.findall(query):
        typed = phrase or word
        words = tuple(split_for_index(typed, is_complete=False).split())
        if words:
            alone = len(words) == 1 and len(words[0]) == 1 and UNBROKEN_RUN.fullmatch(words[0]) is not None
            terms.append(SearchTerm(words, is_prefix=typed.endswith("*") or alone, is_excluded=bool(minus)))
    return tuple(terms)


def index_texts(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Put texts of ``index_text`` that were just stored with these articles into the index.

    PostgreSQL does so by itself. SQLite lets no trigger reach into a virtual table while it distrusts the schema.
    """
    rows = [(number, folded) for number, folded in texts if folded]
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO content_words (rowid, folded) VALUES (?, ?)", rows)


def remove_from_index(connection: Connection, article_ids: Collection[int]) -> None:
    """Take articles out of the index; to be called before their text changes or goes."""
    if connection.dialect.name == "sqlite":
        old = select(literal("delete"), CONTENT.c.article_id, CONTENT.c.folded)
        old = old.where(CONTENT.c.article_id.in_(article_ids), CONTENT.c.folded != "")
        words = Table("content_words", MetaData(), *(Column(name) for name in ("content_words", "rowid", "folded")))
        connection.execute(words.insert().from_select(["content_words", "rowid", "folded"], old))


def search_newest(connection: Connection, terms: tuple[SearchTerm, ...], limit: int) -> list[int]:
    """Return the numbers of the newest articles that match, newest first; none without a wanted term."""
    if all(term.is_excluded for term in terms):
        return []
    look = _search_sqlite if connection.dialect.name == "sqlite" else _search_postgres
    return look(connection, terms, limit)


def _search_sqlite(connection: Connection, terms: tuple[SearchTerm, ...], limit: int) -> list[int]:
    wanted = " AND ".join(_fts_phrase(term) for term in terms if not term.is_excluded)
    unwanted = " OR ".join(_fts_phrase(term) for term in terms if term.is_excluded)
    expression = f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    query = "SELECT rowid FROM content_words WHERE content_words MATCH ? ORDER BY rowid DESC LIMIT ?"
    return list(connection.exec_driver_sql(query, (expression, limit)).scalars())  # read from the index's end


def _fts_phrase(term: SearchTerm) -> str:
    return '"' + " ".join(term.words).replace('"', '""') + '"' + (" *" if term.is_prefix else "")


def _search_postgres(connection: Connection, terms: tuple[SearchTerm, ...], limit: int) -> list[int]:
    """Go through the latest articles; where they do not hold enough, ask the index; where it names many, go on.

    PostgreSQL's planner knows neither how rare a word is nor what it costs to read a text: it would go through the
    whole archive for a word that stands nowhere. So it is shown the way.
    """
    number = CONTENT.c.article_id
    holding = select(number).where(_match_condition(terms))
    by_age = holding.order_by(number.desc()).limit(limit)
    latest = select(func.max(number)).scalar_subquery()
    found = _fetch_article_ids(connection, _PLAN_BY_AGE, by_age.where(number > latest - SCAN_LIMIT))
    if len(found) < limit:
        found = _fetch_article_ids(connection, _PLAN_BY_INDEX, holding.limit(SCAN_LIMIT + 1))
        if len(found) > SCAN_LIMIT:
            found = _fetch_article_ids(connection, _PLAN_BY_AGE, by_age)
    return sorted(found, reverse=True)[:limit]


def _fetch_article_ids(connection: Connection, planner_settings: str, query: Select[int]) -> list[int]:
    connection.exec_driver_sql(planner_settings)
    return list(connection.execute(query).scalars())


def _match_condition(terms: tuple[SearchTerm, ...]) -> ColumnElement[bool]:
    folded, blank = CONTENT.c.folded, literal_column("' '", Text)
    words = func.array_to_tsvector(func.string_to_array(func.nullif(folded, literal_column("''")), blank))
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        lexemes = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in term.words]
        if term.is_prefix:
            lexemes[-1] += ":*"
        condition: ColumnElement[bool] = words.op("@@")(func.to_tsquery("simple", " & ".join(lexemes)))
        if len(term.words) > 1:
            sought = " " + " ".join(term.words) + ("" if term.is_prefix else " ")
            condition = and_(condition, func.strpos(blank.concat(folded).concat(blank), sought) > 0)
        conditions.append(~condition if term.is_excluded else condition)
    return and_(*conditions)
