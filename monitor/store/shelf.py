"""The shelf of grouping in the database: prints, terms and open stories, every look-up bounded.

A print has eight places and a term thirty-two; a newcomer takes the place its number falls on, so that ten thousand
articles made from one template leave eight, and no look-up grows with their number.
"""

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from zlib import crc32

from sqlalchemy import Column, Connection, Integer, LargeBinary, bindparam, select, text, update
from sqlmodel import Field

from monitor.domain.article import Stage
from monitor.domain.grouping import Cluster, Member
from monitor.store.base import BIG, CLUSTERED, Base, table, when, words
from monitor.store.columns import Moment
from monitor.store.rows import ARTICLE, CONTENT, AnyRow
from monitor.store.tables import StoryRow

PRINT_PLACES, TERM_PLACES = 8, 32


class FingerprintRow(Base, table=True):
    """A print of a text, and an article that has it."""

    __tablename__ = "fingerprint"
    __table_args__ = (CLUSTERED,)

    print: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))


class TermRow(Base, table=True):
    """A term that weighs in a story."""

    __tablename__ = "term"
    __table_args__ = (CLUSTERED,)

    term: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    story_id: str


class ClusterRow(Base, table=True):
    """The centre of an open story: terms and weights side by side, names as a row of flags, days as JSON."""

    __tablename__ = "cluster"

    story_id: str = Field(primary_key=True)
    terms: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    weights: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    names: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    days: str = words()
    size: int
    first_at: datetime | None = when()
    last_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True, index=True))


class VocabularyRow(Base, table=True):
    """In how many articles each term stood, packed; there is one row."""

    __tablename__ = "vocabulary"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


FINGERPRINT, TERM, CLUSTER, STORY = table(FingerprintRow), table(TermRow), table(ClusterRow), table(StoryRow)
_OWNERS = select(FINGERPRINT.c.article_id).where(FINGERPRINT.c.print.in_(bindparam("prints", expanding=True)))
_NEAR = select(TERM.c.term, TERM.c.story_id).where(TERM.c.term.in_(bindparam("terms", expanding=True)))
_MEMBER = select(ARTICLE.c.story_id, ARTICLE.c.copy_of, ARTICLE.c.published_at, ARTICLE.c.first_seen_at).where(
    ARTICLE.c.id == bindparam("number")
)
_TEXT = select(ARTICLE.c.title, CONTENT.c.body).join_from(ARTICLE, CONTENT).where(ARTICLE.c.id == bindparam("number"))
_CENTRES = select(CLUSTER).where(CLUSTER.c.story_id.in_(bindparam("names", expanding=True)))
_POST = text(
    "INSERT INTO fingerprint (print, place, article_id) VALUES (:print, :place, :number) "
    "ON CONFLICT (print, place) DO UPDATE SET article_id = excluded.article_id"
)
_NAME = text(
    "INSERT INTO term (term, place, story_id) VALUES (:term, :place, :story) "
    "ON CONFLICT (term, place) DO UPDATE SET story_id = excluded.story_id"
)
_KEEP = text(
    "INSERT INTO cluster (story_id, terms, weights, names, days, size, first_at, last_at) "
    "VALUES (:story_id, :terms, :weights, :names, :days, :size, :first_at, :last_at) "
    "ON CONFLICT (story_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, names = excluded.names, "
    "days = excluded.days, size = excluded.size, first_at = excluded.first_at, last_at = excluded.last_at"
).bindparams(bindparam("first_at", type_=Moment()), bindparam("last_at", type_=Moment()))
_STORY = text(
    "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) "
    "SELECT :story, title, first_seen_at, first_seen_at, '' FROM article WHERE id = :number "
    "ON CONFLICT (id) DO UPDATE SET last_seen_at = "
    "CASE WHEN excluded.last_seen_at > story.last_seen_at THEN excluded.last_seen_at ELSE story.last_seen_at END"
)


class SqlShelf:
    """The ``Shelf`` of ``domain/grouping.py``, inside one write transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def owners(self, prints: Sequence[int]) -> Mapping[int, int]:
        """Return articles that have some of these prints, with how many."""
        return Counter(self._connection.execute(_OWNERS, {"prints": list(prints)}).scalars().all()) if prints else {}

    def text(self, number: int) -> tuple[str, str]:
        """Return title and body of an article."""
        row = self._connection.execute(_TEXT, {"number": number}).first()
        return (row.title, row.body) if row else ("", "")

    def post(self, number: int, prints: Sequence[int], title: str, body: str) -> None:  # noqa: ARG002 - the texts are in their table
        """Make an article findable by its prints."""
        if prints:
            place = number % PRINT_PLACES
            self._connection.execute(_POST, [{"print": one, "place": place, "number": number} for one in prints])

    def member(self, number: int) -> Member | None:
        """Return an article as it was placed; merges have been written into its row."""
        row = self._connection.execute(_MEMBER, {"number": number}).first()
        if row is None or not row.story_id:
            return None
        return Member(number, row.story_id, row.copy_of, row.published_at or row.first_seen_at)

    def put(self, member: Member) -> None:
        """Write an article's place into its row, and its story if it is new."""
        self._connection.execute(_STORY, {"story": member.story, "number": member.number})
        values = {"story_id": member.story, "copy_of": member.copy_of, "stage": str(Stage.GROUPED)}
        self._connection.execute(update(ARTICLE).where(ARTICLE.c.id == member.number).values(values))

    def near(self, terms: Sequence[int], limit: int) -> Sequence[Cluster]:
        """Return the open stories that share most of these terms."""
        if not terms:
            return ()
        value = {term: len(terms) - rank for rank, term in enumerate(terms)}
        shared: Counter[str] = Counter()
        for term, story in self._connection.execute(_NEAR, {"terms": list(terms)}).all():
            shared[story] += value[term]
        ranked = sorted(shared, key=lambda name: (-shared[name], name))[:limit]
        if not ranked:
            return ()
        rows = self._connection.execute(_CENTRES, {"names": ranked}).all()
        place = {name: number for number, name in enumerate(ranked)}
        return sorted((_cluster_of(row) for row in rows), key=lambda one: place[one.id])

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre and make it findable by these terms."""
        hashes = list(cluster.weights)
        row = {
            "story_id": cluster.id,
            "terms": array("I", hashes).tobytes(),
            "weights": array("f", cluster.weights.values()).tobytes(),
            "names": bytes(term in cluster.names for term in hashes),
            "days": json.dumps(sorted(cluster.days)),
            "size": cluster.size,
            "first_at": cluster.first_at,
            "last_at": cluster.last_at,
        }
        self._connection.execute(_KEEP, row)
        if terms:
            place = crc32(cluster.id.encode()) % TERM_PLACES
            self._connection.execute(_NAME, [{"term": term, "place": place, "story": cluster.id} for term in terms])

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one's articles; its id goes on leading there."""
        self._connection.execute(update(ARTICLE).where(ARTICLE.c.story_id == younger).values(story_id=older))
        former = (STORY.c.id == younger) | (STORY.c.merged_into == younger)
        self._connection.execute(update(STORY).where(former).values(merged_into=older))
        self._connection.execute(CLUSTER.delete().where(CLUSTER.c.story_id == younger))


def _cluster_of(row: AnyRow) -> Cluster:
    terms, weights = array("I", row.terms), array("f", row.weights)
    named = frozenset(term for term, flag in zip(terms, row.names, strict=True) if flag)
    days = frozenset((month, day) for month, day in json.loads(row.days))
    centre = dict(zip(terms, weights, strict=True))
    return Cluster(row.story_id, centre, named, days, row.size, row.first_at, row.last_at)
