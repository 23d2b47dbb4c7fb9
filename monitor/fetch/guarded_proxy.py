"""HTTP proxy on the loopback address that limits which servers a browser can reach, and how much it can load.

The browser itself neither resolves names nor opens connections to servers. For each connection, the proxy resolves the
host name and lets the address guard check the addresses. The proxy then connects to a checked address.
"""

import asyncio
import base64
import contextlib
import secrets
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from monitor.fetch.address_guard import AddressGuard, AddressRejected, HostLookupFailed

_CONNECT_SECONDS = 5.0
_MAX_HEAD_BYTES = 65_536
_CHUNK_BYTES = 65_536
_HOP_HEADERS = (b"proxy-", b"connection:", b"keep-alive:", b"upgrade:")


class _Refused(Exception):
    """Raised if the proxy does not open a connection. The message is the status line of its response to the browser."""


@dataclass(slots=True)
class GuardedProxy:
    """Proxy for the requests of one page; an asynchronous context manager.

    Only ``own_host``, the host of the page, may be in a private network that the user allows: scripts from other sites
    must not reach the user's own servers. Once the connections have received ``max_bytes`` together, they are closed.
    ``refused`` lists the connections that were forbidden, with the reasons.
    """

    guard: AddressGuard
    own_host: str
    max_bytes: int
    received_bytes: int = 0
    refused: list[str] = field(default_factory=list)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    port: int = 0
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_MAX_HEAD_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._forward(reader, writer)
        except _Refused as error:
            with contextlib.suppress(ConnectionError):
                writer.write(f"HTTP/1.1 {error}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # either side has closed the connection, or the browser sent no request
        finally:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = head.split(b" ", 2)
        if not self._is_authorized(head):
            raise _Refused('407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="monitor"')
        is_tunnel = method == b"CONNECT"
        parts = urlsplit(f"//{target.decode('latin-1')}" if is_tunnel else target.decode("latin-1"))
        host, port = parts.hostname or "", parts.port or 80
        server_reader, server_writer = await self._connect(host, port)
        try:
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server_writer.write(_to_origin_form(head, method, parts.path or "/", parts.query))
            await self._pipe_both(reader, writer, server_reader, server_writer)
        finally:
            server_writer.close()

    def _is_authorized(self, head: bytes) -> bool:
        expected = base64.b64encode(f"monitor:{self.password}".encode()).decode()
        lines = head.decode("latin-1").split("\r\n")
        given = [line.partition(":")[2].split() for line in lines if line.lower().startswith("proxy-authorization:")]
        return any(len(words) == 2 and secrets.compare_digest(words[1], expected) for words in given)

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            guard = self.guard if host == self.own_host else self.guard.without_allowed_networks()
            addresses = await guard.resolve(host, port)
        except (AddressRejected, HostLookupFailed) as error:
            self.refused.append(str(error))
            raise _Refused("403 Forbidden") from error
        for address in addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port)
        raise _Refused("502 Bad Gateway")

    async def _pipe_both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        sending = asyncio.ensure_future(_pipe(reader, server_writer))
        try:
            while chunk := await server_reader.read(_CHUNK_BYTES):
                self.received_bytes += len(chunk)
                if self.received_bytes > self.max_bytes:
                    return
                writer.write(chunk)
                await writer.drain()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _to_origin_form(head: bytes, method: bytes, path: str, query: str) -> bytes:
    """Convert the head of a request to a proxy into the head of a request to the server.

    A proxy gets a full URL, but a server expects only its path. The connection is closed after the request, so that the
    proxy can check the next one.
    """
    target = f"{path}?{query}" if query else path
    lines = [line for line in head.split(b"\r\n")[1:] if line and not line.lower().startswith(_HOP_HEADERS)]
    first = b"%s %s HTTP/1.1" % (method, target.encode("latin-1"))
    return b"\r\n".join([first, *lines, b"Connection: close", b"", b""])
