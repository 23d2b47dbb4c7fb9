"""The Latin letters by which one Slavic, Arabic or Persian name is spelt in several ways."""

import re
from functools import reduce

from monitor.match.romanise import same_sound

_CLASSES = {
    "slavic": (
        (re.compile("x"), "ks"),
        (re.compile("ks"), "x"),
        (re.compile("(?<![cgkpstz])h"), "g"),
        (re.compile("g(?!h)"), "h"),
        (re.compile(r"\Ay(?=[aeiou])|[iy](?=[aeou])|(?<=[aeiou])y"), "j"),
        (re.compile(r"j"), "y"),
        (re.compile(r"ic\Z"), "ich"),
        (re.compile(r"ich\Z"), "ic"),
    ),
    "arabic": ((re.compile("kh"), "x"), (re.compile("x"), "kh")),
}


def spellings(word: str, convention: str) -> tuple[str, ...]:
    """Return a folded word and its other spellings that do not sound alike by the common key, the word first."""
    return reduce(_respelt, _CLASSES.get(convention, ()), (word,))


def _respelt(words: tuple[str, ...], change: tuple[re.Pattern[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *(change[0].sub(change[1], word) for word in words))))


def is_spelling(word: str, known: tuple[str, ...], convention: str) -> bool:
    """Tell whether a folded word may be a spelling of a word; a Slavic man's name is not a woman's."""
    if convention == "slavic" and (word[-1:] == "a") != (known[0][-1:] == "a"):
        other = known[0][-1:] if word[-1:] == "a" else word[-1:]
        if other not in _VOWELS:
            return False
    return any(same_sound(word, one) for one in known)


_VOWELS = frozenset("aeiouy")
