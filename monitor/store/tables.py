"""Tables as SQLModel classes. Rows stay in this package; its interface uses the types of ``monitor.domain``.

The classes are the only definition of the tables. Migrations and tests import them; queries use ``core_tables.py``,
which is generated from them because SQLModel is slow to import (docs/decisions/0002-core-tables.md).

Columns that no query filters by, and whose types still grow, hold JSON (``column_types.py``). Each index serves a
lookup that must stay fast with a million articles; partial indexes cover unfinished work only.
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
AUTOINCREMENT = {"sqlite_autoincrement": True}
"""Ids are never reused, so an outdated reference finds no row instead of another one."""


def datetime_column(*, nullable: bool = True) -> Any:
    """Declare a column with a UTC time."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def text_column(*, primary_key: bool = False) -> Any:
    """Declare a column with text from outside, such as feeds and configuration."""
    return Field(default="", sa_column=Column(CleanText, nullable=False, primary_key=primary_key))


def id_column() -> Any:
    """Declare the id of a row."""
    return Field(default=None, sa_column=Column(BIG_INTEGER, primary_key=True))


def foreign_key(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    """Declare a reference to a row with which this row is deleted."""
    link = ForeignKey(target, ondelete="CASCADE")
    kind = CleanText if target == "source.id" else BIG_INTEGER
    return Field(
        sa_column=Column(kind, link, nullable=False, primary_key=primary_key, index=index, autoincrement=False)
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Declare an index over the rows that satisfy ``where``; other rows cost nothing."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Base(SQLModel):
    """Base class of the tables: metadata of their own, and constraint names that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)


class SourceRow(Base, table=True):
    """Source, configured now or formerly. ``poll_state`` is its PollState without the page quality.

    ``page_quality`` is its PageQuality, empty until a page was read; ``layout_changed_at`` is the start of a layout
    change or of another problem of its pages, for queries. ``article_count`` is the number of articles that the source
    ever had.
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
    poll_state: str = text_column()
    page_quality: str = text_column()
    layout_changed_at: datetime | None = datetime_column()
    article_count: int = 0
    next_poll_at: datetime | None = datetime_column()
    last_success_at: datetime | None = datetime_column()
    lease_token: str = ""
    lease_expires_at: datetime | None = datetime_column()


class ArticleRow(Base, table=True):
    """Article without its text: a short row, because each pipeline step updates it.

    Until the page is read, ``attempts``, ``next_attempt_at`` and ``lease_token`` control when it is fetched, and by
    which process.
    """

    __tablename__ = "article"
    __table_args__ = (
        Index("ix_article_first_seen_at", "first_seen_at"),
        Index("ix_article_source_id", "source_id", "id"),
        partial_index("ix_article_listed", "next_attempt_at", "id", where="stage = 'listed'"),
        partial_index("ix_article_in_progress", "stage", "id", where="stage IN ('extracted', 'matched')"),
        partial_index("ix_article_duplicate_of", "duplicate_of", where="duplicate_of IS NOT NULL"),
        partial_index("ix_article_quarantined", "source_id", where="quarantine_reason != ''"),
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
    partial_reason: str = text_column()
    confidence: float = 0.0
    published_at: datetime | None = datetime_column()
    modified_at: datetime | None = datetime_column()
    first_seen_at: datetime = datetime_column(nullable=False)
    is_alertable: bool = True
    quarantine_reason: str = text_column()
    stage: str = "listed"
    story_id: str = ""
    duplicate_of: int | None = Field(default=None, sa_column=Column(BIG_INTEGER))
    version_count: int = 0
    attempts: int = 0
    last_error: str = text_column()
    next_attempt_at: datetime | None = datetime_column()
    lease_token: str = ""


class ArticleTextRow(Base, table=True):
    """Text of an article. ``search_text`` is the text folded for the full-text index, on SQLite a hash of it."""

    __tablename__ = "article_text"

    article_id: int = foreign_key("article.id", primary_key=True)
    standfirst: str = text_column()
    dateline: str = text_column()
    captions: str = text_column()
    body: str = text_column()
    search_text: str = text_column()


class EntryKeyRow(Base, table=True):
    """Entry key of an article in a source. It is kept when the article is deleted, so that the entry stays known."""

    __tablename__ = "entry_key"
    __table_args__ = (WITHOUT_ROWID,)

    source_id: str = foreign_key("source.id", primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class ArticleUrlRow(Base, table=True):
    """Hash of a URL of an article; URLs themselves may exceed the maximum size of an index entry."""

    __tablename__ = "article_url"
    __table_args__ = (WITHOUT_ROWID,)

    url_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = foreign_key("article.id", primary_key=True, index=True)


class ArticleVersionRow(Base, table=True):
    """Article as it was before a change; ``version`` counts from 0, ``snapshot`` is the Article."""

    __tablename__ = "article_version"

    article_id: int = foreign_key("article.id", primary_key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    snapshot: str = text_column()
    replaced_at: datetime = datetime_column(nullable=False)


class PageSnapshotRow(Base, table=True):
    """Raw page as received, compressed with gzip; ``sha256`` is the hash of the uncompressed body."""

    __tablename__ = "page_snapshot"

    article_id: int = foreign_key("article.id", primary_key=True)
    url: str = text_column()
    status: int
    headers: str = text_column()
    sha256: str
    captured_at: datetime | None = datetime_column()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EvidenceRecordRow(Base, table=True):
    """Record of the evidence chain (``evidence.py``). Rows are never changed or deleted."""

    __tablename__ = "evidence_record"
    __table_args__ = (UniqueConstraint("previous_hash"), AUTOINCREMENT)

    id: int | None = id_column()
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    record: str = text_column()
    sha256: str
    previous_hash: str
    hash: str


class MentionRow(Base, table=True):
    """Mention; ``seen_at`` is when its article was first seen, for counts by day."""

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
    """Rejected candidate with the reason."""

    __tablename__ = "near_miss"
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
    """Rule that is satisfied by one version of an article.

    ``changes`` is the list of TextChange of a later version as JSON, else empty. ``withdrawn_at`` is set while it does
    not hold any more, because of the verdict ``withdrawn_by`` or, if that is empty, of a changed configuration.
    ``rescreened_at`` is when it was last withdrawn, restored or changed so.
    """

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("article_id", "rule_id", "kind", "version"),
        Index("ix_hit_rule", "rule_id", "id"),
        partial_index("ix_hit_rescreened_at", "rescreened_at", where="rescreened_at IS NOT NULL"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    article_id: int = foreign_key("article.id")
    rule_id: str
    kind: str = "new"
    version: int = 0
    official_ids: str = text_column()
    passages: str = text_column()
    found_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    note: str = text_column()
    changes: str = text_column()
    withdrawn_at: datetime | None = datetime_column()
    withdrawn_by: int | None = Field(default=None, sa_column=Column(BIG_INTEGER))
    rescreened_at: datetime | None = datetime_column()


class StoryRow(Base, table=True):
    """Reports of one event: the articles with its id. ``merged_into`` is the story that absorbed it, or empty."""

    __tablename__ = "story"
    __table_args__ = (partial_index("ix_story_merged_into", "merged_into", where="merged_into != ''"),)

    id: str = Field(primary_key=True)
    title: str = text_column()
    first_seen_at: datetime = datetime_column(nullable=False)
    last_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    merged_into: str = ""


class GroupingStateRow(Base, table=True):
    """Number of the last change of grouping, and of the last one after which windows are loaded again; one row."""

    __tablename__ = "grouping_state"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))
    reload_version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class IndexedArticleRow(Base, table=True):
    """Article in the grouping window: packed fingerprints, and the terms of its story (``IndexedArticle``)."""

    __tablename__ = "indexed_article"

    article_id: int = foreign_key("article.id", primary_key=True)
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    fingerprints: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    terms: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class StoryCentroidRow(Base, table=True):
    """Packed centroid of an open story, empty if the story was merged into another (``IndexedStory``)."""

    __tablename__ = "story_centroid"

    story_id: str = Field(primary_key=True)
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    centroid: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    last_article_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))


class TermFrequencyRow(Base, table=True):
    """Number of articles per term, packed; the table has one row."""

    __tablename__ = "term_frequency"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DigestRow(Base, table=True):
    """Composed digest; ``last_hit_id`` is the newest reported hit, so that older hits need not be searched."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("plan_id", "start_at"),
        Index("ix_digest_end_at", "plan_id", "end_at"),
        Index("ix_digest_last_hit_id", "plan_id", "last_hit_id"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    plan_id: str
    start_at: datetime = datetime_column(nullable=False)
    end_at: datetime = datetime_column(nullable=False)
    composed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    is_overdue: bool = False
    last_hit_id: int = Field(default=0, sa_column=Column(BIG_INTEGER, nullable=False))
    content: str = text_column()


class DigestHitRow(Base, table=True):
    """Hit that a digest has reported.

    ``official_ids`` are the officials that the digest has named for it and not retracted since.
    """

    __tablename__ = "digest_hit"
    __table_args__ = (WITHOUT_ROWID,)

    hit_id: int = foreign_key("hit.id", primary_key=True)
    plan_id: str = Field(primary_key=True)
    digest_id: int = foreign_key("digest.id", index=True)
    official_ids: str = text_column()


class DigestArticleRow(Base, table=True):
    """Article without a hit that a digest has reported, because its story is followed."""

    __tablename__ = "digest_article"
    __table_args__ = (WITHOUT_ROWID,)

    article_id: int = foreign_key("article.id", primary_key=True)
    plan_id: str = Field(primary_key=True)
    digest_id: int = foreign_key("digest.id", index=True)


class RenderedDigestRow(Base, table=True):
    """Digest in all output formats, shared by all its deliveries."""

    __tablename__ = "rendered_digest"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    digest_id: int = foreign_key("digest.id", index=True)
    content: str = text_column()


class DeliveryRow(Base, table=True):
    """Delivery of one digest to one target. Every attempt sends the same rendered digest."""

    __tablename__ = "delivery"
    __table_args__ = (
        partial_index("ix_delivery_due", "next_attempt_at", "id", where="state = 'pending'"),
        Index("ix_delivery_state", "state", "id"),
        UniqueConstraint("key"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    key: str
    digest_id: int = foreign_key("digest.id", index=True)
    plan_id: str
    channel_id: str
    target: str = text_column()
    rendered_digest_id: int = foreign_key("rendered_digest.id", index=True)
    created_at: datetime = datetime_column(nullable=False)
    state: str = "pending"
    attempts: int = 0
    first_attempt_at: datetime | None = datetime_column()
    next_attempt_at: datetime | None = datetime_column()
    finished_at: datetime | None = datetime_column()
    last_error: str = text_column()
    lease_token: str = ""
    dismissed_at: datetime | None = datetime_column()
    dismissed_by: str = text_column()


class RecheckRow(Base, table=True):
    """Time of the next recheck of a reported article; ``missing_count`` counts failed fetches in a row."""

    __tablename__ = "recheck"

    article_id: int = foreign_key("article.id", primary_key=True)
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))
    checked_at: datetime | None = datetime_column()
    missing_count: int = 0
    lease_token: str = ""


class ArticleAttemptRow(Base, table=True):
    """Attempts to match or group an article that have not succeeded yet; ``abandoned_at`` if there will be no other."""

    __tablename__ = "article_attempt"

    article_id: int = foreign_key("article.id", primary_key=True)
    attempts: int = 0
    error: str = text_column()
    abandoned_at: datetime | None = datetime_column()


class SettingRow(Base, table=True):
    """Entry of the key-value store, such as the last valid configuration."""

    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: str = text_column()
    changed_at: datetime = datetime_column(nullable=False)


class ReaderRow(Base, table=True):
    """Person who reads the desk and gives feedback. ``seen_hit_id`` is the newest hit marked as read.

    ``password`` is the hash of the password, or empty. ``zone`` and ``theme`` are empty unless the reader chose one.
    """

    __tablename__ = "reader"
    __table_args__ = (UniqueConstraint("login"), AUTOINCREMENT)

    id: int | None = id_column()
    login: str = text_column()
    name: str = text_column()
    seen_hit_id: int = Field(default=0, sa_column=Column(BIG_INTEGER, nullable=False))
    made_at: datetime = datetime_column(nullable=False)
    disabled_at: datetime | None = datetime_column()
    role: str = "viewer"
    password: str = ""
    zone: str = ""
    theme: str = ""
    uses_keys: bool = True


class ReaderSessionRow(Base, table=True):
    """Login of a reader to the desk; ``key_hash`` is the hash of the cookie."""

    __tablename__ = "reader_session"

    key_hash: str = Field(primary_key=True)
    reader_id: int = foreign_key("reader.id", index=True)
    made_at: datetime = datetime_column(nullable=False)
    seen_at: datetime = datetime_column(nullable=False)
    ends_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    agent: str = text_column()


class LoginLinkRow(Base, table=True):
    """One-time address that logs a reader in; ``key_hash`` is the hash of its code. A used one is deleted."""

    __tablename__ = "login_link"

    key_hash: str = Field(primary_key=True)
    reader_id: int = foreign_key("reader.id", index=True)
    ends_at: datetime = datetime_column(nullable=False)


class LoginAttemptRow(Base, table=True):
    """Failed logins in a row, of a login or from an address; ``until_at`` is when the next attempt is allowed."""

    __tablename__ = "login_attempt"

    key: str = text_column(primary_key=True)
    failures: int = 0
    until_at: datetime = datetime_column(nullable=False)


class AccessTokenRow(Base, table=True):
    """Access token of the API; ``key_hash`` is its hash, ``scopes`` are separated by spaces."""

    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("key_hash"), AUTOINCREMENT)

    id: int | None = id_column()
    reader_id: int = foreign_key("reader.id", index=True)
    name: str = text_column()
    prefix: str
    key_hash: str
    scopes: str
    made_at: datetime = datetime_column(nullable=False)
    ends_at: datetime = datetime_column(nullable=False)
    used_at: datetime | None = datetime_column()
    revoked_at: datetime | None = datetime_column()


class SavedViewRow(Base, table=True):
    """Saved search or feed; ``query`` is the query string of its page, ``feed_hash`` the hash of its feed's code."""

    __tablename__ = "saved_view"
    __table_args__ = (partial_index("ix_saved_view_feed_hash", "feed_hash", where="feed_hash != ''"), AUTOINCREMENT)

    id: int | None = id_column()
    reader_id: int = foreign_key("reader.id", index=True)
    name: str = text_column()
    query: str = text_column()
    feed_hash: str = ""
    made_at: datetime = datetime_column(nullable=False)


class UnsubscribedTargetRow(Base, table=True):
    """Target that no longer wants a digest plan; digests composed later have no delivery to it."""

    __tablename__ = "unsubscribed_target"
    __table_args__ = (WITHOUT_ROWID,)

    plan_id: str = Field(primary_key=True)
    channel_id: str = Field(primary_key=True)
    target: str = text_column(primary_key=True)
    unsubscribed_at: datetime = datetime_column(nullable=False)


class VerdictRow(Base, table=True):
    """Verdict of a reader (``Verdict``). The newest one that is not undone counts.

    It has no reference to its article, because the article may be deleted and the verdict is kept.
    """

    __tablename__ = "verdict"
    __table_args__ = (
        partial_index("ix_verdict_root_id", "root_id", where="undone_at IS NULL"),
        partial_index("ix_verdict_story_id", "story_id", where="undone_at IS NULL AND story_id != ''"),
        Index("ix_verdict_official_id", "official_id", "id"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    official_id: str
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))
    root_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))
    story_id: str = ""
    written: str = text_column()
    kind: str
    reason: str = ""
    note: str = text_column()
    sentence: str = text_column()
    reader_id: int = foreign_key("reader.id")
    way: str
    made_at: datetime = datetime_column(nullable=False)
    undone_at: datetime | None = datetime_column()
    undone_by: str = text_column()


