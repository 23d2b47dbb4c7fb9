"""The Latin letters by which one Slavic, Arabic or Persian name is spelt in several ways."""

import re
from functools import reduce

from monitor.match.romanise import is_phonetic_match

_RESPELLING_RULES = {
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


def list_spellings(word: str, convention: str) -> tuple[str, ...]:
    """Return a folded word and its other spellings that do not sound alike by the common key, the word first."""
    return reduce(_apply_respelling, _RESPELLING_RULES.get(convention, ()), (word,))


def _apply_respelling(words: tuple[str, ...], rule: tuple[re.Pattern[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *(rule[0].sub(rule[1], word) for word in words))))


def is_spelling_variant(word: str, known_spellings: tuple[str, ...], convention: str) -> bool:
    """Tell whether a folded word may be a spelling of a word; a Slavic man's name is not a woman's."""
    if convention == "slavic" and (word[-1:] == "a") != (known_spellings[0][-1:] == "a"):
        other = known_spellings[0][-1:] if word[-1:] == "a" else word[-1:]
        if other not in _LATIN_VOWELS:
            return False
    return any(is_phonetic_match(word, one) for one in known_spellings)


_LATIN_VOWELS = frozenset("aeiouy")
