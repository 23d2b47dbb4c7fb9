"""An httpx transport that dials judged addresses only, keeps no pool, and hands over whole, capped, decoded answers."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

import httpx

from monitor.fetch.address_guard import AddressGuard, AddressRejected, HostLookupFailed
from monitor.fetch.http1 import Endpoint, HttpResponse, InvalidResponse, ResponseLimits, send_request

_CONNECTION_HEADERS = frozenset({b"connection", b"accept-encoding", b"host"})
_BODY_ENCODING_HEADERS = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_SIMPLE_URL = re.compile(  # an address that httpx would leave as it stands, and take 30 us to say so
    rf"http(s?)://((?:(?!xn--)[a-z0-9-]+\.)+(?!xn--)[a-z][a-z0-9-]*|{_OCTET}(?:\.{_OCTET}){{3}})(:[1-9]\d{{3}}|:[1-5]\d{{4}})?"
    r"(/(?:[A-Za-z0-9_~=@,:+*/-]|\.(?![./?]|$))*(?:\?[A-Za-z0-9_.~=@,:+*/&-]+)?)"
)


class ForbiddenAddressError(httpx.ConnectError):
    """The guard refused the address; trying again does not help."""


class NameResolutionError(httpx.ConnectError):
    """The name servers know no address of the host, or do not answer."""


class CertificateError(httpx.ConnectError):
    """The server's certificate does not prove that it is the host asked for."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """Where a request goes, and how its address is written on the wire; ``name`` is the host as a reader knows it."""

    is_tls: bool
    display_host: str
    host: str
    port: int
    netloc: bytes
    path: bytes

    @classmethod
    def from_url(cls, url: str) -> "RequestTarget":
        """Read an address as httpx does. Raises ``httpx.InvalidURL``."""
        ordinary = _SIMPLE_URL.fullmatch(url)
        if ordinary is None:
            return cls.from_httpx_url(httpx.URL(url))
        secure, host, port = bool(ordinary[1]), ordinary[2], ordinary[3] or ""
        netloc, path = f"{host}{port}".encode("ascii"), ordinary[4].encode("ascii")
        return cls(secure, host, host, int(port[1:] or (443 if secure else 80)), netloc, path)

    @classmethod
    def from_httpx_url(cls, url: httpx.URL) -> "RequestTarget":
        """Take over what httpx has read."""
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        return cls(secure, url.host, url.raw_host.decode("ascii"), port, url.netloc, url.raw_path)


class GuardedTransport(httpx.AsyncBaseTransport):
    """One connection a request, to an address the guard has judged. Proxies and netrc are never looked at.

    Raises httpx's own errors: ``ConnectError`` (``ForbiddenAddress``, ``NoName``, ``NotVerified``), ``ConnectTimeout``,
    ``RemoteProtocolError``. The total deadline is the caller's, by ``asyncio.timeout``.
    """

    def __init__(
        self, guard: AddressGuard, limits: ResponseLimits | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._guard, self._limits = guard, limits or ResponseLimits()
        self._ssl_context = ssl_context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, return the answer with its body read and decoded."""
        body = await request.aread()
        answer = await self.send(RequestTarget.from_httpx_url(request.url), request.method, request.headers.raw, body)
        kept = [(name, value) for name, value in answer.headers if name not in _BODY_ENCODING_HEADERS]
        return httpx.Response(answer.status, headers=kept, content=answer.body, request=request)

    async def send(
        self, target: RequestTarget, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes = b""
    ) -> HttpResponse:
        """Send one request without the layers of a client; raises as the class tells."""
        try:
            return await self._send(target, method, headers, body)
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
                f"no TLS with {target.display_host}: {error.reason or 'handshake failed'}"
            ) from error
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"{target.display_host} does not answer") from error
        except OSError as error:
            raise httpx.ConnectError(f"no connection to {target.display_host}: {error.strerror or error}") from error
        except InvalidResponse as error:
            raise httpx.RemoteProtocolError(f"{target.display_host}: {error}") from error

    async def _send(
        self, target: RequestTarget, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> HttpResponse:
        addresses = await self._guard.resolve(target.host, target.port)
        peer = Endpoint(tuple(addresses), target.port, target.host if target.is_tls else "")
        if target.is_tls and self._ssl_context is None:
            self._ssl_context = (
                ssl.create_default_context()
            )  # costs 20 ms: once a process, and only where TLS is spoken
        request = _serialize_request(target, method, headers, body)
        return await send_request(peer, request, self._ssl_context, self._limits, is_head=method == "HEAD")


def _serialize_request(
    target: RequestTarget, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> bytes:
    """Write a request line and headers; what governs the connection is ours to say."""
    lines = [
        b"%s %s HTTP/1.1" % (method.encode("ascii"), target.path),
        b"Host: " + target.netloc,
        b"Accept-Encoding: gzip, deflate",
        b"Connection: close",
    ]
    lines += [b"%s: %s" % (name, value) for name, value in headers if name.lower() not in _CONNECTION_HEADERS]
    head = b"\r\n".join(lines)
    return b"%s\r\n\r\n%s" % (head, body)


def create_guarded_transport(allowed_networks: Iterable[IPv4Network | IPv6Network] = ()) -> httpx.AsyncBaseTransport:
    """Return the transport under which webhooks are posted: the same guard and caps as for feeds."""
    return GuardedTransport(AddressGuard(allowed_networks))
