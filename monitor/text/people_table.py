"""Tables of people in CSV: the delimiter, the headings in many languages, and the rows.

The import of people reads such tables, and sources.yaml can refer to one.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from monitor.domain.errors import InputError
from monitor.domain.value_parsers import parse_id
from monitor.text.person_values import clean_cell, find_wikidata_id, shorten

MAX_LINE_CHARS = 100_000
MAX_RECORD_LINES = 30
"""Maximum number of lines of one row; cells may contain line breaks. If a row seems to be longer, a closing quotation
mark is assumed to be missing."""
_DELIMITERS = (",", ";", "\t", "|")
_SEVERAL = re.compile(r"\s*[;|\n]\s*")
_UUID_LIKE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|\d+")
_COLUMNS = {
    "name": (
        *("name", "full name", "person label", "item label", "official label", "person name", "official", "person"),
        *("names", "caption", "nom", "nom complet", "nombre", "nombre completo", "nome", "nome completo", "vollname"),
        *("ho ten", "ho va ten", "họ tên", "họ và tên", "имя", "фио", "полное имя", "姓名", "名前", "氏名", "이름"),
        *("الاسم", "ຊື່", "ຊື່ ແລະ ນາມສະກຸນ", "ชื่อ", "ชื่อ นามสกุล", "ឈ្មោះ", "နာမည်"),
    ),
    "country": (
        *("country", "countries", "country label", "nationality", "citizenship", "country code"),
        *("home country", "pays", "nationalité", "país", "pais", "nacionalidad", "paese", "land", "staat", "quốc gia"),
        *("quoc gia", "страна", "гражданство", "国家", "国籍", "国", "국가", "국적", "البلد", "الجنسية", "ປະເທດ"),
        *("ประเทศ", "jurisdiction"),
    ),
    "aliases": (
        *("aliases", "alias", "aka", "also known as", "other names", "other name", "alternative names", "weak aliases"),
        *("person alt label", "item alt label", "native name", "native label", "name in own script", "original name"),
        *("native script", "local name", "autres noms", "otros nombres", "weitere namen", "tên khác", "псевдонимы"),
        *("别名", "別名", "별칭"),
    ),
    "role": (
        *("position", "positions", "position label", "role", "roles", "post", "posts", "office", "office label"),
        *("title", "job title", "function", "poste", "fonction", "cargo", "puesto", "amt", "funktion", "position held"),
        *("position held label", "chức vụ", "chuc vu", "должность", "职务", "職務", "役職", "직위", "المنصب", "ຕຳແໜ່ງ"),
        *("ตำแหน่ง", "តួនាទី"),
    ),
    "from": (
        *("from", "start", "start date", "since", "start time", "begin", "appointed", "in office since", "depuis"),
        *("début", "desde", "seit", "từ", "с", "开始", "任期開始"),
    ),
    "until": ("until", "first day after"),
    "end": (
        *("end", "end date", "to", "end time", "left office", "through", "jusqu", "fin", "hasta", "bis", "đến", "по"),
        *("结束", "任期終了"),
    ),
    "wikidata": ("wikidata", "wikidata id", "wikidataid", "qid", "q id", "wikidata uri", "item", "person", "official"),
    "id": ("id", "official id"),
    "schema": ("schema",),
    "exclude_phrases": ("exclude phrases",),
    "formerly": ("formerly",),
}
"""Mapping from each column to its possible headings, the preferred heading first. Case, spaces and underscores of a
heading are ignored."""
_PART_HEADINGS = frozenset(
    {"first name", "given name", "last name", "family name", "surname", "prénom", "vorname", "nachname", "apellido"}
)


class RowFault(NamedTuple):
    """Row of a table that cannot be read: its first line, and the reason."""

    line: int
    message: str


class PersonRow(Struct, frozen=True):
    """Row of a table of people. ``line`` is its first line.

    ``cleaned`` are the cells without line breaks; a cell that only states that a value is missing, such as "n/a", is
    empty. ``columns`` maps each kind of value, such as names, to the indexes of its columns.
    """

    line: int
    cells: list[str]
    cleaned: list[str]
    columns: Mapping[str, list[int]]

    def list_cells(self, column: str) -> list[str]:
        """Return the cleaned cells of all columns for one kind of value, such as names.

        The cell of the column with the preferred heading comes first.
        """
        return [self.cleaned[index] for index in self.columns[column] if index < len(self.cleaned)]

    def get(self, column: str) -> str:
        """Return the first non-empty cleaned cell with one kind of value, or an empty text."""
        for index in self.columns[column]:
            if index < len(self.cleaned) and self.cleaned[index]:
                return self.cleaned[index]
        return ""

    def list_used_columns(self, column: str) -> list[int]:
        """Return the indexes of the non-empty cells with one kind of value, the preferred cell first."""
        return [index for index in self.columns[column] if index < len(self.cells) and self.cells[index].strip()]

    def get_name(self) -> str:
        """Return the name of the person. A Wikidata id in the column of names is ignored."""
        return next((name for name in self.list_cells("name") if name and not find_wikidata_id(name)), "")

    def get_wikidata_id(self) -> str:
        """Return the Wikidata id of the person, or an empty string if it is not known.

        It is searched for in the column of ids, then in the columns of Wikidata ids.
        """
        texts = [self.get("id"), *self.list_cells("wikidata")]
        return next(filter(None, (find_wikidata_id(text) for text in texts if text)), "")

    def list_texts(self, column: str) -> list[str]:
        """Return all texts in the cells with one kind of value, such as aliases. A cell may have several texts."""
        cells = (self.cells[index] for index in self.columns[column] if index < len(self.cells))
        return [text for cell in cells if cell for text in split_cell(cell)]


class PeopleTable:
    """Table of people in a CSV file whose first line has the headings.

    ``columns`` maps each kind of value, such as names, to the indexes of its columns. The constructor reads the
    headings, and raises ``InputError`` if no column has names.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._source = _LineSource(lines)
        self.delimiter, self.headings = _read_headings(self._source)
        self.heading_line = self._source.number
        self.columns = _find_columns(self.headings)

    def list_unknown_columns(self) -> list[int]:
        """Return the indexes of the columns whose headings are not known."""
        known = {index for indexes in self.columns.values() for index in indexes}
        return [index for index, heading in enumerate(self.headings) if heading and index not in known]

    def read_rows(self) -> Iterator[PersonRow | RowFault]:
        """Yield the rows, except empty rows and repeated headings.

        For a row that cannot be read, a ``RowFault`` is yielded.
        """
        return self._read_rows(self._source)

    def read_rows_again(self, lines: Iterable[str]) -> Iterator[PersonRow | RowFault]:
        """Yield the rows in ``lines``, a part of the table without the headings.

        The line numbers of the rows count from the first of these lines, which has the number 1.
        """
        return self._read_rows(_LineSource(lines))

    def _read_rows(self, source: "_LineSource") -> Iterator[PersonRow | RowFault]:
        width = len(self.headings)
        for line, row in _iter_rows(source, self.delimiter, width):
            if isinstance(row, str):
                yield RowFault(line, row)
            elif any(map(str.strip, row)) and not self._is_heading_row(row):
                if any(map(str.strip, row[width:])):
                    message = f"the row has {len(row)} cells, but the first line has {width}; put a text that contains "
                    yield RowFault(line, message + "the separator in quotation marks")
                else:
                    yield PersonRow(line, row, list(map(clean_cell, row)), self.columns)

    def _is_heading_row(self, row: list[str]) -> bool:
        return _fold_heading(row[0]) == self.headings[0] and list(map(_fold_heading, row)) == self.headings


