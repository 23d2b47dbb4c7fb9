"""Detection of copies that an editor has changed by hand: rewritten, shortened, localized, or merged with other text.

Such a copy keeps few sentences word for word, but most facts of the original. Two reports of one event by different
authors share quotations and some words. Quotations are therefore left out, and three things are measured:

- coverage: the share of each text that is in the other word for word, in stretches of about four words
- containment: for each sentence, the share of its words, names and numbers that the other text has
- numbers: copies have most numbers in common, reports made from one template do not
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from monitor.stories.features import STOP_WORDS, stem_word
from monitor.stories.fingerprints import SHINGLE_BYTES, NormalizedText, build_stream
from monitor.stories.near_duplicates import flag_shared_windows, mark_shared_bytes
from monitor.text.tokens import is_unspaced

MIN_STRETCH_CHARS = 20
MIN_DENSE_STRETCH_CHARS = 7  # of Chinese, Japanese and Korean, whose characters are syllables or words
MIN_REWRITTEN_COVERAGE, MIN_REWRITTEN_CONTAINMENT, MIN_CONTAINED_FRONT = 0.15, 0.76, 0.6
MIN_MUTUAL_CONTAINMENT, MIN_COMMON_NUMBERS = 1.3, 2
MIN_MERGED_COVERAGE, MIN_MERGED_LARGER_COVERAGE, MIN_MERGED_FRONT = 0.2, 0.34, 0.5
MIN_NEW_LEAD_COVERAGE, MIN_NEW_LEAD_LARGER_COVERAGE = 0.57, 0.7
MIN_SENTENCE_CONTAINMENT = 0.6
FRONT_SHARE = 0.35
MIN_NUMBER_SHARE, MIN_COMPARED_NUMBERS = 0.6, 3
NUMBER_WEIGHT, NAME_WEIGHT = 2.0, 1.5
MAX_STEM_LETTERS = 7
FIRST_DENSE_CHAR = "\u2e80"
_QUOTATION = re.compile(r'"[^"\n]{12,600}"|[“„][^”“\n]{12,600}[”“]|«[^»\n]{12,600}»|「[^」\n]{6,600}」')
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
Sentence = dict[str, float]
"""Words, names and numbers of a sentence with their weights."""


class _Containment(Struct, frozen=True):
    """Shares of a text, from 0 to 1, that are also in another text.

    ``mean`` is the share of all words of the text that the other text contains. ``front`` is the share of the first
    sentences of which the other text contains most words. Numbers and names count more than other words.
    """

    mean: float
    front: float


def is_edited_copy(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether one of two texts is an edited copy of the other, or both are edited copies of a third text."""
    if max(_measure_coverage(first, second).shares) < MIN_REWRITTEN_COVERAGE:
        return False
    texts = [_QUOTATION.sub(" ", text.cased) for text in (first, second)]
    sentences = [_split_sentences(text) for text in texts]
    numbers = [{word for sentence in each for word in sentence if word[0].isdigit()} for each in sentences]
    if not all(sentences) or not _agree_in_numbers(*numbers):
        return False
    words = [{word for sentence in _split_sentences(text.cased) for word in sentence} for text in (first, second)]
    contained = [_measure_containment(sentences[0], words[1]), _measure_containment(sentences[1], words[0])]
    have_one_front = min(one.front for one in contained) >= MIN_CONTAINED_FRONT
    if have_one_front and max(one.mean for one in contained) >= MIN_REWRITTEN_CONTAINMENT:
        return True
    have_common_facts = len(numbers[0] & numbers[1]) >= MIN_COMMON_NUMBERS
    if have_one_front and have_common_facts and sum(one.mean for one in contained) >= MIN_MUTUAL_CONTAINMENT:
        return True
    unquoted = [
        NormalizedText(text.title, rest, build_stream(rest)) for text, rest in zip((first, second), texts, strict=True)
    ]
    coverage = _measure_coverage(*unquoted)
    smaller, larger = sorted(coverage.shares)
    if smaller >= MIN_NEW_LEAD_COVERAGE and larger >= MIN_NEW_LEAD_LARGER_COVERAGE:
        return True
    is_merged = smaller >= MIN_MERGED_COVERAGE and larger >= MIN_MERGED_LARGER_COVERAGE
    return is_merged and (have_one_front or max(coverage.fronts) >= MIN_MERGED_FRONT)


class _Coverage(Struct, frozen=True):
    """Overlap of two texts: for each text, the share of it that consists of long passages that the other text contains.

    ``shares`` are measured on the whole texts, and ``fronts`` on their beginnings. All are from 0 to 1.
    """

    shares: tuple[float, float]
    fronts: tuple[float, float]


