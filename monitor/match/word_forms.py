"""Search for names that are not printed as configured: in other grammatical cases, or in other scripts.

Each sequence of capitalized words, called a run, is compared with the watched names. If two words of a run may be the
first and the last word of one name, the whole name is compared. Single words of a name are searched for only in the
headline, after a title, or in a text that has a full name.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from monitor.domain.article import Region
from monitor.match.article_text import NormalizedArticle
from monitor.match.consonants import has_letters
from monitor.match.names.cross_script import is_same_sound, key_of_other_script, list_latin_keys, to_latin
from monitor.match.names.index import NameIndex, NameWordIndex
from monitor.match.names.inflection import (
    Inflection,
    find_inflection,
    inflections,
    list_names_of_women,
    list_nominatives,
)
from monitor.match.names.spelling import edit_distance
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, CandidateKind, Candidates, PatternMatch
from monitor.match.vocabulary import country_words, native_words, title_ends

_CAPITALS = "A-Z\u0386-\u03ab\u0400-\u042f\u0460-\u052f\u0531-\u0556\u10d0-\u10ff"
"""Capital letters of the scripts in which names have grammatical cases.

Georgian has no capitals, so all its letters are here.
"""
_LETTERS = r"[^\W\d_]"
_FIRST = rf"[{_CAPITALS}](?<![^\W_].)"
"""Pattern of a capital letter at the start of a word.

The letter is tested first, and then the character before it. This makes the search much faster.
"""
_CAPITALIZED = rf"(?:{_LETTERS}{{1,79}}+(?:'{_LETTERS}{{1,9}})?|'{_LETTERS}{{2,79}}+)(?![^\W_])"
"""Pattern of the letters after the first letter of a capitalized word, up to the end of the word."""
_NAME_RUN = re.compile(rf"{_FIRST}{_CAPITALIZED}(?:[ -](?:{_LETTERS}{{1,4}}+[ -]){{0,2}}[{_CAPITALS}]{_CAPITALIZED})+")
"""Pattern of a run: adjacent capitalized words, with short lower-case words between them."""
_PREFIXED_WORD = r"(?<![^\W_])(?:{prefixes})-?(?=([A-Z][a-z]{{1,79}}(?![^\W_]){more}))"
"""Pattern of a prefix that is joined to a name, as in Zulu `uSipho`.

A match is the prefix alone, and the name is its first group. A word may therefore have a second match, for a prefix
inside this name.
"""
_RUN_WORD = re.compile(rf"{_LETTERS}+(?:'{_LETTERS}+)?")
_CAPITALIZED_WORD = re.compile(rf"{_FIRST}{_CAPITALIZED}")
_WORD_BEFORE_NAME = re.compile(rf" [^ ]++(?= [{_CAPITALS}])")
_WORD_AFTER_INITIALS = re.compile(
    rf"([\u0400-\u042f]\.(?<![^\W_]..)) ?([\u0400-\u042f]\. ?)?([\u0400-\u042f]{_CAPITALIZED})"
)
_INITIALS_AFTER = re.compile(r" ([\u0400-\u042f])\. ?([\u0400-\u042f]\.)?(?![^\W_])")
_WORD_BEFORE_INITIALS = re.compile(rf"[\u0400-\u042f](?<![^\W_].){_CAPITALIZED}(?=,?\Z)")
_CAPITALS_AND_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-")
_ENTRY_SIGNS = frozenset("\n;:(")
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
"""Pattern of a patronymic between first and family name, in any grammatical case.

The name may be Russian, Ukrainian, Belarusian or Bulgarian.
"""
_WOMANS_FATHERS_NAME = re.compile(
    r"\w+(?:(?:овн|евн|ичн|івн|ївн)\w{0,3}|(?:ов|ев)а|(?:ov|ev|yev|ow|ew)n[aye]|(?:ov|ev|ow|ew)noi|ivn[ay])"
)
"""Pattern of a patronymic in the form for women, such as "Ivanovna", in any grammatical case."""
_WOMANS_FAMILY_NAME = re.compile(r"\w+(?:[ое]ва|[иы]на|[ая]я|[скц]ка|[oe]va|ina|aya|[skc]ka)")
_CONSONANT_AT_END = re.compile("[b-df-hj-np-tv-xzбвгґджзйклмнпрстфхцчшщ]\\Z")
_FIRST_GEORGIAN_LETTER = "\u10a0"
_AS_IN_NAME, _IN_OTHER_CASE, _NO_FORM = 2, 1, 0
"""Degrees to which a printed word agrees with a word of a name, from best to worst.

