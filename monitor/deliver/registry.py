"""Registry of senders: creates the sender for each kind of channel; its module is imported at the first use."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.delivery import Message, Retry, SendResult
from monitor.domain.errors import UsageError
from monitor.domain.ports import ChannelSender

if TYPE_CHECKING:
    import httpx


class UnusableChannel:
    """Sender for a channel that cannot work. It takes the place of the channel's usual sender.

    Deliveries of this channel stay pending, with the reason as their last error.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:  # noqa: ARG002 - the port's signature
        """Return a temporary failure. The message is sent after the operator has corrected the channel."""
        return Retry(self.reason)


def create_sender(channel: Channel, create_transport: "Callable[[], httpx.AsyncBaseTransport]") -> ChannelSender:
    """Return a new sender for a channel. If the sender needs an HTTP transport, ``create_transport`` is called.

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


def find_channel_faults(channels: Iterable[Channel]) -> dict[str, str]:
    """Return the reasons why channels cannot work, by the id of the channel; other channels are left out.

    A reason is a URL that is wrong, or an extra that is not installed.
    """
    return {channel.id: reason for channel in channels if (reason := _find_fault(channel))}


def _find_fault(channel: Channel) -> str:
    if not isinstance(channel, ChatChannel):  # the keys of other channels are validated with the file
        return ""
    from monitor.deliver.chat import ChatSender

    try:
        ChatSender(channel)
    except UsageError as error:
        return str(error)
    return ""
