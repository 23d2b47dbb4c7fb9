"""Parts of names: a given or family name counts beside a title that fits, or after the whole name in the same text."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from monitor.domain.mention import MatchForm
from monitor.match.decisions.boundaries import has_no_name_before, is_standalone
from monitor.match.decisions.context import MatchContext
from monitor.match.titles.parser import (
    PrecedingTitle,
    can_end_title,
    can_follow_title,
    empty_preceding_title,
    find_positions,
    find_title_after,
    parse_title_before,
)
from monitor.match.titles.positions import RoleFit, Title, rate_role_fit
from monitor.match.titles.scoring import EvidenceStrength, TitleScore, score_title
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, Candidate, Candidates
from monitor.match.vocabulary import find_home_country, is_ordinary_word, syllable_pattern, word_lists
from monitor.text.tokens import find_sentence

_AGE_APPOSITION = re.compile(r", \d{2},")
_MAX_WORD_LETTERS = 24
"""Letters of a word before a place from which on only its end may have been read."""
_MANY_OFFICIALS = 200
"""Bearers from which on it is quicker to look for those named among them than the other way round."""
_MIN_DISTINCTIVE_LETTERS = 9
"""Letters from which on a part of a name is rare enough to count beside a bare honorific in a text on its country."""


class TitledCandidate(NamedTuple):
    """A part of a name and the title that stands before and after it."""

    candidate: Candidate
    before: PrecedingTitle
    after: Title

    @property
    def has_no_title(self) -> bool:
        """Tell whether no title was read at all."""
        return self.before.start == self.candidate.start and not self.after.positions


def list_short_candidates(context: MatchContext, candidates: Candidates) -> list[Candidate]:
    """Return where parts of watched names, or names of one word, stand with a capital."""
    owners = context.name_index.short_name_officials
    return [Candidate(start, end - 2, owners(pattern)) for pattern, start, end in candidates.short_names]


def decide_short_names(context: MatchContext, candidates: Sequence[Candidate]) -> None:
    """Judge every place where a part of a watched name stands: those with a title first, they name their bearer.

    What has neither title nor a bearer who is named so far waits, as most does, and is looked at only if somebody
    who may be meant is named in the end.
    """
    bare: list[Candidate] = []
    waiting: list[Candidate] = []
    later: list[Candidate] = []
    alone = False
    singles, before = context.name_index.single_word_names, context.surrounding_text.word_before
    for seen in _drop_claimed(context, candidates):
        left = before(seen.start)
        lead = (
            can_end_title(left)
            if 0 < len(left) < _MAX_WORD_LETTERS
            else can_follow_title(context.article_text, seen.start)
        )
        single = bool(singles) and context.folded_text(seen) in singles
        named = bool(context.first_accepted_at) and _is_any_official_mentioned(context, seen)
        if not (lead or single or named or _can_have_apposition_or_initial(context.article_text.cased, seen)):
            later.append(seen)
            continue
        waits = not (single or named) and has_no_name_before(context, seen)
        if not (waits or is_standalone(context, seen)):
            continue
        title = _read_titles(context, seen, can_have_title=lead)
        if not title.has_no_title:
            if not waits or is_standalone(context, seen):
                _decide_titled(context, title)
        elif waits:
            waiting.append(seen)
        else:
            bare.append(seen)
            alone = alone or single
    if bare or context.first_accepted_at:
        for seen in (
            *_add_deferred(context, waiting, bare, later, has_single_word_name=alone),
            *_reactivate(context, later),
        ):
            _decide_bare(context, seen)


def _add_deferred(
    context: MatchContext,
    deferred: Sequence[Candidate],
    untitled: list[Candidate],
    unmentioned: Sequence[Candidate],
    *,
    has_single_word_name: bool,
) -> list[Candidate]:
    """Add to the bare places those that waited, as far as they may matter: by their bearers, or as a rival's.

    ``alone`` tells that a name of one word may yet name somebody.
    """
    if not deferred:
        return untitled
    said = {
        context.folded_text(seen)
        for seen in (*untitled, *deferred, *unmentioned)
        if _is_any_official_mentioned(context, seen)
    }
    woken = [
        seen
        for seen in deferred
        if (has_single_word_name or context.folded_text(seen) in said)
        and is_standalone(context, seen, skip_near_misses=True)
    ]
    if not woken:
        return untitled
    for others in context.other_bearers.values():
        others.sort()
    return sorted((*untitled, *woken))


def _reactivate(context: MatchContext, unmentioned: Sequence[Candidate]) -> list[Candidate]:
    return [seen for seen in unmentioned if _is_any_official_mentioned(context, seen) and is_standalone(context, seen)]


def _read_titles(context: MatchContext, candidate: Candidate, *, can_have_title: bool) -> TitledCandidate:
    """Read the titles around a place; ``lead`` tells whether one may stand before it."""
    before = (
        parse_title_before(context.article_text, candidate.start)
        if can_have_title
        else empty_preceding_title(candidate.start)
    )
    return TitledCandidate(candidate, before, find_title_after(context.article_text.cased, candidate.end))


def _is_any_official_mentioned(context: MatchContext, candidate: Candidate) -> bool:
    """Tell whether a bearer of the part is named in the text."""
    if len(candidate.official_indexes) < _MANY_OFFICIALS:
        return not context.first_accepted_at.keys().isdisjoint(candidate.official_indexes)
    return any(_is_candidate(candidate.official_indexes, owner) for owner in context.first_accepted_at)


def _can_have_apposition_or_initial(cased: str, candidate: Candidate) -> bool:
    """Tell at a glance whether an apposition may follow a place, or an initial or nickname stand before it."""
    start, end = candidate.start, candidate.end
    return (
        cased[end : end + 1] in {",", "("}
        or cased[end : end + 2] == " ("
        or cased[start - 2 : start - 1] in {".", '"', "'", ")"}
        or (cased[start - 2 : start - 1].isupper() and not cased[start - 3 : start - 2].isalnum())
    )


def _is_candidate(official_indexes: Sequence[int], official_index: int) -> bool:
    """Tell whether an official is among the bearers, who stand in order."""
    at = bisect_left(official_indexes, official_index)
    return at < len(official_indexes) and official_indexes[at] == official_index


def _drop_claimed(context: MatchContext, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the places that no whole name covers, the longest of those that overlap."""
    taken = sorted(context.claimed_spans)
    starts = [start for start, _ in taken]
    free: list[Candidate] = []
    for seen in sorted(candidates, key=lambda seen: (seen.start, -seen.end)):
        at = bisect_left(starts, seen.end)
        if (at and taken[at - 1][1] > seen.start) or (free and seen.start < free[-1].end):
            continue
        free.append(seen)
    return free


