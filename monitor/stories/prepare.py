"""What grouping reads from an article alone, before anything is looked up: its prints and its features.

This is half of the work, and needs neither the shelf nor the vocabulary. So it can be done ahead, in another process:
``prepare`` takes a batch of texts and returns their arrays end to end, which travel as a dozen pieces and not as
thousands; ``unpack`` takes them apart again. What few articles need, the text made ready for comparison, does not
travel and is made when it is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from monitor.domain.article import Article
from monitor.stories.features import MAX_LEAD_CHARS, TermFeatures, extract_features
from monitor.stories.prints import NormalizedText, normalize_text
from monitor.text.fold import fold

GroupingText = tuple[str, str, str, datetime | None]
"""Title, standfirst, body and time of publication."""


class ArticleFeatures:
    """An article made ready for grouping; each part is made once, when it is first asked for, or given."""

    def __init__(self, text: GroupingText) -> None:
        self._text = text

    @cached_property
    def normalized_text(self) -> NormalizedText:
        """The text prepared for comparison."""
        title, _, body, _ = self._text
        return normalize_text(title, body)

    @cached_property
    def fingerprints(self) -> tuple[int, ...]:
        """The integers by which copies are found."""
        return self.normalized_text.fingerprints

    @cached_property
    def term_features(self) -> TermFeatures:
        """What the article is about."""
        title, standfirst, _, published_at = self._text
        lead = f"{fold(standfirst).cased}\n{self.normalized_text.cased[:MAX_LEAD_CHARS]}"
        return extract_features(fold(title).cased, lead, published_at)


@dataclass(frozen=True, slots=True)
class PackedFeatures:
    """The prints and features of a batch, each kind end to end, and beside them where those of each article end."""

    fingerprints: bytes
    fingerprint_ends: bytes
    hashes: bytes
    counts: bytes
    name_flags: bytes
    term_ends: bytes
    days: bytes
    day_ends: bytes
    word_counts: bytes
    explicit_day_flags: bytes


def extract_grouping_text(article: Article) -> GroupingText:
    """Return what grouping reads of an article."""
    return article.title, article.standfirst, article.body, article.published_at


def pack_features(texts: Sequence[GroupingText]) -> PackedFeatures:
    """Read a batch of texts. The same as each text's ``Sketch`` would read, packed."""
    sketches = [ArticleFeatures(text) for text in texts]
    features = [sketch.term_features for sketch in sketches]
    days = [[month << 5 | day for month, day in one.days] for one in features]
    return PackedFeatures(
        np.array([one for sketch in sketches for one in sketch.fingerprints], np.uint64).tobytes(),
        _pack_ends(len(sketch.fingerprints) for sketch in sketches),
        b"".join(one.hashes.tobytes() for one in features),
        b"".join(one.counts.tobytes() for one in features),
        b"".join(one.name_flags.tobytes() for one in features),
        _pack_ends(len(one.hashes) for one in features),
        np.array([one for several in days for one in several], np.uint16).tobytes(),
        _pack_ends(map(len, days)),
        np.array([one.word_count for one in features], np.uint32).tobytes(),
        bytes(one.has_explicit_days for one in features),
    )


def unpack_features(packed: PackedFeatures, texts: Sequence[GroupingText]) -> list[ArticleFeatures]:
    """Return a sketch for each of the texts that were prepared, its prints and features already in it."""
    prints = np.frombuffer(packed.fingerprints, np.uint64).tolist()
    hashes, counts = np.frombuffer(packed.hashes, np.uint32), np.frombuffer(packed.counts, np.float32)
    names = np.frombuffer(packed.name_flags, np.bool_)
    days = [(one >> 5, one & 31) for one in np.frombuffer(packed.days, np.uint16).tolist()]
    words = np.frombuffer(packed.word_counts, np.uint32).tolist()
    parts = zip(
        texts,
        _unpack_slices(packed.fingerprint_ends),
        _unpack_slices(packed.term_ends),
        _unpack_slices(packed.day_ends),
        words,
        packed.explicit_day_flags,
        strict=True,
    )
    sketches = []
    for text, own, terms, when, told, dated in parts:
        sketch = ArticleFeatures(text)
        sketch.fingerprints = tuple(prints[own])
        sketch.term_features = TermFeatures(
            hashes[terms], counts[terms], names[terms], frozenset(days[when]), text[3], told, bool(dated)
        )
        sketches.append(sketch)
    return sketches


def _pack_ends(sizes: Iterable[int]) -> bytes:
    return np.cumsum([0, *sizes], dtype=np.uint32).tobytes()


def _unpack_slices(ends: bytes) -> list[slice]:
    places: list[Any] = np.frombuffer(ends, np.uint32).tolist()
    return [slice(start, end) for start, end in pairwise(places)]
