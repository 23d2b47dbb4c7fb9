"""Inflection: converts a word of a name in any grammatical case to its possible nominatives, and the reverse.

The endings are data (``monitor/language/data/languages``). A language without endings has no inflection.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from monitor.language.load import language_data
from monitor.text.fold import fold_key

_MIN_WORD_LETTERS = 3
"""Minimum number of letters of a nominative. With two letters, ordinary words would count as forms of names."""
_MIN_STEM_LETTERS = 2
_MIN_STEM_LETTERS_WITH_MANY_ENDINGS = 3
"""Minimum number of letters of a stem in languages that inflect only the last word of a name.

Shorter stems caused nine false alarms in 33,740 articles. ``list_cases`` uses this minimum for all languages.
"""
_FLEETING_VOWELS = (
    (re.compile(r"(?<=[bcdfghjklmnprstvwz])(?=[cklnrt]\Z)"), "e"),
    (re.compile(r"(?<=[бвгджзклмнпрстфхцчшщ])(?=[клнртц]\Z)"), "е"),
)
"""Patterns for the end of a stem, each with a vowel that only the nominative has there: Pavel, but Pavla."""
_VOWELS = frozenset("aeiouyаеиоуыэюяіαεηιουω")
_FALLBACK_LANGUAGES = (("\u0400", "\u052f", "ru"), ("\u0370", "\u03ff", "el"))
"""Tuples of the first letter of a script, the last letter of this script, and a language code.

A word in this script is inflected as in this language, if the language of the text has no endings in this script.
"""


class Inflection(NamedTuple):
    """Endings of names in the grammatical cases of one language, normalized.

    - ``declines_all_words`` is False if only the last word of a name is inflected.
    - ``prefixes`` are words or letters that are written together with the name after them.
    - ``endings`` maps each ending of a case other than the nominative to the endings that the nominative may have.
    - ``max_ending_letters`` is the number of letters of the longest ending.
    - ``feminine_endings`` are the endings of women's family names.
    """

    declines_all_words: bool
    prefixes: tuple[str, ...]
    endings: dict[str, tuple[str, ...]]
    max_ending_letters: int
    feminine_endings: tuple[str, ...] = ()

    @property
    def prefix_pattern(self) -> str:
        """Pattern of all prefixes. It also matches a prefix with a capital letter, as at the start of a sentence."""
        return "|".join(f"[{prefix[0].upper()}{prefix[0]}]{prefix[1:]}" for prefix in self.prefixes)


@cache
def inflections() -> dict[str, Inflection]:
    """Return a dictionary that maps language codes to inflections. Languages without an inflection are omitted.

    A language with several written forms is also listed under their codes, such as `nb` for Norwegian.
    """
    languages = language_data().languages
    found = {}
    for code, language in languages.items():
        own = language.inflection
        data = languages[own.same_as].inflection if own.same_as else own
        if data.endings or data.prefixes:
            endings = {fold_key(ending): tuple(map(fold_key, new)) for ending, new in data.endings.items()}
            longest = max(map(len, endings), default=0)
            feminine = tuple(map(fold_key, own.feminine_endings))
            inflection = Inflection(data.declined_words == "all", data.prefixes, endings, longest, feminine)
            found.update(dict.fromkeys((code, *language.variants), inflection))
    return found


def find_inflection(word: str, language: str) -> Inflection | None:
    """Return the inflection that applies to a normalized word in a text of a language.

    For a Cyrillic or Greek word in a language that has no endings in this script, the result is the inflection of
    Russian or Greek. The result is None if no endings are known.
    """
    for low, high, code in _FALLBACK_LANGUAGES:
        if low <= word[0] <= high:
            own = inflections().get(language)
            has_script = own is not None and any(low <= ending[0] <= high for ending in own.endings if ending)
            return own if has_script else inflections()[code]
    return inflections().get(language)


def list_names_of_women(word: str, inflection: Inflection) -> Iterator[str]:
    """Yield the family names whose form for women may be the given normalized word: Novák for Nováková."""
    for ending in inflection.feminine_endings:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _MIN_WORD_LETTERS:
            yield from (stem, f"{stem}a", f"{stem}o")


def list_cases(nominative: str, inflection: Inflection) -> Iterator[str]:
    """Yield the possible forms of a normalized word in the other grammatical cases, if it is a nominative."""
    for ending, nominatives in inflection.endings.items():
        for old in nominatives:
            if nominative.endswith(old) and (old or nominative[-1] not in _VOWELS):
                stem = nominative[: len(nominative) - len(old)]
                if len(stem) >= _MIN_STEM_LETTERS_WITH_MANY_ENDINGS:
                    yield stem + ending


def list_nominatives(word: str, inflection: Inflection) -> Iterator[str]:
    """Yield the possible nominatives of a normalized word, except the word itself."""
    min_stem = _MIN_STEM_LETTERS if inflection.declines_all_words else _MIN_STEM_LETTERS_WITH_MANY_ENDINGS
    for size in range(min(inflection.max_ending_letters, len(word) - min_stem), 0, -1):
        stem = word[:-size]
        for nominative in inflection.endings.get(word[-size:], ()):
            if len(stem + nominative) >= _MIN_WORD_LETTERS:
                yield stem + nominative
            if not nominative and inflection.declines_all_words:
                for gap, vowel in _FLEETING_VOWELS:
                    if gap.search(stem):
                        yield gap.sub(vowel, stem)
