"""Address guard over real sockets: no connection to a forbidden address is ever opened."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx
import pytest
from support.fakes import FakeClock
from support.http_server import Loopback, on_loop, reply, respond_with, serving

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
    """Resolve from the table; numeric spellings go to the system resolver, which knows all of them."""
    return NAMES[host] if host in NAMES else look_up_host(host, port)


def fetcher(*allowed: str, resolver: Callable[[str, int], list[str]] = lookup) -> HttpFetcher:
    networks = [ip_network(network) for network in allowed]
    return HttpFetcher("desk@example.org", networks, FakeClock(), address_guard=AddressGuard(networks, resolver))


def attempt(url: Callable[[Loopback], str], *allow: str) -> tuple[FetchResult, int]:
    """Fetch with listeners on every loopback address; return the result and the number of accepted connections."""

    async def run() -> tuple[FetchResult, int]:
        async with AsyncExitStack() as stack:
            four = await stack.enter_async_context(serving(respond_with(reply(b"secret"))))
            six = await stack.enter_async_context(serving(respond_with(reply(b"secret")), "::1"))
            result = await fetcher(*allow).fetch(FetchRequest(url(four)))
            return result, four.accepts + six.accepts

    return on_loop(run())


@pytest.fixture
def recorded_endpoints(monkeypatch: pytest.MonkeyPatch) -> list[Endpoint]:
    """Record every connection attempt instead of connecting."""
    endpoints: list[Endpoint] = []

    async def record(endpoint: Endpoint, *_: object, **__: object) -> HttpResponse:
        endpoints.append(endpoint)
        return HttpResponse(200, (), b"public")

    monkeypatch.setattr(transport, "send_request", record)
    return endpoints


@pytest.mark.parametrize("host", LITERALS)
def test_private_ip_literals_are_rejected_in_every_spelling(host: str) -> None:
    """A private address is rejected before any connection, in whatever spelling."""
    result, accepts = attempt(lambda server: f"http://{host}:{server.port}/")
    assert isinstance(result, Failed)
    assert accepts == 0


@pytest.mark.parametrize("name", NAMES)
def test_names_that_resolve_to_private_addresses_are_rejected(name: str, recorded_endpoints: list[Endpoint]) -> None:
    """A name with any private, mapped, translated or metadata address is rejected without a connection."""
    result = on_loop(fetcher().fetch(FetchRequest(f"http://{name}/")))
    assert isinstance(result, Failed)
    assert "forbidden" in result.reason
    assert not recorded_endpoints


def test_dns_rebinding_has_no_effect(recorded_endpoints: list[Endpoint]) -> None:
    """The checked address is the one that is connected to; the name is not resolved a second time."""
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    result = on_loop(fetcher(resolver=lambda host, port: next(answers)).fetch(FetchRequest("http://flips.test/")))
    assert isinstance(result, Fetched)
    assert [endpoint.addresses for endpoint in recorded_endpoints] == [(PUBLIC,)]


@pytest.mark.parametrize("target", ["http://private.test/", "http://169.254.169.254/latest", "http://[::1]:{port}/"])
def test_redirects_are_checked_at_every_hop(target: str) -> None:
    """A redirect from an allowed network to another private address is rejected."""

    async def run() -> tuple[FetchResult, int]:
        async with serving(respond_with(reply(b"secret")), "::1") as inner:
            location = target.replace("{port}", str(inner.port))
            async with serving(respond_with(reply(status="302 Found", Location=location))) as outer:
                result = await fetcher("127.0.0.0/8").fetch(FetchRequest(outer.url()))
            return result, inner.accepts

    result, accepts = on_loop(run())
    assert isinstance(result, Failed)
    assert "forbidden" in result.reason
    assert accepts == 0


def test_webhooks_use_the_same_address_guard() -> None:
    """The transport of the channels rejects a private target as the fetcher does."""

    async def run() -> int:
        async with (
            serving(respond_with(reply(b"ok"))) as server,
            httpx.AsyncClient(transport=create_guarded_transport(), trust_env=False) as client,
        ):
            with pytest.raises(httpx.ConnectError, match="forbidden"):
                await client.post(server.url(), content=b"{}")
            return server.accepts

    assert on_loop(run()) == 0


def test_allowed_networks_permits_exactly_the_listed_networks() -> None:
    """127.0.0.0/8 permits IPv4 loopback, but neither IPv6 loopback nor the mapped spelling."""
    result, accepts = attempt(lambda server: server.url(), "127.0.0.0/8")
    assert isinstance(result, Fetched)
    assert accepts == 1
    for host in ("[::1]", "[::ffff:127.0.0.1]"):
        result, accepts = attempt(lambda server, host=host: f"http://{host}:{server.port}/", "127.0.0.0/8")  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert isinstance(result, Failed)
        assert accepts == 0


@pytest.mark.parametrize("port", [22, 25, 111, 445])
def test_ports_of_other_services_are_rejected(port: int, recorded_endpoints: list[Endpoint]) -> None:
    """A feed URL with the port of another well-known service is rejected."""
    result = on_loop(fetcher(resolver=lambda host, _: [PUBLIC]).fetch(FetchRequest(f"http://public.test:{port}/")))
    assert isinstance(result, Failed)
    assert not recorded_endpoints


def test_public_addresses_are_connected_to(recorded_endpoints: list[Endpoint]) -> None:
    """The guard permits public IPv4 and IPv6 addresses, and several of both."""
    for addresses in ([PUBLIC], ["2606:2800:21f::1"], [PUBLIC, "2606:2800:21f::1"]):
        resolver = lambda host, port, found=addresses: found  # noqa: E731 - one line per case
        assert isinstance(on_loop(fetcher(resolver=resolver).fetch(FetchRequest("https://public.test/feed"))), Fetched)
    assert [len(endpoint.addresses) for endpoint in recorded_endpoints] == [1, 1, 2]
    assert recorded_endpoints[0].tls_name == "public.test"


def test_urls_without_a_web_scheme_are_rejected() -> None:
    """Only http and https URLs are fetched."""
    for url in ("file:///etc/passwd", "ftp://h/x", "gopher://h/", "data:text/xml,x", urlsplit("//h/x").geturl(), ""):
        result = on_loop(fetcher().fetch(FetchRequest(url)))
        assert isinstance(result, Failed), url
