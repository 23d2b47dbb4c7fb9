"""What came of an attempt, written to its delivery and to what else waits for the same place."""

from datetime import datetime

from sqlalchemy import Connection, and_, update

from monitor.domain.delivery import DeliveryResult, DeliveryState, Message, Refused, Retry, SendResult, Sent
from monitor.store.catalogue import DELIVERY

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
