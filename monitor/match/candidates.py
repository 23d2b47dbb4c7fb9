"""Search for candidates: all parts of a text that may be the name of an official.

Later steps decide whether a candidate means the official. Candidates are exact matches of watched names, inflected
forms, spellings that sound like a watched name, and names with a typo in the last part. They are also full names with
an initial, a nickname, a middle name or a patronymic between their parts.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from monitor.match.article_text import NormalizedArticle
from monitor.match.context import ArticleFacts
from monitor.match.names.index import NameIndex, PhoneticWord
from monitor.match.names.scripts import PATRONYMIC_PARTICLES, find_chain_before, find_chain_end, is_subsequence
from monitor.match.names.spelling import (
    MIN_TYPO_WORD_LETTERS,
    can_be_typo,
    edit_distance,
    is_spelling_variant,
    is_typo,
    phonetic_key,
)
from monitor.match.types import (
    MAX_CANDIDATE_OFFICIALS,
    Boundary,
    Candidate,
    Candidates,
    ExtendedName,
    ExtensionKind,
    Span,
)
from monitor.match.vocabulary import naming_convention, title_ends, title_words
from monitor.match.word_forms import find_inflected_names

_CAPITALIZED_WORD = re.compile(r"(?<![A-Za-z'-])[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")
_INITIAL_OR_NICKNAME = re.compile(
    r"(?<![A-Za-z])([A-Z][A-Za-z'-]+) (?:(?:[A-Z]\. ?){1,2}|[\"'(][^\"'()\n]{1,20}[\"')] )\Z"
)
_INITIALS = re.compile(r"(?<![\w.'-])((?:[A-Z]\. ?){2,3})\Z")
_MAX_INITIALS_CHARS = 10
INITIAL = re.compile(r"(?<![\w.'-])([A-Z])(?:\. [A-Z]){0,2}\.? ?\Z")
"""Pattern of the first of one to three initials that are directly before a name."""

MAX_INITIAL_CHARS = 11
"""Number of characters before a name in which initials are searched for."""

_MAX_NICKNAME_CHARS = 50
_MAX_PATRONYMIC_CHARS = 40
_MAX_NAME_WORD_CHARS = 80
"""Maximum number of characters of a word that is compared with names, because no name is longer.

Without a limit, a text without spaces would be read again for each capital letter in it.
"""


_MIN_SYLLABLE_CHARS, _MAX_SYLLABLE_CHARS = 3, 8
"""Minimum and maximum length of a syllable in a name, counted with the space after the syllable.

