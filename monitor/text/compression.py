"""Decompression of gzip and deflate data, in pieces of limited size.

It is used for HTTP response bodies, compressed documents and files.
"""

import zlib
from collections.abc import Iterator

from msgspec import Struct

GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 65_536
_GZIP_OR_ZLIB, _RAW_DEFLATE = 47, -15  # values of zlib's parameter ``wbits``


class DamagedCompression(Exception):
    """Raised when compressed data are invalid. The data before the first invalid byte are valid."""


class Decompressor:
    """Decompressor for gzip or deflate data that arrive in pieces of any size.

    A gzip body may consist of several members (complete gzip files, one after another), with zero bytes between them.
    Any other data after a member are ignored. If ``is_deflate`` is true, the data may begin with a zlib header or, as
    some servers send them, without one.
    """

    def __init__(self, *, is_deflate: bool = False) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._is_deflate = is_deflate
        self._is_started = self._has_ended = False
        self._start = b""  # data that may begin a stream, until enough of them show whether they do

    @property
    def is_complete(self) -> bool:
        """True unless the data so far end in the middle of a compressed stream.

        If the value is False after the last data, the data were cut off.
        """
        return not self._is_started or self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress further data, and yield the result in pieces of at most 64 KB.

        Raises ``DamagedCompression`` if the data are invalid.
        """
        while data and not self._has_ended:
            if self.is_complete:
                data = self._begin_stream(data)
                continue
            try:
                piece = self._stream.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                raise DamagedCompression(str(error)) from error
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _begin_stream(self, data: bytes) -> bytes:
        """Prepare to decompress the stream that starts in the data, and return its compressed data.

        Zero bytes before the stream are removed. The result is empty if no stream starts in the data, or if more data
        are needed to recognize its start.
        """
        data = self._start + data
        if self._is_started:
            data = data.lstrip(b"\0")
        self._start = data if len(data) < len(GZIP_MAGIC) else b""
        if self._start or not data:
            return b""
        if self._is_started and (self._is_deflate or not data.startswith(GZIP_MAGIC)):
            self._has_ended = True
            return b""
        has_header = not self._is_deflate or data.startswith(GZIP_MAGIC) or _has_zlib_header(data)
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB if has_header else _RAW_DEFLATE)
        self._is_started = True
        return data


def _has_zlib_header(data: bytes) -> bool:
    """Return whether data begin with a zlib header (RFC 1950, section 2.2)."""
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0


class Decompressed(Struct, frozen=True):
    """Result of ``decompress_gzip``.

    ``is_cut_off`` is true if the compressed data end early or are damaged; ``content`` then ends at the damage.
    ``is_too_long`` is true if ``content`` was truncated to the maximum length.
    """

    content: bytes
    is_cut_off: bool = False
    is_too_long: bool = False


def decompress_gzip(body: bytes, max_bytes: int) -> Decompressed:
    """Decompress a gzip body to at most ``max_bytes``. A body that is not gzip is returned unchanged."""
    if not body.startswith(GZIP_MAGIC):
        return Decompressed(body)
    decompressor, content = Decompressor(), bytearray()
    try:
        for piece in decompressor.feed(body):
            content += piece
            if len(content) > max_bytes:
                return Decompressed(bytes(content[:max_bytes]), is_too_long=True)
    except DamagedCompression:
        return Decompressed(bytes(content), is_cut_off=True)
    return Decompressed(bytes(content), is_cut_off=not decompressor.is_complete)
