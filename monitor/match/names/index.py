"""Name index: finds all forms of all watched names in one pass over a text, with the officials who have them.

The index stores little per official. Other values of an official are computed when the official's name first occurs in
a text.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, product
from sys import intern
from typing import Any, NamedTuple

import ahocorasick_rs

from monitor.domain.watchlist import Official
from monitor.match.article_text import NormalizedArticle
from monitor.match.consonants import ConsonantIndex, list_consonants
from monitor.match.names.cross_script import key_of_other_script, list_latin_keys, romanise, to_latin
from monitor.match.names.forms import parse_name
from monitor.match.names.respelling import list_native_twins, list_transcriptions
from monitor.match.names.scripts import (
    build_native_patterns,
    is_native,
    list_han_spellings,
    list_unspaced_family_names,
    printed_words,
)
from monitor.match.names.spelling import (
    MIN_STANDALONE_KEY_LETTERS,
    is_spelling_variant,
    is_typo,
    list_spellings,
    phonetic_key,
)
from monitor.match.titles.positions import Position, parse_positions
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, CandidateKind, Candidates, NameParts, NameWords, PatternMatch
from monitor.match.vocabulary import (
    country_evidence_words,
    find_convention,
    find_country_key,
    name_particles,
    naming_convention,
)
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import replace_punctuation

_UNIFORMED_DOMAINS = {
    "defence",
    "staff",
    "army",
    "navy",
    "air",
    "politics",
    "police",
    "security",
    "commission",
    "forces",
}


def list_latin_names(official: Official) -> tuple[str, ...]:
    """Return the names of an official in Latin letters.

    If all configured names are in other scripts, they are transcribed to Latin letters.
    """
    names = (official.name, *official.aliases)
    configured = tuple(name for name in names if not is_native(name))
    return configured or tuple(dict.fromkeys(filter(None, map(romanise, names))))


class PreparedOfficial:
    """An official, with values that are derived from the configured names, country and roles.

    Each value is computed at its first use.
    """

    def __init__(self, index: int, official: Official) -> None:
        self.index, self.official = index, official

    @cached_property
    def country(self) -> str:
        """The key of the official's country, or an empty string if no country is configured."""
        return find_country_key(self.official.country)

    @cached_property
    def latin_names(self) -> tuple[str, ...]:
        """The official's names in Latin letters: the configured ones, or transcriptions if none is configured."""
        return list_latin_names(self.official)

    @cached_property
    def latin_name_parts(self) -> tuple[NameParts, ...]:
        """The forms and parts of each of the official's names in Latin letters."""
        return tuple(parse_name(name, self.official.country) for name in self.latin_names)

    @cached_property
    def latin_name_words(self) -> tuple[NameWords, ...]:
        """For each of the official's names in Latin letters, all its normalized words, including initials."""
        return tuple(tuple(fold_words(name)) for name in self.latin_names)

    @cached_property
    def name_parts(self) -> NameParts:
        """The forms and parts of the first entry in ``latin_names``.

        If there is no entry, the result has no forms, but states the naming convention.
        """
        if self.latin_name_parts:
            return self.latin_name_parts[0]
        return NameParts((), convention=find_convention(self.country))

    @cached_property
    def configured_spellings(self) -> dict[str, tuple[str, ...]]:
        """Dictionary that maps each normalized word of the official's Latin names to its spellings with diacritics."""
        spelt: dict[str, tuple[str, ...]] = {}
        for name in self.latin_names:
            for printed in printed_words(name):
                folded = fold_key(printed)
                spelt[folded] = (*spelt.get(folded, ()), printed)
        return spelt

    @cached_property
    def has_diacritics(self) -> bool:
        """True if any Latin name is configured with diacritics."""
        return not all(name.isascii() for name in self.latin_names)

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """The positions of all roles, regardless of their dates."""
        return tuple(
            dict.fromkeys(position for role in self.official.roles for position in parse_positions(role.title))
        )

    @cached_property
    def single_word_names(self) -> frozenset[str]:
        """The official's Latin names that consist of one word, normalized."""
        return frozenset(words[0] for words in map(fold_words, self.latin_names) if len(words) == 1)

    @cached_property
    def can_hold_rank(self) -> bool:
        """True if the official may have a military or police rank.

        This is the case if a role in the army or police is configured, or if no known position is configured at all.
        """
        return not self.positions or any(
            position.domains & _UNIFORMED_DOMAINS or position.head == "commander" for position in self.positions
        )