class MarkRow(Base, table=True):
    """Mark on a story, by a reader or for a digest. The newest one that is not undone counts.

    Exactly one of ``reader_id`` and ``plan_id`` is set. ``made_by`` is the reader who made a mark for a digest.
    """

    __tablename__ = "mark"
    __table_args__ = (
        partial_index("ix_mark_story_id", "story_id", where="undone_at IS NULL"),
        partial_index("ix_mark_plan_id", "plan_id", where="undone_at IS NULL AND plan_id != ''"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    reader_id: int | None = Field(
        default=None, sa_column=Column(BIG_INTEGER, ForeignKey("reader.id", ondelete="CASCADE"), index=True)
    )
    plan_id: str = ""
    story_id: str
    kind: str
    rule_id: str = ""
    until_at: datetime | None = datetime_column()
    made_at: datetime = datetime_column(nullable=False)
    made_by: int = foreign_key("reader.id")
    way: str
    undone_at: datetime | None = datetime_column()
    undone_by: str = text_column()


class ChangeRow(Base, table=True):
    """Record of a change by a reader: feedback, and edits of the configuration. `monitor undo` takes its id."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_made_at", "made_at"), AUTOINCREMENT)

    id: int | None = id_column()
    what: str
    subject: str = text_column()
    before: str = text_column()
    after: str = text_column()
    verdict_id: int | None = Field(default=None, sa_column=Column(BIG_INTEGER, index=True))
    mark_id: int | None = Field(default=None, sa_column=Column(BIG_INTEGER, index=True))
    reader_id: int = foreign_key("reader.id")
    way: str
    made_at: datetime = datetime_column(nullable=False)
    undone_at: datetime | None = datetime_column()
    undone_by: str = text_column()


class RescreenRow(Base, table=True):
    """Article whose findings must be found again, before its hits are reported: a verdict on its text is new to it."""

    __tablename__ = "rescreen"

    article_id: int = foreign_key("article.id", primary_key=True)


class TranslationRow(Base, table=True):
    """Machine translation of a text, by the hash of the text, its languages and the translator."""

    __tablename__ = "translation"
    __table_args__ = (Index("ix_translation_created_at", "created_at"),)

    text_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    text: str = text_column()
    created_at: datetime = datetime_column(nullable=False)
