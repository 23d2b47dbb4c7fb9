"""Fetcher against hostile and broken servers.

Covers redirects, compression bombs, endless and slow responses, certificates and robots.txt.
"""

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import trustme
from loops import run_jumping, run_ready_tasks, run_skipping, skip
from support.fakes import FakeClock
from support.http_server import Asked, Loopback, Respond, on_loop, reply, respond_with, serving

from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureCause,
    FailureWeight,
    Fetched,
    FetchPurpose,
    FetchRequest,
    FetchResult,
    NotModified,
)
from monitor.fetch.address_guard import AddressGuard, look_up_host
from monitor.fetch.client import HttpFetcher
from monitor.fetch.http1 import ResponseLimits
from monitor.fetch.politeness import HostLimiter
from monitor.fetch.transport import GuardedTransport

LOOPBACK = [ip_network("127.0.0.0/8")]
DEADLINE = 60.0  # seconds; tests that need it to expire move the event loop's clock forward


def fetcher(seconds: float = DEADLINE, **options: object) -> HttpFetcher:
    return HttpFetcher("desk@example.org", LOOPBACK, FakeClock(), total_timeout_seconds=seconds, **options)  # type: ignore[arg-type]  # further arguments of HttpFetcher


async def fetch_async(handler: Respond, path: str = "/", **options: object) -> tuple[FetchResult, Loopback]:
    """Fetch one URL from a server with the given handler."""
    async with serving(handler) as server:
        return await fetcher().fetch(FetchRequest(server.url(path), **options)), server  # type: ignore[arg-type]  # fields of Request


def fetch_from(handler: Respond, path: str = "/", **options: object) -> tuple[FetchResult, Loopback]:
    """Fetch one URL from a server with the given handler, on the daemon's event loop."""
    return on_loop(fetch_async(handler, path, **options))


def assert_failed(result: FetchResult, words: str) -> None:
    assert isinstance(result, Failed), result
    assert words in result.reason


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:text/xml,x"]
)
def test_redirects_to_other_schemes_are_rejected(target: str) -> None:
    """Only redirects to http and https are followed."""
    result, _ = fetch_from(respond_with(reply(status="302 Found", Location=target)))
    assert_failed(result, "not a valid web address")


def test_redirect_loops_and_long_chains_are_stopped() -> None:
    """A loop is detected at once; a chain is stopped after five redirects."""
    result, server = fetch_from(respond_with(reply(status="302 Found", Location="/")))
    assert_failed(result, "circle")
    assert server.accepts == 1

    async def onward(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="302 Found", Location=f"{path}x"))

    result, server = fetch_from(onward)
    assert_failed(result, "more than 5 times")
    assert server.accepts == 6


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY and similar variables have no effect, and the proxy is never connected to."""

    async def run() -> tuple[FetchResult, int]:
        async with serving(respond_with(reply(b"proxy"))) as proxy, serving(respond_with(reply(b"direct"))) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url())
            return await fetcher().fetch(FetchRequest(server.url())), proxy.accepts

    result, accepts = on_loop(run())
    assert isinstance(result, Fetched)
    assert result.body == b"direct"
    assert accepts == 0


@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.1"])
def test_credentials_are_sent_to_their_origin_only(host: str) -> None:
    """No configured header follows a redirect to another host or to another port of the same host."""

    async def run() -> list[Asked]:
        async with serving(respond_with(reply(b"other")), host) as other:
            answer = reply(status="302 Found", Location=other.url(), Set_Cookie="sid=1; Path=/")
            async with serving(respond_with(answer)) as server:
                headers = (
                    ("Authorization", "Bearer s3cret"),
                    ("Cookie", "a=b"),
                    ("X-Auth-Token", "t"),
                    ("X-Plain", "p"),
                )
                result = await fetcher().fetch(FetchRequest(server.url(), headers=headers))
                assert isinstance(result, Fetched)
                assert server.asked[0].headers["authorization"] == "Bearer s3cret"
            return other.asked

    (asked,) = on_loop(run())
    headers = asked.headers
    assert not {"authorization", "cookie", "x-auth-token", "x-plain"} & set(headers)


def test_headers_stay_with_their_origin_when_a_redirect_leads_back() -> None:
    """After a redirect to another path of its own origin a source's headers are sent, spelled as configured."""

    async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"feed") if path == "/new" else reply(status="301 Moved", Location="/new"))

    _, server = fetch_from(handler, "/old", headers=(("X-Auth-Token", "t"),))
    assert [asked.headers.get("x-auth-token") for asked in server.asked] == ["t", "t"]


