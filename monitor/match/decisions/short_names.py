"""Decisions on short names: a first or family name without the rest of the full name.

A short name is accepted if a fitting title is next to it, or if the official is mentioned elsewhere in the article. The
first pass decides about short names with a title, and defers the others. The second pass decides about the deferred
names. By then, all officials that are mentioned in the article are known.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from monitor.domain.mention import MatchForm
from monitor.match.candidates import drop_claimed
from monitor.match.context import ArticleFacts, MatchContext, OtherBearer
from monitor.match.decisions.evidence import find_agreeing_officials, find_boundary
from monitor.match.decisions.full_names import decide_extended_name
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
from monitor.match.titles.scoring import score_title
from monitor.match.types import (
    MAX_CANDIDATE_OFFICIALS,
    Accepted,
    Candidate,
    Decision,
    Deferral,
    Deferred,
    Evidence,
    EvidenceStrength,
    Rejected,
    TitleScore,
)
from monitor.match.vocabulary import find_home_country, is_ordinary_word, syllable_pattern, word_lists
from monitor.text.tokens import find_sentence

# Confidences are set by hand and only order the forms from the most to the least certain; no decision reads them.
TITLED_NAME_CONFIDENCE = 0.9
"""Confidence of a short name with a title.

It is lower than for a full name, because name and title could also fit a person who is not watched.
"""
BARE_NAME_CONFIDENCE = 0.85
"""Confidence of a short name without a title.

It is lower than with a title, because only a mention elsewhere in the article connects the name with the official.
"""

_LONG_WORD_LETTERS = 24
"""Minimum number of letters of a long word before a name.

A long word is read again from the text, because ``SurroundingText.word_before`` reads only the last 25 characters
before the name and may cut it off.
"""
_MIN_DISTINCTIVE_LETTERS = 9
"""Minimum number of letters of a short name that counts as rare.

For a rare name, a form of address is sufficient evidence if the article is about the official's country.
"""
_SENTENCE_CHARS = 300
"""Number of characters on either side of a name in which the start and end of its sentence are searched for."""
_MAX_REJECTED_OFFICIALS = 3
"""Maximum number of rejections of one name, one for each official, if the title next to it fits none of them.

