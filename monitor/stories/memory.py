"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction."""

import zlib
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from heapq import nsmallest

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import Cluster, Member

PLACES = 8
RECENT = 32


class PrintTable:
    """Prints and who has them, in one table of buckets with eight places; a full bucket forgets at random.

    A look-up touches one bucket for each print, however many articles there are: constant cost, 24 bytes a print.
    """

    def __init__(self) -> None:
        self._keys = np.zeros((1 << 10, PLACES), dtype=np.uint64)
        self._owners = np.zeros((1 << 10, PLACES), dtype=np.uint32)
        self._held = 0

    def owners(self, prints: npt.NDArray[np.uint64]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        if not len(prints):
            return {}
        buckets = prints & np.uint64(len(self._keys) - 1)
        found = self._owners[buckets][self._keys[buckets] == prints[:, None]]
        return dict(Counter(found.tolist()))

    def post(self, article: int, prints: npt.NDArray[np.uint64]) -> None:
        """Enter an article's prints; ``article`` is below 2**32."""
        if self._held > len(self._keys) * PLACES // 3:
            self._double()
        buckets = prints & np.uint64(len(self._keys) - 1)
        rows = self._keys[buckets]
        empty = rows == 0
        places = np.where(empty.any(axis=1), empty.argmax(axis=1), article % PLACES)
        self._keys[buckets, places] = prints
        self._owners[buckets, places] = article
        self._held += len(prints)

    def _double(self) -> None:
        upper = (self._keys & np.uint64(len(self._keys))) != 0
        nothing = np.uint64(0)
        self._keys = np.concatenate((np.where(upper, nothing, self._keys), np.where(upper, self._keys, nothing)))
        self._owners = np.concatenate((self._owners, self._owners))


class MemoryShelf:
    """The ``Shelf`` of ``domain/grouping.py`` in memory: texts packed, the stories that used a term last."""

    def __init__(self) -> None:
        self._table = PrintTable()
        self._texts: dict[int, bytes] = {}
        self._members: dict[int, Member] = {}
        self._clusters: dict[str, Cluster] = {}
        self._recent: dict[int, deque[str]] = {}
        self._merged: dict[str, str] = {}

    def owners(self, prints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        return self._table.owners(np.array(prints, dtype=np.uint64))

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
        shared: Counter[str] = Counter()
        for rank, term in enumerate(terms):
            for name in self._recent.get(term, ()):
                shared[name] += len(terms) - rank
        ranked = nsmallest(limit, shared, key=lambda name: (-shared[name], name))
        return [self._clusters[name] for name in dict.fromkeys(map(self._resolve, ranked))]

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre."""
        self._clusters[cluster.id] = cluster
        for term in terms:
            recent = self._recent.setdefault(term, deque(maxlen=RECENT))
            if cluster.id not in recent:
                recent.append(cluster.id)

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one."""
        self._merged[younger] = older
        self._clusters.pop(younger, None)

    def _resolve(self, name: str) -> str:
        while name in self._merged:
            name = self._merged[name]
        return name
