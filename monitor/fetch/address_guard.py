"""Address guard: rejects private networks before a connection is opened.

Every connection from this program to a foreign host goes through this guard. A host name is resolved once, and every
address is checked. Only checked addresses are used, so a DNS answer that changes later (DNS rebinding) has no effect.
If one address of a host name is forbidden, the host is rejected. The forbidden networks are those in the IANA
special-purpose registries, plus the ranges that the smokescreen proxy denies (NAT64, 6to4, Teredo).
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network
HostLookup = Callable[[str, int], list[str]]

_FORBIDDEN_NETWORKS_V4: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier NAT"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "cloud metadata"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmark"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
_FORBIDDEN_NETWORKS_V6: tuple[tuple[str, str], ...] = (
    ("::/128", "this host"),
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "mapped IPv4"),
    ("::/96", "compatible IPv4"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("2001::/32", "Teredo"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_WEB_PORTS = frozenset({80, 443})
_LOOKUP_TIMEOUT_SECONDS = 3.0  # documented in docs/sources.md
_MAX_CONCURRENT_LOOKUPS = 128
_CACHE_TTL_SECONDS = 60.0
_MAX_CACHED_NAMES = 4096


class AddressRejected(Exception):
    """Raised if a connection to an address is forbidden. The message names the address and the reason."""


class HostLookupFailed(Exception):
    """Raised if a host name has no address, or if its name servers do not answer in time."""


def _compile_masks(rows: Iterable[tuple[str, str]]) -> tuple[tuple[int, int, str], ...]:
    """Convert each network to a tuple (mask, value, name). An address is then tested by one bitwise AND per network."""
    networks = [(ip_network(text), name) for text, name in rows]
    return tuple((int(network.netmask), int(network.network_address), name) for network, name in networks)


_FORBIDDEN_MASKS_V4, _FORBIDDEN_MASKS_V6 = (
    _compile_masks(_FORBIDDEN_NETWORKS_V4),
    _compile_masks(_FORBIDDEN_NETWORKS_V6),
)


def look_up_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host name, from the system resolver. The call blocks, so run it in a thread."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class AddressGuard:
    """Resolver of host names that checks every address, so that no connection to a forbidden address is opened.

    Public addresses are allowed. Private networks are forbidden, except the networks in ``allowed_networks``.
    """

    def __init__(
        self,
        allowed_networks: Iterable[IpNetwork] = (),
        lookup: HostLookup = look_up_host,
        timeout_seconds: float = _LOOKUP_TIMEOUT_SECONDS,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._lookup = lookup
        self._timeout_seconds = timeout_seconds
        self._lookup_slots = asyncio.Semaphore(_MAX_CONCURRENT_LOOKUPS)
        self._pending_lookups: dict[str, asyncio.Future[list[str]]] = {}
        self._cache: dict[str, tuple[float, list[str] | str]] = {}

    def without_allowed_networks(self) -> "AddressGuard":
        """Return a guard that allows public networks only and uses the same resolver."""
        return AddressGuard((), self._lookup, self._timeout_seconds)

    def check(self, address: str) -> str:
        """Return the reason why an address is forbidden, or an empty string if it is allowed."""
        try:
            found = parse_ip_address(address)
        except ValueError:
            return "not an IP address"
        if self.is_own_network(found):
            return ""
        value = int(found)
        for mask, network, name in _FORBIDDEN_MASKS_V4 if found.version == 4 else _FORBIDDEN_MASKS_V6:
            if value & mask == network:
                return name
        return "" if found.version == 4 or found in _GLOBAL_UNICAST_V6 else "not global"

    def is_own_network(self, address: IpAddress) -> bool:
        """Return whether an address is in a private network that the user allows (``allowed_networks``)."""
        return any(address.version == network.version and address in network for network in self._allowed_networks)

    async def resolve(self, host: str, port: int) -> list[str]:
        """Resolve a host name, check all its addresses, and return them.

        Raises ``AddressRejected`` if an address is forbidden, or if the port is below 1024 and not a web port. Raises
        ``HostLookupFailed`` if the name cannot be resolved.
        """
        addresses = _parse_address_literal(host) or await self._look_up_cached(host, port)
        for address in addresses:
            if reason := self.check(address):
                relation = "is" if host.strip("[]") == address else f"resolves to {address},"
                raise AddressRejected(f"{host} {relation} a forbidden address ({reason})")
        if (
            port not in _WEB_PORTS
            and port < 1024
            and not all(self.is_own_network(parse_ip_address(a)) for a in addresses)
        ):
            raise AddressRejected(f"port {port} of {host} is not a web port; use 80, 443 or a port from 1024 up")
        return addresses

    async def _look_up_cached(self, host: str, port: int) -> list[str]:
        """Resolve a host name within the timeout. Concurrent callers share one look-up, and results are cached."""
        expires_at, answer = self._cache.get(host, (0.0, ""))
        if expires_at < time.monotonic():
            pending = self._pending_lookups.get(host) or self._start_lookup(host, port)
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await asyncio.shield(pending)
            except TimeoutError:
                answer = "its name servers do not answer"
            except OSError as error:
                answer = error.strerror or "unknown host name"
            self._cache_result(host, answer)
        if isinstance(answer, str) or not answer:
            raise HostLookupFailed(f"{host}: {answer or 'no address'}")
        return answer

    def _cache_result(self, host: str, result: list[str] | str) -> None:
        if len(self._cache) >= _MAX_CACHED_NAMES:
            self._cache.clear()
        self._cache[host] = (time.monotonic() + _CACHE_TTL_SECONDS, result)

    def _start_lookup(self, host: str, port: int) -> asyncio.Future[list[str]]:
        """Start a DNS look-up of a host.

        The look-up goes on even if all callers that wait for it have timed out. Until it ends, it counts towards the
        limit of concurrent look-ups.
        """
        pending: asyncio.Future[list[str]] = asyncio.ensure_future(self._run_in_thread(host, port))
        self._pending_lookups[host] = pending
        pending.add_done_callback(
            lambda done: (self._pending_lookups.pop(host, None), done.cancelled() or done.exception())
        )
        return pending

    async def _run_in_thread(self, host: str, port: int) -> list[str]:
        """Run the blocking DNS look-up in its own daemon thread.

        A look-up that hangs then delays neither other look-ups nor the end of the program.
        """
        async with self._lookup_slots:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[list[str]] = loop.create_future()

            def set_answer(result: list[str], error: Exception | None) -> None:
                if answer.done():
                    return
                if error is None:
                    answer.set_result(result)
                else:
                    answer.set_exception(error)

            def run_lookup() -> None:
                result: list[str] = []
                failure: Exception | None = None
                try:
                    result = self._lookup(host, port)
                except (OSError, UnicodeError) as error:
                    failure = error if isinstance(error, OSError) else OSError(0, "not a valid host name")
                with contextlib.suppress(RuntimeError):  # the event loop was closed while the look-up was running
                    loop.call_soon_threadsafe(set_answer, result, failure)

            threading.Thread(target=run_lookup, name="look-up", daemon=True).start()
            return await answer


@lru_cache(maxsize=4096)
def parse_ip_address(address: str) -> IpAddress:
    """Parse an IP address. Raises ``ValueError`` if the text is not an IP address.

    Results are cached, because one poll parses an address several times.
    """
    return ip_address(address)


def is_host_name(host: str) -> bool:
    """Return whether a host is certainly a name, and not an IP address in any spelling.

    This is a fast test that returns True for most hosts. If it returns False, the host may be a name or an address.
    """
    return host[-1:].isalpha() and ":" not in host and "%" not in host and "0x" not in host.lower()


def _parse_address_literal(host: str) -> list[str]:
    """Return a list with the IP address if the host is one, otherwise an empty list.

    Old spellings of IPv4 addresses, such as 127.1, are accepted.
    """
    if is_host_name(host):
        return []
    try:
        return [str(parse_ip_address(host.strip("[]").partition("%")[0]))]
    except ValueError:
        pass
    if not host.rstrip(".")[-1:].isdigit() and "0x" not in host.lower():
        return []
    try:
        return [socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))]
    except OSError:
        return []
