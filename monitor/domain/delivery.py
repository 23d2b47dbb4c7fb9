"""Deliveries: one digest for one target, its content, and the result of sending it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct


class DeliveryState(StrEnum):
    """The state of a delivery.

    ``REJECTED``: the target refused the message permanently. ``FAILED``: all attempts failed. ``CANCELLED``: the user
    cancelled the delivery. Deliveries in these three states can be resent.
    """

    PENDING = "pending"
    SENT = "sent"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RenderedDigest(Struct, frozen=True):
    """All output forms of one digest. They are rendered once, so that every attempt to send it has the same content.

    - ``references`` are the ids of the email threads of its stories.
    - ``blocks`` are the paragraphs of the digest as plain text, for services that accept only short messages: a sender
      may begin a new message before any block. The first block has the title, the totals and the notices, one per line.
      Each story has one block, whose first line is the headline with its section. The last block may list sources with
      problems. ``blocks`` is empty in digests that an earlier version of the program stored; ``text`` is sent instead.
    - ``page`` is the complete digest as a stand-alone file; it is rendered only for channels that write files.
    - ``template_problems`` describe the user's templates that failed.
    """

    subject: str
    text: str
    html: str
    payload: str
    references: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    page: str = ""
    template_problems: tuple[str, ...] = ()


class Message(Struct, frozen=True):
    """One digest for one target of one channel.

    ``key`` is the same for all attempts, so that receivers can detect repetitions. ``unsubscribe_url`` is the URL by
    which the target unsubscribes with one click (RFC 8058), or empty.
    """

    key: str
    plan_id: str
    channel_id: str
    target: str
    rendered: RenderedDigest
    created_at: datetime
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored message that is to be sent or was sent, with its state.

    ``message.target`` contains no secret and may be displayed.

    ``dismissed_at`` is the time at which a user dismissed a rejected or failed delivery. From then on, the delivery is
    not reported as a problem.
    """

    id: int
    message: Message
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_error: str = ""
    token: str = field(default="", repr=False)
    first_attempt_at: datetime | None = None
    dismissed_at: datetime | None = None


class Sent(Struct, frozen=True):
    """Result of one attempt: the target accepted the message. ``detail`` is the response of the target."""

    outcome: ClassVar[str] = "sent"
    detail: str = ""


class Retry(Struct, frozen=True):
    """Result of one attempt: a temporary failure.

    ``retry_after`` is the delay that the target asks for. If ``pause_channel`` is true, the other deliveries of the
    channel are delayed, too. This is the case for SMTP 421 and HTTP 429.
    """

    outcome: ClassVar[str] = "retry"
    reason: str
    retry_after: timedelta | None = None
    pause_channel: bool = False


class Rejected(Struct, frozen=True):
    """Result of one attempt: a permanent failure, because the target does not exist or refuses the message.

    If ``stop_target`` is true, nothing more is sent to the target. This is the case for HTTP 410.
    """

    outcome: ClassVar[str] = "rejected"
    reason: str
    stop_target: bool = False


SendResult = Sent | Retry | Rejected


class DeliveryResult(Struct, frozen=True):
    """The result of processing a leased delivery, to be stored.

    ``send_result`` is None if no attempt was made; the delivery is then due at ``next_attempt_at``. If ``send_result``
    is a ``Retry`` and ``next_attempt_at`` is None, this was the last attempt, and the delivery has failed.
    """

    delivery: Delivery
    send_result: SendResult | None
    next_attempt_at: datetime | None
