"""Tables as SQLModel classes. Their rows are used in this package only; stores return types of ``monitor.domain``.

The classes are the only definition of the tables. Migrations and tests import them. Queries use ``core_tables.py``,
which is generated from the classes because SQLModel is slow to import (docs/decisions/0002-core-tables.md).

A column holds JSON (``column_types.py``) if no query filters by it and its type still gets new fields. Each index
serves a query that must stay fast with a million articles. Partial indexes cover only the rows of unfinished work.
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
"""Table option by which SQLite never uses an id twice. With it, an outdated id finds no row instead of a wrong one."""


def datetime_column(*, nullable: bool = True) -> Any:
    """Declare a column for a time in UTC."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def text_column(*, primary_key: bool = False) -> Any:
    """Declare a column for text from outside the program, such as from feeds or the configuration."""
    return Field(default="", sa_column=Column(CleanText, nullable=False, primary_key=primary_key))


def id_column() -> Any:
    """Declare the integer column that is the primary key of a table."""
    return Field(default=None, sa_column=Column(BIG_INTEGER, primary_key=True))


def foreign_key(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    """Declare a column that refers to a row of another table by the column ``target``, such as "article.id".

    If that row is deleted, the rows that refer to it are also deleted.
    """
    link = ForeignKey(target, ondelete="CASCADE")
    kind = CleanText if target == "source.id" else BIG_INTEGER
    return Field(
        sa_column=Column(kind, link, nullable=False, primary_key=primary_key, index=index, autoincrement=False)
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Declare an index that covers only the rows that satisfy ``where``, so that other rows need no space in it."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Base(SQLModel):
    """Base class of the tables.

    Its metadata has a rule for the names of constraints, so that migrations can name a constraint that they change.
    """

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)


class SourceRow(Base, table=True):
    """Table row of a source that is, or was, configured.

    - ``poll_state`` is the ``PollState`` of the source without the page quality.
    - ``page_quality`` is the ``PageQuality``; it is empty until a page has been read.
    - ``layout_changed_at`` is the time since which the pages have been built in another way (layout change), or have
      had another problem. It has a column of its own because queries filter by it.
    - ``article_count`` is the number of articles that the source has had since it was added.
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
    """Table row of an article, without its text. The row is short, because each pipeline step updates it.

    Until the page of the article is read, ``attempts``, ``next_attempt_at`` and ``lease_token`` control when the page
    is fetched, and by which process.
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
    """Table row with the text of an article.

    ``search_text`` is the text in lower case without diacritics, for the full-text index; on SQLite it is only a hash
    of this text. ``page_starts`` has the offsets of the pages of a PDF document as JSON.
    """

    __tablename__ = "article_text"

    article_id: int = foreign_key("article.id", primary_key=True)
    standfirst: str = text_column()
    dateline: str = text_column()
    captions: str = text_column()
    body: str = text_column()
    search_text: str = text_column()
    page_starts: str = text_column()


class EntryKeyRow(Base, table=True):
    """Table row of an entry key, such as the URL or guid of a feed entry, which identifies the article of the entry.

    The row is kept when the article is deleted, so that the entry remains known.
    """

    __tablename__ = "entry_key"
    __table_args__ = (WITHOUT_ROWID,)

    source_id: str = foreign_key("source.id", primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class ArticleUrlRow(Base, table=True):
    """Table row with the hash of a URL of an article. URLs themselves may be too long for an index entry."""

    __tablename__ = "article_url"
    __table_args__ = (WITHOUT_ROWID,)

    url_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    article_id: int = foreign_key("article.id", primary_key=True, index=True)


class ArticleVersionRow(Base, table=True):
    """Table row of an earlier version of an article, as it was before a change.

    ``version`` counts from 0, the first version. ``snapshot`` is the ``Article`` as JSON.
    """

    __tablename__ = "article_version"

    article_id: int = foreign_key("article.id", primary_key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    snapshot: str = text_column()
    replaced_at: datetime = datetime_column(nullable=False)


class PageSnapshotRow(Base, table=True):
    """Table row of a raw page as received, compressed with gzip. ``sha256`` is the hash of the uncompressed body."""

    __tablename__ = "page_snapshot"

    article_id: int = foreign_key("article.id", primary_key=True)
    url: str = text_column()
    status: int
    headers: str = text_column()
    sha256: str
    captured_at: datetime | None = datetime_column()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class EvidenceRecordRow(Base, table=True):
    """Table row with one record of the evidence chain, which proves when a page was read (``evidence.py``).

    Rows are never changed or deleted.
    """

    __tablename__ = "evidence_record"
    __table_args__ = (UniqueConstraint("previous_hash"), AUTOINCREMENT)

    id: int | None = id_column()
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    record: str = text_column()
    sha256: str
    previous_hash: str
    hash: str


class MentionRow(Base, table=True):
    """Table row of a mention of an official.

    ``seen_at`` is the time by which the mention is assigned to a day in the statistics.
    """

    __tablename__ = "mention"
    __table_args__ = (
        Index("ix_mention_day", "official_id", "seen_at", "article_id"),
        Index("ix_mention_official", "official_id", "article_id"),
        AUTOINCREMENT,
    )

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
    """Table row of a near miss: a text that was rejected as the name of an official, with the reason."""

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
    """Table row of a hit: a rule that one version of an article satisfies.

    - ``changes`` is empty for the first version. For a later version it is the list of ``TextChange`` as JSON.
    - ``withdrawn_at`` is set while the hit is withdrawn, which means that it is not valid any more.
    - ``withdrawn_by`` is the id of the verdict that has last withdrawn the hit or changed its officials. It is empty if
      the cause is a changed configuration.
    - ``rescreened_at`` is the time at which a verdict or a changed configuration last withdrew, restored or changed the
      hit.
    """

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("article_id", "rule_id", "kind", "version"),
        Index("ix_hit_rule", "rule_id", "id"),
        Index("ix_hit_rule_article", "rule_id", "article_id"),
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
    """Table row of a story. The rows of its articles refer to it by ``story_id``.

    ``merged_into`` is the id of the story into which it was merged, or empty.
    """

    __tablename__ = "story"
    __table_args__ = (partial_index("ix_story_merged_into", "merged_into", where="merged_into != ''"),)

    id: str = Field(primary_key=True)
    title: str = text_column()
    first_seen_at: datetime = datetime_column(nullable=False)
    last_seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    merged_into: str = ""


class GroupingStateRow(Base, table=True):
    """Table with a single row, which has two version numbers.

    ``version`` increases by 1 with every transaction that changes the grouping of articles. ``reload_version`` is the
    version of the last change after which the grouping windows (the indexes of articles and stories in memory) are
    invalid. A process whose window has an older version must load the window again from the start.
    """

    __tablename__ = "grouping_state"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))
    reload_version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class IndexedArticleRow(Base, table=True):
    """Table row of an article in the grouping window, the index of the latest articles (``IndexedArticle``).

    - ``fingerprints`` are hashes of parts of its text, as packed bytes. Duplicates are found by them.
    - ``terms`` are its most important terms, as packed bytes. Its story is found by them.
    """

    __tablename__ = "indexed_article"

    article_id: int = foreign_key("article.id", primary_key=True)
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    fingerprints: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    terms: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class StoryCentroidRow(Base, table=True):
    """Table row with the centroid of an open story: its most important terms, as packed bytes (``IndexedStory``).

    The centroid is empty if the story was merged into another one.
    """

    __tablename__ = "story_centroid"

    story_id: str = Field(primary_key=True)
    version: int = Field(sa_column=Column(BIG_INTEGER, nullable=False, index=True))
    centroid: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    last_article_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))


