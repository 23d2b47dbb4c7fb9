"""Input and state of the decisions: facts about one article, and a frozen record of earlier decisions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from monitor.domain.mention import MatchForm
from monitor.match.article_text import NormalizedArticle, SurroundingText
from monitor.match.names.index import NameIndex
from monitor.match.types import Accepted, Candidate, Decision, Rejected, Span
from monitor.match.vocabulary import find_home_country
from monitor.text.fold import fold_words

MAX_NEAR_MISSES = 50
"""Near misses kept for one article: more would fill the database with a text that repeats one name."""
_MAX_OFFICIALS_PER_NEAR_MISS = 5
"""Officials named by one near miss: with more, the near miss helps nobody to correct the watchlist."""


@dataclass(frozen=True)
class ArticleFacts:
    """Facts about one article that no decision changes."""

    name_index: NameIndex
    article_text: NormalizedArticle
    surrounding_text: SurroundingText
    article_date: date | None
    language: str
    countries: tuple[str, ...]

    @cached_property
    def country_counts(self) -> Mapping[str, int]:
        """The number of mentions of each country; the home country of the language counts once more."""
        counts = Counter(self.countries)
        if home := find_home_country(self.language):
            counts[home] += 1
        return counts

    def folded_text(self, candidate: Candidate) -> str:
        """Return the words of a candidate in small letters, with single spaces and without hyphens."""
        return self.article_text.spaced[candidate.start + 1 : candidate.end + 1]

    def cased_text(self, candidate: Candidate) -> str:
        """Return the text of a candidate without diacritics, with its capital letters."""
        return self.article_text.cased[candidate.start : candidate.end]

    def find_exclude_phrase(self, official_index: int, candidate: Candidate) -> str:
        """Return the exclude phrase of an official that covers the candidate, or an empty string."""
        for phrase in self.name_index.officials[official_index].exclude_phrases:
            needle = " ".join(fold_words(phrase))
            reach = len(needle) + 1
            low = max(0, candidate.start - reach)
            at = self.article_text.spaced.find(f" {needle} ", low, candidate.end + 2 + reach)
            if needle and at >= 0 and at < candidate.end and candidate.start < at + len(needle):
                return phrase
        return ""


class AcceptedCandidate(NamedTuple):
    """A mention of an official, at offsets of the folded text."""

    official_index: int
    start: int
    end: int
    form: MatchForm
    confidence: float
    reason: str


class RejectedCandidate(NamedTuple):
    """A near miss for an official, at offsets of the folded text."""

    official_index: int
    start: int
    end: int
    reason: str


class OtherBearer(NamedTuple):
    """A person who is not watched and whose name contains a watched short name."""

    start: int
    name: str


class AcceptedChain(NamedTuple):
    """The accepted candidates, the last one first: adding one copies nothing."""

    last: AcceptedCandidate
    earlier: "AcceptedChain | None"


class MatchContext(NamedTuple):
    """Results of earlier decisions on an article; each step returns a changed copy.

    ``claimed_spans`` are the places of full names, accepted or rejected, in the order of their discovery.
    ``first_accepted_at`` maps each mentioned official to the offset of the first accepted candidate. ``namesakes`` are
    officials whose full name belongs to another person in this article. ``other_bearers`` are, for each folded short
    name, the other people with that name.
    """

    accepted: AcceptedChain | None = None
    rejected: tuple[RejectedCandidate, ...] = ()
    claimed_spans: tuple[Span, ...] = ()
    first_accepted_at: Mapping[int, int] = MappingProxyType({})
    namesakes: frozenset[int] = frozenset()
    other_bearers: Mapping[str, tuple[OtherBearer, ...]] = MappingProxyType({})

    def apply(self, facts: ArticleFacts, candidate: Candidate, decisions: Iterable[Decision]) -> "MatchContext":
        """Return the context after decisions on one candidate.

        A mention inside an exclude phrase of the official becomes a near miss.
        """
        context = self
        for decision in decisions:
            if isinstance(decision, Accepted):
                phrase = facts.find_exclude_phrase(decision.official_index, candidate)
                if phrase:
                    rejected = Rejected((decision.official_index,), f"cancelled by the phrase {phrase!r}")
                    context = context.reject(candidate, rejected)
                else:
                    context = context.accept(candidate, decision)
            elif isinstance(decision, Rejected):
                context = context.reject(candidate, decision)
        return context

    def accept(self, candidate: Candidate, decision: Accepted) -> "MatchContext":
        """Return the context with one more mention."""
        index = decision.official_index
        mention = AcceptedCandidate(
            index, candidate.start, candidate.end, decision.form, decision.confidence, decision.reason
        )
        first = self.first_accepted_at
        return MatchContext(
            AcceptedChain(mention, self.accepted),
            self.rejected,
            self.claimed_spans,
            first if index in first else {**first, index: candidate.start},
            self.namesakes,
            self.other_bearers,
        )

    def reject(self, candidate: Candidate, decision: Rejected) -> "MatchContext":
        """Return the context with the near misses of a rejection, up to the maximum, and its namesakes."""
        if decision.namesakes:
            return self._replace(namesakes=self.namesakes.union(decision.namesakes)).reject(
                candidate, decision._replace(namesakes=())
            )
        if len(self.rejected) >= MAX_NEAR_MISSES or not decision.official_indexes:
            return self
        start, end, reason = candidate.start, candidate.end, decision.reason
        near_misses = [
            RejectedCandidate(index, start, end, reason)
            for index in decision.official_indexes[:_MAX_OFFICIALS_PER_NEAR_MISS]
        ]
        return MatchContext(
            self.accepted,
            (*self.rejected, *near_misses)[:MAX_NEAR_MISSES],
            self.claimed_spans,
            self.first_accepted_at,
            self.namesakes,
            self.other_bearers,
        )

    def claim(self, spans: Iterable[Span]) -> "MatchContext":
        """Return the context with more places of full names."""
        return self._replace(claimed_spans=(*self.claimed_spans, *spans))

    def newest_first(self) -> Iterator[AcceptedCandidate]:
        """Yield the accepted candidates, the last accepted first."""
        chain = self.accepted
        while chain is not None:
            yield chain.last
            chain = chain.earlier

    def accepted_candidates(self) -> list[AcceptedCandidate]:
        """Return the accepted candidates in the order of their acceptance."""
        return list(self.newest_first())[::-1]

    def mentioned(self, official_indexes: Iterable[int]) -> tuple[int, ...]:
        """Return the given officials that are mentioned in the article so far."""
        return tuple(index for index in official_indexes if index in self.first_accepted_at)
