"""The tables. Rows never leave this package; what goes in and out are the types of ``monitor.domain``.

Columns that nothing is looked up by and whose types still grow hold JSON (``codec.py``). Every index is named by a
look-up that must stay flat at a million articles; partial ones hold unfinished work only.

What the tables share: their schema, and columns that are declared alike.

The classes that follow from here are the one definition of every table. Only migrations and tests load them, because
making them is a fifth of a start; queries use ``core_tables.py``, which is generated from them.

The tables of grouping: prints, terms and open stories (``shelf.py``), and how common each term is.

The tables of what is told: digests, what they told, deliveries; and facts about the installation.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from monitor.store.column_types import BIG_INTEGER, CleanText, UtcDateTime

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
WITHOUT_ROWID = {"sqlite_with_rowid": False}
AUTOINCREMENT = {
    "sqlite_autoincrement": True
}  # ids are never used again, so a late reference finds nothing, not another row


def datetime_column(*, nullable: bool = True) -> Any:
    """Declare a time."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def text_column(*, primary_key: bool = False) -> Any:
    """Declare a text from outside."""
    return Field(default="", sa_column=Column(CleanText, nullable=False, primary_key=primary_key))


def id_column() -> Any:
    """Declare a row's own number."""
    return Field(default=None, sa_column=Column(BIG_INTEGER, primary_key=True))


