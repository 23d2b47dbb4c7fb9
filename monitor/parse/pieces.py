"""What of a feed was there at the last poll, item by item: a known item costs a hash, and is not parsed.

An item whose text is the same to the letter is an article that the last poll stored. Only the other items are parsed,
inside the same head and tail. Whoever uses this must make sure that they have nothing in common with those left out
(``is_apart``), because identity is judged over a whole document.
"""

import re
from dataclasses import dataclass

from xxhash import xxh3_64_digest

from monitor.domain.entry import Entry
from monitor.parse.entries import MOST_ENTRIES

_START = re.compile(r"<(?:item|entry)(?=[\s>])")
_END = re.compile(r"</(?:item|entry)\s*>")
_NUMBER = re.compile(r"\d{5,}")
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?")
_ODD_LETTERS = re.compile(r"[&<>\"']+")
_ODD_OR_FOREIGN = re.compile(r"[&<>\"']+|[^\x00-\x7f]+")
_SIZE = 8


@dataclass(frozen=True, slots=True)
class Rest:
    """A document without the items known to the letter: its text, how many were left out, and their text.

    ``items`` are the hashes of all items of the whole document, to be kept for the next poll.
    """

    text: str
    known: int
    left_out: str
    new: int
    items: bytes


def hash_items(text: str) -> bytes:
    """Return the hashes of a document's items, one after the other; empty if it has none that can be told apart."""
    pieces = _cut(text)
    return b"".join(map(_hash, pieces[1])) if pieces else b""


def without_known(text: str, items: bytes) -> Rest | None:
    """Leave the items out whose hashes are among ``items``; None if none is, or the document cannot be cut."""
    pieces = _cut(text)
    if not pieces or not items:
        return None
    head, body, tail = pieces
    before = {items[at : at + _SIZE] for at in range(0, len(items), _SIZE)}
    hashes = [_hash(item) for item in body]
    new = [item for item, digest in zip(body, hashes, strict=True) if digest not in before]
    known = [item for item, digest in zip(body, hashes, strict=True) if digest in before]
    if not known:
        return None
    return Rest(head + "".join(new) + tail, len(known), "".join(known), len(new), b"".join(hashes))


def is_apart(entry: Entry, left_out: str) -> bool:
    """Tell whether nothing that identifies an entry stands in the items left out: guid, address, numbers, title."""
    address = entry.url.partition("://")[2].partition("/")[2]
    for name in (entry.guid, address):
        if name and (name in left_out or ("&" in name and name.replace("&", "&amp;") in left_out)):
            return False
    numbers = _NUMBER.findall(f"{address} {entry.guid}")
    if not address or any(number in left_out for number in numbers if not _DAY.fullmatch(number)):
        return False
    runs = (_ODD_OR_FOREIGN if "&#" in left_out else _ODD_LETTERS).split(entry.title)
    return not all(_stands_in(run.split(), left_out) for run in runs)


def _stands_in(words: list[str], text: str) -> bool:
    """Tell whether words stand in a text one after the other, however they are spaced; long words are soonest found
    not to be there.
    """
    if not all(word in text for word in sorted(words, key=len, reverse=True)):
        return False
    return " ".join(words) in text or bool(re.search(r"\s+".join(map(re.escape, words)), text))


def _hash(item: str) -> bytes:
    return xxh3_64_digest(item.encode("utf-8", "replace"))


def _cut(text: str) -> tuple[str, list[str], str] | None:
    """Cut a document before each item and behind the last one."""
    starts = [found.start() for found in _START.finditer(text)]
    if not 0 < len(starts) <= MOST_ENTRIES:
        return None
    end = 0
    for found in _END.finditer(text, starts[-1]):
        end = found.end()
    if not end:
        return None
    bounds = [*starts, end]
    items = [text[bounds[number] : bounds[number + 1]].rstrip() for number in range(len(starts))]
    return text[: starts[0]], items, text[end:]
