"""PDF documents: extracts the article from the text layer, with the library PDFium (extra ``pdf``).

Call ``read_pdf`` in the process pool. If a document makes the library hang or crash, only the worker process that reads
it ends. docs/decisions/0009-pdf-text.md compares the libraries.
"""

import ctypes
import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from statistics import median
from typing import Any

from msgspec import Struct

from monitor.domain.article import Article, AttachedText
from monitor.domain.errors import PageProblem, UnreadableDocument
from monitor.extract.dom_blocks import normalize_spacing
from monitor.extract.language_detection import detect_language
from monitor.extract.line_breaks import SENTENCE_END_CHARS
from monitor.extract.main_content import alnum_key, measure_weight
from monitor.extract.pdf_layout import (
    SOFT_HYPHEN,
    PrintedLine,
    PrintedParagraph,
    is_right_to_left,
    join_paragraphs,
    order_lines,
)

MAX_PDF_PAGES = 150  # documented in docs/sources.md
_MAX_TEXT_CHARS = 600_000
_MIN_PAGE_WEIGHT = 20  # weight; a page with less text has a picture of its text, or none
_MAX_UNMAPPED_SHARE = 0.3
_MIN_TITLE_WEIGHT, _MAX_TITLE_CHARS = 5, 300
_TITLE_SIZE_RATIO = 1.15  # font size of a headline by that of the text
_LINE_GAP = 0.9  # em; a wider gap separates two pieces of a row, such as columns
_WORD_GAP = 0.3  # em; a wider gap is a space, even if PDFium adds none
_RTL_WORD_GAP = 0.2  # em; the same in Arabic and Hebrew lines, whose spaces have no reliable place
_NO_GAP = 0.08  # em; where PDFium adds a space within a smaller gap, two glyphs overlap
_MAX_TURN_SAMPLE = 200  # glyphs
_XFA_FORM = 2  # FORMTYPE_XFA_FULL
_MAX_PLACEHOLDER_WEIGHT = 1_000  # of the page that such a form has for other programs
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_PAGE_NUMBER = re.compile(r"[^\w]*(?:\w{1,8}\s)?\d{1,4}(?:\s*(?:/|of|sur|von|de)\s*\d{1,4})?[^\w]*")
_EDGE_LINES = 2  # lines at the top and bottom of a page that may repeat on every page
_MAX_LABEL_CHARS = 60  # of a header or footer with the page number
_DIGITS = re.compile(r"\d{1,6}")
_LTR_CHAR = r"(?:(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff])[^\W_]|[\u0660-\u0669\u06f0-\u06f9])"
_LTR_LETTER = rf"(?:(?!\d){_LTR_CHAR})"
_LTR_WORD = rf"{_LTR_CHAR}(?:(?:{_LTR_CHAR}|[.,:/%&'’-])*(?:{_LTR_CHAR}|%))?"
_LTR_RUN = re.compile(rf"(?=[\d.,:/-]*{_LTR_LETTER}){_LTR_WORD}(?:[ ,.&/(-]{{1,3}}{_LTR_WORD})*|{_LTR_WORD}")
"""Pattern of words that are written from left to right, in a line that is written from right to left."""
_MIRRORED = dict(zip("()[]{}«»<>", ")(][}{»«><", strict=True))
_NON_CONNECTING = frozenset("اأإآٱدذرزژوؤةىءڈڑے")
"""Arabic letters that are not connected to the next letter."""
_JUNK_TITLE = re.compile(r"microsoft word|untitled|\.(?:docx?|pdf|indd|rtf|odt|qxd)\s*$|^\W*$", re.IGNORECASE)


