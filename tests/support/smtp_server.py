"""SMTP server in the test process: TLS, login, and the replies of real mail servers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import trustme
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from monitor.domain.channels import EmailChannel
from monitor.domain.secret import Secret

AUTHORITY = trustme.CA()
USER, PASSWORD = "desk", "s3cret-p@ss"


def server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@dataclass
class MailServer:
    """Accepts mail, or replies to RCPT and DATA as configured; ``rejections`` maps a recipient to a reply."""

    rejections: dict[str, str] = field(default_factory=dict)
    greylist: bool = False
    hang_after_data: bool = False
    data_reply: str = ""
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    received: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - the library's name and signature
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rejections:
            return self.rejections[address]
        if self.greylist and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.original_content or b""
        self.messages += [(recipient, content) for recipient in envelope.rcpt_tos]
        self.received.set()
        if self.hang_after_data:
            await self.hanging.wait()
        return self.data_reply or "250 2.0.0 Queued as 1234"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        assert server.transport is not None
        self.logins.append((data.login, server.transport.get_extra_info("ssl_object") is not None))
        if data == LoginPassword(USER.encode(), PASSWORD.encode()):
            return AuthResult(success=True)
        return AuthResult(
            success=False, handled=False, message="535 5.7.8 Authentication failed"
        )  # without the delay that is the default


@asynccontextmanager
async def serving(host: MailServer, **options: Any) -> AsyncIterator[int]:
    """Serve on a free port; ``options`` are options of aiosmtpd's SMTP, or ``ssl_context`` for TLS from the start."""
    controller = UnthreadedController(
        host,
        hostname="127.0.0.1",
        port=0,
        authenticator=host.authenticate,
        loop=asyncio.get_running_loop(),
        ident="test",
        **options,
    )
    server = cast("asyncio.Server", await controller._create_server())  # begin() would start the loop, which is running
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        host.hanging.set()
        server.close()
        await wait_for_connections()


async def wait_for_connections() -> None:
    """Wait until the server has closed all connections, so that no transport outlives the loop."""
    connections = asyncio.all_tasks() - {asyncio.current_task()}
    if connections:
        await asyncio.wait(connections, timeout=600)
    for _ in range(3):
        await asyncio.sleep(0)


def mail_channel(port: int, scheme: str = "smtp", login: str = "", **more: Any) -> EmailChannel:
    """Return an email channel to the server on a port."""
    server = f"{scheme}://{login + '@' if login else ''}localhost:{port}"
    known: dict[str, Any] = {"to": ("desk@example.org",), "sender": "Monitor <monitor@example.net>"}
    return EmailChannel("desk", server=Secret(server), **(known | more))
