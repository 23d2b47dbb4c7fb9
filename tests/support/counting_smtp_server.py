"""Mail server that can be closed for a while and records every message."""

import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from support.wait import wait_until


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TrackingConnection(SMTP):
    """Connection; the server does not wait for a message that it leaves unfinished."""

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the unfinished message of a closed connection."""
        self.event_handler.unfinished.discard(self.session)
        super().connection_lost(error)


class TrackingController(Controller):
    """Controller that serves each connection by a ``TrackingConnection``."""

    def factory(self) -> SMTP:
        """Return the protocol of a new connection."""
        return TrackingConnection(self.handler, **self.SMTP_kwargs)


class CountingMailServer:
    """Mail server that can be closed for a while and is reopened on the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._closed = False
        self.unfinished = set[Session]()
        self._messages: list[bytes] = []
        self._controller: Controller | None = None

    async def handle_MAIL(  # noqa: N802 - the library's name and signature
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a message unless the server is about to close."""
        if self._closed:
            return "421 4.3.2 Closing"
        self.unfinished.add(session)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Record a message."""
        self._messages.append(envelope.original_content or b"")
        self.unfinished.discard(session)
        return "250 2.0.0 Queued"

    def open(self) -> None:
        """Serve on the port used before."""
        self._closed = False
        self._controller = TrackingController(self, hostname="127.0.0.1", port=self.port or free_port(), ident="test")
        self._controller.start()
        self.port = self._controller.port

    def close(self) -> None:
        """Reject new messages, wait until the last one is complete, and stop."""
        self._closed = True
        assert wait_until(lambda: not self.unfinished, 120)
        if self._controller:
            self._controller.stop()
            self._controller = None

    def messages(self) -> list[EmailMessage]:
        """Return the messages received up to now."""
        return [message_from_bytes(message, policy=default) for message in list(self._messages)]
