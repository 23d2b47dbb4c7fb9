"""Email sender: sends a message to one recipient over SMTP, and returns whether the attempt must be repeated."""

import asyncio
import contextlib
import os
import re
import ssl
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from monitor.deliver.mime import build_mime_message, parse_mailbox
from monitor.domain.channels import EmailChannel
from monitor.domain.delivery import Message, Rejected, Retry, SendResult, Sent
from monitor.text.sanitize import single_line

SMTP_TIMEOUT_SECONDS = 60.0  # time for the whole SMTP session
QUIT_TIMEOUT_SECONDS = 2.0  # time for QUIT, after the message was accepted
GREYLIST_RETRY_DELAY = timedelta(minutes=5)
CREDENTIAL_ERROR_CODES = frozenset({530, 534, 535, 538})  # the user must fix the credentials; the recipient is valid
SERVICE_CLOSING_CODE = 421


class _SmtpServer(Struct, frozen=True):
    """Mail server, as its URL in the configuration describes it.

    ``has_implicit_tls`` is true for the scheme ``smtps``, which means TLS from the start. Credentials are never sent
    without TLS.
    """

    host: str
    port: int
    has_implicit_tls: bool
    user: str
    password: str

    @classmethod
    def from_url(cls, url: str) -> "_SmtpServer":
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        host, port = parts.hostname or "", parts.port or (465 if tls else 587 if parts.username else 25)
        return cls(host, port, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _classify_reply(code: int, reply: str) -> SendResult:
    """Convert an SMTP reply to the result of an attempt.

    - 421 is a temporary failure of the whole server, and pauses the channel.
    - If the server does not accept the credentials, the message is sent again later.
    - Any other 5xx is a permanent failure for this recipient.
    - After 4xx and all other codes, the message is sent again later.
    """
    reason = single_line(f"{code} {reply}", 300)
    if code == SERVICE_CLOSING_CODE:
        return Retry(reason, GREYLIST_RETRY_DELAY, pause_channel=True)
    if code in CREDENTIAL_ERROR_CODES:
        return Retry(f"the mail server does not accept the credentials: {reason}")
    if 500 <= code < 600:
        return Rejected(reason)
    return Retry(reason, GREYLIST_RETRY_DELAY if code in {450, 451, 452} else None)


def _classify_error(error: Exception, server: _SmtpServer) -> SendResult:
    """Convert an exception of aiosmtplib to the result of an attempt."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        first_rejection = error.recipients[0]
        return _classify_reply(first_rejection.code, first_rejection.message)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        reason = f"{server.host} does not accept the credentials: {error.code}"
        return Retry(reason, pause_channel=error.code == SERVICE_CLOSING_CODE)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _classify_reply(error.code, error.message)
    if isinstance(error, TimeoutError):
        return Retry(f"{server.host}:{server.port} did not answer in time")
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
        # Codes below 0 are errors of name resolution, which os.strerror does not know.
        detail = os.strerror(cause.errno) if cause.errno > 0 else cause.strerror
        return Retry(f"cannot connect to {server.host}:{server.port}: {detail}")
    text = single_line(re.sub(r"\s+", " ", str(error)), 200)
    return Retry(f"{server.host}:{server.port}: {type(error).__name__}: {text}")


def _create_unverified_context() -> ssl.SSLContext:
    """Return a TLS context that encrypts without checking the server's certificate.

    It is used only for connections without credentials. Mail servers send mail to one another in the same way.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class EmailSender:
    """Sender of the emails of one channel."""

    def __init__(
        self,
        channel: EmailChannel,
        *,
        ssl_context: ssl.SSLContext | None = None,
        timeout_seconds: float = SMTP_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare the sender.

        ``ssl_context`` is used for encrypted connections. Without it, the certificates of the system are trusted.
        Raises ``ValueError`` if the sender address is invalid.
        """
        self._sender = parse_mailbox(channel.sender)
        self._server = _SmtpServer.from_url(channel.server.reveal())
        self._unsubscribe_url = channel.unsubscribe.reveal() if channel.unsubscribe else ""
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send the message in one attempt within the timeout."""
        try:
            recipient = parse_mailbox(message.target)
        except ValueError as error:
            return Rejected(str(error))
        client = self._create_client()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._connect(client)
                mime_message = build_mime_message(
                    message,
                    self._sender,
                    recipient,
                    attempt_at,
                    self._unsubscribe_url or message.unsubscribe_url,
                    is_8bit=client.supports_extension("8bitmime"),
                )
                answer = await self._submit(client, recipient.addr_spec, mime_message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError, EOFError) as error:
            return _classify_error(error, self._server)
        finally:
            client.close()
        return Sent(single_line(answer, 300))

    def _create_client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._timeout_seconds,
            use_tls=server.has_implicit_tls,
            start_tls=False,
            tls_context=self._ssl_context if server.has_implicit_tls else None,
            local_hostname=self._sender.domain,
        )

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        """Connect to the server, encrypt the connection if possible, and log in if credentials are configured.

        If credentials are configured and the connection cannot be encrypted, an error is raised.
        """
        server = self._server
        await client.connect()
        await client.ehlo()
        if not server.has_implicit_tls and (server.user or client.supports_extension("starttls")):
            if not client.supports_extension("starttls"):
                raise aiosmtplib.SMTPException("offers no STARTTLS, and credentials are not sent without encryption")
            await client.starttls(tls_context=self._ssl_context if server.user else _create_unverified_context())
            await client.ehlo()
        if server.user:
            await client.login(server.user, server.password)

    async def _submit(self, client: aiosmtplib.SMTP, recipient: str, mime_message: bytes) -> str:
        options = [] if mime_message.isascii() else ["BODY=8BITMIME"]
        if not recipient.isascii():
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        if "SMTPUTF8" in options and not client.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPRecipientsRefused(
                [aiosmtplib.SMTPRecipientRefused(553, "the server takes ASCII addresses only", recipient)]
            )
        _, answer = await client.sendmail(self._sender.addr_spec, [recipient], mime_message, mail_options=options)
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=QUIT_TIMEOUT_SECONDS)
        return answer
