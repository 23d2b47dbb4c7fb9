"""Mailboxes as sources, with real IMAP servers: each message is an article once, and nothing changes in the mailbox."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme
from support.counting_smtp_server import free_port
from support.fakes import NOON, FakeClock, InlineProcessPool
from support.http_server import reply, respond_with, serving
from support.imap_server import PASSWORD, TOKEN, USER, ImapServer, serving_imap
from support.pdf_bombs import nested_forms
from support.pdf_writer import column, write_pdf
from support.wait import wait_until

from monitor.domain.article import Region
from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureCause,
    FailureWeight,
    Fetched,
    FetchRequest,
    FetchResult,
    NotModified,
)
from monitor.domain.poll_state import SourceState
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.special_sources import Mailbox, OAuthLogin
from monitor.domain.value_parsers import parse_token_url
from monitor.fetch.mailbox import MailboxLimits, MailboxReader
from monitor.fetch.oauth import TokenStore
from monitor.fetch.transport import create_guarded_transport
from monitor.pipeline.collect import Collector, PollResult
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import Database

TEXT = "General Phan Van Giang visited the border guards on Monday and thanked them for their work."
BACKFILL = timedelta(days=1)
Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def contexts() -> Contexts:
    """Return the TLS contexts of server and client."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@pytest.fixture
def server(contexts: Contexts) -> Iterator[ImapServer]:
    """Return a server with TLS from the start."""
    with serving_imap(contexts[0]) as running:
        yield running


