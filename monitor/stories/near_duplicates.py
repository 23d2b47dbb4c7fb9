"""Near-duplicate detection: decides from two texts whether they are copies of one text.

Common words are not sufficient. A gold price report shares three quarters of its text with the report of the day
before. A follow-up report shares half of its text with the first report. Four things are therefore measured:

- kept text: for each text, the share of it that consists of sentences that the other text also contains, at least in
  part. Light rewriting changes parts of every sentence; a follow-up drops whole sentences.
- front: the same share for the first third of each text. A follow-up has its news there, but a copy has at most a new
  lead.
- names and numbers of the common sentences: reports made from a template share sentences, but differ in names and
  numbers.
- order in time: if the longer text was published later, has a new front, and ends with the earlier text, it is not a
  copy. It only repeats the earlier text as background.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from monitor.stories.fingerprints import SHINGLE_BYTES, NormalizedText, WindowHashes, normalize_spelling

MIN_RUN_BYTES = 20
MIN_SENTENCE_SHARE = 0.35
FRONT_SHARE = 0.35
END_START_SHARE = 0.85
MIN_SMALLER_SHARE = 0.55
MAX_BACKGROUND_SHARE = 0.55  # a text of which more is old is the old text with a new lead
MIN_NUMBER_AGREEMENT = 0.7
MIN_NAME_AGREEMENT = 0.75
MAX_COMPARED_NAMES = 1_000
"""Maximum number of names of one text that are searched for in the other. An ordinary text of 40,000 characters has
fewer. The limit saves time: with 8,000 names, a comparison would take 0.25 s instead of 0.05 s (measured on one core of
a small server)."""
MUCH_LONGER_RATIO = 1.5  # above this, the longer text has other content, and only the facts of the shorter one count
NUMBER_PATTERN = re.compile(r"\d+(?:[.,]\d+)*")
NAME_PATTERN = re.compile(r" [\"'(]?([A-Z][\w'-]+)")
OffsetArray = npt.NDArray[np.int64]
_FILTER_SIZE = 1 << 16  # a single piece matches by chance in one of 15 cases, a whole run never
_FILTER_MASK = np.uint64(_FILTER_SIZE - 1)
FlagArray = npt.NDArray[np.bool_]


class TextSimilarity(Struct, frozen=True):
    """Result of comparing two texts: the shorter one ("smaller") and the longer one ("larger").

    - Each share states how much of a text, or of its first ("front") or last part ("end"), is also in the other text,
      from 0 to 1.
    - ``number_agreement`` and ``name_agreement`` compare the sentences that both texts have, at least in part. They are
      the share of the numbers and the share of the names in these sentences that occur in the other text.
    - ``is_larger_later`` is true if the longer text was published clearly later.

    If too little of the shorter text is in the longer one, the rest is not measured: the shares of the longer text are
    0, and the agreements are 1.
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
        """Weighted sum of three shares, from 0 to 1; a higher score means that the texts are more likely to be copies.

        The weights were fitted on edited news texts (tests/quality).
        """
        return 0.5 * self.larger_share + 0.375 * self.smaller_front_share + 0.125 * self.larger_front_share

    @property
    def contradicts_copy(self) -> bool:
        """True if the texts are not copies: they differ in names or numbers, or one is only background for the other.

        The later text may use the earlier one as background for its own news. Names and numbers are compared in the
        common sentences. They are not compared if too little of the shorter text is in the longer one.
        """
        if self.number_agreement < MIN_NUMBER_AGREEMENT or self.name_agreement < MIN_NAME_AGREEMENT:
            return True
        is_background = self.larger_share < MAX_BACKGROUND_SHARE and self.larger_end_share > 0.8
        return self.is_larger_later and self.larger_front_share < 0.2 and is_background

    @property
    def is_duplicate(self) -> bool:
        """True if both texts are copies of one text: they have enough in common, and nothing contradicts it."""
        if self.contradicts_copy:
            return False
        return self.is_excerpt or (self.smaller_share >= MIN_SMALLER_SHARE and self.score >= 0.53)


