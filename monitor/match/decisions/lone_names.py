"""Decisions on lone names: a part of an official's name in an article that nowhere contains the full name.

"Novak on the budget" means the watched Novak if the name is rare, other watched people are named, and nobody else in
the article has this name. Each kind of evidence has a weight, which ``bench/fit_weights.py`` computes from labelled
texts. The weights of the evidence for a name and a constant are added. The sum is the logarithm of the odds that the
official is meant.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from monitor.domain.article import Region
from monitor.domain.mention import MatchForm
from monitor.language.load import common_family_names, language_data
from monitor.match.candidates import drop_claimed
from monitor.match.context import ArticleFacts, MatchContext
from monitor.match.decisions.evidence import (
    find_agreeing_officials,
    find_boundary,
    is_cased_family_name,
    stem_occurs_in_lower_case,
)
from monitor.match.names.index import PreparedOfficial
from monitor.match.names.inflection import find_inflection, list_nominatives
from monitor.match.titles.parser import find_positions, find_title_after, find_title_before
from monitor.match.titles.positions import RoleFit, rate_role_fit
from monitor.match.titles.scoring import score_title
from monitor.match.types import Accepted, Candidate, Candidates, EvidenceStrength, Rejected, TitleScore
from monitor.match.vocabulary import (
    country_evidence_words,
    find_home_country,
    is_ordinary_word,
    single_word_titles,
    syllable_pattern,
    word_lists,
)
from monitor.match.word_forms import is_printed_form
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import find_sentence


class LoneNameEvidence(StrEnum):
    """Kinds of evidence that a lone name means an official, or does not. The values are the texts for the user.

    A lone name is a part of an official's name in an article that nowhere contains the full name.
    """

    RARE = "a rare name"
    COMMON = "a name that many people have"
    ONE_OTHER = "another watched person is named"
    MORE_OTHERS = "two or more other watched people are named"
    COUNTRY = "the text names the country"
    HOME = "the language of the country"
    HEADLINE = "in the headline"
    REPEATED = "named several times"
    SENTENCE_START = "only at the start of a sentence"
    POSITION = "a position that many people have"
    FITTING_POSITION = "a fitting position"
    POSITION_NEARBY = "the position is named close to it"
    FIRST_NAME = "a first name"
    SHORT = "a short name"


# Fitted by bench/fit_weights.py on 102 names in 1,500 news texts in Polish, Russian and Croatian, of which every second
# was held out: names with a sum from THRESHOLD on are right in 0.94 of the fitted and 1.00 of the held-out names.
INTERCEPT = 1.9
WEIGHTS: Mapping[LoneNameEvidence, float] = {
    LoneNameEvidence.RARE: 0.2,
    LoneNameEvidence.COMMON: -0.2,
    LoneNameEvidence.ONE_OTHER: -0.1,
    LoneNameEvidence.MORE_OTHERS: 0.4,
    LoneNameEvidence.HEADLINE: 0.3,
    LoneNameEvidence.REPEATED: 0.6,
    LoneNameEvidence.SENTENCE_START: -1.1,
    LoneNameEvidence.POSITION: 0.3,
    LoneNameEvidence.SHORT: 0.1,
}
"""Weight of each kind of evidence that a part of a name means an official; a negative weight is evidence against it.

A kind without a weight did not occur in the texts from which the weights were computed, or had no effect there.
"""
THRESHOLD = 1.1
"""A name is accepted only if ``INTERCEPT`` plus the sum of the weights of its evidence is at least this number."""

LONE_NAME_CONFIDENCE = 0.7
"""Confidence of a lone name: a part of an official's name in an article that nowhere contains the full name.

It is lower than the confidence of every other mention by name.
"""
_MAX_LONE_NAMES = 300
"""Maximum number of name parts that are examined in one article, to limit the cost of a long text."""
_MIN_LETTERS = 3
_SHORT_NAME_LETTERS = 3
"""Maximum number of letters of a name part that counts as short.

