"""Values of a configuration file that readers of the desk must neither see nor change.

A reader who edits the file on the desk (the web interface) must not learn secrets. The reader must also not make the
program read files, run programs or send a secret to another server. Therefore secrets that are written in the file are
replaced with asterisks before the text is shown, and are put back in the same places before the text is saved. Edits of
references to secrets, of paths, and of addresses that receive a secret are refused. They can be made only in a shell.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from monitor.config.secrets import has_secret_reference
from monitor.config.sections import find_nested_type, get_keys, holds_secret, list_annotated
from monitor.config.yaml_document import FilePosition, KeyPath, YamlDocument, get_value, parse_yaml
from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.field_types import ValueMark
from monitor.domain.source import Source

HIDDEN = "***"
"""Text that is shown instead of a secret. Logs show the same text."""

FREE_SETTINGS = frozenset({"timezone", "user_agent_contact", "retention", "backfill", "keep_pages", "operator"})
"""Keys of ``settings`` that an edit on the desk may change. The other keys name programs, files, networks or secrets.
"""

FREE_SOURCE_KEYS = frozenset(
    {"name", "language", "country", "timezone", "poll_interval", "max_silence", "text_from", "selectors", "groups"}
    | {"formerly", "paused"}
)
"""Keys that an edit on the desk may change in a source with a secret. No such key determines the server that gets the
secret.
"""

FREE_CHANNEL_KEYS = frozenset({"to", "unsubscribe"})
"""Keys that an edit on the desk may change in a channel with a secret. No such key determines the server that gets the
secret.
"""

_UNGUARDED_CHANNELS = ("folder", "chat")
"""Kinds of channels that an edit on the desk must not change: they write to any path, or send requests to any address.
"""

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_COMMENT = re.compile(r"#[^\n]*")
SHELL = "edit this in a shell"
"""Advice at the end of a message about an edit that cannot be made on the desk."""

Fault = tuple[FilePosition, str]
"""Position in a file, and a message for the user."""

Piece = tuple[int, int, str, KeyPath | None, str | None]
"""Part of a text that is replaced: its start, its end, the replacement, a path, and a shown value.

