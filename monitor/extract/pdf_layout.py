"""Reading order of a printed page: finds the columns, and joins lines to paragraphs.

Positions are in points from the lower left corner of the page. Columns are found by recursive X-Y cuts (Nagy and Seth,
1984). A page is cut only at a free vertical strip that several rows share and that has prose on both sides, so that
tables are read row by row.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

from monitor.domain.values import replace
from monitor.extract.line_breaks import SENTENCE_END_CHARS, join_pieces
from monitor.extract.main_content import measure_weight

_MIN_GUTTER = 0.7  # em; the narrowest strip between two columns
_MIN_COLUMN_LINES = 3
_MIN_COLUMN_WEIGHT = 22  # median weight of a column's lines; cells of a table have less
_MAX_COLUMN_DEPTH = 3  # cuts in cuts: at most eight columns
_PARAGRAPH_PITCH = 1.3  # a line this many times farther from the line before begins a paragraph
_SIZE_CHANGE = 1.12  # ratio of font sizes that separates a heading from text
_LIST_ITEM = re.compile(r"(?:[-–•●▪*]|\(?\d{1,3}[.)]|\(?[a-zđ]\))\s")
SOFT_HYPHEN = "‐"
"""The hyphen U+2010. In text from PDFium, it replaces a hyphen that only divides a word at the end of a line. It is
removed when the lines are joined, unless a capital or a digit follows."""
_RTL_CHARS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


class PrintedLine(Struct, frozen=True):
    """A piece of text on one baseline, without wide gaps. ``size`` is the font size, and ``page`` counts from 1."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    page: int = 1
    column: tuple[float, float] = (0.0, 0.0)
    """Left and right edge of the column that contains the line. Both are 0 until the columns have been found."""
    cells: tuple[float, ...] = ()
    """Left edges of the pieces of a row that were joined into this line, except the leftmost piece."""


class PrintedParagraph(Struct, frozen=True):
    """A paragraph, with the page on which it begins and its font size.

    ``breaks`` has the other pages on which the paragraph continues, each with the offset in the text at which the page
    begins.
    """

    text: str
    page: int
    size: float
    breaks: tuple[tuple[int, int], ...] = ()


Interval = tuple[float, float]


def is_right_to_left(text: str) -> bool:
    """Return whether most letters of a text belong to a script that is written from right to left."""
    return len(_RTL_CHARS.findall(text)) * 2 > sum(map(str.isalpha, text))