The inflected forms of a short part often look like ordinary words. At the start of a sentence, the part itself often
looks like one, too.
"""
_SENTENCE_CHARS = 300
_MANY_OTHERS = 2


class LoneName(Struct, frozen=True):
    """A part of an official's name in an article that nowhere contains the full name, with the evidence for it.

    ``places`` are the positions in the text at which the part can mean the official. ``evidence`` has the kinds of
    evidence for and against this meaning at all these positions.
    """

    official_index: int
    places: tuple[Candidate, ...]
    evidence: frozenset[LoneNameEvidence]

    @property
    def is_supported(self) -> bool:
        """True if the article gives a reason to expect the official, such as a position or other watched people.

        A lone name without such a reason is not accepted, even if its ``weight`` is high enough.
        """
        kinds, evidence = LoneNameEvidence, self.evidence
        return bool(
            evidence & {kinds.MORE_OTHERS, kinds.FITTING_POSITION, kinds.POSITION_NEARBY}
            or (kinds.HEADLINE in evidence and evidence & {kinds.COUNTRY, kinds.HOME})
            or {kinds.ONE_OTHER, kinds.RARE} <= evidence
        )

    @property
    def weight(self) -> float:
        """The logarithm of the odds that the official is meant: ``INTERCEPT`` plus the weights of the evidence."""
        return INTERCEPT + sum(WEIGHTS.get(kind, 0.0) for kind in self.evidence)

    def explain(self) -> str:
        """Return the evidence as text for the user, with the weights, the greatest weight first."""
        kinds = sorted(self.evidence, key=lambda kind: (-abs(WEIGHTS.get(kind, 0.0)), kind))
        return ", ".join(f"{kind.value} ({WEIGHTS[kind]:+.1f})" if kind in WEIGHTS else kind.value for kind in kinds)


def decide_lone_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide whether lone names mean officials, and record the decisions.

    A lone name is a part of an official's name in an article that nowhere contains the full name. With sufficient
    evidence it is a mention of the official. Otherwise it is recorded as a near miss (a rejected name).
    """
    for name in list_lone_names(facts, candidates, context):
        if name.is_supported and name.weight >= THRESHOLD:
            reason = f"part of the name alone: {name.explain()}"
            accepted = Accepted(name.official_index, MatchForm.SHORT, LONE_NAME_CONFIDENCE, reason)
            for place in name.places:
                context.apply(facts, place, (accepted,))
        else:
            rejected = Rejected(
                (name.official_index,), f"part of the name alone, too little evidence: {name.explain()}"
            )
            context.apply(facts, name.places[0], (rejected,))


def list_lone_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> list[LoneName]:
    """Return the lone names in an article, with the evidence for and against each.

    A lone name is a part of an official's name, such as the family name, in an article that nowhere contains the full
    name. The result is empty for a text without a headline, because such a text may be a part of an article, and the
    omitted part may name another person. If no official was found in the article yet, only the headline is searched.
    """
    if not facts.article_text.region_range(Region.TITLE)[1]:
        return []
    others = len(context.first_accepted_at)
    places: dict[int, list[Candidate]] = defaultdict(list)
    for place in _list_places(facts, candidates, context):
        (official,) = place.official_indexes
        places[official].append(place)
    names = (_collect_evidence(facts, official, found, others) for official, found in places.items())
    return [name for name in names if name is not None]