def test_header_values_with_line_breaks_are_never_sent() -> None:
    """A value with a line break would begin a header of its own, so no connection is opened for it."""
    for value in ("a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"):
        result, server = fetch_from(respond_with(reply(b"feed")), headers=(("X-Token", value),))
        assert_failed(result, "line break")
        assert server.accepts == 0


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/tin tức/mới.xml".encode(), "/tin%20t%E1%BB%A9c/m%E1%BB%9Bi.xml"),
        (b"/actualit\xe9s/une", "/actualit%E9s/une"),
        (b'/a%20b?q=\xc3\xa9 "x"&r=1#top', "/a%20b?q=%C3%A9%20%22x%22&r=1"),
        (b"plan b.rss", "/old/plan%20b.rss"),
        (b"?page=1 2", "/old/rss?page=1%202"),
    ],
)
def test_redirects_to_unquoted_addresses_are_quoted_and_followed(location: bytes, path: str) -> None:
    """Spaces and non-ASCII bytes in Location are percent-encoded byte for byte, as browsers do."""

    async def handler(asked: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location
        writer.write(moved if asked == "/old/rss" else reply(b"feed"))

    result, server = fetch_from(handler, "/old/rss")
    assert isinstance(result, Fetched), result
    assert server.asked[-1].path == path


def test_gzip_bomb_is_stopped_in_bounded_memory() -> None:
    """A body of 0.1 MB that would decode to 100 MB is stopped after a few megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    handler = respond_with(reply(body, Content_Encoding="gzip"))
    tracemalloc.start()
    result, _ = fetch_from(handler)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_failed(result, "10 MB decoded")
    assert peak < 50_000_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,br"])
def test_unrequested_and_stacked_encodings_are_rejected(encoding: str) -> None:
    """Only gzip and deflate are requested, and no other encoding is decoded."""
    result, server = fetch_from(respond_with(reply(b"\x0b\x02\x80\x00\x03", Content_Encoding=encoding)))
    assert_failed(result, "not asked for")
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


def test_endless_body_is_stopped_at_the_limit() -> None:
    """The size limit applies with and without a declared length."""

    async def endless(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(100_000))
            await writer.drain()

    result, _ = fetch_from(endless)
    assert_failed(result, "longer than 5 MB")
    result, _ = fetch_from(respond_with(b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"))
    assert_failed(result, "longer than 5 MB")


async def drip_body(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await _drip(b"x", writer)


async def drip_headers(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    await _drip(b"x", writer)


async def drip_interim_responses(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    await _drip(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", writer)


async def silent(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    skip(DEADLINE + 1)
    await run_ready_tasks()


async def _drip(piece: bytes, writer: asyncio.StreamWriter) -> None:
    """Send small pieces within any limit per read, but far beyond the total timeout."""
    for _ in range(10):
        writer.write(piece)
        await writer.drain()
        await run_ready_tasks()
        skip(DEADLINE / 4)
    await run_ready_tasks()


@pytest.mark.parametrize("handler", [drip_body, drip_headers, drip_interim_responses, silent])
def test_total_timeout_stops_slow_and_silent_servers(handler: Respond) -> None:
    """A server that keeps sending a little is cut off by the total timeout; so is one that sends nothing."""
    result, _ = run_skipping(fetch_async(handler))
    assert_failed(result, "within 60 s")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"X: " + bytes(b"x" * 200_000), "headers are longer"),
        (b"\r\n".join(b"X-%d: 1" % n for n in range(5_000)), "headers"),
        (b"\r\n".join(b"X-%d: 1" % n for n in range(250)), "more than 200 headers"),
    ],
)
def test_huge_headers_are_rejected(head: bytes, words: str) -> None:
    """One very long header, or thousands of short ones, end the request."""
    result, _ = fetch_from(respond_with(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n"))
    assert_failed(result, words)


def test_slow_lookups_do_not_delay_other_hosts() -> None:
    """A healthy host is fetched while forty lookups hang; each of these fails after its timeout."""
    release = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host.startswith("slow"):
            release.wait(2 * DEADLINE)
        return look_up_host("127.0.0.1", port)

    async def run() -> list[FetchResult]:
        http_fetcher = fetcher(10 * DEADLINE, address_guard=AddressGuard(LOOPBACK, lookup, timeout_seconds=DEADLINE))
        async with serving(respond_with(reply(b"here"))) as server:
            hanging = [
                asyncio.create_task(http_fetcher.fetch(FetchRequest(f"http://slow{n}.test/"))) for n in range(40)
            ]
            await run_ready_tasks()
            assert isinstance(await http_fetcher.fetch(FetchRequest(server.url(host="healthy.test"))), Fetched)
            assert not any(task.done() for task in hanging)
            skip(DEADLINE + 1)
            return await asyncio.gather(*hanging)

    try:
        results = run_skipping(run())
    finally:
        release.set()
    for result in results:
        assert_failed(result, "name servers do not answer")
        assert isinstance(result, Failed)
        assert result.weight is FailureWeight.TEMPORARY


def test_invalid_certificates_are_rejected_with_the_reason() -> None:
    """Self-signed, wrong-host and expired certificates are rejected with a clear reason; a valid one is accepted."""
    ours, theirs = trustme.CA(), trustme.CA()
    client = ssl.create_default_context()
    ours.configure_trust(client)

    def context(ca: trustme.CA, name: str, not_after: datetime | None = None) -> ssl.SSLContext:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name, not_after=not_after).configure_cert(server)
        return server

    async def run(server_context: ssl.SSLContext) -> FetchResult:
        guard = AddressGuard(LOOPBACK, lambda host, port: ["127.0.0.1"])
        http_fetcher = fetcher(address_guard=guard, transport=GuardedTransport(guard, ssl_context=client))
        async with serving(respond_with(reply(b"safe")), context=server_context) as server:
            return await http_fetcher.fetch(FetchRequest(server.url(host="daily.test", scheme="https")))

    assert isinstance(on_loop(run(context(ours, "daily.test"))), Fetched)
    for bad, reason in (
        (context(theirs, "daily.test"), "unable to get local issuer certificate"),
        (context(ours, "other.test"), "certificate is not valid for 'daily.test'"),
        (context(ours, "daily.test", datetime(2020, 1, 1, tzinfo=UTC)), "certificate has expired"),
    ):
        result = on_loop(run(bad))
        assert_failed(result, "certificate of daily.test was refused")
        assert_failed(result, reason)
        assert isinstance(result, Failed)
        assert (result.weight, result.cause) == (FailureWeight.HARD, FailureCause.CERTIFICATE)


def test_a_host_gets_two_connections_at_most_and_its_crawl_delay_is_applied() -> None:
    """Two requests to one host run at the same time, however many sources it has; Crawl-delay is applied."""
    arrived, answered, max_open = 0, 0, 0

    async def slow(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        nonlocal arrived, answered, max_open
        arrived += 1
        max_open = max(max_open, arrived - answered)
        await run_ready_tasks()
        answered += 1  # before the response is sent, because its receiver may send the next request at once
        writer.write(reply(b"User-agent: *\nCrawl-delay: 0.2\n" if path == "/robots.txt" else b"here"))

    async def run() -> list[tuple[str, float]]:
        async with serving(slow) as server:
            http_fetcher = fetcher(host_limiter=hosts)
            await asyncio.gather(*(http_fetcher.fetch(FetchRequest(server.url(f"/{n}"))) for n in range(40)))
            await http_fetcher.fetch(FetchRequest(server.url("/page"), FetchPurpose.PAGE))
            return hosts.recorded_delays

    hosts = RecordingHostLimiter()
    assert on_loop(run()) == [("127.0.0.1", 0.2)]
    assert (arrived, max_open) == (42, 2)


class RecordingHostLimiter(HostLimiter):
    """Host limiter that records which hosts requested which delay."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded_delays: list[tuple[str, float]] = []

    def raise_delay(self, host_name: str, delay_seconds: float) -> None:
        """Record the delay and pass it on."""
        self.recorded_delays.append((host_name, delay_seconds))
        super().raise_delay(host_name, delay_seconds)


def test_requests_to_one_host_are_delayed() -> None:
    """The starts of two requests to a foreign host are one delay apart, or longer if the host asks for it."""

    async def run() -> list[float]:
        hosts, starts = HostLimiter(delay_seconds=1.0), list[float]()

        async def visit() -> None:
            async with hosts.slot("daily.example"):
                starts.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(visit() for _ in range(3)))
        hosts.raise_delay("daily.example", 5.0)
        await asyncio.gather(*(visit() for _ in range(3)))
        return starts

    assert run_jumping(run()) == pytest.approx([0, 1, 2, 3, 8, 13])


