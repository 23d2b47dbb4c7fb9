"""A digest on its way to one target: what is sent, what came of it, and how it is remembered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands. ``REFUSED``: the target will never take it; ``DEAD``: we gave up, replay may help."""

    PENDING = "pending"
    SENT = "sent"
    REJECTED = "refused"
    FAILED = "dead"


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A digest in every form a channel may want; made once, sent as it is at every attempt.

    ``blocks`` is its text in paragraphs, one a story, for services that take short messages only.
    """

    subject: str
    text: str
    html: str
    payload: str
    references: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery: one digest to one target of one channel. ``key`` stays the same over all attempts."""

    key: str
    plan_id: str
    channel_id: str
    target: str
    rendered: RenderedDigest
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the outbox holds it. ``target`` in the message is safe to show."""

    id: int
    message: Message
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_error: str = ""
    token: str = field(default="", repr=False)
    first_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The target took it. ``detail`` is its answer."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now. ``pause`` also holds the other deliveries to the same server (421, 429)."""

    reason: str
    retry_after: timedelta | None = None
    pause_channel: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the target is wrong or does not want it. ``stop`` ends the whole target (410)."""

    reason: str
    stop_target: bool = False


SendResult = Sent | Retry | Refused


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of a leased delivery. Without a receipt it was not tried, and is due again at ``next_attempt_at``.

    A ``Retry`` without a next attempt is dead.
    """

    delivery: Delivery
    send_result: SendResult | None
    next_attempt_at: datetime | None
