"""Full-text search over folded text, newest article first, alike on both engines.

Scripts without word breaks are indexed as overlapping pairs of characters, so that any part of a run is found: a word
of such a script is a phrase of pairs. SQLite finds phrases in its index (FTS5). PostgreSQL finds the words in its index
(GIN over their tsvector) and checks phrases on the text, because a tsvector keeps 256 positions a word and no more.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add
from unicodedata import category

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, and_, func, literal, select, text

from monitor.domain.article import Article
from monitor.store.catalogue import ARTICLE, CONTENT
from monitor.text.fold import fold_key

_SCRIPTS = (  # Thai, Lao, Tibetan, Burmese, Khmer, kana, Han
    (0x0E00, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2FFFF),
)
_RUN = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _SCRIPTS)}]+")
_GAP, _WORD, _UNBROKEN = range(3)
_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 0x20 for code in range(0x80)) + bytes(0x80)
_LONGEST_WORD = 64
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_LONGEST_TEXT = 250_000


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together, or must not stand at all; ``prefix``: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False
    excluded: bool = False


def index_text(article: Article) -> str:
    """Return an article's words, folded, one blank between them: what the index holds."""
    regions = "\n".join(text for _region, text in article.regions())
    return _words(regions[:_LONGEST_TEXT], whole=True)


def read_query(query: str) -> tuple[Term, ...]:
    """Read what a user typed: words, "phrases", a star at the end for any ending, a minus before to exclude.

    Nothing in it is an error; a query without a word finds nothing.
    """
    terms = []
    for minus, phrase, word in _TERM.findall(query):
        typed = phrase or word
        words = tuple(_words(typed, whole=False).split())
        if words:
            alone = len(words) == 1 and len(words[0]) == 1 and _RUN.fullmatch(words[0]) is not None
            terms.append(Term(words, prefix=typed.endswith("*") or alone, excluded=bool(minus)))
    return tuple(terms)


def _words(text: str, *, whole: bool) -> str:
    """Return the words of a text, folded, one blank between them; of an unbroken run its pairs and its last character.

    Unless it is ``whole``, the text may go on where it ends: then that last character says nothing yet.
    """
    folded = text if text.isascii() else fold_key(text)  # of ASCII, folding changes capitals and what is a gap
    if folded.isascii():
        return _spaced(folded.encode().translate(_ASCII).decode())
    codes = np.frombuffer(folded.encode("utf-32-le"), np.uint32)
    kinds = _kinds().take(codes, mode="clip")
    gaps = kinds == _GAP
    spaced = np.where(gaps, np.uint32(0x20), codes)
    if (kinds == _UNBROKEN).any():
        return _in_pieces(spaced.tobytes().decode("utf-32-le"), whole=whole)
    places = np.concatenate(([-1], np.flatnonzero(gaps), [len(codes)]))
    lengths = places[1:] - places[:-1]
    if lengths.max() > _LONGEST_WORD:
        return _shortened(spaced.tobytes().decode("utf-32-le"))
    again = places[1:-1][lengths[:-1] == 1]  # gaps after a gap
    return np.delete(spaced, again).tobytes().decode("utf-32-le").rstrip()


def _in_pieces(text: str, *, whole: bool) -> str:
    tail = text.rstrip()[-2:]
    text = _RUN.sub(_in_pairs, text).rstrip()
    if not whole and len(tail) == 2 and _RUN.fullmatch(tail):
        text = text[:-2]
    return _shortened(text)


def _spaced(text: str) -> str:
    """Leave one blank of several, and of each word what is not too long; cheaper than taking the words apart."""
    while "  " in text:
        text = text.replace("  ", " ")
    text, at = text.strip(), 0
    while at + _LONGEST_WORD < len(text):
        at = text.rfind(" ", at, at + _LONGEST_WORD + 1) + 1
        if not at:
            return _shortened(text)
    return text


def _shortened(text: str) -> str:
    return " ".join(word[:_LONGEST_WORD] for word in text.split())


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Return what each character is: part of a word (letters, digits, marks), of an unbroken run, or neither."""
    chars = map(chr, range(_SCRIPTS[-1][1] + 1))
    kinds = np.array([_WORD if c.isalnum() or category(c)[0] == "M" else _GAP for c in chars], np.uint8)
    for first, last in _SCRIPTS:
        kinds[first : last + 1] = np.where(kinds[first : last + 1] == _GAP, _GAP, _UNBROKEN)
    return kinds


def _in_pairs(run: re.Match[str]) -> str:
    text = run.group()
    return f" {' '.join(map(add, text, text[1:]))} {text[-1]} "


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
