"""Fingerprints and packed features: everything that grouping needs from an article before any look-up.

A fingerprint is a hash of a stretch of normalized text. Most fingerprints of an article stay the same with a new
headline, dropped paragraphs or another spelling. The text becomes a stream of bytes: only letters and digits, in lower
case, without diacritics, in American spelling. ``Việt Nam``, ``Viet Nam`` and ``Vietnam`` are therefore equal. Every
window of the stream is hashed (a polynomial hash from prefix sums, as in Karp-Rabin). The windows whose hash begins
with enough zero bits are selected. Windows are selected by their value and not by their position, so an excerpt and the
whole text have fingerprints in common.

Computing fingerprints and features is half of the work of grouping. It needs neither index nor vocabulary, so another
process can do it. ``pack_features`` returns the arrays of a batch concatenated, which transfers a dozen objects instead
of thousands, and ``unpack_features`` separates them. The normalized text is needed for few articles only, so it is not
transferred.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.stories.features import MAX_LEAD_CHARS, TermFeatures, extract_features
from monitor.text.fold import fold
from monitor.text.tokens import CLEAR_STOPS

WindowHashes = npt.NDArray[np.uint64]
OffsetArray = npt.NDArray[np.int64]

MAX_BODY_CHARS = 40_000
WINDOW_BYTES = 20
SHINGLE_BYTES = 12
"""Length, in bytes, of the windows (overlapping pieces of the normalized text) by which two texts are compared."""

TARGET_FINGERPRINTS = 28
DENSE_START_BYTES, DENSE_START_SHARE = 800, 1 / 40
# British to American spelling by plain text replacement, applied to every text alike.
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
SENTENCE_ENDS = (". ", "! ", "? ", *CLEAR_STOPS)
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
    """A text prepared for comparison.

    ``title`` and ``cased`` are headline and body without diacritics, but with their capitals. ``stream`` is the body as
    bytes: only its letters and digits, in lower case and American spelling. Windows of this stream are compared.
    """

    title: str
    cased: str = field(repr=False)
    stream: bytes = field(repr=False)

    @cached_property
    def fingerprints(self) -> tuple[int, ...]:
        """Hashes by which duplicates are found: one of the whole text and about 40 of windows. They are below 2**63.

        More windows are selected at the beginning of a long text, because excerpts are usually taken from there.
        """
        hashes = hash_windows(self.stream, WINDOW_BYTES)
        share = min(1.0, TARGET_FINGERPRINTS / max(1, len(hashes)))
        limits = np.full(len(hashes), share)
        limits[:DENSE_START_BYTES] = max(share, DENSE_START_SHARE)
        chosen = {one >> 1 for one in hashes[hashes * 2.0**-64 <= limits].tolist()}
        return (xxh3_64_intdigest(self.stream) >> 1, *chosen) if self.stream else ()

    @cached_property
    def shingles(self) -> WindowHashes:
        """Hashes of all windows of ``SHINGLE_BYTES`` bytes, by which two texts are compared."""
        return hash_windows(self.stream, SHINGLE_BYTES)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Sentences of the body, without diacritics but with capitals."""
        text = self.cased
        for end in SENTENCE_ENDS:
            text = text.replace(end, end + "\n")
        return tuple(one for one in text.split("\n") if one.strip())

    @cached_property
    def sentence_starts(self) -> OffsetArray:
        """Offsets in ``stream``, the bytes of the normalized text, at which the ``sentences`` begin."""
        raw = np.frombuffer(normalize_spelling("\n".join(self.sentences)).encode("utf-8", "replace"), dtype=np.uint8)
        breaks = np.cumsum(_IS_KEPT_BYTE[raw])[raw == _NEWLINE]
        return np.minimum(np.concatenate(([0], breaks)), len(self.stream)).astype(np.int64)


def normalize_text(title: str, body: str) -> NormalizedText:
    """Prepare a text for comparison. Text beyond ``MAX_BODY_CHARS`` characters is ignored."""
    cased = fold(body[:MAX_BODY_CHARS]).cased
    return NormalizedText(fold(title).cased, cased, build_stream(cased))


def build_stream(text: str) -> bytes:
    """Return the letters and digits of a text as UTF-8, in lower case and with American spelling.

    The text is given without diacritics.
    """
    return normalize_spelling(text).encode("utf-8", "replace").translate(None, _DROPPED_BYTES)


def normalize_spelling(text: str) -> str:
    """Convert a text to lower case and American spelling. The text has no diacritics."""
    text = text.lower()
    for british, american in SPELLING_REPLACEMENTS:
        text = text.replace(british, american)
    return text


def hash_windows(stream: bytes, width: int) -> WindowHashes:
    """Return the hash of every window of ``width`` bytes in a byte stream, in order.

    The result is empty if the stream is shorter. A final step makes every bit of a hash depend on the whole window.
    Windows can therefore be selected by comparing their hashes with a limit.
    """
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