class TermFrequencyRow(Base, table=True):
    """Table with a single row: a packed mapping of each term to the number of articles that contain the term."""

    __tablename__ = "term_frequency"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DigestRow(Base, table=True):
    """Table row of a composed digest.

    ``last_hit_id`` is the highest id of the hits that the digest plan has reported, or lower if hits of articles that
    wait to be matched again are not reported yet. Hits with far lower ids need not be searched again.
    """

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
    """Table row of a hit that a digest has reported.

    ``official_ids`` are the officials that digests of the plan ``plan_id`` have reported for the hit. An official is
    removed when a digest retracts the report.
    """

    __tablename__ = "digest_hit"
    __table_args__ = (WITHOUT_ROWID,)

    hit_id: int = foreign_key("hit.id", primary_key=True)
    plan_id: str = Field(primary_key=True)
    digest_id: int = foreign_key("digest.id", index=True)
    official_ids: str = text_column()


class DigestArticleRow(Base, table=True):
    """Table row of an article that a digest has reported without a hit, because readers follow its story."""

    __tablename__ = "digest_article"
    __table_args__ = (WITHOUT_ROWID,)

    article_id: int = foreign_key("article.id", primary_key=True)
    plan_id: str = Field(primary_key=True)
    digest_id: int = foreign_key("digest.id", index=True)


