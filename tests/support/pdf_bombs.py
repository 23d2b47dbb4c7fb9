"""PDF documents that are small and cost a reader without limits all its time or memory."""

import zlib
from collections.abc import Sequence

_FONT = b"<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
_CATALOG = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources %s /Contents 4 0 R >>"


def nested_forms(levels: int = 12, width: int = 8) -> bytes:
    """Return a page with a form that paints the next one eight times, and so on: 8^11 paintings."""
    objects = [*_CATALOG, _PAGE % b"<< /XObject << /X 5 0 R >> >>", _stream(b"/X Do")]
    for level in range(levels):
        is_last = level == levels - 1
        content = b"BT /F 10 Tf (hello world) Tj ET " * 50 if is_last else b"/X Do " * width
        resources = _FONT if is_last else b"<< /XObject << /X %d 0 R >> >>" % (6 + level)
        objects.append(_stream(content, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources " + resources))
    return _join(objects)


def inflated_stream(megabytes: int = 400) -> bytes:
    """Return a page whose text takes a thousandth of its length."""
    line = b"BT /F 10 Tf (hello world hello world) Tj ET\n"
    packed = zlib.compress(line * (megabytes * 1_000_000 // len(line)), 9)
    return _join([*_CATALOG, _PAGE % _FONT, _stream(packed, b"/Filter /FlateDecode")])


def _stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), head, data)


def _join(objects: Sequence[bytes]) -> bytes:
    parts, offsets = [b"%PDF-1.7\n"], []
    for number, body in enumerate(objects, start=1):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = sum(map(len, parts))
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    parts += [b"%010d 00000 n \n" % offset for offset in offsets]
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return b"".join(parts)
