"""Mail against a real SMTP server: TLS, login, and every mood of a mail host."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import quote

import pytest
from loops import skip, skipping, turn
from support.factories import NOW, message
from support.smtp_server import PASSWORD, USER, MailHost, client_context, mail_channel, server_context, serving, settled

from monitor.deliver.email import EmailSender
from monitor.domain.delivery import Message, Refused, Retry, SendResult, Sent

pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # the test server warns of itself
DEADLINE = 60.0  # seconds, on a clock that the test sets forward where the deadline is to be met
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}"


def send(host: MailHost, *messages: Message, scheme: str = "smtp", login: str = "", **options: Any) -> list[SendResult]:
    """Serve a host, send the messages one after the other, and return what came of each."""

    async def talk() -> list[SendResult]:
        async with serving(host, **options) as port:
            channel = mail_channel(port, scheme, login)
            carrier = EmailSender(channel, ssl_context=client_context(), timeout_seconds=DEADLINE)
            return [await carrier.send(one, NOW) for one in messages]

    return asyncio.run(talk())


def test_mail_arrives_whole() -> None:
    """What was written arrives: text first, HTML last, and the key as Message-ID."""
    host = MailHost()
    (receipt,) = send(host, message(7, subject="Bến Sample: ທ່ານ"))
    assert isinstance(receipt, Sent)
    ((recipient, content),) = host.letters
    letter = message_from_bytes(content, policy=default)
    assert recipient == "desk@example.org"
    assert letter["Subject"] == "Bến Sample: ທ່ານ"
    assert letter["Message-ID"] == f"<{7:040x}@example.net>"
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    ("scheme", "context"),
    [("smtps", "ssl_context"), ("smtp", "tls_context")],
    ids=["TLS from the start", "STARTTLS"],
)
def test_login_happens_inside_tls_only(scheme: str, context: str) -> None:
    """Both ways of encryption carry the credentials, which are right to the last sign."""
    host = MailHost()
    options = {context: server_context(), "auth_require_tls": context == "tls_context"}
    (receipt,) = send(host, message(), scheme=scheme, login=LOGIN, **options)
    assert isinstance(receipt, Sent), receipt
    assert host.logins == [(USER.encode(), True)]


def test_stripped_starttls_gets_no_credentials() -> None:
    """A server, or somebody before it, that offers no STARTTLS never sees the password; the mail waits."""
    host = MailHost()
    (receipt,) = send(host, message(), login=LOGIN, auth_require_tls=False)
    assert isinstance(receipt, Retry)
    assert "STARTTLS" in receipt.reason
    assert (host.logins, host.letters) == ([], [])


def test_a_certificate_of_somebody_else_gets_no_credentials() -> None:
    """With credentials the certificate must be right; without, encryption alone is welcome."""
    host = MailHost()

    async def talk() -> list[SendResult]:
        async with serving(host, tls_context=server_context()) as port:
            with_login = EmailSender(mail_channel(port, login=LOGIN), timeout_seconds=DEADLINE)
            without = EmailSender(mail_channel(port), timeout_seconds=DEADLINE)
            return [await with_login.send(message(1), NOW), await without.send(message(2), NOW)]

    refused, taken = asyncio.run(talk())
    assert isinstance(refused, Retry)
    assert "certificate" in refused.reason.lower()
    assert host.logins == []
    assert isinstance(taken, Sent)


def test_a_wrong_password_waits_for_the_operator() -> None:
    """Credentials are mended in sources.yaml, so nothing is refused for good, and the password is not in the error."""
    host = MailHost()
    wrong = f"{USER}:other-word"
    (receipt,) = send(host, message(), login=wrong, auth_required=True, tls_context=server_context())
    assert isinstance(receipt, Retry)
    assert "credentials" in receipt.reason
    assert "other-word" not in repr(receipt)


def test_greylisting_is_tried_again_in_five_minutes() -> None:
    """A 451 comes back no sooner than greylisting ends, and the second attempt has the same Message-ID."""
    host = MailHost(greylist=True)
    first, second = send(host, message(3), message(3))
    assert isinstance(first, Retry)
    assert first.retry_after == timedelta(minutes=5)
    assert not first.pause_channel
    assert isinstance(second, Sent)
    assert f"<{3:040x}@example.net>".encode() in host.letters[0][1]


def test_each_recipient_has_an_outcome_of_his_own() -> None:
    """One mailbox that is gone does not keep the digest from the other."""
    host = MailHost(refusals={"gone@example.org": "550 5.1.1 No such user"})
    gone, there = send(host, message(1, target="gone@example.org"), message(2))
    assert gone == Refused("550 5.1.1 No such user")
    assert isinstance(there, Sent)
    assert [recipient for recipient, _ in host.letters] == ["desk@example.org"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("421 4.3.2 Closing down", Retry("421 4.3.2 Closing down", timedelta(minutes=5), pause_channel=True)),
        ("452 4.2.2 Mailbox full", Retry("452 4.2.2 Mailbox full", timedelta(minutes=5))),
        ("554 5.7.1 Content not wanted", Refused("554 5.7.1 Content not wanted")),
    ],
)
def test_the_answer_to_the_letter_decides(answer: str, outcome: SendResult) -> None:
    """421 holds the whole server, 4xx waits, 5xx is final: after DATA as before it."""
    assert send(MailHost(data_answer=answer), message()) == [outcome]


def test_a_server_that_hangs_after_data_times_out() -> None:
    """The total deadline ends the attempt; the next one has the same Message-ID, so the reader's program sees one."""
    host = MailHost(hang_after_data=True)

    async def talk() -> list[SendResult]:
        async with serving(host) as port:
            carrier = EmailSender(mail_channel(port), timeout_seconds=DEADLINE)
            sending = asyncio.create_task(carrier.send(message(5), NOW))
            await host.taken.wait()
            skip(DEADLINE + 1)
            first = await sending
            host.hang_after_data = False
            return [first, await carrier.send(message(5), NOW)]

    first, second = skipping(talk())
    assert isinstance(first, Retry)
    assert "in time" in first.reason
    assert isinstance(second, Sent)
    identities = {message_from_bytes(content)["Message-ID"] for _, content in host.letters}
    assert identities == {f"<{5:040x}@example.net>"}