The officials whose roles are closest to the title are chosen.
"""
_MAX_NAMES_IN_REASON = 5

_NO_TITLE = (Deferred(Deferral.NO_TITLE),)
_BOUNDARY_NOT_CHECKED = (Deferred(Deferral.BOUNDARY_NOT_CHECKED),)
_AGE_APPOSITION = re.compile(r", \d{2},")


class _Outcome(NamedTuple):
    """Result of one step for a short name: the decisions, and the name in the text that they refer to.

    ``candidate`` is the short name, or the full name that contains it. ``other_bearer`` is the full name of another
    person that contains the short name, or an empty string.
    """

    candidate: Candidate
    decisions: tuple[Decision, ...]
    other_bearer: str = ""


class _Deferrals(NamedTuple):
    """Short names that the first pass leaves to the second pass, grouped by the reason.

    - ``no_title``: the name is complete, but no title is next to it.
    - ``boundary_not_checked``: no title is next to the name, and the name may be a part of a longer one.
    - ``not_mentioned``: the name cannot have a title, and the article has not mentioned any official with it so far.
    """

    no_title: list[Candidate]
    boundary_not_checked: list[Candidate]
    not_mentioned: list[Candidate]


class _FoundBearers(NamedTuple):
    """Collection of the people in an article who are not watched, but share a short name with an official.

    Each entry is the normalized short name, its offset, and the full name of this person.
    """

    entries: list[tuple[str, int, str]]

    def add(self, facts: ArticleFacts, outcome: _Outcome) -> None:
        """Add the unwatched person that was found with a short name; ``outcome``, its result, may have none."""
        if outcome.other_bearer:
            place = outcome.candidate
            self.entries.append((facts.folded_text(place), place.start, outcome.other_bearer))

    def by_short_name(self) -> Mapping[str, Sequence[OtherBearer]]:
        """Return a dictionary that maps each short name to the unwatched people who have it, in text order."""
        grouped: dict[str, list[OtherBearer]] = defaultdict(list)
        for short_name, start, name in sorted(self.entries):
            grouped[short_name].append(OtherBearer(start, name))
        return grouped


def decide_short_names(facts: ArticleFacts, candidates: Sequence[Candidate], context: MatchContext) -> None:
    """Decide which officials are meant by short names that are not part of a full name, and record the decisions."""
    bearers = _FoundBearers([])
    deferrals, has_single_word_name = _decide_titled_names(facts, candidates, context, bearers)
    if not (deferrals.no_title or context.first_accepted_at):
        return
    bare_names = _select_deferred(facts, deferrals, context, bearers, has_single_word_name=has_single_word_name)
    for candidate in deferrals.not_mentioned:
        if context.is_any_mentioned(candidate.official_indexes):
            outcome = decide_boundary(facts, candidate, context)
            if outcome is None:
                bare_names.append(candidate)
            else:
                bearers.add(facts, outcome)
                context.apply(facts, outcome.candidate, outcome.decisions)
    context.other_bearers = bearers.by_short_name()
    for candidate in bare_names:
        context.apply(facts, candidate, decide_bare_name(facts, candidate, context))


def _decide_titled_names(
    facts: ArticleFacts, candidates: Sequence[Candidate], context: MatchContext, bearers: _FoundBearers
) -> tuple[_Deferrals, bool]:
    """Run the first pass: record the decisions on short names with a title, and return the names left to decide.

    The result is the short names that are left to the second pass, and whether a full name of one word is among those
    without a title. A short name is left without slow tests if it cannot have a title and its officials are not
    mentioned yet. Most short names are of this kind.
    """
    deferrals = _Deferrals([], [], [])
    has_single_word_name = False
    single_word_names, word_before = facts.name_index.single_word_names, facts.surrounding_text.word_before
    for candidate in drop_claimed(candidates, context.claimed_spans):
        left = word_before(candidate.start)
        can_have_title = (
            can_end_title(left)
            if 0 < len(left) < _LONG_WORD_LETTERS
            else can_follow_title(facts.article_text, candidate.start)
        )
        is_single = bool(single_word_names) and facts.folded_text(candidate) in single_word_names
        is_mentioned = bool(context.first_accepted_at) and context.is_any_mentioned(candidate.official_indexes)
        if not (
            can_have_title
            or is_single
            or is_mentioned
            or _can_have_apposition_or_initial(facts.article_text.cased, candidate)
        ):
            deferrals.not_mentioned.append(candidate)
            continue
        must_check_boundary = (
            is_single
            or is_mentioned
            or (left[0].isupper() if left else facts.surrounding_text.has_name_before(candidate.start))
        )
        outcome = _decide_first_pass(facts, candidate, context, can_have_title, must_check_boundary)
        if outcome.decisions is _NO_TITLE:
            deferrals.no_title.append(candidate)
            has_single_word_name = has_single_word_name or is_single
        elif outcome.decisions is _BOUNDARY_NOT_CHECKED:
            deferrals.boundary_not_checked.append(candidate)
        elif outcome.decisions:
            context.apply(facts, outcome.candidate, outcome.decisions)
        if outcome.other_bearer:
            bearers.add(facts, outcome)
    return deferrals, has_single_word_name


def _decide_first_pass(
    facts: ArticleFacts,
    candidate: Candidate,
    context: MatchContext,
    can_have_title: bool,
    must_check_boundary: bool,
) -> _Outcome:
    """Return the result of the first pass for one short name: decisions, or the reason why the second pass decides."""
    if must_check_boundary and (outcome := decide_boundary(facts, candidate, context)) is not None:
        return outcome
    before = (
        parse_title_before(facts.article_text, candidate.start)
        if can_have_title
        else empty_preceding_title(candidate.start)
    )
    after = find_title_after(facts.article_text.cased, candidate.end)
    if before.start == candidate.start and not after.positions:
        return _Outcome(candidate, _NO_TITLE if must_check_boundary else _BOUNDARY_NOT_CHECKED)
    if not must_check_boundary and (outcome := decide_boundary(facts, candidate, context)) is not None:
        return outcome
    return _Outcome(candidate, decide_titled_name(facts, candidate, before, after, context))


def decide_boundary(facts: ArticleFacts, candidate: Candidate, context: MatchContext) -> _Outcome | None:
    """Return the result for a short name that is part of a longer name, or None if the short name is complete.

    If the longer name is the full name of an official, the result has the decision on the full name.
    """
    boundary = find_boundary(facts, candidate)
    if boundary.has_initial_before or boundary.has_name_before:
        extended = decide_extended_name(facts, candidate, boundary, context)
        if extended is not None:
            return _Outcome(extended[0], (extended[1],))
    if boundary.is_standalone:
        return None
    rejections = (_reject_for_mentioned(context, candidate, boundary.rejection),) if boundary.rejection else ()
    return _Outcome(candidate, rejections, boundary.other_bearer)


def _reject_for_mentioned(context: MatchContext, candidate: Candidate, reason: str) -> Rejected:
    """Return the decision that a name means none of the officials with this name who are mentioned in the article.

    For officials with this name who are not mentioned, nothing is recorded.
    """
    return Rejected(tuple(context.mentioned(candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS])), reason)


def _select_deferred(
    facts: ArticleFacts,
    deferrals: _Deferrals,
    context: MatchContext,
    bearers: _FoundBearers,
    *,
    has_single_word_name: bool,
) -> list[Candidate]:
    """Return the short names without a title that are not part of a longer name, in the order of the text.

    A longer name may mean another person. For the short names in ``boundary_not_checked``, the first pass has not
    searched for a longer name. This is done here, but only for names of mentioned officials, or for all of them if the
    article has a full name of one word. The short names in ``not_mentioned`` are examined by the caller.
    """
    if not deferrals.boundary_not_checked:
        return list(deferrals.no_title)
    relevant = {
        facts.folded_text(candidate)
        for group in deferrals
        for candidate in group
        if context.is_any_mentioned(candidate.official_indexes)
    }
    selected: list[Candidate] = []
    for candidate in deferrals.boundary_not_checked:
        if has_single_word_name or facts.folded_text(candidate) in relevant:
            boundary = find_boundary(facts, candidate)
            bearers.add(facts, _Outcome(candidate, (), boundary.other_bearer))
            if boundary.is_standalone:
                selected.append(candidate)
    if not selected:
        return list(deferrals.no_title)
    return sorted((*deferrals.no_title, *selected))


def _can_have_apposition_or_initial(cased: str, candidate: Candidate) -> bool:
    """Return whether the characters next to a name allow a title after it, or an initial or nickname before it.

    This is a quick test. Slower tests follow only if the result is True.
    """
    start, end = candidate.start, candidate.end
    return (
        cased[end : end + 1] in {",", "("}
        or cased[end : end + 2] == " ("
        or cased[start - 2 : start - 1] in {".", '"', "'", ")"}
        or (cased[start - 2 : start - 1].isupper() and not cased[start - 3 : start - 2].isalnum())
    )


def decide_titled_name(
    facts: ArticleFacts, candidate: Candidate, before: PrecedingTitle, after: Title, context: MatchContext
) -> tuple[Decision, ...]:
    """Decide which official a short name with a title before or after it means, and return the decisions."""
    compared = _limit_officials(context, candidate.official_indexes)
    officials = find_agreeing_officials(facts, candidate, compared)
    if not officials:
        return (_reject_for_mentioned(context, candidate, "the diacritics differ from the configured name"),)
    evidence = [_collect_title_evidence(facts, candidate, one, before, after, context) for one in officials]
    fitting = _select_strongest(context, [one for one in evidence if _is_sufficient(facts, candidate, one, context)])
    if len(fitting) == 1:
        form = MatchForm.WITH_TITLE if before.start < candidate.start else MatchForm.SHORT
        return (Accepted(fitting[0].official_index, form, TITLED_NAME_CONFIDENCE, _title_of(fitting[0]).reason),)
    if fitting:
        ambiguous = tuple(one.official_index for one in fitting)
        return (Rejected(ambiguous, _explain_ambiguity(facts, ambiguous)),)
    strongest = sorted(map(_title_of, evidence), key=lambda score: -score.strength)
    return tuple(Rejected((score.official_index,), score.reason) for score in strongest[:_MAX_REJECTED_OFFICIALS])


def _limit_officials(context: MatchContext, official_indexes: tuple[int, ...]) -> Sequence[int]:
    """Return the officials that are compared with a short name.

    If too many officials have the name, only the ones that the article mentions are returned.
    """
    if len(official_indexes) <= MAX_CANDIDATE_OFFICIALS:
        return official_indexes
    return context.mentioned(official_indexes)[:MAX_CANDIDATE_OFFICIALS]


def _collect_title_evidence(
    facts: ArticleFacts,
    candidate: Candidate,
    official_index: int,
    before: PrecedingTitle,
    after: Title,
    context: MatchContext,
) -> Evidence:
    """Examine the titles next to a short name, and return the evidence for or against one official.

    Country and position are examined only if the title alone is not decisive.
    """
    is_mentioned = official_index in context.first_accepted_at
    prepared = facts.name_index.prepared_official(official_index)
    score = score_title(facts, prepared, before, after, is_mentioned=is_mentioned)
    strength = score.strength
    if is_mentioned or strength is EvidenceStrength.CONTRADICTED or strength >= EvidenceStrength.LIKELY:
        return Evidence(official_index, title=score)
    country_fit = _is_country_mentioned(facts, official_index)
    needs_position = country_fit and strength is EvidenceStrength.RANKED
    position_fit = _has_position_nearby(facts, candidate, official_index) if needs_position else None
    return Evidence(official_index, title=score, country_fit=country_fit, position_fit=position_fit)


def _select_strongest(context: MatchContext, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence for the officials that the titles fit best.

    If the titles fit several officials equally well and only one of them is mentioned, only the evidence for this
    official is returned.
    """
    best = max((_title_of(one).strength for one in evidence), default=EvidenceStrength.CONTRADICTED)
    equal = [one for one in evidence if _title_of(one).strength is best]
    mentioned = [one for one in equal if one.official_index in context.first_accepted_at]
    return mentioned if len(mentioned) == 1 else equal


