"""Folding: converts a text to a normalized form for comparison, and keeps the offsets of the original text.

Latin, Greek and Cyrillic letters lose their diacritics (also đ, ø, ł, ß). The vowel signs of Lao, Thai and Khmer are
kept. Invisible characters are removed. All kinds of spaces become one kind of space; the same is done for quotes,
dashes and middle dots. A text in NFD gives the same result as the text in NFC.

Short texts are folded character by character, and long texts with numpy (``fold_numpy.py``), with equal results. Plain
ASCII text only needs to be converted to lower case.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Protocol

from monitor.text.fold_table import FOLDINGS, INVISIBLE_CHARACTERS, compose_marks

MAX_SHORT_TEXT_CHARS = 32
"""Maximum length of a text that is folded character by character.

For such texts numpy is not faster. Most names are shorter.
"""
_OPENING_BRACKETS = ("(", "（")
_TONE_BEFORE_VOWEL = re.compile("([\u0ec8-\u0ecb])(\u0ecd)|([\u0e48-\u0e4b])(\u0e4d)")


class OffsetSequence(Protocol):
    """Protocol of a list or numpy array with the offset in the original text for each position in the folded text."""

    def __len__(self) -> int:
        """Return the number of offsets: one per character of the folded text, and one for its end."""
        ...

    def __getitem__(self, position: int, /) -> Any:
        """Return the offset in the original text of the character at a position in the folded text."""
        ...


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text (``original``) and its folded forms, which are without diacritics and have uniform spaces and punctuation.

    ``text`` is in lower case, and ``cased`` keeps the capitals. A character has the same position in both forms.
    ``original_offsets`` has the offset in ``original`` for each position, and for the end. It is None if all offsets
    are equal to the positions.
    """

    original: str
    text: str
    cased: str
    original_offsets: OffsetSequence | None = field(default=None, compare=False, repr=False)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the original text that correspond to ``start`` and ``end`` in the folded text.

        The span includes the diacritics of its last letter.
        """
        if self.original_offsets is None:
            return start, end
        first, last = int(self.original_offsets[start]), int(self.original_offsets[end])
        inside = int(self.original_offsets[end - 1]) + 1
        while last > inside and (self.original[last - 1] in INVISIBLE_CHARACTERS or self.original[last - 1].isspace()):
            last -= 1
        if self.original[inside:last].startswith(_OPENING_BRACKETS):  # dropped text after the span
            last = inside
        return first, max(last, inside)

    def original_slice(self, start: int, end: int) -> str:
        """Return the part of the original text that corresponds to a span of the folded text."""
        first, last = self.original_span(start, end)
        return self.original[first:last]


def fold(text: str) -> FoldedText:
    """Fold a text: normalize case, diacritics, spaces and punctuation, and keep the offsets in the original.

    Any string is accepted, including lone surrogates and NUL.
    """
    if text.isascii() and _is_unchanged_by_folding(text):
        return FoldedText(text, text.lower(), text)
    cased, offsets = fold_short_text(text) if len(text) <= MAX_SHORT_TEXT_CHARS else _load_long_text_folder()(text)
    if "\u0ecd" in cased or "\u0e4d" in cased:
        cased = _TONE_BEFORE_VOWEL.sub(lambda m: (m[2] or m[4]) + (m[1] or m[3]), cased)
    lower = cased.lower()
    if len(lower) != len(cased):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)
    return FoldedText(text, lower, cased, offsets)


def drop_spans(folded: FoldedText, spans: Sequence[tuple[int, int]]) -> FoldedText:
    """Return a folded text from which the given spans are removed.

    The spans are pairs of start and end offsets. They must be in the order of the text, and must not overlap.
    """
    old = folded.original_offsets
    bounds = [0, *(offset for span in spans for offset in span), len(folded.text)]
    kept = list(zip(bounds[::2], bounds[1::2], strict=True))
    positions = [position for start, end in kept for position in range(start, end)] + [len(folded.text)]
    offsets = positions if old is None else [int(old[position]) for position in positions]
    text, cased = ("".join(whole[start:end] for start, end in kept) for whole in (folded.text, folded.cased))
    return FoldedText(folded.original, text, cased, offsets)


def fold_short_text(text: str) -> tuple[str, OffsetSequence | None]:
    """Normalize diacritics, spaces and punctuation of a short text, character by character. Keep its capitals.

    Return the folded text, and a list of offsets in the original text: one for each position in the folded text, and
    one for its end. The list is None if all offsets are equal to the positions.
    """
    composed, composed_offsets = compose_marks(text)
    folded: list[str] = []
    offsets: list[int] = []
    for position, char in enumerate(composed):
        for folded_char in FOLDINGS.get(char, char):
            if folded_char != " " or not folded or folded[-1] != " ":
                folded.append(folded_char)
                offsets.append(position)
    cased = "".join(folded)
    if composed_offsets is None and offsets == list(range(len(text))):
        return cased, None
    offsets.append(len(composed))
    return cased, offsets if composed_offsets is None else [composed_offsets[position] for position in offsets]


@cache
def _load_long_text_folder() -> Callable[[str], tuple[str, OffsetSequence | None]]:
    from monitor.text.fold_numpy import fold_long_text  # numpy is slow to import, and names do not need it

    return fold_long_text


def fold_key(text: str) -> str:
    """Return a text in lower case without diacritics, as a key for look-ups and search.

    Unlike ``fold``, this function does not return the offsets in the original text.
    """
    if text.isascii() and _is_unchanged_by_folding(text):
        return text.lower()
    return fold(text).text


def fold_written(text: str) -> str:
    """Return a name in lower case, without diacritics and with single spaces.

    Verdicts, which are the statements of readers that a name means an official or not, store names in this form.
    """
    return " ".join(fold_key(text).split())


@lru_cache(maxsize=20_000)
def fold_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, without diacritics and punctuation."""
    return tuple(blank_punctuation(fold_key(text)).split())


def blank_punctuation(text: str, kept: str = "") -> str:
    """Replace every character by a space, except letters, digits and the characters in ``kept``."""
    if text.replace(" ", "").isalnum():  # true for most names, and three times as fast
        return text
    return "".join(char if char.isalnum() or char in kept else " " for char in text)


def _is_unchanged_by_folding(text: str) -> bool:
    """Return whether an ASCII text needs no other change than lower case.

    The text must have no control characters, backticks or repeated spaces. The tests are written one by one instead of
    in a loop, because this function is called very often.
    """
    control = "\t" in text or "\r" in text or "\0" in text or "\v" in text or "\f" in text
    return not (control or "`" in text or "  " in text)
