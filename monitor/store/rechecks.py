"""When told articles are looked at again."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, text, update

from monitor.domain.revision import MIN_RECHECK_INTERVAL, RECHECK_DELAYS
from monitor.store.catalogue import RECHECK
from monitor.store.columns import UtcDateTime

_INSERT_RECHECKS = text(
    "INSERT INTO recheck (article_id, next_at, checked_at, missing, lease_token) "
    "SELECT article.id, :next_at, NULL, 0, '' FROM article "
    "WHERE article.id = :number AND article.attempts > 0 AND article.last_error = '' "
    "ON CONFLICT (article_id) DO NOTHING"
).bindparams(bindparam("next_at", type_=UtcDateTime()))


def schedule_rechecks(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Begin to look again at articles that were told from their pages; a feed's own text has no page to compare."""
    if article_ids:
        connection.execute(
            _INSERT_RECHECKS, [{"number": number, "next_at": now + RECHECK_DELAYS[0]} for number in sorted(article_ids)]
        )


def expedite_rechecks(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Make told articles due now, unless they were looked at a moment ago or are being looked at."""
    if not article_ids:
        return
    rested = RECHECK.c.checked_at.is_(None) | (RECHECK.c.checked_at <= now - MIN_RECHECK_INTERVAL)
    idle = (RECHECK.c.article_id.in_(sorted(article_ids)), RECHECK.c.lease_token == "")
    connection.execute(update(RECHECK).where(rested, *idle).values(next_at=now))
