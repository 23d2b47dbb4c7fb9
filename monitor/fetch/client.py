"""The fetcher: one GET with redirects, robots, politeness and a total deadline; every end of it is an outcome."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

import httpx

from monitor import __version__
from monitor.domain.exchange import Blocked, Failed, Fault, Outcome, Purpose, Request, Weight
from monitor.domain.ports import Clock
from monitor.domain.remedies import ROBOTS
from monitor.fetch.answers import outcome_of
from monitor.fetch.chain import Chain, Refused
from monitor.fetch.guard import Guard, is_name, parsed
from monitor.fetch.hosts import Hosts
from monitor.fetch.robots import Robots
from monitor.fetch.transport import ForbiddenAddress, GuardedTransport, NoName, NotVerified, Target
from monitor.text.urls import host_of, is_web_url

_TOTAL_SECONDS = 30.0
_ACCEPT = {
    Purpose.FEED: b"application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    b"text/xml;q=0.9, */*;q=0.5",
    Purpose.PAGE: b"text/html, application/xhtml+xml, */*;q=0.5",
}
_FAILURES: tuple[tuple[type[httpx.TransportError], Weight, Fault], ...] = (
    (ForbiddenAddress, Weight.HARD, Fault.FORBIDDEN),
    (NotVerified, Weight.HARD, Fault.CERTIFICATE),
    (NoName, Weight.TEMPORARY, Fault.NAME),
    (httpx.ConnectError, Weight.TEMPORARY, Fault.UNREACHABLE),
    (httpx.TimeoutException, Weight.TEMPORARY, Fault.SLOW),
)  # the first that fits


class HttpFetcher:
    """Fetches over HTTP under every rule of politeness and safety.

    ``contact`` goes into the User-Agent so that a webmaster can reach the desk; ``allow_networks`` are the only
    private networks that may be fetched. The clock is asked for dates in headers, never for timeouts.
    """

    def __init__(
        self,
        contact: str,
        allow_networks: Iterable[IPv4Network | IPv6Network],
        clock: Clock,
        *,
        guard: Guard | None = None,
        transport: GuardedTransport | None = None,
        hosts: Hosts | None = None,
        total_seconds: float = _TOTAL_SECONDS,
    ) -> None:
        self._clock, self._total = clock, total_seconds
        self._guard = guard or Guard(allow_networks)
        self._transport = transport or GuardedTransport(self._guard)
        self._hosts = hosts or Hosts()
        about = f"+mailto:{contact}" if "@" in contact else f"+{contact}"
        self._agent = f"monitor/{__version__} (news monitoring; {about})" if contact else f"monitor/{__version__}"
        self._robots = Robots(self._agent, self._read_robots)

    async def fetch(self, request: Request) -> Outcome:
        """Fetch a URL and say what came of it. Never raises for what a server does."""
        if not is_web_url(request.url):
            return Failed(f"{request.url[:200]!r} is no http or https address", Weight.HARD)
        host = host_of(request.url)
        try:
            if request.purpose is Purpose.PAGE and (refusal := await self._ask_robots(request.url, host)):
                return refusal
            async with self._hosts.turn(host, own=self._is_own(host)), asyncio.timeout(self._total):
                return await self._follow(request, self._clock())
        except TimeoutError:
            return Failed(f"{host} did not answer whole within {self._total:g} s", Weight.TEMPORARY, fault=Fault.SLOW)
        except (Refused, httpx.InvalidURL) as error:
            return Failed(str(error), Weight.HARD, fault=Fault.REDIRECT)
        except httpx.TransportError as error:
            return _failure(error)

    async def rest(self, url: str) -> None:
        """Wait until the host of a URL may be asked again: for whoever lets another process ask it next."""
        await self._hosts.rest(host_of(url))

    async def aclose(self) -> None:
        """Release what is held; a fetch under way ends by its own deadline."""
        await self._transport.aclose()

    async def _follow(self, request: Request, now: datetime) -> Outcome:
        """Send the request and follow redirects, each hop judged anew."""
        chain = Chain(request, self._agent, _ACCEPT[request.purpose])
        while True:
            answer = await self._transport.send(Target.of(chain.url), "GET", chain.headers())
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)
            if not chain.follow(answer.status, headers):
                return outcome_of(request, answer.status, headers, answer.body, chain.url, chain.moved_to, now)

    async def _ask_robots(self, url: str, host: str) -> Outcome | None:
        """Return why a page may not be fetched, or None if it may."""
        verdict = await self._robots.judge(url)
        if verdict.delay:
            self._hosts.slow_down(host, verdict.delay)
        if verdict.unknown:
            return Failed(f"robots.txt of {host} cannot be read now: {verdict.unknown}", Weight.TEMPORARY)
        if not verdict.allowed:
            return Blocked(f"robots.txt of {host} forbids this page", ROBOTS)
        return None

    async def _read_robots(self, url: str) -> Outcome:
        """Fetch a robots.txt: a request like any other, but one that asks no robots.txt itself."""
        return await self.fetch(Request(url=url, purpose=Purpose.FEED))

    def _is_own(self, host: str) -> bool:
        """Tell whether a host is written as an address in the user's own networks."""
        if is_name(host):
            return host == "localhost" and self._guard.is_own(parsed("127.0.0.1"))
        try:
            return self._guard.is_own(parsed(host))
        except ValueError:
            return False


def _failure(error: httpx.TransportError) -> Failed:
    """Weigh an exchange that yielded no answer."""
    text = str(error) or type(error).__name__
    weight, fault = next(
        ((weight, fault) for kind, weight, fault in _FAILURES if isinstance(error, kind)), (Weight.SOFT, Fault.BROKEN)
    )
    return Failed(text, weight, fault=fault)
