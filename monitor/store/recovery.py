"""What a process that died has left leased, or a wrong clock has put off: made due again."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from monitor.domain.source import SourceMemory
from monitor.domain.trust import JUMP, Trust, Turn
from monitor.store.catalogue import ARTICLE, DELIVERY, HIT, META, RECHECK, SOURCE
from monitor.store.codec import dumps, loads
from monitor.store.engine import Connections, insert_or_replace
from monitor.store.rows import LISTED
from monitor.store.settling import PENDING

CLOCK, TRUST = "clock", "believed_clock"
SLACK = timedelta(minutes=1)  # a clock that is put right by less needs no mending


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


def keep_time(connections: Connections, now: datetime) -> Turn:
    """Note the time; returns how far the clock was set back or jumped ahead since it was last noted, if it was.

    What a fast clock had planned is then brought forward by as much, so that nothing waits for the real time to come
    to where the wrong one was: polls, pages, other looks, deliveries and leases. What was found "tomorrow" counts as
    found now.
    """
    with connections.writing() as connection:
        noted = connection.execute(select(META.c.value).where(META.c.name == CLOCK)).scalar()
        last = datetime.fromisoformat(noted) if noted else now
        back = last - now
        if back > SLACK:
            _bring_forward(connection, now, back)
        before = _trust(connection) or Trust(last)
        trust = before.next(last, now)
        for name, value in ((CLOCK, now.isoformat()), (TRUST, dumps(trust))):
            fact = {"name": name, "value": value, "changed_at": now}
            connection.execute(insert_or_replace(META, connection, "name", fact), fact)
    if now - last > JUMP and now - trust.at > JUMP:
        return Turn(ahead=now - trust.at, wait=trust.wait(now))
    return Turn(back if back > SLACK else timedelta(0))


def believed(connection: Connection, now: datetime) -> datetime:
    """Return the time by which things may be let go of: not that of a clock which has only just jumped far ahead."""
    trust = _trust(connection)
    return trust.believed(now) if trust else now


def _trust(connection: Connection) -> Trust | None:
    noted = connection.execute(select(META.c.value).where(META.c.name == TRUST)).scalar()
    return loads(Trust, noted) if noted else None


def _bring_forward(connection: Connection, now: datetime, back: timedelta) -> None:
    for row in connection.execute(select(SOURCE.c.id, SOURCE.c.memory).where(SOURCE.c.next_poll_at > now)).all():
        memory = loads(SourceMemory, row.memory)
        at = max(now, memory.next_poll_at - back) if memory.next_poll_at else now
        values = {"memory": dumps(replace(memory, next_poll_at=at)), "next_poll_at": at}
        connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(**values))
    for key, moment, wanted in (
        (SOURCE.c.id, SOURCE.c.leased_until_at, SOURCE.c.lease_token != ""),
        (ARTICLE.c.id, ARTICLE.c.next_attempt_at, LISTED),
        (RECHECK.c.article_id, RECHECK.c.next_at, RECHECK.c.next_at.is_not(None)),
        (DELIVERY.c.id, DELIVERY.c.next_attempt_at, DELIVERY.c.state == PENDING),
    ):
        for number, at in connection.execute(select(key, moment).where(wanted, moment > now)).all():
            sooner = {moment.name: max(now, at - back)}
            connection.execute(update(key.table).where(key == number).values(**sooner))
    connection.execute(update(HIT).where(HIT.c.found_at > now).values(found_at=now))
