"""Near-duplicate detection: decides by their texts whether two articles are copies of one text.

Shared words are not sufficient: a gold price report shares three quarters of its text with yesterday's, and a follow-up
half of it with the first report. Therefore four things are measured:

- kept text: the share of either text that is in the other, by sentences; light rewriting changes parts of every
  sentence, a follow-up drops whole sentences,
- front: the same for the first third, where a follow-up has its news and a copy at most a new lead,
- names and numbers of the shared sentences: a template keeps its sentences and changes exactly these,
- order in time: a longer, later text with a new front that ends with the earlier text uses it as background.
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
MUCH_LONGER_RATIO = 1.5  # above this, the longer text has other content, and only the facts of the shorter one count
NUMBER_PATTERN = re.compile(r"\d+(?:[.,]\d+)*")
NAME_PATTERN = re.compile(r" [\"'(]?([A-Z][\w'-]+)")
OffsetArray = npt.NDArray[np.int64]
_FILTER_SIZE = 1 << 16  # a single piece matches by chance in one of 15 cases, a whole run never
_FILTER_MASK = np.uint64(_FILTER_SIZE - 1)
FlagArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextSimilarity:
    """Shares of each text that are in the other, from 0 to 1; "smaller" is the shorter text.

    If too little of the shorter text is kept for a copy, the longer one is not measured (0), nor are numbers and names
    (1).
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
        """True if almost the whole shorter text, including its start, is in the longer one."""
        return self.smaller_share >= 0.9 and self.smaller_front_share >= 0.5

    @property
    def score(self) -> float:
        """Combined score of both texts; its weights were fitted on edited news texts (tests/quality)."""
        return 0.5 * self.larger_share + 0.375 * self.smaller_front_share + 0.125 * self.larger_front_share

    @property
    def is_duplicate(self) -> bool:
        """True if both texts are copies of one text."""
        if self.number_agreement < MIN_NUMBER_AGREEMENT or self.name_agreement < MIN_NAME_AGREEMENT:
            return False
        if self.is_larger_later and self.larger_front_share < 0.2 and self.larger_end_share > 0.8:
            return False
        return self.is_excerpt or (self.smaller_share >= MIN_SMALLER_SHARE and self.score >= 0.53)


def compare_texts(
    first: NormalizedText, second: NormalizedText, *, is_second_later: bool | None = None
) -> TextSimilarity:
    """Compare two texts in any order; takes about one millisecond for a page of text.

    ``is_second_later`` states whether the second text was published clearly later; None if unknown.
    """
    smaller, larger = (first, second) if len(first.stream) <= len(second.stream) else (second, first)
    is_larger_later = is_second_later is not None and is_second_later == (larger is second)
    if smaller.stream == larger.stream:
        return TextSimilarity(1, 1, 1, 1, 1, 1, 1)
    pieces = hash_windows(smaller.stream, SHINGLE_BYTES), hash_windows(larger.stream, SHINGLE_BYTES)
    smaller_shares = _measure_shares(smaller, *pieces)
    if smaller_shares.total < MIN_SMALLER_SHARE:
        return TextSimilarity(
            smaller_shares.total,
            0,
            smaller_shares.front,
            0,
            0,
            number_agreement=1,
            name_agreement=1,
            is_larger_later=is_larger_later,
        )
    larger_shares = _measure_shares(larger, *reversed(pieces))
    shares = (smaller_shares.total, larger_shares.total, smaller_shares.front, larger_shares.front, larger_shares.end)
    numbers, names = _measure_agreement(smaller_shares.shared_sentences, larger)
    if len(larger.stream) <= MUCH_LONGER_RATIO * len(smaller.stream):
        more_numbers, more_names = _measure_agreement(larger_shares.shared_sentences, smaller)
        numbers, names = min(numbers, more_numbers), min(names, more_names)
    return TextSimilarity(*shares, numbers, names, is_larger_later)


@dataclass(frozen=True, slots=True)
class _TextShares:
    total: float
    front: float
    end: float
    shared_sentences: tuple[str, ...]


def _measure_shares(text: NormalizedText, own_hashes: WindowHashes, other_hashes: WindowHashes) -> _TextShares:
    """Measure which parts of one text are in the other."""
    shared_sums = np.concatenate(
        (np.zeros(1, dtype=np.int64), np.cumsum(_mark_shared_bytes(own_hashes, other_hashes, len(text.stream))))
    )
    ends = np.append(text.sentence_starts[1:], len(text.stream))
    sizes = ends - text.sentence_starts
    kept = (shared_sums[ends] - shared_sums[text.sentence_starts] >= MIN_SENTENCE_SHARE * sizes) & (sizes > 0)
    shared = tuple(sentence for sentence, same in zip(text.sentences, kept.tolist(), strict=True) if same)
    front, end = text.sentence_starts < FRONT_SHARE * len(text.stream), ends > END_START_SHARE * len(text.stream)
    parts = [_measure_share(sizes, kept, where) for where in (sizes > 0, front, end)]
    return _TextShares(parts[0], parts[1], parts[2], shared)


def _measure_share(sizes: OffsetArray, kept: FlagArray, selected: FlagArray) -> float:
    return int(sizes[kept & selected].sum()) / max(1, int(sizes[selected].sum()))


def _mark_shared_bytes(own_hashes: WindowHashes, other_hashes: WindowHashes, size: int) -> FlagArray:
    """Mark the bytes of a text that belong to long enough runs shared with the other text."""
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
    """Return the shares of the numbers and of the names in these sentences that the other text has too."""
    text = "\n".join(sentences)
    numbers, names = NUMBER_PATTERN.findall(text), Counter(NAME_PATTERN.findall(text))
    theirs = set(NUMBER_PATTERN.findall(other.cased))
    spelled = normalize_spelling("\n".join(names)).encode("utf-8", "replace").translate(None, b"'-_").split(b"\n")
    same = sum(count for count, name in zip(names.values(), spelled, strict=False) if name in other.stream)
    return _smooth_share(sum(one in theirs for one in numbers), len(numbers)), _smooth_share(same, names.total())


def _smooth_share(count: int, total: int) -> float:
    """Return a ratio smoothed so that a single mismatch among few items does not decide."""
    return (count + 1) / (total + 1)
