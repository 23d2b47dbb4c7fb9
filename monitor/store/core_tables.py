"""Tables for queries, generated from ``tables.py``: columns, keys, foreign keys and defaults.

Do not edit: change ``tables.py`` and run ``python -m monitor.store.generate_core_tables``.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from monitor.store.column_types import BIG_INTEGER, CleanText, UtcDateTime

CORE_METADATA = MetaData()

ACCESS_TOKEN = Table(
    "access_token",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("name", CleanText),
    Column("prefix", String),
    Column("key_hash", String),
    Column("scopes", String),
    Column("made_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

API_ANSWER = Table(
    "api_answer",
    CORE_METADATA,
    Column("token_id", BIG_INTEGER, ForeignKey("access_token.id"), primary_key=True, autoincrement=False),
    Column("key_hash", String, primary_key=True),
    Column("request_hash", String),
    Column("status", Integer, default=0),
    Column("media_type", CleanText),
    Column("body", LargeBinary),
    Column("made_at", UtcDateTime),
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
    Column("partial_reason", CleanText),
    Column("confidence", Float, default=0.0),
    Column("published_at", UtcDateTime),
    Column("modified_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime),
    Column("is_alertable", Boolean, default=True),
    Column("quarantine_reason", CleanText),
    Column("stage", String, default="listed"),
    Column("story_id", String, default=""),
    Column("duplicate_of", BIG_INTEGER),
    Column("version_count", Integer, default=0),
    Column("attempts", Integer, default=0),
    Column("last_error", CleanText),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_token", String, default=""),
)

ARTICLE_ATTEMPT = Table(
    "article_attempt",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("attempts", Integer, default=0),
    Column("error", CleanText),
    Column("abandoned_at", UtcDateTime),
)

ARTICLE_TEXT = Table(
    "article_text",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("standfirst", CleanText),
    Column("dateline", CleanText),
    Column("captions", CleanText),
    Column("body", CleanText),
    Column("search_text", CleanText),
    Column("page_starts", CleanText),
)

ARTICLE_URL = Table(
    "article_url",
    CORE_METADATA,
    Column("url_hash", LargeBinary, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
)

ARTICLE_VERSION = Table(
    "article_version",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("snapshot", CleanText),
    Column("replaced_at", UtcDateTime),
)

CHANGE = Table(
    "change",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("what", String),
    Column("subject", CleanText),
    Column("before", CleanText),
    Column("after", CleanText),
    Column("verdict_id", BIG_INTEGER),
    Column("mark_id", BIG_INTEGER),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("way", String),
    Column("made_at", UtcDateTime),
    Column("undone_at", UtcDateTime),
    Column("undone_by", CleanText),
)

CONFIGURATION_EDIT = Table(
    "configuration_edit",
    CORE_METADATA,
    Column("change_id", BIG_INTEGER, ForeignKey("change.id"), primary_key=True, autoincrement=False),
    Column("file_name", CleanText),
    Column("former_text", CleanText),
    Column("file_tag", String),
)

DELIVERY = Table(
    "delivery",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("key", String),
    Column("digest_id", BIG_INTEGER, ForeignKey("digest.id")),
    Column("plan_id", String),
    Column("channel_id", String),
    Column("target", CleanText),
    Column("rendered_digest_id", BIG_INTEGER, ForeignKey("rendered_digest.id")),
    Column("created_at", UtcDateTime),
    Column("state", String, default="pending"),
    Column("attempts", Integer, default=0),
    Column("first_attempt_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("last_error", CleanText),
    Column("lease_token", String, default=""),
    Column("dismissed_at", UtcDateTime),
    Column("dismissed_by", CleanText),
)

DIGEST = Table(
    "digest",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("plan_id", String),
    Column("start_at", UtcDateTime),
    Column("end_at", UtcDateTime),
    Column("composed_at", UtcDateTime),
    Column("is_overdue", Boolean, default=False),
    Column("last_hit_id", BIG_INTEGER),
    Column("content", CleanText),
)

DIGEST_ARTICLE = Table(
    "digest_article",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("plan_id", String, primary_key=True),
    Column("digest_id", BIG_INTEGER, ForeignKey("digest.id")),
)

DIGEST_HIT = Table(
    "digest_hit",
    CORE_METADATA,
    Column("hit_id", BIG_INTEGER, ForeignKey("hit.id"), primary_key=True, autoincrement=False),
    Column("plan_id", String, primary_key=True),
    Column("digest_id", BIG_INTEGER, ForeignKey("digest.id")),
    Column("official_ids", CleanText),
)

ENTRY_KEY = Table(
    "entry_key",
    CORE_METADATA,
    Column("source_id", CleanText, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("article_id", BIG_INTEGER),
)

EVIDENCE_RECORD = Table(
    "evidence_record",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER),
    Column("record", CleanText),
    Column("sha256", String),
    Column("previous_hash", String),
    Column("hash", String),
)

GROUPING_STATE = Table(
    "grouping_state",
    CORE_METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BIG_INTEGER),
    Column("reload_version", BIG_INTEGER),
)

HIT = Table(
    "hit",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id")),
    Column("rule_id", String),
    Column("kind", String, default="new"),
    Column("version", Integer, default=0),
    Column("official_ids", CleanText),
    Column("passages", CleanText),
    Column("found_at", UtcDateTime),
    Column("note", CleanText),
    Column("changes", CleanText),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", BIG_INTEGER),
    Column("rescreened_at", UtcDateTime),
)

INDEXED_ARTICLE = Table(
    "indexed_article",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("version", BIG_INTEGER),
    Column("fingerprints", LargeBinary),
    Column("terms", LargeBinary),
)

LOGIN_ATTEMPT = Table(
    "login_attempt",
    CORE_METADATA,
    Column("key", CleanText, primary_key=True),
    Column("failures", Integer, default=0),
    Column("until_at", UtcDateTime),
)

LOGIN_LINK = Table(
    "login_link",
    CORE_METADATA,
    Column("key_hash", String, primary_key=True),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("ends_at", UtcDateTime),
)

MARK = Table(
    "mark",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("plan_id", String, default=""),
    Column("story_id", String),
    Column("kind", String),
    Column("rule_id", String, default=""),
    Column("until_at", UtcDateTime),
    Column("made_at", UtcDateTime),
    Column("made_by", BIG_INTEGER, ForeignKey("reader.id")),
    Column("way", String),
    Column("undone_at", UtcDateTime),
    Column("undone_by", CleanText),
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

NEAR_MISS = Table(
    "near_miss",
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

PAGE_SNAPSHOT = Table(
    "page_snapshot",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("url", CleanText),
    Column("status", Integer),
    Column("headers", CleanText),
    Column("sha256", String),
    Column("captured_at", UtcDateTime),
    Column("body", LargeBinary),
)

POST_STATEMENT = Table(
    "post_statement",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("article_id", BIG_INTEGER, ForeignKey("article.id")),
    Column("official_id", String),
    Column("kind", String),
    Column("person", CleanText),
    Column("post", CleanText),
    Column("is_direct", Boolean),
    Column("passage", CleanText),
    Column("seen_at", UtcDateTime),
)

PROPOSAL = Table(
    "proposal",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("kind", String),
    Column("article_id", BIG_INTEGER),
    Column("official_id", String, default=""),
    Column("written", CleanText),
    Column("story_id", String, default=""),
    Column("plan_id", String, default=""),
    Column("reason", String, default=""),
    Column("note", CleanText),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("way", String),
    Column("made_at", UtcDateTime),
    Column("outcome", String, default=""),
    Column("decided_at", UtcDateTime),
    Column("decided_by", CleanText),
)

READER = Table(
    "reader",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("login", CleanText),
    Column("name", CleanText),
    Column("seen_hit_id", BIG_INTEGER),
    Column("made_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("role", String, default="viewer"),
    Column("password", String, default=""),
    Column("zone", String, default=""),
    Column("theme", String, default=""),
    Column("uses_keys", Boolean, default=True),
)

READER_SESSION = Table(
    "reader_session",
    CORE_METADATA,
    Column("key_hash", String, primary_key=True),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("made_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("agent", CleanText),
)

RECHECK = Table(
    "recheck",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("due_at", UtcDateTime),
    Column("checked_at", UtcDateTime),
    Column("missing_count", Integer, default=0),
    Column("lease_token", String, default=""),
)

RENDERED_DIGEST = Table(
    "rendered_digest",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("digest_id", BIG_INTEGER, ForeignKey("digest.id")),
    Column("content", CleanText),
)

RESCREEN = Table(
    "rescreen",
    CORE_METADATA,
    Column("article_id", BIG_INTEGER, ForeignKey("article.id"), primary_key=True, autoincrement=False),
)

SAVED_VIEW = Table(
    "saved_view",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("name", CleanText),
    Column("query", CleanText),
    Column("feed_hash", String, default=""),
    Column("made_at", UtcDateTime),
)

SETTING = Table(
    "setting",
    CORE_METADATA,
    Column("name", String, primary_key=True),
    Column("value", CleanText),
    Column("changed_at", UtcDateTime),
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
    Column("poll_state", CleanText),
    Column("page_quality", CleanText),
    Column("layout_changed_at", UtcDateTime),
    Column("article_count", Integer, default=0),
    Column("next_poll_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("lease_token", String, default=""),
    Column("lease_expires_at", UtcDateTime),
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

STORY_CENTROID = Table(
    "story_centroid",
    CORE_METADATA,
    Column("story_id", String, primary_key=True),
    Column("version", BIG_INTEGER),
    Column("centroid", LargeBinary),
    Column("last_article_at", UtcDateTime),
)

SUCCESSION_NOTICE = Table(
    "succession_notice",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("plan_id", String),
    Column("official_id", String),
    Column("kind", String),
    Column("person", CleanText),
    Column("post", CleanText),
    Column("announced_at", UtcDateTime),
)

TERM_FREQUENCY = Table(
    "term_frequency",
    CORE_METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("counts", LargeBinary),
)

TRANSLATION = Table(
    "translation",
    CORE_METADATA,
    Column("text_hash", LargeBinary, primary_key=True),
    Column("text", CleanText),
    Column("created_at", UtcDateTime),
)

UNSUBSCRIBED_TARGET = Table(
    "unsubscribed_target",
    CORE_METADATA,
    Column("plan_id", String, primary_key=True),
    Column("channel_id", String, primary_key=True),
    Column("target", CleanText, primary_key=True),
    Column("unsubscribed_at", UtcDateTime),
)

VERDICT = Table(
    "verdict",
    CORE_METADATA,
    Column("id", BIG_INTEGER, primary_key=True),
    Column("official_id", String),
    Column("article_id", BIG_INTEGER),
    Column("root_id", BIG_INTEGER),
    Column("story_id", String, default=""),
    Column("written", CleanText),
    Column("kind", String),
    Column("reason", String, default=""),
    Column("note", CleanText),
    Column("sentence", CleanText),
    Column("reader_id", BIG_INTEGER, ForeignKey("reader.id")),
    Column("way", String),
    Column("made_at", UtcDateTime),
    Column("undone_at", UtcDateTime),
    Column("undone_by", CleanText),
)
