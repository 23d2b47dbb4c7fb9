"""Configuration files that are not valid YAML, as readers of the desk (the web interface) see and correct them.

The paths of the values in such a file are not known. Therefore a secret is recognized by the key in front of it. In
case of doubt, a value is hidden. A hidden value is saved only if the last configuration that the daemon used also
contains it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from monitor.config.protected_values import (
    HIDDEN,
    SHELL,
    Fault,
    HiddenText,
    Piece,
    has_visible_host,
    hide_secrets,
    replace_pieces,
    restore_secrets,
)
from monitor.config.secrets import has_secret_reference
from monitor.config.sections import find_nested_type, get_keys, holds_secret, is_secret_name
from monitor.config.yaml_document import FilePosition, KeyPath, YamlDocument, get_value, parse_yaml
from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.source import Source

_NAME = r"[\"']?([\w-]+)[\"']?"
_KEY = re.compile(rf"(?:^\s*(?:-\s+)*|[{{,]\s*){_NAME}(?:\s*[:=]\s*|\s+|$)")
_OUTER_KEY = re.compile(rf"^\s*{_NAME}\s*:")
_FLOW_PARENT = re.compile(rf"{_NAME}\s*:\s*\{{[^{{}}]*$")
_PLAIN_END = re.compile(rf",\s+{_NAME}\s*:|\s#|[\]}}\s,]*$")
_CLOSED = re.compile(r"\s*(?:[,}\]]|\s#|$)")
_LOGIN = re.compile(r"(?<=://)[^\s\"'@/]*:[^\s\"'@]*(?=@)")
_WORD = re.compile(r"[^\s\"']+")
_WORD_OR_COMMENT = re.compile(r"(?<!\S)#.*|[^\s\"']+")


@cache
def _list_secret_keys() -> Mapping[str, frozenset[str]]:
    """Return a dictionary that contains each key whose value is secret, at least in some places of sources.yaml.

    The dictionary maps the key to the parent keys under which its value is not secret. For example, ``url`` is secret
    in a webhook, but not in a listing, so ``url`` is mapped to ``listing`` and others.
    """
    secret, public = set[tuple[str, str]](), set[tuple[str, str]]()
    for parent, type_ in (("", Settings), ("", Source), *CHANNEL_KINDS.items()):
        for place, is_secret in _iterate_keys(parent, type_):
            (secret if is_secret else public).add(place)
    secret |= {(kind, kind) for kind, type_ in CHANNEL_KINDS.items() if (kind, type_.inline_field) in secret}
    return {name: frozenset(parent for parent, key in public if parent and key == name) for _, name in secret}


def _iterate_keys(parent: str, type_: type) -> Iterator[tuple[tuple[str, str], bool]]:
    for key, info in get_keys(type_).items():
        if nested := find_nested_type(info.annotation):
            yield from _iterate_keys(key, nested)
        else:
            yield (parent, key), holds_secret(info.annotation) and not has_visible_host(info.annotation)


def hide_by_keys(text: str, redact: Callable[[str], str]) -> HiddenText:
    """Return the text of a file that is not valid YAML, in which everything that may be a secret is hidden.

    ``redact`` replaces known secrets, and the login in a URL, by asterisks. References such as ``${NAME}`` are shown.
    """
    pieces: list[Piece] = []
    parents: list[tuple[int, str]] = []
    offset, hidden_indent = 0, -1
    for line in text.split("\n"):
        if line.strip():
            indent = len(line) - len(line.lstrip())
            while parents and parents[-1][0] >= indent:
                parents.pop()
            if indent <= hidden_indent:
                hidden_indent = -1
            spans, is_open = _find_values(line, parents[-1][1] if parents else "", is_hidden=hidden_indent >= 0)
            if is_open and hidden_indent < 0:
                hidden_indent = indent
            if found := _OUTER_KEY.match(line):
                parents.append((indent, found[1]))
            at = 0
            for start, end in spans:
                pieces += _redact_words(line[at:start], offset + at, redact)
                pieces.append((offset + start, offset + end, json.dumps(HIDDEN), None, None))
                at = end
            pieces += _redact_words(line[at:], offset + at, redact)
        offset += len(line) + 1
    return replace_pieces(text, pieces)


def _find_values(line: str, parent: str, *, is_hidden: bool) -> tuple[list[tuple[int, int]], bool]:
    """Return the start and end of each secret value in a line, and whether the last one may continue on the next lines.

    ``parent`` is the key of the mapping that contains the line. If ``is_hidden`` is true, the line belongs to a secret
    value; then everything in the line except keys is secret.
    """
    spans: list[tuple[int, int]] = []
    position, is_open, has_key = 0, False, False
    while found := _KEY.search(line, position):
        position = found.end()
        if is_hidden and not found[0].rstrip().endswith((":", "=")):
            break
        has_key = True
        if not is_hidden and not _is_secret(found[1], line[: found.start(1)], parent):
            continue
        is_open = True
        if line.startswith("{", position):  # all keys in this mapping are secret, such as in headers
            is_hidden = True
            continue
        end, is_open = _find_value_end(line, position)
        if end > position and not _is_reference(line[position:end]):
            spans.append((position, end))
        position = end
    if is_hidden and not has_key and not line.lstrip().startswith("#"):
        spans = [(len(line) - len(line.lstrip()), len(line.rstrip()))]
    return spans, is_open


def _is_secret(name: str, before: str, parent: str) -> bool:
    public_parents = _list_secret_keys().get(name)
    if public_parents is None:
        return is_secret_name(name)
    flow_parent = _FLOW_PARENT.search(before)
    return (flow_parent[1] if flow_parent else parent) not in public_parents


def _find_value_end(line: str, start: int) -> tuple[int, bool]:
    """Return the end of the value that begins at ``start`` in a line, and whether it may continue on the next line."""
    if line.startswith(('"', "'"), start):
        end = line.find(line[start], start + 1) + 1
        return (end, False) if end and _CLOSED.match(line, end) else (len(line.rstrip()), True)
    found = _PLAIN_END.search(line, start)
    return (found.start() if found else len(line)), True


def _is_reference(value: str) -> bool:
    bare = value.strip("\"' ")
    return has_secret_reference(bare) and _WORD.fullmatch(bare) is not None


def _redact_words(part: str, offset: int, redact: Callable[[str], str]) -> Iterator[Piece]:
    """Yield a replacement for each word or comment that contains a known secret or the login in a URL.

    ``part`` is a part of a line, and ``offset`` is its offset in the file.
    """
    for found in _WORD_OR_COMMENT.finditer(part):
        shown = redact(_LOGIN.sub(HIDDEN, found[0]))
        if shown != found[0]:
            yield offset + found.start(), offset + found.end(), shown, None, None


def restore_from_last_good(
    text: str, broken_text: str, last_good: YamlDocument, redact: Callable[[str], str]
) -> tuple[str, list[Fault]]:
    """Put the hidden secrets back into the text of a broken file that a reader has corrected.

    ``text`` is the corrected text, and ``broken_text`` the file as it is on the disk. ``last_good`` is the last
    configuration that the daemon used. A secret is taken from it only if the broken file contains the same secret. If a
    secret was changed in the broken file, it is not overwritten with the old one.

    Return the text with the secrets, and a fault for each secret that could not be put back. With a fault, the text
    cannot be saved.
    """
    edited = parse_yaml(text.encode("utf-8", "surrogatepass"))
    hidden = hide_secrets(last_good, redact)
    restored, faults = restore_secrets(text, last_good, hidden)
    if faults:
        return restored, faults
    used: dict[KeyPath, str] = {
        piece.path: get_value(last_good.value, piece.path)
        for piece in hidden.pieces
        if piece.path is not None and get_value(edited.value, piece.path) == piece.shown_value
    }
    all_used = "\n".join(used.values())
    for path, value in used.items():
        if _count(broken_text, value) < _count(all_used, value):
            message = f"this secret is not the one that the daemon uses, and it is not shown here; {SHELL}"
            faults.append((edited.find_position(path), message))
    if not faults and restored.count(HIDDEN) > broken_text.count(HIDDEN):
        lines = [number for number, line in enumerate(restored.split("\n"), 1) if HIDDEN in line]
        faults.append((FilePosition(lines[0], 1), f"{HIDDEN} is a text that is not shown here; {SHELL}"))
    return restored, faults


def _count(text: str, value: str) -> int:
    return max(text.count(value), text.count(json.dumps(value, ensure_ascii=False)[1:-1]))