def test_a_server_that_drips_cannot_outlive_the_deadline() -> None:
    """A greeting that comes byte by byte is no progress: the deadline is for the whole exchange."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"220-xxxxxx":
            writer.write(bytes([letter]))
            await turn()
            skip(DEADLINE / 4)
        await turn()
        writer.close()

    receipt = against(drip)
    assert isinstance(receipt, Retry)
    assert "in time" in receipt.reason


def test_a_server_that_is_slow_at_every_step_cannot_outlive_the_deadline() -> None:
    """Each answer alone would be in time: the deadline is for all of them together."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"220", b"250", b"250", b"250", b"354", b"250"):
            skip(DEADLINE * 0.4)
            await turn()
            writer.write(answer + b" host\r\n")
            await reader.readline()
        writer.close()

    receipt = against(slow)
    assert isinstance(receipt, Retry)
    assert "in time" in receipt.reason


def test_a_server_that_is_not_there_or_hangs_up_is_tried_again() -> None:
    """Refused connections and early hang-ups are no reason to give up on a reader."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    assert isinstance(against(hang_up), Retry)

    async def nobody() -> SendResult:
        return await EmailSender(mail_channel(1), timeout_seconds=DEADLINE).send(message(), NOW)

    missed = asyncio.run(nobody())
    assert isinstance(missed, Retry)
    assert missed.reason.startswith("no connection to ")
    assert missed.reason.endswith(":1: Connection refused")


def test_an_address_that_is_none_is_refused_without_a_connection() -> None:
    """An empty or broken address, or one that smuggles a second, never reaches a server."""
    host = MailHost()
    for target in ("", "nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "@example.org"):
        (receipt,) = send(host, message(target=target))
        assert isinstance(receipt, Refused), target
    assert host.letters == []


def test_an_address_in_another_script_is_sent_where_it_can_be() -> None:
    """A domain becomes ASCII; a name in another script needs a server that takes SMTPUTF8."""
    host = MailHost()
    (receipt,) = send(host, message(target="desk@bücher.example"))
    assert isinstance(receipt, Sent)
    assert host.letters[0][0] == "desk@xn--bcher-kva.example"
    (receipt,) = send(MailHost(), message(target="bàn@example.org"), enable_SMTPUTF8=False)
    assert isinstance(receipt, Refused)
    (receipt,) = send(host, message(target="bàn@example.org"), enable_SMTPUTF8=True)
    assert isinstance(receipt, Sent), receipt


def against(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> SendResult:
    """Send one message to a hand-made server."""

    async def run() -> SendResult:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            receipt = await EmailSender(mail_channel(port), timeout_seconds=DEADLINE).send(message(), NOW)
        await settled()
        return receipt

    return skipping(run())
