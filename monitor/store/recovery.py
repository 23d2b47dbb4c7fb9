"""What a process that died has left leased, made due again by the one that comes after it."""

from datetime import datetime

from sqlalchemy import update

from monitor.store.engine import Connections
from monitor.store.rechecks import RECHECK
from monitor.store.rows import ARTICLE, LISTED
from monitor.store.settling import DELIVERY, PENDING
from monitor.store.sources import SOURCE


def release_leases(connections: Connections, now: datetime) -> None:
    """End every lease. Only for who is alone on the database: whoever else held one would do its work in vain."""
    with connections.writing() as connection:
        polled = update(SOURCE).where(SOURCE.c.lease_token != "")
        connection.execute(polled.values(lease_token="", leased_until_at=None))
        due = {"lease_token": "", "next_attempt_at": now}
        connection.execute(update(ARTICLE).where(LISTED, ARTICLE.c.lease_token != "").values(**due))
        looking = update(RECHECK).where(RECHECK.c.lease_token != "")
        connection.execute(looking.values(lease_token="", next_at=now))
        sending = (DELIVERY.c.state == PENDING, DELIVERY.c.lease_token != "")
        connection.execute(update(DELIVERY).where(*sending).values(**due))
