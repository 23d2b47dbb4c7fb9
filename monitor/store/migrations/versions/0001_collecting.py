"""Tables of sources, articles, their texts and entry keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String()
NUMBER = sa.Integer()
WORDS = sa.Text()
WHEN = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")

SQLITE_SEARCH = (
    """CREATE VIRTUAL TABLE content_words USING fts5(
        folded, content='content', content_rowid='article_id', columnsize=0, tokenize='ascii')""",
    "INSERT INTO content_words (content_words, rank) VALUES ('automerge', 16)",
    "INSERT INTO content_words (content_words, rank) VALUES ('crisismerge', 32)",
)
POSTGRES_SEARCH = (
    """CREATE INDEX ix_content_words ON content
        USING gin (array_to_tsvector(string_to_array(nullif(folded, ''), ' ')))""",
)


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("paused", WORDS, nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("memory", WORDS, nullable=False),
        sa.Column("articles", NUMBER, nullable=False),
        sa.Column("next_poll_at", WHEN, nullable=True),
        sa.Column("last_success_at", WHEN, nullable=True),
        sa.Column("lease_token", NAME, nullable=False),
        sa.Column("leased_until_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
    )
    op.create_index(
        "ix_source_due",
        "source",
        ["next_poll_at"],
        sqlite_where=sa.text("configured"),
        postgresql_where=sa.text("configured"),
    )


def _article() -> None:
    op.create_table(
        "article",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", WORDS, autoincrement=False, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("canonical_url", WORDS, nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("authors", WORDS, nullable=False),
        sa.Column("agency", WORDS, nullable=False),
        sa.Column("section", WORDS, nullable=False),
        sa.Column("language", WORDS, nullable=False),
        sa.Column("partial", WORDS, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("published_at", WHEN, nullable=True),
        sa.Column("modified_at", WHEN, nullable=True),
        sa.Column("first_seen_at", WHEN, nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("held", WORDS, nullable=False),
        sa.Column("stage", NAME, nullable=False),
        sa.Column("story_id", NAME, nullable=False),
        sa.Column("copy_of", ID, nullable=True),
        sa.Column("revisions", NUMBER, nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("last_error", WORDS, nullable=False),
        sa.Column("next_attempt_at", WHEN, nullable=True),
        sa.Column("lease_token", NAME, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_article_source_id_source", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_article_copy_of",
        "article",
        ["copy_of"],
        sqlite_where=sa.text("copy_of IS NOT NULL"),
        postgresql_where=sa.text("copy_of IS NOT NULL"),
    )
    op.create_index("ix_article_first_seen_at", "article", ["first_seen_at"])
    op.create_index(
        "ix_article_held",
        "article",
        ["source_id"],
        sqlite_where=sa.text("held != ''"),
        postgresql_where=sa.text("held != ''"),
    )
    op.create_index("ix_article_source_id", "article", ["source_id", "id"])
    op.create_index(
        "ix_article_story_id",
        "article",
        ["story_id"],
        sqlite_where=sa.text("story_id != ''"),
        postgresql_where=sa.text("story_id != ''"),
    )
    op.create_index(
        "ix_article_unread",
        "article",
        ["next_attempt_at", "id"],
        sqlite_where=sa.text("stage = 'listed'"),
        postgresql_where=sa.text("stage = 'listed'"),
    )
    op.create_index(
        "ix_article_waiting",
        "article",
        ["stage", "id"],
        sqlite_where=sa.text("stage IN ('read', 'screened')"),
        postgresql_where=sa.text("stage IN ('read', 'screened')"),
    )


def _content() -> None:
    op.create_table(
        "content",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("standfirst", WORDS, nullable=False),
        sa.Column("dateline", WORDS, nullable=False),
        sa.Column("captions", WORDS, nullable=False),
        sa.Column("body", WORDS, nullable=False),
        sa.Column("folded", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_content_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_content"),
    )


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("source_id", WORDS, autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_identity_source_id_source", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "key", name="pk_identity"),
        sqlite_with_rowid=False,
    )


def _address() -> None:
    op.create_table(
        "address",
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_address_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("url", "article_id", name="pk_address"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_address_article_id", "address", ["article_id"])


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("article", WORDS, nullable=False),
        sa.Column("replaced_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_revision_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "number", name="pk_revision"),
    )


def _capture() -> None:
    op.create_table(
        "capture",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("status", NUMBER, nullable=False),
        sa.Column("headers", WORDS, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("captured_at", WHEN, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_capture_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_capture"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("record", WORDS, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("previous", NAME, nullable=False),
        sa.Column("hash", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint("previous", name="uq_evidence_previous"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_article_id", "evidence", ["article_id"])


def upgrade() -> None:
    _source()
    _article()
    _content()
    _identity()
    _address()
    _revision()
    _capture()
    _evidence()
    for statement in SQLITE_SEARCH if op.get_bind().dialect.name == "sqlite" else POSTGRES_SEARCH:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE content_words")
    for name in ("evidence", "capture", "revision", "address", "identity", "content", "article", "source"):
        op.drop_table(name)