def _decide_titled(context: MatchContext, titled: TitledCandidate) -> None:
    """Judge a part of a name by its title."""
    seen, before, after = titled
    owners = context.filter_by_diacritics(seen, _limit_officials(context, seen.official_indexes))
    if not owners:
        context.reject_for_mentioned(seen, "its marks contradict the name's")
        return
    weighed = [score_title(context, context.name_index.prepared_official(owner), before, after) for owner in owners]
    fitting = _select_strongest(context, [one for one in weighed if _is_sufficient(context, seen, one)])
    if len(fitting) == 1:
        form = MatchForm.WITH_TITLE if before.start < seen.start else MatchForm.SHORT
        context.accept(fitting[0].official_index, seen, form, 0.9, fitting[0].reason)
    elif fitting:
        context.reject(
            [one.official_index for one in fitting],
            seen,
            _explain_ambiguity(context, [one.official_index for one in fitting]),
        )
    else:
        for one in sorted(weighed, key=lambda one: -one.strength)[:3]:
            context.reject((one.official_index,), seen, one.reason)


def _limit_officials(context: MatchContext, official_indexes: Sequence[int]) -> Sequence[int]:
    """Cut a list of bearers too long to weigh to those already named."""
    if len(official_indexes) <= MAX_CANDIDATE_OFFICIALS:
        return official_indexes
    return _filter_mentioned(context, official_indexes)[:MAX_CANDIDATE_OFFICIALS]


def _filter_mentioned(context: MatchContext, official_indexes: Sequence[int]) -> list[int]:
    """Return those of the bearers who are named, in their order."""
    if len(context.first_accepted_at) < len(official_indexes):
        return [owner for owner in sorted(context.first_accepted_at) if _is_candidate(official_indexes, owner)]
    return [owner for owner in official_indexes if owner in context.first_accepted_at]


def _select_strongest(context: MatchContext, fitting: Sequence[TitleScore]) -> list[TitleScore]:
    """Return those with the strongest evidence; among equals, the one already named."""
    best = max((one.strength for one in fitting), default=EvidenceStrength.CONTRADICTED)
    equal = [one for one in fitting if one.strength is best]
    named = [one for one in equal if one.official_index in context.first_accepted_at]
    return named if len(named) == 1 else equal


def _explain_ambiguity(context: MatchContext, official_indexes: Sequence[int]) -> str:
    return "may be any of " + ", ".join(context.name_index.officials[owner].name for owner in official_indexes[:5])


def _is_sufficient(context: MatchContext, candidate: Candidate, score: TitleScore) -> bool:
    """Tell whether the evidence is enough: a fitting post, or less of it for somebody named or of a rare name."""
    if score.strength is EvidenceStrength.CONTRADICTED:
        return False
    if score.official_index in context.first_accepted_at or score.strength >= EvidenceStrength.LIKELY:
        return True
    at_home = _is_country_mentioned(context, score.official_index)
    if _is_single_word_name(context, candidate, score.official_index):
        return at_home or score.strength >= EvidenceStrength.ADDRESSED
    if (
        score.strength is EvidenceStrength.RANKED
        and at_home
        and _has_position_nearby(context, candidate, score.official_index)
    ):
        return True
    if (
        not at_home
        or score.strength < EvidenceStrength.ADDRESSED
        or len(context.folded_text(candidate)) < _MIN_DISTINCTIVE_LETTERS
    ):
        return False
    return not _is_insufficient_first_name(context, candidate, score.official_index)


