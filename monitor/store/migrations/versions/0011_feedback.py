"""Tables for feedback of readers: verdicts, marks, the record of changes, and hits that were withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
NOT_UNDONE = "undone_at IS NULL"


def upgrade() -> None:
    op.add_column("hit", sa.Column("withdrawn_at", TIME, nullable=True))
    op.add_column("hit", sa.Column("withdrawn_by", ID, nullable=True))
    op.add_column("hit", sa.Column("rescreened_at", TIME, nullable=True))
    _create_partial_index("ix_hit_rescreened_at", "hit", "rescreened_at", "rescreened_at IS NOT NULL")
    op.add_column("digest_hit", sa.Column("official_ids", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE digest_hit SET official_ids = "
        "(SELECT COALESCE(NULLIF(official_ids, ''), '[\"\"]') FROM hit WHERE hit.id = digest_hit.hit_id)"
    )
    op.create_table(
        "digest_article",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("digest_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_digest_article_article_id_article", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digest.id"], name="fk_digest_article_digest_id_digest", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "plan_id", name="pk_digest_article"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_digest_article_digest_id", "digest_article", ["digest_id"])
    op.add_column("delivery", sa.Column("dismissed_at", TIME, nullable=True))
    op.add_column("delivery", sa.Column("dismissed_by", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "reader",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_hit_id", ID, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reader"),
        sa.UniqueConstraint("login", name="uq_reader_login"),
        sqlite_autoincrement=True,
    )
    _create_verdict()
    _create_mark()
    _create_change()
    op.create_table(
        "rescreen",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_rescreen_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_rescreen"),
    )


def _create_verdict() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", ID, nullable=False),
        sa.Column("official_id", sa.String(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("root_id", ID, nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name="fk_verdict_reader_id_reader", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verdict_official_id", "verdict", ["official_id", "id"])
    _create_partial_index("ix_verdict_root_id", "verdict", "root_id", NOT_UNDONE)
    _create_partial_index("ix_verdict_story_id", "verdict", "story_id", f"{NOT_UNDONE} AND story_id != ''")


def _create_mark() -> None:
    op.create_table(
        "mark",
        sa.Column("id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=True),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("until_at", TIME, nullable=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name="fk_mark_reader_id_reader", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["made_by"], ["reader.id"], name="fk_mark_made_by_reader", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mark"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mark_reader_id", "mark", ["reader_id"])
    _create_partial_index("ix_mark_story_id", "mark", "story_id", NOT_UNDONE)
    _create_partial_index("ix_mark_plan_id", "mark", "plan_id", f"{NOT_UNDONE} AND plan_id != ''")


def _create_change() -> None:
    op.create_table(
        "change",
        sa.Column("id", ID, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("verdict_id", ID, nullable=True),
        sa.Column("mark_id", ID, nullable=True),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name="fk_change_reader_id_reader", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_made_at", "change", ["made_at"])
    op.create_index("ix_change_verdict_id", "change", ["verdict_id"])
    op.create_index("ix_change_mark_id", "change", ["mark_id"])


def _create_partial_index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in ("digest_article", "rescreen", "change", "mark", "verdict", "reader"):
        op.drop_table(table)
    for column in ("dismissed_by", "dismissed_at"):
        op.drop_column("delivery", column)
    op.drop_column("digest_hit", "official_ids")
    op.drop_index("ix_hit_rescreened_at", "hit")
    for column in ("rescreened_at", "withdrawn_by", "withdrawn_at"):
        op.drop_column("hit", column)