@pytest.mark.parametrize(
    ("robots", "blocked"),
    [
        (reply(b"User-agent: *\nDisallow: /news\n"), True),
        (reply(b"User-agent: monitor\nDisallow: /\n"), True),
        (reply("\ufeffUser-agent: *\nDisallow: /\n".encode()), True),
        (reply(b"User-agent: other\nDisallow: /\n"), False),
        (reply(b"<html><script>document.cookie='a'</script></html>"), False),
        (reply(status="404 Not Found"), False),
        (reply(status="403 Forbidden"), False),
    ],
)
def test_robots_txt_is_obeyed_for_pages(robots: bytes, blocked: bool) -> None:
    """robots.txt is fetched once and applies to pages, not to feeds; an HTML page in its place sets no rules."""

    async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(robots if path == "/robots.txt" else reply(b"page"))

    async def run() -> list[str]:
        async with serving(handler) as server:
            http_fetcher = fetcher()
            page = FetchRequest(server.url("/news/1"), FetchPurpose.PAGE)
            for result in (await http_fetcher.fetch(page), await http_fetcher.fetch(page)):
                assert isinstance(result, Blocked if blocked else Fetched)
            assert isinstance(await http_fetcher.fetch(FetchRequest(server.url("/news/feed"))), Fetched)
            return [asked.path for asked in server.asked]

    assert on_loop(run()).count("/robots.txt") == 1


