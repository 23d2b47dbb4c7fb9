"""Columns for the page quality of a source, and for the time at which a layout change began."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.add_column("source", sa.Column("pages", sa.Text(), nullable=False, server_default=""))
    op.add_column("source", sa.Column("changed_at", WHEN, nullable=True))


def downgrade() -> None:
    op.drop_column("source", "changed_at")
    op.drop_column("source", "pages")
