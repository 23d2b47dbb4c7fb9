"""Messages: addresses a rendered digest to each target, with a delivery key that never changes."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import Digest
from monitor.domain.secret import Secret


def _label_secret_url(url: Secret) -> str:
    """Return a label for a secret URL that is safe to show: its host or service and a short hash.

    The URLs of chat services contain secrets where other URLs have the host, so only the service is shown.
    """
    text = url.reveal()
    parts = urlsplit(text)
    name = parts.hostname if parts.scheme in {"http", "https"} else parts.scheme
    return f"{name or 'target'}#{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def iter_targets(channel: Channel) -> Iterator[str]:
    """Yield a name that is safe to show for each target of a channel: each mail address, or the single target."""
    match channel:
        case EmailChannel():
            yield from dict.fromkeys(channel.to)
        case FolderChannel():
            yield channel.path
        case WebhookChannel() | ChatChannel():
            yield _label_secret_url(channel.url)


def build_delivery_key(digest: Digest, channel_id: str, target: str) -> str:
    """Return the key of a delivery; the same digest, window, channel and target always give the same key."""
    start = digest.window.start_at.astimezone(UTC).isoformat()
    return hashlib.sha256(f"{digest.id}\0{start}\0{channel_id}\0{target}".encode()).hexdigest()[:40]


def build_messages(
    digest: Digest, rendered: RenderedDigest, channels: Iterable[Channel], now: datetime
) -> tuple[Message, ...]:
    """Return one message for each target of each channel."""
    return tuple(
        Message(build_delivery_key(digest, channel.id, target), digest.id, channel.id, target, rendered, now)
        for channel in channels
        for target in iter_targets(channel)
    )
