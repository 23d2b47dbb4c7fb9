"""Store of rechecks, and of earlier versions of articles.

A recheck is a later fetch of a reported article, to find out whether the article was changed or withdrawn.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from monitor.domain.article import Article
from monitor.domain.errors import LeaseLost
from monitor.domain.mention import Findings
from monitor.domain.revision import ArticleEvent, Recheck
from monitor.store.articles import replace_text
from monitor.store.column_types import to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, ARTICLE_VERSION, HIT, RECHECK
from monitor.store.damaged_rows import read_rows
from monitor.store.findings import load_findings, replace_mentions
from monitor.store.rescreening import request_rescreen
from monitor.store.row_mapping import (
    article_columns,
    encode_texts,
    insert_rows,
    select_stored_articles,
    stored_article_from_row,
)


class RecheckStore:
    """Store of rechecks (later fetches of reported articles, to find changes), and of earlier versions of articles.

    Every method is one transaction.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def lease_due(self, now: datetime, limit: int, expires_at: datetime) -> list[Recheck]:
        """Lease reported articles that are due for a recheck, the longest overdue first.

        A recheck fetches the article again, to find changes.
        """
        token = secrets.token_hex(8)
        due = select(RECHECK.c.article_id).where(RECHECK.c.due_at <= now).order_by(RECHECK.c.due_at).limit(limit)
        claim = (
            update(RECHECK)
            .where(RECHECK.c.article_id.in_(due.with_for_update(skip_locked=True).scalar_subquery()))
            .values(due_at=expires_at, lease_token=token)
            .returning(RECHECK.c.article_id, RECHECK.c.missing_count)
        )
        with self._connections.write_transaction() as connection:
            missing_counts = {row.article_id: row.missing_count for row in connection.execute(claim).all()}
            if not missing_counts:
                return []
            rows = connection.execute(
                select_stored_articles().where(ARTICLE.c.id.in_(missing_counts)).order_by(ARTICLE.c.id)
            ).all()
            return [
                Recheck(stored, load_findings(connection, stored.id), missing_counts[stored.id], token)
                for stored in read_rows(ARTICLE, rows, stored_article_from_row)
            ]

    def record_result(self, recheck: Recheck, now: datetime, due_at: datetime | None, missing_count: int = 0) -> None:
        """Record a recheck (another fetch of an article) that has found no new version, and plan the next recheck.

        ``due_at`` is the time of the next recheck, or None if this was the last recheck. ``missing_count`` is the
        number of consecutive rechecks that did not find the page. Raises ``LeaseLost`` if another process has leased
        the recheck.
        """
        with self._connections.write_transaction() as connection:
            _finish_recheck(connection, recheck, now, due_at, missing_count)

    def record_change(
        self,
        recheck: Recheck,
        article: Article,
        findings: Findings,
        events: Sequence[ArticleEvent],
        now: datetime,
        due_at: datetime | None,
    ) -> None:
        """Store the result of a recheck (another fetch) that has found an article changed or withdrawn.

        If ``article`` differs from the stored article, it becomes a new version, and the old version is kept.
        ``findings`` are the mentions in ``article``. ``events`` are the changes to report; each is stored as one hit.
        ``due_at`` is the time of the next recheck, or None if this was the last recheck. Raises ``LeaseLost`` if
        another process has leased the recheck.
        """
        stored = recheck.stored
        version = stored.version_count + (article != stored.article)
        with self._connections.write_transaction() as connection:
            _finish_recheck(connection, recheck, now, due_at, 0)
            if version > stored.version_count:
                old = {"article_id": stored.id, "version": stored.version_count, "snapshot": to_json(stored.article)}
                connection.execute(insert(ARTICLE_VERSION).values(**old, replaced_at=now))
                values = {**article_columns(article), "version_count": version}
                replace_text(connection, stored.id, article)
                connection.execute(update(ARTICLE).where(ARTICLE.c.id == stored.id).values(values))
                replace_mentions(connection, [(stored, findings)])
                request_rescreen(connection, [stored.id])
            insert_rows(
                connection, HIT, [_event_row(stored.id, version, one, now) for one in events], skip_existing=True
            )


def _finish_recheck(
    connection: Connection, recheck: Recheck, now: datetime, due_at: datetime | None, missing_count: int
) -> None:
    is_leased = and_(RECHECK.c.article_id == recheck.stored.id, RECHECK.c.lease_token == recheck.token)
    values = {"due_at": due_at, "checked_at": now, "missing_count": missing_count, "lease_token": ""}
    if connection.execute(update(RECHECK).where(is_leased).values(values)).rowcount != 1:
        raise LeaseLost(f"the lease of article {recheck.stored.id} has expired; another worker rechecks it")


def _event_row(article_id: int, version: int, event: ArticleEvent, now: datetime) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "rule_id": event.hit.rule_id,
        "kind": str(event.kind),
        "version": version,
        "official_ids": encode_texts(event.hit.official_ids),
        "passages": to_json(event.hit.passages),
        "found_at": now,
        "note": event.note,
        "changes": to_json(event.changes) if event.changes else "",
    }