def _explain_ambiguity(facts: ArticleFacts, official_indexes: Sequence[int]) -> str:
    names = (facts.name_index.officials[official].name for official in official_indexes[:_MAX_NAMES_IN_REASON])
    return f"may be any of {', '.join(names)}"


def _is_sufficient(facts: ArticleFacts, candidate: Candidate, evidence: Evidence, context: MatchContext) -> bool:
    """Return whether the evidence from titles is sufficient to accept a short name for one official.

    These titles are sufficient, unless they contradict the official:

    - every title, if the official is already mentioned in the article;
    - a title that fits a role of the official;
    - for a full name of one word: a form of address, or any title if the article mentions the official's country;
    - a rank, if the article mentions the country and the sentence contains a position of the official;
    - for a rare name: a form of address, if the article mentions the country, unless the name is a first name that the
      press does not use alone.
    """
    official, strength = evidence.official_index, _title_of(evidence).strength
    if strength is EvidenceStrength.CONTRADICTED:
        return False
    if official in context.first_accepted_at or strength >= EvidenceStrength.LIKELY:
        return True
    if _is_single_word_name(facts, candidate, official):
        return bool(evidence.country_fit) or strength >= EvidenceStrength.ADDRESSED
    if evidence.position_fit:
        return True
    is_rare = len(facts.folded_text(candidate)) >= _MIN_DISTINCTIVE_LETTERS
    if not (evidence.country_fit and strength >= EvidenceStrength.ADDRESSED and is_rare):
        return False
    return not _is_insufficient_first_name(facts, candidate, official)


