"""Grouping window: the fingerprints of the last 30 days and the terms of open stories, in memory.

Fingerprints and terms are in sorted arrays of integers. A batch adds one array, and arrays of similar size are merged
(a log-structured merge tree). The cost of an article therefore hardly grows with the window. The database has a row for
each article and for each open story. A process loads the window from these rows (``store/grouping_index.py``).

A key (a fingerprint or a term) has a fixed number of slots, ``FINGERPRINT_SLOTS`` or ``TERM_SLOTS``. The number of an
article or story determines its slot, in which it replaces an earlier one. The cost of a look-up is therefore limited,
even if thousands of articles are made from one template.
"""

import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from monitor.domain.grouping import (
    ArticleLoader,
    GroupingChanges,
    IndexedArticle,
    IndexedStory,
    Placement,
    StoryCentroid,
)
from monitor.domain.values import replace

FINGERPRINT_SLOTS, TERM_SLOTS = 16, 32
MERGE_RATIO = 4
"""Two neighbouring arrays of a ``PostingTable`` are merged if the older one is shorter than ``MERGE_RATIO`` times the
newer one. The number of arrays then remains about six, however large the window is."""

MAX_DIGITS = 9
"""In the arrays of the window, each story is represented by a number. The id of a story is usually `s` followed by the
number of an article. If this number has at most ``MAX_DIGITS`` digits, it also represents the story. A story with
another id is represented by a new number of at least 10**MAX_DIGITS."""

NO_OWNER = 2**32 - 1
"""Value of a slot without an owner."""
_CENTROID_HEADER = struct.Struct("<HBIqq")
_NO_TIME = -(2**63)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
IntegerArray = npt.NDArray[np.uint64]
OwnerArray = npt.NDArray[np.uint32]
FlagArray = npt.NDArray[np.bool_]
MonthDays = frozenset[tuple[int, int]]


class _PostingRun(Struct, frozen=True):
    """Sorted array of postings. A posting states that its owner (an article or story) has a key (fingerprint or term).

    Each posting has one item in ``codes`` and one in ``owners``, at the same index. The code contains the key and, in
    its lowest bits, the slot of the owner (``PostingTable``). The owner is the number of the article or story. Each
    code occurs once, so a key has at most one owner for each slot.
    """

    codes: IntegerArray
    owners: OwnerArray

    @classmethod
    def build(cls, codes: IntegerArray, owners: OwnerArray) -> "_PostingRun":
        """Build a sorted array of postings (see the class) from their codes and owners.

        Of several postings with the same code, only the last one is kept.
        """
        order = codes.argsort(kind="stable")
        codes = codes[order]
        is_last = np.ones(len(codes), np.bool_)
        np.not_equal(codes[1:], codes[:-1], out=is_last[:-1])
        return cls(codes[is_last], owners[order[is_last]])

    def merge(self, later: "_PostingRun") -> "_PostingRun":
        """Merge two arrays of postings. If both contain the same code, the posting of ``later`` is kept."""
        return self.build(np.concatenate((self.codes, later.codes)), np.concatenate((self.owners, later.owners)))

    def select(self, is_kept: FlagArray) -> "_PostingRun":
        """Return an array with only the postings whose flag in ``is_kept`` is true."""
        return _PostingRun(self.codes[is_kept], self.owners[is_kept])


