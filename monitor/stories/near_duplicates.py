"""Is one text a copy of another? Look-up by prints, then a verdict on the texts themselves.

Shared words alone cannot tell: a gold price report shares three quarters of its text with yesterday's, a follow-up
half of it with the first report. So four things are measured:

- kept: which share of either text stands, sentence by sentence, in the other (light rewriting leaves pieces in every
  sentence; a follow-up leaves whole sentences out),
- front: the same for the first third, where a follow-up has its news and a copy at most a new lead,
- names and numbers of the shared sentences: a template keeps its sentences and changes exactly these,
- which text is the later one: a longer, later text with another front, at whose end the earlier one stands whole, has
  taken it up as background.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.stories.fingerprints import NormalizedText, WindowHashes, hash_windows, normalize_spelling

SHINGLE_BYTES = 12
MIN_RUN_BYTES = 20
MIN_SENTENCE_SHARE = 0.35
FRONT_SHARE = 0.35
END_START_SHARE = 0.85
MIN_SMALLER_SHARE = 0.55
MIN_NUMBER_AGREEMENT = 0.7
MIN_NAME_AGREEMENT = 0.75
MUCH_LONGER_RATIO = 1.5  # then the longer text has sentences of its own kind, and the facts of the shorter one decide
NUMBER_PATTERN = re.compile(r"\d+(?:[.,]\d+)*")
NAME_PATTERN = re.compile(r" [\"'(]?([A-Z][\w'-]+)")
OffsetArray = npt.NDArray[np.int64]
_FILTER_SIZE = 1 << 16  # a piece of a page is found by chance in one of fifteen cases, a whole run never
_FILTER_MASK = np.uint64(_FILTER_SIZE - 1)
FlagArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextSimilarity:
    """How much of each text stands in the other; shares from 0 to 1. ``smaller`` is the shorter text of the two.

    Where too little of the shorter text is kept for a copy, the longer one is not looked at (0), nor are ``numbers``
    and ``names`` (1).
    """

    smaller_share: float
    larger_share: float
    smaller_front_share: float
    larger_front_share: float
    larger_end_share: float
    number_agreement: float
    name_agreement: float
    is_larger_later: bool = False

    @property
    def is_excerpt(self) -> bool:
        """The shorter text stands in the longer one from its beginning, almost whole."""
        return self.smaller_share >= 0.9 and self.smaller_front_share >= 0.5

    @property
    def score(self) -> float:
        """One figure for both texts as wholes; the weights were fitted on edited press texts (tests/quality)."""
        return 0.5 * self.larger_share + 0.375 * self.smaller_front_share + 0.125 * self.larger_front_share

    @property
    def is_duplicate(self) -> bool:
        """Whether they are one text."""
        if self.number_agreement < MIN_NUMBER_AGREEMENT or self.name_agreement < MIN_NAME_AGREEMENT:
            return False
        if self.is_larger_later and self.larger_front_share < 0.2 and self.larger_end_share > 0.8:
            return False
        return self.is_excerpt or (self.smaller_share >= MIN_SMALLER_SHARE and self.score >= 0.53)


def compare_texts(
    first: NormalizedText, second: NormalizedText, *, is_second_later: bool | None = None
) -> TextSimilarity:
    """Compare two texts in either order; costs about a millisecond for a page of text.

    ``other_later`` tells which was published clearly later, if that is known.
    """
    smaller, larger = (first, second) if len(first.stream) <= len(second.stream) else (second, first)
    overtaken = is_second_later is not None and is_second_later == (larger is second)
    if smaller.stream == larger.stream:
        return TextSimilarity(1, 1, 1, 1, 1, 1, 1)
    pieces = hash_windows(smaller.stream, SHINGLE_BYTES), hash_windows(larger.stream, SHINGLE_BYTES)
    small = _measure_shares(smaller, *pieces)
    if small.total < MIN_SMALLER_SHARE:
        return TextSimilarity(
            small.total, 0, small.front, 0, 0, number_agreement=1, name_agreement=1, is_larger_later=overtaken
        )
    large = _measure_shares(larger, *reversed(pieces))
    shares = (small.total, large.total, small.front, large.front, large.end)
    numbers, names = _measure_agreement(small.shared_sentences, larger)
    if len(larger.stream) <= MUCH_LONGER_RATIO * len(smaller.stream):
        more_numbers, more_names = _measure_agreement(large.shared_sentences, smaller)
        numbers, names = min(numbers, more_numbers), min(names, more_names)
    return TextSimilarity(*shares, numbers, names, overtaken)


@dataclass(frozen=True, slots=True)
class _TextShares:
    total: float
    front: float
    end: float
    shared_sentences: tuple[str, ...]


def _measure_shares(text: NormalizedText, own_hashes: WindowHashes, other_hashes: WindowHashes) -> _TextShares:
    """Measure one text against the pieces of the other."""
    found = np.concatenate(
        (np.zeros(1, dtype=np.int64), np.cumsum(_mark_shared_bytes(own_hashes, other_hashes, len(text.stream))))
    )
    ends = np.append(text.sentence_starts[1:], len(text.stream))
    sizes = ends - text.sentence_starts
    kept = (found[ends] - found[text.sentence_starts] >= MIN_SENTENCE_SHARE * sizes) & (sizes > 0)
    shared = tuple(sentence for sentence, same in zip(text.sentences, kept.tolist(), strict=True) if same)
    front, end = text.sentence_starts < FRONT_SHARE * len(text.stream), ends > END_START_SHARE * len(text.stream)
    parts = [_measure_share(sizes, kept, where) for where in (sizes > 0, front, end)]
    return _TextShares(parts[0], parts[1], parts[2], shared)


def _measure_share(sizes: OffsetArray, kept: FlagArray, selected: FlagArray) -> float:
    return int(sizes[kept & selected].sum()) / max(1, int(sizes[selected].sum()))


def _mark_shared_bytes(own_hashes: WindowHashes, other_hashes: WindowHashes, size: int) -> FlagArray:
    """Mark the bytes of a text that stand in runs long enough to mean something in the other."""
    mask = np.zeros(size, dtype=np.bool_)
    seen = np.zeros(_FILTER_SIZE, dtype=np.bool_)
    seen[other_hashes & _FILTER_MASK] = True
    hits = np.flatnonzero(seen[own_hashes & _FILTER_MASK])
    if not len(hits):
        return mask
    gaps = np.flatnonzero(np.diff(hits) > 1)
    starts, ends = np.concatenate((hits[:1], hits[gaps + 1])), np.concatenate((hits[gaps], hits[-1:])) + SHINGLE_BYTES
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start >= MIN_RUN_BYTES:
            mask[start:end] = True
    return mask


def _measure_agreement(sentences: Sequence[str], other: NormalizedText) -> tuple[float, float]:
    """Return which share of the numbers and of the names in these sentences the other text has too."""
    text = "\n".join(sentences)
    numbers, names = NUMBER_PATTERN.findall(text), Counter(NAME_PATTERN.findall(text))
    theirs = set(NUMBER_PATTERN.findall(other.cased))
    spelled = normalize_spelling("\n".join(names)).encode("utf-8", "replace").translate(None, b"'-_").split(b"\n")
    same = sum(count for count, name in zip(names.values(), spelled, strict=False) if name in other.stream)
    return _smooth_share(sum(one in theirs for one in numbers), len(numbers)), _smooth_share(same, names.total())


def _smooth_share(count: int, total: int) -> float:
    """Return a share that a single odd one out of few does not decide."""
    return (count + 1) / (total + 1)
