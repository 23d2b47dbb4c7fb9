"""JSON records of composed digests and their deliveries."""

from collections import Counter
from datetime import datetime

from typing_extensions import TypedDict

from monitor.domain.delivery import Delivery
from monitor.domain.read_models import DigestSummary


class WindowRecord(TypedDict):
    """JSON record of the period that a digest covers."""

    start: datetime
    end: datetime


class DigestRecord(TypedDict):
    """JSON record of a composed digest, as in ``digests list --json``.

    ``deliveries`` maps each state to the number of deliveries in this state.
    """

    id: int
    digest: str
    window: WindowRecord
    composed_at: datetime
    overdue: bool
    hits: int
    deliveries: dict[str, int]


class DeliveryRecord(TypedDict):
    """JSON record of a delivery, as in ``deliveries list --json``."""

    id: int
    digest: str
    channel: str
    target: str
    state: str
    attempts: int
    next_attempt_at: datetime | None
    last_error: str
    message_id: str


def digest_record(digest: DigestSummary) -> DigestRecord:
    """Return the JSON record of a composed digest."""
    return {
        "id": digest.id,
        "digest": digest.plan_id,
        "window": {"start": digest.start_at, "end": digest.end_at},
        "composed_at": digest.composed_at,
        "overdue": digest.is_overdue,
        "hits": digest.hit_count,
        "deliveries": dict(Counter(state.value for state in digest.delivery_states)),
    }


def delivery_record(delivery: Delivery) -> DeliveryRecord:
    """Return the JSON record of a delivery: one digest for one recipient."""
    return {
        "id": delivery.id,
        "digest": delivery.message.plan_id,
        "channel": delivery.message.channel_id,
        "target": delivery.message.target,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "last_error": delivery.last_error,
        "message_id": delivery.message.key,
    }