def _is_insufficient_first_name(facts: ArticleFacts, candidate: Candidate, official_index: int) -> bool:
    """Return whether a short name is a first name that the press does not use alone for the official.

    Such a first name is not accepted with a weak title, even if it is long enough to count as rare.
    """
    words = tuple(facts.folded_text(candidate).split())
    forms = [
        form
        for name_parts in facts.name_index.prepared_official(official_index).latin_name_parts
        for form in name_parts.short_forms
        if form.words == words
    ]
    return bool(forms) and all(form.label == "first name" and not form.sufficient for form in forms)


def _is_single_word_name(facts: ArticleFacts, candidate: Candidate, official_index: int) -> bool:
    """Return whether a name in the text is a full name or alias of an official that consists of one word."""
    return facts.folded_text(candidate) in facts.name_index.prepared_official(official_index).single_word_names


def _is_country_mentioned(facts: ArticleFacts, official_index: int, *, must_be_explicit: bool = False) -> bool:
    """Return whether the article mentions the official's country.

    An article in the language of the country counts as mentioning it, unless ``must_be_explicit`` is true.
    """
    country = facts.name_index.prepared_official(official_index).country
    count = facts.country_counts.get(country, 0) if country else 0
    return count > (must_be_explicit and find_home_country(facts.language) == country)


