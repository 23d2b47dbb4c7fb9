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

from monitor.store.catalogue import CONTENT
from monitor.text.index import RUN, divide

FEW = 1000
_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = on"
_BY_AGE = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = off"
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together, or must not stand at all; ``prefix``: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False
    excluded: bool = False


def read_query(query: str) -> tuple[Term, ...]:
    """Read what a user typed: words, "phrases", a star at the end for any ending, a minus before to exclude.

    Nothing in it is an error; a query without a word finds nothing.
    """
    terms = []
    for minus, phrase, word in _TERM.findall(query):
        typed = phrase or word
        words = tuple(divide(typed, whole=False).split())
        if words:
            alone = len(words) == 1 and len(words[0]) == 1 and RUN.fullmatch(words[0]) is not None
            terms.append(Term(words, prefix=typed.endswith("*") or alone, excluded=bool(minus)))
    return tuple(terms)


def add_words(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Put texts of ``index_text`` that were just stored with these articles into the index.

    PostgreSQL does so by itself. SQLite lets no trigger reach into a virtual table while it distrusts the schema.
    """
    rows = [(number, folded) for number, folded in texts if folded]
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO content_words (rowid, folded) VALUES (?, ?)", rows)


def drop_words(connection: Connection, articles: Collection[int]) -> None:
    """Take articles out of the index; to be called before their text changes or goes."""
    if connection.dialect.name == "sqlite":
        old = select(literal("delete"), CONTENT.c.article_id, CONTENT.c.folded)
        old = old.where(CONTENT.c.article_id.in_(articles), CONTENT.c.folded != "")
        words = Table("content_words", MetaData(), *(Column(name) for name in ("content_words", "rowid", "folded")))
        connection.execute(words.insert().from_select(["content_words", "rowid", "folded"], old))


def newest(connection: Connection, terms: tuple[Term, ...], limit: int) -> list[int]:
    """Return the numbers of the newest articles that match, newest first; none without a wanted term."""
    if all(term.excluded for term in terms):
        return []
    look = _in_sqlite if connection.dialect.name == "sqlite" else _in_postgres
    return look(connection, terms, limit)


def _in_sqlite(connection: Connection, terms: tuple[Term, ...], limit: int) -> list[int]:
    wanted = " AND ".join(_quoted(term) for term in terms if not term.excluded)
    unwanted = " OR ".join(_quoted(term) for term in terms if term.excluded)
    expression = f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    query = "SELECT rowid FROM content_words WHERE content_words MATCH ? ORDER BY rowid DESC LIMIT ?"
    return list(connection.exec_driver_sql(query, (expression, limit)).scalars())  # read from the index's end


def _quoted(term: Term) -> str:
    return '"' + " ".join(term.words).replace('"', '""') + '"' + (" *" if term.prefix else "")


def _in_postgres(connection: Connection, terms: tuple[Term, ...], limit: int) -> list[int]:
    """Go through the latest articles; where they do not hold enough, ask the index; where it names many, go on.

    PostgreSQL's planner knows neither how rare a word is nor what it costs to read a text: it would go through the
    whole archive for a word that stands nowhere. So it is shown the way.
    """
    number = CONTENT.c.article_id
    holding = select(number).where(_holds(terms))
    by_age = holding.order_by(number.desc()).limit(limit)
    latest = select(func.max(number)).scalar_subquery()
    found = _numbers(connection, _BY_AGE, by_age.where(number > latest - FEW))
    if len(found) < limit:
        found = _numbers(connection, _BY_INDEX, holding.limit(FEW + 1))
        if len(found) > FEW:
            found = _numbers(connection, _BY_AGE, by_age)
    return sorted(found, reverse=True)[:limit]


def _numbers(connection: Connection, way: str, query: Select[int]) -> list[int]:
    connection.exec_driver_sql(way)
    return list(connection.execute(query).scalars())


def _holds(terms: tuple[Term, ...]) -> ColumnElement[bool]:
    folded, blank = CONTENT.c.folded, literal_column("' '", Text)
    words = func.array_to_tsvector(func.string_to_array(func.nullif(folded, literal_column("''")), blank))
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        lexemes = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in term.words]
        if term.prefix:
            lexemes[-1] += ":*"
        condition: ColumnElement[bool] = words.op("@@")(func.to_tsquery("simple", " & ".join(lexemes)))
        if len(term.words) > 1:
            sought = " " + " ".join(term.words) + ("" if term.prefix else " ")
            condition = and_(condition, func.strpos(blank.concat(folded).concat(blank), sought) > 0)
        conditions.append(~condition if term.excluded else condition)
    return and_(*conditions)
