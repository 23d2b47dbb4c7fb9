"""Decompression of gzip and deflate in bounded pieces: bodies of responses, compressed documents and files."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 65_536
_GZIP_OR_ZLIB, _RAW_DEFLATE = 47, -15  # values of zlib's parameter ``wbits``


class DamagedCompression(Exception):
    """Raised at the first byte that is not valid compressed data. The data before it are valid."""


class Decompressor:
    """Decompressor for data that arrive in pieces; the data may be split at any place.

    A gzip body may have several members, with zeros between them; other data after a member are ignored. With
    ``is_deflate`` the data may begin with a zlib header or, as from some servers, without a header.
    """

    def __init__(self, *, is_deflate: bool = False) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._is_deflate = is_deflate
        self._is_started = self._has_ended = False
        self._start = b""  # data that may begin a stream, until enough of them show whether they do

    @property
    def is_complete(self) -> bool:
        """True if no stream is unfinished. After the last data, False means that the data were cut off."""
        return not self._is_started or self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress further data, and yield the result in pieces of at most 64 KB.

        Raises ``DamagedCompression`` at data that are not valid.
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
        """Begin the next stream if the data contain its start; return the data from this start on.

        The result is empty if no stream starts, or if more data are needed to recognize a start.
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


@dataclass(frozen=True, slots=True)
class Decompressed:
    """Result of ``decompress_gzip``.

    ``is_cut_off`` means that the compressed data end early, or are damaged after ``content``. ``is_too_long`` means
    that ``content`` was truncated to the maximum.
    """

    content: bytes
    is_cut_off: bool = False
    is_too_long: bool = False


def decompress_gzip(body: bytes, max_bytes: int) -> Decompressed:
    """Return the content of a gzip body, truncated to ``max_bytes``. A body without gzip is returned unchanged."""
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
