"""Reader of people in CSV files, from spreadsheets, OpenSanctions, EveryPolitician or the Wikidata query service."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from monitor.domain.errors import InputError
from monitor.domain.imported_people import ImportItem, ImportNote
from monitor.domain.value_parsers import parse_id
from monitor.parse.person_draft import PersonDraft, clean_cell, find_text_problem, find_wikidata_id, shorten

MAX_LINE_CHARS = 100_000
_MAX_RECORD_LINES = 30
"""Maximum number of lines of one row, whose cells may contain line breaks. In a longer row, a quotation mark is
missing."""
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
}
"""Mapping from each column to its possible headings, the preferred heading first. Case, spaces and underscores of a
heading are ignored."""
_PART_HEADINGS = frozenset(
    {"first name", "given name", "last name", "family name", "surname", "prénom", "vorname", "nachname", "apellido"}
)


def read_people_table(lines: Iterable[str]) -> Iterator[ImportItem]:
    """Read a CSV file whose first line has the headings: yield its people, and notes on what is not imported.

    A row that cannot be read gives a note, and reading continues. Raises ``InputError`` if no column has names.
    """
    source = _LineSource(lines)
    delimiter, headings = _read_headings(source)
    columns = _find_columns(headings)
    for number, row in _iter_rows(source, delimiter, len(headings)):
        place = f"line {number}"
        if isinstance(row, str):
            yield ImportNote(place, row, is_left_out=True)
        elif any(cell.strip() for cell in row) and list(map(_fold_heading, row)) != headings:
            yield from _read_row(place, row, headings, columns)


class _LineSource:
    """Iterator over the lines of a file. It counts the lines, and lines can be put back into it."""

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
    is inside quotation marks. If one of a pair of quotation marks is missing, only the line with the other one is lost.
    ``width`` is the number of cells of a row.
    """
    while (line := source.next()) is not None:
        number, block = source.number, [line]
        quotes = line.count('"')
        while quotes % 2 and len(block) < _MAX_RECORD_LINES and (more := source.next()) is not None:
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


def _read_row(place: str, row: list[str], headings: list[str], columns: dict[str, list[int]]) -> Iterator[ImportItem]:
    """Yield the person in a row, and notes on the values that are not imported."""
    if any(cell.strip() for cell in row[len(headings) :]):
        message = f"the row has {len(row)} cells, but the first line has {len(headings)}; put a text that contains the "
        yield ImportNote(place, message + "separator in quotation marks", is_left_out=True)
        return
    draft = PersonDraft(place)

    def first(column: str) -> str:
        cells = (clean_cell(row[index]) for index in columns[column] if index < len(row))
        return next(filter(None, cells), "")

    if (schema := first("schema")) and schema != "Person":
        yield draft.reject(f"{shorten(schema)} is not a person")
        return
    names = [clean_cell(row[index]) for index in columns["name"] if index < len(row)]
    draft.name = next((name for name in names if name and not find_wikidata_id(name)), "")
    identifiers = [first("id"), *(clean_cell(row[index]) for index in columns["wikidata"] if index < len(row))]
    draft.wikidata = next(filter(None, map(find_wikidata_id, identifiers)), "")
    draft.id = _read_id(identifiers[0])
    draft.country = _read_country(draft, first("country"))
    for index in columns["aliases"]:
        draft.add_aliases(_SEVERAL.split(row[index]) if index < len(row) else ())
    _read_roles(draft, first("role"), first("from"), first("until"), first("end"))
    yield from draft.finish()


def _read_id(text: str) -> str:
    """Return ``text`` if it can be used as the id of an official, otherwise an empty string.

    Ids of databases, such as UUIDs and Wikidata ids, are not used, because they are not readable.
    """
    try:
        return "" if _UUID_LIKE.fullmatch(text) or find_wikidata_id(text) else parse_id(text)
    except ValueError:
        return ""


def _read_country(draft: PersonDraft, text: str) -> str:
    countries = list(filter(None, _SEVERAL.split(text)))
    if len(countries) > 1:
        draft.add_note(f"has several countries, {shorten(text)}; the first is imported")
    if countries and (problem := find_text_problem(countries[0])):
        draft.add_note(f"the country {shorten(text)} {problem}")
        return ""
    return countries[0] if countries else ""


def _read_roles(draft: PersonDraft, role: str, start: str, until: str, last: str) -> None:
    titles = list(filter(None, _SEVERAL.split(role)))
    if len(titles) > 1 and (start or until or last):
        draft.add_note("has several posts and one date, which is left out; write one row for each post")
        start = until = last = ""
    for title in titles or [""]:
        draft.add_role(title, start, until or last, end_is_last_day=not until)