The printed word is the word of the name in any spelling, another grammatical case of it, or another word.
"""
_MAX_NAME_WORDS = 6
_MAX_FAMILY_NAME_CHARS = 40
_MAX_RUN_CHARS = 100
"""Maximum length of a sequence of capitalized words that is cached. Names are shorter."""
_MIN_LETTERS = 8
_MIN_SOUND_LETTERS = 3
_MIN_RESPELT_LETTERS = 4
_MIN_LONG_WORD_LETTERS = 6
"""Minimum length of a printed word of which two letters may differ from a word of a name.

In a shorter word, only one letter may differ.
"""
_MAX_KEYS_COMPARED = 4
_MIN_SOUNDS = 4
"""Minimum number of consonants of a full name that is compared by sound with words of another script.

A name with fewer consonants is compared only if it has at least ``_MIN_LETTERS`` letters.
"""
_MIN_LONE_SOUNDS = 3
"""Minimum number of consonants of a single word in another script that is compared with watched names.

A word with fewer consonants is compared only if it begins like a word of a full name in the text.
"""
_MAX_NAMES_OF_RUN = 40
"""Maximum number of watched names that are compared with one sequence of words."""
_MAX_FAMILY_NAMES = 40
"""Maximum number of different family names in Arabic or Hebrew letters that are searched for alone in one text."""
_STEM_LETTERS = 3
"""Number of letters at the start of a name that are assumed to be the same in all grammatical cases.

Later letters may differ, because a vowel can be omitted in another case. If a text has only one full name, a short name
in another case must begin with the same letters as a word of this full name.
"""
_NATIVE = re.compile("[\u0370-\u052f\u0531-\u0587\u10d0-\u10ff]")
_INDECLINABLE_ENDINGS = frozenset("eiouyеиоуыэюі")
"""Last letters of family names that do not change with the grammatical case.