def foreign_key(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    """Declare a link to a row that this one goes with."""
    link = ForeignKey(target, ondelete="CASCADE")
    kind = CleanText if target == "source.id" else BIG_INTEGER
    return Field(
        sa_column=Column(kind, link, nullable=False, primary_key=primary_key, index=index, autoincrement=False)
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Declare an index over some rows only: small, and free for all others."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Base(SQLModel):
    """Gives the tables a schema of their own, with names for constraints that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)


class SourceRow(Base, table=True):
    """A source, configured or resting; ``memory`` is its SourceMemory, ``articles`` a running count.

    ``pages`` is the memory's part that the reading of pages keeps, empty before the first; ``changed_at`` stands in it.
    """

    __tablename__ = "source"
    __table_args__ = (partial_index("ix_source_due", "next_poll_at", where="configured"),)

    id: str = text_column(primary_key=True)
    name: str = text_column()
    kind: str
    url: str = text_column()
    paused: str = text_column()
    configured: bool = True
    state: str = "ok"
    memory: str = text_column()
    pages: str = text_column()
    changed_at: datetime | None = datetime_column()
    articles: int = 0
    next_poll_at: datetime | None = datetime_column()
    last_success_at: datetime | None = datetime_column()
    lease_token: str = ""
    leased_until_at: datetime | None = datetime_column()


class ArticleRow(Base, table=True):
    """What is known of an article, less its text: a narrow row, for it changes with every step.

    While the page is unread, ``attempts``, ``next_attempt_at`` and ``lease_token`` steer who reads it, and when.
    """

    __tablename__ = "article"
    __table_args__ = (
        Index("ix_article_first_seen_at", "first_seen_at"),
        Index("ix_article_source_id", "source_id", "id"),
        partial_index("ix_article_unread", "next_attempt_at", "id", where="stage = 'listed'"),
        partial_index("ix_article_waiting", "stage", "id", where="stage IN ('read', 'screened')"),
        partial_index("ix_article_copy_of", "copy_of", where="copy_of IS NOT NULL"),
        partial_index("ix_article_held", "source_id", where="held != ''"),
        partial_index("ix_article_story_id", "story_id", where="story_id != ''"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    source_id: str = foreign_key("source.id")
    url: str = text_column()
    canonical_url: str = text_column()
    title: str = text_column()
    authors: str = text_column()
    agency: str = text_column()
    section: str = text_column()
    language: str = text_column()
    partial: str = text_column()
    confidence: float = 0.0
    published_at: datetime | None = datetime_column()
    modified_at: datetime | None = datetime_column()
    first_seen_at: datetime = datetime_column(nullable=False)
    news: bool = True
    held: str = text_column()
    stage: str = "listed"
    story_id: str = ""
    copy_of: int | None = Field(default=None, sa_column=Column(BIG_INTEGER))
    revisions: int = 0
    attempts: int = 0
    last_error: str = text_column()
    next_attempt_at: datetime | None = datetime_column()
    lease_token: str = ""


class ArticleTextRow(Base, table=True):
    """An article's text, and the same folded for search: the full-text index stands on it (``search.py``)."""

    __tablename__ = "content"

    article_id: int = foreign_key("article.id", primary_key=True)
    standfirst: str = text_column()
    dateline: str = text_column()
    captions: str = text_column()
    body: str = text_column()
    folded: str = text_column()


class EntryKeyRow(Base, table=True):
    """A key under which a source has shown an article. It outlives the article: then it is a tombstone."""

    __tablename__ = "identity"
    __table_args__ = (WITHOUT_ROWID,)

    source_id: str = foreign_key("source.id", primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class ArticleUrlRow(Base, table=True):
    """A URL of an article, as a digest: URLs may be longer than an index takes."""

    __tablename__ = "address"
    __table_args__ = (WITHOUT_ROWID,)

    url: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = foreign_key("article.id", primary_key=True, index=True)


class ArticleVersionRow(Base, table=True):
    """An article as it was before a change; ``number`` counts from 0, the first version."""

    __tablename__ = "revision"

    article_id: int = foreign_key("article.id", primary_key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article: str = text_column()
    replaced_at: datetime = datetime_column(nullable=False)


class PageSnapshotRow(Base, table=True):
    """A raw page as the server gave it, deflated; ``sha256`` is of the body before that."""

    __tablename__ = "capture"

    article_id: int = foreign_key("article.id", primary_key=True)
    url: str = text_column()
    status: int
    headers: str = text_column()
    sha256: str
    captured_at: datetime | None = datetime_column()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EvidenceRecordRow(Base, table=True):
    """A link of the chain of evidence (``evidence.py``). It outlives all else: no row is ever changed or deleted."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("previous"), AUTOINCREMENT)

    id: int | None = id_column()
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    record: str = text_column()
    sha256: str
    previous: str
    hash: str


class MentionRow(Base, table=True):
    """A mention; ``seen_at`` is when its article was first seen, for counts by day."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_day", "official_id", "seen_at", "article_id"), AUTOINCREMENT)

    id: int | None = id_column()
    article_id: int = foreign_key("article.id", index=True)
    official_id: str
    seen_at: datetime = datetime_column(nullable=False)
    text: str = text_column()
    region: str
    start: int
    end: int
    form: str
    confidence: float
    reason: str = text_column()


class NearMissRow(Base, table=True):
    """A rejected candidate and why."""

    __tablename__ = "nearmiss"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    article_id: int = foreign_key("article.id", index=True)
    official_id: str
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    text: str = text_column()
    region: str
    start: int
    end: int
    reason: str = text_column()


class HitRow(Base, table=True):
    """A rule satisfied by one revision of an article."""

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("article_id", "rule_id", "kind", "revision"),
        Index("ix_hit_rule", "rule_id", "id"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    article_id: int = foreign_key("article.id")
    rule_id: str
    kind: str = "new"
    revision: int = 0
    officials: str = text_column()
    passages: str = text_column()
    found_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    note: str = text_column()


class StoryRow(Base, table=True):
    """Reports of one event; its members are the articles with its id."""

    __tablename__ = "story"
    __table_args__ = (partial_index("ix_story_merged_into", "merged_into", where="merged_into != ''"),)

    id: str = Field(primary_key=True)
    title: str = text_column()
    first_seen_at: datetime = datetime_column(nullable=False)
    last_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    merged_into: str = ""


class FingerprintRow(Base, table=True):
    """A print of a text, and an article that has it."""

    __tablename__ = "fingerprint"
    __table_args__ = (WITHOUT_ROWID,)

    print: int = Field(sa_column=Column(BIG_INTEGER, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class StoryTermRow(Base, table=True):
    """A term that weighs in a story."""

    __tablename__ = "term"
    __table_args__ = (WITHOUT_ROWID,)

    term: int = Field(sa_column=Column(BIG_INTEGER, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    story_id: str


class StoryCentroidRow(Base, table=True):
    """The centre of an open story: terms and weights side by side, names as a row of flags, days as JSON."""

    __tablename__ = "cluster"

    story_id: str = Field(primary_key=True)
    terms: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    weights: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    names: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    days: str = text_column()
    size: int
    first_at: datetime | None = datetime_column()
    last_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))


class TermFrequencyRow(Base, table=True):
    """In how many articles each term stood, packed; there is one row."""

    __tablename__ = "vocabulary"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DigestRow(Base, table=True):
    """A digest that was composed; ``seen`` is the newest hit it told, below which nothing needs looking for."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("digest_id", "start_at"),
        Index("ix_digest_end_at", "digest_id", "end_at"),
        Index("ix_digest_seen", "digest_id", "seen"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    digest_id: str
    start_at: datetime = datetime_column(nullable=False)
    end_at: datetime = datetime_column(nullable=False)
    composed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    late: bool = False
    seen: int = Field(default=0, sa_column=Column(BIG_INTEGER, nullable=False))
    content: str = text_column()


class DigestHitRow(Base, table=True):
    """A hit that a digest has told."""

    __tablename__ = "told"
    __table_args__ = (WITHOUT_ROWID,)

    hit_id: int = foreign_key("hit.id", primary_key=True)
    digest_id: str = Field(primary_key=True)
    digest: int = foreign_key("digest.id", index=True)


class RenderedDigestRow(Base, table=True):
    """A digest in every form that a channel may want, for all its targets."""

    __tablename__ = "rendition"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    digest: int = foreign_key("digest.id", index=True)
    content: str = text_column()


class DeliveryRow(Base, table=True):
    """One digest on its way to one target. ``rendition`` is what is sent, the same at every attempt."""

    __tablename__ = "delivery"
    __table_args__ = (
        partial_index("ix_delivery_due", "next_attempt_at", "id", where="state = 'pending'"),
        Index("ix_delivery_state", "state", "id"),
        UniqueConstraint("key"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    key: str
    digest: int = foreign_key("digest.id", index=True)
    digest_id: str
    channel_id: str
    target: str = text_column()
    rendition: int = foreign_key("rendition.id", index=True)
    created_at: datetime = datetime_column(nullable=False)
    state: str = "pending"
    attempts: int = 0
    first_attempt_at: datetime | None = datetime_column()
    next_attempt_at: datetime | None = datetime_column()
    settled_at: datetime | None = datetime_column()
    last_error: str = text_column()
    lease_token: str = ""


class RecheckRow(Base, table=True):
    """When a told article's page is looked at next."""

    __tablename__ = "recheck"

    article_id: int = foreign_key("article.id", primary_key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))
    checked_at: datetime | None = datetime_column()
    missing: int = 0
    lease_token: str = ""


class SettingRow(Base, table=True):
    """A fact about the whole installation, such as the last configuration that was good."""

    __tablename__ = "meta"

    name: str = Field(primary_key=True)
    value: str = text_column()
    changed_at: datetime = datetime_column(nullable=False)
