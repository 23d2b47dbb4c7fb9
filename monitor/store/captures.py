"""Raw pages, kept as the server gave them: evidence."""

import gzip
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, exists, select

from monitor.domain.archive import Capture
from monitor.domain.exchange import Fetched
from monitor.store.catalogue import CAPTURE, HIT, MENTION
from monitor.store.codec import dumps, loads
from monitor.store.engine import Connections, insert_or_replace

_LEVEL = 6


def keep_capture(connection: Connection, article_id: int, page: Fetched) -> None:
    """Keep a page inside a transaction, in place of an earlier one of the same article."""
    row: dict[str, Any] = {
        "article_id": article_id,
        "url": page.url,
        "status": page.status,
        "headers": dumps(page.headers),
        "sha256": sha256(page.body).hexdigest(),
        "captured_at": page.fetched_at,
        "body": gzip.compress(page.body, _LEVEL, mtime=0),
    }
    connection.execute(insert_or_replace(CAPTURE, connection, "article_id", row), row)


def drop_unmatched(connection: Connection, articles: Collection[int]) -> None:
    """Let go of the pages of articles in which nothing was found."""
    found = (exists().where(rows.c.article_id == CAPTURE.c.article_id) for rows in (HIT, MENTION))
    without = [~one for one in found]
    connection.execute(delete(CAPTURE).where(CAPTURE.c.article_id.in_(articles), *without))


class SqlCaptures:
    """Look-ups of kept pages."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def capture(self, article_id: int) -> Capture | None:
        """Return the raw page of an article, or None if it was not kept."""
        with self._connections.reading() as connection:
            row = connection.execute(select(CAPTURE).where(CAPTURE.c.article_id == article_id)).first()
        if row is None:
            return None
        headers = loads(tuple[tuple[str, str], ...], row.headers)
        body = gzip.decompress(row.body)
        return Capture(row.article_id, row.url, row.status, headers, body, row.captured_at, row.sha256)
