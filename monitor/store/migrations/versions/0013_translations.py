"""Table of machine translations of headlines and passages, so that a text is translated only once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "translation",
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("text_hash", name="pk_translation"),
    )
    op.create_index("ix_translation_created_at", "translation", ["created_at"])


def downgrade() -> None:
    op.drop_table("translation")
