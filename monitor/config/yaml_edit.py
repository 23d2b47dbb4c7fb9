"""Edits of a YAML file that change one value, and keep every other byte, comment and quotation mark.

An edit inserts or replaces text at the offsets that the YAML parser reports. The edited text is parsed again. If any
value other than the intended one differs, the edit is refused, and the error contains the lines to add by hand. A YAML
library that loads and dumps the file is not used, because it would rewrite the whole file.
"""

import copy
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from monitor.config.yaml_document import KeyPath, YamlValue, get_value, parse_yaml
from monitor.domain.configuration_edits import EditConflict
from monitor.domain.errors import UsageError

_PLAIN_TEXT = re.compile(r"[^\W\d_](?:[\w .'’()-]*[\w.)])?")
_RESERVED_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
"""Words that some YAML parsers read as a boolean or null instead of text. They are written in quotes."""
_INDENT = "  "
_Node = Any


class EditRefused(UsageError):
    """Raised if an edit is impossible without changes to other parts of the file.

    ``snippet`` contains the lines that the user can add to the file by hand.
    """

    def __init__(self, reason: str, path: KeyPath, value: YamlValue) -> None:
        self.snippet = render_snippet(path, value)
        super().__init__(f"{reason}; add this by hand:\n{self.snippet}")


class Edit(NamedTuple):
    """Edit of the value at one path of a YAML file.

    If ``is_append`` is true, ``value`` is a list of items that are added to the list at the path. A missing list is
    created; a single value becomes a list of this value and the new items.

    If ``is_append`` is false, ``value`` is the new value. Keys and mappings that are missing on the path are created.
    An existing value is replaced only if it is a text or a number on one line.

    ``comment`` is added to the line of the new item or key.
    """

    path: KeyPath
    value: YamlValue
    is_append: bool = False
    comment: str = ""


