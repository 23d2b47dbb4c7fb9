"""Page data: JSON values in the scripts of a page, from which the browser builds the visible text.

Web frameworks write page data in different forms: as JSON scripts, as values of variables, as JSON in a string, or as a
list whose items refer to one another by index.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.main_content import alnum_key
from monitor.extract.metadata import iter_json_objects, parse_lenient_json

_MAX_SCRIPTS = 40  # scripts per page that are searched for data
_MAX_SCRIPT_CHARS = 2_000_000
_MAX_VALUES = 40  # values per script
_MAX_PAYLOAD_ITEMS = 20_000  # items of a list whose items refer to one another
_MAX_DEPTH = 12  # levels of values that refer to one another
MAX_RESOLVED_VALUES = 100_000  # values per script that replace references; values may refer to themselves
_MIN_VALUE_CHARS = 200  # characters; a shorter value has no article
_PAGE_DATA = 'script[type="application/json"], script[id*="DATA"], script[id*="state" i], script:not([type]):not([src])'
_VALUE_START = re.compile(r"""(?:=|\()\s*(?=[{\["])""")
_FUNCTION_START = re.compile(r"=\s*\(function\(")
_CALL_START = re.compile(r"\}\s*\(")
_VOID = re.compile(r"(?<=[,(])void 0(?=[,)]|$)")
_ROW_LABEL = re.compile(r"^[ \t]*\w{1,8}:(?=[{\[])", re.MULTILINE)
_TITLE_KEYS = frozenset(["title", "headline", "headlines", "name", "heading", "seotitle"])
_INNER_TITLE_KEYS = ("rendered", "basic", "default", "main", "text")
_MIN_TITLE_KEY_CHARS = 6
_DECODER = json.JSONDecoder(strict=False)


def find_titled_objects(tree: LexborHTMLParser, titles: list[str]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield each object in the page data whose title is one of ``titles``, with the JSON document that contains it."""
    keys = {key for title in titles if len(key := alnum_key(title)) >= _MIN_TITLE_KEY_CHARS}
    if not keys:
        return
    for script in tree.css(_PAGE_DATA)[:_MAX_SCRIPTS]:
        text = (script.text() or "")[:_MAX_SCRIPT_CHARS]
        if len(text) < _MIN_VALUE_CHARS:
            continue
        for root in _iter_values(text):
            for node in _iter_objects(root):
                if _has_title(node, keys):
                    yield node, root


def _iter_values(text: str) -> Iterator[Any]:
    """Yield the JSON values in a script.

    The script is JSON itself, or has JSON values after ``=`` or an opening bracket.
    """
    if text.lstrip()[:1] in "{[":
        yield from _unpack(parse_lenient_json(text))
        return
    if function := _FUNCTION_START.search(text):
        for call in deque(_CALL_START.finditer(text, function.end()), maxlen=1):  # the last one
            yield from _read_arguments(text[call.end() : text.rfind("))")])
    at = count = 0
    while count < _MAX_VALUES and (start := _VALUE_START.search(text, at)):
        at = start.end()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            count += text[at - 1] == "{"
            continue
        if end - at >= _MIN_VALUE_CHARS:
            count += 1
            yield from _unpack(value)
        at = end


def _read_arguments(text: str) -> Iterator[Any]:
    """Yield objects that may be the article, from the arguments of a function that builds the page data.

    The body of the article is the longest argument with paragraphs. Any shorter text among the arguments may be its
    title, so for each of them an object with this title and the body is yielded.
    """
    arguments = parse_lenient_json(f"[{_VOID.sub('null', text)}]")
    texts = [item for item in arguments if isinstance(item, str)] if isinstance(arguments, list) else []
    body = max((item for item in texts if "<p" in item), key=len, default="")
    yield from ({"title": item, "body": body} for item in texts if body and len(item) < _MIN_VALUE_CHARS)


def _unpack(value: Any) -> Iterator[Any]:
    """Yield the JSON values in a string, or in the strings of a short list such as ``[1, "5:{...}"]``.

    Any other value is yielded unchanged.
    """
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, list) and len(value) <= 3:  # a row of streamed data: [1, "5:{...}"]
        texts = [item for item in value if isinstance(item, str)]
    if not texts:
        yield value
    for text in texts:
        for part in (text, *(text[label.end() :] for label in list(_ROW_LABEL.finditer(text))[:_MAX_VALUES])):
            if len(part) >= _MIN_VALUE_CHARS and part.lstrip()[:1] in "{[":
                try:
                    yield _DECODER.raw_decode(part.lstrip())[0]
                except (ValueError, RecursionError):
                    continue


def _iter_objects(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a JSON value.

    If the value is a list whose items refer to one another by index, the indexes are replaced by the items.
    """
    if not _is_payload(root):
        yield from iter_json_objects(root)
        return
    payload = _Payload(root)
    for item in root[:_MAX_PAYLOAD_ITEMS]:
        if isinstance(item, dict) and not _TITLE_KEYS.isdisjoint(key.lower() for key in item):
            yield payload.resolve(item, 0)


def _is_payload(root: Any) -> bool:
    """Return whether a value is a list whose items refer to one another by index.

    In such a list, every value of the first object is the index of an item, or a small negative number.
    """
    if not isinstance(root, list) or len(root) < 3:
        return False
    first = next((item for item in root if isinstance(item, dict) and item), None)
    return first is not None and all(type(value) is int and -9 < value < len(root) for value in first.values())


class _Payload:
    """List of values that refer to one another by index. A value may also refer to itself."""

    def __init__(self, items: list[Any]) -> None:
        self._items, self._left = items, MAX_RESOLVED_VALUES

    def resolve(self, value: Any, depth: int) -> Any:
        """Return a value in which each index is replaced by the item of the list to which it refers.

        After ``MAX_RESOLVED_VALUES`` replacements, and at levels deeper than ``_MAX_DEPTH``, the indexes are not
        replaced.
        """
        if depth > _MAX_DEPTH or not isinstance(value, dict | list):
            return value
        refs = value.items() if isinstance(value, dict) else enumerate(value)
        found = {}
        for key, ref in refs:
            if type(ref) is int and 0 <= ref < len(self._items) and self._left > 0:
                self._left -= 1
                found[key] = self.resolve(self._items[ref], depth + 1)
        return found if isinstance(value, dict) else list(found.values())


def _has_title(node: dict[str, Any], titles: set[str]) -> bool:
    """Return whether a title field of a JSON object contains a title of the page.

    It is enough if the field begins with the title, or the title begins with the field. ``titles`` are the titles of
    the page, normalized.
    """
    for key, value in node.items():
        if key.lower() not in _TITLE_KEYS:
            continue
        inner = [value.get(name) for name in _INNER_TITLE_KEYS] if isinstance(value, dict) else [value]
        own = next((alnum_key(text) for text in inner if isinstance(text, str)), "")
        if len(own) >= _MIN_TITLE_KEY_CHARS and any(t.startswith(own) or own.startswith(t) for t in titles):
            return True
    return False
