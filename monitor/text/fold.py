"""Folding: many spellings of one word become one text, and every place in it leads back to the original.

Latin, Greek and Cyrillic letters lose their marks (đ, ø, ł, ß too); the vowels of Lao, Thai and Khmer are marks and
stay. Invisible characters vanish; spaces, quotes, dashes and name dots each become one sign. A text in NFD folds like
the same text in NFC. A name is folded sign by sign, a long text by one numpy look-up (``masses.py``), both alike; a
plain ASCII text is its own folding.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from monitor.text.signs import FOLDINGS, INVISIBLE, compose

BRIEF = 32
"""Up to so many characters sign by sign is as quick: most names."""
_TONE_FIRST = re.compile("([\u0ec8-\u0ecb])(\u0ecd)|([\u0e48-\u0e4b])(\u0e4d)")


class Offsets(Protocol):
    """An offset for each place: a list, or an array of many."""

    def __len__(self) -> int:
        """Return how many places there are, the end among them."""
        ...

    def __getitem__(self, place: int, /) -> Any:
        """Return the offset of a place."""
        ...


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. ``cased`` keeps capitals, ``text`` is the same in small letters, place by place.

    ``origin`` gives for each place, and for the end, the offset in ``original``; None means that they are the same.
    """

    original: str
    text: str
    cased: str
    origin: Offsets | None = field(default=None, compare=False, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of what stands folded at ``start:end``, marks included."""
        if self.origin is None:
            return start, end
        first, last = int(self.origin[start]), int(self.origin[end])
        inside = int(self.origin[end - 1]) + 1
        while last > inside and (self.original[last - 1] in INVISIBLE or self.original[last - 1].isspace()):
            last -= 1
        return first, max(last, inside)

    def slice(self, start: int, end: int) -> str:
        """Return the original spelling of what stands folded at ``start:end``."""
        first, last = self.span(start, end)
        return self.original[first:last]


def fold(text: str) -> Folded:
    """Fold a text; any string is welcome, lone surrogates and NUL too."""
    if text.isascii() and _is_settled(text):
        return Folded(text, text.lower(), text)
    cased, origin = fold_brief(text) if len(text) <= BRIEF else _for_masses()(text)
    if "\u0ecd" in cased or "\u0e4d" in cased:
        cased = _TONE_FIRST.sub(lambda m: (m[2] or m[4]) + (m[1] or m[3]), cased)
    lower = cased.lower()
    if len(lower) != len(cased):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)
    return Folded(text, lower, cased, origin)


def fold_brief(text: str) -> tuple[str, Offsets | None]:
    """Fold a short text but for its capitals; with the offset of each place and of the end, None where all stayed."""
    composed, before = compose(text)
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
def _for_masses() -> Callable[[str], tuple[str, Offsets | None]]:
    from monitor.text.masses import fold_mass  # numpy is long to load, and names can do without

    return fold_mass


def fold_key(text: str) -> str:
    """Return the folded text alone, in small letters: for look-ups, search and shingles."""
    return fold(text).text


def _is_settled(text: str) -> bool:
    """Tell whether an ASCII text holds nothing that folding would change but capitals; spelt out, as it runs hot."""
    control = "\t" in text or "\r" in text or "\0" in text or "\v" in text or "\f" in text
    return not (control or "`" in text or "  " in text)
