"""PDF documents for tests: text at given places, without embedded fonts, so that no font is needed to make them.

The font is a CID font with a ToUnicode table, as word processors write it. A glyph is 0.5 em wide unless ``narrow``.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

LINE = 14.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A text on a page: the place of its first glyph in points from the lower left corner, and its font size.

    With ``is_reversed``, the glyphs are painted from right to left, the first one ending at ``x``.
    """

    x: float
    y: float
    text: str
    size: float = 10.0
    is_reversed: bool = False


def column(x: float, top: float, lines: Sequence[str], size: float = 10.0) -> list[Placed]:
    """Return lines below each other."""
    return [Placed(x, top - LINE * number, line, size) for number, line in enumerate(lines)]


TURNS = (b"", b"0 1 -1 0 595 0 cm\n", b"-1 0 0 -1 595 842 cm\n", b"0 -1 1 0 0 842 cm\n")


def write_pdf(
    pages: Sequence[Sequence[Placed]], title: str = "", *, is_encrypted: bool = False, turns: int = 0, keys: str = ""
) -> bytes:
    """Return a PDF document of A4 pages, with the text turned counterclockwise, and with ``keys`` in its catalog."""
    letters = sorted({letter for page in pages for placed in page for letter in placed.text})
    glyphs = {letter: number for number, letter in enumerate(letters, start=1)}
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def add_stream(data: bytes, head: bytes = b"") -> int:
        packed = zlib.compress(data)
        return add(b"<< /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream" % (len(packed), head, packed))

    rows = "\n".join(f"<{number:04x}> <{letter.encode('utf-16-be').hex()}>" for letter, number in glyphs.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(glyphs)} beginbfchar\n{rows}\nendbfchar endcmap end end"
    )
    unicode_table = add_stream(cmap.encode())
    descriptor = add(
        b"<< /Type /FontDescriptor /FontName /Test /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 "
        b"/Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    cid_font = add(
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /DW 500 /CIDToGIDMap /Identity /FontDescriptor %d 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>" % descriptor
    )
    font = add(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [%d 0 R] "
        b"/ToUnicode %d 0 R >>" % (cid_font, unicode_table)
    )
    tree = len(objects) + 2 * len(pages) + 1
    numbers = []
    for page in pages:
        content = add_stream(TURNS[turns] + "\n".join(_paint(placed, glyphs) for placed in page).encode())
        numbers.append(
            add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F %d 0 R >> >> "
                b"/Contents %d 0 R >>" % (tree, font, content)
            )
        )
    add(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % n for n in numbers), len(numbers)))
    catalog = add(b"<< /Type /Catalog /Pages %d 0 R %s>>" % (tree, keys.encode()))
    info = add(b"<< /Title <feff%s> >>" % title.encode("utf-16-be").hex().encode())
    locked = (
        add(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32))
        if is_encrypted
        else 0
    )
    parts, offsets = [b"%PDF-1.7\n"], []
    for number, body in enumerate(objects, start=1):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = sum(map(len, parts))
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    parts += [b"%010d 00000 n \n" % offset for offset in offsets]
    encrypt = b"/Encrypt %d 0 R /ID [<01> <01>] " % locked if locked else b""
    parts.append(
        b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R %s>>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, catalog, info, encrypt, start)
    )
    return b"".join(parts)


def _paint(placed: Placed, glyphs: dict[str, int]) -> str:
    if not placed.is_reversed:
        codes = "".join(f"{glyphs[letter]:04x}" for letter in placed.text)
        return f"BT /F {placed.size} Tf 1 0 0 1 {placed.x} {placed.y} Tm <{codes}> Tj ET"
    codes = " 1000 ".join(f"<{glyphs[letter]:04x}>" for letter in placed.text)
    return f"BT /F {placed.size} Tf 1 0 0 1 {placed.x - placed.size / 2} {placed.y} Tm [{codes}] TJ ET"
