"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import Placement, StoryCentroid

FINGERPRINT_SLOTS, TERM_SLOTS = 16, 32
MAX_FILL_RATIO = 0.65
_INITIAL_BUCKET_BITS = 10
FingerprintArray = npt.NDArray[np.uint64]
TextLoader = Callable[[int], tuple[str, str]]


class FingerprintTable:
    """Prints and who has them, in one table of buckets with few places; a full bucket forgets at random.

    A look-up touches one bucket for each print, however many articles there are: constant cost, 8 bytes a place. A
    print is known by its lowest 42 bits: the bucket tells the first ten, the key the others.
    """

    def __init__(self, slots: int = FINGERPRINT_SLOTS) -> None:
        self._slots = slots
        self._keys = np.zeros((1 << _INITIAL_BUCKET_BITS, slots), dtype=np.uint32)
        self._owners = np.zeros((1 << _INITIAL_BUCKET_BITS, slots), dtype=np.uint32)
        self._used_slots = 0

    def find_owners(self, fingerprints: FingerprintArray) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """Return who has some of these prints, and beside it the position of the print that he has."""
        buckets, keys = self._split_buckets(fingerprints)
        rows, places = np.nonzero(self._keys[buckets] == keys[:, None])
        return self._owners[buckets[rows], places], rows

    def add(self, owner: int, fingerprints: FingerprintArray) -> None:
        """Enter an owner's prints; ``owner`` is below 2**32."""
        if self._used_slots > len(self._keys) * self._slots * MAX_FILL_RATIO:
            self._double_buckets()
        buckets, keys = self._split_buckets(fingerprints)
        rows = self._keys[buckets]
        free = (rows == 0) | ((rows == keys[:, None]) & (self._owners[buckets] == owner))
        places = free.argmax(axis=1)
        places[~free[np.arange(len(rows)), places]] = owner % self._slots
        self._used_slots += int(np.count_nonzero(rows[np.arange(len(rows)), places] == 0))
        self._keys[buckets, places] = keys
        self._owners[buckets, places] = owner

    def _split_buckets(self, fingerprints: FingerprintArray) -> tuple[FingerprintArray, npt.NDArray[np.uint32]]:
        keys = (fingerprints >> np.uint64(_INITIAL_BUCKET_BITS)).astype(np.uint32)
        return fingerprints & np.uint64(len(self._keys) - 1), np.maximum(keys, np.uint32(1))

    def _double_buckets(self) -> None:
        upper = (self._keys & np.uint32(len(self._keys) >> _INITIAL_BUCKET_BITS)) != 0
        nothing = np.uint32(0)
        self._keys = np.concatenate((np.where(upper, nothing, self._keys), np.where(upper, self._keys, nothing)))
        self._owners = np.concatenate((self._owners, self._owners))


class MemoryGroupingIndex:
    """The ``Shelf`` of ``domain/grouping.py`` in memory. The texts stay with who gave them and are asked for there."""

    def __init__(self, load_text: TextLoader) -> None:
        """Take a function that returns title and body of an article that was placed."""
        self._load_text = load_text
        self._fingerprints = FingerprintTable()
        self._terms = FingerprintTable(TERM_SLOTS)
        self._placements: dict[int, Placement] = {}
        self._centroids: dict[str, StoryCentroid] = {}
        self._story_numbers: dict[str, int] = {}
        self._story_ids: list[str] = []
        self._merged_into: dict[str, str] = {}

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Do nothing: all is at hand."""

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Do nothing: all is at hand."""

    def articles_with(self, fingerprints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        found, counts = np.unique(
            self._fingerprints.find_owners(np.array(fingerprints, dtype=np.uint64))[0], return_counts=True
        )
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article that was placed."""
        return self._load_text(article_id)

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Make an article findable; ``number`` is below 2**32."""
        self._fingerprints.add(article_id, np.array(fingerprints, dtype=np.uint64))

    def get_placement(self, article_id: int) -> Placement | None:
        """Return an article as it was placed."""
        member = self._placements.get(article_id)
        return replace(member, story_id=self._resolve_merged(member.story_id)) if member else None

    def place(self, placement: Placement) -> None:
        """Remember where an article was placed."""
        self._placements[placement.article_id] = placement

    def similar_stories(self, terms: Sequence[int], limit: int) -> list[StoryCentroid]:
        """Return the open stories that share most of these terms."""
        numbers, rows = self._terms.find_owners(_terms_to_keys(terms))
        found, places = np.unique(numbers, return_inverse=True)
        shared = np.bincount(places, len(terms) - rows)
        ranked = found[np.lexsort((found, -shared))[:limit]].tolist()
        names = dict.fromkeys(self._resolve_merged(self._story_ids[number]) for number in ranked)
        return [self._centroids[name] for name in names]

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Store a story's new centre."""
        self._centroids[centroid.id] = centroid
        if centroid.id not in self._story_numbers:
            self._story_numbers[centroid.id] = len(self._story_ids)
            self._story_ids.append(centroid.id)
        self._terms.add(self._story_numbers[centroid.id], _terms_to_keys(terms))

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one."""
        self._merged_into[younger] = older
        self._centroids.pop(younger, None)

    def _resolve_merged(self, story_id: str) -> str:
        while story_id in self._merged_into:
            story_id = self._merged_into[story_id]
        return story_id


def _terms_to_keys(terms: Sequence[int]) -> FingerprintArray:
    """Return terms as keys of the table; few bits of a term come to stand high, so that no key is nothing."""
    return np.array(terms, dtype=np.uint64)
