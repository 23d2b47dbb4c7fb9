"""Story grouping: story centroids, placements, and the interfaces of window and index."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

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


ArticleLoader = Callable[[int], tuple[Placement | None, str, str]]
"""Returns the placement of a grouped article, its title and its body; None and empty texts if it was deleted."""


class GroupingIndex(Protocol):
    """Lookups for grouping one batch of articles.

    The cost of each lookup is bounded, independent of the number of articles and stories. Prefetching saves time and
    changes no result.
    """

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Look up the articles of these fingerprints ahead of calls of ``articles_with``."""
        ...

    def prefetch_terms(self, terms: Iterable[int]) -> None:
        """Look up the stories of these terms ahead of calls of ``similar_stories``."""
        ...

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return the number of shared fingerprints by article id. Fingerprints are below 2**63."""
        ...

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article that ``articles_with`` returned."""
        ...

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add an article to the index under its fingerprints. Its id is below 2**32."""
        ...

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the placement of an article with merged stories resolved, or None if the article was deleted."""
        ...

    def similar_stories(self, terms: Sequence[int], limit: int) -> Sequence[StoryCentroid]:
        """Return the open stories that share most of these terms; ``terms`` are ordered by weight, heaviest first."""
        ...

    def save_centroid(self, centroid: StoryCentroid) -> None:
        """Store the new centroid of a story."""
        ...

    def merge(self, younger: str, older: str) -> None:
        """Merge the younger story into the older one; the younger id remains resolvable."""
        ...

    def place(self, placement: Placement, terms: Sequence[int] = ()) -> None:
        """Store the placement of an article, and index its story under the terms of the article."""
        ...


class IndexedArticle(NamedTuple):
    """Article in the grouping window: its fingerprints, 64 bits each, and its heaviest terms, 32 bits each.

    Both are little-endian. A duplicate has no terms, and if it adds nothing, no fingerprints.
    """

    article_id: int
    story_id: str
    fingerprints: bytes
    terms: bytes


class IndexedStory(NamedTuple):
    """Story in the grouping window: its packed centroid, which is empty if it is closed or merged."""

    story_id: str
    centroid: bytes
    last_article_at: datetime | None = None
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class GroupingChanges:
    """Changes of one batch, to be stored in one transaction."""

    placements: Sequence[Placement] = ()
    articles: Sequence[IndexedArticle] = ()
    stories: Sequence[IndexedStory] = ()


class GroupingBatch(GroupingIndex, Protocol):
    """Index of one batch that collects what the batch changes."""

    def changes(self) -> GroupingChanges:
        """Return the changes."""
        ...


class GroupingWindow(Protocol):
    """Index in memory over the latest articles and the open stories of the database.

    ``version`` is the version of the database's grouping rows that the window has; 0 if nothing was loaded yet.
    """

    version: int

    def clear(self) -> None:
        """Forget everything."""
        ...

    def load(self, articles: Sequence[IndexedArticle], stories: Iterable[IndexedStory]) -> None:
        """Add articles and stories in the order in which they were stored."""
        ...

    def begin(self, load_article: ArticleLoader) -> GroupingBatch:
        """Begin a batch; the window does not change until the changes of the batch are stored and loaded."""
        ...

    def drop(self, first_article_id: int, open_story_ids: Collection[str]) -> None:
        """Delete the fingerprints of articles before ``first_article_id``, and all stories but the open ones."""
        ...
