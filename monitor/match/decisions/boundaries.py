"""The run of capitals in which a part of a watched name stands: by itself, in another name, or in the whole one.

Here the whole name is also found where an initial, a nickname or a middle name stands between its halves.
"""

import re
from collections.abc import Sequence

from monitor.domain.mention import MatchForm
from monitor.match.decisions.context import MatchContext
from monitor.match.names.index import NameIndex, PreparedOfficial
from monitor.match.names.scripts import PATRONYMIC_PARTICLES, find_chain_before, is_subsequence
from monitor.match.names.spelling import MIN_TYPO_WORD_LETTERS, is_typo
from monitor.match.titles.parser import find_title_after, find_title_before
from monitor.match.titles.scoring import EvidenceStrength, score_title
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, Candidate
from monitor.match.vocabulary import (
    country_words,
    naming_convention,
    parse_words,
    single_word_titles,
    syllable_pattern,
    word_lists,
)

_INITIAL_OR_NICKNAME = re.compile(
    r"(?<![A-Za-z])([A-Z][A-Za-z'-]+) (?:(?:[A-Z]\. ?){1,2}|[\"'(][^\"'()\n]{1,20}[\"')] )\Z"
)
_INITIAL = re.compile(r"(?<![\w.'-])([A-Z])\.? ?\Z")
_VIETNAMESE_ADDRESS_WORDS = parse_words("ông bà anh chị cô bác bộ ngài tướng phó")
_UNAMBIGUOUS_TITLES = parse_words("gen sen king queen tun pak khun chef bung dato")
_NAMELIKE_TITLES = parse_words("van le la du da di de y dan vi don bang gus san")
"""Titles and small words that are elements of names as well; with Vietnamese marks they are titles."""


def has_no_name_before(context: MatchContext, candidate: Candidate) -> bool:
    """Tell whether a part of a name stands where no whole name can be made of it: no capital or initial before it."""
    left = context.surrounding_text.word_before(candidate.start)
    if left:
        return not left[0].isupper()
    end = context.article_text.cased[max(0, candidate.start - 2) : candidate.start]
    return not (end.endswith(".") or (end.endswith(" ") and end[:1] in {".", '"', "'", ")"}))


def is_standalone(context: MatchContext, candidate: Candidate, *, skip_near_misses: bool = False) -> bool:
    """Tell whether a part of a name stands for itself; another name that it belongs to is remembered.

    ``mute`` keeps no near misses.
    """
    if not context.is_written_as_name(candidate):
        return False
    around = context.surrounding_text
    left = around.word_before(candidate.start)
    if len(left) < 2 and not has_no_name_before(context, candidate):
        if _accept_with_initial(context, candidate) or _accept_initial_and_family_name(context, candidate):
            return False
        if initial := _find_unwatched_initial(context, candidate):
            _record_other_bearer(context, candidate, f"{initial}. {context.printed_text(candidate)}")
            return False
    if left[:1].isupper() and _is_name_part(context, left, candidate.start):
        if not (_accept_extended_name(context, candidate, left) or _accept_patronymic_chain(context, candidate)):
            _record_other_bearer(context, candidate, f"{left} {context.printed_text(candidate)}")
        return False
    why_not = _find_continuation(context, candidate)
    if not why_not:
        if _is_half_of_compound(context, candidate):
            return False
        why_not = _find_place_or_credit(context, candidate)
    if why_not and not skip_near_misses:
        context.reject_for_mentioned(candidate, why_not)
    return not why_not


def _record_other_bearer(context: MatchContext, candidate: Candidate, name: str) -> None:
    """Keep somebody else's name that holds the same part."""
    context.other_bearers.setdefault(context.folded_text(candidate), []).append((candidate.start, name))