_FIRST_CJK_CHARACTER = "\u2e80"
_CAPITALIZED_WORD = re.compile("[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")
_MAX_INITIALS_LETTERS = 2
_MAX_CACHE_ENTRIES = 4_000
_MAX_NAMES_WITH_SAME_ENDS = 200
"""Maximum number of watched names with the same first and last word that are compared with a text."""
_MAX_WORDS_WITH_SAME_SOUND = 200
"""Maximum number of words of watched names that are stored for one sequence of consonants.

A printed word with these consonants is compared with each of the stored words.
"""
_MIN_SYLLABIC_NAME_WORDS = 3
"""Minimum number of words of a name that is searched for with typos, if its words are single syllables."""
_NO_NEXT_WORD = 1 << 40
_MAX_PHONETIC_CACHE_ENTRIES = 50_000
_MAX_DFA_PATTERNS = 2_000
"""The search uses a full transition table only if it has fewer patterns (forms of names) than this.

The table makes the search a seventh faster, but needs three megabytes per thousand patterns.
"""
_MAX_TUPLE_OFFICIALS = 8
"""Maximum number of officials with one name that are stored in a tuple while the index is built.

Further officials are collected in a list, because each addition to a tuple copies it.
"""


class NameWordIndex(NamedTuple):
    """Index of watched names by their words, to find names that are not printed as configured.

    Each printed form of a name is a pattern with an id. All values are in the order of the watchlist.

    - ``patterns`` are the forms, at the index that is their id.
    - ``by_first`` and ``by_last`` map a word to the ids of the patterns that begin or end with this word.
    - ``words`` has all words of names as its keys; its values have no meaning.
    - ``short_names`` maps a name of one word to the id of its pattern.
    - ``is_short`` is, for each pattern id, True for a short name and False for a full name.
    """

    patterns: Sequence[str]
    by_first: Mapping[str, Sequence[int]]
    by_last: Mapping[str, Sequence[int]]
    words: Mapping[str, None]
    short_names: dict[str, int]
    is_short: Sequence[bool]

    def find_pairs(self, first: str, last: str) -> list[int]:
        """Return the ids of the watched names that begin with the word ``first`` and end with the word ``last``.

        At most ``_MAX_NAMES_WITH_SAME_ENDS`` ids are returned.
        """
        both = set(self.by_first.get(first, ())).intersection(self.by_last.get(last, ()))
        return sorted(both)[:_MAX_NAMES_WITH_SAME_ENDS]

    def collect(self, table: Mapping[str, Sequence[int]], words: Iterable[str]) -> frozenset[int]:
        """Return the ids of all watched names that ``table`` lists for the given words.

        ``table`` is ``by_first``, which maps the first word of names to their ids, or ``by_last``, which maps the last
        word.
        """
        return frozenset(chain.from_iterable(table.get(word, ()) for word in words))


class PhoneticWord(NamedTuple):
    """A printed word that sounds like a part of a watched name.

    - ``word`` is the word in lower case, without hyphens and possessive ending.
    - ``printed_length`` is its number of characters in the text, without the possessive ending.
    - ``next_word_offset`` is the distance from the start of the word to the next word. After a possessive ending it is
      a very large number, so that the next word is not taken as a part of the name.
    - ``key`` is the phonetic key of the word, a code for its sound.
    - ``is_distinctive`` is true if the key is long enough to recognize a name by this part alone.
    """

    word: str
    printed_length: int
    next_word_offset: int
    key: str
    is_distinctive: bool