def _is_insufficient_first_name(context: MatchContext, candidate: Candidate, official_index: int) -> bool:
    """Tell whether the part is a first name beside which the press says the family name: long ones are not rare."""
    words = tuple(context.folded_text(candidate).split())
    shorts = [
        short
        for shape in context.name_index.prepared_official(official_index).latin_name_parts
        for short in shape.short_forms
        if short.words == words
    ]
    return bool(shorts) and all(short.label == "first name" and not short.sufficient for short in shorts)


def _is_single_word_name(context: MatchContext, candidate: Candidate, official_index: int) -> bool:
    """Tell whether the part is a whole name or alias of one word."""
    return context.folded_text(candidate) in context.name_index.prepared_official(official_index).single_word_names


def _is_country_mentioned(context: MatchContext, official_index: int, *, is_explicit: bool = False) -> bool:
    """Tell whether the text speaks of the official's country; ``said``: by name, not by its language alone."""
    person = context.name_index.prepared_official(official_index)
    times = context.country_counts.get(person.country, 0) if person.country else 0
    return times > (is_explicit and find_home_country(context.language) == person.country)


def _has_position_nearby(context: MatchContext, candidate: Candidate, official_index: int) -> bool:
    """Tell whether a post of the official stands in the sentence, whoever it belongs to there."""
    roles = context.name_index.prepared_official(official_index).official.roles
    cased = context.article_text.cased
    low, high = find_sentence(cased, candidate.start, candidate.end, 300)
    fits = (
        rate_role_fit(post, role, context.article_date) for post in find_positions(cased[low:high]) for role in roles
    )
    return max(fits, default=RoleFit.NO_MATCH) >= RoleFit.UNDATED


def _decide_bare(context: MatchContext, candidate: Candidate) -> None:
    """Accept a bare part of a name after its bearer was named, unless somebody else may be meant."""
    owners = _filter_mentioned(context, candidate.official_indexes)
    if not owners:
        owners = [
            one
            for one in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
            if _is_single_word_name(context, candidate, one) and _is_country_mentioned(context, one, is_explicit=True)
        ]
    if not owners:
        return
    agreeing = context.filter_by_diacritics(candidate, owners)
    if not agreeing:
        context.reject(owners, candidate, "its marks contradict the name's")
    elif why_not := _explain_ordinary_word(context, candidate, agreeing):
        context.reject(agreeing, candidate, why_not)
    elif len(agreeing) > 1:
        context.reject(agreeing, candidate, _explain_ambiguity(context, agreeing))
    elif rival := _find_rival(context, candidate, agreeing[0]):
        context.reject(agreeing, candidate, f"may be {rival}, who is named nearer")
    else:
        whole = context.name_index.officials[agreeing[0]].name
        context.accept(agreeing[0], candidate, MatchForm.SHORT, 0.85, f"stands alone, and {whole} is named in the text")


def _find_rival(context: MatchContext, candidate: Candidate, official_index: int) -> str:
    """Return somebody else of the name who was named later than the official, before this place."""
    others = context.other_bearers.get(context.folded_text(candidate))
    if not others:
        return ""
    earlier = (
        found.start
        for found in context.accepted
        if found.official_index == official_index and found.start < candidate.start
    )
    last = max(earlier, default=-1)
    for start, name in reversed(others):
        if last < start < candidate.start or last < 0:
            return name
    return ""


def _explain_ordinary_word(context: MatchContext, candidate: Candidate, official_indexes: Sequence[int]) -> str:
    """Tell why a bare part of a name may be an ordinary word or a place, or needs a title."""
    around, text = context.surrounding_text, context.folded_text(candidate)
    people = [context.name_index.prepared_official(owner) for owner in official_indexes[:MAX_CANDIDATE_OFFICIALS]]
    same = [short for person in people for short in person.name_parts.short_forms if short.words == tuple(text.split())]
    single = any(text in person.single_word_names for person in people)
    if same and not single and not any(short.sufficient for short in same):
        return "this part of the name needs a title"
    if context.language.startswith("vi") and syllable_pattern().match(text):
        return "a bare syllable in a Vietnamese text"
    if text in word_lists().place_names and "-" not in context.printed_text(candidate):
        return "also the name of a place"
    wordlike = is_ordinary_word(text)
    aged = _AGE_APPOSITION.match(context.article_text.cased, candidate.end)
    opening = (
        around.is_sentence_start(candidate.start)
        and around.word_after(candidate.end) not in word_lists().after_name
        and not aged
    )
    if wordlike and single and not same:
        return "an ordinary word, which needs a title"
    if wordlike and (opening or around.is_headline(candidate.start)):
        return "an ordinary word where any word has a capital"
    return ""