def _has_position_nearby(facts: ArticleFacts, candidate: Candidate, official_index: int) -> bool:
    """Return whether the sentence that contains a name also contains a position of the official.

    The position may be next to another person in the sentence.
    """
    roles = facts.name_index.prepared_official(official_index).official.roles
    cased = facts.article_text.cased
    low, high = find_sentence(cased, candidate.start, candidate.end, _SENTENCE_CHARS)
    fits = (
        rate_role_fit(position, role, facts.article_date)
        for position in find_positions(cased[low:high])
        for role in roles
    )
    return max(fits, default=RoleFit.NO_MATCH) >= RoleFit.UNDATED


def decide_bare_name(facts: ArticleFacts, candidate: Candidate, context: MatchContext) -> tuple[Decision, ...]:
    """Decide which official a short name without a title means, and return the decisions.

    The name is a mention of an official who is mentioned elsewhere in the article, unless another person may be meant.
    A full name of one word is also a mention if the article names the official's country.
    """
    officials = context.mentioned(candidate.official_indexes)[:MAX_CANDIDATE_OFFICIALS] or [
        official
        for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
        if _is_single_word_name(facts, candidate, official)
        and _is_country_mentioned(facts, official, must_be_explicit=True)
    ]
    if not officials:
        return ()
    agreeing = find_agreeing_officials(facts, candidate, officials)
    if not agreeing:
        return (Rejected(tuple(officials), "the diacritics differ from the configured name"),)
    if rejection := _explain_ordinary_word(facts, candidate, agreeing):
        return (Rejected(agreeing, rejection),)
    if len(agreeing) > 1:
        return (Rejected(agreeing, _explain_ambiguity(facts, agreeing)),)
    (official,) = agreeing
    if other := _find_nearer_bearer(facts, candidate, official, context):
        return (Rejected(agreeing, f"may be {other}, named closer to it"),)
    name = facts.name_index.officials[official].name
    reason = f"short name; {name} is named in the text"
    return (Accepted(official, MatchForm.SHORT, BARE_NAME_CONFIDENCE, reason),)


def _find_nearer_bearer(facts: ArticleFacts, candidate: Candidate, official_index: int, context: MatchContext) -> str:
    """Return the full name of a person with the same short name who is named closer to a short name than the official.

    If the official is mentioned before the short name, only people who are named between the last such mention and the
    short name are considered; the result is the last of them. Otherwise it is the last such person in the whole text.
    If there is none, the result is an empty string.
    """
    others = context.other_bearers.get(facts.folded_text(candidate))
    if not others:
        return ""
    last = context.last_accepted_before(official_index, candidate.start)
    if last < 0:
        return others[-1].name
    at = bisect_left(others, candidate.start, key=attrgetter("start"))
    return others[at - 1].name if at and last < others[at - 1].start else ""


def _explain_ordinary_word(facts: ArticleFacts, candidate: Candidate, official_indexes: Sequence[int]) -> str:
    """Return the reason why a short name without a title may be an ordinary word or a place.

    The result is an empty string if it can only be a name.
    """
    around, text = facts.surrounding_text, facts.folded_text(candidate)
    prepared = [facts.name_index.prepared_official(official) for official in official_indexes[:MAX_CANDIDATE_OFFICIALS]]
    words = tuple(text.split())
    forms = [form for official in prepared for form in official.name_parts.short_forms if form.words == words]
    is_single = any(text in official.single_word_names for official in prepared)
    if forms and not is_single and not any(form.sufficient for form in forms):
        return "this part of the name needs a title"
    if facts.language.startswith("vi") and syllable_pattern().match(text):
        return "a single syllable without a title in a Vietnamese text"
    if text in word_lists().place_names and "-" not in facts.cased_text(candidate):
        return "also the name of a place"
    if not is_ordinary_word(text):
        return ""
    if is_single and not forms:
        return "an ordinary word, which needs a title"
    is_opening = (
        around.is_sentence_start(candidate.start)
        and around.word_after(candidate.end) not in word_lists().after_name
        and not _AGE_APPOSITION.match(facts.article_text.cased, candidate.end)
    )
    return (
        "an ordinary word at the start of a sentence or in a headline"
        if is_opening or around.is_headline(candidate.start)
        else ""
    )


def _title_of(evidence: Evidence) -> TitleScore:
    """Return the score of the titles next to a name, from the evidence for one official.

    Raises ``ValueError`` if the titles were not examined.
    """
    if evidence.title is None:
        raise ValueError("titles were not examined for this candidate; collect title evidence first")
    return evidence.title
