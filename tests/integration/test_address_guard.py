"""The guard over real sockets: no address that is denied ever sees a connection (THREATS rows 1-6, 9)."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx
import pytest
from support.fakes import FakeClock
from support.http_server import Loopback, on_loop, reply, says, serving

from monitor.domain.fetch_result import Failed, Fetched, FetchRequest, FetchResult
from monitor.fetch import transport
from monitor.fetch.address_guard import AddressGuard, look_up_host
from monitor.fetch.client import HttpFetcher
from monitor.fetch.http1 import Endpoint, HttpResponse
from monitor.fetch.transport import create_guarded_transport

PUBLIC = "93.184.215.14"
NAMES = {
    "loopback.test": ["127.0.0.1"],
    "private.test": ["10.0.0.1"],
    "private172.test": ["172.16.9.9"],
    "private192.test": ["192.168.1.1"],
    "ula.test": ["fd12:3456::1"],
    "metadata.test": ["169.254.169.254"],
    "metadata6.test": ["fd00:ec2::254"],
    "azure.test": ["168.63.129.16"],
    "benchmark.test": ["198.18.0.1"],
    "zero.test": ["0.0.0.0"],
    "cgnat.test": ["100.64.0.1"],
    "alibaba.test": ["100.100.100.200"],
    "multicast.test": ["224.0.0.1"],
    "broadcast.test": ["255.255.255.255"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "sixtofour.test": ["2002:7f00:1::"],
    "teredo.test": ["2001:0:7f00:1::"],
    "compatible.test": ["::127.0.0.1"],
    "loopback6.test": ["::1"],
    "linklocal6.test": ["fe80::1"],
    "documentation.test": ["2001:db8::1"],
    "mixed.test": [PUBLIC, "127.0.0.1"],
    "mixed6.test": ["2606:2800:21f::1", "::1"],
}
LITERALS = [
    "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254", "2130706433", "127.1", "0x7f.1",
    "0177.0.0.1", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "user@127.0.0.1", "user:pw@[::1]",
    "127.0.0.1.", "localhost", "１２７.0.0.1",
]  # fmt: skip


def lookup(host: str, port: int) -> list[str]:
    """Answer from the table; numeric spellings go to the system, which knows them all."""
    return NAMES[host] if host in NAMES else look_up_host(host, port)


def fetcher(*allow: str, ask: Callable[[str, int], list[str]] = lookup) -> HttpFetcher:
    networks = [ip_network(network) for network in allow]
    return HttpFetcher("desk@example.org", networks, FakeClock(), address_guard=AddressGuard(networks, ask))


def attempt(url: Callable[[Loopback], str], *allow: str) -> tuple[FetchResult, int]:
    """Fetch with listeners on every loopback address; return the outcome and how many connections they saw."""

    async def run() -> tuple[FetchResult, int]:
        async with AsyncExitStack() as stack:
            four = await stack.enter_async_context(serving(says(reply(b"secret"))))
            six = await stack.enter_async_context(serving(says(reply(b"secret")), "::1"))
            outcome = await fetcher(*allow).fetch(FetchRequest(url(four)))
            return outcome, four.accepts + six.accepts

    return on_loop(run())


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Endpoint]:
    """Record every dial, and let none of them leave the machine."""
    peers: list[Endpoint] = []

    async def record(peer: Endpoint, *_: object, **__: object) -> HttpResponse:
        peers.append(peer)
        return HttpResponse(200, (), b"public")

    monkeypatch.setattr(transport, "send_request", record)
    return peers


@pytest.mark.parametrize("host", LITERALS)
def test_row_01_literal_addresses_in_every_spelling(host: str) -> None:
    """A private address is refused before any connection, however it is written."""
    outcome, accepts = attempt(lambda server: f"http://{host}:{server.port}/")
    assert isinstance(outcome, Failed)
    assert accepts == 0


@pytest.mark.parametrize("name", NAMES)
def test_rows_02_04_05_names_that_lead_inside(name: str, dialled: list[Endpoint]) -> None:
    """A name with any private, mapped, translated or metadata address is refused without a connection."""
    outcome = on_loop(fetcher().fetch(FetchRequest(f"http://{name}/")))
    assert isinstance(outcome, Failed)
    assert "forbidden" in outcome.reason
    assert not dialled


def test_row_03_a_name_that_changes_its_mind(dialled: list[Endpoint]) -> None:
    """The address that was judged is the one that is dialled; there is no second look-up to lie to."""
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    outcome = on_loop(fetcher(ask=lambda host, port: next(answers)).fetch(FetchRequest("http://flips.test/")))
    assert isinstance(outcome, Fetched)
    assert [peer.addresses for peer in dialled] == [(PUBLIC,)]


@pytest.mark.parametrize("target", ["http://private.test/", "http://169.254.169.254/latest", "http://[::1]:{port}/"])
def test_row_06_redirects_are_judged_at_every_hop(target: str) -> None:
    """What the user's own network redirects to is not his own network."""

    async def run() -> tuple[FetchResult, int]:
        async with serving(says(reply(b"secret")), "::1") as inner:
            location = target.replace("{port}", str(inner.port))
            async with serving(says(reply(status="302 Found", Location=location))) as outer:
                outcome = await fetcher("127.0.0.0/8").fetch(FetchRequest(outer.url()))
            return outcome, inner.accepts

    outcome, accepts = on_loop(run())
    assert isinstance(outcome, Failed)
    assert "forbidden" in outcome.reason
    assert accepts == 0