def compare_texts(
    first: NormalizedText, second: NormalizedText, *, is_second_later: bool | None = None
) -> TextSimilarity:
    """Compare two texts, given in any order. This takes about one millisecond for a page of text.

    ``is_second_later`` is true if the second text was published clearly later, false if it was published clearly
    earlier, and None if this is unknown.
    """
    smaller, larger = (first, second) if len(first.stream) <= len(second.stream) else (second, first)
    is_larger_later = is_second_later is not None and is_second_later == (larger is second)
    if smaller.stream == larger.stream:
        return TextSimilarity(1, 1, 1, 1, 1, 1, 1)
    pieces = smaller.shingles, larger.shingles
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


class _TextShares(Struct, frozen=True):
    total: float
    front: float
    end: float
    shared_sentences: tuple[str, ...]


def _measure_shares(text: NormalizedText, own_hashes: WindowHashes, other_hashes: WindowHashes) -> _TextShares:
    """Measure what share of a text the other text also has, and collect the common sentences.

    The share is measured for the whole text, its front and its end. ``own_hashes`` and ``other_hashes`` are the hashes
    of all windows (overlapping pieces of ``SHINGLE_BYTES`` bytes) of the text and of the other text.
    """
    shared_sums = np.concatenate(
        (np.zeros(1, dtype=np.int64), np.cumsum(mark_shared_bytes(own_hashes, other_hashes, len(text.stream))))
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


def mark_shared_bytes(
    own_hashes: WindowHashes, other_hashes: WindowHashes, size: int, min_bytes: int = MIN_RUN_BYTES
) -> FlagArray:
    """Return a flag for each byte of the first text: true if the byte is in a stretch that the second text also has.

    A stretch has at least ``min_bytes`` bytes. ``own_hashes`` and ``other_hashes`` are the window hashes of the first
    and the second text. ``size`` is the length of the first text in bytes.
    """
    mask = np.zeros(size, dtype=np.bool_)
    hits = np.flatnonzero(flag_shared_windows(own_hashes, other_hashes))
    if not len(hits):
        return mask
    gaps = np.flatnonzero(np.diff(hits) > 1)
    starts, ends = np.concatenate((hits[:1], hits[gaps + 1])), np.concatenate((hits[gaps], hits[-1:])) + SHINGLE_BYTES
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start >= min_bytes:
            mask[start:end] = True
    return mask


def flag_shared_windows(own_hashes: WindowHashes, other_hashes: WindowHashes) -> FlagArray:
    """Return a flag for each window of a text: true if the other text contains the window.

    A few other flags are true by chance, because only a part of each hash is compared.
    """
    seen = np.zeros(_FILTER_SIZE, dtype=np.bool_)
    seen[other_hashes & _FILTER_MASK] = True
    flags: FlagArray = seen[own_hashes & _FILTER_MASK]
    return flags


def _measure_agreement(sentences: Sequence[str], other: NormalizedText) -> tuple[float, float]:
    """Compare the numbers and the names in some sentences with another text.

    Return the share of the numbers, and the share of the names, that also occur in ``other``. Shares of few items are
    increased a little (``_smooth_share``).
    """
    text = "\n".join(sentences)
    numbers, names = NUMBER_PATTERN.findall(text), Counter(NAME_PATTERN.findall(text)[:MAX_COMPARED_NAMES])
    theirs = set(NUMBER_PATTERN.findall(other.cased))
    spelled = normalize_spelling("\n".join(names)).encode("utf-8", "replace").translate(None, b"'-_").split(b"\n")
    same = sum(count for count, name in zip(names.values(), spelled, strict=False) if name in other.stream)
    return _smooth_share(sum(one in theirs for one in numbers), len(numbers)), _smooth_share(same, names.total())


def _smooth_share(count: int, total: int) -> float:
    """Return ``(count + 1) / (total + 1)``, so that a single mismatch among few items has less effect."""
    return (count + 1) / (total + 1)
