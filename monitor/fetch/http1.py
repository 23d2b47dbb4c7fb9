"""HTTP/1.1 exchange: sends one request to a checked address and reads the response within size limits.

Bodies are decoded in limited pieces while they arrive, so a compression bomb is stopped after its first megabytes.
httpx 0.28 decodes without a limit (6 KB of brotli became one chunk of 4 GB), and searches its connection pool at every
request. Polling opens one connection for each source, so no pool is needed.
"""

import asyncio
import ssl
from typing import cast

from msgspec import Struct

from monitor.fetch.response_parser import (
    BodyTooLong,
    ChunkedDecoder,
    InvalidResponse,
    ResponseHead,
    parse_head,
    split_head,
)
from monitor.text.compression import DamagedCompression, Decompressor


class ResponseLimits(Struct, frozen=True):
    """Limits for one response, with lengths in bytes.

    ``compression_ratio`` is the decoded length divided by the transferred length. The default values are documented in
    docs/sources.md.
    """

    wire_bytes: int = 5_000_000
    decoded_bytes: int = 10_000_000
    header_bytes: int = 65_536
    header_count: int = 200
    compression_ratio: int = 200
    ratio_min_bytes: int = 1_000_000
    connect_seconds: float = 5.0


LARGE_DOCUMENT_LIMITS = ResponseLimits(wire_bytes=15_000_000, decoded_bytes=30_000_000)
"""Higher limits, for the feeds and sitemaps that are longer than the default limits allow. Few of these documents are
read at the same time.

The feed reader miniflux also reads at most 15 MB of a feed. A sitemap may have 50 MB after decompression, but even one
with the maximum of 50,000 addresses rarely has more than 10 MB.
"""


class HttpResponse(Struct, frozen=True):
    """A complete response with its decoded body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def check_body_size(decoded_bytes: int, wire_bytes: int, limits: ResponseLimits) -> None:
    """Raise ``InvalidResponse`` if a decoded body exceeds the maximum length or the maximum compression ratio."""
    if decoded_bytes > limits.decoded_bytes:
        raise BodyTooLong(f"its body is longer than {limits.decoded_bytes // 1_000_000} MB decoded")
    if decoded_bytes > limits.ratio_min_bytes and decoded_bytes > limits.compression_ratio * max(wire_bytes, 1):
        raise InvalidResponse(
            f"its body decodes to more than {limits.compression_ratio} times its length: a compression bomb"
        )


class _ResponseProtocol(asyncio.Protocol):
    """asyncio protocol that sends one request when it is connected, and receives the response.

    The response, or an error, is set as the result of ``response_future``.
    """

    def __init__(self, request: bytes, limits: ResponseLimits, has_no_body: bool) -> None:
        self.response_future: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        self._request, self._limits, self._has_no_body = request, limits, has_no_body
        self._transport: asyncio.Transport | None = None
        self._head_data = bytearray()
        self._head_bytes = self._body_bytes = 0
        self._head: ResponseHead | None = None
        self._chunks: ChunkedDecoder | None = None
        self._body: list[bytes] = []
        self._decompressor: Decompressor | None = None
        self._decoded_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.response_future.done():
            return
        try:
            if self._head is None:
                data = self._read_head(data)
            if self._head is not None:
                self._read_body(self._head, data)
        except InvalidResponse as error:
            self._fail(error)

    def eof_received(self) -> None:
        head = self._head
        is_end_of_body = head is not None and not head.is_chunked and head.length is None
        if head is not None and is_end_of_body and (self._decompressor is None or self._decompressor.is_complete):
            self._complete(head)
        self._fail(InvalidResponse("it closed the connection before its response was complete"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Complete a response whose body ends with the connection; otherwise set an error.

        A body ends with the connection if the response states no length and the connection was closed without an error.
        A response that is already complete does not change.
        """
        if exc is None:
            self.eof_received()
        self._fail(InvalidResponse("the connection was lost before its response was complete"))

    def _read_head(self, data: bytes) -> bytes:
        """Add data to the head of the response.

        Return the data that follow the head, or no data while the head is incomplete. Interim responses, such as 103,
        are skipped.
        """
        searched_to = max(len(self._head_data) - 3, 0)  # the empty line that ends a head may arrive in two pieces
        self._head_data += data
        while True:
            if not searched_to:
                self._head_data = self._head_data.lstrip(b"\r\n")
            if not b"http/".startswith(self._head_data[:5].lower()):
                raise InvalidResponse("it does not speak HTTP")
            found = split_head(self._head_data, searched_to)
            if self._head_bytes + (found[1] if found else len(self._head_data)) > self._limits.header_bytes:
                raise InvalidResponse("its headers are longer than 64 KB")
            if found is None:
                return b""
            head = parse_head(found[0], self._limits.header_count)
            rest = bytes(self._head_data[found[1] :])
            self._head_bytes += found[1]
            if head.status == 101:
                raise InvalidResponse("it asks for a protocol other than HTTP")
            if head.status >= 200:
                self._start_body(head)
                return rest
            # 100, 102 and 103 precede the final response; the limit for headers covers all of them
            self._head_data, searched_to = bytearray(rest), 0

    def _start_body(self, head: ResponseHead) -> None:
        self._head = head
        if not head.has_body or self._has_no_body:
            self._complete(head)
            return
        if head.is_chunked:
            self._chunks = ChunkedDecoder()
        elif head.length is not None and head.length > self._limits.wire_bytes:
            raise BodyTooLong(self._describe_long_body())
        encodings = [value.lower() for name, value in head.headers if name == b"content-encoding"]
        encoding = b",".join(encodings).decode("latin-1")
        if encoding in {"gzip", "x-gzip", "deflate"}:
            self._decompressor = Decompressor(is_deflate=encoding == "deflate")
        elif encoding not in {"", "identity", "none", "utf-8"}:
            raise InvalidResponse(f"its body is encoded as {encoding[:40]!r}, which was not asked for")

    def _read_body(self, head: ResponseHead, data: bytes) -> None:
        """Decode a piece of the body. Bytes beyond the declared length of the body are ignored."""
        if self.response_future.done():
            return
        if self._chunks is None and head.length is not None:
            data = data[: head.length - self._body_bytes]
        self._body_bytes += len(data)
        if self._body_bytes > self._limits.wire_bytes:
            raise BodyTooLong(self._describe_long_body())
        content = self._chunks.feed(data) if self._chunks else data
        if self._decompressor is not None:
            self._decompress(self._decompressor, content)
        elif content:
            self._body.append(content)
        if self._chunks.is_complete if self._chunks else self._body_bytes == head.length:
            self._complete(head)

    def _decompress(self, decompressor: Decompressor, data: bytes) -> None:
        try:
            for piece in decompressor.feed(data):
                self._decoded_bytes += len(piece)
                check_body_size(self._decoded_bytes, self._body_bytes, self._limits)
                self._body.append(piece)
        except DamagedCompression:
            raise InvalidResponse("its compressed body is damaged") from None

    def _describe_long_body(self) -> str:
        return f"its body is longer than {self._limits.wire_bytes // 1_000_000} MB"

    def _complete(self, head: ResponseHead) -> None:
        if not self.response_future.done():
            self.response_future.set_result(HttpResponse(head.status, head.headers, b"".join(self._body)))
        if self._transport is not None:
            self._transport.close()

    def _fail(self, error: InvalidResponse) -> None:
        if not self.response_future.done():
            self.response_future.set_exception(error)
        self.abort()

    def abort(self) -> None:
        """Abort the connection immediately."""
        if self._transport is not None:
            self._transport.abort()