def _list_places(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> Iterator[Candidate]:
    """Yield each occurrence in the text of a name part, such as a family name, that belongs to exactly one official.

    Officials who are already mentioned in the article are omitted. If no official is mentioned yet, only the title of
    the article is searched.
    """
    index = facts.name_index
    title_end = facts.article_text.region_range(Region.TITLE)[1]
    is_wanted = len(context.first_accepted_at) > 0
    found: list[Candidate] = []
    for pattern, start, end in (*candidates.short_names, *candidates.native_short_names):
        if not is_wanted and start > title_end:
            continue
        officials = index.short_name_officials(pattern)
        if len(officials) == 1 and officials[0] not in context.first_accepted_at:
            is_padded = facts.article_text.spaced[start] == " "
            found.append(
                Candidate(start, end - 2, officials) if is_padded else Candidate(start - 1, end - 1, officials)
            )
        if len(found) >= _MAX_LONE_NAMES:
            break
    yield from drop_claimed(found, [*context.claimed_spans, *((one.start, one.end) for one in context.accepted)])


def _collect_evidence(
    facts: ArticleFacts, official_index: int, places: Sequence[Candidate], others: int
) -> LoneName | None:
    """Return a lone name with the evidence from its positions in the text (``places``).

    A lone name is a part of an official's name in an article that nowhere contains the full name. ``others`` is the
    number of officials who are mentioned in the article.

    The result is None in these cases, among others:

    - The name is very short, an abbreviation, or also another word.
    - At one of the positions, the name is only a part of a longer name.
    - The name is spelled like the official's name at none of the positions.
    - A title next to the name contradicts the official.
    """
    prepared = facts.name_index.prepared_official(official_index)
    text = facts.folded_text(places[0])
    if len(text) < _MIN_LETTERS or syllable_pattern().match(text) or _is_other_word(facts, text):
        return None
    if not all(_is_complete(facts, place) for place in places) or _is_abbreviation(facts, places[0]):
        return None
    agreeing = [
        place
        for place in places
        if find_agreeing_officials(facts, place, (official_index,)) and _is_printed_form(facts, prepared, place)
    ]
    if not agreeing:
        return None
    scores = [_score_title(facts, prepared, place) for place in agreeing]
    if any(score.strength is EvidenceStrength.CONTRADICTED for score in scores):
        return None
    evidence = {*_list_name_evidence(prepared, text), *_list_article_evidence(facts, prepared, agreeing, others)}
    if LoneNameEvidence.SENTENCE_START in evidence and (
        LoneNameEvidence.SHORT in evidence or stem_occurs_in_lower_case(facts.article_text.cased, text)
    ):
        return None
    best = max(score.strength for score in scores)
    if best >= EvidenceStrength.LIKELY:
        evidence.add(LoneNameEvidence.FITTING_POSITION)
    elif best >= EvidenceStrength.ADDRESSED:
        evidence.add(LoneNameEvidence.POSITION)
    if prepared.official.roles and any(_has_position_nearby(facts, place, prepared) for place in agreeing[:3]):
        evidence.add(LoneNameEvidence.POSITION_NEARBY)
    return LoneName(official_index, tuple(agreeing), frozenset(evidence))


def _is_printed_form(facts: ArticleFacts, prepared: PreparedOfficial, place: Candidate) -> bool:
    """Return whether the name at a position in the text is spelled like the official's name, in any grammatical case.

    The result is False for a word that only sounds like the name.
    """
    names = {word for name in (prepared.official.name, *prepared.official.aliases) for word in fold_words(name)}
    names |= {word for parts in prepared.latin_name_parts for form in parts.short_forms for word in form.words}
    text = facts.folded_text(place)
    if text in names:
        return True
    code = facts.language.partition("-")[0].lower()
    return any(len(name) > _SHORT_NAME_LETTERS and is_printed_form(text, name, code) for name in names)


def _is_other_word(facts: ArticleFacts, text: str) -> bool:
    """Return whether a name is also a place, a title or an ordinary word.

    If the language of the article is known, only the ordinary words of this language count.
    """
    if " " in text or text in word_lists().place_names:
        return True
    inflection = find_inflection(text, facts.language.partition("-")[0].lower())
    words = (text, *(() if inflection is None else list_nominatives(text, inflection)))
    if any(word in single_word_titles() or word in country_evidence_words() for word in words):
        return True
    if text.isascii() and facts.surrounding_text.occurs_in_lower_case(text):
        return True
    if not is_ordinary_word(text):
        return False
    language = language_data().languages.get(facts.language.partition("-")[0].lower())
    if language is None:
        return True
    vocabulary = language.words
    lists = (vocabulary.common, vocabulary.ordinary_names, *language.calendar.months, language.calendar.weekdays)
    return any(fold_key(word) == text for each in lists for word in each)


def _is_complete(facts: ArticleFacts, place: Candidate) -> bool:
    """Return whether the name at a position in the text is complete: no word next to it belongs to the same name."""
    cased = facts.article_text.cased
    if not cased[place.start].isascii():
        return is_cased_family_name(facts, place.start, place.end)
    is_followed = cased[place.end : place.end + 1] == " " and cased[place.end + 1 : place.end + 2].isupper()
    return find_boundary(facts, place).is_standalone and (
        not is_followed or facts.surrounding_text.is_headline(place.start)
    )


def _is_abbreviation(facts: ArticleFacts, place: Candidate) -> bool:
    """Return whether a word is in capitals while the text around it is not. It is then an abbreviation, not a name."""
    text = facts.cased_text(place)
    return text.isupper() and not facts.surrounding_text.is_all_caps(place.start, place.end)


def _list_name_evidence(prepared: PreparedOfficial, text: str) -> Iterator[LoneNameEvidence]:
    forms = {form.words: form.label for parts in prepared.latin_name_parts for form in parts.short_forms}
    if "first" in forms.get((text,), "") or "given" in forms.get((text,), ""):
        yield LoneNameEvidence.FIRST_NAME
    names = {words for parts in prepared.latin_name_parts for form in parts.short_forms for words in form.words}
    is_common = text in common_family_names() or not names.isdisjoint(common_family_names())
    yield LoneNameEvidence.COMMON if is_common else LoneNameEvidence.RARE
    if len(text) <= _SHORT_NAME_LETTERS:
        yield LoneNameEvidence.SHORT


def _list_article_evidence(
    facts: ArticleFacts, prepared: PreparedOfficial, places: Sequence[Candidate], others: int
) -> Iterator[LoneNameEvidence]:
    if others:
        yield LoneNameEvidence.MORE_OTHERS if others >= _MANY_OTHERS else LoneNameEvidence.ONE_OTHER
    if prepared.country:
        if find_home_country(facts.language) == prepared.country:
            yield LoneNameEvidence.HOME
        elif facts.country_counts.get(prepared.country, 0):
            yield LoneNameEvidence.COUNTRY
    if any(facts.article_text.region_at(place.start) is Region.TITLE for place in places):
        yield LoneNameEvidence.HEADLINE
    if len(places) > 1:
        yield LoneNameEvidence.REPEATED
    if all(facts.surrounding_text.is_sentence_start(place.start) for place in places):
        yield LoneNameEvidence.SENTENCE_START


def _score_title(facts: ArticleFacts, prepared: PreparedOfficial, place: Candidate) -> TitleScore:
    before = find_title_before(facts.article_text, place.start)
    after = find_title_after(facts.article_text.cased, place.end)
    return score_title(facts, prepared, before, after, is_mentioned=False)


def _has_position_nearby(facts: ArticleFacts, place: Candidate, prepared: PreparedOfficial) -> bool:
    """Return whether the sentence that contains a name, or the next one, contains a position of the official."""
    cased = facts.article_text.cased
    low, high = find_sentence(cased, place.start, place.end, _SENTENCE_CHARS)
    if high + 1 < len(cased):
        _, high = find_sentence(cased, high + 1, high + 2, _SENTENCE_CHARS)
    fits: Iterable[RoleFit] = (
        rate_role_fit(position, role, facts.article_date)
        for position in find_positions(cased[low:high])
        for role in prepared.official.roles
    )
    return max(fits, default=RoleFit.NO_MATCH) >= RoleFit.UNDATED
