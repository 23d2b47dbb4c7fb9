"""Fingerprints of texts: few integers that survive other headlines, dropped paragraphs and another house's spelling.

A text becomes a stream of bytes: folded, spelled one way, letters and digits only, so that ``Việt Nam``, ``Viet Nam``
and ``Vietnam`` are the same bytes. Every window of the stream is hashed (a polynomial hash from prefix sums, as Karp
and Rabin), and the windows whose hash begins with enough zero bits are the prints. Being chosen by value, the prints of
an excerpt are among those of the whole.

What grouping reads from an article alone, before anything is looked up: its prints and its features.

This is half of the work, and needs neither the shelf nor the vocabulary. So it can be done ahead, in another process:
``prepare`` takes a batch of texts and returns their arrays end to end, which travel as a dozen pieces and not as
thousands; ``unpack`` takes them apart again. What few articles need, the text made ready for comparison, does not
travel and is made when it is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.stories.features import MAX_LEAD_CHARS, TermFeatures, extract_features
from monitor.text.fold import fold

WindowHashes = npt.NDArray[np.uint64]
OffsetArray = npt.NDArray[np.int64]

MAX_BODY_CHARS = 40_000
WINDOW_BYTES = 20
TARGET_FINGERPRINTS = 24
# British to American spelling, as far as replacing letters can do it; the same for every text.
SPELLING_REPLACEMENTS = (
    ("per cent", "%"),
    ("percent", "%"),
    ("isation", "ization"),
    ("ising", "izing"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("fence", "fense"),
    ("icence", "icense"),
    ("entre", "enter"),
    ("amme", "am"),
    ("ogue", "og"),
    ("lled", "led"),
    ("lling", "ling"),
)
SENTENCE_ENDS = (". ", "! ", "? ", "\u3002", "\u104b", "\u17d4")
_NEWLINE = ord("\n")
_IS_KEPT_BYTE = np.array([byte >= 128 or chr(byte).isalnum() for byte in range(256)])
_DROPPED_BYTES = bytes(np.flatnonzero(~_IS_KEPT_BYTE).tolist())
_HASH_BASE = 0x9E3779B97F4A7C15


def _compute_powers(base: int, count: int) -> WindowHashes:
    with np.errstate(over="ignore"):
        powers: WindowHashes = np.cumprod(np.full(count, base, dtype=np.uint64), dtype=np.uint64)
        return powers * np.uint64(pow(base, -1, 1 << 64))


_BASE_POWERS = _compute_powers(_HASH_BASE, 4 * MAX_BODY_CHARS + 2)
_INVERSE_BASE_POWERS = _compute_powers(pow(_HASH_BASE, -1, 1 << 64), 4 * MAX_BODY_CHARS + 2)


@dataclass(frozen=True)
class NormalizedText:
    """A text prepared for comparison: its folded title and body, and the stream of bytes that is compared."""

    title: str
    cased: str = field(repr=False)
    stream: bytes = field(repr=False)

    @cached_property
    def fingerprints(self) -> tuple[int, ...]:
        """The integers to be looked up: the whole text's and about ``PRINTS`` to twice as many more; under 2**63."""
        hashes = hash_windows(self.stream, WINDOW_BYTES)
        level = max(0, (len(hashes) // TARGET_FINGERPRINTS).bit_length() - 1)
        chosen = {one >> 1 for one in hashes[hashes <= np.uint64((2**64 - 1) >> level)].tolist()}
        return (xxh3_64_intdigest(self.stream) >> 1, *chosen) if self.stream else ()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The body's sentences with capitals, folded."""
        text = self.cased
        for end in SENTENCE_ENDS:
            text = text.replace(end, end + "\n")
        return tuple(one for one in text.split("\n") if one.strip())

    @cached_property
    def sentence_starts(self) -> OffsetArray:
        """Where each of the sentences begins in the stream."""
        raw = np.frombuffer(normalize_spelling("\n".join(self.sentences)).encode("utf-8", "replace"), dtype=np.uint8)
        breaks = np.cumsum(_IS_KEPT_BYTE[raw])[raw == _NEWLINE]
        return np.minimum(np.concatenate(([0], breaks)), len(self.stream)).astype(np.int64)


def normalize_text(title: str, body: str) -> NormalizedText:
    """Prepare a text for comparison; what stands beyond ``LONGEST`` characters is left out."""
    cased = fold(body[:MAX_BODY_CHARS]).cased
    return NormalizedText(fold(title).text, cased, _build_stream(cased))


def _build_stream(text: str) -> bytes:
    return normalize_spelling(text).encode("utf-8", "replace").translate(None, _DROPPED_BYTES)


def normalize_spelling(text: str) -> str:
    """Write a folded text in small letters and one spelling for both sides of the Atlantic."""
    text = text.lower()
    for one, other in SPELLING_REPLACEMENTS:
        text = text.replace(one, other)
    return text


def hash_windows(stream: bytes, width: int) -> WindowHashes:
    """Hash every window of a stream, in order; equal windows have equal hashes, all bits of which are mixed."""
    if len(stream) < width:
        return np.zeros(0, dtype=np.uint64)
    values = np.frombuffer(stream, dtype=np.uint8).astype(np.uint64)
    values += np.uint64(1)
    values *= _BASE_POWERS[: len(values)]
    sums = np.zeros(len(values) + 1, dtype=np.uint64)
    np.cumsum(values, out=sums[1:])
    hashes: WindowHashes = sums[width:] - sums[:-width]
    hashes *= _INVERSE_BASE_POWERS[: len(hashes)]
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xD6E8FEB86659FD93)
    hashes ^= hashes >> np.uint64(32)
    return hashes


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
