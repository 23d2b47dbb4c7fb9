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

from monitor.store.base import CLUSTERED, COUNTED, Base, number, of, partial, when, words
from monitor.store.columns import BIG, Moment


class SourceRow(Base, table=True):
    """A source, configured or resting; ``memory`` is its SourceMemory, ``articles`` a running count.

    ``pages`` is the memory's part that the reading of pages keeps, empty before the first; ``changed_at`` stands in it.
    """

    __tablename__ = "source"
    __table_args__ = (partial("ix_source_due", "next_poll_at", where="configured"),)

    id: str = words(key=True)
    name: str = words()
    kind: str
    url: str = words()
    paused: str = words()
    configured: bool = True
    state: str = "ok"
    memory: str = words()
    pages: str = words()
    changed_at: datetime | None = when()
    articles: int = 0
    next_poll_at: datetime | None = when()
    last_success_at: datetime | None = when()
    lease_token: str = ""
    leased_until_at: datetime | None = when()


class ArticleRow(Base, table=True):
    """What is known of an article, less its text: a narrow row, for it changes with every step.

    While the page is unread, ``attempts``, ``next_attempt_at`` and ``lease_token`` steer who reads it, and when.
    """

    __tablename__ = "article"
    __table_args__ = (
        Index("ix_article_first_seen_at", "first_seen_at"),
        Index("ix_article_source_id", "source_id", "id"),
        partial("ix_article_unread", "next_attempt_at", "id", where="stage = 'listed'"),
        partial("ix_article_waiting", "stage", "id", where="stage IN ('read', 'screened')"),
        partial("ix_article_copy_of", "copy_of", where="copy_of IS NOT NULL"),
        partial("ix_article_held", "source_id", where="held != ''"),
        partial("ix_article_story_id", "story_id", where="story_id != ''"),
        COUNTED,
    )

    id: int | None = number()
    source_id: str = of("source.id")
    url: str = words()
    canonical_url: str = words()
    title: str = words()
    authors: str = words()
    agency: str = words()
    section: str = words()
    language: str = words()
    partial: str = words()
    confidence: float = 0.0
    published_at: datetime | None = when()
    modified_at: datetime | None = when()
    first_seen_at: datetime = when(null=False)
    news: bool = True
    held: str = words()
    stage: str = "listed"
    story_id: str = ""
    copy_of: int | None = Field(default=None, sa_column=Column(BIG))
    revisions: int = 0
    attempts: int = 0
    last_error: str = words()
    next_attempt_at: datetime | None = when()
    lease_token: str = ""


class ContentRow(Base, table=True):
    """An article's text, and the same folded for search: the full-text index stands on it (``search.py``)."""

    __tablename__ = "content"

    article_id: int = of("article.id", key=True)
    standfirst: str = words()
    dateline: str = words()
    captions: str = words()
    body: str = words()
    folded: str = words()


class IdentityRow(Base, table=True):
    """A key under which a source has shown an article. It outlives the article: then it is a tombstone."""

    __tablename__ = "identity"
    __table_args__ = (CLUSTERED,)

    source_id: str = of("source.id", key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = Field(sa_column=Column(BIG, nullable=False))


class AddressRow(Base, table=True):
    """A URL of an article, as a digest: URLs may be longer than an index takes."""

    __tablename__ = "address"
    __table_args__ = (CLUSTERED,)

    url: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = of("article.id", key=True, index=True)


class RevisionRow(Base, table=True):
    """An article as it was before a change; ``number`` counts from 0, the first version."""

    __tablename__ = "revision"

    article_id: int = of("article.id", key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article: str = words()
    replaced_at: datetime = when(null=False)


class CaptureRow(Base, table=True):
    """A raw page as the server gave it, deflated; ``sha256`` is of the body before that."""

    __tablename__ = "capture"

    article_id: int = of("article.id", key=True)
    url: str = words()
    status: int
    headers: str = words()
    sha256: str
    captured_at: datetime | None = when()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EvidenceRow(Base, table=True):
    """A link of the chain of evidence (``evidence.py``). It outlives all else: no row is ever changed or deleted."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("previous"), COUNTED)

    id: int | None = number()
    article_id: int = Field(sa_column=Column(BIG, nullable=False, index=True))
    record: str = words()
    sha256: str
    previous: str
    hash: str


class MentionRow(Base, table=True):
    """A mention; ``seen_at`` is when its article was first seen, for counts by day."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_day", "official_id", "seen_at", "article_id"), COUNTED)

    id: int | None = number()
    article_id: int = of("article.id", index=True)
    official_id: str
    seen_at: datetime = when(null=False)
    text: str = words()
    region: str
    start: int
    end: int
    form: str
    confidence: float
    reason: str = words()


class NearMissRow(Base, table=True):
    """A rejected candidate and why."""

    __tablename__ = "nearmiss"
    __table_args__ = (COUNTED,)

    id: int | None = number()
    article_id: int = of("article.id", index=True)
    official_id: str
    seen_at: datetime = Field(sa_column=Column(Moment, nullable=False, index=True))
    text: str = words()
    region: str
    start: int
    end: int
    reason: str = words()


class HitRow(Base, table=True):
    """A rule satisfied by one revision of an article."""

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("article_id", "rule_id", "kind", "revision"),
        Index("ix_hit_rule", "rule_id", "id"),
        COUNTED,
    )

    id: int | None = number()
    article_id: int = of("article.id")
    rule_id: str
    kind: str = "new"
    revision: int = 0
    officials: str = words()
    passages: str = words()
    found_at: datetime = Field(sa_column=Column(Moment, nullable=False, index=True))
    note: str = words()


class StoryRow(Base, table=True):
    """Reports of one event; its members are the articles with its id."""

    __tablename__ = "story"
    __table_args__ = (partial("ix_story_merged_into", "merged_into", where="merged_into != ''"),)

    id: str = Field(primary_key=True)
    title: str = words()
    first_seen_at: datetime = when(null=False)
    last_seen_at: datetime = Field(sa_column=Column(Moment, nullable=False, index=True))
    merged_into: str = ""
