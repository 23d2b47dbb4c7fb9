"""Names in Latin letters with the endings of the article's language: Slavic cases, Germanic genitives in -s.

The words of the text are led back to what they may be the forms of; only those that are watched names count.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

from monitor.language.load import language_data
from monitor.match.article_text import NormalizedArticle
from monitor.match.names.index import NameIndex
from monitor.match.types import CandidateKind, Candidates

_HYPHENATED_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_CAPITALIZED_WORD_BEFORE = re.compile(r"(?<![A-Za-z'-])([A-Z][A-Za-z]+(?:-[A-Za-z]+)?) \Z")
_MAX_FIRST_NAME_CHARS = 40
_MIN_WORD_LETTERS = 3
_MIN_STEM_LETTERS = 2
_FLEETING_VOWEL_GAP = re.compile(r"(?<=[bcdfghjklmnprstvwz])(?=[cklnrt]\Z)")


class _Inflection(NamedTuple):
    """How a language changes names in Latin letters."""

    genitive_s: bool
    endings: tuple[tuple[str, tuple[str, ...]], ...]
    """Endings of other cases, longest first, with the endings of the nominative that each may replace."""


@cache
def _inflections() -> dict[str, _Inflection]:
    """Return the inflection of each language that has one, by code; written forms of a language included."""
    languages = language_data().languages
    found = {}
    for code, language in languages.items():
        shared = languages[language.inflection.same_as].inflection if language.inflection.same_as else None
        endings = (shared or language.inflection).endings
        if endings or language.inflection.genitive_s:
            ordered = sorted(endings.items(), key=lambda pair: -len(pair[0]))
            found.update(
                dict.fromkeys((code, *language.variants), _Inflection(language.inflection.genitive_s, tuple(ordered)))
            )
    return found


def is_inflecting_language(language: str) -> bool:
    """Tell whether a language puts endings to names in Latin letters that are understood here."""
    return language[:2].lower() in _inflections()


def find_inflected_names(
    name_index: NameIndex, article_text: NormalizedArticle, language: str, candidates: Candidates
) -> None:
    """Add to the hits the watched names, whole or in part, that stand in another case than the nominative."""
    code = language[:2].lower()
    text, index, remembered = article_text.folded.text, article_text.spaced.index, name_index.inflection_cache(code)
    genitive = _inflections()[code].genitive_s
    for start in article_text.find_capitalized_words()[0]:
        end = index(" ", start + 1) - 1
        if text[end : end + 1] == "-" and (match := _HYPHENATED_WORD.match(article_text.cased, start)):
            end = match.end()
        if genitive and text[end - 1] != "s":
            continue
        word = text[start:end]
        parts = remembered.get(word)
        if parts is None:
            forms = (word.replace("-", " "), *_possible_nominatives(word.replace("-", " "), code))
            parts = remembered[word] = tuple(
                dict.fromkeys(form for form, _ in name_index.find_patterns(forms, CandidateKind.SHORT_NAME))
            )
        if not parts:
            continue
        word = word.replace("-", " ")
        for _, pattern in name_index.find_patterns((part for part in parts if part != word), CandidateKind.SHORT_NAME):
            candidates.add_short_name((pattern, start, end + 2))
            candidates.genitive_ends.update({end} if genitive else ())
        before = _CAPITALIZED_WORD_BEFORE.search(article_text.cased, max(0, start - _MAX_FIRST_NAME_CHARS), start)
        if before is not None:
            first = before[1].lower().replace("-", " ")
            for _, pattern in name_index.find_patterns(
                _possible_full_names(first, parts, word, code), CandidateKind.FULL_NAME
            ):
                candidates.add_full_name((pattern, before.start(1), end + 2))


def _possible_full_names(previous_word: str, name_parts: Iterable[str], word: str, language_code: str) -> Iterator[str]:
    """Yield names of two words of which both are inflected, the last in the genitive, or a woman's first alone."""
    for first, last in product((previous_word, *_possible_nominatives(previous_word, language_code)), name_parts):
        if _inflections()[language_code].genitive_s:
            fits = first == previous_word and last != word
        else:
            fits = first != previous_word and (last != word or first[-1] == "a")
        if fits:
            yield f"{first} {last}"


def _possible_nominatives(text: str, language_code: str) -> tuple[str, ...]:
    """Return what a folded word, or two that a hyphen joined, may be a form of."""
    if _inflections()[language_code].genitive_s:
        return (text[:-1],) if text[-1] == "s" and len(text) > _MIN_WORD_LETTERS else ()
    found = [dict.fromkeys((word, *_strip_case_ending(word, language_code))) for word in text.split()]
    return tuple(" ".join(words) for words in product(*found) if " ".join(words) != text)


def _strip_case_ending(word: str, language_code: str) -> Iterator[str]:
    for ending, nominatives in _inflections()[language_code].endings:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _MIN_STEM_LETTERS:
            continue
        for nominative in nominatives:
            if len(stem + nominative) >= _MIN_WORD_LETTERS:
                yield stem + nominative
            if not nominative and _FLEETING_VOWEL_GAP.search(stem):
                yield _FLEETING_VOWEL_GAP.sub("e", stem)
