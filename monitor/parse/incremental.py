"""Incremental parsing: skips unchanged documents and unchanged items, so that only new items are parsed.

An item with the same bytes as at the last poll is an article that is already stored. The other items are parsed,
together with the document's text before and after all items. Because articles are identified by comparing all items of
a document, the caller must check with ``is_independent`` that no new item shares an identifier with a skipped item.
"""

import re

from msgspec import Struct
from xxhash import xxh3_64_digest, xxh3_128_hexdigest

from monitor.domain.source import Entry
from monitor.parse.fields import MAX_ENTRIES


def hash_body(body: bytes) -> str:
    """Return a hash of a document's bytes.

    A document with the same hash as at the last poll need not be parsed again.
    """
    return xxh3_128_hexdigest(body)


_ITEM_START = re.compile(r"<(?:item|entry)(?=[\s>])")
_ITEM_END = re.compile(r"</(?:item|entry)\s*>")
_LONG_NUMBER = re.compile(r"\d{5,}")
_DATE_DIGITS = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?")
_MARKUP_CHARS = re.compile(r"[&<>\"']+")
_MARKUP_OR_NON_ASCII_CHARS = re.compile(r"[&<>\"']+|[^\x00-\x7f]+")
_HASH_BYTES = 8


class ReducedDocument(Struct, frozen=True):
    """A document without the items that were already in it at the last poll.

    ``text`` is the document with the new items only, and ``known_text`` has the removed items. ``item_hashes`` are the
    joined hashes of all items, to be stored for the next poll.
    """

    text: str
    known_count: int
    known_text: str
    new_count: int
    item_hashes: bytes


def hash_items(text: str) -> bytes:
    """Return the joined hashes of a document's items, or empty bytes if the items cannot be found in the text."""
    parts = _split_items(text)
    return b"".join(map(_hash_item, parts[1])) if parts else b""


def remove_known_items(text: str, known_hashes: bytes) -> ReducedDocument | None:
    """Remove the items whose hashes are in ``known_hashes`` from a document.

    The result is None if there is no such item, or if the items cannot be found in the text.
    """
    parts = _split_items(text)
    if not parts or not known_hashes:
        return None
    head, body, tail = parts
    known_set = {known_hashes[at : at + _HASH_BYTES] for at in range(0, len(known_hashes), _HASH_BYTES)}
    hashes = [_hash_item(item) for item in body]
    new_items = [item for item, digest in zip(body, hashes, strict=True) if digest not in known_set]
    known_items = [item for item, digest in zip(body, hashes, strict=True) if digest in known_set]
    if not known_items:
        return None
    return ReducedDocument(
        head + "".join(new_items) + tail, len(known_items), "".join(known_items), len(new_items), b"".join(hashes)
    )


def is_independent(entry: Entry, known_text: str) -> bool:
    """Return whether a new entry has no identifier in common with the skipped items.

    ``known_text`` is the source text of the skipped items. Identifiers are the guid, the path of the URL, long numbers
    in either of these, and the title. An entry whose URL has no path is not independent.
    """
    address = entry.url.partition("://")[2].partition("/")[2]
    for identifier in (entry.guid, address):
        if identifier and (
            identifier in known_text or ("&" in identifier and identifier.replace("&", "&amp;") in known_text)
        ):
            return False
    numbers = _LONG_NUMBER.findall(f"{address} {entry.guid}")
    if not address or any(number in known_text for number in numbers if not _DATE_DIGITS.fullmatch(number)):
        return False
    title_parts = (_MARKUP_OR_NON_ASCII_CHARS if "&#" in known_text else _MARKUP_CHARS).split(entry.title)
    return not all(_contains_phrase(run.split(), known_text) for run in title_parts)


def _contains_phrase(words: list[str], text: str) -> bool:
    """Return whether a text contains these words in this order, with only white space between them."""
    # Long words are rarer, so testing them first ends the search sooner.
    if not all(word in text for word in sorted(words, key=len, reverse=True)):
        return False
    return " ".join(words) in text or bool(re.search(r"\s+".join(map(re.escape, words)), text))


def _hash_item(item: str) -> bytes:
    return xxh3_64_digest(item.encode("utf-8", "replace"))


def _split_items(text: str) -> tuple[str, list[str], str] | None:
    """Split a document into the text before its items, the list of items, and the text after the last item.

    The result is None if there are no items, if there are more than ``MAX_ENTRIES``, or if the last item is incomplete.
    """
    starts = [found.start() for found in _ITEM_START.finditer(text)]
    if not 0 < len(starts) <= MAX_ENTRIES:
        return None
    end = 0
    for found in _ITEM_END.finditer(text, starts[-1]):
        end = found.end()
    if not end:
        return None
    boundaries = [*starts, end]
    items = [text[boundaries[number] : boundaries[number + 1]].rstrip() for number in range(len(starts))]
    return text[: starts[0]], items, text[end:]
