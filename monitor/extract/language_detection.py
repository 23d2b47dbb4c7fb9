"""Language detection: by the script, by the language that the page states, or by function words."""

import re
from collections import Counter
from functools import cache, lru_cache
from typing import NamedTuple

from msgspec import Struct

from monitor.language.load import language_data

_SAMPLE_CHARS = 1_500  # characters that are examined
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_LETTER_TABLE = bytes(ord(chr(code).lower()) if chr(code).isalpha() else 0x20 for code in range(0x80)) + bytes(
    0x80
)
_ASCII = re.compile("[\x00-\x7f]+")
_ASCII_NON_LETTERS = bytes(code for code in range(0x80) if not chr(code).isalpha())
_MIN_SHARE_OF_LETTERS = 0.1
"""Minimum share of characters that are not in ASCII, for a detection by script. It is also the minimum share of letters
that are typical of one language in Latin script.

The minimum shares of letters in other scripts are higher.
"""
_LANGUAGE_CODE = re.compile(r"^([A-Za-z]{2,3})(?:[-_]|$)")


class _Script(NamedTuple):
    """A script (writing system) by which a language, or a family of languages, is recognized."""

    code: str
    letters: re.Pattern[str]
    family: frozenset[str]
    """Codes of the languages with this script. If the page states one of them as its language, it is used instead of
    ``code``. Empty for a script of only one language."""


class _DetectionTables(Struct, frozen=True):
    """Look-up tables for language detection, built from the data of all languages."""

    scripts: tuple[_Script, ...]
    letters: tuple[tuple[str, re.Pattern[str]], ...]
    """Codes of languages in the Latin alphabet, each with a pattern of letters that are frequent in this language
    alone.
    """
    never_latin: frozenset[str]
    """Codes of languages that are never written in Latin letters."""
    function_word_codes: tuple[str, ...]
    codes_by_function_word: dict[str, tuple[str, ...]]
    claims: dict[str, str]


@cache
def _tables() -> _DetectionTables:
    """Return the look-up tables, which are built at the first call."""
    languages = sorted(language_data().languages.values(), key=lambda language: language.detection.order)
    scripts, letters, never_latin = [], [], set()
    codes: dict[str, tuple[str, ...]] = {}
    for language in languages:
        code, data = language.code, language.detection
        if data.script:
            family = frozenset((code, *data.script_family)) if data.script_family else frozenset[str]()
            scripts.append(_Script(code, re.compile(f"[{data.script}]"), family))
            never_latin |= {code, *family} - {*data.script_family_also_latin}
        if data.letters:
            letters.append((code, re.compile(f"[{data.letters}]")))
        for word in data.function_words:
            codes[word] = (*codes.get(word, ()), code)
    return _DetectionTables(
        tuple(scripts),
        tuple(letters),
        frozenset(never_latin),
        tuple(language.code for language in languages if language.detection.function_words),
        codes,
        {claim: language.code for language in languages for claim in language.detection.claims},
    )


def detect_language(text: str, claims: list[str]) -> str:
    """Return the code of the language of a text, or an empty string if the language is unknown.

    ``claims`` are the languages that the page and the feed state. The first valid one is used, unless it contradicts
    the script of the text.
    """
    claimed = next(filter(None, map(_normalize_language_code, claims)), "")
    sample = text[:_SAMPLE_CHARS]
    if sample.isascii():
        return _detect_ascii_language(sample, claimed)
    foreign = _ASCII.sub("", sample)
    letters = len(sample.encode("ascii", "ignore").translate(None, _ASCII_NON_LETTERS))
    letters += sum(map(str.isalpha, foreign))
    if letters < 20:
        return claimed
    detected = _detect_by_script(foreign, letters, claimed)
    if detected or not claimed:
        return detected or _detect_by_function_words([word.casefold() for word in _WORD.findall(sample)])
    return "" if claimed in _tables().never_latin else claimed


def _detect_ascii_language(sample: str, claimed: str) -> str:
    if claimed and claimed not in _tables().never_latin:
        return claimed
    letters = sample.encode().translate(_ASCII_LETTER_TABLE)
    if len(letters) - letters.count(b" ") < 20:
        return claimed
    return "" if claimed else _detect_by_function_words(letters.decode().split())


def _detect_by_script(foreign: str, letter_count: int, claimed: str) -> str:
    """Return the code of the language whose script or special letters a text has, or an empty string.

    ``foreign`` are the characters of the text that are not in ASCII, and ``letter_count`` is the number of all letters.
    If several languages have the script and the stated language ``claimed`` is one of them, it is returned.
    """
    if len(foreign) <= letter_count * _MIN_SHARE_OF_LETTERS:
        return ""
    for code, script, family in _tables().scripts:
        if len(script.findall(foreign)) > letter_count * (0.5 if family else 0.25):
            return claimed if claimed in family else code
    for code, letters in _tables().letters:
        if len(letters.findall(foreign)) > letter_count * _MIN_SHARE_OF_LETTERS:
            return code
    return ""


def _detect_by_function_words(words: list[str]) -> str:
    """Return the code of the language whose function words are most frequent in a text.

    The result is an empty string if the function words of every language are rare.
    """
    tables = _tables()
    counts = dict.fromkeys(tables.function_word_codes, 0)
    for word, times in Counter(filter(tables.codes_by_function_word.__contains__, words)).items():
        for code in tables.codes_by_function_word[word]:
            counts[code] += times
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] >= max(3, len(words) // 10) else ""


@lru_cache(maxsize=256)
def _normalize_language_code(claim: str) -> str:
    claim = claim.strip().lower()
    match = _LANGUAGE_CODE.match(claim)
    return _tables().claims.get(claim, match[1] if match else "")
