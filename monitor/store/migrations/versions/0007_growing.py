"""Indexes for frequent queries that became slower with more articles: last window of a digest, merged stories."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MERGED = sa.text("merged_into != ''")


def upgrade() -> None:
    op.create_index("ix_digest_end_at", "digest", ["digest_id", "end_at"])
    op.create_index("ix_digest_seen", "digest", ["digest_id", "seen"])
    op.create_index("ix_story_merged_into", "story", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED)


def downgrade() -> None:
    op.drop_index("ix_story_merged_into", "story")
    op.drop_index("ix_digest_seen", "digest")
    op.drop_index("ix_digest_end_at", "digest")
