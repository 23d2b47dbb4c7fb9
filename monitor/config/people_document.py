"""Officials in a file of their own that is not YAML: a CSV table, or one JSON object on each line.

A table follows the rules of ``monitor people import``. The values are checked later, together with the values of
sources.yaml. An error in a value is reported with the line and column of its cell.
"""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.config.yaml_document import (
    MAX_FILE_BYTES,
    FilePosition,
    KeyPath,
    YamlDocument,
    YamlValue,
    compute_end_position,
    parse_yaml,
)
from monitor.domain.errors import InputError
from monitor.language.countries import find_country_of_code, format_country_name
from monitor.text.encoding import detect_wide_encoding
from monitor.text.people_table import MAX_RECORD_LINES, PeopleTable, PersonRow, RowFault, read_id, split_cell
from monitor.text.person_values import clean_cell, find_text_problem, parse_role_date, shorten
from monitor.text.slugs import make_slug

_MIN_SLUG_CHARS = 3


@dataclass
class PeopleDocument(YamlDocument):
    """Parsed file of officials that is a CSV table or has one JSON object on each line.

    ``value`` maps the id of each official to the values of the official. ``rows`` maps the id to the numbers of the
    lines where the rows of the official begin. Several rows of a table may describe one official. Positions are
    computed when they are asked for, because hardly any of them is needed.
    """

    lines: list[str] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=dict)
    table: PeopleTable | None = None
    warnings: list[tuple[FilePosition, str]] = field(default_factory=list)

    def find_position(self, path: KeyPath, *, prefer_key: bool = False) -> FilePosition:
        """Return the position of the cell or JSON value at a path, such as ``("officials", "jane-doe", "name")``.

        If there is no official with this id, the beginning of the file is returned.
        """
        rows = self.rows.get(str(path[1])) if len(path) > 1 else None
        if not rows:
            return FilePosition(1, 1)
        if self.table:
            return self._find_cell(self.table, rows, path[2:])
        found = parse_yaml(self.lines[rows[0] - 1].encode()).find_position(path[2:], prefer_key=prefer_key)
        return FilePosition(rows[0], found.column)

    def find_character_position(self, path: KeyPath, char_index: int) -> FilePosition:  # noqa: ARG002 - same signature
        """Return the position at which the cell or JSON value at a path begins.

        ``char_index`` is the index of a character in this value. It is ignored, so a message about the character gets
        the position of the whole value.
        """
        return self.find_position(path)

    def locate_cell(self, line: int, index: int) -> FilePosition:
        """Return the position of a cell.

        ``line`` is the number of the line where the row of the cell begins. ``index`` is the index of its column (0 for
        the first column).
        """
        delimiter = self.table.delimiter if self.table else ","
        text = "".join(self.lines[line - 1 : line - 1 + MAX_RECORD_LINES])
        is_quoted, offset, left = False, 0, index
        while left > 0 and offset < len(text):
            is_quoted ^= text[offset] == '"'
            left -= text[offset] == delimiter and not is_quoted
            offset += 1
        end = compute_end_position(text[:offset])
        return FilePosition(line + end.line - 1, end.column)

    def _find_cell(self, table: PeopleTable, rows: list[int], path: KeyPath) -> FilePosition:
        """Return the position of the cell that contains the value at a path.

        ``rows`` are the line numbers of the official's rows. ``path`` is the path of the value within the official,
        such as ``("aliases", 1)``. If no row has such a value, the position of the first row is returned.
        """
        entry: dict[str, Any] = {}
        for line in rows if path else ():
            row = next(table.read_rows_again(self.lines[line - 1 : line - 1 + MAX_RECORD_LINES]), None)
            if not isinstance(row, PersonRow):
                break
            _merge(entry, _build_entry(row))
            value = _value_at(entry, path)
            if value is not None:
                index = _find_column(row, path, value)
                return self.locate_cell(line, index)
        return FilePosition(rows[0], 1)

    def add_error(self, position: FilePosition, message: str) -> None:
        """Add an error at a position of the file."""
        self.errors.append((position, message))


def _find_column(row: PersonRow, path: KeyPath, value: Any) -> int:
    """Return the index of the cell in a table row that contains ``value``, alone or in a list of values.

    ``path`` is the path of the value within the official, such as ``("aliases", 1)``; only the columns for this key are
    searched. If none of their cells contains the value, return the index of the first cell there that is not empty, or
    0 if all are empty.
    """
    key = path[-1] if path[-1] in {"from", "until"} else path[0]
    kinds = {"roles": ("role",), "until": ("until", "end")}.get(str(key), (str(key),))
    used = [index for kind in kinds if kind in row.columns for index in row.list_used_columns(kind)]
    fitting = (index for index in used if value in map(clean_cell, [row.cells[index], *split_cell(row.cells[index])]))
    return next(fitting, used[0] if used else 0)