class PostingTable:
    """Index that maps keys (fingerprints or terms) to their owners (articles or stories).

    A key has a fixed number of slots, each for one owner. The lowest bits of an owner's number determine its slot. A
    new owner replaces the earlier owner in its slot, so that a key has only a few, recent owners.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._slot_bits, self._slot_mask = np.uint64(slots.bit_length() - 1), np.uint64(slots - 1)
        self._runs: list[_PostingRun] = []

    def find(self, keys: Sequence[int]) -> OwnerArray:
        """Return the owners of each key, the articles or stories that have it.

        The result has a row for each key, and in it the number of the article or story in each slot, or ``NO_OWNER``.
        ``keys`` must be unique and below 2**63.
        """
        found = np.full((len(keys), self.slots), NO_OWNER, np.uint32)
        low = np.fromiter(keys, np.uint64, len(keys)) << self._slot_bits
        order = low.argsort()
        low = low[order]  # searched in this order, which reads neighbouring parts of the arrays one after another
        high = low | self._slot_mask
        for run in self._runs:
            starts, ends = run.codes.searchsorted(low), run.codes.searchsorted(high, "right")
            hits = (ends > starts).nonzero()[0]
            if not len(hits):
                continue
            starts, counts = starts[hits], ends[hits] - starts[hits]
            bounds = np.concatenate(([0], counts.cumsum()))
            at = np.arange(bounds[-1]) + np.repeat(starts - bounds[:-1], counts)
            found[np.repeat(order[hits], counts), run.codes[at] & self._slot_mask] = run.owners[at]
        return found

    def add(self, keys: IntegerArray, owners: OwnerArray) -> None:
        """Record for each key its owner: the article or story at the same index in ``owners``.

        A new owner of a key replaces an earlier one in the same slot.
        """
        if not len(keys):
            return
        self._runs.append(_PostingRun.build(keys << self._slot_bits | owners & self._slot_mask, owners))
        while len(self._runs) > 1 and len(self._runs[-2].codes) < MERGE_RATIO * len(self._runs[-1].codes):
            later = self._runs.pop()
            self._runs[-1] = self._runs[-1].merge(later)

    def keep(self, is_kept: Callable[[OwnerArray], FlagArray]) -> None:
        """Delete all owners (articles or stories) for which ``is_kept`` returns false, and keep the others.

        ``is_kept`` is a function that takes an array of owners and returns an array with one flag for each owner.
        """
        selected = [run.select(is_kept(run.owners)) for run in self._runs]
        self._runs = [run for run in selected if len(run.codes)]


class _BatchPostings:
    """View of a ``PostingTable`` (the owners of each key) during one batch of articles.

    It consists of a cache of what the batch has read, and of what the batch has added. The table itself is not changed.
    """

    def __init__(self, table: PostingTable) -> None:
        self._table = table
        self._rows: dict[int, int] = {}
        self._owners = table.find(())

    def prefetch(self, keys: Iterable[int]) -> None:
        """Read the owners of the given keys into the cache, in one look-up. Keys in the cache are skipped."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._rows]
        self._rows.update(zip(missing, range(len(self._rows), len(self._rows) + len(missing)), strict=True))
        self._owners = np.concatenate((self._owners, self._table.find(missing)))

    def find(self, keys: Sequence[int]) -> OwnerArray:
        """Return the owners of each key, as ``PostingTable.find`` does."""
        rows = self._list_rows(keys)  # before the owners are read, because this may add rows
        return self._owners[rows]

    def _list_rows(self, keys: Sequence[int]) -> list[int]:
        try:
            return [self._rows[key] for key in keys]
        except KeyError:  # a key was not prefetched
            self.prefetch(keys)
            return [self._rows[key] for key in keys]

    def add(self, keys: Sequence[int], owner: int) -> None:
        """Record that an article or story has the given keys.

        ``owner`` is the number of the article or story, which determines its slot (see ``PostingTable``). If a key
        already has an owner in this slot, the new owner replaces it.
        """
        rows = self._list_rows(keys)
        self._owners[rows, owner % self._table.slots] = owner


