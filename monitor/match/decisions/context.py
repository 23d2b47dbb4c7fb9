"""One look at one page: what is known of it, what was found and refused so far."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from monitor.domain.mention import MatchForm
from monitor.match.article_text import NormalizedArticle, SurroundingText
from monitor.match.names.index import NameIndex, PreparedOfficial
from monitor.match.names.spelling import diacritics_agree, has_vietnamese_diacritics
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, Candidate, Candidates
from monitor.match.vocabulary import find_home_country
from monitor.text.fold import fold_words

MAX_NEAR_MISSES = 50
_ARABIC_ARTICLE = re.compile(r"(?:^|(?<= ))(?:al|el|as|ash|ad|ar|an)-(?=[A-Z])")
_NON_NAME_SIGNS = re.compile(r"[^\w '.-]|\n|\w\w\.| -|- ")


class AcceptedCandidate(NamedTuple):
    """A mention by folded offsets, before it is told where it lies in which region."""

    official_index: int
    start: int
    end: int
    form: MatchForm
    confidence: float
    reason: str


class RejectedCandidate(NamedTuple):
    """A refused candidate by folded offsets."""

    official_index: int
    start: int
    end: int
    reason: str


class MatchContext:
    """One look for all watched people in one page; what is found and refused gathers here.

    ``taken`` are the places where whole names stand, accepted or not. ``named`` tells where each official was first
    accepted, ``others`` where somebody else bears the same part of a name, with that name, ``namesakes`` whose whole
    name was somebody else's.
    """

    def __init__(
        self,
        name_index: NameIndex,
        article_text: NormalizedArticle,
        candidates: Candidates,
        article_date: date | None,
        language: str,
    ) -> None:
        self.name_index, self.article_text, self.article_date, self.language = (
            name_index,
            article_text,
            article_date,
            language,
        )
        self.surrounding_text = SurroundingText(article_text, candidates.genitive_ends)
        self.accepted: list[AcceptedCandidate] = []
        self.rejected: list[RejectedCandidate] = []
        self.claimed_spans: list[tuple[int, int]] = []
        self.first_accepted_at: dict[int, int] = {}
        self.namesakes: set[int] = set()
        self.other_bearers: dict[str, list[tuple[int, str]]] = {}
        self._candidates = candidates
        self._country_counts: dict[str, int] | None = None

    @property
    def country_counts(self) -> dict[str, int]:
        """Return how often each country is spoken of, the language's own country included."""
        if self._country_counts is None:
            self._country_counts = dict(Counter(self._candidates.countries))
            if home := find_home_country(self.language):
                self._country_counts[home] = self._country_counts.get(home, 0) + 1
        return self._country_counts

    def accept(
        self, official_index: int, candidate: Candidate, form: MatchForm, confidence: float, reason: str
    ) -> None:
        """Keep a mention, unless one of the official's own phrases cancels it."""
        exclude = self.name_index.officials[official_index].exclude_phrases
        phrase = self.find_exclude_phrase(exclude, candidate) if exclude else ""
        if phrase:
            self.reject((official_index,), candidate, f"cancelled by the phrase {phrase!r}")
            return
        self.accepted.append(
            AcceptedCandidate(official_index, candidate.start, candidate.end, form, confidence, reason)
        )
        self.first_accepted_at.setdefault(official_index, candidate.start)

    def reject(self, official_indexes: Iterable[int], candidate: Candidate, reason: str) -> None:
        """Keep a near miss for each official that the place might have meant."""
        for owner in tuple(official_indexes)[:5]:
            if len(self.rejected) < MAX_NEAR_MISSES:
                self.rejected.append(RejectedCandidate(owner, candidate.start, candidate.end, reason))

    def reject_for_mentioned(self, candidate: Candidate, reason: str) -> None:
        """Keep a near miss for those whom the place might have meant and who are named in the text."""
        self.reject(
            [
                owner
                for owner in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
                if owner in self.first_accepted_at
            ],
            candidate,
            reason,
        )

    def folded_text(self, candidate: Candidate) -> str:
        """Return the words of a place in small letters, a space between them."""
        return self.article_text.spaced[candidate.start + 1 : candidate.end + 1]

    def printed_text(self, candidate: Candidate) -> str:
        """Return the words of a place without their marks, capitals kept."""
        return self.article_text.cased[candidate.start : candidate.end]

    def find_exclude_phrase(self, exclude_phrases: tuple[str, ...], candidate: Candidate) -> str:
        """Return the phrase of an official's ``exclude_phrases`` in which a place lies, or an empty string."""
        for phrase in exclude_phrases:
            needle = " ".join(fold_words(phrase))
            reach = len(needle) + 1
            low = max(0, candidate.start - reach)
            at = self.article_text.spaced.find(f" {needle} ", low, candidate.end + 2 + reach)
            if needle and at >= 0 and at < candidate.end and candidate.start < at + len(needle):
                return phrase
        return ""

    def filter_by_diacritics(self, candidate: Candidate, official_indexes: Sequence[int]) -> tuple[int, ...]:
        """Return those officials whose marks do not contradict the printed ones."""
        folded = self.article_text.folded
        if folded.cased is folded.original:
            return tuple(official_indexes)
        first, last = folded.original_span(candidate.start, candidate.end)
        original = folded.original[first:last]
        if original.isascii():
            return tuple(official_indexes)
        officials = self.name_index.officials
        if len(official_indexes) == 1 and officials[official_indexes[0]].name == original:
            return tuple(official_indexes)
        words = self.printed_words(candidate)
        vietnamese = self.language.startswith("vi")
        return tuple(
            owner
            for owner in official_indexes
            if _name_diacritics_agree(words, self.name_index.prepared_official(owner), strict=vietnamese)
        )

    def printed_words(self, candidate: Candidate) -> list[tuple[str, str]]:
        """Return each word of a place, folded and as printed."""
        words: list[tuple[str, str]] = []
        at = candidate.start
        for word in self.article_text.spaced[candidate.start + 1 : candidate.end + 1].split():
            at = self.article_text.spaced.index(word, at + 1) - 1
            words.append((word, self.article_text.folded.original_slice(at, at + len(word))))
            at += len(word)
        return words

    def is_written_as_name(self, candidate: Candidate) -> bool:
        """Tell whether a place is written as a name: capitals, and nothing but spaces and hyphens inside."""
        text = self.article_text.cased[candidate.start : candidate.end]
        if text.isalpha():
            return text[0].isupper()
        if text.replace(" ", "").isalpha():
            parts = text.split(" ")
            return all(word[:1].isupper() or len(word) < 4 for word in parts) and parts[-1][:1].isupper()
        if _NON_NAME_SIGNS.search(text):
            return False
        parts = _ARABIC_ARTICLE.sub("", text).split(" ")
        return all(word[:1].isupper() or len(word) < 4 for word in parts) and parts[-1][:1].isupper()


def _name_diacritics_agree(words: Sequence[tuple[str, str]], prepared: PreparedOfficial, *, strict: bool) -> bool:
    """Compare the marks word by word; a name typed without any mark says nothing of marks."""
    if not prepared.has_diacritics:
        return True
    strict = strict or any(has_vietnamese_diacritics(printed) for _, printed in words)
    return all(
        any(
            diacritics_agree(printed, own, strict=strict)
            for own in prepared.configured_spellings.get(folded, (printed,))
        )
        for folded, printed in words
    )
