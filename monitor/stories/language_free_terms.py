"""Terms that are equal in all languages: countries, kinds of events, numbers, and names by their sound.

Reports of one event in two languages share no ordinary words, and names differ between scripts. Words that name a
country or a kind of event in any language become one term (``monitor/language/data``). A name becomes the series of
its consonants, which is nearly equal in all scripts that write consonants.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, lru_cache
from zlib import crc32

from msgspec import Struct

from monitor.language.load import country_names, events, language_data
from monitor.text.fold import fold_key


class TermKind(IntEnum):
    """Kind of a term. Only ``WORD`` and ``NAME`` depend on the language."""

    WORD = 0
    NAME = 1
    COUNTRY = 2
    EVENT = 3
    NUMBER = 4
    SHORT_SOUND = 5
    SOUND = 6
    LANGUAGE = 7
    """The language of the text. Only texts in the same language can share ordinary words."""


KIND_SHIFT = 32
"""Number of bits by which the kind of a term is shifted in its code. The lower 32 bits of the code are the hash."""
FIRST_SEARCHED_CHARACTER = "\u0900"
"""Words that begin with this character or a higher one are searched for at every position of a text, and not only
between spaces. They are words in Devanagari, in scripts without spaces, and in Korean, whose words have particles
attached. Only Georgian, which has higher characters, is an exception: its words are searched for between spaces."""
MAX_PHRASE_WORDS = 4
_MIN_PREFIX_LETTERS, _MAX_PREFIX_LETTERS = 4, 14
_MIN_LATIN_STEM, _MIN_STEM = 5, 4
_FINAL_VOWELS = "aeiouy" + "аеийоуыьэюяіїє" + "αειουωη" + "اةهىی"
_MIN_ARABIC_LETTERS = 3
_MIN_SOUND_CONSONANTS, _MIN_LONG_SOUND_CONSONANTS = 3, 4
_SOUNDS = re.compile("shch|tsch|sch|tch|dzh|sh|zh|ch|cz|sz|ts|tz|dz|dj|ph|kh|gh|th|ck|qu|x|[bcdfgjklmnpqrstvwz]")
_CONSONANTS = {
    **dict.fromkeys(("shch", "tsch", "sch", "tch", "dzh", "sh", "zh", "ch", "cz", "sz", "ts", "tz", "dz", "dj"), "S"),
    "ph": "F", "kh": "K", "gh": "G", "th": "T", "ck": "K", "qu": "K", "x": "KS", "c": "K", "q": "K", "j": "S", "s": "S",
    "z": "S", "w": "V", "b": "B", "d": "D", "f": "F", "g": "G", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P",
    "r": "R", "t": "T", "v": "V",
}  # fmt: skip
_SOFT_C_PATTERN = re.compile("c(?=[eiy])")
_NUMBER = re.compile("\\d++(?:[.,]\\d++)*+(?!\\s?[日일号])")  # not a day of the month
_ASCII_NUMBER = re.compile("0[0,.]*")
_DIGIT_TABLE = "".join("0" if char.isdigit() else char for char in map(chr, range(128)))
_MIN_NUMBER_DIGITS, _MAX_NUMBER_DIGITS = 2, 10
_KATAKANA = re.compile("[\u30a1-\u30fc]{3,}")


class KnownWord(Struct, frozen=True):
    """The meaning of a word.

    ``codes`` are the codes of the terms that the word means by itself. ``phrases`` are the phrases that begin with the
    word, by their second word. For each phrase, there are the words after the second one, and the code of the term that
    the whole phrase means.
    """

    codes: tuple[int, ...] = ()
    phrases: Mapping[str, Mapping[tuple[str, ...], int]] = {}


@dataclass(slots=True)
class _Lexicon:
    """Dictionaries that map words, prefixes, suffixes and phrases to the codes of countries and events.

    ``searched`` contains words of scripts without spaces. They are grouped by their first two characters.
    """

    words: dict[str, set[int]] = field(default_factory=dict)
    prefixes: dict[str, set[int]] = field(default_factory=dict)
    suffixes: dict[str, set[int]] = field(default_factory=dict)
    phrases: dict[str, dict[str, dict[tuple[str, ...], int]]] = field(default_factory=dict)
    searched: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    starts: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)

    def add(self, text: str, code: int) -> None:
        """Add a word or phrase without diacritics, in lower case. A ``*`` at its end or beginning means any letters."""
        core = text.strip("*")
        if core[0] >= FIRST_SEARCHED_CHARACTER and not "\u10a0" <= core[0] <= "\u10ff":
            self.searched.setdefault(core[:2], {}).setdefault(core, set()).add(code)
            return
        words = tuple(re.findall(r"[^\W_]+", core))
        if 1 < len(words) <= MAX_PHRASE_WORDS:
            self.phrases.setdefault(words[0], {}).setdefault(words[1], {})[words[2:]] = code
        elif len(words) == 1:
            table = self.words
            if len(words[0]) >= _MIN_PREFIX_LETTERS:
                table = self.prefixes if text[-1] == "*" else self.suffixes if text[0] == "*" else table
            table.setdefault(words[0], set()).add(code)


def hash_term(kind: TermKind, text: str) -> int:
    """Return the code of a language-free term: the low 32 bits are its hash, and the bits above are its kind."""
    number = int(kind)
    return crc32(f"{number}:{text}".encode("utf-8", "replace")) | number << KIND_SHIFT


def describe_word(word: str, lower: str) -> KnownWord | None:
    """Return the meaning that a word has in one of the supported languages, or None if it is an ordinary word.

    ``lower`` is the word in lower case. If a name has no other meaning, its meaning is its phonetic code.
    """
    lexicon = _lexicon()
    found = sorted(_find_codes(lexicon, lower))
    if not found:
        found = list(_sound_codes(word, lower))
    phrases = lexicon.phrases.get(lower, {})
    return KnownWord(tuple(found), phrases) if found or phrases else None


def find_numbers(text: str) -> list[int]:
    """Return the codes of the numbers in a text that have at least two digits; separators are ignored.

    So ``4,25`` equals ``4.25``. In ASCII text, all digits are first replaced by one character, which makes the search
    faster.
    """
    if text.isascii():
        spans = [match.span() for match in _ASCII_NUMBER.finditer(text.translate(_DIGIT_TABLE))]
    else:
        spans = [match.span() for match in _NUMBER.finditer(text)]
    found = list[int]()
    for start, end in spans:
        if start and text[start - 1].isascii() and text[start - 1].isalpha():
            continue  # a part of a word
        digits = text[start:end].replace(",", "").replace(".", "")
        if _MIN_NUMBER_DIGITS <= len(digits) <= _MAX_NUMBER_DIGITS:
            found.append(number_code(digits))
    return found


@lru_cache(16384)
def number_code(digits: str) -> int:
    """Return the code of a number, given its digits in any script."""
    return hash_term(TermKind.NUMBER, "".join(str(int(digit)) for digit in digits))


def _find_codes(lexicon: _Lexicon, lower: str) -> set[int]:
    found = _find_form(lexicon, lower)
    if not found and "\u0620" <= lower[0] <= "\u06ff":
        for prefix in language_data().orthography.arabic_prefixes:
            rest = lower.removeprefix(prefix)
            if rest != lower and len(rest) >= _MIN_ARABIC_LETTERS and (found := _find_form(lexicon, rest)):
                break
    return found


def _find_form(lexicon: _Lexicon, lower: str) -> set[int]:
    found = set(lexicon.words.get(lower, ()))
    if lower[:_MIN_PREFIX_LETTERS] not in lexicon.starts and lower[-_MIN_PREFIX_LETTERS:] not in lexicon.ends:
        return found
    for length in range(min(len(lower), _MAX_PREFIX_LETTERS), _MIN_PREFIX_LETTERS - 1, -1):
        if codes := lexicon.prefixes.get(lower[:length]):
            found |= codes
            break
    for length in range(min(len(lower), _MAX_PREFIX_LETTERS), _MIN_PREFIX_LETTERS - 1, -1):
        if codes := lexicon.suffixes.get(lower[-length:]):
            found |= codes
            break
    return found


def find_phrases(words: list[str], at: int, known: KnownWord) -> Iterator[int]:
    """Yield the codes of the phrases that begin at the index ``at`` of a list of words.

    ``known`` is the meaning of the word at this index, which contains the possible phrases.
    """
    next_word = words[at + 1].lower() if at + 1 < len(words) else ""
    for rest, code in known.phrases.get(next_word, {}).items():
        if tuple(word.lower() for word in words[at + 2 : at + 2 + len(rest)]) == rest:
            yield code


def find_words_without_spaces(text: str) -> list[int]:
    """Return the codes of the terms in the parts of a text that are in scripts without spaces between words.

    The terms are countries, kinds of events, and the sounds of names in katakana.
    """
    searched, found = _lexicon().searched, list[int]()
    for at in range(len(text) - 1):
        if words := searched.get(text[at : at + 2]):
            for word, codes in words.items():
                if text.startswith(word, at):
                    found += codes
    for name in _KATAKANA.findall(text):
        found += _sound_codes(name, name)
    return found


def _sound_codes(word: str, lower: str) -> Iterator[int]:
    """Yield the phonetic code of a name.

    Nothing is yielded for a word with few consonants, or for a word in lower case whose script has capitals.
    """
    if word[0] == lower[0] and not _has_no_capitals(lower[0]):
        return
    key = sound_key(lower)
    if len(key) >= _MIN_SOUND_CONSONANTS:
        kind = TermKind.SOUND if len(key) >= _MIN_LONG_SOUND_CONSONANTS else TermKind.SHORT_SOUND
        yield hash_term(kind, key)


def _has_no_capitals(char: str) -> bool:
    return "\u05d0" <= char <= "\u06ff" or "\u10d0" <= char <= "\u10ff" or "\u30a1" <= char <= "\u30fc"


def sound_key(lower: str) -> str:
    """Return the consonants of a word as they sound, in any script that is in the tables of transliteration."""
    if not lower.isascii():
        lower = lower.translate(_letters())
    found = _SOFT_C_PATTERN.sub("s", lower)
    found = "".join(_CONSONANTS[sound] for sound in _SOUNDS.findall(found))
    return "".join(sound for at, sound in enumerate(found) if not at or found[at - 1] != sound)


@cache
def _letters() -> dict[int, str]:
    """Return the table by which the letters of other scripts are written in Latin letters."""
    data = language_data().transliteration
    tables = (data.cyrillic, data.greek, data.georgian, data.armenian, data.arabic, data.hebrew, data.katakana)
    return {ord(key): latin for table in tables for key, latin in table.items() if len(key) == 1}


@cache
def _lexicon() -> _Lexicon:
    """Return the words for countries and events in all languages."""
    lexicon = _Lexicon()
    for event in events():
        code = hash_term(TermKind.EVENT, event.name)
        for words in event.words.values():
            for word in words:
                lexicon.add(fold_key(word), code)
    _add_countries(lexicon)
    lexicon.starts = {prefix[:_MIN_PREFIX_LETTERS] for prefix in lexicon.prefixes}
    lexicon.ends = {suffix[-_MIN_PREFIX_LETTERS:] for suffix in lexicon.suffixes}
    return lexicon


def _add_countries(lexicon: _Lexicon) -> None:
    listed = {one.domain: one for one in country_names()}
    prefixes: dict[str, set[int]] = {}
    for country in language_data().countries:
        code, more = hash_term(TermKind.COUNTRY, country.names[0]), listed.get(country.domain)
        listed_names = (part.strip(" )") for name in more.names for part in name.split("(")) if more else ()
        latin_names = [name for name in more.latin_names if len(name) >= _MIN_LATIN_STEM] if more else []
        names = [fold_key(name) for name in (*country.names, *listed_names, *latin_names)]
        ambiguous = {fold_key(word) for word in country.ambiguous}
        for word in (*names, *map(fold_key, (*country.adjectives, *country.capitals))):
            if word not in ambiguous and len(word) > 1:
                lexicon.add(word, code)
        for stem in _list_stems(names):
            prefixes.setdefault(stem, set()).add(code)
    for stem, codes in prefixes.items():
        if len(codes) == 1:
            lexicon.prefixes.setdefault(stem, set()).update(codes)


def _list_stems(names: Iterable[str]) -> Iterator[str]:
    """Yield the names of a country without their final vowels, because a text may contain them with other endings.

    A name is left out if too few letters would remain.
    """
    for name in names:
        if name[0] < FIRST_SEARCHED_CHARACTER and name.isalpha():
            stem = name.rstrip(_FINAL_VOWELS)
            if len(stem) >= (_MIN_LATIN_STEM if stem[:1] < "\u0370" else _MIN_STEM):
                yield stem
