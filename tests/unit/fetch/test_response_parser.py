"""Response parser: invalid heads, lengths, and chunked bodies cut at any place."""

import pytest

from monitor.fetch.response_parser import ChunkedDecoder, InvalidResponse, parse_head, split_head

LIMIT = 50


def head(*lines: bytes, line_break: bytes = b"\r\n") -> bytes:
    return line_break.join((b"HTTP/1.1 200 OK", *lines))


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r\r\n"])
def test_any_line_break_ends_a_line_and_a_head(line_break: bytes) -> None:
    """Lines may end in LF alone, CRLF, or CR CR LF as some scripts write them."""
    data = head(b"Server: a", b"ETag: 1", line_break=line_break) + 2 * line_break + b"body"
    found = split_head(data)
    assert found is not None
    assert data[found[1] :] == b"body"
    assert parse_head(found[0], LIMIT).headers == ((b"server", b"a"), (b"etag", b"1"))


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ((b"Content-Type : text/xml", b"X:1"), ((b"content-type", b"text/xml"), (b"x", b"1"))),
        ((b"Warning: the disk", b"  is full", b"\tnow"), ((b"warning", b"the disk is full now"),)),
        ((b"Powered by magic", b"X: 1"), ((b"x", b"1"),)),
        ((b": nameless", b"X: 1"), ((b"x", b"1"),)),
        ((b" leading fold", b"X: 1"), ((b"x", b"1"),)),
        ((b"Set-Cookie: a=\x01b\x00c\x7f", b"X: \xe9"), ((b"set-cookie", b"a= b c"), (b"x", b"\xe9"))),
        ((b"X: a\rContent-Length: 5",), ((b"x", b"a Content-Length: 5"),)),
        ((b"HTTP/1.1 200 OK", b"X: 1"), ((b"x", b"1"),)),
    ],
)
def test_invalid_header_lines_do_not_affect_the_others(
    lines: tuple[bytes, ...], headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    """Names are trimmed, folds joined, control characters replaced by spaces, and lines without a name skipped."""
    assert parse_head(head(*lines), LIMIT).headers == headers


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 200", b"HTTP/1.0  200 OK", b"http/1.1 200 ok", b"HTTP/2 200 ", b"HTTP/1.1 200 \xc9"]
)
def test_unusual_status_lines_are_read(line: bytes) -> None:
    """The reason may be missing or in any letters."""
    assert parse_head(line, LIMIT).status == 200


@pytest.mark.parametrize(
    "line", [b"SSH-2.0-x", b"HTTP/1.1 20", b"HTTP/1.1 2000", b"HTTP/1.1 OK", b"ICY 200 OK", b"<html>"]
)
def test_other_first_lines_are_rejected(line: bytes) -> None:
    """Bytes of another protocol are not taken for a response."""
    with pytest.raises(InvalidResponse, match="does not speak HTTP"):
        parse_head(line, LIMIT)


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ((b"Content-Length: 7",), 7),
        ((b"Content-Length: 7", b"content-length: 7"), 7),
        ((b"Content-Length: 7, 7",), 7),
        ((b"Content-Length: 007", b"Content-Length: 7"), 7),
        ((b"Content-Length:",), None),
        ((), None),
    ],
)
def test_equal_lengths_may_be_repeated(lines: tuple[bytes, ...], length: int | None) -> None:
    """RFC 9110, section 8.6, allows to read a repeated length as one."""
    assert parse_head(head(*lines), LIMIT).length == length


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 7", b"Content-Length: 8"),
        (b"Content-Length: 7, 8",),
        (b"Content-Length: 7", b"Transfer-Encoding: chunked", b"Content-Length: 8"),
        (b"Content-Length: -7",),
        (b"Content-Length: +7",),
        (b"Content-Length: 7 8",),
        (b"Content-Length: 0x7",),
        (b"Content-Length: " + b"7" * 5_000,),
    ],
)
def test_ambiguous_lengths_are_rejected(lines: tuple[bytes, ...]) -> None:
    """Two different lengths may hide one response in another, because the end of the body is uncertain."""
    with pytest.raises(InvalidResponse, match="Content-Length"):
        parse_head(head(*lines), LIMIT)


def test_chunks_have_priority_over_a_length() -> None:
    """RFC 9112, section 6.3: the length next to chunks is not used."""
    found = parse_head(head(b"Content-Length: 7", b"Transfer-Encoding: Chunked"), LIMIT)
    assert found.is_chunked
    assert parse_head(head(b"Transfer-Encoding: gzip , chunked"), LIMIT).is_chunked
    for other in (b"identity", b"xchunked", b""):
        assert not parse_head(head(b"Transfer-Encoding: " + other), LIMIT).is_chunked


CHUNKED = b"5\r\nhello\r\n00a; name=value\r\n, world!!!\r\n0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize("body", [CHUNKED, CHUNKED.replace(b"\r\n", b"\n"), CHUNKED.replace(b"5\r", b"5  \r")])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 1_000])
def test_chunks_are_joined_wherever_the_network_cuts_them(body: bytes, step: int) -> None:
    """The decoded body does not depend on how its bytes arrive; line breaks may be LF, sizes may have spaces."""
    decoder = ChunkedDecoder()
    found = b"".join(decoder.feed(body[at : at + step]) for at in range(0, len(body), step))
    assert (found, decoder.is_complete) == (b"hello, world!!!", True)


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"-5\r\n", b"5\r\nhello6\r\n", b"0x5\r\nhello", b"\r\n\r\n", b"f" * 20 + b"\r\n"]
)
def test_damaged_chunks_are_rejected(body: bytes) -> None:
    """An invalid size, or a chunk longer than its size, ends the reading."""
    with pytest.raises(InvalidResponse, match="chunk"):
        ChunkedDecoder().feed(body)


def test_an_endless_line_of_a_chunk_size_is_rejected() -> None:
    """A chunk extension cannot fill the memory."""
    decoder = ChunkedDecoder()
    decoder.feed(b"5;" + b"x" * 4_000)
    with pytest.raises(InvalidResponse, match="too long"):
        decoder.feed(b"x" * 100)
