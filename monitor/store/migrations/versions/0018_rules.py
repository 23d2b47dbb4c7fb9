"""Tables of the former texts of configuration files, and of the proposals of readers."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "configuration_edit",
        sa.Column("change_id", ID, autoincrement=False, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("former_text", sa.Text(), nullable=False),
        sa.Column("file_tag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name="pk_configuration_edit"),
        sa.ForeignKeyConstraint(
            ["change_id"], ["change.id"], name="fk_configuration_edit_change_id_change", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "proposal",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("official_id", sa.String(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reader_id", ID, autoincrement=False, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name="fk_proposal_reader_id_reader", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    where = sa.text("outcome = ''")
    op.create_index("ix_proposal_id_open", "proposal", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("proposal")
    op.drop_table("configuration_edit")
