"""Grouping of articles into stories: centroids of stories, placements of articles, protocols of the grouping window.

A centroid contains the most important terms of a story. A placement is the story of an article, and its original if
it is a duplicate. The grouping window is the index in memory of the latest articles and the open stories.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from msgspec import Struct

STORY_WINDOW, DUPLICATE_WINDOW = timedelta(days=7), timedelta(days=30)
"""Maximum time between two reports of one story, and maximum time between an article and its duplicate."""


class StoryCentroid(Struct, frozen=True):
    """The centroid of a story: its most important terms, the days that its articles mention, and its time span.

    The terms are stored as bytes to save memory, because the index has many centroids and only a few are compared.

    - ``terms`` contains a 32-bit hash of each term, and ``weights`` a 32-bit float per term, both little-endian.
    - ``kinds`` has one byte per term, the value of its ``TermKind``; rows of earlier versions have only the kinds 0 and
      1.
    - ``days`` are (month, day) pairs.
    """

    id: str
    terms: bytes = b""
    weights: bytes = b""
    kinds: bytes = b""
    days: frozenset[tuple[int, int]] = frozenset()
    size: int = 0
    first_article_at: datetime | None = None
    last_article_at: datetime | None = None


class Placement(Struct, frozen=True):
    """The result of grouping one article: its story, and the id of the original if the article is a duplicate."""

    article_id: int
    story_id: str
    duplicate_of: int | None = None
    published_at: datetime | None = None


ArticleLoader = Callable[[int], tuple[Placement | None, str, str]]
"""Function that returns the placement (story and original), the title and the body of a grouped article, given its id.

For an article that was deleted, the placement is None and the texts are empty.
"""


class GroupingIndex(Protocol):
    """Protocol of the index with which the articles of one batch are grouped.

    The time of a lookup does not grow with the number of articles and stories. The ``prefetch`` methods only make later
    lookups faster.
    """

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Look up the articles with these fingerprints (hashes of text).

        Later calls of ``articles_with`` are then fast.
        """
        ...

    def prefetch_terms(self, terms: Iterable[int]) -> None:
        """Look up the stories with these terms, so that later calls of ``similar_stories`` are fast."""
        ...

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return a dictionary that maps the id of an article to the number of the given fingerprints that it has.

        A fingerprint is a hash of a stretch of text. Articles with none of the fingerprints are left out. All
        fingerprints must be below 2**63.
        """
        ...

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return the title and the body of an article whose id ``articles_with`` returned."""
        ...

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add an article to the index, so that its fingerprints find it. Article ids are below 2**32 - 1."""
        ...

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the placement of an article (its story and original), or None if the article was deleted.

        If the story of the article was merged into another story, the placement has the id of that other story.
        """
        ...

    def get_centroid(self, story_id: str) -> StoryCentroid | None:
        """Return the centroid of a story (its most important terms), or None if no open story has this id."""
        ...

    def similar_stories(self, terms: Sequence[int], limit: int, min_shared: int = 1) -> Sequence[StoryCentroid]:
        """Return the open stories that share the most terms with ``terms``, at most ``limit`` of them.

        ``terms`` are sorted by weight, the highest first. A story must share at least ``min_shared`` of them.
        """
        ...

    def save_centroid(self, centroid: StoryCentroid) -> None:
        """Replace the centroid of a story (its most important terms) by a new one."""
        ...

    def merge(self, younger: str, older: str) -> None:
        """Merge the story ``younger`` into the story ``older``.

        Looking up the id of the younger story then gives the older one.
        """
        ...

    def place(self, placement: Placement, terms: Sequence[int] = ()) -> None:
        """Store the placement of an article: its story, and the original if it is a duplicate.

        The story can then be found by ``terms``, the terms of the article.
        """
        ...


class IndexedArticle(NamedTuple):
    """An article in the grouping window, the index in memory of the latest articles and the open stories.

    Both byte fields contain little-endian integers:

    - ``fingerprints`` are hashes of stretches of the text, 64 bits each.
    - ``terms`` are hashes of the most important terms of the text, 32 bits each.

    A duplicate has no terms. A duplicate that adds hardly any text to its original has no fingerprints either.
    """

    article_id: int
    story_id: str
    fingerprints: bytes
    terms: bytes


class IndexedStory(NamedTuple):
    """A story in the grouping window, the index in memory of the latest articles and the open stories.

    ``centroid`` contains the most important terms of the story as bytes. It is empty if the story is closed (it gets no
    more articles), or if it was merged into the story ``merged_into``.
    """

    story_id: str
    centroid: bytes
    last_article_at: datetime | None = None
    merged_into: str = ""


class GroupingChanges(Struct, frozen=True):
    """The changes that result from grouping one batch of articles. They are stored in one transaction."""

    placements: Sequence[Placement] = ()
    articles: Sequence[IndexedArticle] = ()
    stories: Sequence[IndexedStory] = ()


class GroupingBatch(GroupingIndex, Protocol):
    """Protocol of the index with which one batch of articles is grouped.

    The index collects the changes that the batch causes. It does not store them.
    """

    def changes(self) -> GroupingChanges:
        """Return the changes that were made in this batch so far."""
        ...


class GroupingWindow(Protocol):
    """Protocol of the grouping window: an index in memory of the latest articles and the open stories.

    ``version`` is the version of the grouping data that was last loaded from the database, or 0 before the first load.
    """

    version: int

    def clear(self) -> None:
        """Remove all articles and stories from the index."""
        ...

    def load(self, articles: Sequence[IndexedArticle], stories: Iterable[IndexedStory]) -> None:
        """Add articles and stories to this window. They are given in the order in which the database stored them."""
        ...

    def begin(self, load_article: ArticleLoader) -> GroupingBatch:
        """Return the index with which a batch of articles is grouped.

        Grouping the batch does not change this window. The caller must store the changes of the batch in the database,
        and then add them to the window with ``load``. ``load_article`` loads an article that was grouped earlier, for a
        comparison with an article of the batch.
        """
        ...

    def drop(self, first_article_id: int, open_story_ids: Collection[str]) -> None:
        """Delete the fingerprints of old articles, and all stories except ``open_story_ids``.

        Old articles are the ones with ids below ``first_article_id``. A fingerprint is a hash of a stretch of text.
        """
        ...
