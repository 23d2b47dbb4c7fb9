"""Store of deliveries and rendered digests: leases, results, resending and cancelling.

The outbox is the list of deliveries that are stored before they are sent.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, insert, literal, or_, select, tuple_, update

from monitor.domain.delivery import (
    Delivery,
    DeliveryResult,
    DeliveryState,
    Message,
    Rejected,
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
from monitor.store.core_tables import DELIVERY, DIGEST, DIGEST_HIT, RENDERED_DIGEST
from monitor.store.damaged_rows import read_part, read_row, read_rows
from monitor.store.row_mapping import AnyRow, chunk_ids

PENDING = str(DeliveryState.PENDING)
_MAX_IDS_PER_STATEMENT = 500
MIN_FAILED_ATTEMPTS = 2
"""Minimum number of failed attempts for which a pending delivery is reported as a problem.

It is not 1, because some mail servers refuse the first attempt only to test the sender (greylisting).
"""


def record_delivery_result(connection: Connection, delivery_result: DeliveryResult, now: datetime) -> bool:
    """Store the result of an attempt to send a delivery, and end the lease.

    If no attempt was made, only the time of the next attempt is stored, and the lease is ended. The result is False,
    and nothing changes, if the lease was lost, for example because another process has leased the delivery.
    """
    delivery, send_result = delivery_result.delivery, delivery_result.send_result
    next_attempt_at = delivery_result.next_attempt_at
    values: dict[str, object] = {"next_attempt_at": next_attempt_at, "lease_token": ""}
    if send_result is not None:
        state, error = _resulting_state(send_result, next_attempt_at)
        is_pending = state is DeliveryState.PENDING
        values |= {
            "state": str(state),
            "attempts": DELIVERY.c.attempts + 1,
            "last_error": error,
            "next_attempt_at": next_attempt_at if is_pending else None,
        }
        if not is_pending:
            values["finished_at"] = now
    is_leased = (DELIVERY.c.id == delivery.id, DELIVERY.c.lease_token == delivery.token, DELIVERY.c.lease_token != "")
    if connection.execute(update(DELIVERY).where(*is_leased).values(values)).rowcount != 1:
        return False
    if send_result is not None:
        _apply_to_pending(connection, delivery.message, send_result, now, next_attempt_at)
    return True


def _resulting_state(send_result: SendResult, next_attempt_at: datetime | None) -> tuple[DeliveryState, str]:
    match send_result:
        case Sent():
            return DeliveryState.SENT, ""
        case Rejected(reason):
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
        is_earlier = and_(waiting, DELIVERY.c.next_attempt_at < next_attempt_at)
        connection.execute(update(DELIVERY).where(is_earlier).values(next_attempt_at=next_attempt_at))
    if isinstance(send_result, Rejected) and send_result.stop_target:
        rejected = {"state": str(DeliveryState.REJECTED), "last_error": send_result.reason, "finished_at": now}
        to_target = update(DELIVERY).where(waiting, DELIVERY.c.target == message.target)
        connection.execute(to_target.values(next_attempt_at=None, **rejected))


def build_delivery_rows(connection: Connection, messages: Sequence[Message], digest_id: int) -> list[dict[str, Any]]:
    """Insert the rendered digests that ``messages`` contain, and return the delivery rows that refer to them.

    The caller inserts the delivery rows. A rendered digest that several messages share is inserted once.
    """
    rendered_ids: dict[RenderedDigest, int] = {}
    for rendered in dict.fromkeys(message.rendered for message in messages):
        row = {"digest_id": digest_id, "content": to_json(rendered)}
        new_row = insert(RENDERED_DIGEST).values(row).returning(RENDERED_DIGEST.c.id)
        rendered_ids[rendered] = connection.execute(new_row).scalar_one()
    return [
        {
            "key": message.key,
            "digest_id": digest_id,
            "plan_id": message.plan_id,
            "channel_id": message.channel_id,
            "target": message.target,
            "rendered_digest_id": rendered_ids[message.rendered],
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
    """Build deliveries from their rows. A rendered digest is loaded only once, even if several deliveries send it."""
    rendered_ids = sorted({row.rendered_digest_id for row in rows})
    rendered: dict[int, RenderedDigest] = {}
    for start in range(0, len(rendered_ids), _MAX_IDS_PER_STATEMENT):
        portion = RENDERED_DIGEST.c.id.in_(rendered_ids[start : start + _MAX_IDS_PER_STATEMENT])
        query = select(RENDERED_DIGEST.c.id, RENDERED_DIGEST.c.content).where(portion)
        rendered |= dict(
            read_rows(
                RENDERED_DIGEST,
                connection.execute(query),
                lambda row: (row.id, from_json(RenderedDigest, row.content)),
            )
        )
    return [
        Delivery(
            id=row.id,
            message=Message(
                row.key, row.plan_id, row.channel_id, row.target, rendered[row.rendered_digest_id], row.created_at
            ),
            state=DeliveryState(row.state),
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            last_error=row.last_error,
            token=row.lease_token,
            first_attempt_at=row.first_attempt_at,
            dismissed_at=row.dismissed_at,
        )
        for row in rows
        if row.rendered_digest_id in rendered
    ]


class DeliveryStore:
    """Store of deliveries and of the rendered digests that they send; every method is one transaction."""

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
        """Lease due deliveries until ``expires_at``, at most ``max_per_target`` for each target (recipient or URL).

        The targets take turns: first the oldest delivery of each target is leased, then the second oldest of each, and
        so on. Targets in ``paused_targets`` are left out.
        """
        token = secrets.token_hex(8)
        due = and_(DELIVERY.c.state == PENDING, DELIVERY.c.next_attempt_at <= now)
        if paused_targets:
            due = and_(due, tuple_(DELIVERY.c.channel_id, DELIVERY.c.target).not_in(sorted(paused_targets)))
        position = func.row_number().over(
            partition_by=(DELIVERY.c.channel_id, DELIVERY.c.target),
            order_by=(DELIVERY.c.next_attempt_at, DELIVERY.c.id),
        )
        queue = select(DELIVERY.c.id, DELIVERY.c.next_attempt_at, position.label("position")).where(due).subquery()
        first = (
            select(queue.c.id)
            .where(queue.c.position <= max_per_target)
            .order_by(queue.c.position, queue.c.next_attempt_at, queue.c.id)
            .limit(limit)
        )
        free = select(DELIVERY.c.id).where(DELIVERY.c.id.in_(first), due).with_for_update(skip_locked=True)
        claim = (
            update(DELIVERY)
            .where(DELIVERY.c.id.in_(free))
            .values(
                lease_token=token,
                next_attempt_at=expires_at,
                # of a sent delivery, resend keeps the attempts until the first one of the resend
                attempts=case((DELIVERY.c.first_attempt_at.is_(None), 0), else_=DELIVERY.c.attempts),
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
        """Record the result of an attempt to send a delivery.

        - If the result is a ``Retry`` and ``next_attempt_at`` is None, the delivery has failed.
        - If ``pause_channel`` of the result is true, the other pending deliveries of the channel are delayed, too,
          unless the delivery has failed.
        - If ``stop_target`` of the result is true, the other pending deliveries of the channel to the same target are
          rejected, too.

        Raises ``LeaseLost`` if another process has leased the delivery.
        """
        if self.record_results([DeliveryResult(delivery, send_result, next_attempt_at)], now):
            raise LeaseLost(f"the lease of delivery {delivery.id} has expired; another worker sends it")

    def record_results(self, results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        """Record, in one transaction, the results of several attempts to send deliveries.

        Return the ids of the deliveries whose lease was lost.
        """
        with self._connections.write_transaction(durable=True) as connection:
            return [one.delivery.id for one in results if not record_delivery_result(connection, one, now)]

    def list_failed_deliveries(self, after: datetime, before: datetime) -> list[Delivery]:
        """Return the deliveries that failed or were rejected in a period and were not dismissed, oldest first."""
        states = (str(DeliveryState.FAILED), str(DeliveryState.REJECTED))
        period = (DELIVERY.c.finished_at >= after, DELIVERY.c.finished_at < before)
        query = select(DELIVERY).where(DELIVERY.c.state.in_(states), *period, DELIVERY.c.dismissed_at.is_(None))
        with self._connections.read_transaction() as connection:
            # The rows are sorted here, because ORDER BY id would make the planner read the whole table by id.
            rows = sorted(connection.execute(query), key=lambda row: row.id)
            return deliveries_from_rows(connection, rows)

    def list_deliveries(
        self, states: Sequence[DeliveryState] = (), limit: int = 100, before_id: int | None = None
    ) -> list[Delivery]:
        """Return deliveries in these states, newest first. If ``states`` is empty, return deliveries in any state.

        With ``before_id``, only deliveries with lower ids are returned.
        """
        query = select(DELIVERY).order_by(DELIVERY.c.id.desc()).limit(limit)
        if states:
            query = query.where(DELIVERY.c.state.in_([str(state) for state in states]))
        with self._connections.read_transaction() as connection:

            def fetch(last: AnyRow | None) -> Sequence[AnyRow]:
                before = last.id if last else before_id
                part = query if before is None else query.where(DELIVERY.c.id < before)
                return connection.execute(part).all()

            return read_part(fetch, partial(deliveries_from_rows, connection))

    def get_delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).all()
            found = deliveries_from_rows(connection, rows)
        if not found:
            raise UsageError(f"there is no delivery {delivery_id}; `monitor deliveries list` shows the ids")
        return found[0]

    def resend(self, delivery_id: int, now: datetime) -> Delivery:
        """Make a delivery due now, whatever its state is. Its next attempt counts as the first one.

        The key of the delivery, by which receivers detect repetitions, does not change. If the delivery was sent
        before, the time of sending and the number of attempts remain stored until the next attempt, because ``cancel``
        needs them. Raises ``UsageError`` if the delivery does not exist.
        """
        was_sent = or_(
            DELIVERY.c.state == str(DeliveryState.SENT),
            and_(DELIVERY.c.state == PENDING, DELIVERY.c.finished_at.is_not(None)),
        )
        self._update_delivery(
            delivery_id,
            {
                "state": PENDING,
                "attempts": case((was_sent, DELIVERY.c.attempts), else_=0),
                "first_attempt_at": None,
                "next_attempt_at": now,
                "finished_at": case((was_sent, DELIVERY.c.finished_at)),
                "lease_token": "",
                "dismissed_at": None,
                "dismissed_by": "",
            },
        )
        return self.get_delivery(delivery_id)

    def forward(self, delivery_id: int, target: str, now: datetime) -> Delivery:
        """Send the message of a delivery to another target of the same channel: store a new delivery, due now.

        The new delivery has another key than the old one, so that receivers do not take it for a repetition. Raises
        ``UsageError`` if the old delivery does not exist.
        """
        self.get_delivery(delivery_id)
        with self._connections.write_transaction(durable=True) as connection:
            old = connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).one()
            row = {
                "key": secrets.token_hex(20),
                "digest_id": old.digest_id,
                "plan_id": old.plan_id,
                "channel_id": old.channel_id,
                "target": target,
                "rendered_digest_id": old.rendered_digest_id,
                "created_at": now,
                "state": PENDING,
                "attempts": 0,
                "next_attempt_at": now,
                "last_error": "",
                "lease_token": "",
            }
            new_id = connection.execute(insert(DELIVERY).values(row).returning(DELIVERY.c.id)).scalar_one()
        return self.get_delivery(new_id)

    def dismiss(self, delivery_id: int, by: str, now: datetime) -> Delivery:
        """Mark a rejected or failed delivery as dismissed, so that it is not reported any more. Return the delivery.

        ``by`` is the user who dismissed it. Raises ``UsageError`` if the delivery does not exist, or is neither
        rejected nor failed.
        """
        found = self.get_delivery(delivery_id)
        if found.state not in {DeliveryState.REJECTED, DeliveryState.FAILED}:
            raise UsageError(
                f"delivery {delivery_id} is {found.state}; only a rejected or failed delivery can be dismissed"
            )
        self._update_delivery(delivery_id, {"dismissed_at": now, "dismissed_by": by})
        return self.get_delivery(delivery_id)

    def cancel(self, delivery_id: int, now: datetime) -> Delivery:
        """Cancel a pending delivery. If it was sent before, its state is "sent" again, with the former time of sending.

        Raises ``UsageError`` if the delivery does not exist or is not pending.
        """
        found = self.get_delivery(delivery_id)
        if found.state is not DeliveryState.PENDING:
            raise UsageError(f"delivery {delivery_id} is {found.state}; only a pending delivery can be cancelled")
        was_sent = DELIVERY.c.finished_at.is_not(None)
        values = {
            "state": case((was_sent, str(DeliveryState.SENT)), else_=str(DeliveryState.CANCELLED)),
            "last_error": case((was_sent, ""), else_="cancelled by the user"),
            "finished_at": func.coalesce(DELIVERY.c.finished_at, literal(now, UtcDateTime)),
        }
        self._update_delivery(delivery_id, {**values, "next_attempt_at": None, "lease_token": ""})
        return self.get_delivery(delivery_id)

    def count_outbox(self) -> OutboxCounts:
        """Return the numbers of pending, failed and rejected deliveries; dismissed deliveries are not counted."""
        times = func.min(DELIVERY.c.created_at), func.max(DELIVERY.c.finished_at)
        query = select(DELIVERY.c.state, func.count(), *times)
        states = [PENDING, str(DeliveryState.FAILED), str(DeliveryState.REJECTED)]
        query = query.where(DELIVERY.c.state.in_(states), DELIVERY.c.dismissed_at.is_(None)).group_by(DELIVERY.c.state)
        retried = select(func.count(), func.max(DELIVERY.c.last_error)).where(
            DELIVERY.c.state == PENDING,
            DELIVERY.c.attempts >= MIN_FAILED_ATTEMPTS,
            DELIVERY.c.first_attempt_at.is_not(None),  # else the attempts are those before a resend
        )
        with self._connections.read_transaction() as connection:
            found = {state: (count, oldest, last) for state, count, oldest, last in connection.execute(query)}
            retried_count, retry_error = connection.execute(retried).one()
        pending, oldest_at, _ = found.get(PENDING, (0, None, None))
        failed, *_ = found.get(str(DeliveryState.FAILED), (0, None, None))
        rejected, _, rejected_at = found.get(str(DeliveryState.REJECTED), (0, None, None))
        return OutboxCounts(pending, failed, rejected, oldest_at, rejected_at, retried_count, retry_error or "")

    def list_digests(
        self, plan_id: str = "", limit: int = 50, *, with_deliveries_only: bool = False, before_id: int | None = None
    ) -> list[DigestSummary]:
        """Return summaries of composed digests, newest first.

        With ``with_deliveries_only``, digests without deliveries are left out. With ``before_id``, only digests with
        lower ids are returned.
        """
        hit_count = (
            select(func.count()).where(DIGEST_HIT.c.digest_id == DIGEST.c.id).scalar_subquery().label("hit_count")
        )
        columns = [column for column in DIGEST.c if column.name != "content"]
        query = select(*columns, hit_count.label("hit_count")).order_by(DIGEST.c.id.desc()).limit(limit)
        if plan_id:
            query = query.where(DIGEST.c.plan_id == plan_id)
        if before_id is not None:
            query = query.where(DIGEST.c.id < before_id)
        if with_deliveries_only:
            query = query.where(exists().where(DELIVERY.c.digest_id == DIGEST.c.id))
        states: defaultdict[int, list[DeliveryState]] = defaultdict(list)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query).all()
            for chunk in chunk_ids([row.id for row in rows]):
                chosen = DELIVERY.c.digest_id.in_(chunk)
                for delivery in connection.execute(select(DELIVERY.c.digest_id, DELIVERY.c.state).where(chosen)):
                    states[delivery.digest_id].append(DeliveryState(delivery.state))
            repeated_ids = [row.id for row in rows if not row.hit_count and states[row.id]]
            repeated = _count_articles(connection, repeated_ids)
        return [
            DigestSummary(
                row.id,
                row.plan_id,
                row.start_at,
                row.end_at,
                row.composed_at,
                row.is_overdue,
                row.hit_count or repeated.get(row.id, 0),
                tuple(states[row.id]),
            )
            for row in rows
        ]

    def get_digest(self, digest_id: int) -> Digest:
        """Return a composed digest. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            content = connection.execute(select(DIGEST.c.content).where(DIGEST.c.id == digest_id)).scalar()
        if content is None:
            raise UsageError(f"there is no digest {digest_id}; `monitor digests list` shows the ids")
        return read_row(DIGEST, digest_id, partial(from_json, Digest, content))

    def _update_delivery(self, delivery_id: int, values: dict[str, object]) -> None:
        with self._connections.write_transaction(durable=True) as connection:
            changed = connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values)).rowcount
        if not changed:
            raise UsageError(f"there is no delivery {delivery_id}; `monitor deliveries list` shows the ids")


def _count_articles(connection: Connection, digest_ids: Sequence[int]) -> dict[int, int]:
    """Return a dictionary that maps the id of each digest to the number of articles in its stored content.

    It is used for digests that repeat hits of earlier digests: a hit is linked only to the first digest of a plan that
    reported it, so the links of a later digest do not show all its articles.
    """
    counts: dict[int, int] = {}
    for chunk in chunk_ids(digest_ids):
        rows = connection.execute(select(DIGEST.c.id, DIGEST.c.content).where(DIGEST.c.id.in_(chunk))).all()
        counts.update(read_rows(DIGEST, rows, _count_articles_of_row))
    return counts


def _count_articles_of_row(row: AnyRow) -> tuple[int, int]:
    return row.id, sum(len(story.items) for story in from_json(Digest, row.content).stories)
