"""One HTTP/1.1 exchange on one connection to one judged address, with every cap inside.

Bodies are decoded here, in bounded pieces while they arrive: a bomb is cut after its first megabytes, not after it
went off. httpx 0.28 decodes without bound (6 KB of brotli became one chunk of 4 GB) and scans its pool of connections
at every request; polling opens one connection a source, so there is no pool to keep.
"""

import asyncio
import ssl
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import httptools

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Caps:
    """What one answer may cost. Lengths in bytes, ``ratio`` is decoded to wire, ``connect`` in seconds."""

    wire: int = 5_000_000
    decoded: int = 10_000_000
    header_bytes: int = 65_536
    header_count: int = 200
    ratio: int = 200
    ratio_from: int = 1_000_000
    connect: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, its body decoded."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Refusal(Exception):
    """The answer breaks a cap or the protocol; the text says how."""


class _Inflater:
    """Decodes gzip and deflate in pieces; raises ``Refusal`` at the first byte over a cap."""

    def __init__(self, encoding: str, caps: Caps) -> None:
        self._caps, self._deflate = caps, encoding == "deflate"
        self._stream = zlib.decompressobj(47)
        self._ended = False
        self.decoded = 0

    def feed(self, data: bytes, wire: int) -> list[bytes]:
        pieces: list[bytes] = []
        while data and not self._ended:
            piece = self._inflate(data)
            self.decoded += len(piece)
            check_size(self.decoded, wire, self._caps)
            if piece:
                pieces.append(piece)
            data = self._rest()
        return pieces

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, 65_536)
        except zlib.error:
            if not self._deflate or self.decoded:
                raise Refusal("its compressed body is damaged") from None
        self._deflate = False  # some servers send deflate without the zlib header it should have
        self._stream = zlib.decompressobj(-15)
        try:
            return self._stream.decompress(data, 65_536)
        except zlib.error:
            raise Refusal("its compressed body is damaged") from None

    def _rest(self) -> bytes:
        """Return what is still to be decoded; a second gzip member is decoded too, anything else is ignored."""
        if not self._stream.eof:
            return self._stream.unconsumed_tail
        rest = self._stream.unused_data
        if rest.startswith(b"\x1f\x8b"):
            self._stream = zlib.decompressobj(47)
            return rest
        self._ended = True
        return b""


def check_size(decoded: int, wire: int, caps: Caps) -> None:
    """Raise ``Refusal`` if a decoded body is too long, or too long for what came over the wire."""
    if decoded > caps.decoded:
        raise Refusal(f"its body is longer than {caps.decoded // 1_000_000} MB decoded")
    if decoded > caps.ratio_from and decoded > caps.ratio * max(wire, 1):
        raise Refusal(f"its body decodes to more than {caps.ratio} times its length: a compression bomb")


class _Exchange(asyncio.Protocol):
    """Writes the request when connected, collects the answer, and settles ``done``."""

    def __init__(self, request: bytes, caps: Caps, bodiless: bool) -> None:
        self.done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._request, self._caps, self._bodiless = request, caps, bodiless
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._header_bytes = self._wire = 0
        self._body: list[bytes] = []
        self._inflater: _Inflater | None = None
        self._in_body = self._until_close = False
        self._failure: Refusal | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            return
        self._wire += len(data)
        if not self._in_body:
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
            if not self._in_body and self._header_bytes > self._caps.header_bytes:
                self._fail("its headers are longer than 64 KB")
            elif self._wire > self._caps.wire + self._caps.header_bytes:
                self._fail(f"its body is longer than {self._caps.wire // 1_000_000} MB")
        except httptools.HttpParserUpgrade:
            self._fail("it wants to leave HTTP")
        except httptools.HttpParserCallbackError:
            self._fail(str(self._failure or "its answer cannot be read"))
        except httptools.HttpParserError:
            self._fail("it does not speak HTTP")

    def eof_received(self) -> None:
        self._ended("it closed the connection before its answer was whole")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended("the connection was lost" if exc else "it closed the connection before its answer was whole")

    def _ended(self, why: str) -> None:
        if self._in_body and self._until_close:
            self.on_message_complete()
        self._fail(why)

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(Refusal(reason))
        self.abort()

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # what httptools calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))
        if len(self._headers) > self._caps.header_count:
            self._refuse(f"it sends more than {self._caps.header_count} headers")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        self._in_body = True
        if self._bodiless or 300 <= status < 400:  # nobody reads the body of a redirect
            self.on_message_complete()
            return
        names = dict(self._headers)
        self._until_close = b"content-length" not in names and b"transfer-encoding" not in names
        encodings = [value.strip().lower() for name, value in self._headers if name == b"content-encoding"]
        encoding = b",".join(encodings).decode("latin-1")
        if encoding in {"gzip", "x-gzip", "deflate"}:
            self._inflater = _Inflater(encoding, self._caps)
        elif encoding not in {"", "identity", "none", "utf-8"}:
            self._refuse(f"its body is encoded as {encoding[:40]!r}, which was not asked for")
        length = names.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._caps.wire:
            self._refuse(f"its body is longer than {self._caps.wire // 1_000_000} MB")

    def on_body(self, data: bytes) -> None:
        if self._inflater is None:
            self._body.append(data)
            return
        try:
            self._body += self._inflater.feed(data, self._wire)
        except Refusal as refusal:
            self._failure = refusal
            raise

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 100, 102 and 103 come before the answer; all their headers together stay under one cap
            self._headers.clear()
            return
        if not self.done.done():
            self.done.set_result(Answer(status, tuple(self._headers), b"".join(self._body)))
        if self._transport is not None:
            self._transport.close()

    def _refuse(self, reason: str) -> None:
        self._failure = Refusal(reason)
        raise self._failure


@dataclass(frozen=True, slots=True)
class Peer:
    """Where to connect: the judged addresses, and the name the certificate must bear (empty for plain HTTP)."""

    addresses: tuple[str, ...]
    port: int
    tls_name: str = ""


async def exchange(peer: Peer, request: bytes, context: ssl.SSLContext | None, caps: Caps, *, head: bool) -> Answer:
    """Send a request and return the whole answer. ``head`` says that the answer has no body.

    Raises ``Refusal``, ``OSError`` (not connected), ``ssl.SSLError`` or ``TimeoutError`` (connecting). The total
    deadline is the caller's ``asyncio.timeout``; when it fires the connection is cut.
    """
    protocol = _Exchange(request, caps, head)
    await _connect(peer, protocol, context if peer.tls_name else None, caps.connect)
    try:
        return await protocol.done
    finally:
        if not protocol.done.done() or protocol.done.cancelled() or protocol.done.exception():
            protocol.abort()


async def _connect(peer: Peer, protocol: _Exchange, context: ssl.SSLContext | None, seconds: float) -> None:
    """Try the addresses one after the other, at most four, each for the connect time."""
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("no address")
    for address in peer.addresses[:4]:
        try:
            async with asyncio.timeout(seconds):
                await loop.create_connection(
                    lambda: protocol,
                    address,
                    peer.port,
                    ssl=context,
                    server_hostname=peer.tls_name or None,
                )
        except ssl.SSLError:
            raise
        except TimeoutError:
            failure = TimeoutError(f"no connection within {seconds:g} s")
        except OSError as error:
            failure = error
        else:
            return
    raise failure