The path is the path of the configuration value that contains the part. The shown value is the whole of this value in
the form in which the reader sees it. Path and shown value are None in comments, and if the path is not known.
"""


class HiddenPiece(Struct, frozen=True):
    """A piece of a file that is not shown because it contains a secret.

    - ``raw`` is the text of the piece in the file, and ``start`` is its offset there.
    - ``shown`` is the text that is shown instead, and ``shown_start`` is its offset in the shown text.
    - ``path`` is the path of the configuration value that contains the secret, and ``shown_value`` is this value as it
      is shown. ``path`` and ``shown_value`` are None in comments, and if the path is not known.
    """

    raw: str
    shown: str
    start: int
    shown_start: int
    path: KeyPath | None = None
    shown_value: str | None = None


class HiddenText(Struct, frozen=True):
    """Text of a configuration file in which all secrets are hidden.

    ``pieces`` are the hidden pieces, in the order of the file.
    """

    text: str
    pieces: tuple[HiddenPiece, ...] = ()

    def locate(self, raw_text: str, line: int, column: int) -> tuple[int, int]:
        """Convert a position in the file to the position in the shown text. A position is a line and a column.

        ``raw_text`` is the text of the file.
        """
        offset = _offset_of(raw_text, line, column)
        for piece in reversed(self.pieces):
            if piece.start <= offset:
                behind = offset - piece.start - len(piece.raw)
                at = piece.shown_start + (len(piece.shown) + behind if behind >= 0 else 0)
                return _place_of(self.text, at)
        return line, column


def hide_secrets(document: YamlDocument, redact: Callable[[str], str]) -> HiddenText:
    """Return the text of a file in which the secrets that are written in the file are hidden.

    ``redact`` replaces known secrets, and the login in a URL, by asterisks. References such as ``${NAME}`` are shown.
    The document must not have errors, because secrets are found by the paths of their keys.
    """
    secret_paths = {path for path, is_whole in _list_secret_paths(document.value) if is_whole}
    found: list[Piece] = []
    for path, place in document.value_positions.items():
        value = get_value(document.value, path)
        if isinstance(value, str) and (shown := _hide_value(value, path in secret_paths, redact)) != value:
            raw = document.text[place.start_offset : place.end_offset].rstrip()
            end = place.start_offset + len(raw)
            found.append((place.start_offset, end, json.dumps(shown, ensure_ascii=False), path, shown))
    used: set[str] = set()
    for start, text in _list_comments(document):
        if (shown := redact(text)) != text:
            while shown in used:
                shown += "*"
            used.add(shown)
            found.append((start, start + len(text), shown, None, None))
    return replace_pieces(document.text, sorted(found, key=lambda one: one[:2]))


def restore_secrets(text: str, base: YamlDocument, hidden: HiddenText) -> tuple[str, list[Fault]]:
    """Put the secrets back into a text in which they were hidden and which a reader has edited since.

    ``base`` is the file before the edit, and ``hidden`` its text with the hidden secrets. A secret is put back only at
    its former path, and only if the reader has not edited the value that was shown for it.

    Return the text with the secrets, and a fault for each value in which the asterisks of a secret were moved or
    edited. If the edited text is not valid YAML, return it unchanged, with its errors.
    """
    edited = parse_yaml(text.encode("utf-8", "surrogatepass"))
    if edited.errors:
        return text, edited.errors
    pieces = {piece.path: piece for piece in hidden.pieces if piece.path is not None}
    comments = {piece.shown: piece.raw for piece in hidden.pieces if piece.path is None}
    faults: list[Fault] = []
    found: list[Piece] = []
    for path, place in edited.value_positions.items():
        value, piece = get_value(edited.value, path), pieces.get(path)
        if piece is not None and value == piece.shown_value:
            found.append((place.start_offset, place.end_offset, piece.raw, None, None))
        elif isinstance(value, str) and HIDDEN in value and value != get_value(base.value, path):
            faults.append(
                (place, f"{HIDDEN} is a secret that is not shown here; it cannot be moved or edited: {SHELL}")
            )
    for start, comment in _list_comments(edited):
        if comment in comments:
            found.append((start, start + len(comment), comments[comment], None, None))
    return replace_pieces(edited.text, sorted(found, key=lambda one: one[:2])).text, faults


def find_forbidden_changes(before: YamlDocument, after: YamlDocument) -> list[Fault]:
    """Return a fault for each change between two versions of a file that is not allowed on the desk.

    A fault has the position of the change in the edited file ``after``, and a message for the user.
    """
    old, new = _as_mapping(before.value), _as_mapping(after.value)
    paths = dict(_iterate_forbidden(old, new))
    return sorted((after.find_position(path), message) for path, message in paths.items())


def _iterate_forbidden(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    yield from _check_named_files(old, new)
    old_settings, new_settings = _as_mapping(old.get("settings")), _as_mapping(new.get("settings"))
    for key in {*old_settings, *new_settings} - FREE_SETTINGS:
        if old_settings.get(key) != new_settings.get(key):
            yield ("settings", key), f"settings.{key} cannot be changed on the desk; {SHELL}"
    for section, free in (("sources", FREE_SOURCE_KEYS), ("channels", FREE_CHANNEL_KEYS)):
        known = _as_mapping(old.get(section))
        for name, entry in _as_mapping(new.get(section)).items():
            yield from _check_entry((section, name), known.get(name), entry, free)
    for path, text in _list_strings((), new):
        if has_secret_reference(text) and get_value(old, path) != text:
            yield path, f"a reference to a variable or a file can be neither added nor moved on the desk; {SHELL}"


def _check_named_files(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the error message of each edit that makes the configuration name other files."""
    if old.get("include") != new.get("include"):
        yield ("include",), f"include reads other files of this machine; {SHELL}"
    if names := _list_people_files(new) - _list_people_files(old):
        yield ("officials", "from"), f"officials.from reads other files of this machine ({min(names)}); {SHELL}"
    for path, text in _list_date_files(new):
        if text not in {one for place, one in _list_date_files(old) if place[:2] == path[:2]}:
            yield path, f'"{text[:60]}" is not a date; file names can be added in a shell only'


