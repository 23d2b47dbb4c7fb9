"""YAML text as plain values, with the place of every key and value.

The file is read from the parser's events with a stack of our own, never by PyYAML's constructors: nothing in it can
make an object, refer to another part, or nest without end. Unquoted words follow YAML 1.2: ``no`` and ``07:00`` are
text, ``true`` and ``false`` the only truth values, ``12`` a number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

MAX_BYTES = 4_000_000
MAX_DEPTH = 20
MAX_FAULTS = 1000

Path = tuple[str | int, ...]
Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Place(NamedTuple):
    """A line and a column, both counted from 1, and offsets of the source text from 0; a large file has 100,000."""

    line: int
    column: int
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Document:
    """A parsed file: its value, where every key and value stands, and what is wrong with it as YAML."""

    text: str = ""
    value: Value = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    faults: list[tuple[Place, str]] = field(default_factory=list)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Return where a value (or its key) stands, or the nearest thing around it; a mapping stands at its key."""
        key = key or isinstance(self._at(path), dict)
        for length in range(len(path), -1, -1):
            part = path[:length]
            first, second = (self.keys, self.values) if key or length < len(path) else (self.values, self.keys)
            if found := first.get(part) or second.get(part):
                return found
        return Place(1, 1)

    def point(self, path: Path, position: int) -> Place:
        """Return where the character at ``position`` of a text value stands in the file.

        The source may be quoted, folded or indented, so the text is followed through it letter by letter.
        """
        place, value = self.place(path), self._at(path)
        if not isinstance(value, str):
            return place
        offset = place.start
        for letter in value[: position + 1]:
            if not letter.isspace():
                found = self.text.find(letter, offset, place.end)
                if found < 0:
                    return place
                offset = found + 1
        offset = max(place.start, offset - 1)
        line_start = self.text.rfind("\n", 0, offset) + 1
        return Place(self.text.count("\n", 0, offset) + 1, offset - line_start + 1)

    def _at(self, path: Path) -> Value:
        value = self.value
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value


def parse_document(data: bytes, until: str = "") -> Document:
    """Parse a YAML file without ever failing: what cannot be read is a fault of the document.

    Reading ends with the value of the key ``until``, if it stands at the top; what comes after it is not looked at.

    Refused are: files over ``MAX_BYTES``, anything but UTF-8, control characters, several documents, anchors,
    aliases, merge keys, tags, duplicate keys, keys that are no plain text, and nesting deeper than ``MAX_DEPTH``.
    """
    document = Document()
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        document.faults.append((Place(1, 1), message))
        return document
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        document.faults.append((_end_of(before), "this byte is not UTF-8; save the file as UTF-8"))
        return document
    document.text = text
    if found := _UNPRINTABLE.search(text):
        message = f"the control character U+{ord(found[0]):04X} may not stand in the file; delete it"
        document.faults.append((_end_of(text[: found.start()]), message))
        return document
    try:
        _Builder(document, until).build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        document.faults.append((_where(error, text), _explain(error)))
    except yaml.YAMLError as error:
        document.faults.append((Place(1, 1), f"this cannot be read as YAML: {error}"))
    return document


def _end_of(text: str) -> Place:
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _where(error: yaml.MarkedYAMLError, text: str) -> Place:
    mark = error.problem_mark or error.context_mark
    last = text.count("\n") + 1
    if mark is None:
        return Place(1, 1)
    return Place(min(mark.line + 1, last), mark.column + 1)


def _explain(error: yaml.MarkedYAMLError) -> str:
    """Say in plain words what the parser stumbled over."""
    problem = error.problem or "it ends in the middle"
    hint = ""
    if "cannot start any token" in problem:
        hint = "; indent with spaces, never tabs, and put text that begins with @ ` % * & ! in quotes"
    elif "mapping values are not allowed" in problem:
        hint = '; text that holds ": " needs quotes'
    elif "could not find expected ':'" in problem or "block" in f"{problem} {error.context or ''}":
        hint = "; check the indentation of this line and of those above it"
    elif "flow" in (error.context or ""):
        hint = "; a [ or { was not closed, or a comma is missing"
    elif "end of stream" in problem:
        hint = "; a quotation mark was not closed"
    context = f"{error.context}, " if error.context else ""
    return f"this cannot be read as YAML: {context}{problem}{hint}"


