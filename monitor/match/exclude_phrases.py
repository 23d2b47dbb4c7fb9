"""Exclude phrases: configured phrases that cancel mentions of an official.

A phrase that contains a part of the name cancels the mentions that it overlaps: "Phan Van Giang Street". Any other
phrase cancels the mentions in the same sentence: "won the regional race". Punctuation and capitals are ignored.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from monitor.domain.watchlist import Official
from monitor.match.names.forms import list_name_forms
from monitor.match.types import Span
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import find_sentence, is_whole_word

_NOT_A_WORD = re.compile(r"[\W_]")


def replace_separators(folded: str) -> str:
    """Replace each character of a normalized text that is not a letter, digit or combining mark by a space.

    The length does not change.
    """
    return _NOT_A_WORD.sub(lambda found: found[0] if unicodedata.category(found[0])[0] == "M" else " ", folded)


class PhraseSearch:
    """Search for exclude phrases (phrases that cancel mentions of an official) in one normalized text.

    ``cased`` is the same text with capitals.
    """

    def __init__(self, folded: str, cased: str) -> None:
        self._words, self._cased = replace_separators(folded), cased
        self._spans: dict[str, Sequence[Span]] = {}

    def find(self, official: Official, start: int, end: int) -> str:
        """Return the phrase that cancels a mention of an official at ``start:end``, or an empty string."""
        sentence: Span | None = None
        for phrase in official.exclude_phrases:
            spans = self._find_spans(phrase)
            if not spans:
                continue
            if touches_name(official, phrase):
                at = bisect_left(spans, (end, 0)) - 1  # the last span that begins before the end of the mention
                if at >= 0 and start < spans[at][1]:
                    return phrase
            else:
                sentence = sentence or find_sentence(self._cased, start, end)
                at = bisect_left(spans, (sentence[0], 0))
                if at < len(spans) and spans[at][1] <= sentence[1]:
                    return phrase
        return ""

    def _find_spans(self, phrase: str) -> Sequence[Span]:
        """Return the spans of all occurrences of a phrase, in the order of the text."""
        if phrase not in self._spans:
            words = list_phrase_words(phrase)
            pattern = re.compile(" +".join(map(re.escape, words)))
            self._spans[phrase] = [
                found.span()
                for found in pattern.finditer(self._words)
                if words and is_whole_word(self._words, *found.span())
            ]
        return self._spans[phrase]


def list_phrase_words(phrase: str) -> list[str]:
    """Split a phrase into its normalized words, without punctuation."""
    return replace_separators(fold_key(phrase)).split()


@lru_cache(maxsize=10_000)
def touches_name(official: Official, phrase: str) -> bool:
    """Return whether an occurrence of an exclude phrase can overlap a mention of the official."""
    words = fold_words(phrase)
    return any(_can_overlap(words, fold_words(form.text)) for form in list_name_forms(official))


def is_part_of_name(official: Official, phrase: str) -> bool:
    """Return whether a phrase consists only of words of the official's name.

    Such a phrase would cancel every mention by the full name.
    """
    return any(_contains(fold_words(name), fold_words(phrase)) for name in (official.name, *official.aliases))


def _can_overlap(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return whether an occurrence of one phrase can overlap an occurrence of another; a phrase is a list of words.

    They can overlap if one list contains the other, or if one list ends with the first words of the other.
    """
    return (
        _contains(first, second)
        or _contains(second, first)
        or any(
            first[-count:] == second[:count] or second[-count:] == first[:count]
            for count in range(1, min(len(first), len(second)))
        )
    )


def _contains(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Return whether ``outer`` contains the words of ``inner`` directly after one another."""
    size = len(inner)
    return bool(inner) and any(outer[at : at + size] == inner for at in range(len(outer) - size + 1))
