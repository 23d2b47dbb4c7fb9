"""httpx transport that connects to checked addresses only.

It returns complete, decoded responses of limited size.
"""

import re
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

import httpx
from msgspec import Struct

from monitor.fetch.address_guard import AddressGuard, AddressRejected, HostLookupFailed
from monitor.fetch.http1 import Endpoint, HttpResponse, ResponseLimits, send_request
from monitor.fetch.response_parser import BodyTooLong, InvalidResponse

_CONNECTION_HEADERS = frozenset({b"connection", b"accept-encoding", b"host"})
_BODY_ENCODING_HEADERS = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_SIMPLE_URL = re.compile(  # URLs that httpx would not change; the parser of httpx needs 30 us for each
    rf"http(s?)://((?:(?!xn--)[a-z0-9-]+\.)+(?!xn--)[a-z][a-z0-9-]*|{_OCTET}(?:\.{_OCTET}){{3}})(:[1-9]\d{{3}}|:[1-5]\d{{4}})?"
    r"(/(?:[A-Za-z0-9_~=@,:+*/-]|\.(?![./?]|$))*(?:\?[A-Za-z0-9_.~=@,:+*/&-]+)?)"
)


class ForbiddenAddressError(httpx.ConnectError):
    """Raised if the address guard rejects an address, such as one in a private network. A retry does not help."""


class NameResolutionError(httpx.ConnectError):
    """Raised if a host name has no address, or if its name servers do not answer."""


class BodyTooLongError(httpx.RemoteProtocolError):
    """Raised if a body is longer than the limit. The request may succeed with a higher limit."""


class CertificateError(httpx.ConnectError):
    """Raised if the server's certificate is not valid for the requested host."""


class RequestTarget(Struct, frozen=True):
    """Parts of a URL, as they are sent in a request. ``display_host`` is the host name in readable form."""

    is_tls: bool
    display_host: str
    host: str
    port: int
    netloc: bytes
    path: bytes

    @classmethod
    def from_url(cls, url: str) -> "RequestTarget":
        """Create the target of a request from a URL. Raises ``httpx.InvalidURL`` if the URL is invalid.

        The result is the same as from httpx, but simple URLs are parsed faster.
        """
        match = _SIMPLE_URL.fullmatch(url)
        if match is None:
            return cls.from_httpx_url(httpx.URL(url))
        is_tls, host, port = bool(match[1]), match[2], match[3] or ""
        netloc, path = f"{host}{port}".encode("ascii"), match[4].encode("ascii")
        return cls(is_tls, host, host, int(port[1:] or (443 if is_tls else 80)), netloc, path)

    @classmethod
    def from_httpx_url(cls, url: httpx.URL) -> "RequestTarget":
        """Create the target of a request from a URL that httpx has parsed."""
        is_tls = url.scheme == "https"
        port = url.port or (443 if is_tls else 80)
        return cls(is_tls, url.host, url.raw_host.decode("ascii"), port, url.netloc, url.raw_path)


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx transport that opens a new connection for each request, to an address that the address guard has checked.

    Proxy settings and netrc are ignored. Raises httpx errors: ``ConnectError`` (with the subclasses in this module),
    ``ConnectTimeout`` and ``RemoteProtocolError``. The caller sets the total timeout with ``asyncio.timeout``.
    """

    def __init__(
        self, guard: AddressGuard, limits: ResponseLimits | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._guard, self._limits = guard, limits or ResponseLimits()
        self._ssl_context = ssl_context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the response with its body, which is already read and decoded."""
        body = await request.aread()
        response = await self.send(RequestTarget.from_httpx_url(request.url), request.method, request.headers.raw, body)
        headers = [(name, value) for name, value in response.headers if name not in _BODY_ENCODING_HEADERS]
        return httpx.Response(response.status, headers=headers, content=response.body, request=request)

    async def send(
        self,
        target: RequestTarget,
        method: str,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes = b"",
        *,
        limits: ResponseLimits | None = None,
    ) -> HttpResponse:
        """Send one request directly, without an httpx client, and return the response.

        If given, ``limits`` replaces the limits of the transport for this response. Raises the errors that are listed
        in the docstring of ``GuardedTransport``.
        """
        try:
            return await self._send(target, method, headers, body, limits or self._limits)
        except AddressRejected as error:
            raise ForbiddenAddressError(str(error)) from error
        except HostLookupFailed as error:
            raise NameResolutionError(str(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise CertificateError(
                f"the certificate of {target.display_host} was refused: {error.verify_message}"
            ) from error
        except ssl.SSLError as error:
            raise httpx.ConnectError(
                f"TLS handshake with {target.display_host} failed: {error.reason or 'unknown reason'}"
            ) from error
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"{target.display_host} does not answer") from error
        except OSError as error:
            raise httpx.ConnectError(f"cannot connect to {target.display_host}: {error.strerror or error}") from error
        except BodyTooLong as error:
            raise BodyTooLongError(f"{target.display_host}: {error}") from error
        except InvalidResponse as error:
            raise httpx.RemoteProtocolError(f"{target.display_host}: {error}") from error

    async def _send(
        self,
        target: RequestTarget,
        method: str,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        limits: ResponseLimits,
    ) -> HttpResponse:
        addresses = await self._guard.resolve(target.host, target.port)
        endpoint = Endpoint(tuple(addresses), target.port, target.host if target.is_tls else "")
        if target.is_tls and self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()  # costs 20 ms: created once, when TLS is first used
        request = _serialize_request(target, method, headers, body)
        return await send_request(endpoint, request, self._ssl_context, limits, is_head=method == "HEAD")


def _serialize_request(
    target: RequestTarget, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> bytes:
    """Convert a request to bytes: request line, headers and body.

    Headers that control the connection are replaced by the transport's own. Raises ``httpx.LocalProtocolError`` if a
    header contains a line break or NUL.
    """
    lines = [
        b"%s %s HTTP/1.1" % (method.encode("ascii"), target.path),
        b"Host: " + target.netloc,
        b"Accept-Encoding: gzip, deflate",
        b"Connection: close",
    ]
    lines += [b"%s: %s" % (name, value) for name, value in headers if name.lower() not in _CONNECTION_HEADERS]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
        raise httpx.LocalProtocolError("a request header has a line break, which would begin a header of its own")
    return b"%s\r\n\r\n%s" % (head, body)


def create_guarded_transport(allowed_networks: Iterable[IPv4Network | IPv6Network] = ()) -> httpx.AsyncBaseTransport:
    """Return a transport for webhooks, with the same size limits as for feeds.

    It opens no connection to a private network, except to ``allowed_networks``.
    """
    return GuardedTransport(AddressGuard(allowed_networks))
