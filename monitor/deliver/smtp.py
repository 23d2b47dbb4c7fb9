"""Mail over SMTP: one recipient, one attempt, an outcome that says what to do next."""

import asyncio
import contextlib
import os
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import aiosmtplib

from monitor.deliver.letter import mailbox, write
from monitor.domain.delivery import EmailChannel, Message, Receipt, Refused, Retry, Sent
from monitor.text.visible import one_line

DEADLINE = 60.0  # seconds for the whole exchange
FAREWELL = 2.0  # seconds for QUIT, when the letter is already taken
GREYLISTED = timedelta(minutes=5)
CREDENTIALS = frozenset({530, 534, 535, 538})  # mended by the operator, not by the recipient
CLOSING = 421


@dataclass(frozen=True, slots=True)
class _Server:
    """A mail server as its URL says. ``smtps`` is TLS from the start; credentials are never sent without TLS."""

    host: str
    port: int
    tls: bool
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> "_Server":
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        host, port = parts.hostname or "", parts.port or (465 if tls else 587 if parts.username else 25)
        return cls(host, port, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _judge(code: int, answer: str) -> Receipt:
    """Decide by the code: 421 closes the whole server, 4xx may pass, 5xx is this recipient's last word."""
    reason = one_line(f"{code} {answer}", 300)
    if code == CLOSING:
        return Retry(reason, GREYLISTED, pause=True)
    if code in CREDENTIALS:
        return Retry(f"the mail server does not accept the credentials: {reason}")
    if 500 <= code < 600:
        return Refused(reason)
    return Retry(reason, GREYLISTED if code in {450, 451, 452} else None)


def _translate(error: Exception, server: _Server) -> Receipt:
    """Turn what aiosmtplib raises into an outcome."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        refusal = error.recipients[0]
        return _judge(refusal.code, refusal.message)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        reason = f"{server.host} does not accept the credentials: {error.code}"
        return Retry(reason, pause=error.code == CLOSING)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _judge(error.code, error.message)
    if isinstance(error, TimeoutError):
        return Retry(f"{server.host}:{server.port} did not answer in time")
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
        said = os.strerror(cause.errno) if cause.errno > 0 else cause.strerror  # below 0 it is a name server's word
        return Retry(f"no connection to {server.host}:{server.port}: {said}")
    text = one_line(re.sub(r"\s+", " ", str(error)), 200)
    return Retry(f"{server.host}:{server.port}: {type(error).__name__}: {text}")


def _opportunistic() -> ssl.SSLContext:
    """Encrypt without asking who answers, as mail servers do among themselves; nothing secret is sent over it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class SmtpCarrier:
    """Sends the mails of one channel."""

    def __init__(
        self,
        channel: EmailChannel,
        *,
        context: ssl.SSLContext | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        """``context`` replaces the system's certificates, ``deadline`` is in seconds. Raises ``ValueError``
        for a sender that is no address.
        """
        self._sender = mailbox(channel.sender)
        self._server = _Server.of(channel.server.reveal())
        self._unsubscribe = channel.unsubscribe.reveal() if channel.unsubscribe else ""
        self._context = context or ssl.create_default_context()
        self._deadline = deadline

    async def send(self, message: Message, attempt_at: datetime) -> Receipt:
        """Try once, within the deadline."""
        try:
            recipient = mailbox(message.target)
        except ValueError as error:
            return Refused(str(error))
        letter = write(message, self._sender, recipient, attempt_at, self._unsubscribe)
        client = self._client()
        try:
            async with asyncio.timeout(self._deadline):
                await self._connect(client)
                answer = await self._submit(client, recipient.addr_spec, letter)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError, EOFError) as error:
            return _translate(error, self._server)
        finally:
            client.close()
        return Sent(one_line(answer, 300))

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._deadline,
            use_tls=server.tls,
            start_tls=False,
            tls_context=self._context if server.tls else None,
            local_hostname=self._sender.domain,
        )

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        """Connect, and log in where there are credentials: never before the connection is encrypted."""
        server = self._server
        await client.connect()
        await client.ehlo()
        if not server.tls and (server.user or client.supports_extension("starttls")):
            if not client.supports_extension("starttls"):
                raise aiosmtplib.SMTPException("offers no STARTTLS, and credentials are not sent without encryption")
            await client.starttls(tls_context=self._context if server.user else _opportunistic())
            await client.ehlo()
        if server.user:
            await client.login(server.user, server.password)

    async def _submit(self, client: aiosmtplib.SMTP, recipient: str, letter: bytes) -> str:
        options = [] if recipient.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        if options and not client.supports_extension("smtputf8"):
            raise aiosmtplib.SMTPRecipientsRefused(
                [aiosmtplib.SMTPRecipientRefused(553, "the server takes ASCII addresses only", recipient)]
            )
        _, answer = await client.sendmail(self._sender.addr_spec, [recipient], letter, mail_options=options)
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=FAREWELL)
        return answer