class _Stop(Exception):
    pass


@dataclass(slots=True)
class _Open:
    """A mapping or list that is still being read."""

    path: Path
    value: dict[str, Value] | list[Value]
    key: str | None = None


class _Builder:
    """Turns events into values; keeps its own stack, so that depth costs nothing and is checked."""

    def __init__(self, document: Document, until: str) -> None:
        self.document, self.until = document, until
        self.stack: list[_Open] = []
        self.dropped = 0
        self.documents = 0

    def build(self, events: Iterator[yaml.Event]) -> None:
        try:
            for event in events:
                self._take(event)
                if self.until and len(self.stack) == 1 and self.until in self.stack[0].value:
                    return
        except _Stop:
            return

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._fault(event, "a second document begins here; the configuration is one document: delete the ---")
                raise _Stop
        elif isinstance(event, yaml.AliasEvent):
            self._fault(event, f"*{event.anchor} refers to another part; write the value out here")
            self._put(None, event)
        elif isinstance(event, yaml.NodeEvent):
            self._check_node(event)
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            else:
                self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()

    def _check_node(self, event: yaml.Event) -> None:
        if anchor := getattr(event, "anchor", None):
            self._fault(event, f"&{anchor} names this part for use elsewhere; delete it and write values out")
        if tag := getattr(event, "tag", None):
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._fault(event, f"the tag {shown} is not allowed; delete it, and put text in quotes")

    def _open(self, value: dict[str, Value] | list[Value], event: yaml.Event) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._fault(event, f"nested more than {MAX_DEPTH} deep; the configuration needs 5 levels at most")
            raise _Stop
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._fault(event, "a list or mapping cannot be a key; a key is one word, such as name")
            top.key = self._drop()
        path = self._put(value, event)
        self.stack.append(_Open(path, value))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            top.key = self._key(top, event)
        else:
            plain = event.implicit[0] and event.style in (None, "")
            self._put(_resolve(event.value) if plain else event.value, event)

    def _key(self, top: _Open, event: yaml.ScalarEvent) -> str:
        key, path = event.value, (*top.path, event.value)
        if key == "<<":
            self._fault(event, "<< merges another part into this one; write the keys out here")
            return self._drop()
        if key in top.value:
            first = self.document.keys[path]
            self._fault(event, f'"{key}" stands here a second time, first in line {first.line}; keep one of them')
            return self._drop()
        self.document.keys[path] = _place(event)
        return key

    def _drop(self) -> str:
        """Return a name for a key that is refused, so that what follows it is read and forgotten."""
        self.dropped += 1
        return f"\0{self.dropped}"

    def _put(self, value: Value, event: yaml.Event) -> Path:
        if not self.stack:
            self.document.value = value
            self.document.values[()] = _place(event)
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
        elif top.key is None:
            top.key = self._drop()
            return (*top.path, top.key)
        else:
            path = (*top.path, top.key)
            if not top.key.startswith("\0"):
                top.value[top.key] = value
            top.key = None
        self.document.values[path] = _place(event)
        return path

    def _fault(self, event: yaml.Event, message: str) -> None:
        self.document.faults.append((_place(event), message))
        if len(self.document.faults) >= MAX_FAULTS:
            raise _Stop


def _place(event: yaml.Event) -> Place:
    start, end = event.start_mark, event.end_mark
    assert start and end, "the parser marks every event"  # noqa: S101, PT018 - the types allow what never comes
    return Place(start.line + 1, start.column + 1, start.index, end.index)


def _resolve(text: str) -> Value:
    """Give an unquoted word its type."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
