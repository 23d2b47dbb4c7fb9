"""What a server can do to the fetcher, row by row of the list of threats (7, 8, 10-18, 64-66)."""

import asyncio
import gzip
import ssl
import threading
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import trustme
from loops import leaping, skip, skipping, turn
from support.fakes import FakeClock
from support.http_server import Loopback, Talk, on_loop, reply, says, serving

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
DEADLINE = 60.0  # seconds, on a clock that the test sets forward where the deadline is to be met


def fetcher(seconds: float = DEADLINE, **more: object) -> HttpFetcher:
    return HttpFetcher("desk@example.org", LOOPBACK, FakeClock(), total_timeout_seconds=seconds, **more)  # type: ignore[arg-type]  # further arguments of HttpFetcher


async def asked(talk: Talk, path: str = "/", **more: object) -> tuple[FetchResult, Loopback]:
    """Fetch one address of a server that talks so."""
    async with serving(talk) as server:
        return await fetcher().fetch(FetchRequest(server.url(path), **more)), server  # type: ignore[arg-type]  # fields of Request


def ask(talk: Talk, path: str = "/", **more: object) -> tuple[FetchResult, Loopback]:
    """Fetch one address of a server that talks so, on the loop of the daemon."""
    return on_loop(asked(talk, path, **more))


def failed(outcome: FetchResult, words: str) -> None:
    assert isinstance(outcome, Failed), outcome
    assert words in outcome.reason


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:text/xml,x"]
)
def test_redirects_out_of_the_web_are_refused(target: str) -> None:
    """Only http and https are followed."""
    outcome, _ = ask(says(reply(status="302 Found", Location=target)))
    failed(outcome, "no web address")