def test_pages_wait_while_robots_txt_fails() -> None:
    """A 5xx response for robots.txt makes pages wait; it does not permit them."""

    async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="503 Busy") if path == "/robots.txt" else reply(b"page"))

    result, server = fetch_from(handler, "/news/1", purpose=FetchPurpose.PAGE)
    assert_failed(result, "robots.txt")
    assert [asked.path for asked in server.asked] == ["/robots.txt"]


def test_not_modified_is_accepted_only_with_validators() -> None:
    """A 304 without validators in the request is a failure; with validators it is a result."""
    result, _ = fetch_from(respond_with(reply(status="304 Not Modified")))
    assert_failed(result, "304")
    result, server = fetch_from(respond_with(reply(status="304 Not Modified", Cache_Control="max-age=60")), etag='"7"')
    assert result == NotModified(timedelta(seconds=60))
    assert server.asked[0].headers["if-none-match"] == '"7"'
    answer = reply(status="304 Not Modified", ETag='"8"', Last_Modified="Thu, 05 Mar 2026 09:00:00 GMT")
    result, _ = fetch_from(respond_with(answer), etag='"7"')
    assert result == NotModified(None, "", '"8"', "Thu, 05 Mar 2026 09:00:00 GMT")


@pytest.mark.parametrize(
    "status", ["201 Created", "202 Accepted", "203 Non-Authoritative", "206 Partial", "226 IM Used"]
)
def test_any_success_with_a_body_is_a_document(status: str) -> None:
    """Whatever the status, a body is read; a part of a document has no validators. Without a body it is a failure."""
    result, _ = fetch_from(respond_with(reply(b"<rss/>", status=status, ETag='"7"')))
    assert isinstance(result, Fetched)
    assert (result.body, result.etag) == (b"<rss/>", "" if "206" in status else '"7"')
    result, _ = fetch_from(respond_with(reply(b"", status=status)))
    assert_failed(result, f"without a document ({status[:3]})")
    result, _ = fetch_from(respond_with(reply(b"", status=status, x_amzn_waf_action="challenge")))
    assert isinstance(result, Blocked)


