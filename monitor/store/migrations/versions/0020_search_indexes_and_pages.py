"""Indexes for searches by official and rule, and the pages of PDF documents."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_mention_official", "mention", ["official_id", "article_id"])
    op.create_index("ix_hit_rule_article", "hit", ["rule_id", "article_id"])
    op.add_column("article_text", sa.Column("page_starts", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("article_text", "page_starts")
    op.drop_index("ix_hit_rule_article", "hit")
    op.drop_index("ix_mention_official", "mention")
