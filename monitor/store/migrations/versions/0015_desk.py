"""Tables and columns for the desk: roles, passwords, preferences, sessions, tokens and views; unsubscribed targets."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _reader_key(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    column = sa.Column("reader_id", ID, autoincrement=False, nullable=False)
    return column, sa.ForeignKeyConstraint(
        ["reader_id"], ["reader.id"], name=f"fk_{table}_reader_id_reader", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.add_column("reader", sa.Column("role", sa.String(), nullable=False, server_default="viewer"))
    for name in ("password", "zone", "theme"):
        op.add_column("reader", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("reader", sa.Column("uses_keys", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "reader_session",
        sa.Column("key_hash", sa.String(), nullable=False),
        *_reader_key("reader_session"),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_reader_session"),
    )
    op.create_index("ix_reader_session_ends_at", "reader_session", ["ends_at"])
    op.create_table(
        "login_link",
        sa.Column("key_hash", sa.String(), nullable=False),
        *_reader_key("login_link"),
        sa.Column("ends_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_login_link"),
    )
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_attempt"),
    )
    op.create_table(
        "access_token",
        sa.Column("id", ID, nullable=False),
        *_reader_key("access_token"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
        sa.UniqueConstraint("key_hash", name="uq_access_token_key_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_view",
        sa.Column("id", ID, nullable=False),
        *_reader_key("saved_view"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("feed_hash", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sqlite_autoincrement=True,
    )
    where = sa.text("feed_hash != ''")
    op.create_index("ix_saved_view_feed_hash", "saved_view", ["feed_hash"], sqlite_where=where, postgresql_where=where)
    for table in ("reader_session", "login_link", "access_token", "saved_view"):
        op.create_index(f"ix_{table}_reader_id", table, ["reader_id"])
    op.create_table(
        "unsubscribed_target",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("unsubscribed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "channel_id", "target", name="pk_unsubscribed_target"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("unsubscribed_target", "saved_view", "access_token", "login_attempt", "login_link", "reader_session"):
        op.drop_table(table)
    for column in ("uses_keys", "theme", "zone", "password", "role"):
        op.drop_column("reader", column)