class RenderedDigestRow(Base, table=True):
    """Table row of a digest in all output formats, shared by its deliveries."""

    __tablename__ = "rendered_digest"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    digest_id: int = foreign_key("digest.id", index=True)
    content: str = text_column()


class DeliveryRow(Base, table=True):
    """Table row of the delivery of one digest to one target (recipient or URL).

    Every attempt sends the same rendered digest.
    """

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
    """Table row with the time of the next recheck of a reported article (another fetch, to find changes).

    ``missing_count`` is the number of consecutive rechecks that did not find the page.
    """

    __tablename__ = "recheck"

    article_id: int = foreign_key("article.id", primary_key=True)
    due_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))
    checked_at: datetime | None = datetime_column()
    missing_count: int = 0
    lease_token: str = ""


class ArticleAttemptRow(Base, table=True):
    """Table row with the number of attempts to match or group an article. A successful attempt deletes the row.

    ``abandoned_at`` is set if there will be no further attempt.
    """

    __tablename__ = "article_attempt"

    article_id: int = foreign_key("article.id", primary_key=True)
    attempts: int = 0
    error: str = text_column()
    abandoned_at: datetime | None = datetime_column()


class SettingRow(Base, table=True):
    """Table row of the key-value store: a key and its value, such as the last valid configuration."""

    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: str = text_column()
    changed_at: datetime = datetime_column(nullable=False)


