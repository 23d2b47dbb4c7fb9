"""Drop an index of fingerprints: each new article updated it, and only the daily deletion used it."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_fingerprint_article_id", "fingerprint")


def downgrade() -> None:
    op.create_index("ix_fingerprint_article_id", "fingerprint", ["article_id"])
