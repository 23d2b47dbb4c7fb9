"""Parser for HTTP/1.1 responses that accepts the same server faults as curl and browsers do.

Accepted faults: lines that end in LF alone, folded lines, lines without a colon, spaces before a colon, control
characters, the same length given twice, a length together with chunks, spaces after a chunk size. No library accepts
all of them (docs/decisions/0005-http-parser.md). A connection is used for one response only, so a wrongly found end of
a body cannot affect another response. Nevertheless, a response whose length is ambiguous is rejected.
"""

import re

from msgspec import Struct

_MAX_CHUNK_LINE_BYTES = 4_096
_MAX_LENGTH_DIGITS = 18  # more digits than the length of any body has
_HEAD_END = re.compile(rb"\n\r{0,2}\n")
_LINE_FOLD = re.compile(rb"\r*\n[ \t]+")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?[ ]+(\d{3})(?!\d)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,15})(?![0-9A-Za-z])")
_CONTROL_TO_SPACE = bytes(0x20 if (code < 0x20 and code != 0x0A) or code == 0x7F else code for code in range(256))
_BODILESS_STATUSES = frozenset({204, 304})

Headers = tuple[tuple[bytes, bytes], ...]


class InvalidResponse(Exception):
    """Raised if a response exceeds a limit, or breaks the protocol so that it cannot be read."""


class BodyTooLong(InvalidResponse):
    """Raised if a body is longer than the limit.

    If only its compression ratio (decoded length divided by received length) is too high, ``InvalidResponse`` is
    raised.
    """


class ResponseHead(Struct, frozen=True):
    """Status and headers of a response. The names of headers are in lower case.

    ``length`` is the length of the body in bytes, or None if it is not given. If ``is_chunked`` is true, ``length`` is
    ignored (RFC 9112, section 6.3). A body that has no length and is not chunked ends when the connection is closed.
    """

    status: int
    headers: Headers
    is_chunked: bool = False
    length: int | None = None

    @property
    def has_body(self) -> bool:
        """True if a body must be read after the head. The body of a redirect is not needed, so it is not read."""
        return self.status not in _BODILESS_STATUSES and not 300 <= self.status < 400


def split_head(data: bytes | bytearray, start: int = 0) -> tuple[bytes, int] | None:
    """Split the head of a response from the data: return the head and the offset of the body.

    The result is None if the head is not complete. ``start`` is the offset at which the search for its end begins.
    """
    end = _HEAD_END.search(data, start)
    return (bytes(data[: end.start()]), end.end()) if end else None


def parse_head(data: bytes, max_headers: int) -> ResponseHead:
    """Parse the head of a response, without its final empty line.

    Folded lines are joined with a space, control characters become spaces (RFC 9110, section 5.5), and lines without a
    header name are skipped. Raises ``InvalidResponse`` if the status line or the length is invalid, or if there are
    more than ``max_headers`` headers.
    """
    if b"\n " in data or b"\n\t" in data:
        data = _LINE_FOLD.sub(b" ", data)
    status_line, *lines = data.translate(_CONTROL_TO_SPACE).split(b"\n")
    status = _STATUS_LINE.match(status_line)
    if status is None:
        raise InvalidResponse("it does not speak HTTP")
    if len(lines) > max_headers:
        raise InvalidResponse(f"it sends more than {max_headers} headers")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.strip().lower()
        if colon and name:
            headers.append((name, value.strip()))
    return ResponseHead(int(status[1]), tuple(headers), _is_chunked(headers), _parse_length(headers))


def _is_chunked(headers: list[tuple[bytes, bytes]]) -> bool:
    codings = [value.lower().split(b",") for name, value in headers if name == b"transfer-encoding"]
    return any(coding.strip() == b"chunked" for each in codings for coding in each)


def _parse_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return the Content-Length, or None if the header is missing. Raises ``InvalidResponse`` if its value is invalid.

    The header may be repeated with the same value (RFC 9110, section 8.6).
    """
    lengths = {part.strip() for name, value in headers if name == b"content-length" for part in value.split(b",")}
    lengths.discard(b"")
    if not all(text.isdigit() and len(text) <= _MAX_LENGTH_DIGITS for text in lengths):
        raise InvalidResponse("its Content-Length is not a number of bytes")
    numbers = {int(text) for text in lengths}
    if len(numbers) > 1:
        raise InvalidResponse("its Content-Length has two different values, so the end of its body is not known")
    return numbers.pop() if numbers else None


class ChunkedDecoder:
    """Decoder for a body in chunked transfer encoding that arrives in pieces.

    ``is_complete`` becomes true after the chunk of size 0. Trailers are not read.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._remaining = 0
        self._line = b""
        self._expects_line_break = False

    def feed(self, data: bytes) -> bytes:
        """Decode the next bytes of the body, and return the content in them.

        Raises ``InvalidResponse`` if the chunks are damaged.
        """
        pieces = []
        position = 0
        while position < len(data) and not self.is_complete:
            if self._remaining:
                piece = data[position : position + self._remaining]
                pieces.append(piece)
                position += len(piece)
                self._remaining -= len(piece)
                self._expects_line_break = True
                continue
            end = data.find(b"\n", position)
            self._line += data[position : end if end >= 0 else len(data)]
            position = end + 1 if end >= 0 else len(data)
            if len(self._line) > _MAX_CHUNK_LINE_BYTES:
                raise InvalidResponse("its chunked body is damaged: the line of a chunk size is too long")
            if end >= 0:
                self._read_line()
        return b"".join(pieces)

    def _read_line(self) -> None:
        """Read a complete line: the line break after a chunk, or the size of the next chunk.

        Extensions after the size of a chunk are ignored.
        """
        line, self._line = self._line, b""
        if self._expects_line_break:
            if line.strip():
                raise InvalidResponse("its chunked body is damaged: a chunk is longer than its size")
            self._expects_line_break = False
            return
        size = _CHUNK_SIZE.match(line)
        if size is None:
            raise InvalidResponse("its chunked body is damaged: a chunk size is not a hexadecimal number")
        self._remaining = int(size[1], 16)
        self.is_complete = not self._remaining
