"""YAML parser that returns plain values, and the position of every key and value in the file.

The values are built from the events of the parser and not by the constructors of PyYAML. Therefore a file cannot create
objects, refer to other parts of the file, or nest without a limit. Words without quotation marks follow YAML 1.2:
``no`` and ``07:00`` are text, ``true`` and ``false`` are the only booleans, and ``12`` is a number.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

MAX_FILE_BYTES = 40_000_000
"""Maximum size of a configuration file. A larger file was probably given by mistake.

A file with 100,000 people who have one post each has 7 MB.
"""
MAX_NESTING_DEPTH = 20
MAX_ERRORS = 1000

KeyPath = tuple[str | int, ...]
YamlValue = str | int | float | bool | None | list["YamlValue"] | dict[str, "YamlValue"]

_LOADER_CLASS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_FIRST_OF_NUMBERS = frozenset("+-0123456789")
_SCALAR_CONSTANTS: dict[str, YamlValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class FilePosition(NamedTuple):
    """The position of a key or value in a file.

    ``line`` and ``column`` count from 1. ``start_offset`` and ``end_offset`` are character indexes in the text of the
    file and count from 0. This is a named tuple, because a large file has 100,000 positions.
    """

    line: int
    column: int
    start_offset: int = 0
    end_offset: int = 0


@dataclass(slots=True)
class YamlDocument:
    """A parsed YAML file: its value, the positions of its keys and values, and the errors in it."""

    text: str = ""
    value: YamlValue = None
    value_positions: dict[KeyPath, FilePosition] = field(default_factory=dict)
    key_positions: dict[KeyPath, FilePosition] = field(default_factory=dict)
    errors: list[tuple[FilePosition, str]] = field(default_factory=list)

    def find_position(self, path: KeyPath, *, prefer_key: bool = False) -> FilePosition:
        """Return the position in the file of the value at a path.

        If ``prefer_key`` is true or the value is a mapping, the position of its key is returned. If the path does not
        exist, the position of the innermost existing value on the path is returned.
        """
        prefer_key = prefer_key or isinstance(get_value(self.value, path), dict)
        for length in range(len(path), -1, -1):
            part = path[:length]
            first, second = (
                (self.key_positions, self.value_positions)
                if prefer_key or length < len(path)
                else (self.value_positions, self.key_positions)
            )
            if found := first.get(part) or second.get(part):
                return found
        return FilePosition(1, 1)

    def find_character_position(self, path: KeyPath, char_index: int) -> FilePosition:
        """Return the position in the file of one character of a text value. ``path`` is the path of the value.

        ``char_index`` is the index of the character in the text. In the file, the text may be quoted, folded or
        indented, so its characters are searched one after the other. If a character is not found, the position of the
        value is returned.
        """
        place, value = self.find_position(path), get_value(self.value, path)
        if not isinstance(value, str):
            return place
        offset = place.start_offset
        for letter in value[: char_index + 1]:
            if not letter.isspace():
                found = self.text.find(letter, offset, place.end_offset)
                if found < 0:
                    return place
                offset = found + 1
        offset = max(place.start_offset, offset - 1)
        line_start = self.text.rfind("\n", 0, offset) + 1
        return FilePosition(self.text.count("\n", 0, offset) + 1, offset - line_start + 1)


def get_value(tree: Any, path: KeyPath) -> Any:
    """Return the value at a path in a parsed file, or None if the path does not exist."""
    for part in path:
        if isinstance(tree, Mapping) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            return None
    return tree


def parse_yaml(data: bytes, stop_after_key: str = "") -> YamlDocument:
    """Parse a YAML file, and return the document with all its errors; no exception is raised.

    If ``stop_after_key`` is given, parsing ends after the value of that top-level key.

    Errors are: invalid YAML, files over ``MAX_FILE_BYTES``, encodings other than UTF-8, control characters, several
    documents, anchors, aliases, merge keys, tags, duplicate keys, keys that are not plain text, and nesting over
    ``MAX_NESTING_DEPTH``.
    """
    document = YamlDocument()
    if len(data) > MAX_FILE_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_FILE_BYTES:,} are allowed"
        document.errors.append((FilePosition(1, 1), message))
        return document
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        document.errors.append((compute_end_position(before), "this byte is not UTF-8; save the file as UTF-8"))
        return document
    document.text = text
    if found := _UNPRINTABLE.search(text):
        message = f"the control character U+{ord(found[0]):04X} is not allowed in the file; delete it"
        document.errors.append((compute_end_position(text[: found.start()]), message))
        return document
    try:
        _DocumentBuilder(document, stop_after_key).build(yaml.parse(text, Loader=_LOADER_CLASS))
    except yaml.MarkedYAMLError as error:
        document.errors.append((_locate_yaml_error(error, text), _describe_yaml_error(error)))
    except yaml.YAMLError as error:
        document.errors.append((FilePosition(1, 1), f"this cannot be read as YAML: {error}"))
    return document


def compute_end_position(text: str) -> FilePosition:
    """Return the position in a file directly after ``text``, the part from the beginning of the file."""
    return FilePosition(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _locate_yaml_error(error: yaml.MarkedYAMLError, text: str) -> FilePosition:
    mark = error.problem_mark or error.context_mark
    last = text.count("\n") + 1
    if mark is None:
        return FilePosition(1, 1)
    return FilePosition(min(mark.line + 1, last), mark.column + 1)


def _describe_yaml_error(error: yaml.MarkedYAMLError) -> str:
    """Return the error message of the YAML parser in plain words, with a hint on how to correct the error."""
    problem = error.problem or "it ends in the middle"
    hint = ""
    if "cannot start any token" in problem:
        hint = "; indent with spaces, never tabs, and put text that begins with @ ` % * & ! in quotes"
    elif "mapping values are not allowed" in problem:
        hint = '; text that contains ": " needs quotes'
    elif "could not find expected ':'" in problem or "block" in f"{problem} {error.context or ''}":
        hint = "; check the indentation of this line and of those above it"
    elif "flow" in (error.context or ""):
        hint = "; a [ or { was not closed, or a comma is missing"
    elif "end of stream" in problem:
        hint = "; a quotation mark was not closed"
    context = f"{error.context}, " if error.context else ""
    return f"this cannot be read as YAML: {context}{problem}{hint}"


class _StopParsing(Exception):
    pass


@dataclass(slots=True)
class _OpenCollection:
    """Mapping or list whose end the parser has not reached yet."""

    path: KeyPath
    value: dict[str, YamlValue] | list[YamlValue]
    pending_key: str | None = None
    pending_path: KeyPath = ()


class _DocumentBuilder:
    """Builder of a ``YamlDocument`` from the events of the YAML parser.

    It has its own stack of open collections instead of recursion. Therefore deep nesting is reported as an error in the
    file, and does not exceed the recursion limit of Python.
    """

    def __init__(self, document: YamlDocument, stop_after_key: str) -> None:
        self.document, self.stop_after_key = document, stop_after_key
        self.stack: list[_OpenCollection] = []
        self.discarded_count = 0
        self.document_count = 0

    def build(self, events: Iterator[yaml.Event]) -> None:
        try:
            for event in events:
                self._handle_event(event)
                if self.stop_after_key and len(self.stack) == 1 and self.stop_after_key in self.stack[0].value:
                    return
        except _StopParsing:
            return

    def _handle_event(self, event: yaml.Event) -> None:
        if type(event) is yaml.ScalarEvent:  # most events are scalars
            if event.anchor is not None or event.tag is not None:
                self._check_node(event)
            self._add_scalar(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.document_count += 1
            if self.document_count > 1:
                self._add_error(
                    event, "a second document begins here; the configuration is one document: delete the ---"
                )
                raise _StopParsing
        elif isinstance(event, yaml.AliasEvent):
            self._add_error(event, f"*{event.anchor} refers to another part; write the value out here")
            self._add_value(None, event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_node(event)
            self._open_collection({} if isinstance(event, yaml.MappingStartEvent) else [], event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()

    def _check_node(self, event: yaml.Event) -> None:
        if anchor := getattr(event, "anchor", None):
            self._add_error(event, f"&{anchor} names this part for use elsewhere; delete it and write values out")
        if tag := getattr(event, "tag", None):
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._add_error(event, f"the tag {shown} is not allowed; delete it, and put text in quotes")

    def _open_collection(self, value: dict[str, YamlValue] | list[YamlValue], event: yaml.Event) -> None:
        if len(self.stack) >= MAX_NESTING_DEPTH:
            self._add_error(
                event, f"nested more than {MAX_NESTING_DEPTH} deep; the configuration needs 5 levels at most"
            )
            raise _StopParsing
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.pending_key is None:
            self._add_error(event, "a list or mapping cannot be a key; a key is one word, such as name")
            self._discard_key(top)
        path = self._add_value(value, event)
        self.stack.append(_OpenCollection(path, value))

    def _add_scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.pending_key is None:
            self._accept_key(top, event)
        else:
            plain = event.implicit[0] and event.style in (None, "")
            self._add_value(_resolve_scalar(event.value) if plain else event.value, event)

    def _accept_key(self, top: _OpenCollection, event: yaml.ScalarEvent) -> None:
        key = event.value
        if key == "<<":
            self._add_error(event, "<< merges another part into this one; write the keys out here")
            self._discard_key(top)
            return
        path = (*top.path, key)
        if key in top.value:
            first = self.document.key_positions[path]
            self._add_error(event, f'"{key}" is repeated, first in line {first.line}; keep one of them')
            self._discard_key(top)
            return
        self.document.key_positions[path] = _locate_event(event)
        top.pending_key, top.pending_path = key, path

    def _discard_key(self, top: _OpenCollection) -> None:
        """Replace an invalid key of the mapping ``top`` with a unique placeholder.

        The value of the key is still parsed, so that errors in it are found. The result contains neither the key nor
        the value.
        """
        self.discarded_count += 1
        top.pending_key = f"\0{self.discarded_count}"
        top.pending_path = (*top.path, top.pending_key)

    def _add_value(self, value: YamlValue, event: yaml.Event) -> KeyPath:
        if not self.stack:
            self.document.value = value
            self.document.value_positions[()] = _locate_event(event)
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path: KeyPath = (*top.path, len(top.value))
            top.value.append(value)
        elif top.pending_key is None:
            self._discard_key(top)
            return top.pending_path
        else:
            path = top.pending_path
            if not top.pending_key.startswith("\0"):
                top.value[top.pending_key] = value
            top.pending_key = None
        self.document.value_positions[path] = _locate_event(event)
        return path

    def _add_error(self, event: yaml.Event, message: str) -> None:
        self.document.errors.append((_locate_event(event), message))
        if len(self.document.errors) >= MAX_ERRORS:
            raise _StopParsing


def _locate_event(event: yaml.Event) -> FilePosition:
    start, end = event.start_mark, event.end_mark
    assert start and end, "the parser marks every event"  # noqa: S101, PT018 - the stubs allow None
    return FilePosition(start.line + 1, start.column + 1, start.index, end.index)


def _resolve_scalar(text: str) -> YamlValue:
    """Convert a word without quotation marks to null, a boolean, a number or text, according to YAML 1.2."""
    if text in _SCALAR_CONSTANTS:
        return _SCALAR_CONSTANTS[text]
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def load_saved_values(text: str) -> Any:
    """Return the values in a saved configuration, which is YAML or the result of ``dump_as_json``.

    JSON is read by a parser that is ten times as fast. If the text has an error, the values before the error are
    returned, or None if there are none.
    """
    with suppress(ValueError, RecursionError):
        return json.loads(text) if text.startswith("{") else parse_yaml(text.encode()).value
    return parse_yaml(text.encode()).value


_ESCAPED_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def dump_as_json(tree: dict[str, YamlValue]) -> str:
    """Return the text of a configuration file that is both JSON and YAML. Each entry of a section is on its own line.

    Characters that YAML does not allow, or reads as line breaks, are escaped.
    """
    sections = []
    for section, value in tree.items():
        text = _dump_value(value)
        if isinstance(value, dict):
            entries = (f" {_dump_value(name)}: {_dump_value(entry)}" for name, entry in value.items())
            text = "{\n" + ",\n".join(entries) + "\n }"
        sections.append(f"{_dump_value(section)}: {text}")
    text = "{" + ",\n".join(sections) + "}\n"
    return _ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _dump_value(value: YamlValue) -> str:
    return json.dumps(value, ensure_ascii=False)
