"""Tables of findings in articles: mentions, near misses (rejected mentions), hits, and stories."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String()
NUMBER = sa.Integer()
WORDS = sa.Text()
WHEN = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _mention() -> None:
    op.create_table(
        "mention",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("official_id", NAME, nullable=False),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("region", NAME, nullable=False),
        sa.Column("start", NUMBER, nullable=False),
        sa.Column("end", NUMBER, nullable=False),
        sa.Column("form", NAME, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_mention_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mention"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mention_article_id", "mention", ["article_id"])
    op.create_index("ix_mention_day", "mention", ["official_id", "seen_at", "article_id"])


def _nearmiss() -> None:
    op.create_table(
        "nearmiss",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("official_id", NAME, nullable=False),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("region", NAME, nullable=False),
        sa.Column("start", NUMBER, nullable=False),
        sa.Column("end", NUMBER, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_nearmiss_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_nearmiss"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_nearmiss_article_id", "nearmiss", ["article_id"])
    op.create_index("ix_nearmiss_seen_at", "nearmiss", ["seen_at"])


def _hit() -> None:
    op.create_table(
        "hit",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("rule_id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("officials", WORDS, nullable=False),
        sa.Column("passages", WORDS, nullable=False),
        sa.Column("found_at", WHEN, nullable=False),
        sa.Column("note", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_hit_article_id_article", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_hit"),
        sa.UniqueConstraint(
            "article_id", "rule_id", "kind", "revision", name="uq_hit_article_id_rule_id_kind_revision"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hit_found_at", "hit", ["found_at"])
    op.create_index("ix_hit_rule", "hit", ["rule_id", "id"])


def _story() -> None:
    op.create_table(
        "story",
        sa.Column("id", NAME, nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("first_seen_at", WHEN, nullable=False),
        sa.Column("last_seen_at", WHEN, nullable=False),
        sa.Column("merged_into", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
    )
    op.create_index("ix_story_last_seen_at", "story", ["last_seen_at"])


def upgrade() -> None:
    _mention()
    _nearmiss()
    _hit()
    _story()


def downgrade() -> None:
    for name in ("story", "hit", "nearmiss", "mention"):
        op.drop_table(name)
