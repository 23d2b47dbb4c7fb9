"""Grouping on a window in memory, and on SQLite a full-text index without a second copy of the texts.

Before, each fingerprint and each term had a row of its own. Now the fingerprints of an article are packed in one row,
and the terms of a story are in the row of its latest article.

Before, the index of SQLite read its words from ``article_text.search_text``. Now only the index has the words, and the
column has a hash of them.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from struct import Struct
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
ROWS_PER_INSERT = 1000
HEADER, NO_TIME = Struct("<HBIqq"), -(2**63)
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def upgrade() -> None:
    op.create_table(
        "grouping_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("reload_version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grouping_state"),
    )
    op.execute("INSERT INTO grouping_state (id, version, reload_version) VALUES (1, 1, 1)")
    op.create_table(
        "indexed_article",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("fingerprints", sa.LargeBinary(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name="fk_indexed_article_article_id_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name="pk_indexed_article"),
    )
    op.rename_table("story_centroid", "old_story_centroid")
    op.drop_index("ix_story_centroid_last_article_at", "old_story_centroid")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER INDEX pk_story_centroid RENAME TO pk_old_story_centroid")
    op.create_table(
        "story_centroid",
        sa.Column("story_id", sa.String(), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("last_article_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("story_id", name="pk_story_centroid"),
    )
    insert("story_centroid", ("story_id", "version", "centroid", "last_article_at"), packed_centroids())
    insert("indexed_article", ("article_id", "version", "fingerprints", "terms"), indexed_articles())
    op.create_index("ix_indexed_article_version", "indexed_article", ["version"])
    op.create_index("ix_story_centroid_version", "story_centroid", ["version"])
    op.create_index("ix_story_centroid_last_article_at", "story_centroid", ["last_article_at"])
    for name in ("old_story_centroid", "story_term", "fingerprint"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "sqlite":
        index_without_texts()


def index_without_texts() -> None:
    """Build the full-text index again, without a copy of the texts in it."""
    connection = op.get_bind()
    connection.exec_driver_sql("DROP TABLE article_search")
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE article_search USING fts5(search_text, content='', columnsize=0, tokenize='ascii')"
    )
    connection.exec_driver_sql("INSERT INTO article_search (article_search, rank) VALUES ('automerge', 16)")
    connection.exec_driver_sql("INSERT INTO article_search (article_search, rank) VALUES ('crisismerge', 32)")
    last = 0
    query = (
        "SELECT article_id, search_text FROM article_text WHERE article_id > ? AND search_text != '' ORDER BY 1 LIMIT ?"
    )
    while rows := connection.exec_driver_sql(query, (last, ROWS_PER_INSERT)).all():
        texts = [tuple(row) for row in rows]
        connection.exec_driver_sql("INSERT INTO article_search (rowid, search_text) VALUES (?, ?)", texts)
        hashes = [(blake2b(text.encode(), digest_size=16).hexdigest(), number) for number, text in texts]
        connection.exec_driver_sql("UPDATE article_text SET search_text = ? WHERE article_id = ?", hashes)
        last = texts[-1][0]


def insert(table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    """Insert rows in batches."""
    marks = ", ".join(f":{name}" for name in columns)
    statement = sa.text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})")  # noqa: S608  # constants
    batch = []
    for row in rows:
        batch.append(dict(zip(columns, row, strict=True)))
        if len(batch) == ROWS_PER_INSERT:
            op.get_bind().execute(statement, batch)
            batch = []
    if batch:
        op.get_bind().execute(statement, batch)


def packed_centroids() -> Iterator[tuple[str, int, bytes, Any]]:
    """Yield the rows of stories, each with the packed centroid of the story."""
    query = "SELECT story_id, terms, weights, name_flags, days, size, first_article_at, last_article_at"
    for row in op.get_bind().execute(sa.text(f"{query} FROM old_story_centroid")).all():
        story_id, terms, weights, name_flags, days, size, first, last = row
        pairs = sorted(json.loads(days))
        header = HEADER.pack(len(name_flags), len(pairs), size, packed_time(first), packed_time(last))
        packed_days = bytes(number for pair in pairs for number in pair)
        yield story_id, 1, header + packed_days + bytes(terms) + bytes(weights) + bytes(name_flags), last


def packed_time(value: Any) -> int:
    if value is None:
        return NO_TIME
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (at - EPOCH) // timedelta(microseconds=1)


def indexed_articles() -> Iterator[tuple[int, int, bytes, bytes]]:
    """Yield the rows of articles for the new table ``indexed_article``."""
    terms: dict[int, bytes] = {}
    query = (
        "SELECT max(article.id) AS article_id, story_term.story_id FROM story_term JOIN article "
        "ON article.story_id = story_term.story_id AND article.story_id != '' GROUP BY story_term.story_id"
    )
    latest = {row.story_id: row.article_id for row in op.get_bind().execute(sa.text(query))}
    query = "SELECT story_id, term FROM story_term ORDER BY story_id, term"
    for story_id, rows in groupby(op.get_bind().execute(sa.text(query)).all(), key=itemgetter(0)):
        if story_id in latest:
            terms[latest[story_id]] = packed((term for _, term in rows), 4)
    query = (
        "SELECT article_id, fingerprint.value FROM fingerprint JOIN article ON article.id = article_id "
        "ORDER BY article_id, fingerprint.value"
    )
    for article_id, rows in groupby(op.get_bind().execute(sa.text(query)).all(), key=itemgetter(0)):
        yield article_id, 1, packed((value for _, value in rows), 8), terms.pop(article_id, b"")
    for article_id, found in terms.items():
        yield article_id, 1, b"", found


def packed(numbers: Iterator[int], size: int) -> bytes:
    return b"".join(number.to_bytes(size, "little") for number in dict.fromkeys(numbers))


def downgrade() -> None:
    raise NotImplementedError("a former program rebuilds nothing from the rows of this one; restore a backup")