def read_people_document(data: bytes) -> PeopleDocument:
    """Read a file of officials. The result contains its errors; no exception is raised.

    A file that begins with a brace is read as one JSON object on each line, and any other file as a CSV table.
    """
    document = PeopleDocument(value={})
    if len(data) > MAX_FILE_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_FILE_BYTES:,} are allowed"
        document.add_error(FilePosition(1, 1), message)
        return document
    try:
        document.text = data.decode(detect_wide_encoding(data[:4096]) or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(error.encoding, "replace")
        position = compute_end_position(before)
        document.add_error(position, "this byte is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)")
        return document
    document.lines = list(io.StringIO(document.text, newline=""))
    begin = document.text.lstrip()[:1]
    if begin == "[":
        message = "the file is a JSON list; write one JSON object on each line, without brackets and commas around them"
        document.add_error(FilePosition(1, 1), message)
    elif begin == "{":
        _read_json_lines(document)
    else:
        _read_table(document)
    return document


def _read_table(document: PeopleDocument) -> None:
    try:
        table = document.table = PeopleTable(document.lines)
    except InputError as error:
        document.add_error(FilePosition(1, 1), str(error).removeprefix("line 1: "))
        return
    for index in table.list_unknown_columns():
        heading = shorten(table.headings[index])
        message = f"the column {heading} is not used; the known columns are {', '.join(table.columns)}"
        document.warnings.append((document.locate_cell(table.heading_line, index), message))
    for row in table.read_rows():
        if isinstance(row, RowFault):
            document.add_error(FilePosition(row.line, 1), row.message)
            continue
        faults = list(_find_faults(row, table.headings))
        for kind, message in faults:
            used = row.list_used_columns(kind)
            document.add_error(document.locate_cell(row.line, used[0] if used else 0), message)
        if row.get_name():
            _add_row(document, row, is_faulty=bool(faults))


def _add_row(document: PeopleDocument, row: PersonRow, *, is_faulty: bool) -> None:
    """Add a row of the table to its official in ``document``, or report why this is not possible.

    The official is found by the id in the row. If the row has no id, one is made from the name or the Wikidata id.
    """
    entry = _build_entry(row)
    try:
        given = read_id(row.get("id"))
    except ValueError as error:
        document.add_error(FilePosition(row.line, 1), f"the id {shorten(row.get('id'))} is not valid: {error}")
        return
    official_id = given or _make_id(entry)
    if not official_id:
        document.add_error(FilePosition(row.line, 1), "the name has no Latin letters for an id; add a column id")
        return
    people = document.value
    assert isinstance(people, dict), "the document was created with a mapping"  # noqa: S101
    known = people.setdefault(official_id, {})
    assert isinstance(known, dict), "every entry was built above"  # noqa: S101
    first = document.rows.setdefault(official_id, [])
    first.append(row.line)
    if len(first) == 1:
        known.update(entry)
    elif any(known.get(key, entry[key]) != entry[key] for key in ("name", "country", "wikidata") if key in entry):
        message = f'the id "{official_id}" is that of another person in line {first[0]}; '
        document.add_error(FilePosition(row.line, 1), message + ("write another one" if given else "add a column id"))
        first.pop()
    elif not _merge(known, entry) and not is_faulty:
        message = f'"{official_id}" is repeated, first in line {first[0]}, and nothing is added; delete the row'
        document.add_error(FilePosition(row.line, 1), message)


def _make_id(entry: dict[str, Any]) -> str:
    slug = make_slug(str(entry.get("name", "")))
    return slug if len(slug) >= _MIN_SLUG_CHARS else str(entry.get("wikidata", "")).lower()


def _build_entry(row: PersonRow) -> dict[str, YamlValue]:
    """Return the values in a row of the table as a mapping, with the keys that an official has in sources.yaml."""
    entry: dict[str, Any] = {"name": row.get_name()}
    if country := row.get("country"):
        known = find_country_of_code(country)
        entry["country"] = format_country_name(known) if known else country
    for key in ("aliases", "exclude_phrases", "formerly"):
        if row.columns[key] and (texts := dict.fromkeys(filter(None, map(clean_cell, row.list_texts(key))))):
            entry[key] = [text for text in texts if text != entry["name"]]
    if roles := _list_roles(row):
        entry["roles"] = roles
    if wikidata := row.get_wikidata_id():
        entry["wikidata"] = wikidata
    return entry


def _list_roles(row: PersonRow) -> list[YamlValue]:
    """Return the posts in a row. A date that cannot be read stays as it is written, so that it is reported later."""
    titles = split_cell(row.get("role"))
    from_on, until_on, last = row.get("from"), row.get("until"), row.get("end")
    if not (from_on or until_on or last) or len(titles) != 1:
        return [*titles]
    role: dict[str, YamlValue] = {"title": titles[0]}
    if from_on:
        role["from"] = _write_date(from_on)
    if until_on or last:
        role["until"] = _write_date(until_on or last, is_last_day=not until_on)
    return [role]


def _write_date(text: str, *, is_last_day: bool = False) -> str:
    found = parse_role_date(text, is_last_day=is_last_day)
    return found.isoformat() if found else text


def _merge(known: dict[str, Any], added: dict[str, Any]) -> bool:
    """Add values of an official to the ones that earlier rows of the table gave. Return whether a value was new.

    Lists, such as aliases, are extended. A single value, such as the country, is added only if there was none.
    """
    is_changed = False
    for key, value in added.items():
        if isinstance(value, list):
            new = [one for one in value if one not in known.get(key, ())]
            if new:
                known[key] = [*known.get(key, ()), *new]
                is_changed = True
        elif key not in known:
            known[key], is_changed = value, True
    return is_changed


def _find_faults(row: PersonRow, headings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a pair for each fault in a row: the kind of the column, such as ``role``, and the error message.

    Faults that the checks of sources.yaml find later are not yielded.
    """
    if (schema := row.get("schema")) and schema != "Person":
        yield "schema", f"{shorten(schema)} is not a person; delete the row"
    if not (name := row.get_name()):
        yield "name", "the row has no name"
    titles = split_cell(row.get("role"))
    for kind, texts in (("name", [name]), ("aliases", row.list_texts("aliases")), ("role", titles)):
        for text in texts:
            if problem := find_text_problem(text):
                yield kind, f"{shorten(text)} {problem}"
    country = row.get("country")
    if len(split_cell(country)) > 1:
        yield "country", f"the row has several countries, {shorten(country)}; write one"
    if any(map(row.get, ("from", "until", "end"))) and len(titles) != 1:
        what = "several posts and one date" if titles else "the date of a post, but no post"
        yield "role", f"the row has {what}; write one row for each post"
    if not row.columns["wikidata"] or row.get_wikidata_id():
        return
    ids = [row.cells[one] for one in row.list_used_columns("wikidata") if headings[one].startswith("wikidata")]
    if ids:
        yield "wikidata", f"{shorten(ids[0])} is not a Wikidata id, such as Q123"


def _read_json_lines(document: PeopleDocument) -> None:
    people = document.value
    assert isinstance(people, dict), "the document was created with a mapping"  # noqa: S101
    for number, line in enumerate(document.lines, 1):
        if not line.strip():
            continue
        try:
            given, entry = _parse_official(line)
        except json.JSONDecodeError as error:
            document.add_error(FilePosition(number, error.colno), f"this is not JSON: {error.msg}")
        except ValueError as error:
            document.add_error(FilePosition(number, 1), str(error))
        else:
            if given in people:
                first = document.rows[given][0]
                message = f'"{given}" is repeated, first in line {first}; keep one of them'
                document.add_error(FilePosition(number, 1), message)
            else:
                people[given], document.rows[given] = entry, [number]


def _parse_official(line: str) -> tuple[str, dict[str, Any]]:
    """Parse a line with a JSON object. Return the id of the official, and the other keys.

    If the object has no id, one is made from the name or the Wikidata id. Raises ``ValueError`` if this is impossible,
    if the line is not a JSON object, or if the object repeats a key.
    """
    try:
        found = json.loads(line, object_pairs_hook=_build_object)
    except RecursionError as error:
        raise ValueError("this is nested too deep; an official needs three levels at most") from error
    entry: dict[str, Any] = found if isinstance(found, dict) else {}
    given = entry.pop("id", None) or _make_id(entry)
    if not isinstance(given, str) or not given:
        raise ValueError('this is not an official with an id; write {"id": ..., "name": ...} on each line')
    try:
        line.encode()
        if "\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("this contains half of a character, such as \\ud800; write the character itself") from error
    return given, entry


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {shorten(repeated)} is repeated; keep one of them")
    return found


def _value_at(value: Any, path: KeyPath) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part] if part < len(value) else None
        elif part != "title":  # a post without dates is written as its title
            return None
    return value
