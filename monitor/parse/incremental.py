"""Whether a document is what it was at the last poll: then nothing of what parses is needed.

What of a feed was there at the last poll, item by item: a known item costs a hash, and is not parsed.

An item whose text is the same to the letter is an article that the last poll stored. Only the other items are parsed,
inside the same head and tail. Whoever uses this must make sure that they have nothing in common with those left out
(``is_apart``), because identity is judged over a whole document.
"""

import re
from dataclasses import dataclass

from xxhash import xxh3_64_digest, xxh3_128_hexdigest

from monitor.domain.source import Entry
from monitor.parse.fields import MAX_ENTRIES


def hash_body(body: bytes) -> str:
    """Return what tells one body from another: an unchanged one is not parsed."""
    return xxh3_128_hexdigest(body)


_ITEM_START = re.compile(r"<(?:item|entry)(?=[\s>])")
_ITEM_END = re.compile(r"</(?:item|entry)\s*>")
_LONG_NUMBER = re.compile(r"\d{5,}")
_DATE_DIGITS = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?")
_MARKUP_CHARS = re.compile(r"[&<>\"']+")
_MARKUP_OR_NON_ASCII_CHARS = re.compile(r"[&<>\"']+|[^\x00-\x7f]+")
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class ReducedDocument:
    """A document without the items known to the letter: its text, how many were left out, and their text.

    ``items`` are the hashes of all items of the whole document, to be kept for the next poll.
    """

    text: str
    known_count: int
    known_text: str
    new_count: int
    item_hashes: bytes


def hash_items(text: str) -> bytes:
    """Return the hashes of a document's items, one after the other; empty if it has none that can be told apart."""
    pieces = _split_items(text)
    return b"".join(map(_hash_item, pieces[1])) if pieces else b""


def remove_known_items(text: str, known_hashes: bytes) -> ReducedDocument | None:
    """Leave the items out whose hashes are among ``items``; None if none is, or the document cannot be cut."""
    pieces = _split_items(text)
    if not pieces or not known_hashes:
        return None
    head, body, tail = pieces
    before = {known_hashes[at : at + _HASH_BYTES] for at in range(0, len(known_hashes), _HASH_BYTES)}
    hashes = [_hash_item(item) for item in body]
    new = [item for item, digest in zip(body, hashes, strict=True) if digest not in before]
    known = [item for item, digest in zip(body, hashes, strict=True) if digest in before]
    if not known:
        return None
    return ReducedDocument(head + "".join(new) + tail, len(known), "".join(known), len(new), b"".join(hashes))


def is_independent(entry: Entry, known_text: str) -> bool:
    """Tell whether nothing that identifies an entry stands in the items left out: guid, address, numbers, title."""
    address = entry.url.partition("://")[2].partition("/")[2]
    for name in (entry.guid, address):
        if name and (name in known_text or ("&" in name and name.replace("&", "&amp;") in known_text)):
            return False
    numbers = _LONG_NUMBER.findall(f"{address} {entry.guid}")
    if not address or any(number in known_text for number in numbers if not _DATE_DIGITS.fullmatch(number)):
        return False
    runs = (_MARKUP_OR_NON_ASCII_CHARS if "&#" in known_text else _MARKUP_CHARS).split(entry.title)
    return not all(_contains_phrase(run.split(), known_text) for run in runs)


def _contains_phrase(words: list[str], text: str) -> bool:
    """Tell whether words stand in a text one after the other, however they are spaced; long words are soonest found
    not to be there.
    """
    if not all(word in text for word in sorted(words, key=len, reverse=True)):
        return False
    return " ".join(words) in text or bool(re.search(r"\s+".join(map(re.escape, words)), text))


def _hash_item(item: str) -> bytes:
    return xxh3_64_digest(item.encode("utf-8", "replace"))


def _split_items(text: str) -> tuple[str, list[str], str] | None:
    """Cut a document before each item and behind the last one."""
    starts = [found.start() for found in _ITEM_START.finditer(text)]
    if not 0 < len(starts) <= MAX_ENTRIES:
        return None
    end = 0
    for found in _ITEM_END.finditer(text, starts[-1]):
        end = found.end()
    if not end:
        return None
    bounds = [*starts, end]
    items = [text[bounds[number] : bounds[number + 1]].rstrip() for number in range(len(starts))]
    return text[: starts[0]], items, text[end:]
