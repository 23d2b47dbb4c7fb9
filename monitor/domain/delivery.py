"""Deliveries: one digest to one target, its content, and the result of sending it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar


class DeliveryState(StrEnum):
    """State of a delivery. ``REJECTED``: the target refused it permanently. ``FAILED``: all attempts failed.

    ``CANCELLED``: the user cancelled it. All three can be resent.
    """

    PENDING = "pending"
    SENT = "sent"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """Digest in every output format. Rendered once, so that every attempt sends the same content.

    ``blocks`` is the digest as paragraphs of plain text, for services that accept only short messages: a sender may
    start a new message before any of them. The first has the title, the totals and the notices, a line each. Then each
    story has one, of which the first line is the headline with its section. The last one may name sources with
    problems. It is empty in messages stored by an earlier version; ``text`` replaces it then.

    ``page`` is the digest as a file that is read alone, uncut; it is rendered only for channels that write files.
    ``template_problems`` are the user's templates that failed.
    """

    subject: str
    text: str
    html: str
    payload: str
    references: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    page: str = ""
    template_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One digest for one target of one channel.

    ``key`` is the same for all attempts, so receivers can detect duplicates. ``unsubscribe_url`` is the address by
    which this target unsubscribes with one click (RFC 8058), or empty.
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
    """Message in the outbox with its state. ``message.target`` contains no secret and may be displayed.

    ``dismissed_at`` is when a user has put a rejected or failed delivery away, so that it is not reported any more.
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


@dataclass(frozen=True, slots=True)
class Sent:
    """The target accepted the message. ``detail`` is its response."""

    outcome: ClassVar[str] = "sent"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Temporary failure. ``pause_channel`` also delays the other deliveries of the channel (SMTP 421, HTTP 429)."""

    outcome: ClassVar[str] = "retry"
    reason: str
    retry_after: timedelta | None = None
    pause_channel: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Permanent failure: the target is wrong or rejects the message. ``stop_target`` disables the target (HTTP 410)."""

    outcome: ClassVar[str] = "rejected"
    reason: str
    stop_target: bool = False


SendResult = Sent | Retry | Rejected


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of a leased delivery, with the time of the next attempt.

    ``send_result`` is None if the delivery was not attempted; it is then due at ``next_attempt_at``. A ``Retry`` with
    ``next_attempt_at`` None marks the delivery as failed.
    """

    delivery: Delivery
    send_result: SendResult | None
    next_attempt_at: datetime | None