@dataclass(slots=True)
class _Glyph:
    """A glyph with its text, position and size. The text of a ligature or cluster has several characters."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    key: tuple[float, int]
    is_generated: bool


class PdfText(Struct, frozen=True):
    """Result of ``read_pdf``: the article, its paragraphs with their page numbers, and the number of pages."""

    article: Article
    paragraphs: tuple[PrintedParagraph, ...]
    page_count: int

    def as_attached(self, heading: str) -> AttachedText:
        """Return the document as the text of an attachment.

        The text consists of ``heading``, the title and the body, one below the other.
        """
        article = self.article
        text, shift = article.body, 0
        for line in (article.title, heading):
            text, shift = (f"{line}\n{text}", shift + len(line) + 1) if line else (text, shift)
        starts = tuple(start + shift for start in article.page_starts)
        if article.title and starts:
            starts = (len(heading) + 1, *starts[1:])  # the title is on the first page
        return AttachedText(text, starts, is_partial=bool(article.partial_reason))


def is_pdf(body: bytes) -> bool:
    """Return whether the body of a response is a PDF document.

    The first characters of a PDF document ("%PDF-") may follow a few other bytes, which some servers send before them.
    """
    return b"%PDF-" in body[:1_024]


def read_pdf(body: bytes, url: str, language: str = "", entry: Article | None = None) -> PdfText:
    """Extract the article from a PDF document.

    Raises ``UnreadableDocument`` if the document is damaged, is a scan or an XFA form, or needs a password, or if the
    extra ``pdf`` is not installed. ``entry`` is the entry of the feed. If it has a title, the title of the document is
    not used, because the largest line of a document may be a letterhead.
    """
    document = _open_document(body)
    try:
        page_count = len(document)
        lines = list(_read_lines(document, min(page_count, MAX_PDF_PAGES)))
        document_title = _read_document_title(document)
        may_be_placeholder = page_count == 1 and document.get_formtype() == _XFA_FORM
    finally:
        document.close()
    weight = sum(measure_weight(line.text) for line in lines)
    if weight < _MIN_PAGE_WEIGHT * min(page_count, 3):
        pages = f"{page_count} page{'s' if page_count != 1 else ''}"
        raise UnreadableDocument(
            f"the PDF document has no text layer: its {pages} are pictures, such as scans", PageProblem.SCANNED_PDF
        )
    if may_be_placeholder and weight < _MAX_PLACEHOLDER_WEIGHT and any("Adobe" in line.text for line in lines):
        raise UnreadableDocument(
            "the PDF document is a form (XFA), whose only page asks for a program of Adobe", PageProblem.XFA_FORM
        )
    if _count_unmapped(lines) > _MAX_UNMAPPED_SHARE * sum(len(line.text) for line in lines):
        raise UnreadableDocument(
            "the fonts of the PDF document do not tell which letters they show", PageProblem.SCANNED_PDF
        )
    paragraphs = join_paragraphs(_drop_repeated_edges(lines))
    title, paragraphs = _split_title(paragraphs, document_title)
    text = "\n".join(paragraph.text for paragraph in paragraphs)
    own_title = "" if entry and entry.title else title
    article = Article(
        url=url,
        title=own_title,
        body=text,
        canonical_url=url,
        language=detect_language(f"{title} {text[:5_000]}", [entry.language if entry else "", language]),
        confidence=round(0.5 + 0.4 * min(1.0, measure_weight(text) / 1_200) + 0.1 * bool(title), 2),
        partial_reason="pages" if page_count > MAX_PDF_PAGES else "",
        authors=entry.authors if entry else (),
        page_starts=find_page_starts(paragraphs),
    )
    return PdfText(article, tuple(paragraphs), page_count)


def find_page_starts(paragraphs: Sequence[PrintedParagraph]) -> tuple[int, ...]:
    """Return the offsets at which the pages begin in the joined text of the paragraphs, in page order.

    A page without text begins where the next one does.
    """
    starts: dict[int, int] = {}
    offset = 0
    for one in paragraphs:
        starts.setdefault(one.page, offset)
        for page, place in one.breaks:
            starts.setdefault(page, offset + place)
        offset += len(one.text) + 1
    found: list[int] = []
    for page in range(max(starts, default=0), 0, -1):
        found.append(starts.get(page, found[-1] if found else offset))
    return tuple(reversed(found))


def _open_document(body: bytes) -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise UnreadableDocument(
            "it is a PDF document, and the extra `pdf` is not installed; install it with: pip install 'monitor[pdf]'",
            PageProblem.NEEDS_PDF_EXTRA,
        ) from error
    try:
        return pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise UnreadableDocument("the PDF document is protected by a password", PageProblem.LOCKED_PDF) from error
        raise UnreadableDocument("the PDF document is damaged", PageProblem.NONE) from error


def _read_document_title(document: Any) -> str:
    """Return the title in the properties of a document, or an empty string.

    A title that is the name of a file or a program is ignored.
    """
    title = normalize_spacing(str(document.get_metadata_dict().get("Title", "")))
    return "" if _JUNK_TITLE.search(title) or len(title) > _MAX_TITLE_CHARS else title


def _read_lines(document: Any, page_count: int) -> Iterator[PrintedLine]:
    """Yield the lines of the first pages in reading order. Pages that cannot be read are left out."""
    import pypdfium2

    char_count = 0
    for number in range(page_count):
        try:
            page = document[number]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            continue
        found = list(_read_glyphs(text_page))
        is_rtl = is_right_to_left("".join(glyph.text for glyph in found))
        lines = [line for glyphs in _split_rows(found) for line in _build_lines(glyphs, number + 1, is_rtl=is_rtl)]
        text_page.close()
        page.close()
        yield from order_lines(lines)
        char_count += sum(len(line.text) for line in lines)
        if char_count > _MAX_TEXT_CHARS:
            return


def _read_glyphs(text_page: Any) -> Iterator[_Glyph]:
    """Yield the glyphs of a page in the order of the document, with positions as if the text were upright.

    A line break in the document is yielded as a glyph without text.
    """
    import pypdfium2.raw as pdfium

    raw = text_page.raw
    turns = _count_quarter_turns(text_page)
    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    sizes: dict[int, float] = {}  # of the text objects; a matrix scales the size of the font
    last: _Glyph | None = None
    for index in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code in {0, 13}:
            continue
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        owner = ctypes.cast(pdfium.FPDFText_GetTextObject(raw, index), ctypes.c_void_p).value or 0
        left, right, along, baseline = _turn_upright(turns, box, x.value, y.value)
        is_generated = code == 10 or pdfium.FPDFText_IsGenerated(raw, index) == 1
        text = (
            ("" if not turns else " ")
            if code == 10
            else SOFT_HYPHEN
            if pdfium.FPDFText_IsHyphen(raw, index) == 1
            else chr(code)
        )
        key = (along, owner)
        if last and key == last.key and owner and not is_generated and text != " ":
            last.text += text
            last.left, last.right = min(last.left, left), max(last.right, right)
            continue
        if last:
            yield last
        if owner not in sizes:
            pdfium.FPDFText_GetMatrix(raw, index, matrix)
            sizes[owner] = max(pdfium.FPDFText_GetFontSize(raw, index) * math.hypot(matrix.c, matrix.d), 1.0)
        size = sizes[owner] if owner or last is None else last.size
        last = _Glyph(text, left, right, baseline, size, key, is_generated)
    if last:
        yield last


def _count_quarter_turns(text_page: Any) -> int:
    """Return the number of clockwise quarter turns by which most of the text of a page is rotated.

    For example, a landscape table may be rotated on an upright page. A few glyphs of the page are a sufficient sample.
    """
    import pypdfium2.raw as pdfium

    count = text_page.count_chars()
    sample = range(0, count, max(1, count // _MAX_TURN_SAMPLE))
    angles = (
        pdfium.FPDFText_GetCharAngle(text_page.raw, index)
        for index in sample
        if not pdfium.FPDFText_IsGenerated(text_page.raw, index)
    )
    turns = Counter(round(angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


def _turn_upright(turns: int, box: Any, x: float, y: float) -> tuple[float, float, float, float]:
    """Return four numbers, as if the text were upright: left and right edge of a glyph, and x and y of its origin.

    ``turns`` is the number of quarter turns by which the text is rotated. ``box`` has the edges of the glyph on the
    page, and ``x`` and ``y`` are its origin there.
    """
    match turns:
        case 1:
            return -box.top, -box.bottom, -y, x
        case 2:
            return -box.right, -box.left, -x, -y
        case 3:
            return box.bottom, box.top, y, -x
        case _:
            return box.left, box.right, x, y


def _split_rows(glyphs: Iterable[_Glyph]) -> Iterator[list[_Glyph]]:
    """Split the glyphs of a page into rows, and yield each row as a list.

    A glyph that the document paints twice at the same position is included once.
    """
    row: list[_Glyph] = []
    for glyph in glyphs:
        is_other_line = row and abs(glyph.baseline - row[-1].baseline) > 0.6 * max(glyph.size, row[-1].size)
        if not glyph.text or is_other_line:
            yield row
            row = []
        if glyph.text and not _is_repeated(glyph, row):
            row.append(glyph)
    yield row


def _is_repeated(glyph: _Glyph, row: Sequence[_Glyph]) -> bool:
    """Return whether an earlier glyph of the row has the same text at the same position.

    Some documents paint bold text twice. A tone mark may also have the text of the whole cluster that it belongs to.
    """
    middle = (glyph.left + glyph.right) / 2
    return any(
        earlier.text == glyph.text and earlier.left - 0.5 <= middle <= earlier.right + 0.5 and glyph.text != " "
        for earlier in row[-6:]
    )


def _build_lines(glyphs: list[_Glyph], page: int, *, is_rtl: bool) -> Iterator[PrintedLine]:
    """Yield the lines in one row of glyphs. A wide gap separates two lines, such as the lines of two columns.

    ``is_rtl`` is true if the page is in a script that is written from right to left.
    """
    letters = [glyph for glyph in glyphs if not glyph.text.isspace()]
    if not letters:
        return
    if any(is_right_to_left(glyph.text) for glyph in letters):
        _order_clusters(letters)
        glyphs = sorted(letters, key=lambda glyph: (glyph.left + glyph.right) / 2)
    size = median(glyph.size for glyph in letters)
    piece: list[_Glyph] = []
    right = letters[0].left
    for glyph in glyphs:
        if glyph.text.isspace():
            piece.append(glyph)
            continue
        gap = glyph.left - right
        if piece and gap > _LINE_GAP * size:
            yield from _build_line(piece, size, page, is_rtl=is_rtl)
            piece = []
        piece.append(glyph)
        right = max(glyph.right, right) if gap > -2 * size else glyph.right
    yield from _build_line(piece, size, page, is_rtl=is_rtl)


def _order_clusters(letters: Sequence[_Glyph]) -> None:
    """Put the characters of right-to-left ligatures into reading order.

    A ligature is one glyph for several characters. A document lists the glyphs of a word, and the characters of each
    ligature, either in reading order or from left to right. The position of the adjacent glyph shows which order it is.
    If it is from left to right, the characters of the ligature are reversed. Those of a ligature of two letters are
    also reversed if its second letter can be connected to a following letter, but its first letter cannot.
    """
    for at, glyph in enumerate(letters):
        if len(glyph.text) > 1 and is_right_to_left(glyph.text):
            other = letters[at - 1] if at else letters[min(1, len(letters) - 1)]
            if (other.left < glyph.left) is (at > 0):
                glyph.text = glyph.text[::-1]
            if len(glyph.text) == 2 and glyph.text[0] in _NON_CONNECTING and glyph.text[1] not in _NON_CONNECTING:
                glyph.text = glyph.text[::-1]


def _build_line(piece: Sequence[_Glyph], size: float, page: int, *, is_rtl: bool) -> Iterator[PrintedLine]:
    letters = [glyph for glyph in piece if not glyph.text.isspace()]
    if not letters:
        return
    parts: list[str] = []
    right = letters[0].left
    word_gap = _RTL_WORD_GAP if any(is_right_to_left(glyph.text) for glyph in letters) else _WORD_GAP
    has_space = is_generated = False
    for glyph in piece:
        if glyph.text.isspace():
            is_generated = glyph.is_generated and not (has_space and not is_generated)
            has_space = True
            continue
        gap = glyph.left - right
        if parts and (gap > word_gap * size or (has_space and not (is_generated and gap < _NO_GAP * size))):
            parts.append(" ")
        parts.append(glyph.text)
        right, has_space = glyph.right, False
    text = "".join(parts)
    if any(is_right_to_left(part) for part in parts):
        text = _to_logical_order(parts, is_rtl=is_rtl)
    text = unicodedata.normalize("NFC", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    left, right = min(glyph.left for glyph in letters), max(glyph.right for glyph in letters)
    if text := normalize_spacing(text):
        yield PrintedLine(text, left, right, letters[0].baseline, size, page)


def _to_logical_order(parts: Sequence[str], *, is_rtl: bool) -> str:
    """Return the text of a line in reading order; ``parts`` are the texts of its glyphs from left to right.

    Right-to-left words are reversed. Numbers and words of other scripts are not reversed. Several of these in a row
    also keep their order, unless the first one is a number. Brackets outside of such a row are mirrored. Presentation
    forms (characters for one shape of a letter) become ordinary letters.
    """
    text = "".join(parts)
    if not (is_rtl or is_right_to_left(text)):
        return " ".join(word[::-1] if is_right_to_left(word) else word for word in text.split(" "))
    ends = list(accumulate(map(len, parts)))
    runs = [(bisect_left(ends, run.start() + 1), bisect_left(ends, run.end())) for run in _LTR_RUN.finditer(text)]
    ordered: list[str] = []
    end = len(parts)
    for first, last in [*reversed(runs), (-1, -1)]:
        between = (unicodedata.normalize("NFKC", part) for part in reversed(parts[last + 1 : end]))
        ordered += (_MIRRORED.get(part, part) for part in between)
        ordered += parts[max(first, 0) : last + 1]
        end = first
    return "".join(ordered)


def _count_unmapped(lines: Sequence[PrintedLine]) -> int:
    """Count the characters that cannot be read as text.

    These are unassigned characters, control characters, replacement characters, and characters for private use.
    """
    return sum(
        unicodedata.category(char) in {"Co", "Cc", "Cn"} or char == "\ufffd" for line in lines for char in line.text
    )


def _drop_repeated_edges(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Remove page numbers, and headers and footers that are repeated on several pages."""
    pages: dict[int, list[PrintedLine]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = {
        number: [*page[:_EDGE_LINES], *page[-_EDGE_LINES:]] if len(page) > 2 * _EDGE_LINES else []
        for number, page in pages.items()
    }
    limit = 2 if len(pages) == 2 else max(3, len(pages) // 3)
    groups: dict[tuple[str, int], list[PrintedLine]] = {}
    for line in chain.from_iterable(edges.values()):
        groups.setdefault(_build_edge_key(line), []).append(line)
    dropped = {
        id(line)
        for group in groups.values()
        for line in group
        if (len({one.page for one in group}) >= limit and _are_only_pages_different(group))
        or _PAGE_NUMBER.fullmatch(line.text)
    }
    return [line for line in lines if id(line) not in dropped]


def _build_edge_key(line: PrintedLine) -> tuple[str, int]:
    """Return a key that is equal for the lines of a header or footer that is at the same height on several pages.

    Numbers are ignored, because they may be page numbers. In sentences and long lines they are not ignored, because
    these are rarely headers.
    """
    is_label = len(line.text) <= _MAX_LABEL_CHARS and not line.text.endswith(SENTENCE_END_CHARS)
    return _DIGITS.sub("#", line.text) if is_label else line.text, round(line.baseline / 4)


def _are_only_pages_different(lines: Sequence[PrintedLine]) -> bool:
    """Return whether lines from several pages differ only in their page numbers.

    Each number in the lines must be the same on all pages, or always differ by the same amount from the position of the
    page in the document.
    """
    numbers = [[(int(run), int(run) - line.page) for run in _DIGITS.findall(line.text)] for line in lines]
    return all(
        any(len(set(values)) == 1 for values in zip(*place, strict=True)) for place in zip(*numbers, strict=True)
    )


def _split_title(paragraphs: list[PrintedParagraph], document_title: str) -> tuple[str, list[PrintedParagraph]]:
    """Return the headline of a document, and the paragraphs without the headline.

    The headline is the first of these that applies:

    - the title in the properties of the document, if the first page prints it,
    - the largest text on the first page, if it is clearly larger than the body,
    - otherwise the title in the properties, which may be empty.
    """
    first = [one for one in paragraphs if one.page == paragraphs[0].page] if paragraphs else []
    key = alnum_key(document_title)
    shown = [one for one in first if key and alnum_key(one.text) and alnum_key(one.text) in key]
    if key and alnum_key("".join(one.text for one in shown)) == key:
        return document_title, [one for one in paragraphs if one not in shown]
    usual = _weighted_median(sorted((one.size, measure_weight(one.text)) for one in paragraphs))
    largest = max((one.size for one in first if measure_weight(one.text) > _MIN_TITLE_WEIGHT), default=0.0)
    if largest < _TITLE_SIZE_RATIO * usual:
        return document_title, paragraphs
    is_large = [one.size > 0.97 * largest for one in paragraphs]
    start = is_large.index(True)
    end = is_large.index(False, start) if False in is_large[start:] else len(paragraphs)
    title = " ".join(one.text for one in paragraphs[start:end])
    return (title, paragraphs[:start] + paragraphs[end:]) if len(title) <= _MAX_TITLE_CHARS else ("", paragraphs)


def _weighted_median(weights: Sequence[tuple[float, int]]) -> float:
    half, total = sum(weight for _, weight in weights) / 2, 0
    for value, weight in weights:
        total += weight
        if total >= half:
            return value
    return 1.0
