"""Data for deciding which officials an article names: facts about the article, and the decisions so far."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from monitor.domain.mention import MatchForm
from monitor.match.article_text import NormalizedArticle, SurroundingText
from monitor.match.exclude_phrases import PhraseSearch
from monitor.match.names.index import NameIndex
from monitor.match.types import Accepted, Candidate, Decision, Rejected, Span
from monitor.match.verdicts import CONFIRMED_CONFIDENCE, ArticleVerdicts
from monitor.match.vocabulary import find_home_country

MAX_NEAR_MISSES = 50
"""Maximum number of near misses (rejected names that are shown to the user) that are kept for one article.

Without a limit, a text that repeats one name could fill the database.
"""
_MAX_OFFICIALS_PER_NEAR_MISS = 5
"""Maximum number of officials that are kept with one rejected name. A longer list does not help users."""
_MANY_OFFICIALS = 200
"""If at least this many officials share a name, the ones who are mentioned in the article are cached.

If fewer officials share it, each of them is looked up every time.
"""
_MAX_STEPS_BACK = 64
"""Maximum number of later offsets in a sorted list before which a new offset is inserted.

If the list has more later offsets, the new offset starts another list. There are few lists, because the mentions of an
article are found nearly in the order of the text.
"""


@dataclass(frozen=True)
class ArticleFacts:
    """Facts about one article that are known before the first decision on a name and do not change."""

    name_index: NameIndex
    article_text: NormalizedArticle
    surrounding_text: SurroundingText
    article_date: date | None
    language: str
    countries: tuple[str, ...]

    @cached_property
    def country_counts(self) -> Mapping[str, int]:
        """Maps the key of each country to the number of words in the text that refer to it.

        A title without a country, such as "the Finance Minister", means the home country of the article's language. One
        is added for this country.
        """
        counts = Counter(self.countries)
        if home := find_home_country(self.language):
            counts[home] += 1
        return counts

    def folded_text(self, candidate: Candidate) -> str:
        """Return a possible name as the text prints it, but in lower case, without diacritics, and without hyphens."""
        return self.article_text.spaced[candidate.start + 1 : candidate.end + 1]

    def cased_text(self, candidate: Candidate) -> str:
        """Return a possible name as the text prints it, with its capital letters but without diacritics."""
        return self.article_text.cased[candidate.start : candidate.end]

    def find_exclude_phrase(self, official_index: int, candidate: Candidate) -> str:
        """Return the exclude phrase that cancels a possible mention of an official, or an empty string.

        Exclude phrases are configured for the official.
        """
        official = self.name_index.officials[official_index]
        return self._phrase_search.find(official, candidate.start, candidate.end) if official.exclude_phrases else ""

    @cached_property
    def _phrase_search(self) -> PhraseSearch:
        return PhraseSearch(self.article_text.folded.text, self.article_text.cased)


class AcceptedCandidate(NamedTuple):
    """Name in the text that was accepted as a mention of an official. The offsets refer to the normalized text."""

    official_index: int
    start: int
    end: int
    form: MatchForm
    confidence: float
    reason: str


class RejectedCandidate(NamedTuple):
    """Name in the text that was rejected as a mention of an official. The offsets refer to the normalized text."""

    official_index: int
    start: int
    end: int
    reason: str


class OtherBearer(NamedTuple):
    """Person who is not watched, but has the same family or first name as an official.

    ``name`` is the full name of this person, and ``start`` is the offset of the shared family or first name in the
    text.
    """

    start: int
    name: str


class _OrderedOffsets:
    """Offsets of the mentions of one official, in sorted lists to find the last mention before an offset quickly.

    Several steps of the matching add offsets. Each step adds them nearly in the order of the text, so there are few
    lists.
    """

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: list[list[int]] = [[]]

    def add(self, offset: int) -> None:
        """Add an offset.

        An offset that is far before the latest one starts a new list, because an insertion into a long list is slow.
        """
        run = self._runs[-1]
        if not run or offset >= run[-1]:
            run.append(offset)
        elif offset >= run[-_MAX_STEPS_BACK:][0]:
            insort(run, offset)
        else:
            self._runs.append([offset])

    def last_before(self, offset: int) -> int:
        """Return the greatest offset that is less than ``offset``, or -1 if all offsets are greater."""
        return max((run[at - 1] for run in self._runs if (at := bisect_left(run, offset))), default=-1)


class _MentionedAmong:
    """Cache for a name that many officials share: which of them are mentioned in the article.

    - ``official_indexes`` are the officials with this name.
    - ``found`` are the ones that are mentioned, as far as is known.
    - ``seen_count`` is how many mentioned officials, of any name, have already been looked up in ``official_indexes``.
    """

    __slots__ = ("found", "official_indexes", "seen_count")

    def __init__(self, official_indexes: Sequence[int]) -> None:
        self.official_indexes, self.seen_count = official_indexes, 0
        self.found: list[int] = []


@dataclass(slots=True)
class MatchContext:
    """Record of all decisions on the names in one article. Each step adds entries, and never changes earlier ones.

    - ``verdicts`` are statements of readers on names in this article. They apply before every decision, so that no
      decision is based on a mention that a reader rejected.
    - ``claimed_spans`` are the spans of full names, accepted or rejected, in the order of their discovery.
    - ``first_accepted_at`` maps each mentioned official to the offset of the name that was accepted first. It is in the
      order of acceptance.
    - ``namesakes`` are officials whose full name belongs to another person in this article.
    - ``other_bearers`` maps each normalized short name to the other people with this name, in the order of the text.

    The record is mutable, because a copy for each decision would make the time grow with the square of the text's
    length.
    """

    verdicts: ArticleVerdicts | None = None
    accepted: list[AcceptedCandidate] = field(default_factory=list)
    rejected: list[RejectedCandidate] = field(default_factory=list)
    claimed_spans: list[Span] = field(default_factory=list)
    first_accepted_at: dict[int, int] = field(default_factory=dict)
    namesakes: set[int] = field(default_factory=set)
    other_bearers: Mapping[str, Sequence[OtherBearer]] = field(default_factory=dict)
    _mentioned_officials: list[int] = field(default_factory=list)
    _offsets: defaultdict[int, _OrderedOffsets] = field(default_factory=lambda: defaultdict(_OrderedOffsets))
    _mentioned_among: dict[int, _MentionedAmong] = field(default_factory=dict)

    def apply_confirmed_places(self) -> None:
        """Record the names that readers have confirmed as mentions.

        This method must be called before any other decision is recorded.
        """
        for index, start, end, verdict in self.verdicts.confirmed_places if self.verdicts else ():
            decision = Accepted(index, MatchForm.CONFIRMED, CONFIRMED_CONFIDENCE, verdict.explain())
            self._accept(Candidate(start, end, (index,)), decision)
            self.claimed_spans.append((start, end))

    def apply(self, facts: ArticleFacts, candidate: Candidate, decisions: Iterable[Decision]) -> None:
        """Record the decisions on one possible name.

        If a reader has stated that the name means the official, or does not, this has priority over a decision. If a
        configured phrase (exclude phrase) cancels mentions of the official here, an accepted name is recorded as
        rejected.
        """
        if self.verdicts is not None:
            decisions = self._overrule(candidate, decisions)
        for decision in decisions:
            if isinstance(decision, Accepted):
                phrase = facts.find_exclude_phrase(decision.official_index, candidate)
                if phrase:
                    self._reject(candidate, Rejected((decision.official_index,), f"cancelled by the phrase {phrase!r}"))
                else:
                    self._accept(candidate, decision)
            elif isinstance(decision, Rejected):
                self._reject(candidate, decision)

    def _overrule(self, candidate: Candidate, decisions: Iterable[Decision]) -> Iterator[Decision]:
        """Yield the decisions on a possible name, changed by the verdicts of readers.

        A verdict states that a name means an official (it confirms the name), or does not (it rejects the name). An
        accepted name becomes rejected if a verdict rejects it. For a name that a verdict confirms, nothing is yielded,
        because the name is already recorded as a mention.
        """
        verdicts = self.verdicts
        for decision in decisions:
            if verdicts is None:
                yield decision
            elif isinstance(decision, Accepted):
                index = decision.official_index
                rejection = verdicts.find_rejection(index, candidate.start, candidate.end)
                if rejection is not None:
                    yield Rejected((index,), rejection.explain())
                elif not verdicts.is_confirmed(index, candidate.start, candidate.end):
                    yield decision
            elif isinstance(decision, Rejected):
                kept, namesakes = (
                    tuple(one for one in indexes if not verdicts.is_confirmed(one, candidate.start, candidate.end))
                    for indexes in (decision.official_indexes, decision.namesakes)
                )
                yield decision._replace(official_indexes=kept, namesakes=namesakes)

    def _accept(self, candidate: Candidate, decision: Accepted) -> None:
        index, start, end = decision.official_index, candidate.start, candidate.end
        self.accepted.append(AcceptedCandidate(index, start, end, decision.form, decision.confidence, decision.reason))
        self._offsets[index].add(start)
        if index not in self.first_accepted_at:
            self.first_accepted_at[index] = start
            self._mentioned_officials.append(index)

    def _reject(self, candidate: Candidate, decision: Rejected) -> None:
        """Record a rejected name as a near miss for each official of the decision, and record the namesakes.

        Near misses are rejected names that are shown to the user. At most ``_MAX_OFFICIALS_PER_NEAR_MISS`` near misses
        are kept for one name, and ``MAX_NEAR_MISSES`` for one article. Namesakes are officials whose full name belongs
        to another person in this article.
        """
        self.namesakes.update(decision.namesakes)
        free = min(MAX_NEAR_MISSES - len(self.rejected), _MAX_OFFICIALS_PER_NEAR_MISS)
        self.rejected += [
            RejectedCandidate(index, candidate.start, candidate.end, decision.reason)
            for index in decision.official_indexes[:free]
        ]

    def last_accepted_before(self, official_index: int, offset: int) -> int:
        """Return the offset of the last mention of an official before ``offset``, or -1 if no mention precedes it."""
        return self._offsets[official_index].last_before(offset) if official_index in self._offsets else -1

    def mentioned(self, official_indexes: Sequence[int]) -> Sequence[int]:
        """Return the given officials who are mentioned in the article so far.

        ``official_indexes`` must be in ascending order.
        """
        if len(official_indexes) < _MANY_OFFICIALS:
            return [index for index in official_indexes if index in self.first_accepted_at]
        # The key is the identity of the sequence: to hash its thousands of items for each place would be as slow as to
        # test each.
        among = self._mentioned_among.get(id(official_indexes))
        if among is None:
            among = self._mentioned_among[id(official_indexes)] = _MentionedAmong(official_indexes)
        for index in self._mentioned_officials[among.seen_count :]:
            at = bisect_left(official_indexes, index)
            if at < len(official_indexes) and official_indexes[at] == index:
                insort(among.found, index)
        among.seen_count = len(self._mentioned_officials)
        return among.found

    def is_any_mentioned(self, official_indexes: Sequence[int]) -> bool:
        """Return whether any of the given officials is mentioned in the article so far.

        ``official_indexes`` must be in ascending order.
        """
        if len(official_indexes) < _MANY_OFFICIALS:
            return not self.first_accepted_at.keys().isdisjoint(official_indexes)
        return bool(self.mentioned(official_indexes))
