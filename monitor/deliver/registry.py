"""Registry of senders: the sender class of each channel kind, loaded on first use."""

from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.ports import ChannelSender

if TYPE_CHECKING:
    import httpx


def create_sender(channel: Channel, create_transport: "Callable[[], httpx.AsyncBaseTransport]") -> ChannelSender:
    """Return the sender of a channel; ``create_transport`` makes the guarded transport of HTTP senders.

    Raises ``UsageError`` if the sender needs an extra that is not installed.
    """
    match channel:
        case EmailChannel():
            from monitor.deliver.email import EmailSender

            return EmailSender(channel)
        case WebhookChannel():
            from monitor.deliver.webhook import WebhookSender

            return WebhookSender(channel, create_transport())
        case ChatChannel():
            from monitor.deliver.chat import ChatSender

            return ChatSender(channel)
        case FolderChannel():
            from monitor.deliver.folder import FolderSender

            return FolderSender(channel)
        case _:
            assert_never(channel)
