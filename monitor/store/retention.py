"""What is let go of with time, in small transactions: never an article that matched, nor what proves it.

The time is one that has been lived with (``domain/trust.py``): a clock that stands years ahead lets nothing go.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select

from monitor.domain.delivery import DeliveryState
from monitor.store.catalogue import ARTICLE, DELIVERY, DIGEST, EVIDENCE, HIT, MENTION, NEARMISS, RENDITION
from monitor.store.engine import Connections
from monitor.store.recovery import trusted_now
from monitor.store.search import remove_from_index

DELETE_BATCH_SIZE = 500


def delete_expired_articles(
    connections: Connections, now: datetime, age: timedelta, after_id: int = 0
) -> tuple[int, int]:
    """Delete a portion of the articles first seen so long ago, oldest first, from a number on.

    Kept are those with a mention, a hit or evidence, those not yet screened, and originals of copies that are kept.
    Identities stay: what is forgotten is not new when it is met again. Returns how many were deleted, and the number
    to go on from, which is 0 at the end.
    """
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        old = select(ARTICLE.c.id).where(ARTICLE.c.id > after_id, ARTICLE.c.first_seen_at < before)
        portion = list(connection.execute(old.order_by(ARTICLE.c.id).limit(DELETE_BATCH_SIZE)).scalars())
        if not portion:
            return 0, 0
        doomed = _select_deletable(connection, portion)
        if doomed:
            remove_from_index(connection, doomed)
            connection.execute(delete(ARTICLE).where(ARTICLE.c.id.in_(doomed)))
    return len(doomed), portion[-1] if len(portion) == DELETE_BATCH_SIZE else 0


def delete_expired_records(connections: Connections, now: datetime, age: timedelta) -> int:
    """Delete near misses of articles seen, and deliveries settled, so long ago; return how many.

    Digests stay, as the record of what was told and when.
    """
    settled = [str(state) for state in DeliveryState if state is not DeliveryState.PENDING]
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        done = (DELIVERY.c.state.in_(settled), DELIVERY.c.settled_at < before)
        misses = connection.execute(delete(NEARMISS).where(NEARMISS.c.seen_at < before)).rowcount
        deliveries = connection.execute(delete(DELIVERY).where(*done)).rowcount
        unused = RENDITION.c.id.not_in(select(DELIVERY.c.rendition))
        old = select(DIGEST.c.id).where(DIGEST.c.composed_at < before)
        connection.execute(delete(RENDITION).where(RENDITION.c.digest.in_(old), unused))
    return int(misses + deliveries)


def _select_deletable(connection: Connection, article_ids: list[int]) -> list[int]:
    copies = ARTICLE.alias()
    reasons = [exists().where(rows.c.article_id == ARTICLE.c.id) for rows in (HIT, MENTION, EVIDENCE)]
    reasons.append(exists().where(copies.c.copy_of == ARTICLE.c.id))
    query = select(ARTICLE.c.id).where(
        ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage.not_in(("listed", "read")), *[~reason for reason in reasons]
    )
    return list(connection.execute(query).scalars())