The letter "a" is not included, because names in -a are declined.
"""
_VOWELS = frozenset("aeiouy")
_SOFT_INITIALS = frozenset("eijy")
"""Latin initials that may be transcriptions of the same Cyrillic letter: Yelena and Elena, Yuri and Iurii."""
_FEMALE_ENDINGS = frozenset("aаяα")


class _WordForms:
    """Words from watched names (``names``) that one printed word may mean, for example in another grammatical case.

    A word in ``names`` that was found only by its sound must still be compared with the printed word.
    """

    def __init__(self, names: tuple[str, ...], words: NameWordIndex) -> None:
        self.names, self._words = names, words

    @cached_property
    def heads(self) -> frozenset[int]:
        """Ids of the watched names whose first word is in ``names``.

        A watched name is a pattern in the name index, and its id is the index of this pattern.
        """
        return self._words.collect(self._words.by_first, self.names)

    @cached_property
    def tails(self) -> frozenset[int]:
        """Ids of the watched names whose last word is in ``names``."""
        return self._words.collect(self._words.by_last, self.names)


class _Word(NamedTuple):
    """One word in a sequence of capitalized words.

    ``has_prefix`` is true if a prefix precedes the word, as in Zulu `uSipho`.
    """

    start: int
    end: int
    text: str
    has_prefix: bool = False


class _FormsByWord(dict[str, _WordForms | None]):
    """Cache for texts in one language: maps each printed word to the words of watched names of which it may be a form.

    A word that is not in the cache is added at its first use. The value is None if there are no such words.
    """

    def __init__(self, name_index: NameIndex, language: str) -> None:
        super().__init__()
        self._name_index, self._language = name_index, language
        self.other_runs: set[str] = set()
        """Runs of capitalized words in which no watched name was found."""
        self.short_names: dict[str, list[int]] = {}
        """Maps each printed word to the ids of the short names, such as family names, that it may mean."""

    def clear(self) -> None:
        """Remove all words and sequences of words from the cache."""
        super().clear()
        self.other_runs.clear()
        self.short_names.clear()

    def __missing__(self, printed: str) -> _WordForms | None:
        word = _without_apostrophe(printed)
        if word[0] > "z" and word in country_words():
            self[printed] = None
            return None
        inflection = find_inflection(word, self._language)
        cases = () if inflection is None else _list_forms(word, inflection)
        names = dict.fromkeys(
            name for form in dict.fromkeys((word, *cases)) for name in self._list_alike(form, inflection)
        )
        words = self._name_index.name_words
        is_in_long_name = any(name in words.by_first or name in words.by_last for name in names)
        forms = _WordForms(tuple(names), words) if is_in_long_name else None
        self[printed] = forms
        return forms

    def _list_alike(self, word: str, inflection: Inflection | None) -> Iterator[str]:
        """Yield the words of watched names that are equal to a printed word, or that have the same consonants.

        Consonants are compared only if the word is in a script other than Latin, or if the text is in a language in
        which all words of a name have case endings.
        """
        if word in self._name_index.name_words.words:
            yield word
        if word[0] > "z":
            if len(word) >= _MIN_SOUND_LETTERS and word not in native_words().sentence_openers:
                yield from self._name_index.words_by_sound.get(key_of_other_script(to_latin(word)), ())
        elif inflection is not None and inflection.declines_all_words and len(word) >= _MIN_RESPELT_LETTERS:
            by_sound = self._name_index.words_by_sound
            for key in list_latin_keys(word, _MAX_KEYS_COMPARED):
                yield from by_sound.get(key, ())


def _without_apostrophe(word: str) -> str:
    """Remove the apostrophe after the first letter of a word: "oleary" for "o'leary"."""
    return word.replace("'", "", 1) if word[1:2] == "'" else word


@cache
def _title_ends() -> frozenset[str]:
    """Return the words that can precede a name as the end of a title, each with a space before it.

    They are the last word of each title, and each country name of one word.
    """
    countries = (word for word in country_words() if " " not in word)
    return frozenset(f" {word}" for word in (*title_ends(), *countries))


@lru_cache(maxsize=50_000)
def _rate_form(printed: str, name: str, language: str) -> int:
    """Return whether a printed word is the given word of a name, another grammatical case of it, or neither.

    The result is ``_AS_IN_NAME`` for the same word in any spelling, ``_IN_OTHER_CASE`` for another case, or
    ``_NO_FORM``.
    """
    word = _without_apostrophe(printed)
    if name in {printed, word}:
        return _AS_IN_NAME
    inflection = find_inflection(word, language)
    if _is_spelt_alike(word, name, inflection):
        return _AS_IN_NAME
    cases = () if inflection is None else _list_forms(word, inflection)
    is_case = any(form == name or _is_spelt_alike(form, name, inflection) for form in cases)
    return _IN_OTHER_CASE if is_case else _NO_FORM


def is_printed_form(printed: str, name: str, language: str) -> bool:
    """Return whether a printed word is the given word of a name, in any grammatical case.

    The result is False for another spelling of the word.
    """
    word = _without_apostrophe(printed)
    inflection = find_inflection(word, language)
    return name in {printed, word} or (inflection is not None and name in _list_forms(word, inflection))


def _is_spelt_alike(word: str, name: str, inflection: Inflection | None) -> bool:
    """Return whether a printed word can be another spelling of a word in a name, by its consonants and its ending.

    The result can be True only if the word is in a script other than Latin, or if the text is in a language in which
    all words of a name have case endings.
    """
    if word[0] > "z":
        if len(word) < _MIN_SOUND_LETTERS:
            return False
        latin, other = to_latin(word), to_latin(name)
        if key_of_other_script(latin) not in (
            list_latin_keys(name) if name.isascii() else (key_of_other_script(other),)
        ):
            return False
        has_ending = _has_possible_ending if name.isascii() else _has_same_ending
        return has_ending(latin, other) and is_same_sound(latin, other)
    if inflection is None or not inflection.declines_all_words or len(word) < _MIN_RESPELT_LETTERS:
        return False
    limit = 1 + (len(word) >= _MIN_LONG_WORD_LETTERS)
    return (
        name.isascii()
        and _has_same_ending(word, name)
        and edit_distance(word, name, limit) <= limit
        and not set(list_latin_keys(word, _MAX_KEYS_COMPARED)).isdisjoint(list_latin_keys(name))
    )


def find_inflected_names(
    name_index: NameIndex, article_text: NormalizedArticle, language: str, candidates: Candidates
) -> Candidates:
    """Return ``candidates``, the names that were found in an article as configured, and other watched names in it.

    The other names are not printed as configured: they are in another grammatical case, in another script, or have the
    family name first, as in a list ("DOE, Jane").
    """
    if _may_have_listed_names(article_text, candidates):
        listed = list(_find_listed_names(name_index, article_text))
        candidates = candidates.add_names(listed, (), ()) if listed else candidates
    if has_letters(article_text.folded.text):
        candidates = _add_names_by_consonants(name_index, article_text, candidates)
    code = language.partition("-")[0].lower()
    if code not in inflections() and not _has_declined_script(article_text.folded.text):
        return candidates
    return _Search(name_index, article_text, code).add_to(candidates)


def _add_names_by_consonants(
    name_index: NameIndex, article_text: NormalizedArticle, candidates: Candidates
) -> Candidates:
    """Return ``candidates``, the names found so far, and watched names that are printed in Arabic or Hebrew letters.

    A printed name is added as a full name if it has the consonants of a watched Latin name. Its family name is then
    added wherever the text prints it alone in the same spelling.
    """
    text, words = article_text.folded.text, name_index.name_words
    full = list(name_index.consonants.find(text))
    family_names = {
        (text[start : end - 2].rpartition(" ")[2].rpartition("-")[2], pattern) for pattern, start, end in full
    }
    short: list[PatternMatch] = []
    for printed, pattern in sorted(family_names)[:_MAX_FAMILY_NAMES]:
        one = words.short_names.get(words.patterns[pattern].split()[-1])
        if one is not None and len(printed) >= _MIN_SOUND_LETTERS:
            places = re.finditer(rf"(?<![^\W_]){re.escape(printed)}(?![^\W_])", text)
            short += [(one, match.start(), match.end() + 2) for match in places]
    return candidates.add_native_names(full, short) if full else candidates


def _has_declined_script(text: str) -> bool:
    """Return whether a text has Greek, Cyrillic, Armenian or Georgian letters.

    Names in these scripts are searched for in all grammatical cases, even if the text is in a language without cases.
    """
    return not text.isascii() and _NATIVE.search(text) is not None


def _may_have_listed_names(article_text: NormalizedArticle, candidates: Candidates) -> bool:
    """Return whether a text may have names that are printed as in lists or tags.

    The search for all names finds "Doe, Jane" in a text in ASCII. In another text, the sign before the name may be one
    that the search does not treat as the border of a word.
    """
    cased = article_text.cased
    return bool(candidates.kinds & CandidateKind.LISTED_NAME) or "#" in cased or not cased.isascii()


def _find_listed_names(name_index: NameIndex, article_text: NormalizedArticle) -> Iterator[PatternMatch]:
    """Yield full names that are printed as in lists or tags: "DOE, Jane", "Doe, Jane;" and "#JaneDoe"."""
    cased, padded = article_text.cased, f"\n{article_text.cased}"
    starts = article_text.capitalized_words
    in_capitals = [start for start in starts if cased[start + 1 : start + 2] in _CAPITALS_AND_SIGNS]
    found = [(m.span(), m[2], cased[m.start() : m.end(1)]) for m in _match_at(_LISTED_NAME, cased, in_capitals)]
    signs = [start - (padded[start] == " ") for start in starts]
    after_signs = [sign for sign in signs if padded[sign] in _ENTRY_SIGNS]
    found += [((m.start(1) - 1, m.end(2) - 1), m[2], m[1]) for m in _match_at(_ENTRY_NAME, padded, after_signs)]
    if "#" in cased:
        found += [((m.start(1), m.end(2)), m[1], m[2]) for m in _TAGGED_NAME.finditer(cased)]
    if not found:
        return
    words = name_index.name_words
    for (start, end), given, family in found:
        name = f"{given} {family}".lower().replace("-", " ").replace("'", " ")
        first, _, rest = name.partition(" ")
        for pattern in words.find_pairs(first, rest.rpartition(" ")[2]):
            if words.patterns[pattern] == f" {name} " and not words.is_short[pattern]:
                yield pattern, start, end + 2


def _match_at(pattern: re.Pattern[str], text: str, offsets: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that start at the given offsets, except those inside an earlier match."""
    end = 0
    for offset in offsets:
        if offset >= end and (match := pattern.match(text, offset)):
            end = match.end()
            yield match


