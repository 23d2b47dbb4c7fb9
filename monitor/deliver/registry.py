"""Registry of senders: creates the sender for each kind of channel.

The module of a sender is imported when it is first needed.
"""

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
    """Sender that replaces the usual one if a channel cannot work.

    Deliveries to this channel stay pending. Their last error is ``reason``.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:  # noqa: ARG002 - the port's signature
        """Return a temporary failure, so that the message is sent once the operator has corrected the channel."""
        return Retry(self.reason)


def create_sender(channel: Channel, create_transport: "Callable[[], httpx.AsyncBaseTransport]") -> ChannelSender:
    """Create the sender for a channel. ``create_transport`` is called only if the sender needs an HTTP transport.

    Raises ``UsageError`` if the sender needs an extra (a set of optional packages) that is not installed.
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
    """Return a dictionary that maps the id of each channel that cannot work to the reason.

    A reason is a wrong URL, or an optional package that is not installed.
    """
    return {channel.id: reason for channel in channels if (reason := _find_fault(channel))}


def _find_fault(channel: Channel) -> str:
    match channel:
        case EmailChannel() | WebhookChannel() | FolderChannel():  # their keys are validated with the file
            return ""
        case ChatChannel():
            from monitor.deliver.chat import ChatSender

            try:
                ChatSender(channel)
            except UsageError as error:
                return str(error)
            return ""
        case _:
            assert_never(channel)
