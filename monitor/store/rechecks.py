"""When told articles are looked at again."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, text, update

from monitor.domain.revision import CHECKS, SOONEST
from monitor.store.catalogue import RECHECK
from monitor.store.columns import Moment

_BEGIN = text(
    "INSERT INTO recheck (article_id, next_at, checked_at, missing, lease_token) "
    "SELECT article.id, :next_at, NULL, 0, '' FROM article "
    "WHERE article.id = :number AND article.attempts > 0 AND article.last_error = '' "
    "ON CONFLICT (article_id) DO NOTHING"
).bindparams(bindparam("next_at", type_=Moment()))


def begin_rechecks(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Begin to look again at articles that were told from their pages; a feed's own text has no page to compare."""
    if numbers:
        connection.execute(_BEGIN, [{"number": number, "next_at": now + CHECKS[0]} for number in sorted(numbers)])


def hasten_rechecks(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Make told articles due now, unless they were looked at a moment ago or are being looked at."""
    if not numbers:
        return
    rested = RECHECK.c.checked_at.is_(None) | (RECHECK.c.checked_at <= now - SOONEST)
    idle = (RECHECK.c.article_id.in_(sorted(numbers)), RECHECK.c.lease_token == "")
    connection.execute(update(RECHECK).where(rested, *idle).values(next_at=now))
