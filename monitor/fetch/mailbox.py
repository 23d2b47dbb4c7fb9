"""IMAP client that reads the new messages in a mail folder, without changing the folder (EXAMINE and BODY.PEEK only).

Each message is read once. For this, the source stores a validator: the UIDVALIDITY of the folder, and the UID of the
last message that was read. imaplib blocks, so it runs in a thread. If the server is too slow, the connection is closed,
which ends the thread.
"""

import asyncio
import contextlib
import imaplib
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import (
    KNOWN_COUNT_HEADER,
    Blocked,
    Failed,
    FailureCause,
    FailureWeight,
    Fetched,
    FetchResult,
    NotModified,
)
from monitor.domain.secret import Secret
from monitor.domain.special_sources import MAX_MESSAGE_BYTES, Mailbox
from monitor.fetch.oauth import TokenRefused, TokenStore
from monitor.text.sanitize import single_line

SUGGEST_LOGIN = "renew the password or the token of the mailbox (an app password, if the account has a second factor)"
_UID_STATE = re.compile(r"(\d+):(\d+)")
_UID = re.compile(rb"UID (\d+)")


class MailboxLimits(Struct, frozen=True):
    """Limits for one poll of a mailbox: times in seconds, lengths in bytes. docs/special-sources.md documents them."""

    total_seconds: float = 90.0
    step_seconds: float = 20.0
    messages: int = 50
    message_bytes: int = MAX_MESSAGE_BYTES
    total_bytes: int = 30_000_000


class _Refused(Exception):
    """Raised if the server refuses a login or a folder, or offers no encryption.

    ``result`` is the result to return from the poll.
    """

    def __init__(self, result: FetchResult) -> None:
        super().__init__()
        self.result = result


class _BoundedClient(imaplib.IMAP4):
    """IMAP client that rejects data from the server if they are longer than the longest message that may be read."""

    max_literal_bytes = 0

    def read(self, size: int) -> bytes:
        """Read ``size`` bytes of data (an IMAP literal). Raises ``IMAP4.abort`` if this is more than the limit."""
        if self.max_literal_bytes and size > self.max_literal_bytes:
            raise self.abort(f"the server announces {size} bytes, more than were requested")
        return super().read(size)


class _BoundedTlsClient(_BoundedClient, imaplib.IMAP4_SSL):
    """Variant of ``_BoundedClient`` that uses TLS from the start."""


