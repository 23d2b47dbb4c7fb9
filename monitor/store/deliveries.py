"""The outbox and the digests as people see and mend them.

What came of an attempt, written to its delivery and to what else waits for the same place.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, literal, select, tuple_, update

from monitor.domain.delivery import (
    Delivery,
    DeliveryResult,
    DeliveryState,
    Message,
    Refused,
    RenderedDigest,
    Retry,
    SendResult,
    Sent,
)
from monitor.domain.digest import Digest
from monitor.domain.errors import LeaseLost, UsageError
from monitor.domain.read_models import DigestSummary, OutboxCounts
from monitor.store.column_types import UtcDateTime, from_json, to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import DELIVERY, DIGEST, RENDITION, TOLD
from monitor.store.row_mapping import AnyRow

PENDING = str(DeliveryState.PENDING)


def record_delivery_result(connection: Connection, delivery_result: DeliveryResult, now: datetime) -> bool:
    """Record one attempt, or give back a lease that was not used; False if the lease was lost."""
    delivery, receipt, next_attempt_at = (
        delivery_result.delivery,
        delivery_result.send_result,
        delivery_result.next_attempt_at,
    )
    values: dict[str, object] = {"next_attempt_at": next_attempt_at, "lease_token": ""}
    if receipt is not None:
        state, error = _resulting_state(receipt, next_attempt_at)
        waits = state is DeliveryState.PENDING
        values |= {
            "state": str(state),
            "attempts": DELIVERY.c.attempts + 1,
            "last_error": error,
            "next_attempt_at": next_attempt_at if waits else None,
            "settled_at": None if waits else now,
        }
    mine = (DELIVERY.c.id == delivery.id, DELIVERY.c.lease_token == delivery.token, DELIVERY.c.lease_token != "")
    if connection.execute(update(DELIVERY).where(*mine).values(values)).rowcount != 1:
        return False
    if receipt is not None:
        _apply_to_pending(connection, delivery.message, receipt, now, next_attempt_at)
    return True


def _resulting_state(send_result: SendResult, next_attempt_at: datetime | None) -> tuple[DeliveryState, str]:
    match send_result:
        case Sent():
            return DeliveryState.SENT, ""
        case Refused(reason):
            return DeliveryState.REJECTED, reason
        case Retry(reason):
            return (DeliveryState.FAILED if next_attempt_at is None else DeliveryState.PENDING), reason


def _apply_to_pending(
    connection: Connection, message: Message, send_result: SendResult, now: datetime, next_attempt_at: datetime | None
) -> None:
    waiting = and_(
        DELIVERY.c.state == PENDING, DELIVERY.c.channel_id == message.channel_id, DELIVERY.c.lease_token == ""
    )
    if isinstance(send_result, Retry) and send_result.pause_channel and next_attempt_at:
        sooner = and_(waiting, DELIVERY.c.next_attempt_at < next_attempt_at)
        connection.execute(update(DELIVERY).where(sooner).values(next_attempt_at=next_attempt_at))
    if isinstance(send_result, Refused) and send_result.stop_target:
        stopped = {"state": str(DeliveryState.REJECTED), "last_error": send_result.reason, "settled_at": now}
        connection.execute(
            update(DELIVERY).where(waiting, DELIVERY.c.target == message.target).values(next_attempt_at=None, **stopped)
        )


def build_delivery_rows(connection: Connection, messages: Sequence[Message], digest_id: int) -> list[dict[str, Any]]:
    """Keep each form of the messages once, and make the rows of their deliveries."""
    numbers: dict[RenderedDigest, int] = {}
    for rendered in dict.fromkeys(message.rendered for message in messages):
        row = {"digest": digest_id, "content": to_json(rendered)}
        numbers[rendered] = connection.execute(insert(RENDITION).values(row).returning(RENDITION.c.id)).scalar_one()
    return [
        {
            "key": message.key,
            "digest": digest_id,
            "digest_id": message.plan_id,
            "channel_id": message.channel_id,
            "target": message.target,
            "rendition": numbers[message.rendered],
            "created_at": message.created_at,
            "state": PENDING,
            "attempts": 0,
            "next_attempt_at": message.created_at,
            "last_error": "",
            "lease_token": "",
        }
        for message in messages
    ]


def deliveries_from_rows(connection: Connection, rows: Sequence[AnyRow]) -> list[Delivery]:
    """Make deliveries of their rows, reading each form once."""
    wanted = sorted({row.rendition for row in rows})
    forms: dict[int, RenderedDigest] = {}
    for start in range(0, len(wanted), 500):
        query = select(RENDITION.c.id, RENDITION.c.content).where(RENDITION.c.id.in_(wanted[start : start + 500]))
        forms |= {number: from_json(RenderedDigest, content) for number, content in connection.execute(query)}
    return [
        Delivery(
            id=row.id,
            message=Message(row.key, row.digest_id, row.channel_id, row.target, forms[row.rendition], row.created_at),
            state=DeliveryState(row.state),
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            last_error=row.last_error,
            token=row.lease_token,
            first_attempt_at=row.first_attempt_at,
        )
        for row in rows
    ]


class DeliveryStore:
    """Deliveries and digests as the user lists, resends and cancels them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def lease_deliveries(
        self,
        now: datetime,
        limit: int,
        expires_at: datetime,
        max_per_target: int = 16,
        paused_targets: Collection[tuple[str, str]] = (),
    ) -> list[Delivery]:
        """Lease due deliveries, oldest first and fair between targets; one attempt may hold them until ``until_at``."""
        token = secrets.token_hex(8)
        due = and_(DELIVERY.c.state == PENDING, DELIVERY.c.next_attempt_at <= now)
        if paused_targets:
            due = and_(due, tuple_(DELIVERY.c.channel_id, DELIVERY.c.target).not_in(sorted(paused_targets)))
        turn = func.row_number().over(
            partition_by=(DELIVERY.c.channel_id, DELIVERY.c.target),
            order_by=(DELIVERY.c.next_attempt_at, DELIVERY.c.id),
        )
        queue = select(DELIVERY.c.id, DELIVERY.c.next_attempt_at, turn.label("turn")).where(due).subquery()
        first = (
            select(queue.c.id)
            .where(queue.c.turn <= max_per_target)
            .order_by(queue.c.turn, queue.c.next_attempt_at, queue.c.id)
            .limit(limit)
        )
        free = select(DELIVERY.c.id).where(DELIVERY.c.id.in_(first), due).with_for_update(skip_locked=True)
        claim = (
            update(DELIVERY)
            .where(DELIVERY.c.id.in_(free))
            .values(
                lease_token=token,
                next_attempt_at=expires_at,
                first_attempt_at=func.coalesce(DELIVERY.c.first_attempt_at, literal(now, UtcDateTime)),
            )
            .returning(*DELIVERY.c)
        )
        with self._connections.write_transaction() as connection:
            rows = connection.execute(claim).all()
            return deliveries_from_rows(connection, sorted(rows, key=lambda row: row.id))

    def record_result(
        self, delivery: Delivery, send_result: SendResult, now: datetime, next_attempt_at: datetime | None
    ) -> None:
        """Record an attempt; a ``Retry`` without a next attempt is a failure. Raises ``LeaseLost``.

        ``pause_channel`` also delays the channel's other deliveries; ``stop_target`` rejects all deliveries of the
        target.
        """
        if self.record_results([DeliveryResult(delivery, send_result, next_attempt_at)], now):
            raise LeaseLost(f"the lease of delivery {delivery.id} ended; another worker sends it")

    def record_results(self, results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        """Record several attempts in one transaction; return the ids of deliveries whose lease was lost."""
        with self._connections.write_transaction(durable=True) as connection:
            return [one.delivery.id for one in results if not record_delivery_result(connection, one, now)]

    def list_failed_deliveries(self, after: datetime, before: datetime) -> list[Delivery]:
        """Return the deliveries that were given up or refused in a period, oldest first."""
        lost = (str(DeliveryState.FAILED), str(DeliveryState.REJECTED))
        period = (DELIVERY.c.settled_at >= after, DELIVERY.c.settled_at < before)
        query = select(DELIVERY).where(DELIVERY.c.state.in_(lost), *period)
        with (
            self._connections.read_transaction() as connection
        ):  # sorted here: for an order by number all would be read
            rows = sorted(connection.execute(query), key=lambda row: row.id)
            return deliveries_from_rows(connection, rows)

    def list_deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 100) -> list[Delivery]:
        """Return deliveries in these states (all, if none is named), newest first."""
        query = select(DELIVERY).order_by(DELIVERY.c.id.desc()).limit(limit)
        if states:
            query = query.where(DELIVERY.c.state.in_([str(state) for state in states]))
        with self._connections.read_transaction() as connection:
            return deliveries_from_rows(connection, connection.execute(query).all())

    def get_delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery. Raises ``UsageError`` if there is none with this number."""
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).all()
            found = deliveries_from_rows(connection, rows)
        if not found:
            raise UsageError(f"there is no delivery {delivery_id} in the outbox")
        return found[0]

    def resend(self, delivery_id: int, now: datetime) -> Delivery:
        """Make a delivery due at once, whatever came of it before, with its attempts counted anew.

        Its key stays, so a receiver can recognise a repeat. Raises ``UsageError`` if there is none with this number.
        """
        self._update_delivery(
            delivery_id,
            {
                "state": PENDING,
                "attempts": 0,
                "first_attempt_at": None,
                "next_attempt_at": now,
                "settled_at": None,
                "lease_token": "",
            },
        )
        return self.get_delivery(delivery_id)

    def cancel(self, delivery_id: int, now: datetime) -> Delivery:
        """Give a pending delivery up. Raises ``UsageError`` if there is none with this number, or it is not pending."""
        found = self.get_delivery(delivery_id)
        if found.state is not DeliveryState.PENDING:
            raise UsageError(f"delivery {delivery_id} is {found.state} already; only a pending one can be dropped")
        dead = {"state": str(DeliveryState.FAILED), "last_error": "dropped by hand", "settled_at": now}
        self._update_delivery(delivery_id, {**dead, "next_attempt_at": None, "lease_token": ""})
        return self.get_delivery(delivery_id)

    def count_outbox(self) -> OutboxCounts:
        """Count what waits and what failed."""
        times = func.min(DELIVERY.c.created_at), func.max(DELIVERY.c.settled_at)
        query = select(DELIVERY.c.state, func.count(), *times)
        unsent = [str(state) for state in DeliveryState if state is not DeliveryState.SENT]
        query = query.where(DELIVERY.c.state.in_(unsent)).group_by(DELIVERY.c.state)
        with self._connections.read_transaction() as connection:
            found = {state: (count, oldest, last) for state, count, oldest, last in connection.execute(query)}
        pending, oldest_at, _ = found.get(PENDING, (0, None, None))
        dead, *_ = found.get(str(DeliveryState.FAILED), (0, None, None))
        refused, _, refused_at = found.get(str(DeliveryState.REJECTED), (0, None, None))
        return OutboxCounts(pending, dead, refused, oldest_at, refused_at)

    def list_digests(self, plan_id: str = "", limit: int = 50) -> list[DigestSummary]:
        """Return the digests that were composed, newest first."""
        hits = select(func.count()).where(TOLD.c.digest == DIGEST.c.id).scalar_subquery().label("hits")
        columns = [column for column in DIGEST.c if column.name != "content"]
        query = select(*columns, hits).order_by(DIGEST.c.id.desc()).limit(limit)
        if plan_id:
            query = query.where(DIGEST.c.digest_id == plan_id)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query).all()
            chosen = DELIVERY.c.digest.in_([row.id for row in rows])
            sent = connection.execute(select(DELIVERY.c.digest, DELIVERY.c.state).where(chosen)).all()
        return [
            _digest_summary_from_row(row, tuple(DeliveryState(one.state) for one in sent if one.digest == row.id))
            for row in rows
        ]

    def get_digest(self, digest_id: int) -> Digest:
        """Return a digest as it was composed. Raises ``UsageError`` if there is none with this number."""
        with self._connections.read_transaction() as connection:
            content = connection.execute(select(DIGEST.c.content).where(DIGEST.c.id == digest_id)).scalar()
        if content is None:
            raise UsageError(f"there is no digest {digest_id}")
        return from_json(Digest, content)

    def _update_delivery(self, delivery_id: int, values: dict[str, object]) -> None:
        with self._connections.write_transaction(durable=True) as connection:
            changed = connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values)).rowcount
        if not changed:
            raise UsageError(f"there is no delivery {delivery_id} in the outbox")


def _digest_summary_from_row(row: AnyRow, states: tuple[DeliveryState, ...]) -> DigestSummary:
    return DigestSummary(row.id, row.digest_id, row.start_at, row.end_at, row.composed_at, row.late, row.hits, states)