class _Splice(NamedTuple):
    """Replacement of the text between two offsets."""

    start: int
    end: int
    text: str


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the bytes of a file after several edits. No two of the edits may have the same path.

    The file is parsed twice, however many edits there are. If two edits create the same missing mapping, the second is
    refused; create such a mapping with all its keys in one edit. Raises ``EditRefused`` if an edit is impossible, or if
    a value that it should not change would change.
    """
    text, tree, root = _read(data, edits)
    finder, expected = _NodeFinder(root), copy.deepcopy(tree)
    splices: list[_Splice] = []
    for edit in edits:
        existing = get_value(expected, edit.path) if edit.is_append else None
        if edit.is_append and isinstance(edit.value, list):
            items = existing if isinstance(existing, list) else [] if existing is None else [existing]
            _assign(expected, edit.path, [*items, *edit.value])
        else:
            _assign(expected, edit.path, edit.value)
        found = _plan_edit(text, finder, edit)
        if found is None:
            raise EditRefused("this part of the file cannot be edited without rewriting it", edit.path, edit.value)
        splices += found
    return _verify(data, _apply(text, splices), expected, edits[0])


def _plan_edit(text: str, finder: "_NodeFinder", edit: Edit) -> "list[_Splice] | None":
    """Return the replacements in ``text`` that carry out an edit, or None if the edit is impossible."""
    node = finder.find(edit.path)
    if node is None or _is_null(node):
        return _set(text, finder, edit.path, edit.value, edit.comment)
    if edit.is_append and isinstance(edit.value, list):
        if isinstance(node, yaml.SequenceNode):
            return _append(text, node, edit.value, edit.comment)
        if _is_single_line(node):
            start, end = node.start_mark.index, node.end_mark.index
            flow = ", ".join([text[start:end], *map(_render_flow, edit.value)])
            return [_Splice(start, end, f"[{flow}]"), *_add_comment(text, end, edit.comment)]
    elif _is_single_line(node):
        return [_Splice(node.start_mark.index, node.end_mark.index, _render_flow(edit.value))]
    return None


def render_snippet(path: KeyPath, value: YamlValue) -> str:
    """Return YAML lines, from the top level of the file, that set the key at a path to a value."""
    keys = [key for key in path if isinstance(key, str)]
    lines = [f"{_INDENT * depth}{_render_key(key)}:" for depth, key in enumerate(keys)]
    return "\n".join([*lines[:-1], f"{lines[-1]} {_render_flow(value)}"] if lines else [_render_flow(value)])


def save_edited_file(path: Path, before: bytes, after: bytes) -> None:
    """Replace the content of a file in one step, and preserve its permissions.

    ``before`` is the content that was edited. Raises ``EditConflict`` if the file has other content now, so that no
    other edit is lost, and ``OSError`` if the file cannot be written.
    """
    if path.read_bytes() != before:
        raise EditConflict(f"{path} was changed meanwhile; nothing was written, try again")
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, name)
        Path(name).replace(target)
    except BaseException:  # also after Ctrl-C, no temporary file stays in the folder
        with suppress(OSError):
            Path(name).unlink()
        raise


def _read(data: bytes, edits: Sequence[Edit]) -> tuple[str, YamlValue, _Node]:
    """Parse a file. Return its text, its value, and the root node of PyYAML, whose nodes have offsets in the text.

    Raises ``EditRefused`` if the file has errors or is not a mapping. ``edits`` are the intended edits; the message
    shows the first of them, so that the user can make it by hand.
    """
    document = parse_yaml(data)
    path, value, *_ = edits[0]
    if document.errors:
        place, message = document.errors[0]
        raise EditRefused(f"the file has an error in line {place.line}: {message}", path, value)
    if document.value is not None and not isinstance(document.value, dict):
        raise EditRefused("the file is not a mapping", path, value)
    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    root = yaml.compose(document.text, Loader=loader)
    return document.text, document.value if document.value is not None else {}, root


def _apply(text: str, splices: Sequence[_Splice]) -> str:
    """Return a text after all replacements. Insertions at the same offset keep their order."""
    parts, position = [], 0
    for splice in sorted(splices, key=lambda one: one.start):
        parts += [text[position : splice.start], splice.text]
        position = max(position, splice.end)
    return "".join([*parts, text[position:]])


def _verify(data: bytes, edited: str, expected: YamlValue, edit: Edit) -> bytes:
    encoded = (b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b"") + edited.encode()
    document = parse_yaml(encoded)
    if document.errors or document.value != expected or not _has_same_types(document.value, expected):
        raise EditRefused("the edit would change another part of the file", edit.path, edit.value)
    return encoded


def _has_same_types(left: YamlValue, right: YamlValue) -> bool:
    """Return whether two equal values, and all values inside them, have the same types.

    Equality alone is not enough, because ``True == 1`` in Python.
    """
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _append(text: str, node: _Node, values: list[YamlValue], comment: str) -> list[_Splice]:
    """Return the text replacements that add items to the existing list ``node``."""
    if node.flow_style:
        at = node.value[-1].end_mark.index if node.value else node.start_mark.index + 1
        rendered = ", ".join(map(_render_flow, values))
        return [_Splice(at, at, f", {rendered}" if node.value else rendered), *_add_comment(text, at, comment)]
    indent = " " * node.start_mark.column
    lines = [line for value in values for line in _render_block(value, f"{indent}- ", f"{indent}  ", comment)]
    return [_insert_lines(text, _end_of(node), lines)]


def _set(text: str, finder: "_NodeFinder", path: KeyPath, value: YamlValue, comment: str) -> list[_Splice] | None:
    """Return the text replacements that set a key which is missing or has no value, or None if this is impossible.

    A missing key, together with the missing mappings around it, is added to the innermost mapping on the path that
    exists in the file.
    """
    depth = len(path)
    while depth and finder.find(path[:depth]) is None:
        depth -= 1
    parent = finder.find(path[:depth])
    for key in reversed(path[depth + 1 :]):
        if not isinstance(key, str):
            return None
        value = {key: value}
    if parent is None:  # an empty file, or one with comments only
        lines = _render_block(value, f"{_render_key(path[0])}:", _INDENT, comment)
        return [_insert_lines(text, len(text), lines)]
    if _is_null(parent):
        inner = {str(key): value for key in path[depth : depth + 1]} or value
        return _fill_null(text, finder, path[:depth], parent, inner, comment)
    if not isinstance(parent, yaml.MappingNode) or depth == len(path) or not isinstance(path[depth], str):
        return None
    key = _render_key(path[depth])
    if parent.flow_style:
        at = parent.value[-1][1].end_mark.index if parent.value else parent.start_mark.index + 1
        pair = f"{key}: {_render_flow(value)}"
        return [_Splice(at, at, f", {pair}" if parent.value else pair), *_add_comment(text, at, comment)]
    indent = " " * parent.start_mark.column
    lines = _render_block(value, f"{indent}{key}:", indent + _INDENT, comment)
    return [_insert_lines(text, _end_of(parent), lines)]


def _fill_null(
    text: str, finder: "_NodeFinder", path: KeyPath, node: _Node, value: YamlValue, comment: str
) -> list[_Splice] | None:
    """Return the text replacements that give a value to a key whose value is null, or None if this is impossible.

    The value is written after the colon of an empty key such as ``aliases:``, or replaces the word ``null``. For an
    empty key, a mapping is written in lines below the key, unless the key itself is in braces.
    """
    start, end = node.start_mark.index, node.end_mark.index
    if start != end:
        return [_Splice(start, end, _render_flow(value))]
    parent = finder.find(path[:-1])
    if not isinstance(parent, yaml.MappingNode):
        return None
    key = next(key for key, _value in parent.value if key.value == path[-1])
    colon = text.find(":", key.end_mark.index)
    if colon < 0:
        return None
    if isinstance(value, dict) and value and not parent.flow_style:
        indent = " " * (parent.start_mark.column + len(_INDENT))
        lines = [line for name, item in value.items() for line in _render_entry(name, item, indent)]
        return [_insert_lines(text, colon, lines)]
    return [_Splice(colon + 1, colon + 1, f" {_render_flow(value)}"), *_add_comment(text, colon, comment)]


def _end_of(node: _Node) -> int:
    """Return the offset at which a node ends, without the blank lines after it.

    It is the end of the last value inside the node. The end that PyYAML reports for a block is not used, because it is
    after the blank lines that follow the block.
    """
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node, key = (last[1], last[0]) if isinstance(last, tuple) else (last, None)
        if key is not None and _is_null(node) and node.start_mark.index == node.end_mark.index:
            return int(key.end_mark.index)
    return int(node.end_mark.index)


def _insert_lines(text: str, after: int, lines: list[str]) -> _Splice:
    """Return the text replacement that inserts lines after the line that contains the offset ``after``.

    The lines are inserted before any blank lines and comments that follow.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    if after and text[after - 1] in "\r\n":
        while after and text[after - 1] in " \t\r\n":
            after -= 1
    end = text.find("\n", after)
    block = newline.join(lines)
    if end < 0:
        separator = newline if text and not text.endswith("\n") else ""
        return _Splice(len(text), len(text), f"{separator}{block}{newline}")
    return _Splice(end + 1, end + 1, f"{block}{newline}")


