"""Folding: many spellings of one word become one text, and every place in it leads back to the original.

Latin, Greek and Cyrillic letters lose their marks (đ, ø, ł, ß too); the vowels of Lao, Thai and Khmer are marks and
stay. Invisible characters vanish; spaces, quotes, dashes and name dots each become one sign. A text in NFD folds like
the same text in NFC. A name is folded sign by sign, a long text by one numpy look-up (``masses.py``), both alike; a
plain ASCII text is its own folding.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Protocol

from monitor.text.fold_table import FOLDINGS, INVISIBLE_CHARACTERS, compose_marks

MAX_SHORT_TEXT_CHARS = 32
"""Up to so many characters sign by sign is as quick: most names."""
_TONE_BEFORE_VOWEL = re.compile("([\u0ec8-\u0ecb])(\u0ecd)|([\u0e48-\u0e4b])(\u0e4d)")


class OffsetSequence(Protocol):
    """An offset for each place: a list, or an array of many."""

    def __len__(self) -> int:
        """Return how many places there are, the end among them."""
        ...

    def __getitem__(self, position: int, /) -> Any:
        """Return the offset of a place."""
        ...


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A folded text. ``cased`` keeps capitals, ``text`` is the same in small letters, place by place.

    ``origin`` gives for each place, and for the end, the offset in ``original``; None means that they are the same.
    """

    original: str
    text: str
    cased: str
    original_offsets: OffsetSequence | None = field(default=None, compare=False, repr=False)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of what stands folded at ``start:end``, marks included."""
        if self.original_offsets is None:
            return start, end
        first, last = int(self.original_offsets[start]), int(self.original_offsets[end])
        inside = int(self.original_offsets[end - 1]) + 1
        while last > inside and (self.original[last - 1] in INVISIBLE_CHARACTERS or self.original[last - 1].isspace()):
            last -= 1
        return first, max(last, inside)

    def original_slice(self, start: int, end: int) -> str:
        """Return the original spelling of what stands folded at ``start:end``."""
        first, last = self.original_span(start, end)
        return self.original[first:last]


def fold(text: str) -> FoldedText:
    """Fold a text; any string is welcome, lone surrogates and NUL too."""
    if text.isascii() and _is_unchanged_by_folding(text):
        return FoldedText(text, text.lower(), text)
    cased, origin = fold_short_text(text) if len(text) <= MAX_SHORT_TEXT_CHARS else _load_long_text_folder()(text)
    if "\u0ecd" in cased or "\u0e4d" in cased:
        cased = _TONE_BEFORE_VOWEL.sub(lambda m: (m[2] or m[4]) + (m[1] or m[3]), cased)
    lower = cased.lower()
    if len(lower) != len(cased):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)
    return FoldedText(text, lower, cased, origin)


def fold_short_text(text: str) -> tuple[str, OffsetSequence | None]:
    """Fold a short text but for its capitals; with the offset of each place and of the end, None where all stayed."""
    composed, before = compose_marks(text)
    folded: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(composed):
        for sign in FOLDINGS.get(char, char):
            if sign != " " or not folded or folded[-1] != " ":
                folded.append(sign)
                origin.append(place)
    cased = "".join(folded)
    if before is None and origin == list(range(len(text))):
        return cased, None
    origin.append(len(composed))
    return cased, origin if before is None else [before[place] for place in origin]


@cache
def _load_long_text_folder() -> Callable[[str], tuple[str, OffsetSequence | None]]:
    from monitor.text.fold_numpy import fold_long_text  # numpy is long to load, and names can do without

    return fold_long_text


def fold_key(text: str) -> str:
    """Return the folded text alone, in small letters: for look-ups, search and shingles."""
    return fold(text).text


@lru_cache(maxsize=20_000)
def fold_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, without punctuation."""
    plain = "".join(char if char.isalnum() else " " for char in fold_key(text))
    return tuple(plain.split())


def _is_unchanged_by_folding(text: str) -> bool:
    """Tell whether an ASCII text holds nothing that folding would change but capitals; spelt out, as it runs hot."""
    control = "\t" in text or "\r" in text or "\0" in text or "\v" in text or "\f" in text
    return not (control or "`" in text or "  " in text)