class _Search:
    """Search for watched names in other forms, such as grammatical cases, in one article."""

    def __init__(self, name_index: NameIndex, article_text: NormalizedArticle, language: str) -> None:
        self._name_index, self._words = name_index, name_index.name_words
        self._cased, self._text = article_text.cased, article_text.folded.text
        self._folded, self._language = article_text.folded, language
        self._headline = article_text.region_range(Region.TITLE)
        self._inflection = inflections().get(language)
        self._forms = name_index.word_form_cache(language, lambda: _FormsByWord(name_index, language))
        self._full: dict[bool, list[PatternMatch]] = {False: [], True: []}
        self._short: dict[bool, list[PatternMatch]] = {False: [], True: []}
        self._genitive_ends: list[int] = []

    def add_to(self, candidates: Candidates) -> Candidates:
        """Run the search, and return the given candidates together with the names that the search found."""
        for start, end, has_prefix in self._list_runs():
            self._add_full_names(start, end, has_prefix=has_prefix)
        self._add_initials()
        known = (*candidates.full_names, *candidates.native_names, *self._full[False], *self._full[True])
        self._add_short_names({self._text[start + 1 : end - 1] for _, start, end in known})
        if self._full[False] or self._short[False]:
            candidates = candidates.add_names(self._full[False], self._short[False], self._genitive_ends)
        if self._full[True] or self._short[True]:
            candidates = candidates.add_native_names(self._full[True], self._short[True])
        return candidates

    def _list_runs(self) -> Iterator[tuple[int, int, bool]]:
        """Yield each sequence of capitalized words that may contain a full name, as (start, end, has_prefix).

        ``has_prefix`` is True if a prefix is joined to the sequence, as in Zulu `uSipho`.
        """
        runs = set(_NAME_RUN.findall(self._cased)) - self._forms.other_runs
        if runs:
            names = set(filter(self._may_have_name, runs))
            self._forms.other_runs.update(run for run in runs - names if len(run) <= _MAX_RUN_CHARS)
            yield from ((*m.span(), False) for m in _NAME_RUN.finditer(self._cased) if names and m[0] in names)
        if self._inflection is not None and self._inflection.prefixes:
            pattern = _PREFIXED_WORD.format(
                prefixes=self._inflection.prefix_pattern, more=rf"(?:[ -]{_LETTERS}{{1,80}}){{1,5}}"
            )
            yield from ((*match.span(1), True) for match in re.finditer(pattern, self._cased))

    def _may_have_name(self, run: str) -> bool:
        """Return whether at least two words in a sequence of capitalized words may come from watched names."""
        return sum(map(bool, map(self._forms.__getitem__, _RUN_WORD.findall(run.lower())))) > 1

    def _add_full_names(self, start: int, end: int, *, has_prefix: bool) -> None:
        """Find the full names in a sequence of capitalized words, and add them to the result."""
        words = [_Word(*m.span(), self._text[slice(*m.span())]) for m in _RUN_WORD.finditer(self._cased, start, end)]
        words[0] = words[0]._replace(has_prefix=has_prefix)
        forms = [self._forms[word.text] for word in words]
        for at, first in enumerate(forms):
            if first is None or not first.heads or not self._is_capitalized(words[at].start):
                continue
            for to in range(at + 1, min(len(words), at + _MAX_NAME_WORDS)):
                last = forms[to]
                if (
                    last is not None
                    and not first.heads.isdisjoint(last.tails)
                    and self._is_capitalized(words[to].start)
                ):
                    self._add_names_of(words[at : to + 1], first.heads & last.tails)

    def _add_names_of(self, run: list[_Word], patterns: Iterable[int]) -> None:
        """Compare a sequence of words with watched names, and add each name of which the sequence is another form.

        ``patterns`` are the ids of the watched names to compare. All words of the sequence must belong to the name.
        """
        for pattern in sorted(patterns)[:_MAX_NAMES_OF_RUN]:
            if self._is_form(self._words.patterns[pattern].split(), run):
                found = self._short if self._words.is_short[pattern] else self._full
                self._add(found, pattern, run[0].start, run[-1].end)

    def _add_initials(self) -> None:
        """Add to the found names the Cyrillic family names that are printed with initials before or after them.

        The first initial must be that of an official with this family name. A family name is added as a full name if it
        has two initials and fits only one official, and as a short name in all other cases.
        """
        if self._cased.isascii():
            return
        for match in _WORD_AFTER_INITIALS.finditer(self._cased):
            self._add_with_initials(match[3], match[1][0], match.span(), is_full=bool(match[2]))
        for match in _INITIALS_AFTER.finditer(self._cased):
            start = match.start()
            word = _WORD_BEFORE_INITIALS.search(self._cased, max(0, start - _MAX_FAMILY_NAME_CHARS), start)
            if word is not None:
                self._add_with_initials(word[0], match[1], (word.start(), match.end()), is_full=bool(match[2]))

    def _add_with_initials(self, printed: str, initial: str, span: tuple[int, int], *, is_full: bool) -> None:
        """Add a Cyrillic family name that is printed with initials, if it fits a watched name.

        ``initial`` is the first of the initials; it must fit, too. ``is_full`` is true if there are two initials.
        """
        word = printed.lower()
        forms = self._forms[word]
        if forms is None or printed[0] < "z":
            return
        full = [
            one
            for one in forms.tails
            if not self._words.is_short[one]
            and is_initial_of(initial.lower(), self._words.patterns[one][1:])
            and _rate_form(word, self._words.patterns[one].split()[-1], self._language)
        ]
        officials = {official for one in full for official in self._name_index.full_name_officials(one)}
        found = self._full if is_full and len(officials) == 1 else self._short
        for pattern in full[:1] if found is self._full else self._list_short_patterns(word) if full else ():
            self._add(found, pattern, *span)

    def _list_short_patterns(self, word: str) -> list[int]:
        """Return the ids of the watched short names (family or first names) that a printed word may mean."""
        found: list[int] | None = self._forms.short_names.get(word)
        if found is None:
            forms = self._forms[word]
            names = forms.names if forms is not None else ()
            short = self._words.short_names
            fitting = (name for name in names if name in short and _rate_form(word, name, self._language))
            found = [short[name] for name in fitting if self._may_be_woman(word, name, short[name])]
            self._forms.short_names[word] = found
        return found

    def _may_be_woman(self, word: str, name: str, pattern: int) -> bool:
        """Return whether a printed word may mean a short name (``name``), although it may be the form for women.

        The result is False only if the word is such a form, as "Nováková" is of "Novák", and all officials with the
        short name are men. An official is taken for a woman if the first name ends in -a.
        """
        inflection = find_inflection(word, self._language)
        if (
            inflection is None
            or name not in list_names_of_women(word, inflection)
            or name in list_nominatives(word, inflection)
        ):
            return True
        officials = self._name_index.short_name_officials(pattern)[:MAX_CANDIDATE_OFFICIALS]
        return any(self._name_index.first_names[official].endswith("a") for official in officials)

    def _add_short_names(self, full_names: set[str]) -> None:
        """Add single words of watched names that are printed in another form.

        The headline and the words after titles are always searched. The rest of the text is searched only if the text
        has full names, which are given in ``full_names``. If it has only one, a word in the rest of the text must begin
        with the same letters as a word of this name.
        """
        places = {match.span() for match in _CAPITALIZED_WORD.finditer(self._cased, *self._headline)}
        stems = {word[:_STEM_LETTERS] for name in full_names for word in _RUN_WORD.findall(name)}
        if full_names:
            spans = (match.span() for match in _CAPITALIZED_WORD.finditer(self._cased))
            any_word = len(full_names) > 1
            places.update(span for span in spans if any_word or self._text[span[0] : span[0] + _STEM_LETTERS] in stems)
        text, titles = f" {self._cased}".replace("\n", " "), _title_ends()
        ends = (match.end() for match in _WORD_BEFORE_NAME.finditer(text) if match.group().lower() in titles)
        found = (_CAPITALIZED_WORD.match(self._cased, end) for end in ends)
        places.update(match.span() for match in found if match is not None)
        if full_names and self._inflection is not None and self._inflection.prefixes:
            prefixed = _PREFIXED_WORD.format(prefixes=self._inflection.prefix_pattern, more="")
            for match in re.finditer(prefixed, self._cased):
                if (short := self._words.short_names.get(match[1].lower())) is not None:
                    self._add(self._short, short, *match.span(1))
        for start, end in sorted(places):
            word = self._text[start:end]
            if word[0] > "z" and word[:_STEM_LETTERS] not in stems and _count_sounds(word) < _MIN_LONE_SOUNDS:
                continue
            for pattern in self._list_short_patterns(word):
                if self._words.patterns[pattern] != f" {word} ":
                    self._add(self._short, pattern, start, end)

    def _add(self, found: dict[bool, list[PatternMatch]], pattern: int, start: int, end: int) -> None:
        found[self._cased[start] > "z"].append((pattern, start, end + 2))
        if self._inflection is not None and not self._inflection.declines_all_words:
            self._genitive_ends.append(end)

    def _is_capitalized(self, start: int) -> bool:
        """Return whether a word begins with a capital letter, or with a letter of a script without capitals."""
        return self._cased[start].isupper() or self._cased[start] >= _FIRST_GEORGIAN_LETTER

    def _has_marked_ending(self, word: _Word) -> bool:
        """Return whether the last letter of a word is printed with a diacritic, as in Polish "Dudą".

        The diacritic shows that the word is in another grammatical case. The normalized text does not have it.
        """
        printed = self._folded.original_slice(word.end - 1, word.end).lower()
        return printed != word.text[-1] and "a" <= word.text[-1] <= "z"

    def _is_form(self, name: list[str], run: list[_Word]) -> bool:
        """Return whether a sequence of printed words is another form of a watched name.

        The words are in another grammatical case or script, have a prefix, or have a patronymic between the two words
        of the name. The result is False for words that are equal to the name, because the name index finds them.
        """
        has_fathers_name = len(run) == 3 and len(name) == 2 and _FATHERS_NAME.fullmatch(run[1].text) is not None
        fathers_name = run[1].text
        if has_fathers_name:
            run = [run[0], run[2]]
        if len(name) != len(run):
            return False
        ratings = [_rate_form(word.text, part, self._language) for part, word in zip(name, run, strict=True)]
        if not all(ratings) or not self._may_be_sex_of(name, run, ratings, fathers_name if has_fathers_name else ""):
            return False
        is_respelt = any(part != word.text for part, word in zip(name, run, strict=True))
        if run[0].has_prefix or not is_respelt:
            return has_fathers_name or (run[0].has_prefix and not is_respelt)
        if name[0].isascii() and not run[0].text.isascii() and not _is_long_enough(name, run):
            return False
        changed = [rating == _IN_OTHER_CASE for rating in ratings]
        changed[-1] = changed[-1] or self._has_marked_ending(run[-1])
        inflection = find_inflection(run[0].text, self._language)
        return not any(changed) or (
            inflection is not None and _is_possible_case(name, run[-1].text[-1], changed, inflection)
        )

    def _may_be_sex_of(self, name: list[str], run: list[_Word], ratings: list[int], fathers_name: str) -> bool:
        """Return whether a printed name may be the name of a person of the official's sex.

        The patronymic and the family name show the sex. "Петра Ивановна Орлова" and "Petra Horáková" are women, so
        their first names cannot be inflected forms of the men's names "Петр" and "Petr". An inflected first name is
        taken for a man's if its nominative ends in a consonant.
        """
        is_woman = _WOMANS_FATHERS_NAME.fullmatch(fathers_name) is not None
        if fathers_name and not is_woman and _WOMANS_FAMILY_NAME.fullmatch(name[-1]):
            return _CONSONANT_AT_END.search(name[0]) is not None
        inflection = find_inflection(run[-1].text, self._language)
        if not is_woman and inflection is not None:
            is_woman = name[-1] in list_names_of_women(run[-1].text, inflection)
            is_woman = is_woman and name[-1] not in (run[-1].text, *list_nominatives(run[-1].text, inflection))
        return not (is_woman and ratings[0] == _IN_OTHER_CASE and _CONSONANT_AT_END.search(name[0]))


