"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import Cluster, Member

PLACES, TERM_PLACES = 16, 32
FULL = 0.65
_BITS = 10
Prints = npt.NDArray[np.uint64]
Texts = Callable[[int], tuple[str, str]]


class PrintTable:
    """Prints and who has them, in one table of buckets with few places; a full bucket forgets at random.

    A look-up touches one bucket for each print, however many articles there are: constant cost, 8 bytes a place. A
    print is known by its lowest 42 bits: the bucket tells the first ten, the key the others.
    """

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._keys = np.zeros((1 << _BITS, places), dtype=np.uint32)
        self._owners = np.zeros((1 << _BITS, places), dtype=np.uint32)
        self._held = 0

    def owners(self, prints: Prints) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """Return who has some of these prints, and beside it the position of the print that he has."""
        buckets, keys = self._split(prints)
        rows, places = np.nonzero(self._keys[buckets] == keys[:, None])
        return self._owners[buckets[rows], places], rows

    def post(self, owner: int, prints: Prints) -> None:
        """Enter an owner's prints; ``owner`` is below 2**32."""
        if self._held > len(self._keys) * self._places * FULL:
            self._double()
        buckets, keys = self._split(prints)
        rows = self._keys[buckets]
        free = (rows == 0) | ((rows == keys[:, None]) & (self._owners[buckets] == owner))
        places = free.argmax(axis=1)
        places[~free[np.arange(len(rows)), places]] = owner % self._places
        self._held += int(np.count_nonzero(rows[np.arange(len(rows)), places] == 0))
        self._keys[buckets, places] = keys
        self._owners[buckets, places] = owner

    def _split(self, prints: Prints) -> tuple[Prints, npt.NDArray[np.uint32]]:
        keys = (prints >> np.uint64(_BITS)).astype(np.uint32)
        return prints & np.uint64(len(self._keys) - 1), np.maximum(keys, np.uint32(1))

    def _double(self) -> None:
        upper = (self._keys & np.uint32(len(self._keys) >> _BITS)) != 0
        nothing = np.uint32(0)
        self._keys = np.concatenate((np.where(upper, nothing, self._keys), np.where(upper, self._keys, nothing)))
        self._owners = np.concatenate((self._owners, self._owners))


class MemoryShelf:
    """The ``Shelf`` of ``domain/grouping.py`` in memory. The texts stay with who gave them and are asked for there."""

    def __init__(self, texts: Texts) -> None:
        """Take a function that returns title and body of an article that was placed."""
        self._texts = texts
        self._table = PrintTable()
        self._terms = PrintTable(TERM_PLACES)
        self._members: dict[int, Member] = {}
        self._clusters: dict[str, Cluster] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._merged: dict[str, str] = {}

    def foresee_prints(self, prints: Iterable[int]) -> None:
        """Do nothing: all is at hand."""

    def foresee_near(self, several: Sequence[Sequence[int]], limit: int) -> None:
        """Do nothing: all is at hand."""

    def owners(self, prints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        found, counts = np.unique(self._table.owners(np.array(prints, dtype=np.uint64))[0], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    def text(self, number: int) -> tuple[str, str]:
        """Return title and body of an article that was placed."""
        return self._texts(number)

    def post(self, number: int, prints: Sequence[int]) -> None:
        """Make an article findable; ``number`` is below 2**32."""
        self._table.post(number, np.array(prints, dtype=np.uint64))

    def member(self, number: int) -> Member | None:
        """Return an article as it was placed."""
        member = self._members.get(number)
        return replace(member, story=self._resolve(member.story)) if member else None

    def put(self, member: Member) -> None:
        """Remember where an article was placed."""
        self._members[member.number] = member

    def near(self, terms: Sequence[int], limit: int) -> list[Cluster]:
        """Return the open stories that share most of these terms."""
        numbers, rows = self._terms.owners(_spread(terms))
        found, places = np.unique(numbers, return_inverse=True)
        shared = np.bincount(places, len(terms) - rows)
        ranked = found[np.lexsort((found, -shared))[:limit]].tolist()
        names = dict.fromkeys(self._resolve(self._names[number]) for number in ranked)
        return [self._clusters[name] for name in names]

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre."""
        self._clusters[cluster.id] = cluster
        if cluster.id not in self._numbers:
            self._numbers[cluster.id] = len(self._names)
            self._names.append(cluster.id)
        self._terms.post(self._numbers[cluster.id], _spread(terms))

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one."""
        self._merged[younger] = older
        self._clusters.pop(younger, None)

    def _resolve(self, name: str) -> str:
        while name in self._merged:
            name = self._merged[name]
        return name


def _spread(terms: Sequence[int]) -> Prints:
    """Return terms as keys of the table; few bits of a term come to stand high, so that no key is nothing."""
    return np.array(terms, dtype=np.uint64)
