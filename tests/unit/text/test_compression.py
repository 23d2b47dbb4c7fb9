"""Decompression: several members, data that are split, cut off or damaged, and the limit."""

import gzip
import zlib

import pytest

from monitor.text.compression import DamagedCompression, Decompressor, decompress_gzip

TEXT = b"".join(b"%d word %x\n" % (number, number * 7919) for number in range(30_000))
LIMIT = 10_000_000


@pytest.mark.parametrize("size", [1, 2, 3, 1_000, 1_000_000])
@pytest.mark.parametrize("padding", [b"", b"\0" * 3])
def test_members_are_joined_wherever_the_data_are_split(size: int, padding: bytes) -> None:
    """A member that begins with a new piece counts as well as one within it; zeros between members are skipped."""
    body = padding.join(gzip.compress(part) for part in (TEXT[:400], b"", TEXT[400:900]))
    decompressor = Decompressor()
    pieces = [piece for at in range(0, len(body), size) for piece in decompressor.feed(body[at : at + size])]
    assert b"".join(pieces) == TEXT[:900]
    assert decompressor.is_complete


@pytest.mark.parametrize("trailing", [b"\x1f", b"<!-- -->", b"\0\0", b"\0<"])
def test_other_data_after_a_member_are_ignored(trailing: bytes) -> None:
    """Bytes after a member that do not begin another one are neither content nor a fault."""
    found = decompress_gzip(gzip.compress(TEXT) + trailing, LIMIT)
    assert (found.content, found.is_cut_off) == (TEXT, False)


@pytest.mark.parametrize("kept_share", [0.1, 0.5, 0.99])
def test_the_content_before_a_cut_or_a_damage_is_kept(kept_share: float) -> None:
    """A stream that ends early, or is damaged, gives what comes before, marked as cut off."""
    body = gzip.compress(TEXT)
    cut = decompress_gzip(body[: int(len(body) * kept_share)], LIMIT)
    assert cut.is_cut_off
    assert 0 < len(cut.content) <= len(TEXT)
    assert TEXT.startswith(cut.content)
    broken = decompress_gzip(gzip.compress(TEXT) + gzip.compress(TEXT)[:10] + b"\xff" * 50, LIMIT)
    assert (broken.content, broken.is_cut_off) == (TEXT, True)


def test_the_limit_holds_for_all_members_together() -> None:
    """Nothing beyond the limit is decompressed, and any other body is returned unchanged."""
    found = decompress_gzip(gzip.compress(bytes(600_000)) * 3, 1_000_000)
    assert (len(found.content), found.is_too_long) == (1_000_000, True)
    assert decompress_gzip(b"<rss/>", 3).content == b"<rss/>"


@pytest.mark.parametrize("wbits", [15, -15])
def test_deflate_is_read_with_and_without_a_header(wbits: int) -> None:
    """Data without the zlib header are read, too, and a damage is reported after the pieces before it."""
    compressor = zlib.compressobj(wbits=wbits)
    body = compressor.compress(TEXT) + compressor.flush()
    for size in (1, len(body)):
        decompressor = Decompressor(is_deflate=True)
        pieces = [piece for at in range(0, len(body), size) for piece in decompressor.feed(body[at : at + size])]
        assert b"".join(pieces) == TEXT
    with pytest.raises(DamagedCompression):
        list(Decompressor().feed(b"not compressed"))