def test_cookie_gates_that_redirect_to_themselves_are_followed() -> None:
    """A redirect to the same URL with a new cookie is followed once; the cookie is kept for this chain only."""

    async def gate(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        inside = "muid" in headers.get("cookie", "")
        writer.write(
            reply(b"feed") if inside else reply(status="302 Found", Location=path, Set_Cookie="muid=1; Path=/")
        )

    async def run() -> int:
        async with serving(gate) as server:
            http_fetcher = fetcher()
            for _ in range(2):
                assert isinstance(await http_fetcher.fetch(FetchRequest(server.url("/rss"))), Fetched)
            return server.accepts

    assert on_loop(run()) == 4


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "words"),
    [
        ("403 Forbidden", {"cf_mitigated": "challenge", "Server": "cloudflare"}, b"", Blocked, "Cloudflare"),
        ("403 Forbidden", {"x_datadome": "protected"}, b"", Blocked, "DataDome"),
        ("403 Forbidden", {}, b"<title>ACCESS DENIED</title>", Blocked, "refuses programs"),
        ("503 Busy", {}, b"<title>Just a moment...</title>", Blocked, "Cloudflare"),
        ("503 Busy", {"Retry_After": "120"}, b"", Failed, "out of service"),
        ("401 Unauthorized", {}, b"", Blocked, "login"),
        ("451 Unavailable", {}, b"", Blocked, "legal"),
        ("429 Too Many", {"Retry_After": "3600"}, b"", Failed, "fewer requests"),
        ("404 Not Found", {}, b"", Failed, "404"),
        ("500 Oops", {}, b"", Failed, "500"),
        ("204 No Content", {}, b"", Failed, "204"),
    ],
)
def test_blocked_and_failed_responses_are_distinguished(
    status: str, headers: dict[str, str], body: bytes, kind: type[FetchResult], words: str
) -> None:
    """Blocked and failed responses have different results, and the reason names the blocking product if it is known."""
    result, _ = fetch_from(respond_with(reply(body, status=status, **headers)))
    assert isinstance(result, kind)
    assert words in result.reason  # type: ignore[union-attr]  # all types above have a reason
    if "Retry_After" in headers:
        assert result.retry_after == timedelta(seconds=int(headers["Retry_After"]))  # type: ignore[union-attr]  # as above


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        reply(b"not gzip at all", Content_Encoding="gzip"),
        b"\x00" * 1000,
    ],
)
def test_invalid_responses_are_failures_with_a_reason(answer: bytes) -> None:
    """Any bytes that are not a valid response give a ``Failed`` with a reason."""
    result, _ = fetch_from(respond_with(answer))
    assert isinstance(result, Failed)
    assert result.reason


