"""Names whose words are not printed as configured: words in other cases than the nominative.

Each capitalized word is compared with the words of the watched names once; two of them that are the first and the last
word of one name are a full name.
"""

import re
from collections.abc import Iterator
from itertools import product
from operator import methodcaller
from typing import NamedTuple

from monitor.match.article_text import NormalizedArticle
from monitor.match.names.cross_script import is_same_sound, key_of_other_script, list_latin_keys, to_latin
from monitor.match.names.index import NameIndex
from monitor.match.names.inflection import Inflection, find_inflection, inflections, list_nominatives
from monitor.match.names.spelling import edit_distance
from monitor.match.types import Candidates, PatternMatch
from monitor.match.vocabulary import native_words

_CAPITALS = "A-Z\u0386-\u03ab\u0400-\u042f\u0460-\u052f\u0531-\u0556\u10d0-\u10ff"
"""Capital letters of scripts with cases of names; Georgian has no capitals."""
_CAPITALIZED_WORD = re.compile(rf"(?<![^\W_])[{_CAPITALS}][^\W\d_]{{1,79}}(?:'[^\W\d_]{{1,9}})?(?![^\W_])")
_PREFIXED_WORD = r"(?<![^\W_])(?:{prefixes})-?([A-Z][a-z]{{1,79}})(?![^\W_])"
_NEXT_WORD = re.compile(r"[ -]([^\W\d_]{1,80}(?:'[^\W\d_]{1,9})?)(?![^\W_])")
# Both patterns begin with a set of characters and not with a condition, so that the search is several times as fast.
_LISTED_NAME = re.compile(
    r"[A-Z][A-Z'-](?<![\w'-]..)([A-Z'-]*(?: [A-Z][A-Z'-]+)?),? ([A-Z][a-z]+(?:-[A-Z][a-z]+)?)(?![\w'-])"
)
_ENTRY_NAME = re.compile(
    r"[\n;:(] ?([A-Z][a-z'-]+(?: [A-Z][a-z'-]+)?), ([A-Z][a-z]+(?:-[A-Z][a-z]+)?)"
    r"(?= ?[,;()\n]|\.?$|\.\n| -| [A-Z]\.)"
)
_TAGGED_NAME = re.compile(r"#([A-Z][a-z]+)([A-Z][a-z]+)(?![\w])")
_FATHERS_NAME = re.compile(
    r"\w{2,}(?:(?:ович|евич|ьич|ич|овн|евн|ичн|івн|ївн)\w{0,3}|(?:ов|ев)(?:а|у|ым|ом|е)?"
    r"|(?:ov|ev|yev|ow|ew)(?:ich|itch|ych|yc|ic|icz|na|ny|ne|noi)\w{0,3}|(?:of|ev|yev)f?itch|ovyc\w{0,4}|ivna|ivny)"
)
"""A father's name as the middle one, in Russian, Ukrainian, Belarusian and Bulgarian, in any case."""
_INITIALS = re.compile(r"(?<![^\W_])([\u0400-\u042f])\. ?([\u0400-\u042f]\. ?)?\Z")
_MAX_INITIALS_CHARS = 6
_NO_NAMES: tuple[tuple[str, ...], frozenset[str]] = ((), frozenset())
_FIRST_GEORGIAN_LETTER = "\u10a0"
_MAX_NAME_WORDS = 6
_MIN_LETTERS = 8
_MIN_SOUND_LETTERS = 3
_MIN_RESPELT_LETTERS = 4
_MIN_LONG_WORD_LETTERS = 6
"""Letters of a word from which on two letters may differ, otherwise one."""
_MAX_KEYS_COMPARED = 4
_MIN_SOUNDS = 4
"""Consonants of a whole name that is compared by sound across scripts: shorter ones sound like many names."""
_MAX_NAME_WORDS_COMPARED = 8
"""Words of watched names that one printed word may be a form of: keeps the cost of a word bounded."""
_NATIVE = re.compile("[\u0370-\u052f\u0531-\u0587\u10d0-\u10ff]")
_INDECLINABLE_ENDINGS = frozenset("eiouyеиоуыэюі")
"""Vowels at the end of family names that have one form in all cases; -a is declined."""
_VOWELS = frozenset("aeiouy")
_FEMALE_ENDINGS = frozenset("aаяα")


