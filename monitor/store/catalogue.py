"""The tables as queries see them: columns, keys, links and defaults.

Written by ``draw.py``: change the models (``tables.py``, ``letters.py``, ``clusters.py``) and have it written again.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.columns import BIG, Moment, Words

CATALOGUE = MetaData()

ADDRESS = Table(
    "address",
    CATALOGUE,
    Column("url", LargeBinary, primary_key=True),
    Column("article_id", BIG, ForeignKey("article.id"), primary_key=True, autoincrement=False),
)

ARTICLE = Table(
    "article",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("source_id", Words, ForeignKey("source.id")),
    Column("url", Words),
    Column("canonical_url", Words),
    Column("title", Words),
    Column("authors", Words),
    Column("agency", Words),
    Column("section", Words),
    Column("language", Words),
    Column("partial", Words),
    Column("confidence", Float, default=0.0),
    Column("published_at", Moment),
    Column("modified_at", Moment),
    Column("first_seen_at", Moment),
    Column("news", Boolean, default=True),
    Column("held", Words),
    Column("stage", String, default="listed"),
    Column("story_id", String, default=""),
    Column("copy_of", BIG),
    Column("revisions", Integer, default=0),
    Column("attempts", Integer, default=0),
    Column("last_error", Words),
    Column("next_attempt_at", Moment),
    Column("lease_token", String, default=""),
)

CAPTURE = Table(
    "capture",
    CATALOGUE,
    Column("article_id", BIG, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("url", Words),
    Column("status", Integer),
    Column("headers", Words),
    Column("sha256", String),
    Column("captured_at", Moment),
    Column("body", LargeBinary),
)

CLUSTER = Table(
    "cluster",
    CATALOGUE,
    Column("story_id", String, primary_key=True),
    Column("terms", LargeBinary),
    Column("weights", LargeBinary),
    Column("names", LargeBinary),
    Column("days", Words),
    Column("size", Integer),
    Column("first_at", Moment),
    Column("last_at", Moment),
)

CONTENT = Table(
    "content",
    CATALOGUE,
    Column("article_id", BIG, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("standfirst", Words),
    Column("dateline", Words),
    Column("captions", Words),
    Column("body", Words),
    Column("folded", Words),
)

DELIVERY = Table(
    "delivery",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("key", String),
    Column("digest", BIG, ForeignKey("digest.id")),
    Column("digest_id", String),
    Column("channel_id", String),
    Column("target", Words),
    Column("rendition", BIG, ForeignKey("rendition.id")),
    Column("created_at", Moment),
    Column("state", String, default="pending"),
    Column("attempts", Integer, default=0),
    Column("first_attempt_at", Moment),
    Column("next_attempt_at", Moment),
    Column("settled_at", Moment),
    Column("last_error", Words),
    Column("lease_token", String, default=""),
)

DIGEST = Table(
    "digest",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("digest_id", String),
    Column("start_at", Moment),
    Column("end_at", Moment),
    Column("composed_at", Moment),
    Column("late", Boolean, default=False),
    Column("seen", BIG),
    Column("content", Words),
)

EVIDENCE = Table(
    "evidence",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("article_id", BIG),
    Column("record", Words),
    Column("sha256", String),
    Column("previous", String),
    Column("hash", String),
)

FINGERPRINT = Table(
    "fingerprint",
    CATALOGUE,
    Column("print", BIG, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("article_id", BIG),
)

HIT = Table(
    "hit",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("article_id", BIG, ForeignKey("article.id")),
    Column("rule_id", String),
    Column("kind", String, default="new"),
    Column("revision", Integer, default=0),
    Column("officials", Words),
    Column("passages", Words),
    Column("found_at", Moment),
    Column("note", Words),
)

IDENTITY = Table(
    "identity",
    CATALOGUE,
    Column("source_id", Words, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("article_id", BIG),
)

MENTION = Table(
    "mention",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("article_id", BIG, ForeignKey("article.id")),
    Column("official_id", String),
    Column("seen_at", Moment),
    Column("text", Words),
    Column("region", String),
    Column("start", Integer),
    Column("end", Integer),
    Column("form", String),
    Column("confidence", Float),
    Column("reason", Words),
)

META = Table(
    "meta",
    CATALOGUE,
    Column("name", String, primary_key=True),
    Column("value", Words),
    Column("changed_at", Moment),
)

NEARMISS = Table(
    "nearmiss",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("article_id", BIG, ForeignKey("article.id")),
    Column("official_id", String),
    Column("seen_at", Moment),
    Column("text", Words),
    Column("region", String),
    Column("start", Integer),
    Column("end", Integer),
    Column("reason", Words),
)

RECHECK = Table(
    "recheck",
    CATALOGUE,
    Column("article_id", BIG, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("next_at", Moment),
    Column("checked_at", Moment),
    Column("missing", Integer, default=0),
    Column("lease_token", String, default=""),
)

RENDITION = Table(
    "rendition",
    CATALOGUE,
    Column("id", BIG, primary_key=True),
    Column("digest", BIG, ForeignKey("digest.id")),
    Column("content", Words),
)

REVISION = Table(
    "revision",
    CATALOGUE,
    Column("article_id", BIG, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("article", Words),
    Column("replaced_at", Moment),
)

SOURCE = Table(
    "source",
    CATALOGUE,
    Column("id", Words, primary_key=True),
    Column("name", Words),
    Column("kind", String),
    Column("url", Words),
    Column("paused", Words),
    Column("configured", Boolean, default=True),
    Column("state", String, default="ok"),
    Column("memory", Words),
    Column("pages", Words),
    Column("changed_at", Moment),
    Column("articles", Integer, default=0),
    Column("next_poll_at", Moment),
    Column("last_success_at", Moment),
    Column("lease_token", String, default=""),
    Column("leased_until_at", Moment),
)

STORY = Table(
    "story",
    CATALOGUE,
    Column("id", String, primary_key=True),
    Column("title", Words),
    Column("first_seen_at", Moment),
    Column("last_seen_at", Moment),
    Column("merged_into", String, default=""),
)

TERM = Table(
    "term",
    CATALOGUE,
    Column("term", BIG, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("story_id", String),
)

TOLD = Table(
    "told",
    CATALOGUE,
    Column("hit_id", BIG, ForeignKey("hit.id"), primary_key=True, autoincrement=False),
    Column("digest_id", String, primary_key=True),
    Column("digest", BIG, ForeignKey("digest.id")),
)

VOCABULARY = Table(
    "vocabulary",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("counts", LargeBinary),
)
