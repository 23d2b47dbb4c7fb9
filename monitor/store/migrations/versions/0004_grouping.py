"""Tables of grouping: fingerprints of texts, terms of stories, centroids, term frequencies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fingerprint",
        sa.Column("print", ID, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("print", "place", name="pk_fingerprint"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_fingerprint_article_id", "fingerprint", ["article_id"])
    op.create_table(
        "term",
        sa.Column("term", ID, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("term", "place", name="pk_term"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cluster",
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("names", sa.LargeBinary(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_at", WHEN, nullable=True),
        sa.Column("last_at", WHEN, nullable=True),
        sa.PrimaryKeyConstraint("story_id", name="pk_cluster"),
    )
    op.create_index("ix_cluster_last_at", "cluster", ["last_at"])
    op.create_table(
        "vocabulary",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vocabulary"),
    )


def downgrade() -> None:
    for name in ("vocabulary", "cluster", "term", "fingerprint"):
        op.drop_table(name)
