"""Tables of statements about the posts of watched officials, and of the successions that digests have announced."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "post_statement",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("official_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_post_statement_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_post_statement"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_statement_article_id", "post_statement", ["article_id"])
    op.create_index("ix_post_statement_seen_at", "post_statement", ["seen_at"])
    op.create_table(
        "succession_notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("official_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("announced_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_succession_notice"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_succession_notice_plan_id", "succession_notice", ["plan_id"])


def downgrade() -> None:
    op.drop_table("succession_notice")
    op.drop_table("post_statement")
