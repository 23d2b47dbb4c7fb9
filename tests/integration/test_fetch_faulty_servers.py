"""Servers with invalid HTTP: feeds, pages and webhooks are still read, and response smuggling is rejected."""

import asyncio
import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from support.command_line import app
from support.factories import NOW, message
from support.fakes import FakeClock
from support.http_server import Respond, on_loop, respond_with, serving
from typer.testing import CliRunner

from monitor.deliver.webhook import WebhookSender
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Retry, SendResult, Sent
from monitor.domain.fetch_result import Failed, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.secret import Secret
from monitor.fetch.client import HttpFetcher
from monitor.fetch.transport import create_guarded_transport

LOOPBACK = [ip_network("127.0.0.0/8")]
ITEM = "<item><guid>g-%d</guid><title>Harbour bridge %d reopens</title><link>http://daily.example/%d</link></item>"
FEED = f"<rss version='2.0'><channel><title>Daily</title>{''.join(ITEM % (n, n, n) for n in range(3))}</channel></rss>"
BODY = FEED.encode()
LENGTH = b"Content-Length: %d" % len(BODY)
TYPE = b"Content-Type: text/xml"


def answer(*lines: bytes, body: bytes = BODY, line_break: bytes = b"\r\n") -> bytes:
    return line_break.join((b"HTTP/1.1 200 OK", TYPE, *lines, b"", body))


def chunked(body: bytes = BODY, size: bytes = b"%x", line_break: bytes = b"\r\n") -> bytes:
    parts = [body[at : at + 100] for at in range(0, len(body), 100)]
    return b"".join(size % len(part) + line_break + part + line_break for part in parts) + b"0" + 2 * line_break


CHUNKS = b"Transfer-Encoding: chunked"
FAULTS = {
    "lines end in LF": answer(LENGTH, line_break=b"\n"),
    "LF, read until close": answer(line_break=b"\n"),
    "LF in head and chunks": answer(CHUNKS, body=chunked(line_break=b"\n"), line_break=b"\n"),
    "lines end in CR CR LF": answer(LENGTH, line_break=b"\r\r\n"),
    "chunks beside a length that is too small": answer(b"Content-Length: 5", CHUNKS, body=chunked()),
    "chunks beside a length that is too large": answer(CHUNKS, b"Content-Length: 900000", body=chunked()),
    "a space before the colon": answer(b"Content-Length : %d" % len(BODY)),
    "a line without a colon": answer(b"Powered by the newsroom", LENGTH),
    "a control character in a cookie": answer(b"Set-Cookie: sid=\x01\x02; Path=/", LENGTH),
    "a NUL in a header": answer(b"X-Server: a\x00b", LENGTH),
    "the length twice": answer(LENGTH, LENGTH),
    "the length twice in one line": answer(LENGTH + b", %d" % len(BODY)),
    "a folded line": answer(b"X-Policy: default-src", b"  'self'", LENGTH),
    "a folded line before all others": b"HTTP/1.1 200 OK\r\n folded\r\n%s\r\n\r\n%s" % (LENGTH, BODY),
    "spaces after a chunk size": answer(CHUNKS, body=chunked(size=b"%x  ")),
    "zeros before a chunk size": answer(CHUNKS, body=chunked(size=b"0000%x")),
    "no empty line after the last chunk": answer(CHUNKS, body=chunked()[:-2]),
    "bytes after the body": answer(LENGTH, body=BODY + b"HTTP/1.1 500 Oops\r\n\r\n"),
    "empty lines before the head": b"\r\n\r\n" + answer(LENGTH),
    "no reason in the status line": answer(LENGTH).replace(b"200 OK", b"200"),
    "status 202": answer(LENGTH).replace(b"200 OK", b"202 Accepted"),
    "status 203": answer(LENGTH).replace(b"200 OK", b"203 Non-Authoritative"),
    "status 226": answer(CHUNKS, body=chunked()).replace(b"200 OK", b"226 IM Used"),
}
AMBIGUOUS = {
    "two lengths": answer(LENGTH, b"Content-Length: 5"),
    "two lengths in one line": answer(LENGTH + b", 5"),
    "two lengths beside chunks": answer(LENGTH, CHUNKS, b"Content-Length: 5", body=chunked()),
    "a negative length": answer(b"Content-Length: -1"),
    "a chunk longer than its size": answer(CHUNKS, body=b"5\r\nhello world\r\n0\r\n\r\n"),
    "chunks that end too soon": answer(CHUNKS, body=chunked()[:-5]),
    "a body shorter than its length": answer(b"Content-Length: %d" % (len(BODY) + 1)),
}