@lru_cache(maxsize=50_000)
def _count_sounds(word: str) -> int:
    """Count the consonants in a word of a script other than Latin. Equal consonants next to each other count once."""
    return len(key_of_other_script(to_latin(word)))


def is_initial_of(initial: str, name: str) -> bool:
    """Return whether a Cyrillic initial is that of a normalized name, which may be in Latin letters."""
    if not name[0].isascii():
        return name[0] == initial
    latin = to_latin(initial)
    if latin[0] in _VOWELS:
        return name[0] == latin[0] or {name[0], latin[0]} <= _SOFT_INITIALS
    key = key_of_other_script(latin)
    return any(one.startswith(key) for one in list_latin_keys(name.partition(" ")[0], _MAX_KEYS_COMPARED))


def _is_long_enough(name: list[str], run: list[_Word]) -> bool:
    """Return whether a name has enough letters or consonants to be compared by sound across scripts."""
    sounds = sum(len(key_of_other_script(to_latin(word.text))) for word in (run[0], run[-1]))
    return sounds >= _MIN_SOUNDS or sum(map(len, name)) >= _MIN_LETTERS


def _has_same_ending(word: str, name: str) -> bool:
    """Return whether two words end in the same letter (y and j count as i), or both in a consonant.

    In many languages, the last letter of a name differs between women and men. A different ending therefore means
    another person.
    """
    ends = {"y": "i", "j": "i"}
    last, other = ends.get(word[-1], word[-1]), ends.get(name[-1], name[-1])
    return last == other or not {last, other} & _VOWELS