class StoryWindow:
    """Implementation of ``GroupingWindow``: the index in memory that is searched when articles are grouped.

    It does not contain the texts of the articles.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Delete all articles and stories from the window, and set its version number to 0."""
        self.version = 0
        self.fingerprints, self.terms = PostingTable(FINGERPRINT_SLOTS), PostingTable(TERM_SLOTS)
        self._centroids: dict[int, bytes] = {}
        self.merged_into: dict[int, int] = {}
        self._other_numbers: dict[str, int] = {}
        self._other_ids: dict[int, str] = {}

    def load(self, articles: Sequence[IndexedArticle], stories: Iterable[IndexedStory]) -> None:
        """Add articles and stories to the window, or replace stories that changed.

        A story that is given without a centroid (its summed terms) is closed, or was merged into another story. Its
        centroid in the window is deleted.
        """
        for story in stories:
            number = self.number_of(story.story_id)
            if story.centroid:
                self._centroids[number] = story.centroid
                continue
            self._centroids.pop(number, None)
            if story.merged_into:
                self.merged_into[number] = self.number_of(story.merged_into)
        counts = [len(one.fingerprints) // 8 for one in articles]
        owners = np.repeat(np.array([one.article_id for one in articles], np.uint32), counts)
        self.fingerprints.add(_unpack_integers([one.fingerprints for one in articles], "<u8"), owners)
        placed = [(self.number_of(one.story_id), one.terms) for one in articles if one.terms]
        placed = [(number, terms) for number, terms in placed if number in self._centroids]
        owners = np.repeat(np.array([n for n, _ in placed], np.uint32), [len(terms) // 4 for _, terms in placed])
        self.terms.add(_unpack_integers([terms for _, terms in placed], "<u4"), owners)

    def begin(self, load_article: ArticleLoader) -> "GroupingBatch":
        """Begin a batch. The batch does not change the window; its changes are applied with ``load``."""
        return GroupingBatch(self, load_article)

    def drop(self, first_article_id: int, open_story_ids: Collection[str]) -> None:
        """Delete all articles whose id is below ``first_article_id``, and all stories except the open ones."""
        self.fingerprints.keep(lambda owners: owners >= first_article_id)
        self._centroids = {
            number: packed for number, packed in self._centroids.items() if self.id_of(number) in open_story_ids
        }
        merged = self.merged_into
        self.merged_into = {
            number: older for number, older in merged.items() if resolve_merged(older, merged) in self._centroids
        }
        numbers = np.fromiter(chain(self._centroids, self.merged_into), np.uint32)
        self.terms.keep(lambda owners: np.isin(owners, numbers))
        self._other_ids = {number: self._other_ids[number] for number in numbers.tolist() if number in self._other_ids}
        self._other_numbers = {story_id: number for number, story_id in self._other_ids.items()}

    def number_of(self, story_id: str) -> int:
        """Return the number that represents a story in the arrays. A story id without a number gets a new one."""
        digits = story_id[1:]
        if digits.isdecimal() and len(digits) <= MAX_DIGITS and f"s{int(digits)}" == story_id:
            return int(digits)
        if story_id not in self._other_numbers:
            number = max(self._other_ids, default=10**MAX_DIGITS - 1) + 1
            self._other_numbers[story_id], self._other_ids[number] = number, story_id
        return self._other_numbers[story_id]

    def id_of(self, number: int) -> str:
        """Return the id of the story that a number represents."""
        return self._other_ids.get(number) or f"s{number}"

    def find_story(self, story_id: str) -> int:
        """Return the number of a story, or of the story into which it was merged."""
        return resolve_merged(self.number_of(story_id), self.merged_into)

    def get_centroid(self, number: int) -> StoryCentroid | None:
        """Return the centroid (the summed terms) of an open story, or None if no open story has this number."""
        packed = self._centroids.get(number)
        return unpack_centroid(self.id_of(number), packed) if packed else None


class GroupingBatch:
    """Implementation of ``GroupingIndex`` for one batch of articles.

    It reads from the window what earlier batches have stored, and collects the changes of this batch.
    """

    def __init__(self, window: StoryWindow, load_article: ArticleLoader) -> None:
        self._window, self._load_article = window, load_article
        self._fingerprints, self._terms = _BatchPostings(window.fingerprints), _BatchPostings(window.terms)
        self._new_fingerprints: dict[int, bytes] = {}
        self._new_terms: dict[int, bytes] = {}
        self._texts: dict[int, tuple[str, str]] = {}
        self._placements: dict[int, Placement | None] = {}
        self._new_placements: list[Placement] = []
        self._centroids: dict[int, StoryCentroid | None] = {}
        self._changed_centroids: dict[int, StoryCentroid] = {}
        self._merged_into: dict[int, int] = {}
        self._merged_stories: list[IndexedStory] = []

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Read the articles with these fingerprints into the cache, in one look-up."""
        self._fingerprints.prefetch(fingerprints)

    def prefetch_terms(self, terms: Iterable[int]) -> None:
        """Read the stories with these terms into the cache, in one look-up."""
        self._terms.prefetch(terms)

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return a dictionary that maps article ids to how many of the given fingerprints the article has.

        Articles that have none of them are omitted.
        """
        owners = self._fingerprints.find(fingerprints)
        found: list[int] = owners[owners != NO_OWNER].tolist()
        return Counter(found) if found else {}

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article; both are empty if the article was deleted."""
        if article_id not in self._texts:
            self._read_article(article_id)
        return self._texts.pop(article_id)

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add the fingerprints of an article to the index; the id of the article must be below 2**32 - 1."""
        self._fingerprints.add(fingerprints, article_id)
        self._new_fingerprints[article_id] = np.array(fingerprints, "<u8").tobytes()

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the story and the original of an article as a placement, or None if the article was deleted.

        If the story of the article was merged, the placement has the id of the story that absorbed it.
        """
        if article_id not in self._placements:
            self._read_article(article_id)
        placement = self._placements[article_id]
        return replace(placement, story_id=self._resolve_story(placement.story_id)) if placement else None

    def _read_article(self, article_id: int) -> None:
        placement, title, body = self._load_article(article_id)
        self._texts[article_id] = title, body
        self._placements.setdefault(article_id, placement)

    def place(self, placement: Placement, terms: Sequence[int] = ()) -> None:
        """Record the placement (the story and the original) of an article.

        Also index the story under ``terms``, by which later articles find it.
        """
        self._placements[placement.article_id] = placement
        self._new_placements.append(placement)
        if terms:
            self._terms.add(terms, self._window.number_of(placement.story_id))
            self._new_terms[placement.article_id] = np.array(terms, "<u4").tobytes()

    def similar_stories(self, terms: Sequence[int], limit: int, min_shared: int = 1) -> Sequence[StoryCentroid]:
        """Return at most ``limit`` open stories that share terms with an article, the most similar first.

        ``terms`` are sorted by weight, and earlier terms count more. A story must share at least ``min_shared`` of
        them. If two stories are equally similar, the older one is first.
        """
        owners = self._terms.find(terms)
        bits = len(terms).bit_length()
        weights = np.arange(len(terms), 0, -1)[:, np.newaxis]
        shared = (owners.astype(np.int64) << bits | weights)[owners != NO_OWNER]
        if not len(shared):
            return ()
        shared.sort()
        numbers = shared >> bits
        starts = find_starts(numbers)
        totals = np.add.reduceat(shared & ((1 << bits) - 1), starts)
        if min_shared > 1:
            is_kept = np.concatenate((starts[1:], (len(numbers),))) - starts >= min_shared
            starts, totals = starts[is_kept], totals[is_kept]
        ranked: list[int] = np.sort((totals << 32) - numbers[starts])[: -limit - 1 : -1].tolist()
        found = dict.fromkeys(self._resolve(-one & 0xFFFFFFFF) for one in ranked)
        return [centroid for centroid in map(self._get_centroid, found) if centroid]

    def get_centroid(self, story_id: str) -> StoryCentroid | None:
        """Return the centroid (the summed terms) of a story, or None if the story is unknown or closed.

        If the story was merged, return the centroid of the story into which it was merged.
        """
        return self._get_centroid(self._resolve(self._window.number_of(story_id)))

    def _get_centroid(self, number: int) -> StoryCentroid | None:
        if number not in self._centroids:
            self._centroids[number] = self._window.get_centroid(number)
        return self._centroids[number]

    def save_centroid(self, centroid: StoryCentroid) -> None:
        """Record the centroid (the summed terms) of a story that is new or has changed."""
        number = self._window.number_of(centroid.id)
        self._centroids[number] = self._changed_centroids[number] = centroid

    def merge(self, younger: str, older: str) -> None:
        """Merge the younger story into the older one. A look-up of the younger id then returns the older story."""
        number = self._window.number_of(younger)
        centroid = self._get_centroid(number)
        self._merged_stories.append(IndexedStory(younger, b"", centroid.last_article_at if centroid else None, older))
        self._merged_into[number] = self._window.number_of(older)
        self._centroids[number] = None
        self._changed_centroids.pop(number, None)

    def _resolve(self, number: int) -> int:
        return resolve_merged(resolve_merged(number, self._window.merged_into), self._merged_into)

    def _resolve_story(self, story_id: str) -> str:
        return self._window.id_of(self._resolve(self._window.number_of(story_id)))

    def changes(self) -> GroupingChanges:
        """Return the changes of the batch, which are to be stored.

        After storing them, the caller loads the articles and stories in these changes into the window.
        """
        return GroupingChanges(
            tuple(self._new_placements),
            tuple(
                IndexedArticle(
                    one.article_id,
                    self._resolve_story(one.story_id),
                    self._new_fingerprints.get(one.article_id, b""),
                    self._new_terms.get(one.article_id, b""),
                )
                for one in self._new_placements
            ),
            (
                *(
                    IndexedStory(one.id, pack_centroid(one), one.last_article_at)
                    for one in self._changed_centroids.values()
                ),
                *self._merged_stories,
            ),
        )


def find_starts(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the indexes at which another value begins in a sorted array that is not empty."""
    is_start = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=is_start[1:])
    return is_start.nonzero()[0]


def resolve_merged(number: int, merged_into: Mapping[int, int]) -> int:
    """Return the number of the story into which a story was merged, or ``number`` if the story was not merged."""
    while number in merged_into:
        number = merged_into[number]
    return number


def pack_centroid(centroid: StoryCentroid) -> bytes:
    """Convert a centroid (the summed terms of a story) to bytes.

    The parts are a header, the days, and the terms with their weights and kinds.
    """
    days = sorted(centroid.days)
    header = _CENTROID_HEADER.pack(
        len(centroid.kinds),
        len(days),
        centroid.size,
        _pack_time(centroid.first_article_at),
        _pack_time(centroid.last_article_at),
    )
    packed_days = bytes(chain.from_iterable(days))
    return b"".join((header, packed_days, centroid.terms, centroid.weights, centroid.kinds))


def unpack_centroid(story_id: str, packed: bytes) -> StoryCentroid:
    """Convert the bytes that ``pack_centroid`` has returned to a centroid."""
    term_count, day_count, size, first, last = _CENTROID_HEADER.unpack_from(packed)
    terms = _CENTROID_HEADER.size + 2 * day_count
    weights = terms + 4 * term_count
    kinds = weights + 4 * term_count
    return StoryCentroid(
        story_id,
        packed[terms:weights],
        packed[weights:kinds],
        packed[kinds:],
        _unpack_days(packed[_CENTROID_HEADER.size : terms]),
        size,
        _unpack_time(first),
        _unpack_time(last),
    )


@lru_cache(1024)
def _unpack_days(packed: bytes) -> MonthDays:
    """Convert bytes to (month, day) pairs. The result is cached, because many stories mention nearly the same days."""
    return frozenset(zip(packed[::2], packed[1::2], strict=True))


def _pack_time(at: datetime | None) -> int:
    return _NO_TIME if at is None else (at - _EPOCH) // _MICROSECOND


def _unpack_time(value: int) -> datetime | None:
    return None if value == _NO_TIME else _EPOCH + value * _MICROSECOND


def _unpack_integers(packed: Iterable[bytes], kind: str) -> IntegerArray:
    return np.frombuffer(b"".join(packed), kind).astype(np.uint64)