def _find_continuation(context: MatchContext, candidate: Candidate) -> str:
    """Tell whether the name goes on to the right, as somebody else's, a place's, or the whole one spelt otherwise."""
    convention = context.name_index.conventions[candidate.official_indexes[0]]
    word = context.surrounding_text.find_continuation_right(candidate.start, candidate.end, convention)
    if (
        not word
        and convention == "arabic"
        and (son := context.surrounding_text.word_after(candidate.end)) in PATRONYMIC_PARTICLES
    ):
        word = son
    if not word:
        return ""
    _record_other_bearer(context, candidate, f"{context.printed_text(candidate)} {word}")
    return f"part of a longer name: ... {word}"


def _is_half_of_compound(context: MatchContext, candidate: Candidate) -> bool:
    """Tell whether the part of a name is half a word of two."""
    right = context.surrounding_text.word_after(candidate.end)
    compound = f"{context.folded_text(candidate)} {right.lower()}" in word_lists().compounds
    if not compound or not (right.islower() or context.surrounding_text.is_headline(candidate.start)):
        return False
    title = find_title_before(context.article_text, candidate.start).title
    return not (title.rank or title.is_addressed)  # whom a rank leads up to is somebody


def _find_place_or_credit(context: MatchContext, candidate: Candidate) -> str:
    """Tell whether the part of a name is that of a place, a thing or a photographer."""
    around = context.surrounding_text
    thing = around.find_place_before(candidate.start) or around.is_credit(candidate.start, candidate.end)
    return "a place, a thing or a credit" if thing else ""


def _is_name_part(context: MatchContext, word: str, start: int) -> bool:
    """Tell whether the capitalised word to the left belongs to the same name."""
    around, low = context.surrounding_text, word.lower()
    at = start - 1 - len(word)
    if low in country_words():
        return False
    if low in single_word_titles():
        if low in word_lists().common and _is_capitalized_anyway(context, at, start):
            return False
        namelike = low in _NAMELIKE_TITLES or (
            syllable_pattern().match(low) is not None and low not in _UNAMBIGUOUS_TITLES
        )
        return (
            namelike
            and context.article_text.folded.original_slice(at, start - 1).lower() not in _VIETNAMESE_ADDRESS_WORDS
        )
    if low in word_lists().common:
        return False
    return not around.is_ordinary_word(word) or not _is_capitalized_anyway(context, at, start)


def _is_capitalized_anyway(context: MatchContext, at: int, start: int) -> bool:
    """Tell whether any word would have a capital here: at the beginning of a sentence, or in a headline."""
    return context.surrounding_text.is_sentence_start(at) or context.surrounding_text.is_headline(start)


def _accept_with_initial(context: MatchContext, candidate: Candidate) -> bool:
    """Accept a whole name with an initial or a nickname between its halves."""
    match = _INITIAL_OR_NICKNAME.search(context.article_text.cased, max(0, candidate.start - 50), candidate.start)
    if match is None:
        return False
    for owner in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]:
        if context.name_index.first_names[owner] == match[1].lower():
            whole = Candidate(match.start(1), candidate.end, (owner,))
            return _accept_full_name(context, whole, "full name with an initial or nickname")
    return False


def _accept_initial_and_family_name(context: MatchContext, candidate: Candidate) -> bool:
    """Accept an initial and the family name of somebody who is named in the text, or beside a post that fits."""
    match = _INITIAL.search(context.article_text.cased, max(0, candidate.start - 5), candidate.start)
    if match is None:
        return False
    family = context.folded_text(candidate).split()[0]
    for owner in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]:
        first = context.name_index.first_names[owner]
        if (
            not naming_convention(context.name_index.conventions[owner]).middle_names
            or first[:1] != match[1].lower()
            or first == family
        ):
            continue
        if owner in context.first_accepted_at or _has_fitting_title(
            context, match.start(1), candidate.end, context.name_index.prepared_official(owner)
        ):
            return _accept_full_name(
                context, Candidate(match.start(1), candidate.end, (owner,)), "initial and family name"
            )
    return False


