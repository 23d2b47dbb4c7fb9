"""The tables. Rows never leave this package; what goes in and out are the types of ``monitor.domain``.

Columns that nothing is looked up by and whose types still grow hold JSON (``codec.py``). Every index is named by a
look-up that must stay flat at a million articles; partial ones hold unfinished work only.
"""

from datetime import datetime

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
)
from sqlmodel import Field

from monitor.store.base import (
    AUTOINCREMENT,
    WITHOUT_ROWID,
    Base,
    datetime_column,
    foreign_key,
    id_column,
    partial_index,
    text_column,
)
from monitor.store.columns import BIG_INTEGER, UtcDateTime


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
