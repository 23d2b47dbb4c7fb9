"""A chain of redirects: where it goes next, what it may carry there, and whether the move is for good."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from monitor.domain.exchange import Request
from monitor.text.urls import is_web_url

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_HOPS = 5
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_COOKIE_BYTES = 8_192


class Refused(Exception):
    """A redirect that is not followed; the text says why."""


class Chain:
    """The state of one chain. Cookies live as long as it does, and only at the host that set them."""

    def __init__(self, request: Request, agent: str, accept: bytes) -> None:
        self.url, self._start, self._agent, self._accept = request.url, request.url, agent, accept
        self.moved_to = ""
        self._request, self._hops, self._for_good = request, 0, True
        self._cookies: dict[str, dict[str, str]] = {}
        self._seen = {request.url}

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of the next request: validators for the first address, secrets for its origin alone."""
        found = [(b"User-Agent", self._agent.encode("latin-1", "replace")), (b"Accept", self._accept)]
        if self._request.etag:
            found.append((b"If-None-Match", self._request.etag.encode("latin-1", "replace")))
        if self._request.last_modified:
            found.append((b"If-Modified-Since", self._request.last_modified.encode("latin-1", "replace")))
        same = _origin(self.url) == _origin(self._start)
        for name, value in self._request.headers:
            if same or name.lower() not in _SECRET:
                found.append((name.encode("latin-1", "replace"), value.encode("latin-1", "replace")))
        if cookies := self._cookies.get(_origin(self.url)):
            text = "; ".join(f"{name}={value}" for name, value in cookies.items())
            found.append((b"Cookie", text.encode("latin-1", "replace")))
        return found

    def follow(self, status: int, headers: tuple[tuple[str, str], ...]) -> bool:
        """Take note of an answer; True if it leads on. Raises ``Refused`` for a redirect that is not followed."""
        fresh = self._keep_cookies(headers)
        location = dict(headers).get("location", "").strip()
        if status not in _REDIRECTS or not location:
            return False
        target = urljoin(self.url, location.encode("latin-1").decode("utf-8", "replace")).partition("#")[0]
        self._check(target, fresh)
        self._hops += 1
        self._for_good = self._for_good and status in _FOR_GOOD and target != self.url
        if self._for_good:
            self.moved_to = target
        self._seen.add(target)
        self.url = target
        return True

    def _check(self, target: str, fresh: bool) -> None:
        if not is_web_url(target):
            raise Refused(f"{self.url} redirects to {target[:100]!r}, which is no web address")
        if self._hops >= _HOPS:
            raise Refused(f"{self._start} redirects more than {_HOPS} times")
        if target in self._seen and not fresh:
            raise Refused(f"{self.url} redirects in a circle to {target}")
        downgrade = self.url.startswith("https:") and target.startswith("http:")
        if downgrade and self._carries_secrets():
            raise Refused(f"{self.url} redirects to plain http, where the source's credentials would be readable")

    def _carries_secrets(self) -> bool:
        return any(name.lower() in _SECRET for name, _ in self._request.headers)

    def _keep_cookies(self, headers: tuple[tuple[str, str], ...]) -> bool:
        """Keep what ``Set-Cookie`` says for this origin; True if anything in it is new."""
        jar = self._cookies.setdefault(_origin(self.url), {})
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
        if sum(len(key) + len(value) for key, value in jar.items()) > _COOKIE_BYTES:
            raise Refused(f"{self.url} sets more than {_COOKIE_BYTES} bytes of cookies")
        return jar != before


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