Names = tuple[tuple[str, ...], frozenset[str]] | tuple[()]
"""Words of watched names that one printed word may be a form of, and the ones without an ending."""


class _Word(NamedTuple):
    """A printed word with the words of watched names that it may be a form of; ``has_prefix`` as in Zulu.

    ``plain_names`` are the ones that it may be without an ending.
    """

    start: int
    end: int
    text: str
    names: tuple[str, ...]
    plain_names: frozenset[str]
    has_prefix: bool = False


def find_inflected_names(
    name_index: NameIndex, article_text: NormalizedArticle, language: str, candidates: Candidates
) -> Candidates:
    """Return the candidates, with watched names in other cases than the nominative added."""
    candidates = candidates.add_names(_find_listed_names(name_index, article_text), (), ())
    code = language.partition("-")[0].lower()
    if code not in inflections() and not _has_declined_script(article_text.folded.text):
        return candidates
    search = _Search(name_index, article_text, code)
    return search.add_to(candidates)


def _has_declined_script(text: str) -> bool:
    """Return whether a text has letters of a script whose names have endings in texts of any language."""
    return not text.isascii() and _NATIVE.search(text) is not None


def _find_listed_names(name_index: NameIndex, article_text: NormalizedArticle) -> Iterator[PatternMatch]:
    """Yield the full names in the form of lists and tags: "DOE, Jane", "Doe, Jane;" and "#JaneDoe"."""
    cased = article_text.cased
    found = [(m.span(), m[2], cased[m.start() : m.end(1)]) for m in _LISTED_NAME.finditer(cased)]
    found += [((m.start(1) - 1, m.end(2) - 1), m[2], m[1]) for m in _ENTRY_NAME.finditer(f"\n{cased}")]
    if "#" in cased:
        found += [((m.start(1), m.end(2)), m[1], m[2]) for m in _TAGGED_NAME.finditer(cased)]
    if not found:
        return
    words = name_index.name_words
    for (start, end), given, family in found:
        name = f"{given} {family}".lower().replace("-", " ").replace("'", " ")
        first, _, rest = name.partition(" ")
        for pattern in words.pairs.get(f"{first} {rest.rpartition(' ')[2]}", ()):
            if words.patterns[pattern] == f" {name} " and not words.is_short[pattern]:
                yield pattern, start, end + 2


