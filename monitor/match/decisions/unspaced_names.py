"""Decisions on family and given names next to a title, in scripts without spaces between words.

The article need not have the full name of the official. The title must fit a role of the official on the date of the
article, and no other official with this name may have such a role. The article must name the official's country, or no
country at all.
"""

import re
from collections.abc import Iterator
from functools import cache

import ahocorasick_rs

from monitor.domain.mention import MatchForm
from monitor.match.context import ArticleFacts, MatchContext
from monitor.match.decisions.evidence import HAN_WORDS_BEFORE_NAME
from monitor.match.titles.positions import RoleFit, Title, parse_title, rate_role_fit
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, Accepted, Candidate, Candidates, Rejected
from monitor.match.vocabulary import names_of_country, unspaced_titles
from monitor.text.tokens import is_unspaced

# Confidences are set by hand and only order the forms from the most to the least certain; no decision reads them.
UNSPACED_TITLED_CONFIDENCE = 0.85
"""Confidence of a name next to a title, in a script without spaces.

It equals the confidence of a family name before a position. The article need not have the full name, but position, date
and country must fit exactly one official.
"""
_MAX_PART_CHARS = 4
_FIRST_CJK_CHARACTER = "\u2e80"
_GIVEN_NAME_IN_KANA = re.compile("[\u3041-\u3096]{2,5}\\Z")
"""A Japanese given name that newspapers print in hiragana, at the end of the text before a title."""
_MAX_KANA_CHARS = 6


@cache
def _title_automaton() -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(unspaced_titles(), matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


def decide_unspaced_titled_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide which official is meant by each family or given name next to a title, and record the decisions.

    Chinese, Japanese and Korean names are family names before the title. Names in scripts of South-East Asia, such as
    Thai and Lao, are given names before or after the title.
    """
    text = facts.article_text.folded.text
    if text.isascii() or not (facts.name_index.unspaced_family_names or candidates.native_short_names):
        return
    titles = _title_automaton().find_matches_as_indexes(text)
    if not titles:
        return
    starts = {one.start for one in context.accepted}
    given_names = _GivenNames(facts, candidates)
    for number, start, end in titles:
        title = parse_title((unspaced_titles()[number],))
        for place in (*_list_family_names(facts, start), *given_names.next_to(start, end)):
            if place.start not in starts:
                _decide_part(facts, context, place, title)


class _GivenNames:
    """Given names of officials that occur in one text, in scripts of South-East Asia.

    They can be looked up by their start or end offset.
    """

    def __init__(self, facts: ArticleFacts, candidates: Candidates) -> None:
        self._text = facts.article_text.folded.text
        self._by_start: dict[int, Candidate] = {}
        self._by_end: dict[int, Candidate] = {}
        for pattern, first, last in candidates.native_short_names:
            place = Candidate(first - 1, last - 1, facts.name_index.short_name_officials(pattern))
            if facts.article_text.spaced[first] != " " and self._text[place.start] < _FIRST_CJK_CHARACTER:
                self._by_start[place.start] = self._by_end[place.end] = place

    def next_to(self, start: int, end: int) -> Iterator[Candidate]:
        """Yield the given names directly before and after a title. One space may separate name and title."""
        before = start - 1 if self._text[start - 1 : start] == " " else start
        after = end + 1 if self._text[end : end + 1] == " " else end
        yield from filter(None, (self._by_end.get(before), self._by_start.get(after)))


def _list_family_names(facts: ArticleFacts, start: int) -> Iterator[Candidate]:
    """Yield the longest family name in Chinese, Japanese or Korean characters directly before a title.

    A given name in hiragana may be between the family name and the title. Nothing is yielded if there is no family
    name.
    """
    index, text = facts.name_index, facts.article_text.folded.text
    edge = end = start - 1 if text[start - 1 : start] == " " else start
    if (kana := _GIVEN_NAME_IN_KANA.search(text, max(0, start - _MAX_KANA_CHARS), end)) is not None:
        edge = kana.start()
    for size in range(min(_MAX_PART_CHARS, edge), 0, -1):
        officials = index.unspaced_family_names.get(text[edge - size : edge])
        if officials and _has_left_border(text, edge - size):
            yield Candidate(edge - size, end, officials)
            return


def _has_left_border(text: str, start: int) -> bool:
    """Return whether the character before an offset allows that a name starts there.

    The name is in a script without spaces between words. It can start at the beginning of the text, after a character
    of another kind of script, after a punctuation mark or a hiragana letter, and after a character that is common
    before names.
    """
    before = text[start - 1 : start]
    return not before or not is_unspaced(before) or before in HAN_WORDS_BEFORE_NAME or "\u3040" <= before <= "\u309f"


def _decide_part(facts: ArticleFacts, context: MatchContext, place: Candidate, title: Title) -> None:
    """Decide which official a family or given name next to a title means, and record the decision.

    Nothing is recorded if one of the officials with this name is already mentioned.
    """
    officials = place.official_indexes[:MAX_CANDIDATE_OFFICIALS]
    if context.mentioned(sorted(officials)):
        return
    fitting = [official for official in officials if _fits(facts, official, title)]
    if len(fitting) == 1:
        reason = "a part of the name next to a position that fits the role and the country"
        accepted = Accepted(fitting[0], MatchForm.WITH_TITLE, UNSPACED_TITLED_CONFIDENCE, reason)
        context.apply(facts, place._replace(official_indexes=(fitting[0],)), (accepted,))
    elif fitting:
        context.apply(facts, place, (Rejected(tuple(fitting), "the position fits several officials"),))


def _fits(facts: ArticleFacts, official_index: int, title: Title) -> bool:
    """Return whether the official holds the position that the title states, and the country of the article fits.

    The country fits if the article names the official's country, or no country. It also fits if no country is
    configured for the official.
    """
    prepared = facts.name_index.prepared_official(official_index)
    positions = [position for position in title.positions if not position.is_vague]
    fits = (
        rate_role_fit(position, role, facts.article_date) for position in positions for role in prepared.official.roles
    )
    if max(fits, default=RoleFit.NO_MATCH) < RoleFit.UNDATED:
        return False
    country = prepared.country
    if not country or country in facts.country_counts or not facts.country_counts:
        return True
    return any(name in facts.article_text.folded.text for name in names_of_country(country))