The longest Vietnamese syllables have seven letters.
"""
_SYLLABLE = re.compile(r"(?<= )[A-Z][a-z]*(?![\w'-])")
_MAX_SYLLABIC_NAME_CHARS = 60
_MAX_SYLLABIC_NAME_WORDS = 4
_WORD_SEPARATORS = {" ", "-"}
_MAX_TITLE_WORD_CHARS = 24
"""Maximum number of letters of the last word of a title before a name. A longer word is ignored, to limit the cost."""


def find_candidates(name_index: NameIndex, article_text: NormalizedArticle, language: str) -> Candidates:
    """Return all watched names, in any grammatical case, and all country words that occur in an article.

    For words of queries, the result does not list the occurrences. It only has a flag in ``kinds`` if there are any.
    """
    return find_inflected_names(name_index, article_text, language, name_index.scan(article_text))


def list_full_name_candidates(facts: ArticleFacts, candidates: Candidates) -> Iterator[Candidate]:
    """Yield the full names that occur in an article, in the order of the text.

    If several names overlap, only the first is yielded. If several names start at the same offset, only the longest is
    yielded. An Arabic name includes the patronymics ("bin Turki") that follow it.
    """
    index, spaced = facts.name_index, facts.article_text.spaced
    places: list[Candidate] = []
    for pattern, start, end in candidates.full_names:
        candidate = Candidate(start, end - 2, index.full_name_officials(pattern))
        if facts.surrounding_text.is_written_as_name(candidate.start, candidate.end):
            places.append(candidate)
    for pattern, start, end in candidates.native_names:
        is_padded = spaced[start] == " "
        first, last = (start, end - 2) if is_padded else (start - 1, end - 1)
        places.append(Candidate(first, last, index.full_name_officials(pattern)))
    places.sort(key=lambda place: (place.start, -place.end))
    previous_end = 0
    for candidate in places:
        if candidate.start < previous_end:
            continue
        if naming_convention(index.conventions[candidate.official_indexes[0]]).patronymic_chains:
            candidate = candidate._replace(end=find_chain_end(facts.article_text.cased, candidate.end))  # noqa: PLW2901 - the same place, made longer
        previous_end = candidate.end
        yield candidate


def list_short_name_candidates(facts: ArticleFacts, candidates: Candidates) -> list[Candidate]:
    """Return each occurrence of a short name (a first or family name alone), or of a full name of one word.

    A match begins with a capital letter, or with a particle in lower case, such as "van". If a word is a form of
    several short names, such as "Petra" in Czech, its candidate lists the officials of all these names.
    """
    patterns: dict[Span, tuple[int, ...]] = {}
    for pattern, start, end in candidates.short_names:
        place = start, end - 2
        patterns[place] = (*patterns[place], pattern) if place in patterns else (pattern,)
    officials: dict[tuple[int, ...], tuple[int, ...]] = {}  # many places of one name have the same tuple
    for names in patterns.values():
        if names not in officials:
            found = [facts.name_index.short_name_officials(pattern) for pattern in names]
            officials[names] = found[0] if len(found) == 1 else tuple(sorted(set().union(*found)))
    return [Candidate(start, end, officials[names]) for (start, end), names in patterns.items()]


def drop_claimed(candidates: Iterable[Candidate], claimed_spans: Iterable[Span]) -> list[Candidate]:
    """Return the candidates (possible names) that do not overlap a claimed span, in the order of the text.

    A claimed span is a part of the text that already belongs to another name. If several candidates overlap, only the
    first is returned. If several candidates start at the same offset, only the longest is returned.
    """
    claimed = sorted(claimed_spans)
    starts = [start for start, _ in claimed]
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: (one.start, -one.end)):
        at = bisect_left(starts, candidate.end)
        if (at and claimed[at - 1][1] > candidate.start) or (kept and candidate.start < kept[-1].end):
            continue
        kept.append(candidate)
    return kept


def overlaps(spans: Sequence[Span], start: int, end: int) -> bool:
    """Return whether a part of the text overlaps one of the spans, which are sorted and do not overlap each other."""
    at = bisect_left(spans, (end, 0))
    return bool(at) and spans[at - 1][1] > start


class TypoWord(NamedTuple):
    """First name of an official and the word after it, which may be the official's family name with a typo.

    - ``first_name_pattern`` is the id of the first name in the name index.
    - ``start`` is the offset at which the first name begins.
    - ``end`` is the offset at which the word after the first name ends.
    - ``folded_word`` is the word after the first name, in lower case without diacritics.
    """

    first_name_pattern: int
    start: int
    end: int
    folded_word: str


def find_typo_words(facts: ArticleFacts, candidates: Candidates) -> Iterator[TypoWord]:
    """Yield each place in the text where a capitalized word follows an official's first name.

    The word may be the family name with a typo. Words that are too short to recognize a typo are left out.
    """
    cased = facts.article_text.cased
    for pattern, start, end in candidates.first_names:
        if not "A" <= cased[end - 1 : end] <= "Z" or cased[end - 2] != " ":
            continue
        match = _CAPITALIZED_WORD.match(cased, end - 1)
        if match is not None and len(match.group()) >= MIN_TYPO_WORD_LETTERS:
            word = match.group().removesuffix("'s")
            yield TypoWord(pattern, start, match.start() + len(word), word.lower().replace("-", ""))


def find_syllabic_typos(facts: ArticleFacts, claimed: Sequence[Span]) -> Iterator[Candidate]:
    """Yield a candidate for each name that follows a title and is an official's name with a typo in one word.

    Only names whose words are single syllables, such as Vietnamese ones, are searched for. A candidate lists all
    officials whose name differs from the printed one in this way. Names in the spans of ``claimed`` are omitted,
    because these spans already belong to other names.
    """
    cased, titles = facts.article_text.cased, title_ends()
    syllables, longest = facts.name_index.opening_syllables
    starts = facts.article_text.capitalized_words if syllables else []
    known = [
        at
        for at, (start, end) in enumerate(pairwise(starts))
        if end - start <= longest + 1 and cased[start : end - 1] in syllables
    ]
    for at in sorted({*known, *(at - 1 for at in known if at)}):  # one of the first two syllables has no typo
        first, second = starts[at : at + 2]
        if not _MIN_SYLLABLE_CHARS <= second - first <= _MAX_SYLLABLE_CHARS or overlaps(claimed, first, second):
            continue
        third = cased.find(" ", second) + 1
        if cased[second - 1] != " " or cased[first - 1 : first] != " " or not "A" <= cased[third : third + 1] <= "Z":
            continue
        if facts.article_text.word_ending_at(first - 1) not in titles:
            continue
        run = [match.span() for match in _SYLLABLE.finditer(cased, first, first + _MAX_SYLLABIC_NAME_CHARS)]
        if run[:1] != [(first, second - 1)]:
            continue
        for size in range(min(len(run), _MAX_SYLLABIC_NAME_WORDS), 2, -1):
            (start, _), (_, end) = run[0], run[size - 1]
            words = cased[start:end].lower().split(" ")
            officials = _find_with_typo(facts.name_index, words) if len(words) == size else ()
            if officials:
                yield Candidate(start, end, officials)
                break


def _find_with_typo(name_index: NameIndex, words: Sequence[str]) -> tuple[int, ...]:
    """Return the officials whose name differs from the given words by one typo in one word.

    Only names whose words are single syllables, such as Vietnamese ones, are compared.
    """
    found: dict[int, None] = {}
    for at, word in enumerate(words):
        rest = " ".join((*words[:at], *words[at + 1 :]))
        for official in name_index.names_without_word.get((at, rest), ())[:MAX_CANDIDATE_OFFICIALS]:
            name = name_index.prepared_official(official).name_parts.full_forms[0][at]
            if word != name and can_be_typo(word, name) and edit_distance(word, name, 1) == 1:
                found[official] = None
    return tuple(found)


class PhoneticCandidates(NamedTuple):
    """Words in a text that sound like parts of watched names.

    Each of ``pairs`` consists of two adjacent words that sound like the two parts of one name. ``single_words`` are all
    other words that sound like a part of a name, each with its offset.
    """

    pairs: list[Candidate]
    single_words: list[tuple[int, PhoneticWord]]


def find_phonetic_candidates(facts: ArticleFacts, claimed_spans: Iterable[Span]) -> PhoneticCandidates:
    """Return the capitalized words in an article that sound like watched names or like their parts.

    Words in ``claimed_spans`` are omitted, because they already belong to another name.
    """
    cased, cache, to_phonetic = (
        facts.article_text.cased,
        facts.name_index.phonetic_cache,
        facts.name_index.phonetic_word,
    )
    claimed = sorted(claimed_spans)
    words = facts.article_text.latin_words
    find = words.find
    pairs: list[Candidate] = []
    single_words: list[tuple[int, PhoneticWord]] = []
    adjacent_start = -1
    for start in facts.article_text.capitalized_words:
        end = find(" ", start, start + _MAX_NAME_WORD_CHARS)
        if end < 0:
            continue
        piece = words[start:end]
        word = cache.get(piece)
        if word is None:
            word = to_phonetic(piece)
        if not word:
            continue
        pair = (
            _find_phonetic_pair(facts, single_words[-1], (start, word), claimed)
            if start == adjacent_start and cased[start - 1] == " "
            else None
        )
        if pair is not None:
            pairs.append(pair)
            adjacent_start = -1
        else:
            single_words.append((start, word))
            adjacent_start = start + word.next_word_offset
    return PhoneticCandidates(pairs, single_words)


def _find_phonetic_pair(
    facts: ArticleFacts, left: tuple[int, PhoneticWord], right: tuple[int, PhoneticWord], claimed: Sequence[Span]
) -> Candidate | None:
    """Return two adjacent words as a possible name, if they sound like the two parts of an official's name.

    The parts are, for example, given and family name. ``left`` and ``right`` are the words with their offsets. The
    first official of the result is the one whose name fits both words. All other officials with the same phonetic key
    (code for the sound) follow. The result is None if no name fits, or if the words already belong to another name
    (``claimed``).
    """
    (start, first_word), (second_start, second_word) = left, right
    index = facts.name_index
    officials = index.find_by_phonetic_key(f"{first_word.key} {second_word.key}")
    if not officials:
        return None
    end = second_start + second_word.printed_length
    if overlaps(claimed, start, end):
        return None
    for official in officials:
        first, second = index.phonetic_parts[official]
        convention = index.conventions[official]
        if is_spelling_variant(first_word.word, first, convention) and is_spelling_variant(
            second_word.word, second, convention
        ):
            return Candidate(start, end, (official, *(other for other in officials if other != official)))
    return None


def find_phonetic_short_names(
    facts: ArticleFacts, single_words: Sequence[tuple[int, PhoneticWord]], first_accepted_at: Mapping[int, int]
) -> list[Candidate]:
    """Return the single words that sound like one part of a watched name, as possible names.

    After a title, a word with a distinctive sound may mean any official with such a name part. In all other cases, a
    word can only mean an official who is already mentioned in the article. The keys of ``first_accepted_at`` are the
    mentioned officials.
    """
    index, spaced, cased = facts.name_index, facts.article_text.spaced, facts.article_text.cased
    mentioned_by_key: dict[str, list[int]] = defaultdict(list)
    for official in first_accepted_at:
        for part in index.phonetic_parts.get(official, ()):
            for key in dict.fromkeys(map(phonetic_key, part)):
                mentioned_by_key[key].append(official)
    candidates: list[Candidate] = []
    known_titles = title_words()
    for start, word in single_words:
        mentioned = mentioned_by_key.get(word.key, ())[:MAX_CANDIDATE_OFFICIALS]
        follows_title = word.is_distinctive and cased[start - 1] in _WORD_SEPARATORS
        follows_title = (
            follows_title and spaced[max(1, start - _MAX_TITLE_WORD_CHARS) : start].rpartition(" ")[2] in known_titles
        )
        if not (mentioned or follows_title):
            continue
        officials = {official for official in mentioned if index.is_phonetic_match(word.word, official)}
        if follows_title:
            officials.update(index.find_phonetic_matches(word.word, word.key))
        if officials:
            candidates.append(Candidate(start, start + word.printed_length, tuple(sorted(officials))))
    return candidates


def find_names_with_initial_or_nickname(
    facts: ArticleFacts, candidate: Candidate, _boundary: Boundary
) -> Sequence[ExtendedName]:
    """Return the full names that a short name forms with a first name and an initial or nickname before it.

    An example is "Walter B. Hargrove" for the short name "Hargrove". The result has one name for each official with
    this first name. An official with another first name is included if "Walter Hargrove" is one of the official's full
    forms.
    """
    cased = facts.article_text.cased
    match = _INITIAL_OR_NICKNAME.search(cased, max(0, candidate.start - _MAX_NICKNAME_CHARS), candidate.start)
    if match is None:
        return ()
    index, word = facts.name_index, match[1].lower()
    words = (word, *facts.folded_text(candidate).split())
    return [
        ExtendedName(Candidate(match.start(1), candidate.end, (official,)), ExtensionKind.INITIAL_OR_NICKNAME)
        for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
        if index.first_names[official] == word
        or any(words in parts.full_forms for parts in index.prepared_official(official).latin_name_parts)
    ]


def find_names_with_configured_initials(
    facts: ArticleFacts, candidate: Candidate, _boundary: Boundary
) -> Sequence[ExtendedName]:
    """Return the full names that a short name forms with two or three initials before it.

    An example is "W. B. Hargrove" for the short name "Hargrove". The result has one name for each official whose
    configured name begins with these initials, or with words that begin with them, as in "Walter Brian Hargrove".
    """
    cased, index = facts.article_text.cased, facts.name_index
    match = _INITIALS.search(cased, max(0, candidate.start - _MAX_INITIALS_CHARS), candidate.start)
    if match is None:
        return ()
    initials = [char for char in match[1].lower() if char.isalpha()]
    return [
        ExtendedName(Candidate(match.start(1), candidate.end, (official,)), ExtensionKind.INITIAL_OR_NICKNAME)
        for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
        if any(
            len(words) > len(initials) and all(map(str.startswith, words, initials))
            for words in index.prepared_official(official).latin_name_words
        )
    ]


def find_names_with_initial_only(
    facts: ArticleFacts, candidate: Candidate, _boundary: Boundary
) -> Sequence[ExtendedName]:
    """Return the full names that a short name forms with one initial before it.

    An example is "W. Hargrove" for the short name "Hargrove". The result has one name for each official whose first
    name begins with this initial.
    """
    cased, index = facts.article_text.cased, facts.name_index
    match = INITIAL.search(cased, max(0, candidate.start - MAX_INITIAL_CHARS), candidate.start)
    if match is None:
        return ()
    initial, family_name = match[1].lower(), facts.folded_text(candidate).split()[0]
    return [
        ExtendedName(Candidate(match.start(1), candidate.end, (official,)), ExtensionKind.INITIAL_FOR_FIRST_NAME)
        for official in candidate.official_indexes
        if index.first_names[official][:1] == initial
        and index.first_names[official] != family_name
        and naming_convention(index.conventions[official]).middle_names
    ]


def find_names_with_middle_name_or_typo(
    facts: ArticleFacts, candidate: Candidate, boundary: Boundary
) -> Sequence[ExtendedName]:
    """Return the full names that a short name forms with the words before it.

    These words are a first name and a middle name, as in "Walter Brian Hargrove", or a first name with a typo.
    """
    index = facts.name_index
    start = candidate.start - 1 - len(boundary.word_before)
    earlier_word = facts.surrounding_text.word_before(start)
    previous, earlier = boundary.word_before.lower(), earlier_word.lower()
    found: list[ExtendedName] = []
    officials = candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
    for official in _filter_by_first_name(index, officials, earlier, previous):
        first_name = index.first_names[official]
        if (
            earlier == first_name
            and earlier in index.middle_name_openers
            and naming_convention(index.conventions[official]).middle_names
        ):
            place = Candidate(start - 1 - len(earlier_word), candidate.end, (official,))
            found.append(ExtendedName(place, ExtensionKind.MIDDLE_NAME))
        elif is_typo(previous, first_name):
            place = Candidate(start, candidate.end, (official,))
            found.append(ExtendedName(place, ExtensionKind.FIRST_NAME_TYPO))
    return found


def find_names_of_some_parts(facts: ArticleFacts, candidate: Candidate, boundary: Boundary) -> Sequence[ExtendedName]:
    """Return full names for a short name and the word before it, if both are parts of an official's longer name.

    An example is "Brian Hargrove" for "Walter Brian Hargrove". The parts must have the same order as in the longer
    name. Officials whose naming convention has no middle names are left out, because such parts are another person's
    name there (``NameIndex.long_named_officials``).
    """
    index = facts.name_index
    officials = [
        official
        for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
        if official in index.long_named_officials
    ]
    if not officials:
        return ()
    words = (*boundary.word_before.lower().split("-"), *facts.folded_text(candidate).split())
    start = candidate.start - 1 - len(boundary.word_before)
    return [
        ExtendedName(Candidate(start, candidate.end, (official,)), ExtensionKind.SOME_PARTS)
        for official in officials
        if any(
            len(name_words) > len(words) and is_subsequence(words, name_words)
            for name_words in index.prepared_official(official).latin_name_words
        )
    ]


def _filter_by_first_name(
    name_index: NameIndex, official_indexes: Sequence[int], exact: str, similar: str
) -> Sequence[int]:
    """Return the officials whose first name equals ``exact``, or may be misprinted as ``similar``.

    The two words precede a family name in the text. In "Walter Brian Hargrove", ``exact`` is "Walter", because a middle
    name may follow a first name, and ``similar`` is "Brian", because it may be a first name with a typo.

    The test for typos is quick and inexact: both words must have similar lengths and the same first or last letter. If
    ``similar`` is too short for this test, ``exact`` must be a first name after which a middle name is allowed.
    """
    first_names, size = name_index.first_names, len(similar)
    if size < MIN_TYPO_WORD_LETTERS:
        if exact not in name_index.middle_name_openers:
            return ()
        return [official for official in official_indexes if first_names[official] == exact]
    begin, end = similar[0], similar[-1]
    return [
        official
        for official in official_indexes
        if (first := first_names[official]) == exact
        or (-2 < len(first) - size < 2 and (first[:1] == begin or first[-1:] == end))  # inlined: called very often
    ]


def find_names_with_patronymics(
    facts: ArticleFacts, candidate: Candidate, _boundary: Boundary
) -> Sequence[ExtendedName]:
    """Return the full names that a short name forms with the Arabic patronymics ("bin Turki") before it.

    The printed name has more patronymics than the configured name.
    """
    index, cased = facts.name_index, facts.article_text.cased
    if not index.has_patronymic_chains:
        return ()
    low = max(0, candidate.start - _MAX_PATRONYMIC_CHARS)
    if PATRONYMIC_PARTICLES.isdisjoint(facts.article_text.spaced[low : candidate.start].split()):
        return ()
    found: list[ExtendedName] = []
    for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]:
        start, chain = find_chain_before(cased, candidate.start, index.first_names[official])
        name_parts = index.prepared_official(official).name_parts
        words = (*chain, *facts.folded_text(candidate).split())
        has_chains = naming_convention(name_parts.convention).patronymic_chains
        if chain and has_chains and is_subsequence(name_parts.full_forms[0], words):
            place = Candidate(start, candidate.end, (official,))
            found.append(ExtendedName(place, ExtensionKind.ADDITIONAL_PATRONYMIC))
    return found


ExtendedNameFinder = Callable[[ArticleFacts, Candidate, Boundary], Sequence[ExtendedName]]
FINDERS_AFTER_INITIAL: tuple[ExtendedNameFinder, ...] = (
    find_names_with_configured_initials,
    find_names_with_initial_or_nickname,
    find_names_with_initial_only,
)
"""Functions that find the full name for a short name that directly follows an initial.

An example is "W. Hargrove" for "Hargrove". The function with the most certain result is first.
"""
FINDERS_AFTER_NAME: tuple[ExtendedNameFinder, ...] = (
    find_names_with_middle_name_or_typo,
    find_names_of_some_parts,
    find_names_with_patronymics,
)
"""Functions that find the full name for a short name that directly follows another name.

In "Walter Brian Hargrove", the short name "Hargrove" follows "Walter Brian". The function with the most certain result
is first.
"""