class ReaderRow(Base, table=True):
    """Table row of a reader. ``seen_hit_id`` is the newest hit that the reader has marked as read.

    ``password`` is the hash of the password, or empty. ``zone`` and ``theme`` are empty unless the reader has chosen
    them.
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
    """Table row of a session: the login of a reader to the desk. ``key_hash`` is the hash of the cookie."""

    __tablename__ = "reader_session"

    key_hash: str = Field(primary_key=True)
    reader_id: int = foreign_key("reader.id", index=True)
    made_at: datetime = datetime_column(nullable=False)
    seen_at: datetime = datetime_column(nullable=False)
    ends_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    agent: str = text_column()


class LoginLinkRow(Base, table=True):
    """Table row of a one-time address for logging in. ``key_hash`` is the hash of the code in the address.

    The row is deleted when the address is used.
    """

    __tablename__ = "login_link"

    key_hash: str = Field(primary_key=True)
    reader_id: int = foreign_key("reader.id", index=True)
    ends_at: datetime = datetime_column(nullable=False)


class LoginAttemptRow(Base, table=True):
    """Table row with the number of consecutive failed login attempts for one user name or from one address.

    ``until_at`` is the time from which the next attempt is allowed.
    """

    __tablename__ = "login_attempt"

    key: str = text_column(primary_key=True)
    failures: int = 0
    until_at: datetime = datetime_column(nullable=False)


class AccessTokenRow(Base, table=True):
    """Table row of an access token of the API.

    ``key_hash`` is the hash of the token; ``scopes`` are separated by spaces.
    """

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


class ApiAnswerRow(Base, table=True):
    """Table row of the response to an API request that changes data, found by the idempotency key of the request.

    ``status`` is 0 while the request is still being carried out.
    """

    __tablename__ = "api_answer"
    __table_args__ = (Index("ix_api_answer_made_at", "made_at"),)

    token_id: int = foreign_key("access_token.id", primary_key=True)
    key_hash: str = Field(primary_key=True)
    request_hash: str
    status: int = 0
    media_type: str = text_column()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = datetime_column(nullable=False)


class SavedViewRow(Base, table=True):
    """Table row of a view: a search or list of the web interface that a reader has saved, optionally with a feed.

    ``query`` is the query string of the saved page. ``feed_hash`` is the hash of the secret code in the address of the
    feed, or empty if there is no feed.
    """

    __tablename__ = "saved_view"
    __table_args__ = (partial_index("ix_saved_view_feed_hash", "feed_hash", where="feed_hash != ''"), AUTOINCREMENT)

    id: int | None = id_column()
    reader_id: int = foreign_key("reader.id", index=True)
    name: str = text_column()
    query: str = text_column()
    feed_hash: str = ""
    made_at: datetime = datetime_column(nullable=False)


class UnsubscribedTargetRow(Base, table=True):
    """Table row of a target (recipient) that has unsubscribed from a digest plan.

    Later digests of the plan are not delivered to the target.
    """

    __tablename__ = "unsubscribed_target"
    __table_args__ = (WITHOUT_ROWID,)

    plan_id: str = Field(primary_key=True)
    channel_id: str = Field(primary_key=True)
    target: str = text_column(primary_key=True)
    unsubscribed_at: datetime = datetime_column(nullable=False)


class VerdictRow(Base, table=True):
    """Table row of a verdict: the statement of a reader that a text means an official, or does not (``Verdict``).

    ``select_effective`` chooses which of several verdicts apply. The row has no foreign key to its article, because the
    verdict is kept if the article is deleted.
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
    """Table row of a reader's mark on a story, such as mute or follow. The newest mark that is not undone applies.

    A mark is either for a reader (``reader_id``) or for a digest plan (``plan_id``); exactly one of these is set.
    ``made_by`` is the reader who made the mark.
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
    """Table row of a change by a reader: an act of feedback, or an edit of the configuration.

    The command `monitor undo` takes its id.
    """

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


class ConfigurationEditRow(Base, table=True):
    """Table row with the text that a configuration file had before an edit, so that the edit can be undone.

    ``file_tag`` identifies the content of the file after the edit. Only the newest rows of each file are kept.
    """

    __tablename__ = "configuration_edit"

    change_id: int = foreign_key("change.id", primary_key=True)
    file_name: str = text_column()
    former_text: str = text_column()
    file_tag: str


class ProposalRow(Base, table=True):
    """Table row of a proposal: feedback of a reader that counts only if an editor accepts it.

    ``kind`` is the kind of the proposed verdict or mark. ``outcome`` is empty while no editor has decided.
    """

    __tablename__ = "proposal"
    __table_args__ = (partial_index("ix_proposal_id_open", "id", where="outcome = ''"), AUTOINCREMENT)

    id: int | None = id_column()
    kind: str
    article_id: int = Field(default=0, sa_column=Column(BIG_INTEGER, nullable=False))
    official_id: str = ""
    written: str = text_column()
    story_id: str = ""
    plan_id: str = ""
    reason: str = ""
    note: str = text_column()
    reader_id: int = foreign_key("reader.id")
    way: str
    made_at: datetime = datetime_column(nullable=False)
    outcome: str = ""
    decided_at: datetime | None = datetime_column()
    decided_by: str = text_column()


class RescreenRow(Base, table=True):
    """Table row of an article that waits for a rescreen (to be matched again).

    Until then, its hits are not reported.
    """

    __tablename__ = "rescreen"

    article_id: int = foreign_key("article.id", primary_key=True)


class TranslationRow(Base, table=True):
    """Table row of a machine translation, found by the hash of the original text, its languages and the translator."""

    __tablename__ = "translation"
    __table_args__ = (Index("ix_translation_created_at", "created_at"),)

    text_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    text: str = text_column()
    created_at: datetime = datetime_column(nullable=False)


class PostStatementRow(Base, table=True):
    """Table row of what an article states about a post (office) of a watched official (``PostStatement``).

    ``passage`` is the sentence with the statement. ``seen_at`` is the time at which the article was first seen.
    """

    __tablename__ = "post_statement"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    article_id: int = foreign_key("article.id", index=True)
    official_id: str
    kind: str
    person: str = text_column()
    post: str = text_column()
    is_direct: bool
    passage: str = text_column()
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class SuccessionNoticeRow(Base, table=True):
    """Table row of a succession (change of a post) that a digest has announced.

    Each digest plan announces a succession only once.
    """

    __tablename__ = "succession_notice"
    __table_args__ = (Index("ix_succession_notice_plan_id", "plan_id"), AUTOINCREMENT)

    id: int | None = id_column()
    plan_id: str
    official_id: str
    kind: str
    person: str = text_column()
    post: str = text_column()
    announced_at: datetime = datetime_column(nullable=False)