def have_common_text(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether two texts have enough text in common for ``compare_texts`` and ``is_edited_copy`` to find a copy.

    This quick test counts the windows (overlapping pieces of ``SHINGLE_BYTES`` bytes) that both texts contain. A common
    stretch of ``MIN_STRETCH_CHARS`` bytes contains ``MIN_STRETCH_CHARS - SHINGLE_BYTES + 1`` windows, so texts with few
    common windows have little text in common. Very short texts and texts that are not ASCII are not tested; for them,
    the result is true. In ASCII texts, each character is one byte.
    """
    sizes = len(first.stream), len(second.stream)
    if min(sizes) < 2 * MIN_STRETCH_CHARS or not (first.stream.isascii() and second.stream.isascii()):
        return True
    min_share = MIN_REWRITTEN_COVERAGE * (1 - (SHINGLE_BYTES - 1) / MIN_STRETCH_CHARS)
    counts = (
        np.count_nonzero(flag_shared_windows(first.shingles, second.shingles)),
        np.count_nonzero(flag_shared_windows(second.shingles, first.shingles)),
    )
    return any(count >= min_share * size for count, size in zip(counts, sizes, strict=True))


def _measure_coverage(first: NormalizedText, second: NormalizedText) -> _Coverage:
    """Return which shares of two texts, and of their beginnings, consist of long passages that both texts contain."""
    if not first.stream or not second.stream:
        return _Coverage((0.0, 0.0), (0.0, 0.0))
    letters = [char for char in first.cased[:400] if char.isalnum()]
    is_dense = sum(char >= FIRST_DENSE_CHAR for char in letters) * 2 > len(letters)
    width = len("".join(letters).encode("utf-8", "replace")) / max(1, len(letters))
    min_bytes = round(width * (MIN_DENSE_STRETCH_CHARS if is_dense else MIN_STRETCH_CHARS))
    masks = (
        mark_shared_bytes(first.shingles, second.shingles, len(first.stream), min_bytes),
        mark_shared_bytes(second.shingles, first.shingles, len(second.stream), min_bytes),
    )
    fronts = [mask[: math.ceil(FRONT_SHARE * len(mask))] for mask in masks]
    return _Coverage(
        (float(masks[0].mean()), float(masks[1].mean())), (float(fronts[0].mean()), float(fronts[1].mean()))
    )


def _split_sentences(text: str) -> list[Sentence]:
    """Return the significant words of each sentence in a text. Sentences without such words are omitted.

    The text is given without diacritics.
    """
    sentences = NormalizedText("", text, b"").sentences
    return [words for words in map(weigh_words, sentences) if words]


def weigh_words(text: str) -> Sentence:
    """Return the stems of the significant words of a text, and its numbers, with their weights.

    Words with a capital letter count as names. In scripts without spaces, which have no capitals, each group of two
    characters (Chinese, Japanese) or four characters (others) counts as a word.
    """
    words: Sentence = {}
    for word in _TOKEN.findall(text):
        if word[0].isdigit():
            words[word] = NUMBER_WEIGHT
        elif is_unspaced(word[0]):
            width = 2 if word[0] >= FIRST_DENSE_CHAR else 4
            words.update((word[at : at + width], 1.0) for at in range(max(1, len(word) - width + 1)))
        elif (lower := word.lower()) not in STOP_WORDS and (len(lower) > 2 or word[0] != lower[0]):
            words[stem_word(lower)[:MAX_STEM_LETTERS]] = NAME_WEIGHT if word[0] != lower[0] else 1.0
    return words


def _agree_in_numbers(numbers: set[str], others: set[str]) -> bool:
    """Compare the numbers of two texts: return whether most numbers of the text that has fewer are also in the other.

    The result is also true if one text has very few numbers, because these prove nothing.
    """
    fewer = min(len(numbers), len(others))
    return fewer < MIN_COMPARED_NUMBERS or len(numbers & others) >= MIN_NUMBER_SHARE * fewer


def _measure_containment(sentences: Sequence[Sentence], others: set[str]) -> _Containment:
    """Return which shares of a text's words and first sentences are in ``others``, the words of another text."""
    sizes = [sum(sentence.values()) for sentence in sentences]
    kept = [sum(weight for word, weight in sentence.items() if word in others) for sentence in sentences]
    total, seen, front, kept_front = sum(sizes), 0.0, 0.0, 0.0
    for size, common in zip(sizes, kept, strict=True):
        if seen >= FRONT_SHARE * total:
            break
        front, seen = front + size, seen + size
        kept_front += size if common >= MIN_SENTENCE_CONTAINMENT * size else 0.0
    return _Containment(sum(kept) / total, kept_front / front)