class GroupingText(NamedTuple):
    """The parts of an article that grouping uses: its texts, publication time and language.

    ``language`` is a language code, or empty if it is unknown.
    """

    title: str
    standfirst: str
    body: str
    published_at: datetime | None
    language: str = ""


class ArticleFeatures:
    """Fingerprints and features of one article. Each is computed at its first use.

    The caller may also set them before.
    """

    def __init__(self, text: GroupingText) -> None:
        self._text = text

    @cached_property
    def normalized_text(self) -> NormalizedText:
        """The text of the article, prepared for comparison."""
        return normalize_text(self._text.title, self._text.body)

    @cached_property
    def fingerprints(self) -> tuple[int, ...]:
        """Integers by which duplicates are found."""
        return self.normalized_text.fingerprints

    @cached_property
    def term_features(self) -> TermFeatures:
        """Terms of the title and the lead (the first lines), and the days that the text mentions."""
        text = self._text
        lead = f"{fold(text.standfirst).cased}\n{self.normalized_text.cased[:MAX_LEAD_CHARS]}"
        return extract_features(fold(text.title).cased, lead, text.published_at, text.language)


class PackedFeatures(Struct, frozen=True):
    """Fingerprints and features of a batch of articles, in a form that is fast to transfer between processes.

    Each field has the values of all articles, one after another. A field such as ``term_ends`` states where the values
    of each article end in other fields: it contains 0, followed by one position for each article.
    """

    fingerprints: bytes
    fingerprint_ends: bytes
    hashes: bytes
    counts: bytes
    kinds: bytes
    term_ends: bytes
    days: bytes
    day_ends: bytes
    word_counts: bytes
    explicit_day_flags: bytes


def extract_grouping_text(article: Article) -> GroupingText:
    """Return the parts of an article that grouping uses: its texts, publication time and language."""
    return GroupingText(article.title, article.standfirst, article.body, article.published_at, article.language)


def pack_features(texts: Sequence[GroupingText]) -> PackedFeatures:
    """Compute the features of a batch of texts and pack them. The values are the same as in ``ArticleFeatures``."""
    articles = [ArticleFeatures(text) for text in texts]
    features = [article.term_features for article in articles]
    days = [[month << 5 | day for month, day in one.days] for one in features]
    return PackedFeatures(
        np.array([one for article in articles for one in article.fingerprints], np.uint64).tobytes(),
        _pack_ends(len(article.fingerprints) for article in articles),
        b"".join(one.hashes.tobytes() for one in features),
        b"".join(one.counts.tobytes() for one in features),
        b"".join(one.kinds.tobytes() for one in features),
        _pack_ends(len(one.hashes) for one in features),
        np.array([one for several in days for one in several], np.uint16).tobytes(),
        _pack_ends(map(len, days)),
        np.array([one.word_count for one in features], np.uint32).tobytes(),
        bytes(one.has_explicit_days for one in features),
    )


def unpack_features(packed: PackedFeatures, texts: Sequence[GroupingText]) -> list[ArticleFeatures]:
    """Return the features of each text of a batch, from the result of ``pack_features`` for the same texts.

    Fingerprints and term features are taken from ``packed`` and not computed again.
    """
    fingerprints = np.frombuffer(packed.fingerprints, np.uint64).tolist()
    hashes, counts = np.frombuffer(packed.hashes, np.uint32), np.frombuffer(packed.counts, np.float32)
    kinds = np.frombuffer(packed.kinds, np.uint8)
    days = [(one >> 5, one & 31) for one in np.frombuffer(packed.days, np.uint16).tolist()]
    word_counts = np.frombuffer(packed.word_counts, np.uint32).tolist()
    parts = zip(
        texts,
        _unpack_slices(packed.fingerprint_ends),
        _unpack_slices(packed.term_ends),
        _unpack_slices(packed.day_ends),
        word_counts,
        packed.explicit_day_flags,
        strict=True,
    )
    articles = []
    for text, fingerprint_slice, term_slice, day_slice, word_count, is_explicit in parts:
        article = ArticleFeatures(text)
        article.fingerprints = tuple(fingerprints[fingerprint_slice])
        article.term_features = TermFeatures(
            hashes[term_slice],
            counts[term_slice],
            kinds[term_slice],
            frozenset(days[day_slice]),
            text.published_at,
            word_count,
            bool(is_explicit),
        )
        articles.append(article)
    return articles


def _pack_ends(sizes: Iterable[int]) -> bytes:
    return np.cumsum([0, *sizes], dtype=np.uint32).tobytes()


def _unpack_slices(ends: bytes) -> list[slice]:
    places: list[Any] = np.frombuffer(ends, np.uint32).tolist()
    return [slice(start, end) for start, end in pairwise(places)]
