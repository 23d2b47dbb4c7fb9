"""Spelling of names: phonetic keys, typos, diacritics and transliteration variants.

A phonetic key is a code for the sound of a word. It was tested on Lao, Thai and Khmer names: on spellings of one name,
and on similar names of two people. The key separates these two cases; an edit distance does not. The key of a short
name is not distinctive enough. Callers therefore compare the keys of both parts of a name, or of one part with at least
``MIN_STANDALONE_KEY_LETTERS`` letters in its key.

Diacritics are compared word by word. A printed word may have fewer diacritics than the name, but not other ones. A
Vietnamese tone mark may be on either vowel of a pair (hòa, hoà). Tones are therefore compared separately from letters.
"""

import re
import unicodedata
from functools import cache, lru_cache, reduce

from monitor.language.load import language_data

MIN_STANDALONE_KEY_LETTERS = 4
MIN_TYPO_WORD_LETTERS = 6
_PHONETIC_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"(?<=sk)[iy]+j\Z", "i"),
        (r"nn?h|nn?y|nn", "n"),
        (r"tch", "ch"),
        (r"dj", "j"),
        (r"ph|f", "p"),
        (r"(?<=[aeo])r(?=[^aeiouyr])", ""),
        (r"[gk]h|c(?=[aou])|q", "k"),
        (r"th", "t"),
        (r"ch|j", "j"),
        (r"c(?=[ie])|x|z", "s"),
        (r"c", "k"),
        (r"[vw]", "v"),
        (r"l", "r"),
        (r"d+h?$|t+$|th$", "t"),
        (r"d", "t"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[aeiou])[yh](?![aeiou])", ""),
        (r"y(?![aeiou])", "i"),
    )
)


@lru_cache(maxsize=50_000)
def phonetic_key(word: str) -> str:
    """Return the phonetic key of a normalized word: its first letter and its consonants.

    Similar sounds have the same letter in the key.
    """
    key = word
    for pattern, sound in _PHONETIC_RULES:
        key = pattern.sub(sound, key)
    if not key:
        return ""
    head = "a" if key[0] in "aeiouy" else key[0]
    return head + re.sub(r"[aeiouyh]", "", key[1:])


def edit_distance(first: str, second: str, limit: int) -> int:
    """Return the edit distance of two words, or ``limit + 1`` if the distance is greater than ``limit``.

    The exchange of two adjacent letters is one edit (optimal string alignment). The algorithm is that of Hyyrö (2003),
    with one integer for each column of the table.
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    if not first or not second:
        return len(first) + len(second)
    places: dict[str, int] = {}
    for at, char in enumerate(first):
        places[char] = places.get(char, 0) | 1 << at
    every, last = (1 << len(first)) - 1, 1 << len(first) - 1
    rises, falls, same, before, far = every, 0, 0, 0, len(first)
    for char in second:
        here = places.get(char, 0)
        swapped = ((~same & here) << 1) & before
        same = swapped | ((((here & rises) + rises) ^ rises) | here | falls)
        right = falls | ~(same | rises)
        left = same & rises
        far += bool(right & last) - bool(left & last)
        right = right << 1 | 1
        rises = (left << 1 | ~(same | right)) & every
        falls = right & same & every
        before = here
    return min(far, limit + 1)


def is_phonetic_match(first: str, second: str) -> bool:
    """Return whether two normalized words can be spellings of the same name.

    Words of fewer than four letters must be equal. Longer words must have the same phonetic key and differ in at most
    half of their letters. Words of nine letters or more may also have different keys, if they differ in one letter
    only.
    """
    if first == second:
        return True
    if min(len(first), len(second)) < 4:
        return False
    if phonetic_key(first) == phonetic_key(second):
        return edit_distance(first, second, max(len(first), len(second)) // 2) <= max(len(first), len(second)) // 2
    return min(len(first), len(second)) >= 9 and first[0] == second[0] and edit_distance(first, second, 1) == 1


def can_be_typo(first: str, second: str) -> bool:
    """Return whether one word can be a typo of another: similar lengths, and the same first or last letter.

    This is a quick test. The exact test follows only if the result is True.
    """
    return -2 < len(first) - len(second) < 2 and (first[:1] == second[:1] or first[-1:] == second[-1:])


def is_typo(first: str, second: str) -> bool:
    """Return whether two long words differ by exactly one typo.

    A typo is a letter that was added, omitted or replaced, or an exchange of two adjacent letters. The words must have
    the same first or last letter. The result is False if a word has fewer than ``MIN_TYPO_WORD_LETTERS`` letters.
    """
    if min(len(first), len(second)) < MIN_TYPO_WORD_LETTERS or first == second or not can_be_typo(first, second):
        return False
    at, shorter = 0, min(len(first), len(second))
    while at < shorter and first[at] == second[at]:
        at += 1
    first, second = first[at:], second[at:]
    if len(first) != len(second):
        return first[1:] == second or first == second[1:]
    return first[1:] == second[1:] or (first[2:] == second[2:] and first[0] == second[1] and first[1] == second[0])


_TONE_MARKS = frozenset("\u0300\u0301\u0303\u0309\u0323")
_VIETNAMESE_DIACRITICS = frozenset("\u0309\u031b\u0306\u0323đĐ")
_CEDILLAS = str.maketrans({"\u0327": "\u0326"})
"""Table that replaces each cedilla by a comma below, because some Romanian texts print the cedilla instead.

