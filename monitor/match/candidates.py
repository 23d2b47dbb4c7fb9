"""Names in Latin letters with the endings of the article's language: Slavic cases, Germanic genitives in -s.

The words of the text are led back to what they may be the forms of; only those that are watched names count.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product

from monitor.match.article_text import NormalizedArticle
from monitor.match.names.index import NameIndex
from monitor.match.types import CandidateKind, Candidates

_HYPHENATED_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_CAPITALIZED_WORD_BEFORE = re.compile(r"(?<![A-Za-z'-])([A-Z][A-Za-z]+(?:-[A-Za-z]+)?) \Z")
_MAX_FIRST_NAME_CHARS = 40
_MIN_WORD_LETTERS = 3
_MIN_STEM_LETTERS = 2
_GENITIVE_LANGUAGES = frozenset({"de", "sv", "da", "no", "nb", "nn"})
_DECLINING_LANGUAGES = frozenset({"pl", "cs", "sk", "sl", "hr", "bs"})
_CASE_ENDINGS = tuple(
    (ending, tuple("" if one == "-" else one for one in nominatives.split()))
    for ending, nominatives in (
        ("dzie", "da"),
        ("iego", "i"),
        ("iemu", "i"),
        ("owi", "- a o"),
        ("ovi", "- a o"),
        ("iem", "-"),
        ("iej", "a"),
        ("ego", "y"),
        ("emu", "y"),
        ("eho", "y"),
        ("cie", "t ta"),
        ("rze", "r ra"),
        ("ie", "- a"),
        ("ce", "ka"),
        ("ej", "a"),
        ("em", "- o"),
        ("om", "-"),
        ("ho", "-"),
        ("mu", "-"),
        ("ou", "a"),
        ("a", "- o"),
        ("e", "- a o"),
        ("i", "a"),
        ("m", "-"),
        ("o", "a"),
        ("u", "- a o"),
        ("y", "a"),
    )
)
_FLEETING_VOWEL_GAP = re.compile(r"(?<=[bcdfghjklmnprstvwz])(?=[cklnrt]\Z)")


def is_inflecting_language(language: str) -> bool:
    """Tell whether a language puts endings to names in Latin letters that are understood here."""
    return language[:2].lower() in _DECLINING_LANGUAGES | _GENITIVE_LANGUAGES


def find_inflected_names(
    name_index: NameIndex, article_text: NormalizedArticle, language: str, candidates: Candidates
) -> None:
    """Add to the hits the watched names, whole or in part, that stand in another case than the nominative."""
    code = language[:2].lower()
    text, index, remembered = article_text.folded.text, article_text.spaced.index, name_index.inflection_cache(code)
    genitive = code in _GENITIVE_LANGUAGES
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
        if language_code in _GENITIVE_LANGUAGES:
            fits = first == previous_word and last != word
        else:
            fits = first != previous_word and (last != word or first[-1] == "a")
        if fits:
            yield f"{first} {last}"


def _possible_nominatives(text: str, language_code: str) -> tuple[str, ...]:
    """Return what a folded word, or two that a hyphen joined, may be a form of."""
    if language_code in _GENITIVE_LANGUAGES:
        return (text[:-1],) if text[-1] == "s" and len(text) > _MIN_WORD_LETTERS else ()
    found = [dict.fromkeys((word, *_strip_case_ending(word))) for word in text.split()]
    return tuple(" ".join(words) for words in product(*found) if " ".join(words) != text)


def _strip_case_ending(word: str) -> Iterator[str]:
    for ending, nominatives in _CASE_ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _MIN_STEM_LETTERS:
            continue
        for nominative in nominatives:
            if len(stem + nominative) >= _MIN_WORD_LETTERS:
                yield stem + nominative
            if not nominative and _FLEETING_VOWEL_GAP.search(stem):
                yield _FLEETING_VOWEL_GAP.sub("e", stem)
