"""A rendered digest made into one message a target, each with a key that stays the same for ever."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import Digest
from monitor.domain.secret import Secret


def _label_secret_url(url: Secret) -> str:
    """Name a secret URL so that it can be shown and told from others: its host or service, and a short fingerprint.

    The URLs of chat services carry secrets where others have the host, so only the service is named.
    """
    text = url.reveal()
    parts = urlsplit(text)
    place = parts.hostname if parts.scheme in {"http", "https"} else parts.scheme
    return f"{place or 'target'}#{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def iter_targets(channel: Channel) -> Iterator[str]:
    """Yield each target of a channel by a name that is safe to show: a mail address each, or the one place."""
    match channel:
        case EmailChannel():
            yield from dict.fromkeys(channel.to)
        case FolderChannel():
            yield channel.path
        case WebhookChannel() | ChatChannel():
            yield _label_secret_url(channel.url)


def build_delivery_key(digest: Digest, channel_id: str, target: str) -> str:
    """Return the identity of a delivery: the same digest, window, channel and target give the same key."""
    start = digest.window.start_at.astimezone(UTC).isoformat()
    return hashlib.sha256(f"{digest.id}\0{start}\0{channel_id}\0{target}".encode()).hexdigest()[:40]


def build_messages(
    digest: Digest, rendered: RenderedDigest, channels: Iterable[Channel], now: datetime
) -> tuple[Message, ...]:
    """Make one message for each target of each channel."""
    return tuple(
        Message(build_delivery_key(digest, channel.id, target), digest.id, channel.id, target, rendered, now)
        for channel in channels
        for target in iter_targets(channel)
    )