def split_cell(text: str) -> list[str]:
    """Split a cell with several texts, which are separated by ``;``, ``|`` or line breaks. Empty texts are left out."""
    return list(filter(None, _SEVERAL.split(text)))


def read_id(text: str) -> str:
    """Return ``text`` as the id of an official.

    The result is an empty text for an id that a database has generated, such as a UUID, because such ids are not
    readable. Raises ``ValueError`` if the text has characters that are not allowed in an id.
    """
    return "" if not text or _UUID_LIKE.fullmatch(text) or find_wikidata_id(text) else parse_id(text)


class _LineSource:
    """Reader of the lines of a file. It counts the lines, and lines that were read can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self.number = 0

    def next(self) -> str | None:
        """Return the next line, or None at the end of the file."""
        line = self._returned.popleft() if self._returned else next(self._lines, None)
        self.number += line is not None
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Put lines back, so that ``next`` returns them again."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def _read_headings(source: _LineSource) -> tuple[str, list[str]]:
    """Return the delimiter, and the normalized headings in the first line that is not empty."""
    fixed = ""
    while (line := source.next()) is not None:
        line = line.lstrip("\ufeff")
        if line[:4].lower() == "sep=" and len(line.strip()) == 5:  # a line that Excel writes
            fixed = line[4]
        elif line.strip():
            break
    if line is None:
        raise InputError("the file is empty; its first line needs headings, such as name,country,position,from,until")
    known = {heading for headings in _COLUMNS.values() for heading in headings}
    found = [(one, _split_headings(line, one)) for one in ((fixed,) if fixed else _DELIMITERS)]
    return max(found, key=lambda pair: (len(known.intersection(pair[1])), len(pair[1])))


def _split_headings(line: str, delimiter: str) -> list[str]:
    try:
        return list(map(_fold_heading, next(csv.reader([line], delimiter=delimiter), [])))
    except csv.Error:
        return []


def _fold_heading(text: str) -> str:
    """Normalize a heading, so that ``startDate``, ``start_date`` and ``Start date`` become ``start date``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_.:()/-]+", " ", text.replace("\ufeff", ""))
    return " ".join(words.lower().split())


