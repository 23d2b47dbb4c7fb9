"""An httpx transport that dials judged addresses only, keeps no pool, and hands over whole, capped, decoded answers."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

import httpx

from monitor.fetch.exchange import Answer, Caps, Peer, Refusal, exchange
from monitor.fetch.guard import Forbidden, Guard, NoAddress

_HOP_HEADERS = frozenset({b"connection", b"accept-encoding", b"host"})
_DECODED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ORDINARY = re.compile(  # an address that httpx would leave as it stands, and take 30 us to say so
    rf"http(s?)://((?:(?!xn--)[a-z0-9-]+\.)+(?!xn--)[a-z][a-z0-9-]*|{_OCTET}(?:\.{_OCTET}){{3}})(:[1-9]\d{{3}}|:[1-5]\d{{4}})?"
    r"(/(?:[A-Za-z0-9_~=@,:+*/-]|\.(?![./?]|$))*(?:\?[A-Za-z0-9_.~=@,:+*/&-]+)?)"
)


class ForbiddenAddress(httpx.ConnectError):
    """The guard refused the address; trying again does not help."""


class NoName(httpx.ConnectError):
    """The name servers know no address of the host, or do not answer."""


class NotVerified(httpx.ConnectError):
    """The server's certificate does not prove that it is the host asked for."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, and how its address is written on the wire; ``name`` is the host as a reader knows it."""

    secure: bool
    name: str
    host: str
    port: int
    netloc: bytes
    path: bytes

    @classmethod
    def of(cls, url: str) -> "Target":
        """Read an address as httpx does. Raises ``httpx.InvalidURL``."""
        ordinary = _ORDINARY.fullmatch(url)
        if ordinary is None:
            return cls.of_parsed(httpx.URL(url))
        secure, host, port = bool(ordinary[1]), ordinary[2], ordinary[3] or ""
        netloc, path = f"{host}{port}".encode("ascii"), ordinary[4].encode("ascii")
        return cls(secure, host, host, int(port[1:] or (443 if secure else 80)), netloc, path)

    @classmethod
    def of_parsed(cls, url: httpx.URL) -> "Target":
        """Take over what httpx has read."""
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        return cls(secure, url.host, url.raw_host.decode("ascii"), port, url.netloc, url.raw_path)


class GuardedTransport(httpx.AsyncBaseTransport):
    """One connection a request, to an address the guard has judged. Proxies and netrc are never looked at.

    Raises httpx's own errors: ``ConnectError`` (``ForbiddenAddress``, ``NoName``, ``NotVerified``), ``ConnectTimeout``,
    ``RemoteProtocolError``. The total deadline is the caller's, by ``asyncio.timeout``.
    """

    def __init__(self, guard: Guard, caps: Caps | None = None, context: ssl.SSLContext | None = None) -> None:
        self._guard, self._caps = guard, caps or Caps()
        self._context = context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, return the answer with its body read and decoded."""
        body = await request.aread()
        answer = await self.send(Target.of_parsed(request.url), request.method, request.headers.raw, body)
        kept = [(name, value) for name, value in answer.headers if name not in _DECODED]
        return httpx.Response(answer.status, headers=kept, content=answer.body, request=request)

    async def send(
        self, target: Target, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes = b""
    ) -> Answer:
        """Send one request without the layers of a client; raises as the class tells."""
        try:
            return await self._send(target, method, headers, body)
        except Forbidden as error:
            raise ForbiddenAddress(str(error)) from error
        except NoAddress as error:
            raise NoName(str(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise NotVerified(f"the certificate of {target.name} was refused: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise httpx.ConnectError(f"no TLS with {target.name}: {error.reason or 'handshake failed'}") from error
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"{target.name} does not answer") from error
        except OSError as error:
            raise httpx.ConnectError(f"no connection to {target.name}: {error.strerror or error}") from error
        except Refusal as error:
            raise httpx.RemoteProtocolError(f"{target.name}: {error}") from error

    async def _send(self, target: Target, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Answer:
        addresses = await self._guard.resolve(target.host, target.port)
        peer = Peer(tuple(addresses), target.port, target.host if target.secure else "")
        if target.secure and self._context is None:
            self._context = ssl.create_default_context()  # costs 20 ms: once a process, and only where TLS is spoken
        request = _serialise(target, method, headers, body)
        return await exchange(peer, request, self._context, self._caps, head=method == "HEAD")


def _serialise(target: Target, method: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Write a request line and headers; what governs the connection is ours to say."""
    lines = [
        b"%s %s HTTP/1.1" % (method.encode("ascii"), target.path),
        b"Host: " + target.netloc,
        b"Accept-Encoding: gzip, deflate",
        b"Connection: close",
    ]
    lines += [b"%s: %s" % (name, value) for name, value in headers if name.lower() not in _HOP_HEADERS]
    head = b"\r\n".join(lines)
    return b"%s\r\n\r\n%s" % (head, body)


def guarded_transport(allow_networks: Iterable[IPv4Network | IPv6Network] = ()) -> httpx.AsyncBaseTransport:
    """Return the transport under which webhooks are posted: the same guard and caps as for feeds."""
    return GuardedTransport(Guard(allow_networks))
