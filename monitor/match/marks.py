"""Marks judged word by word: a bare word fits a marked name, fewer marks fit, other marks do not.

Vietnamese tone marks may stand on either vowel of a pair (hòa, hoà), so tones are compared apart from letters.
"""

import unicodedata
from functools import lru_cache

_TONE_MARKS = frozenset("\u0300\u0301\u0303\u0309\u0323")
_VIETNAMESE_DIACRITICS = frozenset("\u0309\u031b\u0306\u0323đĐ")
_BARRED_LETTERS = str.maketrans({"đ": "d\u0335", "ð": "d\u0335", "ø": "o\u0338", "ł": "l\u0335"})

DiacriticPattern = tuple[tuple[frozenset[str], ...], frozenset[str]]


@lru_cache(maxsize=50_000)
def _diacritic_pattern(word: str) -> DiacriticPattern:
    """Return the marks of each letter without tones, and the tones of the word."""
    letters: list[set[str]] = []
    tones: set[str] = set()
    for char in unicodedata.normalize("NFD", word.lower().translate(_BARRED_LETTERS)):
        if not unicodedata.combining(char):
            letters.append(set())
        elif char in _TONE_MARKS:
            tones.add(char)
        elif letters:
            letters[-1].add(char)
    return tuple(map(frozenset, letters)), frozenset(tones)


def has_vietnamese_diacritics(printed: str) -> bool:
    """Tell whether a text has marks that only Vietnamese uses: who prints them prints all marks."""
    return any(char in _VIETNAMESE_DIACRITICS for char in unicodedata.normalize("NFD", printed))


def diacritics_agree(printed: str, name: str, *, strict: bool = False) -> bool:
    """Tell whether a printed word may stand for a word of a name, both of the same letters.

    A bare word agrees with any marks. With ``strict`` (the text prints all marks) others must be equal; else they may
    be fewer, as in the French press.
    """
    if printed.isascii():
        return True
    (letters, tones), (own, own_tones) = _diacritic_pattern(printed), _diacritic_pattern(name)
    if len(letters) != len(own):
        return True
    if strict:
        return tones == own_tones and letters == own
    return tones <= own_tones and all(marks <= mine for marks, mine in zip(letters, own, strict=True))


def count_diacritics(printed: str) -> int:
    """Count the marks of a printed word: more marks prove more."""
    letters, tones = _diacritic_pattern(printed)
    return len(tones) + sum(map(len, letters))
