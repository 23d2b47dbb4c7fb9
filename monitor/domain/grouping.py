"""Story grouping: story centroids, placements, and the index interface."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

STORY_WINDOW, DUPLICATE_WINDOW = timedelta(days=7), timedelta(days=30)
"""Maximum time between reports of one event, and between copies of one text."""


@dataclass(frozen=True, slots=True)
class StoryCentroid:
    """Centroid of a story: its heaviest terms, the days that its articles mention, and its time span.

    The terms are packed because there are many centroids and few are compared: ``terms`` holds 32-bit hashes,
    ``weights`` a 32-bit float per term, both little-endian; ``name_flags`` has one byte per term, 1 if the term is a
    name. ``days`` are (month, day) pairs.
    """

    id: str
    terms: bytes = b""
    weights: bytes = b""
    name_flags: bytes = b""
    days: frozenset[tuple[int, int]] = frozenset()
    size: int = 0
    first_article_at: datetime | None = None
    last_article_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Grouped article: its story, and the id of the article that it duplicates, if any."""

    article_id: int
    story_id: str
    duplicate_of: int | None = None
    published_at: datetime | None = None


class GroupingIndex(Protocol):
    """Lookups for grouping one batch of articles: in the database for the daemon, in memory for files and tests.

    The cost of each lookup is bounded, independent of the number of articles and stories. Prefetching saves queries and
    changes no result.
    """

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Load the articles of these fingerprints ahead of calls of ``articles_with``."""
        ...

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Load the stories for these lists of terms ahead of calls of ``similar_stories``."""
        ...

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return the number of shared fingerprints by article id. Fingerprints are below 2**63."""
        ...

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article that ``articles_with`` returned."""
        ...

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add an article to the index under its fingerprints."""
        ...

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the placement of an article with merged stories resolved, or None if the article was deleted."""
        ...

    def similar_stories(self, terms: Sequence[int], limit: int) -> Sequence[StoryCentroid]:
        """Return the open stories that share most of these terms; ``terms`` are ordered by weight, heaviest first."""
        ...

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Store the new centroid of a story and index it under these terms."""
        ...

    def merge(self, younger: str, older: str) -> None:
        """Merge the younger story into the older one; the younger id remains resolvable."""
        ...

    def place(self, placement: Placement) -> None:
        """Store the placement of an article."""
        ...
