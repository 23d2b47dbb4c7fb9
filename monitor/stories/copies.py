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

from monitor.stories.prints import Hashes, Trace, spell, windows

PIECE = 12
RUN = 20
SENTENCE_KEPT = 0.35
FRONT = 0.35
END = 0.85
SMALLER_KEPT = 0.55
NUMBERS_AGREE = 0.7
NAMES_AGREE = 0.75
MUCH_LONGER = 1.5  # then the longer text has sentences of its own kind, and the facts of the shorter one decide
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NAME = re.compile(r" [\"'(]?([A-Z][\w'-]+)")
Places = npt.NDArray[np.int64]
_SEEN = 1 << 16  # a piece of a page is found by chance in one of fifteen cases, a whole run never
_LOW = np.uint64(_SEEN - 1)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of each text stands in the other; shares from 0 to 1. ``smaller`` is the shorter text of the two.

    Where too little of the shorter text is kept for a copy, the longer one is not looked at (0), nor are ``numbers``
    and ``names`` (1).
    """

    smaller_kept: float
    larger_kept: float
    smaller_front: float
    larger_front: float
    larger_end: float
    numbers: float
    names: float
    overtaken: bool = False

    @property
    def excerpt(self) -> bool:
        """The shorter text stands in the longer one from its beginning, almost whole."""
        return self.smaller_kept >= 0.9 and self.smaller_front >= 0.5

    @property
    def score(self) -> float:
        """One figure for both texts as wholes; the weights were fitted on edited press texts (tests/quality)."""
        return 0.5 * self.larger_kept + 0.375 * self.smaller_front + 0.125 * self.larger_front

    @property
    def copy(self) -> bool:
        """Whether they are one text."""
        if self.numbers < NUMBERS_AGREE or self.names < NAMES_AGREE:
            return False
        if self.overtaken and self.larger_front < 0.2 and self.larger_end > 0.8:
            return False
        return self.excerpt or (self.smaller_kept >= SMALLER_KEPT and self.score >= 0.53)


def verify(one: Trace, other: Trace, *, other_later: bool | None = None) -> Likeness:
    """Compare two texts in either order; costs about a millisecond for a page of text.

    ``other_later`` tells which was published clearly later, if that is known.
    """
    smaller, larger = (one, other) if len(one.stream) <= len(other.stream) else (other, one)
    overtaken = other_later is not None and other_later == (larger is other)
    if smaller.stream == larger.stream:
        return Likeness(1, 1, 1, 1, 1, 1, 1)
    pieces = windows(smaller.stream, PIECE), windows(larger.stream, PIECE)
    small = _side(smaller, *pieces)
    if small.kept < SMALLER_KEPT:
        return Likeness(small.kept, 0, small.front, 0, 0, numbers=1, names=1, overtaken=overtaken)
    large = _side(larger, *reversed(pieces))
    shares = (small.kept, large.kept, small.front, large.front, large.end)
    numbers, names = _agree(small.shared, larger)
    if len(larger.stream) <= MUCH_LONGER * len(smaller.stream):
        more_numbers, more_names = _agree(large.shared, smaller)
        numbers, names = min(numbers, more_numbers), min(names, more_names)
    return Likeness(*shares, numbers, names, overtaken)


@dataclass(frozen=True, slots=True)
class _Side:
    kept: float
    front: float
    end: float
    shared: tuple[str, ...]


def _side(text: Trace, own: Hashes, others: Hashes) -> _Side:
    """Measure one text against the pieces of the other."""
    found = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(_found(own, others, len(text.stream)))))
    ends = np.append(text.starts[1:], len(text.stream))
    sizes = ends - text.starts
    kept = (found[ends] - found[text.starts] >= SENTENCE_KEPT * sizes) & (sizes > 0)
    shared = tuple(sentence for sentence, same in zip(text.sentences, kept.tolist(), strict=True) if same)
    front, end = text.starts < FRONT * len(text.stream), ends > END * len(text.stream)
    parts = [_part(sizes, kept, where) for where in (sizes > 0, front, end)]
    return _Side(parts[0], parts[1], parts[2], shared)


def _part(sizes: Places, kept: Mask, where: Mask) -> float:
    return int(sizes[kept & where].sum()) / max(1, int(sizes[where].sum()))


def _found(own: Hashes, others: Hashes, size: int) -> Mask:
    """Mark the bytes of a text that stand in runs long enough to mean something in the other."""
    mask = np.zeros(size, dtype=np.bool_)
    seen = np.zeros(_SEEN, dtype=np.bool_)
    seen[others & _LOW] = True
    hits = np.flatnonzero(seen[own & _LOW])
    if not len(hits):
        return mask
    gaps = np.flatnonzero(np.diff(hits) > 1)
    starts, ends = np.concatenate((hits[:1], hits[gaps + 1])), np.concatenate((hits[gaps], hits[-1:])) + PIECE
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start >= RUN:
            mask[start:end] = True
    return mask


def _agree(sentences: Sequence[str], other: Trace) -> tuple[float, float]:
    """Return which share of the numbers and of the names in these sentences the other text has too."""
    text = "\n".join(sentences)
    numbers, names = NUMBER.findall(text), Counter(NAME.findall(text))
    theirs = set(NUMBER.findall(other.cased))
    spelled = spell("\n".join(names)).encode("utf-8", "replace").translate(None, b"'-_").split(b"\n")
    same = sum(count for count, name in zip(names.values(), spelled, strict=False) if name in other.stream)
    return _share(sum(one in theirs for one in numbers), len(numbers)), _share(same, names.total())


def _share(part: int, whole: int) -> float:
    """Return a share that a single odd one out of few does not decide."""
    return (part + 1) / (whole + 1)