No two words differ only in these two marks.
"""
_BARRED_LETTERS = str.maketrans({"đ": "d\u0335", "ð": "d\u0335", "ø": "o\u0338", "ł": "l\u0335"})

DiacriticPattern = tuple[tuple[frozenset[str], ...], frozenset[str]]


@lru_cache(maxsize=50_000)
def _diacritic_pattern(word: str) -> DiacriticPattern:
    """Return the diacritics of each letter of a word, and separately the tone marks of the whole word."""
    letters: list[set[str]] = []
    tones: set[str] = set()
    for char in unicodedata.normalize("NFD", word.lower().translate(_BARRED_LETTERS)).translate(_CEDILLAS):
        if not unicodedata.combining(char):
            letters.append(set())
        elif char in _TONE_MARKS:
            tones.add(char)
        elif letters:
            letters[-1].add(char)
    return tuple(map(frozenset, letters)), frozenset(tones)


def has_vietnamese_diacritics(printed: str) -> bool:
    """Return whether a text has a diacritic that only Vietnamese uses.

    Such a text can be expected to print all diacritics.
    """
    return any(char in _VIETNAMESE_DIACRITICS for char in unicodedata.normalize("NFD", printed))


def diacritics_agree(printed: str, name: str, *, strict: bool = False) -> bool:
    """Return whether the diacritics of a printed word agree with the diacritics of a word in a name.

    Apart from diacritics, the two words are equal. A printed word without diacritics always agrees. With ``strict`` the
    diacritics must be equal, because the text prints all of them. Otherwise the printed word may have fewer diacritics,
    as in the French press, but no others.
    """
    if printed.isascii():
        return True
    (letters, tones), (name_letters, name_tones) = _diacritic_pattern(printed), _diacritic_pattern(name)
    if len(letters) != len(name_letters):
        return True
    if strict:
        return tones == name_tones and letters == name_letters
    return tones <= name_tones and all(
        marks <= name_marks for marks, name_marks in zip(letters, name_letters, strict=True)
    )


@cache
def _respelling_rules(convention: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the patterns and replacements that produce other usual spellings of names in a naming convention."""
    return tuple((re.compile(pattern), new) for pattern, new in language_data().conventions[convention].respellings)


def list_spellings(word: str, convention: str) -> tuple[str, ...]:
    """Return a normalized word, followed by its other usual spellings in a naming convention.

    Only spellings with another phonetic key (code for the sound) are listed, because a search for the key already finds
    all others.
    """
    return reduce(_apply_respelling, _respelling_rules(convention), (word,))


def _apply_respelling(words: tuple[str, ...], rule: tuple[re.Pattern[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *(rule[0].sub(rule[1], word) for word in words))))


def is_spelling_variant(word: str, known_spellings: tuple[str, ...], convention: str) -> bool:
    """Return whether a normalized word can be another spelling of a part of a name.

    ``known_spellings`` are the usual spellings of this part. In a naming convention in which a final `a` distinguishes
    women, a word with another ending is not a variant.
    """
    first, second = word[-1:], known_spellings[0][-1:]
    if (first == "a") != (second == "a") and language_data().conventions[convention].final_a_is_feminine:
        other = second if first == "a" else first
        if other not in _LATIN_VOWELS:
            return False
    return any(is_phonetic_match(word, one) for one in known_spellings)


_LATIN_VOWELS = frozenset("aeiouy")
