"""Configured channels: email, webhook, chat and folder."""

from dataclasses import dataclass

from monitor.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Mail to several recipients, each with an outcome of its own. ``server`` is an smtp:// or smtps:// URL,
    ``unsubscribe`` an address that takes one-click unsubscriptions (RFC 8058).
    """

    id: str
    to: tuple[str, ...]
    sender: str
    server: Secret
    unsubscribe: Secret | None = None


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Signed JSON (Standard Webhooks). Two secrets are both used while one replaces the other."""

    id: str
    url: Secret
    secrets: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """A chat service, by the URL that Apprise understands."""

    id: str
    url: Secret


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """A folder that receives .eml, .html and .json: needs no server and no password."""

    id: str
    path: str


Channel = EmailChannel | WebhookChannel | ChatChannel | FolderChannel
