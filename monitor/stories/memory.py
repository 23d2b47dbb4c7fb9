"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction."""

import zlib
from collections import Counter, deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.stories.cluster import Cluster
from monitor.stories.prints import Trace, trace

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


class CopyMemory:
    """The texts that others may be copies of, packed, with their prints."""

    def __init__(self) -> None:
        self._table = PrintTable()
        self._texts: dict[int, bytes] = {}

    def owners(self, prints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have some of these prints, with how many."""
        return self._table.owners(np.array(prints, dtype=np.uint64))

    def text(self, article: int) -> Trace:
        """Return the text of an article that was posted."""
        title, _, body = zlib.decompress(self._texts[article]).decode("utf-8", "surrogatepass").partition("\n")
        return trace(title, body)

    def post(self, article: int, text: Trace) -> None:
        """Make an article findable."""
        packed = f"{text.title}\n{text.cased}".encode("utf-8", "surrogatepass")
        self._texts[article] = zlib.compress(packed, 1)
        self._table.post(article, np.array(text.prints, dtype=np.uint64))


class ClusterMemory:
    """Open stories by their terms; each term remembers the few stories that used it last."""

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}
        self._recent: dict[int, deque[str]] = {}
        self.merged: dict[str, str] = {}

    def near(self, terms: Sequence[int], limit: int) -> list[Cluster]:
        """Return the open stories that share most of these terms."""
        shared: Counter[str] = Counter()
        for rank, term in enumerate(terms):
            for name in self._recent.get(term, ()):
                shared[name] += len(terms) - rank
        ranked = sorted(shared, key=lambda name: (-shared[name], name))
        return [self._clusters[name] for name in dict.fromkeys(map(self.resolve, ranked[:limit]))]

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre."""
        self._clusters[cluster.id] = cluster
        for term in terms:
            recent = self._recent.setdefault(term, deque(maxlen=RECENT))
            if cluster.id not in recent:
                recent.append(cluster.id)

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one."""
        self.merged[younger] = older
        self._clusters.pop(younger, None)

    def resolve(self, name: str) -> str:
        """Return the story that an id means now."""
        while name in self.merged:
            name = self.merged[name]
        return name
