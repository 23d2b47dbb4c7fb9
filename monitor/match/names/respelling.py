"""Respelt names: spellings of a whole name that differ in writing, but not in sound.

In ASCII texts, letters such as ü become two letters. Initials are joined, and so are the parts around an apostrophe.
The words of Arabic names are written together or apart. A first name may have several spellings.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice, product

from monitor.language.load import language_data
from monitor.match.names.scripts import PATRONYMIC_PARTICLES
from monitor.match.types import NameWords
from monitor.match.vocabulary import name_lists
from monitor.text.fold import fold_key

_MAX_FORMS = 60
"""Maximum number of spellings of one name.

An Arabic name with several exchangeable words would otherwise have hundreds.
"""
_SERVANT_WORDS = ("abd", "abdal", "abdel", "abdul", "abdol", "abdu")
_SERVANT_ARTICLES = ("al", "el", "ul")
_MAX_UNSPLIT_LETTERS = 6
"""Maximum number of letters of a word that is not split, although it begins with "abdul", "abdel" or the like.

A longer word is split: "Abdulkarim" is also spelled "Abdul Karim".
"""


def list_digraph_forms(name: str, full_forms: Iterable[NameWords]) -> Iterator[NameWords]:
    """Yield the full forms of a name with two ASCII letters for each letter such as ü: "Juergen" for "Jürgen".

    The reverse is not done, because two letters of an ASCII name need not mean one letter: Michael, Samuel. Nothing is
    yielded for a name that has no letter such as ü.
    """
    digraphs = language_data().orthography.digraphs
    words = {fold_key(word): word.lower() for word in name.replace("-", " ").replace("'", " ").split()}
    if any(letter in word for word in words.values() for letter in digraphs):
        for form in full_forms:
            yield tuple(fold_key(_write_digraphs(words.get(word, word), digraphs)) for word in form)


def _write_digraphs(word: str, digraphs: dict[str, str]) -> str:
    for letter, digraph in digraphs.items():
        word = word.replace(letter, digraph)
    return word


def list_initial_forms(name_words: NameWords) -> Iterator[NameWords]:
    """Yield a name with the initials at its start in one word: "k p sharma oli" is "kp sharma oli" or "kp oli".

    Nothing is yielded for a name that does not begin with two initials.
    """
    count = next((at for at, word in enumerate(name_words) if len(word) > 1), 0)
    if count > 1:
        joined = "".join(name_words[:count])
        yield joined, *name_words[count:]
        yield joined, name_words[-1]


def join_apostrophes(name: str, name_words: NameWords) -> NameWords:
    """Join the two words around an apostrophe in a name into one word: "o brien" becomes "obrien"."""
    joined = {tuple(fold_key(word).split("'")) for word in name.split() if "'" in fold_key(word)}
    found = list(name_words)
    for pair in joined:
        for at in range(len(found) - 1):
            if tuple(found[at : at + 2]) == pair:
                found[at : at + 2] = ["".join(pair)]
    return tuple(found)


def list_arabic_spellings(name_words: NameWords) -> Iterator[NameWords]:
    """Yield an Arabic name in all combinations of its usual spellings.

    Several words have more than one spelling: Abdul and Abd al-, bin and ibn, Muhammad and Mohamed. Nothing is yielded
    for a name without such a word.
    """
    units: list[tuple[NameWords, ...]] = []
    at = 0
    while at < len(name_words):
        size, spellings = _spell_unit(name_words[at:], is_first=not at)
        units.append(spellings)
        at += size
    if any(len(spellings) > 1 for spellings in units):
        yield from (tuple(word for unit in chosen for word in unit) for chosen in islice(product(*units), _MAX_FORMS))


def _spell_unit(name_words: NameWords, *, is_first: bool) -> tuple[int, tuple[NameWords, ...]]:
    """Return the number of words in the first unit of an Arabic name, and the possible spellings of this unit.

    A unit is one word, or several words that are one name, such as "Abd al Karim". With ``is_first``, the name begins
    with this unit, so that a word such as "ben" is not taken for "son of".
    """
    first, rest = name_words[0], name_words[1:]
    if first in _SERVANT_WORDS and rest:
        size = 3 if rest[0] in _SERVANT_ARTICLES and len(rest) > 1 else 2
        return size, tuple(_spell_servant(name_words[size - 1]))
    for servant in ("abdul", "abdel", "abdal", "abdol"):
        if first.startswith(servant) and len(first) > _MAX_UNSPLIT_LETTERS:
            return 1, ((first,), *_spell_servant(first.removeprefix(servant)))
    if first in PATRONYMIC_PARTICLES and not is_first:
        return 1, (("bin",), ("ibn",), ("ben",), ("b",), ("b.",))
    for group in name_lists("arabic").spelling_variants:
        if first in group:
            return 1, ((first,), *((other,) for other in group if other != first))
    return 1, ((first,), *((other,) for other in list_western_spellings(first)))


def list_western_spellings(word: str) -> Iterator[str]:
    """Yield an Arabic or Persian word in other transcriptions: sh becomes ch, u becomes ou, gh becomes q."""
    for old, new in language_data().orthography.arabic_transcriptions:
        other = re.sub(old, new, word)
        if other != word:
            yield other


def _spell_servant(god: str) -> Iterator[NameWords]:
    """Yield the spellings of a name that means "servant of God", such as "Abdul Karim".

    ``god`` is the last word of the name, which is one of the names of God ("Karim").
    """
    yield from ((servant, god) for servant in ("abdul", "abdel", "abd"))
    yield from (("abd", article, god) for article in ("al", "el"))
    yield from ((servant + god,) for servant in ("abdul", "abdel", "abdal"))


def list_native_twins(pattern: str) -> Iterator[str]:
    """Yield other spellings of a name in a script other than Latin, each with one letter replaced by its equivalent.

    Equivalent letters are letters that the orthography of the script does not distinguish.
    """
    for first, second in language_data().orthography.twins:
        for old, new in ((first, second), (second, first)):
            if old and old in pattern:
                yield pattern.replace(old, new)


_MIN_TRANSCRIBED_LETTERS = 4


def list_transcriptions(word: str) -> Iterator[str]:
    """Yield a first name in Latin letters, and its spellings in other transcriptions.

    Nothing is yielded for a very short name.
    """
    if len(word) < _MIN_TRANSCRIBED_LETTERS:
        return
    yield word
    for old, new in language_data().orthography.transcriptions:
        if old in word:
            yield word.replace(old, new)
