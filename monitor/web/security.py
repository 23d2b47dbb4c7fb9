"""Protection of every request: checks of host and origin, limits on size and time, and headers of every response."""

import asyncio
import hmac
from collections.abc import Collection
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.domain.web_settings import WebSettings
from monitor.text.numbers import parse_number

MAX_BODY_BYTES, BODY_SECONDS = 1_000_000, 30.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ONE_CLICK_PREFIX = "/l/unsubscribe/"
"""Beginning of the paths to which mail programs send POST requests to unsubscribe (RFC 8058).

These requests have no cookies and no header Origin. The signature in the path proves that they are genuine.
"""

TOKEN_PREFIXES = ("/api/", "/mcp")
"""Beginnings of the paths of the API and of the tools for AI assistants.

A request to them that has the header Authorization needs no header Origin, because programs do not send Origin, and
browsers do not send an access token by themselves. If Origin is sent, it must be the address of the desk.
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""Content security policy of a page that shows a digest as it was sent. It forbids scripts and forms, and allows the
inline styles of emails."""

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Authorization"}


def allowed_hosts(settings: WebSettings) -> frozenset[str]:
    """Return the values of the header Host that the desk accepts."""
    hosts = {urlsplit(url).netloc for url in (settings.url, settings.listen.url) if url}
    if settings.listen.url and settings.listen.host in {"127.0.0.1", "::1"}:
        hosts.add(f"localhost:{settings.listen.port}")
    return frozenset(host.lower() for host in hosts)


class SecurityMiddleware:
    """ASGI middleware that protects all requests.

    It refuses requests for another host or from another site, limits the size of a body and the time to send it, and
    sets the headers of all responses.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request: refuse it, or pass it on to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _with_headers(send)
        if refusal := self._refuse(scope, headers):
            status, text = refusal
            await PlainTextResponse(text, status)(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _refuse(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Return the status and the text of an error response if a request must be refused, otherwise None."""
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return 421, "This address is not served here. Open the desk under the URL in its settings.\n"
        length = parse_number(headers.get("content-length", "0"))
        if length is None or length > MAX_BODY_BYTES:
            return 413, f"The request is longer than {MAX_BODY_BYTES:,} bytes.\n"
        path = scope["path"]
        if scope["method"] in SAFE_METHODS or path.startswith(ONE_CLICK_PREFIX):
            return None
        if path.startswith(TOKEN_PREFIXES) and headers.get("authorization"):
            origin = headers.get("origin")
            return None if origin is None or _is_same_host(origin, host) else _FOREIGN
        site = headers.get("sec-fetch-site")
        is_own = site == "same-origin" if site is not None else _is_same_host(headers.get("origin", ""), host)
        return None if is_own else _FOREIGN


_FOREIGN = (403, "This request was started by another site and was refused. Open the desk and try again.\n")


def _is_same_host(origin: str, host: str) -> bool:
    return urlsplit(origin).netloc.lower() == host


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if "cache-control" not in headers:
                for name, value in _NO_STORE.items():
                    headers[name] = value
        await send(message)

    return send_with_headers


def _limited(receive: Receive) -> Receive:
    """Return an ASGI function ``receive`` that limits the length of a request body and the time to receive it.

    It calls the given ``receive``. If a limit is exceeded, it reports that the client has disconnected.
    """
    received = 0
    deadline = 0.0
    is_complete = False

    async def receive_limited() -> Message:
        nonlocal received, deadline, is_complete
        if is_complete:
            return await receive()
        now = asyncio.get_running_loop().time()
        deadline = deadline or now + BODY_SECONDS
        try:
            message = await asyncio.wait_for(receive(), max(0.0, deadline - now))
        except TimeoutError:
            return {"type": "http.disconnect"}
        received += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if received > MAX_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return receive_limited


def make_form_token(session_key: str) -> str:
    """Return a token that proves that the desk (the web interface) made a form for this session.

    A form without this token may have been forged by another site.
    """
    return hmac.new(session_key.encode(), b"form", sha256).hexdigest()


def is_form_token(token: str, session_key: str) -> bool:
    """Return whether a token was made for a form of this session."""
    return bool(session_key) and hmac.compare_digest(token.encode(), make_form_token(session_key).encode())


def safe_path(text: str, default: str = "/") -> str:
    """Return ``text`` if it is a path of the desk to which a redirect is safe, otherwise ``default``."""
    if not text.startswith("/") or text.startswith("//") or "\\" in text or len(text) > 2000:
        return default
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in text):
        return default
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else default