def _add_comment(text: str, at: int, comment: str) -> list[_Splice]:
    """Return the text replacement that adds a comment to the line that contains the offset ``at``.

    The result is empty if the comment is empty or the line already contains ``#``.
    """
    if not comment:
        return []
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    end -= text.endswith("\r", 0, end)
    begin = text.rfind("\n", 0, at) + 1
    return [] if "#" in text[begin:end] else [_Splice(end, end, f"  # {comment}")]


class _NodeFinder:
    """Index that finds the nodes of a parsed file by their paths. The keys of each mapping are indexed only once."""

    def __init__(self, root: _Node) -> None:
        self._root = root
        self._indexes: dict[int, dict[str, _Node]] = {}

    def find(self, path: KeyPath) -> _Node:
        """Return the node at a path of the file, or None if the path does not exist."""
        node = self._root
        for part in path:
            if isinstance(node, yaml.MappingNode) and isinstance(part, str):
                if id(node) not in self._indexes:
                    self._indexes[id(node)] = {key.value: value for key, value in node.value}
                node = self._indexes[id(node)].get(part)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return None
        return node


def _is_single_line(node: _Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style not in {"|", ">"}


def _is_null(node: _Node) -> bool:
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    return is_plain and node.value in {"", "~", "null", "Null", "NULL"}


def _assign(tree: YamlValue, path: KeyPath, value: YamlValue) -> None:
    """Set the value at a path in a parsed file, in place. Missing mappings on the path are created.

    Raises ``EditRefused`` if a part of the path exists but is neither a mapping nor a list.
    """
    here: Any = tree
    for part, following in zip(path, [*path[1:], None], strict=True):
        is_fitting = isinstance(here, dict) if isinstance(part, str) else isinstance(here, list) and part < len(here)
        if not is_fitting:
            raise EditRefused(f"{'.'.join(map(str, path))} is not a mapping in the file", path, value)
        if following is None:
            here[part] = value
            return
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = {}
        here = here[part]


def render_entries(entries: Mapping[str, YamlValue]) -> str:
    """Return the entries of a section in YAML block style, indented below the name of the section."""
    return "".join(f"{line}\n" for name, value in entries.items() for line in _render_entry(name, value, _INDENT))


def _render_entry(name: str, value: YamlValue, indent: str) -> list[str]:
    return _render_block(value, f"{indent}{_render_key(name)}:", indent + _INDENT, "")


def _render_block(value: YamlValue, first: str, indent: str, comment: str) -> list[str]:
    """Return the lines of a value in YAML block style.

    ``first`` is the text before the value: a key with its colon, or the dash of a list item. ``indent`` is the
    indentation of further lines. ``comment`` is added to the first line. A list of mappings has one line per mapping.
    """
    tail = f"  # {comment}" if comment else ""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value) and not first.endswith("- "):
        return [f"{first}{tail}", *(f"{indent}- {_render_flow(item)}" for item in value)]
    if not isinstance(value, dict) or not value:
        space = "" if first.endswith(" ") else " "
        return [f"{first}{space}{_render_flow(value)}{tail}"]
    lines: list[str] = []
    for key, item in value.items():
        lines += _render_block(item, f"{indent}{_render_key(key)}:", indent + _INDENT, "")
    if first.endswith("- "):
        lines[0] = f"{first}{lines[0].removeprefix(indent)}{tail}"
        return lines
    return [f"{first}{tail}", *lines]


def _render_key(key: str | int) -> str:
    return _render_text(str(key))


def _render_flow(value: YamlValue) -> str:
    """Return a value in YAML flow style, such as ``{key: [a, b]}``, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_render_key(key)}: {_render_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_render_flow, value)) + "]"
    if isinstance(value, str):
        return _render_text(value)
    return json.dumps(value)


def _render_text(text: str) -> str:
    """Return a text as YAML: without quotes if every YAML parser then reads the same text, else in double quotes."""
    is_plain = _PLAIN_TEXT.fullmatch(text) and text.lower() not in _RESERVED_WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)
