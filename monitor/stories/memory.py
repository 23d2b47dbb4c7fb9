"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction."""

import zlib
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import Cluster, Member

PLACES, TERM_PLACES = 16, 32
FULL = 0.65
Packed = tuple[bytes, bytes, bytes, tuple[tuple[int, int], ...], int, datetime | None, datetime | None]


class PrintTable:
    """Prints and who has them, in one table of buckets with few places; a full bucket forgets at random.

    A look-up touches one bucket for each print, however many articles there are: constant cost, 20 bytes a print.
    """

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._keys = np.zeros((1 << 10, places), dtype=np.uint64)
        self._owners = np.zeros((1 << 10, places), dtype=np.uint32)
        self._held = 0

    def owners(self, prints: npt.NDArray[np.uint64]) -> tuple[list[int], list[int]]:
        """Return who has some of these prints, and beside it the position of the print that he has."""
        buckets = prints & np.uint64(len(self._keys) - 1)
        rows, places = np.nonzero(self._keys[buckets] == prints[:, None])
        return self._owners[buckets[rows], places].tolist(), rows.tolist()

    def post(self, owner: int, prints: npt.NDArray[np.uint64]) -> None:
        """Enter an owner's prints; ``owner`` is below 2**32."""
        if self._held > len(self._keys) * self._places * FULL:
            self._double()
        buckets = prints & np.uint64(len(self._keys) - 1)
        rows = self._keys[buckets]
        free = (rows == 0) | ((rows == prints[:, None]) & (self._owners[buckets] == owner))
        places = np.where(free.any(axis=1), free.argmax(axis=1), owner % self._places)
        self._held += int((self._keys[buckets, places] == 0).sum())
        self._keys[buckets, places] = prints
        self._owners[buckets, places] = owner

    def _double(self) -> None:
        upper = (self._keys & np.uint64(len(self._keys))) != 0
        nothing = np.uint64(0)
        self._keys = np.concatenate((np.where(upper, nothing, self._keys), np.where(upper, self._keys, nothing)))
        self._owners = np.concatenate((self._owners, self._owners))


class MemoryShelf:
    """The ``Shelf`` of ``domain/grouping.py`` in memory: texts packed, the stories that used a term last."""

    def __init__(self) -> None:
        self._table = PrintTable()
        self._terms = PrintTable(TERM_PLACES)
        self._texts: dict[int, bytes] = {}
        self._members: dict[int, Member] = {}
        self._clusters: dict[str, Packed] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._merged: dict[str, str] = {}

    def owners(self, prints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        return Counter(self._table.owners(np.array(prints, dtype=np.uint64))[0]) if prints else {}

    def text(self, number: int) -> tuple[str, str]:
        """Return title and body of an article that was posted."""
        title, _, body = zlib.decompress(self._texts[number]).decode("utf-8", "surrogatepass").partition("\0")
        return title, body

    def post(self, number: int, prints: Sequence[int], title: str, body: str) -> None:
        """Make an article findable; ``number`` is below 2**32."""
        self._texts[number] = zlib.compress(f"{title}\0{body}".encode("utf-8", "surrogatepass"), 1)
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
        shared: Counter[int] = Counter()
        for number, rank in zip(*self._terms.owners(_spread(terms)), strict=True):
            shared[number] += len(terms) - rank
        ranked = nsmallest(limit, shared, key=lambda number: (-shared[number], number))
        names = dict.fromkeys(self._resolve(self._names[number]) for number in ranked)
        return [_unpacked(name, self._clusters[name]) for name in names]

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre, packed: there are many, and a dictionary of each would take ten times as much."""
        self._clusters[cluster.id] = _packed(cluster)
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


def _spread(terms: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Return terms as keys that are never 0 and differ in their low bits."""
    keys: npt.NDArray[np.uint64] = np.array(terms, dtype=np.uint64) + np.uint64(1)
    return keys


def _packed(cluster: Cluster) -> Packed:
    terms = list(cluster.weights)
    names = bytes(term in cluster.names for term in terms)
    weights = array("f", cluster.weights.values()).tobytes()
    days = tuple(sorted(cluster.days))
    return array("I", terms).tobytes(), weights, names, days, cluster.size, cluster.first_at, cluster.last_at


def _unpacked(name: str, packed: Packed) -> Cluster:
    terms, weights = array("I", packed[0]), array("f", packed[1])
    named = frozenset(term for term, flag in zip(terms, packed[2], strict=True) if flag)
    return Cluster(name, dict(zip(terms, weights, strict=True)), named, frozenset(packed[3]), *packed[4:])