def test_row_09_webhooks_stand_behind_the_same_guard() -> None:
    """The transport handed to the channels refuses a private target as it does for feeds."""

    async def run() -> int:
        async with (
            serving(says(reply(b"ok"))) as server,
            httpx.AsyncClient(transport=create_guarded_transport(), trust_env=False) as client,
        ):
            with pytest.raises(httpx.ConnectError, match="forbidden"):
                await client.post(server.url(), content=b"{}")
            return server.accepts

    assert on_loop(run()) == 0


def test_allow_networks_opens_exactly_what_it_names() -> None:
    """127.0.0.0/8 opens IPv4 loopback, not IPv6 loopback, not the mapped spelling."""
    outcome, accepts = attempt(lambda server: server.url(), "127.0.0.0/8")
    assert isinstance(outcome, Fetched)
    assert accepts == 1
    for host in ("[::1]", "[::ffff:127.0.0.1]"):
        outcome, accepts = attempt(lambda server, host=host: f"http://{host}:{server.port}/", "127.0.0.0/8")  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert isinstance(outcome, Failed)
        assert accepts == 0


@pytest.mark.parametrize("port", [22, 25, 111, 445])
def test_ports_of_other_services_are_refused(port: int, dialled: list[Endpoint]) -> None:
    """A feed does not live on a mail server's port."""
    outcome = on_loop(fetcher(ask=lambda host, _: [PUBLIC]).fetch(FetchRequest(f"http://public.test:{port}/")))
    assert isinstance(outcome, Failed)
    assert not dialled


def test_ordinary_public_addresses_are_dialled(dialled: list[Endpoint]) -> None:
    """The guard lets the world in: IPv4, IPv6 and several of both."""
    for addresses in ([PUBLIC], ["2606:2800:21f::1"], [PUBLIC, "2606:2800:21f::1"]):
        ask = lambda host, port, found=addresses: found  # noqa: E731 - one line a case
        assert isinstance(on_loop(fetcher(ask=ask).fetch(FetchRequest("https://public.test/feed"))), Fetched)
    assert [len(peer.addresses) for peer in dialled] == [1, 1, 2]
    assert dialled[0].tls_name == "public.test"


def test_urls_without_a_web_scheme_go_nowhere() -> None:
    """Only http and https are spoken."""
    for url in ("file:///etc/passwd", "ftp://h/x", "gopher://h/", "data:text/xml,x", urlsplit("//h/x").geturl(), ""):
        outcome = on_loop(fetcher().fetch(FetchRequest(url)))
        assert isinstance(outcome, Failed), url