class Endpoint(Struct, frozen=True):
    """Server to connect to: its checked addresses, its port, and its host name for TLS (empty for plain HTTP)."""

    addresses: tuple[str, ...]
    port: int
    tls_name: str = ""


async def send_request(
    endpoint: Endpoint, request: bytes, ssl_context: ssl.SSLContext | None, limits: ResponseLimits, *, is_head: bool
) -> HttpResponse:
    """Send a request and return the complete response.

    ``is_head`` is true for a HEAD request, whose response has no body.

    Raises ``InvalidResponse`` for an invalid response. While connecting, raises ``OSError``, ``ssl.SSLError`` or
    ``TimeoutError``. The caller sets the total timeout with ``asyncio.timeout``; when it expires, the connection is
    aborted.
    """
    protocol = _ResponseProtocol(request, limits, is_head)
    await _connect(endpoint, protocol, ssl_context if endpoint.tls_name else None, limits.connect_seconds)
    try:
        return await protocol.response_future
    finally:
        if (
            not protocol.response_future.done()
            or protocol.response_future.cancelled()
            or protocol.response_future.exception()
        ):
            protocol.abort()


async def _connect(
    endpoint: Endpoint, protocol: _ResponseProtocol, ssl_context: ssl.SSLContext | None, timeout_seconds: float
) -> None:
    """Connect to the first address that accepts a connection.

    At most four addresses are tried, each with the full timeout. The last error is raised if none accepts.
    """
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("no address")
    for address in endpoint.addresses[:4]:
        try:
            async with asyncio.timeout(timeout_seconds):
                await loop.create_connection(
                    lambda: protocol,
                    address,
                    endpoint.port,
                    ssl=ssl_context,
                    server_hostname=endpoint.tls_name or None,
                )
        except ssl.SSLError:
            raise
        except TimeoutError:
            failure = TimeoutError(f"no connection within {timeout_seconds:g} s")
        except OSError as error:
            failure = error
        else:
            return
    raise failure