def _find_columns(headings: Sequence[str]) -> dict[str, list[int]]:
    """Find the columns for each kind of value: return a dictionary that maps the kind to the indexes of its columns.

    Raises ``InputError`` if no column has whole names. The message lists the known headings.
    """
    columns: dict[str, list[int]] = {}
    for column, known in _COLUMNS.items():
        found = sorted((known.index(one), index) for index, one in enumerate(headings) if one in known)
        columns[column] = [index for _, index in found]
    used = {index for indexes in columns.values() for index in indexes}
    columns["aliases"] += [
        index for index, one in enumerate(headings) if index not in used and one.startswith(("name ", "alias "))
    ]
    if not columns["name"]:
        seen = ", ".join(filter(None, headings[:8])) or "nothing"
        parts = " A first name and a family name in two columns are not enough: their order depends on the country."
        raise InputError(
            f"line 1: no column has names; the first line must have the heading name, and may have country, aliases, "
            f"position, from, until and wikidata. It has: {shorten(seen)}."
            + (parts if _PART_HEADINGS.intersection(headings) else "")
        )
    return columns


def _iter_rows(source: _LineSource, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the rows of the file, each with the number of its first line.

    For a row that cannot be read, the reason is yielded instead of its cells. A row has several lines if a line break
    is inside quotation marks. If a quotation mark is not closed, only its line is lost, not the lines after it.
    ``width`` is the number of cells of a row.
    """
    while (line := source.next()) is not None:
        number, block = source.number, [line]
        quotes = line.count('"')
        while quotes % 2 and len(block) < MAX_RECORD_LINES and (more := source.next()) is not None:
            block.append(more)
            quotes += more.count('"')
        rows = _parse_block(block, delimiter)
        if len(block) > 1 and (quotes % 2 or isinstance(rows, str) or _has_whole_rows(block[1:-1], delimiter, width)):
            source.put_back(block[1:])
            rows = _parse_block(block[:1], delimiter)
        if isinstance(rows, str):
            yield number, rows
        else:
            yield from ((number + offset, row) for offset, row in rows)


def _has_whole_rows(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Return whether one of these lines, which seem to be inside a quoted cell, looks like a whole row.

    If one does, a quotation mark is probably missing in an earlier line.
    """
    return width >= 3 and any(line.count(delimiter) >= width - 1 for line in lines)


def _parse_block(block: Sequence[str], delimiter: str) -> list[tuple[int, list[str]]] | str:
    """Parse some lines as CSV.

    Return the rows, each with the index of its first line, or the reason why this failed.
    """
    if any(len(one) > MAX_LINE_CHARS for one in block):
        return f"the line has more than {MAX_LINE_CHARS:,} characters"
    reader = csv.reader(block, delimiter=delimiter, strict=True)
    rows, begin = [], 0
    try:
        for row in reader:
            rows.append((begin, row))
            begin = reader.line_num
    except csv.Error as error:
        return f'a quotation mark is missing or wrong; write each " inside of a cell as "" ({error})'
    return rows
