"""Email sender against a real SMTP server: TLS, login and every kind of server behaviour."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import quote

import pytest
from loops import run_ready_tasks, run_skipping, skip
from support.factories import NOW, message
from support.smtp_server import (
    PASSWORD,
    USER,
    MailServer,
    client_context,
    mail_channel,
    server_context,
    serving,
    wait_for_connections,
)

from monitor.deliver.email import EmailSender
from monitor.domain.delivery import Message, Rejected, Retry, SendResult, Sent

pytestmark = pytest.mark.filterwarnings(
    "ignore:Session.login_data is deprecated"
)  # a warning of the test server about itself
DEADLINE = 60.0  # seconds; tests that need it to expire move the event loop's clock forward
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}"


def send(
    host: MailServer, *messages: Message, scheme: str = "smtp", login: str = "", **options: Any
) -> list[SendResult]:
    """Serve a mail host, send the messages one after the other, and return their results."""

    async def send_all() -> list[SendResult]:
        async with serving(host, **options) as port:
            channel = mail_channel(port, scheme, login)
            sender = EmailSender(channel, ssl_context=client_context(), timeout_seconds=DEADLINE)
            return [await sender.send(one, NOW) for one in messages]

    return asyncio.run(send_all())


def test_mail_arrives_complete() -> None:
    """The plain text comes first, HTML last, and the delivery key is the Message-ID."""
    host = MailServer()
    (receipt,) = send(host, message(7, subject="Bến Sample: ທ່ານ"))
    assert isinstance(receipt, Sent)
    ((recipient, content),) = host.messages
    mail = message_from_bytes(content, policy=default)
    assert recipient == "desk@example.org"
    assert mail["Subject"] == "Bến Sample: ທ່ານ"
    assert mail["Message-ID"] == f"<{7:040x}@example.net>"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    ("scheme", "context"),
    [("smtps", "ssl_context"), ("smtp", "tls_context")],
    ids=["TLS from the start", "STARTTLS"],
)
def test_login_happens_only_within_tls(scheme: str, context: str) -> None:
    """STARTTLS and implicit TLS both transmit the credentials exactly."""
    host = MailServer()
    options = {context: server_context(), "auth_require_tls": context == "tls_context"}
    (receipt,) = send(host, message(), scheme=scheme, login=LOGIN, **options)
    assert isinstance(receipt, Sent), receipt
    assert host.logins == [(USER.encode(), True)]


def test_a_server_without_starttls_gets_no_credentials() -> None:
    """If STARTTLS is missing or was stripped, the password is not sent and the mail is retried later."""
    host = MailServer()
    (receipt,) = send(host, message(), login=LOGIN, auth_require_tls=False)
    assert isinstance(receipt, Retry)
    assert "STARTTLS" in receipt.reason
    assert (host.logins, host.messages) == ([], [])


def test_an_invalid_certificate_gets_no_credentials() -> None:
    """With credentials the certificate must be valid; without them, unverified encryption is accepted."""
    host = MailServer()

    async def send_all() -> list[SendResult]:
        async with serving(host, tls_context=server_context()) as port:
            with_login = EmailSender(mail_channel(port, login=LOGIN), timeout_seconds=DEADLINE)
            without = EmailSender(mail_channel(port), timeout_seconds=DEADLINE)
            return [await with_login.send(message(1), NOW), await without.send(message(2), NOW)]

    rejected, accepted = asyncio.run(send_all())
    assert isinstance(rejected, Retry)
    assert "certificate" in rejected.reason.lower()
    assert host.logins == []
    assert isinstance(accepted, Sent)


def test_a_wrong_password_is_retried() -> None:
    """The user fixes credentials in sources.yaml, so nothing is rejected permanently; the error omits the password."""
    host = MailServer()
    wrong = f"{USER}:other-word"
    (receipt,) = send(host, message(), login=wrong, auth_required=True, tls_context=server_context())
    assert isinstance(receipt, Retry)
    assert "credentials" in receipt.reason
    assert "other-word" not in repr(receipt)


def test_greylisting_is_retried_after_five_minutes() -> None:
    """The second attempt has the same Message-ID."""
    host = MailServer(greylist=True)
    first, second = send(host, message(3), message(3))
    assert isinstance(first, Retry)
    assert first.retry_after == timedelta(minutes=5)
    assert not first.pause_channel
    assert isinstance(second, Sent)
    assert f"<{3:040x}@example.net>".encode() in host.messages[0][1]


def test_each_recipient_has_its_own_result() -> None:
    """A mailbox that no longer exists does not prevent the delivery to another one."""
    host = MailServer(rejections={"gone@example.org": "550 5.1.1 No such user"})
    gone, there = send(host, message(1, target="gone@example.org"), message(2))
    assert gone == Rejected("550 5.1.1 No such user")
    assert isinstance(there, Sent)
    assert [recipient for recipient, _ in host.messages] == ["desk@example.org"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("421 4.3.2 Closing down", Retry("421 4.3.2 Closing down", timedelta(minutes=5), pause_channel=True)),
        ("452 4.2.2 Mailbox full", Retry("452 4.2.2 Mailbox full", timedelta(minutes=5))),
        ("554 5.7.1 Content not wanted", Rejected("554 5.7.1 Content not wanted")),
    ],
)
def test_the_reply_to_data_determines_the_result(answer: str, expected: SendResult) -> None:
    """421 pauses the server, 4xx is retried, 5xx is final, as for replies before DATA."""
    assert send(MailServer(data_reply=answer), message()) == [expected]


def test_a_server_that_hangs_after_data_times_out() -> None:
    """The next attempt has the same Message-ID, so that a mail program shows only one message."""
    host = MailServer(hang_after_data=True)

    async def send_all() -> list[SendResult]:
        async with serving(host) as port:
            sender = EmailSender(mail_channel(port), timeout_seconds=DEADLINE)
            sending = asyncio.create_task(sender.send(message(5), NOW))
            await host.received.wait()
            skip(DEADLINE + 1)
            first = await sending
            host.hang_after_data = False
            return [first, await sender.send(message(5), NOW)]

    first, second = run_skipping(send_all())
    assert isinstance(first, Retry)
    assert "in time" in first.reason
    assert isinstance(second, Sent)
    identities = {message_from_bytes(content)["Message-ID"] for _, content in host.messages}
    assert identities == {f"<{5:040x}@example.net>"}


def test_a_server_that_sends_slowly_is_stopped_by_the_timeout() -> None:
    """The timeout is for the whole session, so a greeting sent byte by byte does not extend it."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for mail in b"220-xxxxxx":
            writer.write(bytes([mail]))
            await run_ready_tasks()
            skip(DEADLINE / 4)
        await run_ready_tasks()
        writer.close()

    receipt = send_to(drip)
    assert isinstance(receipt, Retry)
    assert "in time" in receipt.reason


