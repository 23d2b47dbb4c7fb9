"""Full-text search over folded text, newest article first, alike on both engines.

Scripts without word breaks are indexed as overlapping pairs of characters, so that any part of a run is found: a word
of such a script is a phrase of pairs. SQLite finds phrases in its index (FTS5). PostgreSQL finds the words in its index
(GIN over their tsvector) and checks phrases on the text, because a tsvector keeps 256 positions a word and no more.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, and_, func, literal, select, text

from monitor.store.catalogue import ARTICLE, CONTENT
from monitor.text.index import RUN, divide

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


def matching(terms: tuple[Term, ...], limit: int, *, sqlite: bool) -> ColumnElement[bool]:
    """Return the condition on ``article`` and ``content`` that the newest ``limit`` matches fulfil.

    Without a wanted term it is false.
    """
    if all(term.excluded for term in terms):
        return literal(value=False)
    return _in_sqlite(terms, limit) if sqlite else _in_postgres(terms)


def _in_sqlite(terms: tuple[Term, ...], limit: int) -> ColumnElement[bool]:
    wanted = " AND ".join(_quoted(term) for term in terms if not term.excluded)
    unwanted = " OR ".join(_quoted(term) for term in terms if term.excluded)
    expression = f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    found = select(text("rowid")).select_from(text("content_words")).where(text("content_words MATCH :expression"))
    newest = found.order_by(text("rowid DESC")).limit(limit)  # read from the index's end, not sorted
    return ARTICLE.c.id.in_(newest.params(expression=expression))


def _quoted(term: Term) -> str:
    return '"' + " ".join(term.words).replace('"', '""') + '"' + (" *" if term.prefix else "")


def _in_postgres(terms: tuple[Term, ...]) -> ColumnElement[bool]:
    words = func.array_to_tsvector(func.string_to_array(func.nullif(CONTENT.c.folded, ""), " "))
    conditions: list[ColumnElement[bool]] = []
    for term in terms:
        lexemes = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in term.words]
        if term.prefix:
            lexemes[-1] += ":*"
        condition: ColumnElement[bool] = words.op("@@")(func.to_tsquery("simple", " & ".join(lexemes)))
        if len(term.words) > 1:
            sought = " " + " ".join(term.words) + ("" if term.prefix else " ")
            padded = literal(" ").concat(CONTENT.c.folded).concat(" ")
            condition = and_(condition, padded.contains(sought, autoescape=True))
        conditions.append(~condition if term.excluded else condition)
    return and_(*conditions)