class MailboxReader:
    """Reader of folders of mailboxes.

    ``ssl_context`` is used for TLS instead of the default context, which trusts the system's certificates. ``tokens``
    supplies the access tokens of mailboxes with ``oauth``.
    """

    def __init__(
        self,
        limits: MailboxLimits | None = None,
        ssl_context: ssl.SSLContext | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._limits, self._ssl_context, self._tokens = limits or MailboxLimits(), ssl_context, tokens
        self._slots = asyncio.Semaphore(4)

    async def fetch(self, mailbox: Mailbox, validator: str) -> FetchResult:
        """Fetch the messages that are newer than the last message that was read.

        ``validator`` is the text by which the previous result identifies that message. If it is empty, fetch the newest
        messages. If the server or the network fails, the result is a failure, and no exception is raised.
        """
        if mailbox.oauth is None or self._tokens is None:
            return await self._fetch(mailbox, validator, mailbox.oauth_token)
        try:
            result = await self._fetch(mailbox, validator, await self._tokens.get(mailbox.oauth))
            if isinstance(result, Blocked):  # the provider may have ended the token early
                token = await self._tokens.get(mailbox.oauth, is_renewed=True)
                result = await self._fetch(mailbox, validator, token)
        except TokenRefused as error:
            return error.result
        return result

    async def _fetch(self, mailbox: Mailbox, validator: str, token: Secret | None) -> FetchResult:
        host = urlsplit(mailbox.server.reveal()).hostname or ""
        reading = _Reading(mailbox, validator, token, self._limits, self._ssl_context)
        try:
            async with self._slots, asyncio.timeout(self._limits.total_seconds):
                return await asyncio.to_thread(reading.run)
        except TimeoutError:
            reading.abort()
            return Failed(
                f"{host} does not send its messages within {self._limits.total_seconds:g} s",
                FailureWeight.TEMPORARY,
                cause=FailureCause.TIMEOUT,
            )
        except _Refused as error:
            return error.result
        except (OSError, imaplib.IMAP4.error, EOFError, ValueError, IndexError) as error:
            return _to_failure(error, host)


class _Reading:
    """One read of a mail folder, which runs in a thread."""

    def __init__(
        self,
        mailbox: Mailbox,
        validator: str,
        token: Secret | None,
        limits: MailboxLimits,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._mailbox, self._token, self._limits = mailbox, token, limits
        parts = urlsplit(mailbox.server.reveal())
        self._host, self._is_tls = parts.hostname or "", parts.scheme == "imaps"
        self._port = parts.port or (993 if self._is_tls else 143)
        state = _UID_STATE.fullmatch(validator)
        self._known = (int(state[1]), int(state[2])) if state else (0, 0)
        self._ssl_context = ssl_context
        self._client: imaplib.IMAP4 | None = None

    def abort(self) -> None:
        """Close the connection to the mail server. This ends the thread that reads the folder."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.socket().shutdown(socket.SHUT_RDWR)

    def run(self) -> FetchResult:
        """Read the folder and return the result of the poll.

        Raises ``_Refused``, and errors of imaplib and of the network.
        """
        self._client = client = self._connect()
        try:
            self._log_in(client)
            return self._read_folder(client)
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def _connect(self) -> imaplib.IMAP4:
        context = self._ssl_context or ssl.create_default_context()
        client: _BoundedClient
        if self._is_tls:
            client = _BoundedTlsClient(self._host, self._port, ssl_context=context, timeout=self._limits.step_seconds)
        else:
            client = _BoundedClient(self._host, self._port, timeout=self._limits.step_seconds)
            self._client = client
            if "STARTTLS" not in client.capabilities:
                reason = f"{self._host} does not offer STARTTLS, so the password was not sent; write imaps://"
                raise _Refused(Failed(reason, FailureWeight.HARD))
            client.starttls(context)
        client.max_literal_bytes = self._limits.message_bytes + 1_000
        return client

    def _log_in(self, client: imaplib.IMAP4) -> None:
        user, password = self._mailbox.login
        user, token = unquote(user), self._token
        try:
            if token is not None:
                answers = iter((f"user={user}\x01auth=Bearer {token.reveal()}\x01\x01".encode(), b""))
                client.authenticate("XOAUTH2", lambda _challenge: next(answers, b""))
            else:
                client.login(user, unquote(password.reveal()))
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            reason = f"{self._host} does not accept the login of {user}: {_describe(error)}"
            raise _Refused(Blocked(reason, SUGGEST_LOGIN, problem=PageProblem.LOGIN_EXPIRED)) from error

    def _read_folder(self, client: imaplib.IMAP4) -> FetchResult:
        folder = _encode_folder(self._mailbox.folder)
        status, answer = client.select(folder, readonly=True)
        if status != "OK":
            reason = f"{self._host} has no folder {self._mailbox.folder!r}: {_describe(answer[0])}"
            raise _Refused(Failed(reason, FailureWeight.HARD))
        uid_validity = _read_number(client.response("UIDVALIDITY")[1])
        known_uid = self._known[1] if self._known[0] == uid_validity else 0
        _, found = client.uid("SEARCH", f"UID {known_uid + 1}:*")
        uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > known_uid)
        total = _read_number(answer)
        known_count = max(0, total - len(uids))
        chosen = uids[: self._limits.messages] if known_uid else uids[-self._limits.messages :]
        if not chosen:
            return NotModified(etag=f"{uid_validity}:{max(known_uid, 0)}")
        messages, last_uid = [], known_uid
        size = 0
        for uid, body in self._read_messages(client, chosen):
            if size and size + len(body) > self._limits.total_bytes:
                break
            size += len(body)
            messages.append(b"%d %d %d\n%s" % (uid_validity, uid, len(body), body))
            last_uid = uid
        if not messages:
            return NotModified(etag=f"{uid_validity}:{chosen[-1]}")
        return Fetched(
            url=self._mailbox.address,
            status=200,
            headers=((KNOWN_COUNT_HEADER, str(known_count)),),
            body=b"".join(messages),
            etag=f"{uid_validity}:{last_uid}",
        )

    def _read_messages(self, client: imaplib.IMAP4, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the UID and content of each message. A long message is cut off, and a deleted message is left out."""
        for uid in uids:
            status, parts = client.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{self._limits.message_bytes}>)")
            bodies = [part[1] for part in parts if isinstance(part, tuple)] if status == "OK" else []
            if bodies:
                yield uid, bodies[0]


def _read_number(answer: Sequence[object]) -> int:
    """Return the number in the server's response to an IMAP command. Raises ``ValueError`` if it has none."""
    value = answer[0] if answer else None
    if not isinstance(value, bytes) or not value.isdigit():
        raise ValueError("the server does not send the numbers of its messages")
    return int(value)


def _describe(answer: object) -> str:
    text = answer if isinstance(answer, bytes) else str(answer).removeprefix("b'").removesuffix("'").encode()
    return single_line(text.decode("utf-8", "replace"), 200)


def _to_failure(error: Exception, host: str) -> Failed:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the certificate of {host} was refused: {error.verify_message}"
        return Failed(reason, FailureWeight.HARD, cause=FailureCause.CERTIFICATE)
    if isinstance(error, socket.gaierror):
        return Failed(f"{host}: {error.strerror}", FailureWeight.TEMPORARY, cause=FailureCause.NAME_LOOKUP)
    if isinstance(error, TimeoutError):
        return Failed(f"{host} does not answer", FailureWeight.TEMPORARY, cause=FailureCause.TIMEOUT)
    if isinstance(error, OSError) and not isinstance(error, imaplib.IMAP4.abort):
        reason = f"cannot connect to {host}: {error.strerror or error}"
        return Failed(reason, FailureWeight.TEMPORARY, cause=FailureCause.UNREACHABLE)
    return Failed(f"{host} breaks the IMAP protocol: {_describe(str(error))}", FailureWeight.SOFT)


def _encode_folder(name: str) -> str:
    """Encode the name of a folder in modified UTF-7 (RFC 3501, section 5.1.3), and put it in quotes."""

    def encode(run: re.Match[str]) -> str:
        if run[0] == "&":
            return "&-"
        return "&" + b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    text = re.sub(r"&|[^\x20-\x7e]+", encode, name)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
