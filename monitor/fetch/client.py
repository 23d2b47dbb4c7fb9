"""HTTP fetcher: sends a request, follows redirects, and obeys robots.txt, delays and a total timeout.

Every outcome, even a failure, is returned as a ``FetchResult``.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

import httpx

from monitor import __version__
from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureCause,
    FailureWeight,
    Fetched,
    FetchPurpose,
    FetchRequest,
    FetchResult,
)
from monitor.domain.ports import Clock
from monitor.domain.source_health import SUGGEST_ALLOWED_FEED, SUGGEST_LOGIN
from monitor.fetch.address_guard import AddressGuard, is_host_name, parse_ip_address
from monitor.fetch.http1 import LARGE_DOCUMENT_LIMITS
from monitor.fetch.login import find_expired_login
from monitor.fetch.politeness import HostLimiter
from monitor.fetch.redirects import RedirectRejected, RedirectTracker
from monitor.fetch.response import to_fetch_result
from monitor.fetch.robots import RobotsChecker
from monitor.fetch.transport import (
    BodyTooLongError,
    CertificateError,
    ForbiddenAddressError,
    GuardedTransport,
    NameResolutionError,
    RequestTarget,
)
from monitor.text.urls import extract_host, extract_origin, is_web_url

if TYPE_CHECKING:
    from monitor.fetch.browser import BrowserRenderer
    from monitor.fetch.cookie_file import CookieFiles

_TOTAL_TIMEOUT_SECONDS = 30.0  # documented in docs/sources.md
_ACCEPT_HEADERS = {
    FetchPurpose.API: b"application/json, */*;q=0.5",
    FetchPurpose.FEED: b"application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    b"text/xml;q=0.9, */*;q=0.5",
    FetchPurpose.PAGE: b"text/html, application/xhtml+xml, */*;q=0.5",
}
_FAILURE_KINDS: tuple[tuple[type[httpx.TransportError], FailureWeight, FailureCause], ...] = (
    (ForbiddenAddressError, FailureWeight.HARD, FailureCause.FORBIDDEN_ADDRESS),
    (CertificateError, FailureWeight.HARD, FailureCause.CERTIFICATE),
    (NameResolutionError, FailureWeight.TEMPORARY, FailureCause.NAME_LOOKUP),
    (httpx.ConnectError, FailureWeight.TEMPORARY, FailureCause.UNREACHABLE),
    (BodyTooLongError, FailureWeight.SOFT, FailureCause.TOO_LONG),
    (httpx.TimeoutException, FailureWeight.TEMPORARY, FailureCause.TIMEOUT),
)  # the first row that matches is used


class LoginRejected(Exception):
    """Raised if the cookie file of a source with a login cannot be used. The message gives the reason."""


class HttpFetcher:
    """HTTP fetcher that obeys robots.txt, the delay between requests to a host, and the address guard.

    ``contact`` is sent in the User-Agent, so that site operators can reach the user. Addresses in private networks are
    refused, except those in ``allowed_networks``. The clock is used for dates in headers, never for timeouts.
    """

    def __init__(
        self,
        contact: str,
        allowed_networks: Iterable[IPv4Network | IPv6Network],
        clock: Clock,
        *,
        address_guard: AddressGuard | None = None,
        transport: GuardedTransport | None = None,
        host_limiter: HostLimiter | None = None,
        total_timeout_seconds: float = _TOTAL_TIMEOUT_SECONDS,
    ) -> None:
        self._clock, self._total_timeout_seconds = clock, total_timeout_seconds
        self._guard = address_guard or AddressGuard(allowed_networks)
        self._transport = transport or GuardedTransport(self._guard)
        self._host_limiter = host_limiter or HostLimiter()
        about = f"+mailto:{contact}" if "@" in contact else f"+{contact}"
        self._user_agent = f"monitor/{__version__} (news monitoring; {about})" if contact else f"monitor/{__version__}"
        self.browser_path = ""
        """Path of Chromium. If it is empty, the Chromium on the PATH is used, or Playwright's own."""
        self._renderer: BrowserRenderer | None = None
        self._cookie_files: CookieFiles | None = None
        self._robots = RobotsChecker(self._user_agent, self._fetch_robots)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch a URL and return the result.

        If the server or the network fails, the result is a failure, and no exception is raised.
        """
        if not is_web_url(request.url):
            return Failed(f"{request.url[:200]!r} is not a valid http or https address", FailureWeight.HARD)
        host = extract_host(request.url)
        try:
            if request.purpose is FetchPurpose.PAGE and (refusal := await self._check_robots(request.url, host)):
                return refusal
            async with self._host_limiter.slot(host, is_own=self._is_own_host(host)):
                async with asyncio.timeout(self._total_timeout_seconds):
                    result = await self._fetch_with_redirects(request, self._clock())
                return await self._render(result, request) if request.uses_browser else result
        except TimeoutError:
            return Failed(
                f"{host} did not send its whole response within {self._total_timeout_seconds:g} s",
                FailureWeight.TEMPORARY,
                cause=FailureCause.TIMEOUT,
            )
        except (RedirectRejected, httpx.InvalidURL, httpx.TransportError, LoginRejected) as error:
            return _to_failure(error)

    async def _render(self, page: FetchResult, request: FetchRequest) -> FetchResult:
        """Run the scripts of a fetched HTML page in the browser. Any other result is returned unchanged."""
        from monitor.fetch.browser import BrowserRenderer, is_html

        if not isinstance(page, Fetched) or not is_html(page):
            return page
        if self._renderer is None:
            self._renderer = BrowserRenderer(self._guard, self._user_agent, self.browser_path)
        is_own_origin = extract_origin(page.url) == extract_origin(request.url)
        async with self._renderer.slots:
            cookies = self._cookie_files.list_for_browser(request.cookie_file) if self._cookie_files else []
            return await self._renderer.render(page, request.headers if is_own_origin else (), cookies)

    def _find_cookies(self, path: str, url: str) -> str:
        """Return the ``Cookie`` header for a URL, from the cookie file at ``path``.

        The result is empty if ``path`` is empty, or if the file has no cookie for the URL. Raises ``LoginRejected`` if
        the file cannot be used.
        """
        if not path:
            return ""
        from monitor.fetch.cookie_file import CookieFileError, CookieFiles  # with the parser of cookies

        self._cookie_files = self._cookie_files or CookieFiles()
        try:
            return self._cookie_files.get_header(path, url, self._clock())
        except CookieFileError as error:
            raise LoginRejected(str(error)) from error

    async def wait_for_host(self, url: str) -> None:
        """Wait until the next request to the host of a URL may be sent.

        This is for requests that another process will send.
        """
        await self._host_limiter.wait_until_ready(extract_host(url))

    def free_request_count(self, url: str) -> int:
        """Return how many requests to the host of a URL may be sent now, without waiting."""
        return self._host_limiter.free_request_count(extract_host(url))

    async def aclose(self) -> None:
        """Close the transport and end the browser. A fetch that is running ends at its own timeout."""
        if self._renderer:
            await self._renderer.aclose()
        await self._transport.aclose()

    async def _fetch_with_redirects(self, request: FetchRequest, now: datetime) -> FetchResult:
        """Send a request, follow its redirects, and return the last response.

        The address guard, which forbids connections to private networks, checks the address of each request.
        """
        limits = LARGE_DOCUMENT_LIMITS if request.is_large else None
        find_cookies = partial(self._find_cookies, request.cookie_file)
        chain = RedirectTracker(request, self._user_agent, _ACCEPT_HEADERS[request.purpose], find_cookies)
        method = "GET" if request.body is None else "POST"
        while True:
            response = await self._transport.send(
                RequestTarget.from_url(chain.url), method, chain.build_headers(), request.body or b"", limits=limits
            )
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
            if not chain.follow(response.status, headers):
                result = to_fetch_result(
                    request, response.status, headers, response.body, chain.url, chain.moved_to, now
                )
                return find_expired_login(request, response.status, chain.url, result)

    async def _check_robots(self, url: str, host: str) -> FetchResult | None:
        """Return a failure if robots.txt does not allow a page now, or None if the page may be fetched."""
        decision = await self._robots.check(url)
        if decision.crawl_delay_seconds:
            self._host_limiter.raise_delay(host, decision.crawl_delay_seconds)
        if decision.unknown_reason:
            reason = f"robots.txt of {host} cannot be read now: {decision.unknown_reason}"
            return Failed(reason, FailureWeight.TEMPORARY)
        if not decision.is_allowed:
            return Blocked(f"robots.txt of {host} forbids this page", SUGGEST_ALLOWED_FEED)
        return None

    async def _fetch_robots(self, url: str) -> FetchResult:
        """Fetch a robots.txt, without checking whether robots.txt allows this: the check would need the same file."""
        return await self.fetch(FetchRequest(url=url, purpose=FetchPurpose.FEED))

    def _is_own_host(self, host: str) -> bool:
        """Return whether a host is localhost or an IP address, and is in a private network that the user allows."""
        if is_host_name(host):
            return host == "localhost" and self._guard.is_own_network(parse_ip_address("127.0.0.1"))
        try:
            return self._guard.is_own_network(parse_ip_address(host))
        except ValueError:
            return False


def _to_failure(error: Exception) -> Failed | Blocked:
    """Convert an exception that a request has raised to a failure.

    The failure has a cause, and a weight that determines how strongly it delays the next poll. A rejected login becomes
    ``Blocked``.
    """
    if isinstance(error, LoginRejected):
        return Blocked(str(error), SUGGEST_LOGIN, problem=PageProblem.LOGIN_EXPIRED)
    if isinstance(error, RedirectRejected | httpx.InvalidURL):
        return Failed(str(error), FailureWeight.HARD, cause=FailureCause.REDIRECT)
    text = str(error) or type(error).__name__
    weight, cause = next(
        ((weight, cause) for kind, weight, cause in _FAILURE_KINDS if isinstance(error, kind)),
        (FailureWeight.SOFT, FailureCause.MALFORMED),
    )
    return Failed(text, weight, cause=cause)