def _check_entry(path: KeyPath, old: Any, new: Any, free: frozenset[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the error message of each change to a source or channel that the desk does not allow.

    ``free`` are the keys that may be changed even if the source or channel has a secret.
    """
    old, new = _as_mapping(old), _as_mapping(new)
    if path[0] == "channels":
        for kind in _UNGUARDED_CHANNELS:
            if kind in new and new[kind] != old.get(kind):
                yield (*path, kind), f"a {kind} channel can be added or changed in a shell only"
    elif "cookie_file" in new and new["cookie_file"] != old.get("cookie_file"):
        yield (*path, "cookie_file"), f"cookie_file reads a file of this machine; {SHELL}"
    if not _carries_secret(path, old):
        return
    for inner in _list_changed_keys((), old, new):
        if not free.intersection(map(str, inner[:2])):
            message = (
                f"{'.'.join(map(str, path))} has a secret, and {'.'.join(map(str, inner))} decides where it is sent; "
                f"{SHELL}"
            )
            yield (*path, *inner), message
            return


def _carries_secret(path: KeyPath, entry: Mapping[str, Any]) -> bool:
    """Return whether the program sends a secret with requests of a source or channel.

    The secret may be typed into the file, or be a reference to a secret, or consist of cookies.
    """
    if any(has_secret_reference(text) for _path, text in _list_strings((), entry)) or "cookie_file" in entry:
        return True
    section, name = str(path[0]), path[1]
    return any(True for _path in _list_secret_paths({section: {name: entry}}))


def _list_changed_keys(path: KeyPath, old: Any, new: Any) -> Iterator[KeyPath]:
    """Yield the paths at which two mappings differ.

    Only the first two keys of a path are yielded, even if the difference is further inside.
    """
    if len(path) < 2 and isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _list_changed_keys((*path, key), old.get(key), new.get(key))
    elif old != new:
        yield path


def _list_secret_paths(tree: Any) -> Iterator[tuple[KeyPath, bool]]:
    """Yield a pair for each secret that is typed into a configuration: its path, and whether all of the text is secret.

    If not all of the text is secret, only the login in a URL is. The type of a key determines whether its value is a
    secret. References to secrets are left out.
    """
    tree = _as_mapping(tree)
    yield from _list_typed_paths(("settings",), tree.get("settings"), Settings)
    for name, source in _as_mapping(tree.get("sources")).items():
        yield from _list_typed_paths(("sources", name), source, Source)
    for name, channel in _as_mapping(tree.get("channels")).items():
        for kind, model in CHANNEL_KINDS.items():
            given = _as_mapping(channel).get(kind)
            if isinstance(given, str) and model.inline_field:
                if holds_secret(get_keys(model)[model.inline_field].annotation) and not has_secret_reference(given):
                    yield ("channels", name, kind), True
            else:
                yield from _list_typed_paths(("channels", name, kind), given, model)


def _list_typed_paths(path: KeyPath, value: Any, type_: type) -> Iterator[tuple[KeyPath, bool]]:
    for key, info in get_keys(type_).items():
        part = _as_mapping(value).get(key)
        nested = find_nested_type(info.annotation)
        if nested:
            yield from _list_typed_paths((*path, key), part, nested)
        elif holds_secret(info.annotation):
            is_login = has_visible_host(info.annotation)
            for inner, text in _list_strings((*path, key), part):
                if not has_secret_reference(text) and not (is_login and "@" not in text):
                    yield inner, not is_login


def has_visible_host(annotation: Any) -> bool:
    """Return whether only the login in a URL of this type is hidden, and the rest of the URL is shown.

    For example, the host of a mail server is shown, but the URL of a webhook is hidden as a whole.
    """
    marks = list_annotated(annotation, ValueMark)
    return ValueMark.LOGIN_IS_SECRET in marks and ValueMark.HTTP_TARGET not in marks


def _hide_value(value: str, is_secret: bool, redact: Callable[[str], str]) -> str:
    if has_secret_reference(value):
        return value
    if is_secret:
        return HIDDEN
    return redact(value) if "://" in value else value


def replace_pieces(text: str, found: list[Piece]) -> HiddenText:
    """Return a text in which each piece in ``found`` is replaced by its replacement.

    The pieces are given in the order of the text.
    """
    parts: list[str] = []
    pieces: list[HiddenPiece] = []
    at = length = 0
    for start, end, shown, path, value in found:
        parts += [text[at:start], shown]
        length += start - at
        pieces.append(HiddenPiece(text[start:end], shown, start, length, path, value))
        length += len(shown)
        at = end
    return HiddenText("".join([*parts, text[at:]]), tuple(pieces))


def _list_comments(document: YamlDocument) -> Iterator[tuple[int, str]]:
    """Yield the offset and the text of each comment. A comment begins with ``#`` outside of all keys and values."""
    places = [*document.value_positions.items(), *document.key_positions.items()]
    spans = sorted(
        (place.start_offset, place.end_offset)
        for path, place in places
        if not isinstance(get_value(document.value, path), dict | list) or document.key_positions.get(path) is place
    )
    at = 0
    for start, end in [*spans, (len(document.text), len(document.text))]:
        for match in _COMMENT.finditer(document.text, at, max(at, start)):
            yield match.start(), match[0].rstrip("\r")
        at = max(at, end)


def _list_strings(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield each text inside a configuration value, with its path: the keys and indexes that lead to it.

    ``path`` is the path of the value itself, with which every yielded path begins.
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _list_strings((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _list_strings((*path, index), inner)


def _list_date_files(tree: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and the name of each file with dates that a digest names under ``except``."""
    for name, digest in _as_mapping(tree.get("digests")).items():
        for path, text in _list_strings(("digests", name, "except"), _as_mapping(digest).get("except")):
            if not _DATE.fullmatch(text.strip()):
                yield path, text


def _list_people_files(tree: Mapping[str, Any]) -> set[str]:
    """Return the names of the files with officials, which the configuration names under ``officials: from``."""
    return {text for _, text in _list_strings((), [_as_mapping(tree.get("officials")).get("from")])}


def _as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _offset_of(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    return min(len(text), start + column - 1)


def _place_of(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