def test_redirect_loops_and_chains_end() -> None:
    """A circle is seen at once, a chain ends after five hops."""
    outcome, server = ask(says(reply(status="302 Found", Location="/")))
    failed(outcome, "circle")
    assert server.accepts == 1

    async def onward(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="302 Found", Location=f"{path}x"))

    outcome, server = ask(onward)
    failed(outcome, "more than 5 times")
    assert server.accepts == 6


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY changes nothing and is never connected to."""

    async def run() -> tuple[FetchResult, int]:
        async with serving(says(reply(b"proxy"))) as proxy, serving(says(reply(b"direct"))) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url())
            return await fetcher().fetch(FetchRequest(server.url())), proxy.accepts

    outcome, accepts = on_loop(run())
    assert isinstance(outcome, Fetched)
    assert outcome.body == b"direct"
    assert accepts == 0


def test_credentials_stay_at_their_origin() -> None:
    """Authorization and cookies do not follow a redirect to another origin."""

    async def run() -> list[tuple[str, dict[str, str]]]:
        async with serving(says(reply(b"other")), "127.0.0.2") as other:
            answer = reply(status="302 Found", Location=other.url(), Set_Cookie="sid=1; Path=/")
            async with serving(says(answer)) as server:
                headers = (("Authorization", "Bearer s3cret"), ("Cookie", "a=b"), ("X-Plain", "kept"))
                outcome = await fetcher().fetch(FetchRequest(server.url(), headers=headers))
                assert isinstance(outcome, Fetched)
                assert server.asked[0][1]["authorization"] == "Bearer s3cret"
            return other.asked

    ((_, headers),) = on_loop(run())
    assert not {"authorization", "cookie"} & set(headers)
    assert headers["x-plain"] == "kept"


def test_gzip_bomb_is_cut() -> None:
    """A tenth of a megabyte that would be a hundred stops after a few megabytes, in little memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    talk = says(reply(body, Content_Encoding="gzip"))
    tracemalloc.start()
    outcome, _ = ask(talk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    failed(outcome, "10 MB decoded")
    assert peak < 50_000_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,br"])
def test_other_and_stacked_encodings_are_refused(encoding: str) -> None:
    """What was not asked for is not decoded, and not asked for."""
    outcome, server = ask(says(reply(b"\x0b\x02\x80\x00\x03", Content_Encoding=encoding)))
    failed(outcome, "not asked for")
    assert server.asked[0][1]["accept-encoding"] == "gzip, deflate"


def test_endless_body_is_cut() -> None:
    """A body without end stops at the cap, with and without a declared length."""

    async def endless(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(100_000))
            await writer.drain()

    outcome, _ = ask(endless)
    failed(outcome, "longer than 5 MB")
    outcome, _ = ask(says(b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"))
    failed(outcome, "longer than 5 MB")


async def drip_body(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await _drip(b"x", writer)


async def drip_headers(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    await _drip(b"x", writer)


async def drip_interim(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    await _drip(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", writer)


async def silent(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    skip(DEADLINE + 1)
    await turn()


async def _drip(piece: bytes, writer: asyncio.StreamWriter) -> None:
    """Send a little, always long before a limit for each read would be over, far beyond the total deadline."""
    for _ in range(10):
        writer.write(piece)
        await writer.drain()
        await turn()
        skip(DEADLINE / 4)
    await turn()


@pytest.mark.parametrize("talk", [drip_body, drip_headers, drip_interim, silent])
def test_the_total_deadline_ends_drips(talk: Talk) -> None:
    """A server that keeps sending a little is cut as a whole, not per read; so is one that sends nothing."""
    outcome, _ = skipping(asked(talk))
    failed(outcome, "within 60 s")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"X: " + bytes(b"x" * 200_000), "headers are longer"),
        (b"\r\n".join(b"X-%d: 1" % n for n in range(5_000)), "headers"),
        (b"\r\n".join(b"X-%d: 1" % n for n in range(250)), "more than 200 headers"),
    ],
)
def test_huge_headers_are_refused(head: bytes, words: str) -> None:
    """One long header and thousands of short ones end the exchange."""
    outcome, _ = ask(says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n"))
    failed(outcome, words)


def test_slow_names_delay_nobody_else() -> None:
    """A healthy name is looked up and fetched while forty lookups still sleep; each is given up after its deadline."""
    wake = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host.startswith("slow"):
            wake.wait(2 * DEADLINE)
        return look_up_host("127.0.0.1", port)

    async def run() -> list[FetchResult]:
        own = fetcher(10 * DEADLINE, address_guard=AddressGuard(LOOPBACK, lookup, timeout_seconds=DEADLINE))
        async with serving(says(reply(b"here"))) as server:
            hanging = [asyncio.create_task(own.fetch(FetchRequest(f"http://slow{n}.test/"))) for n in range(40)]
            await turn()
            assert isinstance(await own.fetch(FetchRequest(server.url(host="healthy.test"))), Fetched)
            assert not any(task.done() for task in hanging)
            skip(DEADLINE + 1)
            return await asyncio.gather(*hanging)

    try:
        outcomes = skipping(run())
    finally:
        wake.set()
    for outcome in outcomes:
        failed(outcome, "name servers do not answer")
        assert isinstance(outcome, Failed)
        assert outcome.weight is FailureWeight.TEMPORARY


def test_certificates_are_checked() -> None:
    """Self-signed, wrong name and expired are refused with a clear reason; a good one is accepted."""
    ours, theirs = trustme.CA(), trustme.CA()
    client = ssl.create_default_context()
    ours.configure_trust(client)

    def context(ca: trustme.CA, name: str, not_after: datetime | None = None) -> ssl.SSLContext:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name, not_after=not_after).configure_cert(server)
        return server

    async def run(server_context: ssl.SSLContext) -> FetchResult:
        guard = AddressGuard(LOOPBACK, lambda host, port: ["127.0.0.1"])
        own = fetcher(address_guard=guard, transport=GuardedTransport(guard, ssl_context=client))
        async with serving(says(reply(b"safe")), context=server_context) as server:
            return await own.fetch(FetchRequest(server.url(host="daily.test", scheme="https")))

    assert isinstance(on_loop(run(context(ours, "daily.test"))), Fetched)
    for bad, reason in (
        (context(theirs, "daily.test"), "unable to get local issuer certificate"),
        (context(ours, "other.test"), "certificate is not valid for 'daily.test'"),
        (context(ours, "daily.test", datetime(2020, 1, 1, tzinfo=UTC)), "certificate has expired"),
    ):
        outcome = on_loop(run(bad))
        failed(outcome, "certificate of daily.test was refused")
        failed(outcome, reason)
        assert isinstance(outcome, Failed)
        assert (outcome.weight, outcome.cause) == (FailureWeight.HARD, FailureCause.CERTIFICATE)


def test_one_host_is_not_stormed() -> None:
    """However many sources a host has, it sees two connections at once, and its Crawl-delay is heeded."""
    arrived, answered, most = 0, 0, 0

    async def slow(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        nonlocal arrived, answered, most
        arrived += 1
        most = max(most, arrived - answered)
        await turn()
        answered += 1  # before the answer is sent: whoever has it may ask again at once
        writer.write(reply(b"User-agent: *\nCrawl-delay: 0.2\n" if path == "/robots.txt" else b"here"))

    async def run() -> list[tuple[str, float]]:
        async with serving(slow) as server:
            own = fetcher(host_limiter=hosts)
            await asyncio.gather(*(own.fetch(FetchRequest(server.url(f"/{n}"))) for n in range(40)))
            await own.fetch(FetchRequest(server.url("/page"), FetchPurpose.PAGE))
            return hosts.told

    hosts = HostsThatNote()
    assert on_loop(run()) == [("127.0.0.1", 0.2)]
    assert (arrived, most) == (42, 2)


class HostsThatNote(HostLimiter):
    """Notes which hosts asked for a rest, and for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, float]] = []

    def raise_delay(self, host_name: str, delay_seconds: float) -> None:
        """Note and pass on."""
        self.told.append((host_name, delay_seconds))
        super().raise_delay(host_name, delay_seconds)


def test_hosts_rest_between_requests() -> None:
    """A foreign host gets a rest between the starts of two requests, and a longer one when it asks for that."""

    async def run() -> list[float]:
        hosts, starts = HostLimiter(delay_seconds=1.0), list[float]()

        async def visit() -> None:
            async with hosts.slot("daily.example"):
                starts.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(visit() for _ in range(3)))
        hosts.raise_delay("daily.example", 5.0)
        await asyncio.gather(*(visit() for _ in range(3)))
        return starts

    assert leaping(run()) == pytest.approx([0, 1, 2, 3, 8, 13])


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
    """It is asked once, pages follow it, feeds do not; an HTML wall in its place sets no rules."""

    async def talk(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(robots if path == "/robots.txt" else reply(b"page"))

    async def run() -> list[str]:
        async with serving(talk) as server:
            own = fetcher()
            page = FetchRequest(server.url("/news/1"), FetchPurpose.PAGE)
            for outcome in (await own.fetch(page), await own.fetch(page)):
                assert isinstance(outcome, Blocked if blocked else Fetched)
            assert isinstance(await own.fetch(FetchRequest(server.url("/news/feed"))), Fetched)
            return [path for path, _ in server.asked]

    assert on_loop(run()).count("/robots.txt") == 1


def test_a_broken_robots_txt_is_waited_for() -> None:
    """5xx means later, not never mind."""

    async def talk(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="503 Busy") if path == "/robots.txt" else reply(b"page"))

    outcome, server = ask(talk, "/news/1", purpose=FetchPurpose.PAGE)
    failed(outcome, "robots.txt")
    assert [path for path, _ in server.asked] == ["/robots.txt"]


def test_not_modified_only_when_asked() -> None:
    """A 304 to a first question is a fault; with validators it is what it says."""
    outcome, _ = ask(says(reply(status="304 Not Modified")))
    failed(outcome, "304")
    outcome, server = ask(says(reply(status="304 Not Modified", Cache_Control="max-age=60")), etag='"7"')
    assert outcome == NotModified(timedelta(seconds=60))
    assert server.asked[0][1]["if-none-match"] == '"7"'


def test_cookie_gates_that_redirect_to_themselves_are_passed() -> None:
    """A 302 to the same address with a fresh cookie is followed once; the cookie lives for this chain only."""

    async def gate(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        inside = "muid" in headers.get("cookie", "")
        writer.write(
            reply(b"feed") if inside else reply(status="302 Found", Location=path, Set_Cookie="muid=1; Path=/")
        )

    async def run() -> int:
        async with serving(gate) as server:
            own = fetcher()
            for _ in range(2):
                assert isinstance(await own.fetch(FetchRequest(server.url("/rss"))), Fetched)
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
        ("429 Too Many", {"Retry_After": "3600"}, b"", Failed, "less often"),
        ("404 Not Found", {}, b"", Failed, "404"),
        ("500 Oops", {}, b"", Failed, "500"),
        ("204 No Content", {}, b"", Failed, "204"),
    ],
)
def test_refusals_are_told_apart(
    status: str, headers: dict[str, str], body: bytes, kind: type[FetchResult], words: str
) -> None:
    """Blocked is not broken, and says by whom where that is known."""
    outcome, _ = ask(says(reply(body, status=status, **headers)))
    assert isinstance(outcome, kind)
    assert words in outcome.reason  # type: ignore[union-attr]  # all the kinds above have one
    if "Retry_After" in headers:
        assert outcome.retry_after == timedelta(seconds=int(headers["Retry_After"]))  # type: ignore[union-attr]  # as above


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
def test_nonsense_is_a_failure_not_a_crash(answer: bytes) -> None:
    """Whatever comes back, the outcome is a value with a reason."""
    outcome, _ = ask(says(answer))
    assert isinstance(outcome, Failed)
    assert outcome.reason


def test_bodies_in_every_honest_form() -> None:
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
        outcome, _ = ask(says(answer))
        assert isinstance(outcome, Fetched), answer[:80]
        assert outcome.body == text


def test_permanent_moves_are_told_and_temporary_ones_are_not() -> None:
    """301 and 308 name the new address; a 302 anywhere before ends that."""

    def chain(*statuses: str) -> Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]:
        async def talk(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            at = len(path) - 1
            writer.write(reply(b"feed") if at >= len(statuses) else reply(status=statuses[at], Location=f"{path}x"))

        return talk

    for statuses, moved in (
        (("301 Moved",), "/x"),
        (("301 Moved", "308 Moved"), "/xx"),
        (("302 Found",), ""),
        (("301 Moved", "302 Found"), "/x"),
        (("302 Found", "301 Moved"), ""),
    ):
        outcome, server = ask(chain(*statuses))
        assert isinstance(outcome, Fetched)
        assert outcome.moved_to == (server.url(moved) if moved else "")

    async def moved_and_unchanged(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(status="304 Not Modified" if path == "/new" else "301 Moved", Location="/new"))

    outcome, server = ask(moved_and_unchanged, etag='"7"')
    assert outcome == NotModified(moved_to=server.url("/new"))


def test_caps_are_settings_of_the_transport() -> None:
    """A smaller cap cuts sooner."""

    async def run() -> FetchResult:
        guard = AddressGuard(LOOPBACK)
        own = fetcher(address_guard=guard, transport=GuardedTransport(guard, ResponseLimits(wire_bytes=1_000)))
        async with serving(says(reply(bytes(70_000)))) as server:
            return await own.fetch(FetchRequest(server.url()))

    failed(on_loop(run()), "longer than")


def test_who_cannot_be_reached_is_told_apart() -> None:
    """A name nobody knows, a port that refuses, a server that hangs: each says what it is, for its remedy."""

    def lookup(host: str, port: int) -> list[str]:
        if host == "nowhere.test":
            raise OSError("Name or service not known")
        return ["127.0.0.1"]

    async def run() -> list[FetchResult]:
        async with serving(says()) as closed:
            port = closed.port

        async def hang(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            skip(DEADLINE + 1)
            await turn()

        async with serving(hang) as hanging:
            own = fetcher(address_guard=AddressGuard(LOOPBACK, lookup))
            urls = ("http://nowhere.test/", f"http://there.test:{port}/", hanging.url(host="there.test"))
            return [await own.fetch(FetchRequest(url)) for url in urls]

    outcomes = skipping(run())
    faults = [outcome.cause for outcome in outcomes if isinstance(outcome, Failed)]
    assert faults == [FailureCause.NAME_LOOKUP, FailureCause.UNREACHABLE, FailureCause.TIMEOUT]
