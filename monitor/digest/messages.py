"""Messages: addresses a rendered digest to each target (recipient or URL) of its channels.

The delivery key of a message is the same at every attempt.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from monitor.domain.channels import Channel
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import Digest


def build_delivery_key(digest: Digest, channel_id: str, target: str) -> str:
    """Return the key of a delivery, by which a repeated delivery is recognized.

    The key depends only on the digest plan, the start of the period, the channel and the target, so that no digest is
    sent twice.
    """
    start = digest.window.start_at.astimezone(UTC).isoformat()
    return hashlib.sha256(f"{digest.plan_id}\0{start}\0{channel_id}\0{target}".encode()).hexdigest()[:40]


def build_messages(
    digest: Digest, rendered: RenderedDigest, channels: Iterable[Channel], now: datetime
) -> tuple[Message, ...]:
    """Build one message for each target (recipient or URL) of each channel."""
    return tuple(
        Message(build_delivery_key(digest, channel.id, target), digest.plan_id, channel.id, target, rendered, now)
        for channel in channels
        for target in channel.targets
    )
