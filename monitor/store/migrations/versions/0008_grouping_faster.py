"""The index of who has a print goes: every article paid for it, and only the daily forgetting asked it."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_fingerprint_article_id", "fingerprint")


def downgrade() -> None:
    op.create_index("ix_fingerprint_article_id", "fingerprint", ["article_id"])
