"""Redirect chain: finds the next URL, the headers that may be sent to it, and whether the move is permanent."""

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin

from monitor.domain.fetch_result import FetchRequest
from monitor.text.urls import extract_origin, is_web_url, quote_unsafe_characters

_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_PERMANENT_STATUSES = frozenset({301, 308})
_MAX_REDIRECTS = 5  # documented in docs/sources.md
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_MAX_COOKIE_BYTES = 8_192


class RedirectRejected(Exception):
    """Raised if a redirect must not be followed. The message gives the reason."""


class RedirectTracker:
    """State of one redirect chain: the next URL, and the cookies that responses have set.

    A cookie is kept for this chain only, and is sent only to the origin that has set it.
    """

    def __init__(
        self,
        request: FetchRequest,
        user_agent: str,
        accept: bytes,
        find_cookies: Callable[[str], str] = lambda _url: "",
    ) -> None:
        """Begin a chain. ``find_cookies`` returns the ``Cookie`` header for a URL, from the user's cookie file."""
        self._find_cookies = find_cookies
        self.url, self._start_url, self._user_agent, self._accept = request.url, request.url, user_agent, accept
        self.moved_to = ""
        self._request, self._redirect_count, self._is_permanent = request, 0, True
        self._cookies: dict[str, dict[str, str]] = {}
        self._visited_urls = {request.url}

    def build_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of the next request.

        The headers that the user has configured are sent only to the origin of the first URL, because they may contain
        credentials.
        """
        headers = [(b"User-Agent", self._user_agent.encode("latin-1", "replace")), (b"Accept", self._accept)]
        if self._request.body is not None:
            headers.append((b"Content-Type", b"application/json"))
            headers.append((b"Content-Length", str(len(self._request.body)).encode()))
        if self._request.etag:
            headers.append((b"If-None-Match", self._request.etag.encode("latin-1", "replace")))
        if self._request.last_modified:
            headers.append((b"If-Modified-Since", self._request.last_modified.encode("latin-1", "replace")))
        if self._request.headers and extract_origin(self.url) == extract_origin(self._start_url):
            for name, value in self._request.headers:
                headers.append((name.encode("latin-1", "replace"), value.encode("latin-1", "replace")))
        own = "; ".join(f"{name}={value}" for name, value in self._cookies.get(extract_origin(self.url), {}).items())
        if text := "; ".join(filter(None, (self._find_cookies(self.url), own))):
            headers.append((b"Cookie", text.encode("latin-1", "replace")))
        return headers

    def follow(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Follow a response: if it is a redirect, set ``url`` to its target and return True; otherwise return False.

        Raises ``RedirectRejected`` if the redirect must not be followed.
        """
        has_new_cookies = self._store_cookies(headers)
        location = dict(headers).get("location", "").strip()
        if status not in _REDIRECT_STATUSES or not location:
            return False
        target = _resolve_location(self.url, location).partition("#")[0]
        self._check_target(target, has_new_cookies)
        self._redirect_count += 1
        self._is_permanent = self._is_permanent and status in _PERMANENT_STATUSES and target != self.url
        if self._is_permanent:
            self.moved_to = target
        self._visited_urls.add(target)
        self.url = target
        return True

    def _check_target(self, target: str, has_new_cookies: bool) -> None:
        if not is_web_url(target):
            raise RedirectRejected(f"{self.url} redirects to {target[:100]!r}, which is not a valid web address")
        if self._request.body is not None:
            raise RedirectRejected(f"{self.url} redirects a POST request to {target}; write that address")
        if self._redirect_count >= _MAX_REDIRECTS:
            raise RedirectRejected(f"{self._start_url} redirects more than {_MAX_REDIRECTS} times")
        if target in self._visited_urls and not has_new_cookies:
            raise RedirectRejected(f"{self.url} redirects in a circle to {target}")
        downgrade = self.url.startswith("https:") and target.startswith("http:")
        if downgrade and self._has_credentials():
            raise RedirectRejected(
                f"{self.url} redirects to plain http, where the source's credentials would be readable"
            )

    def _has_credentials(self) -> bool:
        return any(name.lower() in _CREDENTIAL_HEADERS for name, _ in self._request.headers)

    def _store_cookies(self, headers: tuple[tuple[str, str], ...]) -> bool:
        """Store the cookies of a response for its origin. Return whether a cookie is new or has changed."""
        if not any(name == "set-cookie" for name, _ in headers):
            return False
        jar = self._cookies.setdefault(extract_origin(self.url), {})
        before = dict(jar)
        for name, value in headers:
            if name != "set-cookie":
                continue
            try:
                morsels = SimpleCookie(value)
            except CookieError:
                continue
            for key, morsel in morsels.items():
                jar[key] = morsel.coded_value
        if sum(len(key) + len(value) for key, value in jar.items()) > _MAX_COOKIE_BYTES:
            raise RedirectRejected(f"{self.url} sets more than {_MAX_COOKIE_BYTES} bytes of cookies")
        return jar != before


def _resolve_location(url: str, location: str) -> str:
    """Resolve the ``Location`` of a redirect to a URL, as browsers do; return an empty string if it is invalid."""
    try:
        return urljoin(url, quote_unsafe_characters(location.encode("latin-1")))
    except ValueError:
        return ""