def test_bodies_in_every_valid_encoding_are_equal() -> None:
    """Gzip, two gzip members, both kinds of deflate, chunks and read-until-close give the same body."""
    text = b"<rss>hello</rss>" * 50
    raw = zlib.compressobj(wbits=-15)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    answers = [
        reply(gzip.compress(text), Content_Encoding="gzip"),
        reply(gzip.compress(text[:400]) + gzip.compress(text[400:]), Content_Encoding="gzip"),
        reply(zlib.compress(text), Content_Encoding="deflate"),
        reply(raw.compress(text) + raw.flush(), Content_Encoding="deflate"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
        b"HTTP/1.0 200 OK\r\n\r\n" + text,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(text),
    ]
    for answer in answers:
        result, _ = fetch_from(respond_with(answer))
        assert isinstance(result, Fetched), answer[:80]
        assert result.body == text


def test_a_body_that_ends_with_the_connection_is_not_complete_if_it_is_reset_or_cut() -> None:
    """Without a length, a reset connection or an open gzip stream shows that the rest of the body is missing."""
    body = gzip.compress(b"".join(b"<p>%d</p>" % (number * 7919) for number in range(5_000)))
    head = b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"

    async def reset(_path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n<rss>hello")
        await writer.drain()
        connection = writer.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends a reset
        writer.transport.abort()

    for handler in (reset, respond_with(head + body[: len(body) // 2])):
        result, _ = fetch_from(handler)
        assert isinstance(result, Failed)
        assert "before its response was complete" in result.reason


def test_only_permanent_moves_are_reported() -> None:
    """301 and 308 report the new URL; a 302 before them in the chain prevents this."""

    def chain(*statuses: str) -> Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]:
        async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            at = len(path) - 1
            writer.write(reply(b"feed") if at >= len(statuses) else reply(status=statuses[at], Location=f"{path}x"))

        return handler

    for statuses, moved in (
        (("301 Moved",), "/x"),
        (("301 Moved", "308 Moved"), "/xx"),
        (("302 Found",), ""),
        (("301 Moved", "302 Found"), "/x"),
        (("302 Found", "301 Moved"), ""),
    ):
        result, server = fetch_from(chain(*statuses))
        assert isinstance(result, Fetched)
        assert result.moved_to == (server.url(moved) if moved else "")

    async def moved_and_unchanged(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="304 Not Modified" if path == "/new" else "301 Moved", Location="/new"))

    result, server = fetch_from(moved_and_unchanged, etag='"7"')
    assert result == NotModified(moved_to=server.url("/new"))


def test_response_limits_are_parameters_of_the_transport() -> None:
    """A lower limit stops a response earlier."""

    async def run() -> FetchResult:
        guard = AddressGuard(LOOPBACK)
        http_fetcher = fetcher(address_guard=guard, transport=GuardedTransport(guard, ResponseLimits(wire_bytes=1_000)))
        async with serving(respond_with(reply(bytes(70_000)))) as server:
            return await http_fetcher.fetch(FetchRequest(server.url()))

    assert_failed(on_loop(run()), "longer than")


def test_causes_of_unreachable_hosts_are_distinguished() -> None:
    """An unknown name, a closed port and a hanging server have different causes, so the suggestion can differ."""

    def lookup(host: str, port: int) -> list[str]:
        if host == "nowhere.test":
            raise OSError("Name or service not known")
        return ["127.0.0.1"]

    async def run() -> list[FetchResult]:
        async with serving(respond_with()) as closed:
            port = closed.port

        async def hang(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            skip(DEADLINE + 1)
            await run_ready_tasks()

        async with serving(hang) as hanging:
            http_fetcher = fetcher(address_guard=AddressGuard(LOOPBACK, lookup))
            urls = ("http://nowhere.test/", f"http://there.test:{port}/", hanging.url(host="there.test"))
            return [await http_fetcher.fetch(FetchRequest(url)) for url in urls]

    results = run_skipping(run())
    causes = [result.cause for result in results if isinstance(result, Failed)]
    assert causes == [FailureCause.NAME_LOOKUP, FailureCause.UNREACHABLE, FailureCause.TIMEOUT]