def test_a_server_that_is_slow_at_every_step_is_stopped_by_the_timeout() -> None:
    """Each reply alone would be in time, but all of them together are not."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"220", b"250", b"250", b"250", b"354", b"250"):
            skip(DEADLINE * 0.4)
            await run_ready_tasks()
            writer.write(answer + b" host\r\n")
            await reader.readline()
        writer.close()

    receipt = send_to(slow)
    assert isinstance(receipt, Retry)
    assert "in time" in receipt.reason


def test_refused_and_dropped_connections_are_retried() -> None:
    """A refused or dropped connection does not reject the recipient."""

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    assert isinstance(send_to(close), Retry)

    async def run() -> SendResult:
        return await EmailSender(mail_channel(1), timeout_seconds=DEADLINE).send(message(), NOW)

    missed = asyncio.run(run())
    assert isinstance(missed, Retry)
    assert missed.reason.startswith("cannot connect to ")
    assert missed.reason.endswith(":1: Connection refused")


def test_an_invalid_address_is_rejected_without_a_connection() -> None:
    """An empty or invalid address, or one that contains a second one, is never sent to a server."""
    host = MailServer()
    for target in ("", "nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "@example.org"):
        (receipt,) = send(host, message(target=target))
        assert isinstance(receipt, Rejected), target
    assert host.messages == []


def test_international_addresses_are_sent_if_the_server_supports_them() -> None:
    """A domain is converted to ASCII; a non-ASCII local part needs a server with SMTPUTF8."""
    host = MailServer()
    (receipt,) = send(host, message(target="desk@bücher.example"))
    assert isinstance(receipt, Sent)
    assert host.messages[0][0] == "desk@xn--bcher-kva.example"
    (receipt,) = send(MailServer(), message(target="bàn@example.org"), enable_SMTPUTF8=False)
    assert isinstance(receipt, Rejected)
    (receipt,) = send(host, message(target="bàn@example.org"), enable_SMTPUTF8=True)
    assert isinstance(receipt, Sent), receipt


@pytest.mark.parametrize("takes_utf8", [True, False])
def test_a_server_that_takes_only_ascii_gets_ascii(takes_utf8: bool) -> None:
    """The text arrives unchanged either way."""
    host = MailServer()
    (receipt,) = send(host, message(text="Bộ trưởng", html="<p>ທ່ານ</p>"), decode_data=not takes_utf8)
    assert isinstance(receipt, Sent), receipt
    ((_, content),) = host.messages
    assert content.isascii() is not takes_utf8
    parts = [part.get_content().strip() for part in message_from_bytes(content, policy=default).iter_parts()]
    assert parts == ["Bộ trưởng", "<p>ທ່ານ</p>"]


def send_to(send_all: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> SendResult:
    """Send one message to a server with the given handler."""

    async def run() -> SendResult:
        server = await asyncio.start_server(send_all, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            receipt = await EmailSender(mail_channel(port), timeout_seconds=DEADLINE).send(message(), NOW)
        await wait_for_connections()
        return receipt

    return run_skipping(run())
