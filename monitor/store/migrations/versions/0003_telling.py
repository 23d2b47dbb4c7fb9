"""Tables of digests with their reported hits, of deliveries, and of the key-value store."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String()
NUMBER = sa.Integer()
WORDS = sa.Text()
WHEN = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _digest() -> None:
    op.create_table(
        "digest",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest_id", NAME, nullable=False),
        sa.Column("start_at", WHEN, nullable=False),
        sa.Column("end_at", WHEN, nullable=False),
        sa.Column("composed_at", WHEN, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("seen", ID, nullable=False),
        sa.Column("content", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        sa.UniqueConstraint("digest_id", "start_at", name="uq_digest_digest_id_start_at"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_digest_composed_at", "digest", ["composed_at"])


def _digest_hit() -> None:
    op.create_table(
        "told",
        sa.Column("hit_id", ID, autoincrement=False, nullable=False),
        sa.Column("digest_id", NAME, nullable=False),
        sa.Column("digest", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digest.id"], name="fk_told_digest_digest", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["hit_id"], ["hit.id"], name="fk_told_hit_id_hit", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hit_id", "digest_id", name="pk_told"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_digest", "told", ["digest"])


def _rendition() -> None:
    op.create_table(
        "rendition",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", ID, autoincrement=False, nullable=False),
        sa.Column("content", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digest.id"], name="fk_rendition_digest_digest", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_rendition"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rendition_digest", "rendition", ["digest"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("digest", ID, autoincrement=False, nullable=False),
        sa.Column("digest_id", NAME, nullable=False),
        sa.Column("channel_id", NAME, nullable=False),
        sa.Column("target", WORDS, nullable=False),
        sa.Column("rendition", ID, autoincrement=False, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("first_attempt_at", WHEN, nullable=True),
        sa.Column("next_attempt_at", WHEN, nullable=True),
        sa.Column("settled_at", WHEN, nullable=True),
        sa.Column("last_error", WORDS, nullable=False),
        sa.Column("lease_token", NAME, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digest.id"], name="fk_delivery_digest_digest", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["rendition"], ["rendition.id"], name="fk_delivery_rendition_rendition", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("key", name="uq_delivery_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_digest", "delivery", ["digest"])
    op.create_index("ix_delivery_rendition", "delivery", ["rendition"])
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["next_attempt_at", "id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_delivery_state", "delivery", ["state", "id"])


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.Column("changed_at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def upgrade() -> None:
    _digest()
    _digest_hit()
    _rendition()
    _delivery()
    _meta()


def downgrade() -> None:
    for name in ("meta", "delivery", "rendition", "told", "digest"):
        op.drop_table(name)