def mail(
    subject: str, message_id: str = "", text: str = TEXT, sender: str = "Press <press@ministry.example>"
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, USER
    message["Date"] = "Thu, 05 Mar 2026 11:30:00 +0000"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(text)
    return message


def box(server: ImapServer, scheme: str = "imaps", password: str = PASSWORD, **keys: object) -> Mailbox:
    url = f"{scheme}://{USER}:{password.replace(' ', '%20')}@localhost:{server.port}"
    return Mailbox(Secret(url), **keys)  # type: ignore[arg-type]  # keys of the mailbox


def fetch(
    mailbox: Mailbox, context: ssl.SSLContext, validator: str = "", limits: MailboxLimits | None = None
) -> FetchResult:
    return asyncio.run(MailboxReader(limits, context).fetch(mailbox, validator))


class MailboxInstallation:
    """A source that is a mailbox, in a database of its own."""

    def __init__(self, database: Database, mailbox: Mailbox, context: ssl.SSLContext) -> None:
        self.source = Source("press", "Press office", mailbox=mailbox)
        self.database, self._context, self.clock = database, context, FakeClock()
        database.sources.register([self.source], NOON)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch as ``SourceFetcher`` does, with the certificate of the test."""
        assert request.mailbox is not None
        return await MailboxReader(ssl_context=self._context).fetch(request.mailbox, request.etag)

    def poll(self, limits: JobLimits | None = None) -> PollResult:
        async def run() -> PollResult:
            pool = SubprocessPool(1, limits) if limits else None
            collector = Collector(self.database, self, pool or InlineProcessPool(), self.clock, BACKFILL)
            (result,) = await collector.run_due({self.source.id: self.source}, source_ids={self.source.id})
            if pool:
                await pool.aclose()
            return result

        self.clock.advance(timedelta(minutes=15))
        return asyncio.run(run())


@pytest.fixture
def installation(server: ImapServer, contexts: Contexts, tmp_path: Path) -> Iterator[MailboxInstallation]:
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    yield MailboxInstallation(database, box(server), contexts[1])
    database.close()


def test_each_message_is_an_article_once(server: ImapServer, installation: MailboxInstallation) -> None:
    """Over polls, a rebuilt folder (UIDVALIDITY), and an emptied one; messages have their text and their sender."""
    server.deliver(mail("Visit to the border", "<1@ministry.example>").as_bytes(), mail("Without an id").as_bytes())
    assert installation.poll().new_count == 2
    first = installation.database.articles.unmatched(9)[0].article
    assert (first.title, first.body, first.authors) == ("Visit to the border", TEXT, ("Press",))
    assert (first.url, first.partial_reason) == ("mid:1@ministry.example", "")
    assert installation.poll().new_count == 0
    server.deliver(mail("A second visit", "<2@ministry.example>").as_bytes())
    result = installation.poll()
    assert (result.new_count, result.state_after) == (1, SourceState.OK)
    del server.folders["INBOX"][2]
    server.uid_validity = 8
    assert installation.poll().new_count == 0
    server.folders["INBOX"].clear()
    assert installation.poll().state_after is SourceState.OK
    assert installation.database.articles.unmatched(9)[-1].article.title == "A second visit"


def test_nothing_is_marked_or_deleted(server: ImapServer, installation: MailboxInstallation) -> None:
    """The folder is opened for reading only, and messages are fetched without the mark that they were seen."""
    server.deliver(mail("Visit").as_bytes())
    installation.poll()
    verbs = {command.split(" ")[0] for command in server.commands}
    assert verbs <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert all("BODY.PEEK" in command for command in server.commands if "FETCH" in command)


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
@pytest.mark.parametrize("token", [None, TOKEN], ids=["password", "XOAUTH2"])
def test_logins(contexts: Contexts, scheme: str, token: str | None) -> None:
    """With a password or a token, with TLS from the start or STARTTLS."""
    with serving_imap(contexts[0], starts_with_tls=scheme == "imaps") as server:
        server.deliver(mail("Visit").as_bytes())
        mailbox = box(server, scheme, oauth_token=Secret(token) if token else None)
        assert isinstance(fetch(mailbox, contexts[1]), Fetched)


def test_a_refused_login_is_reported_as_one(contexts: Contexts, server: ImapServer) -> None:
    """The reason names the user, and never the password or the token."""
    for mailbox in (box(server, password="wrong"), box(server, oauth_token=Secret("old"))):
        result = fetch(mailbox, contexts[1])
        assert isinstance(result, Blocked)
        assert result.problem is PageProblem.LOGIN_EXPIRED
        assert USER in result.reason
        assert "wrong" not in result.reason
        assert "old" not in result.reason


def test_a_server_without_starttls_gets_no_password(contexts: Contexts) -> None:
    with serving_imap(contexts[0], starts_with_tls=False, fault="no starttls") as server:
        result = fetch(box(server, "imap"), contexts[1])
        assert isinstance(result, Failed)
        assert "STARTTLS" in result.reason
        assert not any("LOGIN" in command for command in server.commands)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("hang", "within 1.5 s"), ("drip", "within 1.5 s"), ("literal", "more than were requested"), ("garbage", "IMAP")],
)
def test_hostile_servers_are_left(contexts: Contexts, fault: str, reason: str) -> None:
    """Neither time nor memory is without limit."""
    with serving_imap(contexts[0], fault=fault) as server:
        server.deliver(mail("Visit").as_bytes())
        result = fetch(box(server), contexts[1], limits=MailboxLimits(total_seconds=1.5))
        assert isinstance(result, Failed)
        assert reason in result.reason


def test_an_unknown_certificate_or_folder_is_the_reason(contexts: Contexts, server: ImapServer) -> None:
    refused = fetch(box(server), ssl.create_default_context())
    assert isinstance(refused, Failed)
    assert refused.cause is FailureCause.CERTIFICATE
    missing = fetch(box(server, folder="Tin tức"), contexts[1])
    assert isinstance(missing, Failed)
    assert "no folder 'Tin tức'" in missing.reason
    server.deliver(mail("Visit").as_bytes(), folder="Tin t&Huk-c")
    assert isinstance(fetch(box(server, folder="Tin tức"), contexts[1]), Fetched)


def test_many_messages_are_read_in_parts(contexts: Contexts, server: ImapServer) -> None:
    """The newest ones first, and later all in order; a long message is cut off."""
    limits = MailboxLimits(messages=3, message_bytes=2_000)
    server.deliver(*(mail(f"Visit {number}", text="x" * 5_000).as_bytes() for number in range(5)))
    first = fetch(box(server), contexts[1], limits=limits)
    assert isinstance(first, Fetched)
    assert first.etag == "7:5"
    assert len(first.body) < 3 * 2_100
    server.deliver(*(mail(f"Visit {number}").as_bytes() for number in range(5, 10)))
    second = fetch(box(server), contexts[1], first.etag, limits)
    assert isinstance(second, Fetched)
    assert second.etag == "7:8"
    assert isinstance(fetch(box(server), contexts[1], "7:10", limits), NotModified)


def test_pdf_attachments_are_read_and_fail_alone(server: ImapServer, installation: MailboxInstallation) -> None:
    """The text follows that of the message, and has pages; for one that cannot be read, the reason follows."""
    pdf = write_pdf([column(60, 700, ["Decree on the border guards of the Republic,", "signed by Phan Van Giang."])])
    for name, content in (("decree.pdf", pdf), ("bomb.pdf", nested_forms())):
        message = mail(f"With {name}", text="See the attachment.")
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        server.deliver(message.as_bytes())
    installation.poll(JobLimits(wall_seconds=60, cpu_seconds=1))
    read, refused = (stored.article.body for stored in installation.database.articles.unmatched(9))
    assert "See the attachment." in read
    assert "Decree on the border guards of the Republic, signed by Phan Van Giang." in read
    assert "Attachment bomb.pdf: read_pdf exceeded its limit" in refused


def test_passages_of_attachments_have_their_page(server: ImapServer, installation: MailboxInstallation) -> None:
    """Each document begins with page 1; the message and the headings have none. An unread document has no pages."""
    places = (60, 700)
    first = [column(*places, [f"Decree {n} on the border guards of the Republic."]) for n in (1, 2)]
    second = [column(*places, [f"Appointment {n} of the rivers authority, in force on Monday."]) for n in (1, 2, 3)]
    message = mail("Gazette", text="See the attachments.")
    for name, content in (("a.pdf", write_pdf(first)), ("scan.pdf", write_pdf([[]])), ("b.pdf", write_pdf(second))):
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    server.deliver(message.as_bytes())
    installation.poll()
    (stored,) = installation.database.articles.unmatched(9)
    article = stored.article
    pages = {line: article.find_page(Region.BODY, article.body.index(line)) for line in article.body.split("\n")}
    assert [(line.split(" ")[0:2], page) for line, page in pages.items()] == [
        (["See", "the"], 0),
        (["Attachment", "a.pdf"], 0),
        (["Decree", "1"], 1),
        (["Decree", "2"], 2),
        (["Attachment", "scan.pdf:"], 0),
        (["Attachment", "b.pdf"], 0),
        (["Appointment", "1"], 1),
        (["Appointment", "2"], 2),
        (["Appointment", "3"], 3),
    ]


def test_an_attachment_that_is_cut_off_states_the_limit(server: ImapServer, installation: MailboxInstallation) -> None:
    """The text of a message of 13 MB is read; the message after it is read as usual."""
    message = mail("Large")
    content = write_pdf([column(60, 700, ["Decree on the border guards."])]) + b"%" + b"x" * 9_500_000
    message.add_attachment(content, maintype="application", subtype="pdf", filename="large.pdf")
    server.deliver(message.as_bytes(), mail("Next").as_bytes())
    assert installation.poll().new_count == 2
    first, second = (stored.article for stored in installation.database.articles.unmatched(9))
    assert first.body.startswith(TEXT)
    assert "Attachment large.pdf: the message is longer than 10 MB, so the document is not whole." in first.body
    assert second.body == TEXT


def test_a_message_with_nothing_but_an_attachment_is_an_article(
    server: ImapServer, installation: MailboxInstallation
) -> None:
    message = mail("", text="")
    content = write_pdf([column(60, 700, ["Decree on the border guards of the Republic."])])
    message.add_attachment(content, maintype="application", subtype="pdf", filename="a.pdf")
    server.deliver(message.as_bytes())
    installation.poll()
    (stored,) = installation.database.articles.unmatched(9)
    assert "Decree on the border guards" in stored.article.body


def test_a_mailbox_of_another_implementation_is_read(tmp_path: Path) -> None:
    """pymap, with its demonstration mailbox."""
    authority, port = trustme.CA(), free_port()
    key = tmp_path / "key.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(key))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    command = [str(Path(sys.executable).parent / "pymap"), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--cert", str(key), "--key", str(key), "--no-service", "admin", "--no-service", "managesieve"]
    command += ["dict", "--demo-data", "--demo-user", "demo", "--demo-password", "secret"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        mailbox = Mailbox(Secret(f"imap://demo:secret@localhost:{port}"))
        results: list[FetchResult] = []

        def is_read() -> bool:
            results.append(fetch(mailbox, context))
            return isinstance(results[-1], Fetched)

        try:
            assert wait_until(is_read, 30, 0.2)
            (*_, found) = results
            assert isinstance(found, Fetched)
            assert isinstance(fetch(mailbox, context, found.etag), NotModified)
        finally:
            process.terminate()


NETWORKS = (ip_network("127.0.0.0/8"),)


def oauth(url: str) -> OAuthLogin:
    """Return a login whose tokens a server gives."""
    return OAuthLogin(url, Secret("client-id-9"), Secret("1//refresh-value"), Secret("c-s"))


@dataclass
class TokenClock:
    """Clock that a test sets."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


async def read_twice(
    server: ImapServer, context: ssl.SSLContext, answers: list[bytes], *, wait: timedelta = timedelta(0)
) -> tuple[list[FetchResult], list[dict[str, list[str]]]]:
    """Read a mailbox twice with tokens of a server that gives these answers; return the results and the requests."""
    clock = TokenClock()
    async with serving(respond_with(*answers)) as tokens:
        reader = MailboxReader(ssl_context=context, tokens=TokenStore(create_guarded_transport(NETWORKS), clock))
        mailbox = box(server, oauth=oauth(tokens.url("/token")))
        first = await reader.fetch(mailbox, "")
        clock.now += wait
        second = await reader.fetch(mailbox, "")
        assert {(one.method, one.path) for one in tokens.asked} <= {("POST", "/token")}
        return [first, second], [parse_qs(one.body.decode()) for one in tokens.asked]


def token(value: str = TOKEN, **more: object) -> bytes:
    return reply(json.dumps({"access_token": value, "token_type": "Bearer", "expires_in": 3600, **more}).encode())


def test_an_access_token_is_got_once_and_renewed_before_its_end(contexts: Contexts, server: ImapServer) -> None:
    """With the refresh token of the configuration, or the one that the provider has sent since."""
    server.deliver(mail("Visit").as_bytes())
    results, asked = asyncio.run(read_twice(server, contexts[1], [token()]))
    assert all(isinstance(one, Fetched) for one in results)
    sent = {"grant_type": ["refresh_token"], "refresh_token": ["1//refresh-value"]}
    assert asked == [{**sent, "client_id": ["client-id-9"], "client_secret": ["c-s"]}]
    answers = [token(refresh_token="1//next"), token()]
    results, asked = asyncio.run(read_twice(server, contexts[1], answers, wait=timedelta(minutes=59, seconds=1)))
    assert all(isinstance(one, Fetched) for one in results)
    assert [one["refresh_token"] for one in asked] == [["1//refresh-value"], ["1//next"]]


@pytest.mark.parametrize(
    "lifetime",
    [None, "\u00b2", "9" * 5000, "3600", float("nan"), float("inf"), -1, True, [], 10**400],
    ids=lambda value: str(value)[:10],
)
def test_any_stated_lifetime_of_a_token_is_read(contexts: Contexts, server: ImapServer, lifetime: object) -> None:
    """A value that is not a lifetime is ignored, and the token is used for some minutes."""
    server.deliver(mail("Visit").as_bytes())
    answers = [token(expires_in=lifetime)]
    results, asked = asyncio.run(read_twice(server, contexts[1], answers, wait=timedelta(seconds=30)))
    assert all(isinstance(one, Fetched) for one in results)
    assert len(asked) == 1


def test_a_token_that_ended_early_is_renewed_at_once(contexts: Contexts, server: ImapServer) -> None:
    server.deliver(mail("Visit").as_bytes())
    results, asked = asyncio.run(read_twice(server, contexts[1], [token("ended"), token()]))
    assert all(isinstance(one, Fetched) for one in results)
    assert len(asked) == 2


def test_a_refused_refresh_token_is_an_expired_login(contexts: Contexts, server: ImapServer) -> None:
    """The reason has the answer of the provider, even if it repeats the secret; the next poll asks again."""
    body = {"error": "invalid_grant", "error_description": "Token 1//refresh-value was revoked for client-id-9."}
    answers = [reply(json.dumps(body).encode(), "400 Bad Request"), token()]
    (refused, read), _ = asyncio.run(read_twice(server, contexts[1], answers))
    assert isinstance(refused, Blocked)
    assert refused.problem is PageProblem.LOGIN_EXPIRED
    assert refused.reason == "127.0.0.1 does not renew the token: invalid_grant: Token *** was revoked for ***."
    assert "refresh token" in refused.suggestion
    assert not isinstance(read, Blocked)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"busy", "503 Service Unavailable"),
        reply(b"<html>"),
        reply(b"[]"),
        reply(b'{"access_token": ""}'),
        reply(b'{"access_token": "a\\u0001b"}'),
        reply(b"", "302 Found", Location="http://127.0.0.1/other"),
        b"no HTTP\r\n\r\n",
    ],
)
def test_a_faulty_token_server_is_a_temporary_failure(contexts: Contexts, server: ImapServer, answer: bytes) -> None:
    """No token of it is sent to the mail server, and no redirect is followed."""
    results, _ = asyncio.run(read_twice(server, contexts[1], [answer]))
    assert all(isinstance(one, Failed) and one.weight is FailureWeight.TEMPORARY for one in results)
    assert not any("AUTHENTICATE" in command for command in server.commands)


def test_a_token_server_on_a_forbidden_address_gets_no_secret(contexts: Contexts, server: ImapServer) -> None:
    async def read() -> FetchResult:
        async with serving(respond_with(token())) as tokens:
            store = TokenStore(create_guarded_transport(), TokenClock())
            reader = MailboxReader(ssl_context=contexts[1], tokens=store)
            result = await reader.fetch(box(server, oauth=oauth(tokens.url("/token"))), "")
            assert tokens.asked == []
            return result

    assert isinstance(asyncio.run(read()), Failed)


def test_an_unencrypted_token_server_or_two_ways_to_log_in_are_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        parse_token_url("http://login.example/token")
    with pytest.raises(ValueError, match="exclude each other"):
        Mailbox(
            Secret("imaps://a@mail.example"),
            oauth_token=Secret("t"),
            oauth=oauth("https://login.example/token"),
        )
