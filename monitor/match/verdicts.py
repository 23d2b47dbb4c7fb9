"""Verdicts of readers on one article: the names that readers reject or confirm as mentions of an official."""

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
    """Occurrence of a name that a reader has confirmed as a mention of an official.

    The offsets refer to the normalized text.
    """

    official_index: int
    start: int
    end: int
    verdict: Verdict


class ArticleVerdicts:
    """The readers' verdicts that apply to one article, to be looked up by official and printed name.

    A verdict states that a name in the article means an official (it confirms the name), or does not (it rejects it).
    """

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
        """Return the verdict that rejects the text at ``start:end`` as a name of an official, or None.

        A verdict on exactly this text has priority over a verdict on all spellings of the official's name.
        """
        written = fold_written(self._text.folded.original_slice(start, end))
        verdict = self._by_key.get((official_index, written)) or self._by_key.get((official_index, ""))
        return verdict if verdict and verdict.kind is VerdictKind.REJECTED else None

    def is_confirmed(self, official_index: int, start: int, end: int) -> bool:
        """Return whether a part of the text is inside a name that a reader has confirmed for the official."""
        return any(
            one.official_index == official_index and one.start <= start and end <= one.end
            for one in self.confirmed_places
        )


def _find_written(text: NormalizedArticle, written: str) -> Iterable[Span]:
    """Yield the spans at which a normalized text occurs in an article.

    Only whole words that do not begin with a lower-case letter are found.
    """
    pattern = re.compile(r"\s+".join(map(re.escape, written.split())))
    for match in pattern.finditer(text.folded.text):
        if is_whole_word(text.folded.text, match.start(), match.end()) and not text.cased[match.start()].islower():
            yield match.start(), match.end()