class NameIndex:
    """Index of all forms of all officials' names, in one automaton, which searches a text for all patterns at once.

    Each form of a name is a pattern. After construction, only caches change.

    - ``patterns`` are the forms of names, country words and query words; the id of a pattern is its index.
    - ``conventions`` has the naming convention of each official, by the index of the official.
    - ``first_names`` has the normalized first name of each official.
    - ``typo_rests`` has all other words of each official's name, joined, or an empty text if the name is not searched
      for with typos.
    - ``phonetic_parts`` maps the index of each official whose name is compared by sound to two tuples: the spellings of
      the first part of the name, and the spellings of the second part.
    - ``single_word_names`` are full names of one word.
    - ``middle_name_openers`` are first names after which a middle name is allowed.
    - ``long_named_officials`` are the officials with a name of three or more words in Latin letters, in a naming
      convention with middle names.
    """

    def __init__(self, officials: Sequence[Official], literals: Iterable[str] = ()) -> None:
        self.officials = tuple(officials)
        self._pattern_ids: dict[str, int] = {}
        self._pattern_kinds: list[int] = []
        self._full_name_officials: dict[int, tuple[int, ...]] = {}
        self._short_name_officials: dict[int, tuple[int, ...]] = {}
        self._first_name_officials: dict[int, tuple[int, ...]] = {}
        self._pattern_countries: dict[int, str] = {}
        self._overflow_officials: dict[tuple[int, int], list[int]] = {}
        self._phonetic_index: dict[str, list[int]] = defaultdict(list)
        self._phonetic_part_keys: set[str] = set()
        self.phonetic_cache: dict[str, PhoneticWord | tuple[()]] = {}
        self._phonetic_match_cache: dict[str, tuple[int, ...]] = {}
        self._word_form_caches: dict[str, dict[str, Any]] = {}
        self._prepared_cache: dict[int, PreparedOfficial] = {}
        self.conventions = ["western"] * len(self.officials)
        self.first_names = [""] * len(self.officials)
        self.has_patronymic_chains = False
        self.single_word_names: set[str] = set()
        self.middle_name_openers: set[str] = set()
        self.long_named_officials: set[int] = set()
        self.typo_rests = [""] * len(self.officials)
        self.phonetic_parts: dict[int, tuple[NameWords, NameWords]] = {}
        phonetic_countries: set[str] = set()
        for index, official in enumerate(self.officials):
            self._add_official(index, official, phonetic_countries)
        unlisted = {find_country_key(official.country) for official in self.officials if official.country}
        unlisted -= set(country_evidence_words().values()) | set(country_evidence_words())
        for word, country in (*country_evidence_words().items(), *((one, one) for one in unlisted if one)):
            self._add_pattern(
                f" {word} ",
                CandidateKind.COUNTRY_WORD
                | (CandidateKind.PHONETIC_COUNTRY_WORD if country in phonetic_countries else 0),
            )
            self._pattern_countries[self._pattern_ids[f" {word} "]] = country
        for literal in literals:
            self._add_pattern(replace_punctuation(literal).strip() or literal, CandidateKind.QUERY_LITERAL)
        for table in (self._full_name_officials, self._short_name_officials, self._first_name_officials):
            for at in table:
                if more := self._overflow_officials.get((id(table), at)):
                    table[at] = tuple(dict.fromkeys((*table[at], *more)))
        del self._overflow_officials
        self.patterns = tuple(self._pattern_ids)
        del self._pattern_ids
        for at, pattern in enumerate(self.patterns):
            self._finalize_pattern(at, pattern)
        kind = ahocorasick_rs.Implementation.DFA if len(self.patterns) < _MAX_DFA_PATTERNS else None
        self._automaton = ahocorasick_rs.AhoCorasick(self.patterns, implementation=kind)

    def _add_pattern(self, pattern: str, kind: int, official_index: int = -1, extra_kinds: int = 0) -> None:
        at = self._pattern_ids.setdefault(pattern, len(self._pattern_kinds))
        if at == len(self._pattern_kinds):
            self._pattern_kinds.append(0)
        self._pattern_kinds[at] |= kind | extra_kinds
        if official_index < 0:
            return
        table = {
            CandidateKind.SHORT_NAME: self._short_name_officials,
            CandidateKind.NATIVE_SHORT_NAME: self._short_name_officials,
            CandidateKind.FIRST_NAME: self._first_name_officials,
        }.get(kind, self._full_name_officials)
        officials = table.get(at)
        if officials is None:
            table[at] = (official_index,)
        elif len(officials) < _MAX_TUPLE_OFFICIALS:
            table[at] = officials if official_index in officials else (*officials, official_index)
        else:
            self._overflow_officials.setdefault((id(table), at), []).append(official_index)

    def _finalize_pattern(self, pattern_id: int, pattern: str) -> None:
        """Set the final kinds of a pattern (a form of a name), after all names have been added.

        A full name of one word becomes a short name in addition. A short name that starts with a particle gets the kind
        ``CandidateKind.PARTICLE``, because a particle may be printed with a lower-case letter.
        """
        kind = self._pattern_kinds[pattern_id]
        if kind & CandidateKind.FULL_NAME and " " not in pattern.strip():
            self._short_name_officials[pattern_id] = tuple(
                sorted({*self._short_name_officials.get(pattern_id, ()), *self._full_name_officials[pattern_id]})
            )
            kind |= CandidateKind.SHORT_NAME
        if kind & CandidateKind.SHORT_NAME and pattern[1:].partition(" ")[0] in name_particles():
            kind |= CandidateKind.PARTICLE
        self._pattern_kinds[pattern_id] = kind

    def _add_official(self, official_index: int, official: Official, phonetic_countries: set[str]) -> None:
        for name in (official.name, *official.aliases):
            if is_native(name):
                full_names, short_names = build_native_patterns(name)
                for full_name in (*full_names, *(twin for one in full_names for twin in list_native_twins(one))):
                    self._add_pattern(full_name, CandidateKind.NATIVE_NAME, official_index)
                for short_name in short_names:
                    self._add_pattern(short_name, CandidateKind.NATIVE_SHORT_NAME, official_index)
        latin_names = list_latin_names(official)
        for number, name in enumerate(latin_names):
            self._add_latin_name(official_index, parse_name(name, official.country), is_alias=bool(number))
        has_middle_names = naming_convention(self.conventions[official_index]).middle_names
        if has_middle_names and any(len(fold_words(name)) > 2 for name in latin_names):
            self.long_named_officials.add(official_index)
        if official_index in self.phonetic_parts:
            phonetic_countries.add(find_country_key(official.country))

    def _add_latin_name(self, official_index: int, name_parts: NameParts, *, is_alias: bool) -> None:
        if name_parts.full_forms and not is_alias:
            self.conventions[official_index] = name_parts.convention
            self.has_patronymic_chains |= naming_convention(name_parts.convention).patronymic_chains
            self.first_names[official_index] = intern(name_parts.full_forms[0][0])
            if (
                naming_convention(name_parts.convention).middle_names
                and len(self.first_names[official_index]) > _MAX_INITIALS_LETTERS
            ):
                self.middle_name_openers.add(self.first_names[official_index])
        if name_parts.full_forms and len(name_parts.full_forms[0]) == 1:
            self.single_word_names.add(name_parts.full_forms[0][0])
        self._add_full_names(official_index, name_parts.full_forms)
        extra_kind = CandidateKind.PHONETIC if name_parts.phonetic_parts else 0
        for short in name_parts.short_forms:
            self._add_pattern(f" {' '.join(short.words)} ", CandidateKind.SHORT_NAME, official_index, extra_kind)
        if name_parts.typo_parts:
            self._add_pattern(f" {name_parts.typo_parts[0]} ", CandidateKind.FIRST_NAME, official_index)
            self.typo_rests[official_index] = self.typo_rests[official_index] or name_parts.typo_parts[1]
        if name_parts.phonetic_parts:
            self._index_phonetic(official_index, name_parts.phonetic_parts)
            for part in map("".join, name_parts.phonetic_parts):
                for word in (*list_transcriptions(part), *list_spellings(part, name_parts.convention)):
                    self._add_pattern(f" {word} ", CandidateKind.PHONETIC)

    def _add_full_names(self, official_index: int, full_forms: Iterable[NameWords]) -> None:
        """Add a pattern for each full form of a name, and another one if its initials may be printed with dots."""
        for words in full_forms:
            if len(words) > 1:
                for gap in (" ", "  "):  # the comma of "Doe, Jane" is a space in the text that is searched
                    self._add_pattern(f" {words[-1]}{gap}{words[0]} ", CandidateKind.LISTED_NAME)
            # in the text that is searched, the dot of "md." is a second space
            self._add_pattern(f" {' '.join(words).replace('.', ' ')} ", CandidateKind.FULL_NAME, official_index)
            if any(len(word) == 1 for word in words):
                dotted = " ".join(f"{word} " if len(word) == 1 else word for word in words)
                self._add_pattern(f" {dotted} ", CandidateKind.FULL_NAME, official_index)

    def _index_phonetic(self, official_index: int, phonetic_parts: tuple[NameWords, NameWords]) -> None:
        """Add the phonetic keys (codes for the sound) of an official's name to the index.

        ``phonetic_parts`` are the two parts of the name, such as given and family name. Each combination of their usual
        spellings gives one key. A part alone gives a key, too, if this key is long enough.
        """
        convention = self.conventions[official_index]
        first, second = (list_spellings("".join(half), convention) for half in phonetic_parts)
        known_first, known_second = self.phonetic_parts.get(official_index, ((), ()))
        self.phonetic_parts[official_index] = (*known_first, *first), (*known_second, *second)
        firsts, seconds = (dict.fromkeys(map(phonetic_key, half)) for half in (first, second))
        for one, two in product(firsts, seconds):
            self._phonetic_index[f"{one} {two}"].append(official_index)
        for key in dict.fromkeys((*firsts, *seconds)):
            self._phonetic_part_keys.add(key)
            if len(key) >= MIN_STANDALONE_KEY_LETTERS:
                self._phonetic_index[key].append(official_index)

    def scan(self, article_text: NormalizedArticle) -> Candidates:
        """Return all watched names and country words that occur in an article, sorted by kind.

        For words of queries, the result does not list the occurrences. It only has a flag in ``kinds`` if there are
        any.
        """
        kind_of, country_of, cased = self._pattern_kinds, self._pattern_countries, article_text.cased
        latin, listed = CandidateKind.LATIN, CandidateKind.LISTED_NAME
        full_names: list[PatternMatch] = []
        short_names: list[PatternMatch] = []
        first_names: list[PatternMatch] = []
        found_kinds = 0
        matches = self._automaton.find_matches_as_indexes(article_text.spaced, overlapping=True)
        for match in matches:
            kind = kind_of[match[0]]
            if kind & listed and not self._is_listed(cased, match):
                kind &= ~listed
            found_kinds |= kind
            if kind & latin:
                if cased[match[1]].isupper():
                    if kind & CandidateKind.FULL_NAME:
                        full_names.append(match)
                    if kind & CandidateKind.FIRST_NAME:
                        first_names.append(match)
                    if kind & CandidateKind.SHORT_NAME:
                        short_names.append(match)
                elif kind & CandidateKind.PARTICLE:
                    short_names.append(match)
        has_countries = found_kinds & CandidateKind.COUNTRY_WORD
        countries = [country_of[match[0]] for match in matches if match[0] in country_of] if has_countries else ()
        found = Candidates(
            tuple(full_names), tuple(short_names), tuple(first_names), countries=tuple(countries), kinds=found_kinds
        )
        if not found_kinds & CandidateKind.NATIVE:
            return found
        native_names = [match for match in matches if kind_of[match[0]] & CandidateKind.NATIVE_NAME]
        native_short_names = [match for match in matches if kind_of[match[0]] & CandidateKind.NATIVE_SHORT_NAME]
        return found.add_native_names(native_names, native_short_names)

    def _is_listed(self, cased: str, match: PatternMatch) -> bool:
        """Return whether a match of a family name and a given name can be a name in a list: "DOE Jane", "Doe, Jane"."""
        pattern, start, _ = match
        return not cased[start + 1].islower() or "  " in self.patterns[pattern]

    def word_form_cache(self, language_code: str, build: Callable[[], dict[str, Any]]) -> Any:
        """Return the cache for the forms of words in one language.

        If there is none yet, ``build`` is called to create it. If the cache is full, all its entries are removed first.
        """
        cache = self._word_form_caches.get(language_code)
        if cache is None:
            cache = self._word_form_caches[language_code] = build()
        if len(cache) >= _MAX_PHONETIC_CACHE_ENTRIES:
            cache.clear()
        return cache

    def full_name_officials(self, pattern: int) -> tuple[int, ...]:
        """Return the indexes of the officials who have a certain full name.

        ``pattern`` is the index of this name in ``patterns``.
        """
        return self._full_name_officials[pattern]

    def short_name_officials(self, pattern: int) -> tuple[int, ...]:
        """Return the indexes of the officials who have a certain short name, such as a family name.

        ``pattern`` is the index of this name in ``patterns``.
        """
        return self._short_name_officials[pattern]

    def find_typo_officials(self, pattern: int, word: str) -> list[int]:
        """Return the officials with a given first name, if the rest of their name differs from ``word`` by one typo.

        ``pattern`` is the index of the first name in ``patterns``. The rest of the name is all other words, joined into
        one word.
        """
        rests = self.typo_rests
        first, last, size = word[:1], word[-1:], len(word)
        return [
            owner
            for owner in self._first_name_officials[pattern][:MAX_CANDIDATE_OFFICIALS]
            if (rest := rests[owner])
            and -2 < len(rest) - size < 2  # not a call of a function, because this code runs very often
            and (rest[:1] == first or rest[-1:] == last)
            and is_typo(word, rest)
        ]

    def find_by_phonetic_key(self, key: str) -> tuple[int, ...]:
        """Return the officials whose name has the given phonetic key (code for its sound).

        ``key`` consists of the keys of both parts of a name, such as given and family name, separated by a space. It
        may also be the key of one part alone, with at least ``MIN_STANDALONE_KEY_LETTERS`` letters. At most
        ``MAX_CANDIDATE_OFFICIALS`` are returned.
        """
        return tuple(self._phonetic_index.get(key, ())[:MAX_CANDIDATE_OFFICIALS])

    def phonetic_word(self, piece: str) -> PhoneticWord | tuple[()]:
        """Return the word at the start of a text with its phonetic key (code for its sound).

        The result is an empty tuple if the word does not sound like any part of a watched name.
        """
        sound = self.phonetic_cache.get(piece)
        if sound is None:
            if len(self.phonetic_cache) >= _MAX_PHONETIC_CACHE_ENTRIES:
                self.phonetic_cache.clear()
            match = _CAPITALIZED_WORD.match(piece)
            printed = match.group() if match else ""
            bare = printed.removesuffix("'s")
            word = bare.lower().replace("-", "").replace("'", "")
            key = phonetic_key(word)
            sound = ()
            if key and key in self._phonetic_part_keys:
                step = len(printed) + 1 if bare == printed else _NO_NEXT_WORD
                sound = PhoneticWord(
                    word, len(bare), step, key, len(key) >= MIN_STANDALONE_KEY_LETTERS and key in self._phonetic_index
                )
            self.phonetic_cache[piece] = sound
        return sound

    def find_phonetic_matches(self, word: str, key: str) -> tuple[int, ...]:
        """Return the officials with a name part that sounds like a normalized word.

        ``key`` is the phonetic key of the word, a code for its sound. If it is short, no official is returned.
        """
        alike = self._phonetic_match_cache.get(word)
        if alike is None:
            if len(self._phonetic_match_cache) >= _MAX_CACHE_ENTRIES:
                self._phonetic_match_cache = {}
            officials = dict.fromkeys(self._phonetic_index.get(key, ())[:MAX_CANDIDATE_OFFICIALS])
            alike = self._phonetic_match_cache[word] = tuple(
                official for official in officials if self.is_phonetic_match(word, official)
            )
        return alike

    def is_phonetic_match(self, word: str, official_index: int) -> bool:
        """Return whether a normalized word sounds like one part of an official's name."""
        first, second = self.phonetic_parts[official_index]
        convention = self.conventions[official_index]
        return is_spelling_variant(word, first, convention) or is_spelling_variant(word, second, convention)

    @cached_property
    def name_words(self) -> NameWordIndex:
        """The index of watched names by their words, created at first use."""
        by_first: defaultdict[str, list[int]] = defaultdict(list)
        by_last: defaultdict[str, list[int]] = defaultdict(list)
        short_names: dict[str, int] = {}
        words: dict[str, None] = {}
        named = CandidateKind.FULL_NAME | CandidateKind.SHORT_NAME | CandidateKind.NATIVE
        for at, (pattern, kind) in enumerate(zip(self.patterns, self._pattern_kinds, strict=True)):
            if not kind & named or pattern[0] != " ":
                continue
            parts = pattern.split()
            words.update(dict.fromkeys(map(intern, parts)))
            if len(parts) > 1:
                by_first[parts[0]].append(at)
                by_last[parts[-1]].append(at)
            elif kind & (CandidateKind.SHORT_NAME | CandidateKind.NATIVE_SHORT_NAME):
                short_names[parts[0]] = at
        whole = CandidateKind.FULL_NAME | CandidateKind.NATIVE_NAME
        is_short = [not kind & whole for kind in self._pattern_kinds]
        return NameWordIndex(self.patterns, dict(by_first), dict(by_last), words, short_names, is_short)

    @cached_property
    def names_without_word(self) -> dict[tuple[int, str], tuple[int, ...]]:
        """Dictionary of names with one word left out, to find a typo in this word.

        A key consists of the index of the word that is left out, and of the other words of the name. Its value lists
        the officials with such a name. Only names whose words are single syllables are included. The dictionary is
        created at first use.
        """
        found: dict[tuple[int, str], dict[int, None]] = defaultdict(dict)
        for index, official in enumerate(self.officials):
            if not naming_convention(self.conventions[index]).one_letter_makes_other_name:
                continue
            words = parse_name(list_latin_names(official)[0], official.country).full_forms[0]
            for at in range(len(words)) if len(words) >= _MIN_SYLLABIC_NAME_WORDS else ():
                found[at, " ".join((*words[:at], *words[at + 1 :]))][index] = None
        return {key: tuple(officials) for key, officials in found.items()}

    @cached_property
    def opening_syllables(self) -> tuple[frozenset[str], int]:
        """The first and second words of the names in ``names_without_word``, and the number of letters of the longest.

        The words begin with a capital letter.
        """
        words = (rest.partition(" ")[0] for at, rest in self.names_without_word if at < 2)
        syllables = frozenset(map(str.capitalize, words))
        return syllables, max(map(len, syllables), default=0)

    @cached_property
    def unspaced_family_names(self) -> dict[str, tuple[int, ...]]:
        """Dictionary that maps each Chinese, Japanese or Korean family name to the officials with this name.

        The names are in the characters of these languages. The dictionary is created at first use.
        """
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for index, official in enumerate(self.officials):
            for name in (official.name, *official.aliases):
                if name[0] >= _FIRST_CJK_CHARACTER:
                    convention = find_convention(find_country_key(official.country))
                    for family in list_unspaced_family_names(fold_key(name), convention):
                        for spelling in list_han_spellings(family):
                            found[spelling][index] = None
        return {family: tuple(officials) for family, officials in found.items()}

    @cached_property
    def words_by_sound(self) -> dict[str, tuple[str, ...]]:
        """Dictionary that maps each sequence of consonants to the words of watched names with these consonants.

        It serves the comparison of names across scripts, and is created at first use.
        """
        found: dict[str, list[str]] = defaultdict(list)
        for word in self.name_words.words:
            if len(word) > 1:
                for key in list_latin_keys(word) if word.isascii() else (key_of_other_script(to_latin(word)),):
                    if len(found[key]) < _MAX_WORDS_WITH_SAME_SOUND:
                        found[key].append(word)
        return {key: tuple(words) for key, words in found.items()}

    @cached_property
    def consonants(self) -> ConsonantIndex:
        """Index by consonants, which finds watched names in Latin letters in Arabic and Hebrew texts.

        It is built only when the first text in Arabic or Hebrew is matched.
        """
        found: dict[str, dict[tuple[int, ...], int]] = defaultdict(dict)
        for at, (pattern, kind) in enumerate(zip(self.patterns, self._pattern_kinds, strict=True)):
            if kind & CandidateKind.FULL_NAME and pattern.isascii():
                for consonants in list_consonants(pattern.split()):
                    found[consonants].setdefault(self._full_name_officials[at], at)
        patterns = {consonants: list(found_patterns.values()) for consonants, found_patterns in found.items()}
        return ConsonantIndex(patterns, self.patterns)

    @property
    def has_phonetic_names(self) -> bool:
        """True if any watched name is compared by sound."""
        return bool(self._phonetic_index)

    def prepared_official(self, official_index: int) -> PreparedOfficial:
        """Return the official with a given index as a ``PreparedOfficial``. The object is cached."""
        prepared = self._prepared_cache.get(official_index)
        if prepared is None:
            if len(self._prepared_cache) >= _MAX_CACHE_ENTRIES:
                self._prepared_cache = {}
            prepared = self._prepared_cache[official_index] = PreparedOfficial(
                official_index, self.officials[official_index]
            )
        return prepared