def order_lines(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Return the lines of a page in reading order.

    Lines in the same row are joined, unless they are in different columns.
    """
    is_rtl = is_right_to_left("".join(line.text for line in lines))
    return list(_order(lines, is_rtl, 0))


def _order(lines: Sequence[PrintedLine], is_rtl: bool, depth: int) -> Iterable[PrintedLine]:
    if not lines:
        return
    edges = (min(line.left for line in lines), max(line.right for line in lines))
    for rows, gutter in _split_into_bands(_group_rows(lines), edges):
        if gutter is None or depth >= _MAX_COLUMN_DEPTH:
            for row in rows:
                yield replace(_join_row(row, is_rtl), column=edges)
            continue
        middle = sum(gutter) / 2
        sides = [[line for row in rows for line in row if (line.right <= middle) is left] for left in (True, False)]
        for side in reversed(sides) if is_rtl else sides:
            yield from _order(side, is_rtl, depth + 1)


def _group_rows(lines: Iterable[PrintedLine]) -> list[list[PrintedLine]]:
    """Group lines by rows: rows from top to bottom, and the lines in a row from left to right."""
    rows: list[list[PrintedLine]] = []
    for line in sorted(lines, key=lambda line: -line.baseline):
        if rows and rows[-1][0].baseline - line.baseline < 0.5 * min(line.size, rows[-1][0].size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _split_into_bands(
    rows: Sequence[list[PrintedLine]], edges: Interval
) -> list[tuple[list[list[PrintedLine]], Interval | None]]:
    """Split rows into bands. A band is a sequence of rows in which the same vertical strip of the page is empty.

    The strip may be a margin, or the gutter between two columns of text. Each band is returned with its gutter, or with
    None if it has no columns.
    """
    bands: list[tuple[list[list[PrintedLine]], Interval | None]] = []
    run: list[list[PrintedLine]] = []
    shared: list[Interval] = []
    for row in rows:
        strips = _find_free_strips(row, edges)
        common = _intersect(shared, strips, _MIN_GUTTER * row[0].size) if run else strips
        if run and not common:
            bands.append((run, _choose_gutter(run, shared)))
            run, common = [], strips
        run.append(row)
        shared = common
    return [*bands, (run, _choose_gutter(run, shared))]


def _find_free_strips(row: Sequence[PrintedLine], edges: Interval) -> list[Interval]:
    starts = [edges[0] - 1, *(line.right for line in row)]
    ends = [*(line.left for line in row), edges[1] + 1]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end > start]


def _intersect(first: Sequence[Interval], second: Sequence[Interval], min_width: float) -> list[Interval]:
    common = [(max(a[0], b[0]), min(a[1], b[1])) for a in first for b in second]
    return [strip for strip in common if strip[1] - strip[0] >= min_width]


def _choose_gutter(rows: Sequence[list[PrintedLine]], strips: Sequence[Interval]) -> Interval | None:
    """Return the widest of ``strips`` that has a column of prose on both sides, or None if there is none.

    Each strip is the left and right edge of a vertical strip of the page that is empty in all rows.
    """
    for strip in sorted(strips, key=lambda strip: strip[0] - strip[1]):
        sides = (
            [sum(measure_weight(line.text) for line in row if line.right <= strip[0]) for row in rows],
            [sum(measure_weight(line.text) for line in row if line.left >= strip[1]) for row in rows],
        )
        weights = [[weight for weight in side if weight] for side in sides]
        if all(len(side) >= _MIN_COLUMN_LINES and median(side) >= _MIN_COLUMN_WEIGHT for side in weights):
            return strip
    return None


def _join_row(row: Sequence[PrintedLine], is_rtl: bool) -> PrintedLine:
    ordered = list(reversed(row)) if is_rtl else list(row)
    text = " ".join(line.text for line in ordered)
    cells = tuple(line.left for line in row[1:])
    return replace(ordered[0], text=text, left=row[0].left, right=max(line.right for line in row), cells=cells)


def join_paragraphs(lines: Sequence[PrintedLine]) -> list[PrintedParagraph]:
    """Join lines, given in reading order, into paragraphs.

    A paragraph may continue in the next column or on the next page.
    """
    if not lines:
        return []
    drops = [a.baseline - b.baseline for a, b in pairwise(lines) if a.page == b.page and a.baseline > b.baseline]
    pitches = sorted(drop / line.size for drop, line in zip(drops, lines, strict=False) if drop < 4 * line.size)
    pitch = pitches[len(pitches) // 2] if pitches else 1.2  # in em
    paragraphs: list[PrintedParagraph] = []
    for before, line in zip((None, *lines), lines, strict=False):
        if before is not None and not _begins_paragraph(before, line, pitch):
            last = paragraphs[-1]
            text = _join_lines(last.text, line.text)
            breaks = (
                last.breaks if line.page == before.page else (*last.breaks, (line.page, len(text) - len(line.text)))
            )
            paragraphs[-1] = replace(last, text=text, breaks=breaks)
        else:
            paragraphs.append(PrintedParagraph(line.text, line.page, line.size))
    return paragraphs


def _begins_paragraph(before: PrintedLine, line: PrintedLine, pitch: float) -> bool:
    """Return whether a line begins a new paragraph.

    This is judged by its font size, its indent, its distance from the line before, and the end of the line before. If
    both lines have a cell at the same place, they are rows of a table, and each row is a paragraph. ``pitch`` is the
    usual distance between lines, as a multiple of the font size.
    """
    if before.text.endswith(("-", SOFT_HYPHEN)) and line.text[:1].islower():
        return False
    are_table_rows = any(abs(one - other) < 0.3 * line.size for one in before.cells for other in line.cells)
    if are_table_rows or not 1 / _SIZE_CHANGE < line.size / before.size < _SIZE_CHANGE or _LIST_ITEM.match(line.text):
        return True
    width = before.column[1] - before.column[0]
    is_rtl = is_right_to_left(before.text)
    slack = before.left - before.column[0] if is_rtl else before.column[1] - before.right
    is_short = slack > max(2 * before.size, 0.12 * width)
    has_end = before.text.endswith(SENTENCE_END_CHARS)
    if before.page != line.page or line.baseline >= before.baseline:
        return has_end or is_short
    if before.baseline - line.baseline > _PARAGRAPH_PITCH * pitch * max(before.size, line.size):
        return True
    indents = [one.column[1] - one.right if is_rtl else one.left - one.column[0] for one in (before, line)]
    if indents[1] - indents[0] > 0.8 * line.size and indents[0] < 0.5 * line.size:
        return True
    return is_short and (has_end or slack > 0.35 * width)


def _join_lines(text: str, following: str) -> str:
    """Join two lines of a paragraph, and rejoin a word that is divided between them.

    The hyphen is removed, unless it seems to belong to a compound: a capital or a digit follows it, as in
    "Anglo-Saxon", or the word has another hyphen.
    """
    if text.endswith(SOFT_HYPHEN):
        is_capital = following[:1].isupper() and not text[-2:-1].isupper()
        return f"{text[:-1]}-{following}" if is_capital or following[:1].isdigit() else text[:-1] + following
    last_word = text.rpartition(" ")[2]
    if last_word.endswith("-") and len(last_word) > 2 and following[:1].islower():
        return (text if "-" in last_word[:-1] else text[:-1]) + following
    return join_pieces(text, following)