def _find_unwatched_initial(context: MatchContext, candidate: Candidate) -> str:
    """Return the initial before a part of a name that is nobody's who is watched, or an empty string."""
    match = _INITIAL.search(context.article_text.cased, max(0, candidate.start - 5), candidate.start)
    if match is None or match[1].lower() in single_word_titles():
        return ""
    people = [
        context.name_index.prepared_official(owner) for owner in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
    ]
    if not all(naming_convention(person.name_parts.convention).middle_names for person in people):
        return ""
    initials = {
        word[0]
        for person in people
        for shape in person.latin_name_parts
        for words in shape.full_forms
        for word in words
    }
    return "" if match[1].lower() in initials else match[1]


def _accept_extended_name(context: MatchContext, candidate: Candidate, previous_word: str) -> bool:
    """Accept a whole name with a middle name inside, or with a slip of the pen in its first word."""
    roster, low = context.name_index, previous_word.lower()
    start = candidate.start - 1 - len(previous_word)
    earlier = context.surrounding_text.word_before(start)
    before = earlier.lower()
    for owner in _filter_by_first_name(roster, candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS], before, low):
        first = roster.first_names[owner]
        if (
            before == first
            and before in roster.middle_name_openers
            and naming_convention(roster.conventions[owner]).middle_names
        ):
            return _accept_full_name(
                context, Candidate(start - 1 - len(earlier), candidate.end, (owner,)), "full name with a middle name"
            )
        if is_typo(low, first) and _has_fitting_title(context, start, candidate.end, roster.prepared_official(owner)):
            return _accept_full_name(
                context, Candidate(start, candidate.end, (owner,)), "full name with a slip, beside a fitting post"
            )
    return False


def _filter_by_first_name(
    name_index: NameIndex, official_indexes: Sequence[int], exact: str, similar: str
) -> list[int]:
    """Return whose name begins with one word, or with what may be a slip of the pen for another."""
    firsts, size = name_index.first_names, len(similar)
    if size < MIN_TYPO_WORD_LETTERS:
        return (
            [owner for owner in official_indexes if firsts[owner] == exact]
            if exact in name_index.middle_name_openers
            else []
        )
    begin, end = similar[0], similar[-1]
    return [
        owner
        for owner in official_indexes
        if (first := firsts[owner]) == exact
        or (-2 < len(first) - size < 2 and (first[:1] == begin or first[-1:] == end))  # spelt out, as it runs hot
    ]


def _accept_patronymic_chain(context: MatchContext, candidate: Candidate) -> bool:
    """Accept a whole name with more fathers in it than are configured."""
    left = context.article_text.spaced[max(0, candidate.start - 40) : candidate.start].split()
    for owner in (
        candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS] if PATRONYMIC_PARTICLES.intersection(left) else ()
    ):
        start, chain = find_chain_before(
            context.article_text.cased, candidate.start, context.name_index.first_names[owner]
        )
        person = context.name_index.prepared_official(owner)
        said = (*chain, *context.folded_text(candidate).split())
        if chain and person.name_parts.convention == "arabic" and is_subsequence(person.name_parts.full_forms[0], said):
            return _accept_full_name(
                context, Candidate(start, candidate.end, (owner,)), "full name with the name of a father more"
            )
    return False


def _has_fitting_title(context: MatchContext, start: int, end: int, prepared: PreparedOfficial) -> bool:
    return (
        score_title(
            context,
            prepared,
            find_title_before(context.article_text, start),
            find_title_after(context.article_text.cased, end),
        ).strength
        >= EvidenceStrength.LIKELY
    )


def _accept_full_name(context: MatchContext, candidate: Candidate, reason: str) -> bool:
    """Accept a whole name, unless it is a credit's or a namesake's."""
    if context.surrounding_text.is_credit(candidate.start, candidate.end) or context.surrounding_text.find_occupation(
        candidate.start, candidate.end
    ):
        return False
    context.accept(candidate.official_indexes[0], candidate, MatchForm.FULL, 0.88, reason)
    return True