class _Search:
    """Search for word forms in one article."""

    def __init__(self, name_index: NameIndex, article_text: NormalizedArticle, language: str) -> None:
        self._name_index, self._words = name_index, name_index.name_words
        self._cased, self._text = article_text.cased, article_text.folded.text
        self._folded, self._language = article_text.folded, language
        self._inflection = inflections().get(language)
        self._cache, self._others = name_index.word_form_cache(language)
        self._full: dict[bool, list[PatternMatch]] = {False: [], True: []}
        self._short: dict[bool, list[PatternMatch]] = {False: [], True: []}
        self._genitive_ends: list[int] = []

    def add_to(self, candidates: Candidates) -> Candidates:
        """Return the candidates with the names that were found added."""
        for word in self._list_words():
            self._add_short_names(word)
            self._add_initials(word)
            self._add_full_names(word)
        latin = candidates.add_names(self._full[False], self._short[False], self._genitive_ends)
        return latin.add_native_names(self._full[True], self._short[True])

    def _list_words(self) -> Iterator[_Word]:
        """Yield the capitalized words that may be forms of words of watched names."""
        matches = list(_CAPITALIZED_WORD.finditer(self._cased))
        relevant = self._select_relevant(set(map(methodcaller("group"), matches)))
        for match in [match for match in matches if match[0] in relevant] if relevant else ():
            word = match[0].lower()
            yield _Word(*match.span(), word, *(self._find_names(word) or _NO_NAMES))
        if self._inflection is not None and self._inflection.prefixes:
            pattern = _PREFIXED_WORD.format(prefixes="|".join(self._inflection.prefixes))
            for match in re.finditer(pattern, self._cased):
                word = match[1].lower()
                names = self._find_names(word) or _NO_NAMES
                yield _Word(match.start(1), match.end(), word, *names, has_prefix=True)

    def _select_relevant(self, words: set[str]) -> set[str]:
        """Return the printed words that may be forms of words of watched names; the others are remembered."""
        words -= self._others
        others = {word for word in words if not self._find_names(word.lower())}
        self._others |= others
        return words - others

    def _find_names(self, word: str) -> Names:
        """Return the words of watched names that a folded word may be, and those it may be a form of."""
        names = self._cache.get(word)
        if names is None:
            inflection = find_inflection(word, self._language)
            plain = dict.fromkeys(self._find_as_printed(word, inflection))
            cases = () if inflection is None else dict.fromkeys(_list_forms(word, inflection))
            forms = dict.fromkeys(name for form in cases for name in self._find_as_printed(form, inflection))
            all_names = tuple({**plain, **forms})[:_MAX_NAME_WORDS_COMPARED]
            names = self._cache[word] = (all_names, frozenset(plain)) if all_names else ()
        return names

    def _find_as_printed(self, word: str, inflection: Inflection | None) -> Iterator[str]:
        """Yield the words of watched names that a word is, or sounds like in its script or language."""
        if word in self._words.words:
            yield word
        if word[0] > "z":
            if len(word) < _MIN_SOUND_LETTERS or word in native_words().sentence_openers:
                return
            latin = to_latin(word)
            for name in self._name_index.words_by_sound.get(key_of_other_script(latin), ()):
                other = to_latin(name)
                has_ending = _has_possible_ending if name.isascii() else _has_same_ending
                if is_same_sound(latin, other) and has_ending(latin, other):
                    yield name
        elif inflection is not None and inflection.declines_all_words and len(word) >= _MIN_RESPELT_LETTERS:
            yield from self._find_respelt(word)

    def _find_respelt(self, word: str) -> Iterator[str]:
        """Yield the words of watched names that a Latin word spells as the language pronounces them."""
        by_sound = self._name_index.words_by_sound
        limit = 1 + (len(word) >= _MIN_LONG_WORD_LETTERS)
        for key in list_latin_keys(word)[:_MAX_KEYS_COMPARED]:
            for name in by_sound.get(key, ()):
                if name.isascii() and _has_same_ending(word, name) and edit_distance(word, name, limit) <= limit:
                    yield name

    def _add_short_names(self, word: _Word) -> None:
        for name in word.names:
            if name == word.text and not word.has_prefix:
                continue
            for pattern in self._words.short_names.get(name, ()):
                self._add(self._short, pattern, word.start, word.end)

    def _add_initials(self, word: _Word) -> None:
        """Add a Cyrillic family name after initials: a full name after two, otherwise a short name."""
        if self._cased[word.start - 1 : word.start] not in {" ", "."}:
            return
        match = _INITIALS.search(self._cased, max(0, word.start - _MAX_INITIALS_CHARS), word.start)
        if match is None:
            return
        for name in word.names:
            full = [
                one for one in self._words.by_last.get(name, ()) if self._words.patterns[one][1] == match[1].lower()
            ]
            found = self._full if match[2] and len(full) == 1 else self._short
            for pattern in full if found is self._full else self._words.short_names.get(name, ()) if full else ():
                self._add(found, pattern, match.start(), word.end)

    def _add(self, found: dict[bool, list[PatternMatch]], pattern: int, start: int, end: int) -> None:
        found[self._cased[start] > "z"].append((pattern, start, end + 2))
        if self._inflection is not None and not self._inflection.declines_all_words:
            self._genitive_ends.append(end)

    def _add_full_names(self, first: _Word) -> None:
        """Add the full names that begin with a word."""
        pairs = self._words.pairs
        run = [first]
        for last in self._read_words(first.end):
            run.append(last)
            if not last.names or not self._is_capitalized(last.start):
                continue
            for one, other in product(first.names, last.names):
                for pattern in pairs.get(f"{one} {other}", ()):
                    if self._is_form(self._words.patterns[pattern].split(), run):
                        found = self._short if self._words.is_short[pattern] else self._full
                        self._add(found, pattern, first.start, last.end)

    def _is_capitalized(self, start: int) -> bool:
        """Return whether a word has a capital letter, or is in a script without capitals."""
        return self._cased[start].isupper() or self._cased[start] >= _FIRST_GEORGIAN_LETTER

    def _read_words(self, end: int) -> Iterator[_Word]:
        """Yield the words after an offset that may belong to the same name."""
        for _ in range(_MAX_NAME_WORDS - 1):
            match = _NEXT_WORD.match(self._cased, end)
            if match is None:
                return
            word, end = self._text[match.start(1) : match.end()], match.end()
            yield _Word(match.start(1), end, word, *(self._find_names(word) or _NO_NAMES))

    def _has_marked_ending(self, word: _Word) -> bool:
        """Return whether the last letter is printed with a mark that folding has removed, as in Polish "Dudą"."""
        printed = self._folded.original_slice(word.end - 1, word.end).lower()
        return printed != word.text[-1] and "a" <= word.text[-1] <= "z"

    def _is_form(self, name: list[str], run: list[_Word]) -> bool:
        """Return whether printed words are a form of a name with the same first and last word.

        They are in another case, or have the father's name between the two words of the name.
        """
        has_fathers_name = len(run) == 3 and len(name) == 2 and _FATHERS_NAME.fullmatch(run[1].text) is not None
        if has_fathers_name:
            run = [run[0], run[2]]
        if len(name) != len(run):
            return False
        if not all(part == word.text or part in word.names for part, word in zip(name, run, strict=True)):
            return False
        is_respelt = any(part != word.text for part, word in zip(name, run, strict=True))
        if run[0].has_prefix or not is_respelt:
            return has_fathers_name or (run[0].has_prefix and not is_respelt)
        if name[0].isascii() and not run[0].text.isascii() and not _is_long_enough(name, run):
            return False
        changed = [part != word.text and part not in word.plain_names for part, word in zip(name, run, strict=True)]
        changed[-1] = changed[-1] or self._has_marked_ending(run[-1])
        inflection = find_inflection(run[0].text, self._language)
        return not any(changed) or (
            inflection is not None and _is_possible_case(name, run[-1].text[-1], changed, inflection)
        )