def _has_possible_ending(word: str, name: str) -> bool:
    """Return whether the end of a word from another script fits the end of a Latin name.

    A word in -a fits only a name that ends in a vowel or in a silent h.
    """
    return word[-1] != "a" or name[-1] in _VOWELS or name[-1] == "h"


def _list_forms(word: str, inflection: Inflection) -> Iterator[str]:
    """Yield the possible nominatives of a printed word. Its ending may follow an apostrophe, as in Polish.

    In a language that inflects only the last word of a name, nothing is yielded for a word with an apostrophe. The part
    before the apostrophe is then the name as configured, which is found without this function.
    """
    bare, apostrophe, ending = word.partition("'")
    if not apostrophe:
        yield from list_nominatives(word, inflection)
        yield from list_names_of_women(word, inflection)
    elif inflection.declines_all_words and ending in inflection.endings:
        yield bare
        yield from list_nominatives(bare + ending, inflection)


def _is_possible_case(name: list[str], last_letter: str, changed: list[bool], inflection: Inflection) -> bool:
    """Return whether a printed name can be the configured name in a grammatical case other than the nominative.

    ``changed`` has one value for each word of the name: True if the word is not printed in the nominative. In a
    language that inflects only the last word of a name, only this word may be changed. In other languages, the first
    word alone may be changed only if the family name can be the same in all cases: if the name is that of a woman, or
    if the family name ends in a vowel other than "a".
    """
    if not inflection.declines_all_words:
        return changed[-1] and not any(changed[:-1])
    return changed[-1] or (
        changed[0]
        and (name[0][-1] in _FEMALE_ENDINGS or not _INDECLINABLE_ENDINGS.isdisjoint((name[-1][-1], last_letter)))
    )
