"""Verdicts of readers applied to one article: the candidates that they reject, and the places that they confirm."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitor.domain.feedback import Verdict, VerdictKind
from monitor.match.article_text import NormalizedArticle
from monitor.match.types import Span
from monitor.text.fold import fold_written
from monitor.text.tokens import is_whole_word

CONFIRMED_CONFIDENCE = 1.0
"""Confidence of a mention that a reader has confirmed. It is the highest, because a person has read the passage."""


class ConfirmedPlace(NamedTuple):
    """A place that a verdict confirms as a mention of an official, at offsets of the folded text."""

    official_index: int
    start: int
    end: int
    verdict: Verdict


class ArticleVerdicts:
    """The verdicts that apply to one article; they are found by official and text."""

    def __init__(
        self, verdicts: Iterable[Verdict], official_indexes: Mapping[str, int], text: NormalizedArticle
    ) -> None:
        self._text = text
        self._by_key = {
            (official_indexes[one.official_id], one.written): one
            for one in verdicts
            if one.official_id in official_indexes
        }
        self.confirmed_places = sorted(
            ConfirmedPlace(index, start, end, verdict)
            for (index, written), verdict in self._by_key.items()
            if verdict.kind is VerdictKind.CONFIRMED and written
            for start, end in _find_written(text, written)
        )

    def find_rejection(self, official_index: int, start: int, end: int) -> Verdict | None:
        """Return the verdict that rejects an official for the text at ``start:end``, or None if no verdict does.

        A verdict on exactly this text has priority over a verdict on all spellings of the official's name.
        """
        written = fold_written(self._text.folded.original_slice(start, end))
        verdict = self._by_key.get((official_index, written)) or self._by_key.get((official_index, ""))
        return verdict if verdict and verdict.kind is VerdictKind.REJECTED else None

    def is_confirmed(self, official_index: int, start: int, end: int) -> bool:
        """Return whether a candidate for an official is inside a confirmed place."""
        return any(
            one.official_index == official_index and one.start <= start and end <= one.end
            for one in self.confirmed_places
        )


def _find_written(text: NormalizedArticle, written: str) -> Iterable[Span]:
    """Yield the spans of a folded text in an article, as whole words that do not begin with a lower-case letter."""
    pattern = re.compile(r"\s+".join(map(re.escape, written.split())))
    for match in pattern.finditer(text.folded.text):
        if is_whole_word(text.folded.text, match.start(), match.end()) and not text.cased[match.start()].islower():
            yield match.start(), match.end()
