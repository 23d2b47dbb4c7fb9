"""Indexes with which a search reads the articles of an official or a rule from the newest on."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_mention_official", "mention", ["official_id", "article_id"])
    op.create_index("ix_hit_rule_article", "hit", ["rule_id", "article_id"])


def downgrade() -> None:
    op.drop_index("ix_hit_rule_article", "hit")
    op.drop_index("ix_mention_official", "mention")