async def fetch(handler: Respond, purpose: FetchPurpose) -> FetchResult:
    async with serving(handler) as server:
        fetcher = HttpFetcher("desk@example.org", LOOPBACK, FakeClock())
        return await fetcher.fetch(FetchRequest(server.url("/doc"), purpose))


def cut(response: bytes, step: int) -> Respond:
    """Send a response in small pieces, so that its lines arrive in parts."""

    async def respond(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        for at in range(0, len(response), step):
            writer.write(response[at : at + step])
            await writer.drain()
            await asyncio.sleep(0)

    return respond


@pytest.mark.parametrize("fault", FAULTS)
def test_a_document_with_a_faulty_head_is_read_completely(fault: str) -> None:
    """Feeds and article pages of such servers have the same body as from a server without errors."""
    for purpose in FetchPurpose:
        result = on_loop(fetch(respond_with(FAULTS[fault]), purpose))
        assert isinstance(result, Fetched), (fault, result)
        assert result.body == BODY
    result = on_loop(fetch(cut(FAULTS[fault], 3), FetchPurpose.FEED))
    assert isinstance(result, Fetched), (fault, result)
    assert result.body == BODY


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_a_response_without_a_certain_end_is_rejected(fault: str) -> None:
    """Two different lengths, damaged chunks and cut bodies are failures with a reason."""
    result = on_loop(fetch(respond_with(AMBIGUOUS[fault]), FetchPurpose.FEED))
    assert isinstance(result, Failed), (fault, result)
    assert result.reason


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (b"HTTP/1.1 200 OK\nContent-Length : 2\n\nok", Sent),
        (b"HTTP/1.1 204 No Content\r\nno colon here\r\n\r\n", Sent),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n", Sent),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\nok", Retry),
    ],
)
def test_webhook_receivers_are_read_like_other_servers(response: bytes, kind: type[SendResult]) -> None:
    """A delivery that the receiver confirmed with a faulty head is not sent again."""

    async def run() -> SendResult:
        async with serving(respond_with(response)) as server:
            sender = WebhookSender(
                WebhookChannel("hook", Secret(server.url("/hook")), ()), create_guarded_transport(LOOPBACK)
            )
            return await sender.send(message(), NOW)

    assert isinstance(on_loop(run()), kind)


def test_a_poll_stores_the_articles_of_faulty_servers(tmp_path: Path) -> None:
    """``monitor poll`` stores the three articles of each feed, and shows the reason of the rejected source."""
    cases = [*FAULTS.items(), ("two lengths", AMBIGUOUS["two lengths"])]

    async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(cases[int(path.rpartition("/")[2])][1])

    async def poll() -> tuple[str, str]:
        async with serving(handler) as server:
            sources = "".join(
                f"  s{number}: {{feed: '{server.url(f'/{number}')}', text_from: feed}}\n"
                for number in range(len(cases))
            )
            config = tmp_path / "sources.yaml"
            config.write_text(
                f"settings: {{allowed_networks: [127.0.0.0/8], probe_address: 'off'}}\nsources:\n{sources}",
                encoding="utf-8",
            )
            runner, option = CliRunner(), ["-c", str(config)]
            polled = await asyncio.to_thread(runner.invoke, app, ["poll", *option])
            status = await asyncio.to_thread(runner.invoke, app, ["status", "--json", *option])
            return polled.output, status.stdout

    output, status = on_loop(poll())
    found = {one["id"]: one for one in json.loads(status)["sources"]}
    for number, (fault, _) in enumerate(cases[:-1]):
        assert (found[f"s{number}"]["articles"], found[f"s{number}"]["state"]) == (3, "ok"), (fault, output)
    refused = found[f"s{len(cases) - 1}"]
    assert (refused["articles"], refused["state"]) == (0, "failing")
    assert "Content-Length has two different values" in refused["detail"]