def _is_long_enough(name: list[str], run: list[_Word]) -> bool:
    """Return whether a name that is compared by sound across scripts has enough letters or consonants."""
    sounds = sum(len(key_of_other_script(to_latin(word.text))) for word in (run[0], run[-1]))
    return sounds >= _MIN_SOUNDS or sum(map(len, name)) >= _MIN_LETTERS


def _has_same_ending(word: str, name: str) -> bool:
    """Return whether two words end in the same letter (y counts as i), or both in a consonant.

    In many languages the last letter of a name differs between women and men, so other endings mean another person.
    """
    ends = {"y": "i"}
    last, other = ends.get(word[-1], word[-1]), ends.get(name[-1], name[-1])
    return last == other or not {last, other} & _VOWELS


def _has_possible_ending(word: str, name: str) -> bool:
    """Return whether a word of another script can end as a Latin name: -a is a vowel or a silent h."""
    return word[-1] != "a" or name[-1] in _VOWELS or name[-1] == "h"


def _list_forms(word: str, inflection: Inflection) -> Iterator[str]:
    """Yield the possible nominatives of a printed word; an ending may follow an apostrophe, as in Polish.

    If only the last word has endings, the name before an apostrophe is printed as configured.
    """
    bare, apostrophe, ending = word.partition("'")
    if not apostrophe:
        yield from list_nominatives(word, inflection)
    elif inflection.declines_all_words and ending in inflection.endings:
        yield bare
        yield from list_nominatives(bare + ending, inflection)


def _is_possible_case(name: list[str], last_letter: str, changed: list[bool], inflection: Inflection) -> bool:
    """Return whether the words of a name that have another form than the nominative can be a case of the whole name.

    If only the family name is as in the nominative, it must have one form in all cases: women's family names in
    Slavic languages, and names that end in a vowel.
    """
    if not inflection.declines_all_words:
        return changed[-1] and not any(changed[:-1])
    return changed[-1] or (
        changed[0]
        and (name[0][-1] in _FEMALE_ENDINGS or not _INDECLINABLE_ENDINGS.isdisjoint((name[-1][-1], last_letter)))
    )
