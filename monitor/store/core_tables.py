"""Tables for queries, generated from ``tables.py``: columns, keys, foreign keys and defaults.

Do not edit: change ``tables.py`` and run ``python -m monitor.store.generate_core_tables``.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.column_types import BIG_INTEGER, CleanText, UtcDateTime

CORE_METADATA = MetaData()

ADDRESS = Table(
    "address",
    CORE_METADATA,
    Column("url", LargeBinary, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
)

ARTICLE = Table(
    "article",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("source_id", CleanText, ForeignKey("source.id")),
    Column("url", CleanText),
    Column("canonical_url", CleanText),
    Column("title", CleanText),
    Column("authors", CleanText),
    Column("agency", CleanText),
    Column("section", CleanText),
    Column("language", CleanText),
    Column("partial", CleanText),
    Column("confidence", Float, default=0.0),
    Column("published_at", UtcDateTime),
    Column("modified_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime),
    Column("news", Boolean, default=True),
    Column("held", CleanText),
    Column("stage", String, default="listed"),
    Column("story_id", String, default=""),
    Column("copy_of", BIG_INTEGER),
    Column("revisions", Integer, default=0),
    Column("attempts", Integer, default=0),
    Column("last_error", CleanText),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_token", String, default=""),
)

CAPTURE = Table(
    "capture",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("url", CleanText),
    Column("status", Integer),
    Column("headers", CleanText),
    Column("sha256", String),
    Column("captured_at", UtcDateTime),
    Column("body", LargeBinary),
)

CLUSTER = Table(
    "cluster",
    CORE_METADATA,
    Column("story_id", String, primary_key=True),
    Column("terms", LargeBinary),
    Column("weights", LargeBinary),
    Column("names", LargeBinary),
    Column("days", CleanText),
    Column("size", Integer),
    Column("first_at", UtcDateTime),
    Column("last_at", UtcDateTime),
)

CONTENT = Table(
    "content",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("standfirst", CleanText),
    Column("dateline", CleanText),
    Column("captions", CleanText),
    Column("body", CleanText),
    Column("folded", CleanText),
)

DELIVERY = Table(
    "delivery",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("key", String),
    Column("digest", BIG_INTEGER, ForeignKey("digest.id")),
    Column("digest_id", String),
    Column("channel_id", String),
    Column("target", CleanText),
    Column("rendition", BIG_INTEGER, ForeignKey("rendition.id")),
    Column("created_at", UtcDateTime),
    Column("state", String, default="pending"),
    Column("attempts", Integer, default=0),
    Column("first_attempt_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("last_error", CleanText),
    Column("lease_token", String, default=""),
)

DIGEST = Table(
    "digest",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("digest_id", String),
    Column("start_at", UtcDateTime),
    Column("end_at", UtcDateTime),
    Column("composed_at", UtcDateTime),
    Column("late", Boolean, default=False),
    Column("seen", BIG_INTEGER),
    Column("content", CleanText),
)

EVIDENCE = Table(
    "evidence",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER),
    Column("record", CleanText),
    Column("sha256", String),
    Column("previous", String),
    Column("hash", String),
)

FINGERPRINT = Table(
    "fingerprint",
    CORE_METADATA,
    Column("print", BIG_INTEGER, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("article_id", BIG_INTEGER),
)

HIT = Table(
    "hit",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id")),
    Column("rule_id", String),
    Column("kind", String, default="new"),
    Column("revision", Integer, default=0),
    Column("officials", CleanText),
    Column("passages", CleanText),
    Column("found_at", UtcDateTime),
    Column("note", CleanText),
)

IDENTITY = Table(
    "identity",
    CORE_METADATA,
    Column("source_id", CleanText, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("article_id", BIG_INTEGER),
)

MENTION = Table(
    "mention",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id")),
    Column("official_id", String),
    Column("seen_at", UtcDateTime),
    Column("text", CleanText),
    Column("region", String),
    Column("start", Integer),
    Column("end", Integer),
    Column("form", String),
    Column("confidence", Float),
    Column("reason", CleanText),
)

META = Table(
    "meta",
    CORE_METADATA,
    Column("name", String, primary_key=True),
    Column("value", CleanText),
    Column("changed_at", UtcDateTime),
)

NEARMISS = Table(
    "nearmiss",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id")),
    Column("official_id", String),
    Column("seen_at", UtcDateTime),
    Column("text", CleanText),
    Column("region", String),
    Column("start", Integer),
    Column("end", Integer),
    Column("reason", CleanText),
)

RECHECK = Table(
    "recheck",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("next_at", UtcDateTime),
    Column("checked_at", UtcDateTime),
    Column("missing", Integer, default=0),
    Column("lease_token", String, default=""),
)

RENDITION = Table(
    "rendition",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("digest", BIG_INTEGER, ForeignKey("digest.id")),
    Column("content", CleanText),
)

REVISION = Table(
    "revision",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("article", CleanText),
    Column("replaced_at", UtcDateTime),
)

SOURCE = Table(
    "source",
    CORE_METADATA,
    Column("id", CleanText, primary_key=True),
    Column("name", CleanText),
    Column("kind", String),
    Column("url", CleanText),
    Column("paused", CleanText),
    Column("configured", Boolean, default=True),
    Column("state", String, default="ok"),
    Column("memory", CleanText),
    Column("pages", CleanText),
    Column("changed_at", UtcDateTime),
    Column("articles", Integer, default=0),
    Column("next_poll_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("lease_token", String, default=""),
    Column("leased_until_at", UtcDateTime),
)

STORY = Table(
    "story",
    CORE_METADATA,
    Column("id", String, primary_key=True),
    Column("title", CleanText),
    Column("first_seen_at", UtcDateTime),
    Column("last_seen_at", UtcDateTime),
    Column("merged_into", String, default=""),
)

TERM = Table(
    "term",
    CORE_METADATA,
    Column("term", BIG_INTEGER, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("story_id", String),
)

TOLD = Table(
    "told",
    CORE_METADATA,
    Column("hit_id", BIG_INTEGER, ForeignKey("hit.id"), primary_key=True, autoincrement=False),
    Column("digest_id", String, primary_key=True),
    Column("digest", BIG_INTEGER, ForeignKey("digest.id")),
)

VOCABULARY = Table(
    "vocabulary",
    CORE_METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("counts", LargeBinary),
)
