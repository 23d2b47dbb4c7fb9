"""A mail server that may be closed for a while, and remembers every letter."""

import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from support.wait import wait_until


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Conversation(SMTP):
    """One connection; a letter that it leaves unfinished is no longer waited for."""

    def connection_lost(self, error: Exception | None) -> None:
        """End the conversation."""
        self.event_handler.unfinished.discard(self.session)
        super().connection_lost(error)


class TrackingController(Controller):
    """Serves each connection by a conversation."""

    def factory(self) -> SMTP:
        """Begin a conversation."""
        return Conversation(self.handler, **self.SMTP_kwargs)


class PostOffice:
    """A mail server that may be closed for a while, and opens again at the same address."""

    def __init__(self) -> None:
        self.port = 0
        self._closed = False
        self.unfinished = set[Session]()
        self._letters: list[bytes] = []
        self._controller: Controller | None = None

    async def handle_MAIL(  # noqa: N802 - the library's name and signature
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a letter, unless about to close."""
        if self._closed:
            return "421 4.3.2 Closing"
        self.unfinished.add(session)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take a letter."""
        self._letters.append(envelope.original_content or b"")
        self.unfinished.discard(session)
        return "250 2.0.0 Queued"

    def open(self) -> None:
        """Serve on the port of before."""
        self._closed = False
        self._controller = TrackingController(self, hostname="127.0.0.1", port=self.port or free_port(), ident="test")
        self._controller.start()
        self.port = self._controller.port

    def close(self) -> None:
        """Refuse new letters, let the last one end, and vanish."""
        self._closed = True
        assert wait_until(lambda: not self.unfinished, 120)
        if self._controller:
            self._controller.stop()
            self._controller = None

    def letters(self) -> list[EmailMessage]:
        """Return what was taken so far."""
        return [message_from_bytes(letter, policy=default) for letter in list(self._letters)]
