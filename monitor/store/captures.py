"""Raw pages, kept as the server gave them: evidence."""

import gzip
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, exists, select

from monitor.domain.archive import PageSnapshot
from monitor.domain.exchange import Fetched
from monitor.store.catalogue import CAPTURE, HIT, MENTION
from monitor.store.codec import from_json, to_json
from monitor.store.engine import Connections, upsert

_GZIP_LEVEL = 6


def save_page_snapshot(connection: Connection, article_id: int, page: Fetched) -> None:
    """Keep a page inside a transaction, in place of an earlier one of the same article."""
    row: dict[str, Any] = {
        "article_id": article_id,
        "url": page.url,
        "status": page.status,
        "headers": to_json(page.headers),
        "sha256": sha256(page.body).hexdigest(),
        "captured_at": page.fetched_at,
        "body": gzip.compress(page.body, _GZIP_LEVEL, mtime=0),
    }
    connection.execute(upsert(CAPTURE, connection, "article_id", row), row)


def delete_unmatched_snapshots(connection: Connection, article_ids: Collection[int]) -> None:
    """Let go of the pages of articles in which nothing was found."""
    found = (exists().where(rows.c.article_id == CAPTURE.c.article_id) for rows in (HIT, MENTION))
    without = [~one for one in found]
    connection.execute(delete(CAPTURE).where(CAPTURE.c.article_id.in_(article_ids), *without))


class SqlPageSnapshotStore:
    """Look-ups of kept pages."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get_page_snapshot(self, article_id: int) -> PageSnapshot | None:
        """Return the raw page of an article, or None if it was not kept."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(CAPTURE).where(CAPTURE.c.article_id == article_id)).first()
        if row is None:
            return None
        headers = from_json(tuple[tuple[str, str], ...], row.headers)
        body = gzip.decompress(row.body)
        return PageSnapshot(row.article_id, row.url, row.status, headers, body, row.captured_at, row.sha256)
