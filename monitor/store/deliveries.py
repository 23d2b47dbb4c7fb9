"""The outbox and the digests as people see and mend them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from monitor.domain.archive import DigestSummary, OutboxCounts
from monitor.domain.delivery import Delivery, DeliveryState
from monitor.domain.digest import Digest
from monitor.domain.errors import UsageError
from monitor.store.catalogue import DELIVERY, DIGEST, TOLD
from monitor.store.codec import from_json
from monitor.store.engine import Connections
from monitor.store.renditions import deliveries_from_rows
from monitor.store.rows import AnyRow
from monitor.store.settling import PENDING


class SqlDeliveryStore:
    """The ``Deliveries`` of ``domain/ports.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

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
