"""What a process that died has left leased, or a wrong clock has put off: made due again."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from monitor.domain.source import PollState
from monitor.domain.trust import MAX_CLOCK_JUMP, ClockChange, ClockTrust
from monitor.store.catalogue import ARTICLE, DELIVERY, HIT, META, RECHECK, SOURCE
from monitor.store.codec import from_json, to_json
from monitor.store.engine import Connections, upsert
from monitor.store.rows import IS_LISTED
from monitor.store.settling import PENDING

CLOCK_KEY, CLOCK_TRUST_KEY = "clock", "believed_clock"
CLOCK_TOLERANCE = timedelta(minutes=1)  # a clock that is put right by less needs no mending


def release_leases(connections: Connections, now: datetime) -> None:
    """End every lease. Only for who is alone on the database: whoever else held one would do its work in vain."""
    with connections.write_transaction() as connection:
        polled = update(SOURCE).where(SOURCE.c.lease_token != "")
        connection.execute(polled.values(lease_token="", leased_until_at=None))
        due = {"lease_token": "", "next_attempt_at": now}
        connection.execute(update(ARTICLE).where(IS_LISTED, ARTICLE.c.lease_token != "").values(**due))
        looking = update(RECHECK).where(RECHECK.c.lease_token != "")
        connection.execute(looking.values(lease_token="", next_at=now))
        sending = (DELIVERY.c.state == PENDING, DELIVERY.c.lease_token != "")
        connection.execute(update(DELIVERY).where(*sending).values(**due))


def record_clock(connections: Connections, now: datetime) -> ClockChange:
    """Note the time; returns how far the clock was set back or jumped ahead since it was last noted, if it was.

    What a fast clock had planned is then brought forward by as much, so that nothing waits for the real time to come
    to where the wrong one was: polls, pages, other looks, deliveries and leases. What was found "tomorrow" counts as
    found now.
    """
    with connections.write_transaction() as connection:
        noted = connection.execute(select(META.c.value).where(META.c.name == CLOCK_KEY)).scalar()
        last = datetime.fromisoformat(noted) if noted else now
        back = last - now
        if back > CLOCK_TOLERANCE:
            _shift_planned_times(connection, now, back)
        before = _load_clock_trust(connection) or ClockTrust(last)
        trust = before.advance(last, now)
        for name, value in ((CLOCK_KEY, now.isoformat()), (CLOCK_TRUST_KEY, to_json(trust))):
            fact = {"name": name, "value": value, "changed_at": now}
            connection.execute(upsert(META, connection, "name", fact), fact)
    if now - last > MAX_CLOCK_JUMP and now - trust.at > MAX_CLOCK_JUMP:
        return ClockChange(ahead_by=now - trust.at, trusted_after=trust.remaining_wait(now))
    return ClockChange(back if back > CLOCK_TOLERANCE else timedelta(0))


def trusted_now(connection: Connection, now: datetime) -> datetime:
    """Return the time by which things may be let go of: not that of a clock which has only just jumped far ahead."""
    trust = _load_clock_trust(connection)
    return trust.trusted_time(now) if trust else now


def _load_clock_trust(connection: Connection) -> ClockTrust | None:
    noted = connection.execute(select(META.c.value).where(META.c.name == CLOCK_TRUST_KEY)).scalar()
    return from_json(ClockTrust, noted) if noted else None


def _shift_planned_times(connection: Connection, now: datetime, set_back_by: timedelta) -> None:
    for row in connection.execute(select(SOURCE.c.id, SOURCE.c.memory).where(SOURCE.c.next_poll_at > now)).all():
        memory = from_json(PollState, row.memory)
        at = max(now, memory.next_poll_at - set_back_by) if memory.next_poll_at else now
        values = {"memory": to_json(replace(memory, next_poll_at=at)), "next_poll_at": at}
        connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(**values))
    for key, moment, wanted in (
        (SOURCE.c.id, SOURCE.c.leased_until_at, SOURCE.c.lease_token != ""),
        (ARTICLE.c.id, ARTICLE.c.next_attempt_at, IS_LISTED),
        (RECHECK.c.article_id, RECHECK.c.next_at, RECHECK.c.next_at.is_not(None)),
        (DELIVERY.c.id, DELIVERY.c.next_attempt_at, DELIVERY.c.state == PENDING),
    ):
        for number, at in connection.execute(select(key, moment).where(wanted, moment > now)).all():
            sooner = {moment.name: max(now, at - set_back_by)}
            connection.execute(update(key.table).where(key == number).values(**sooner))
    connection.execute(update(HIT).where(HIT.c.found_at > now).values(found_at=now))
