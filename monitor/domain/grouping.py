"""What grouping remembers between articles, and where: a database in the daemon, dictionaries for files and tests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.domain.article import StoredArticle, Story

T = TypeVar("T")
STORY_WINDOW, DUPLICATE_WINDOW = timedelta(days=7), timedelta(days=30)
"""How far apart reports of one event may be, and copies of one text."""


@dataclass(frozen=True, slots=True)
class StoryCentroid:
    """A story's centre: the sum of its articles' terms (the heaviest of them), their days, and its span of time.

    The centre is packed as it is kept, for there are many and few are looked at closely: ``terms`` are 32-bit hashes,
    ``weights`` beside them floats of 32 bits, both in the order of bytes of little machines; ``names`` has a byte for
    each, 1 where the term is a name. ``days`` are (month, day) pairs.
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
    """An article already placed: its story, and the lead it is a copy of, if any."""

    article_id: int
    story_id: str
    duplicate_of: int | None = None
    published_at: datetime | None = None


class GroupingIndex(Protocol):
    """Look-ups of one batch of grouping. Every one is bounded, however many articles and stories there are.

    What was foreseen need not be fetched piece by piece; it changes no answer.
    """

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Tell which prints ``owners`` will be asked for."""
        ...

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Tell for which lists of terms ``near`` will be asked."""
        ...

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return articles that have some of these prints, with how many. Prints are below 2**63."""
        ...

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article that ``owners`` named."""
        ...

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Make an article findable by its prints."""
        ...

    def get_placement(self, article_id: int) -> Placement | None:
        """Return an article as it was placed, its story resolved through merges; None if it is gone."""
        ...

    def similar_stories(self, terms: Sequence[int], limit: int) -> Sequence[StoryCentroid]:
        """Return the open stories that share most of these terms, heaviest term first."""
        ...

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Store a story's new centre and make it findable by these terms."""
        ...

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one, whose id stays resolvable."""
        ...

    def place(self, placement: Placement) -> None:
        """Remember where an article was placed."""
        ...


class StoryStore(Protocol):
    """Articles on their way from found to grouped, and stories for those who look."""

    def ungrouped(self, limit: int, after_id: int = 0) -> list[StoredArticle]:
        """Return articles at stage ``SCREENED``, oldest first, of those that came after the one with this id."""
        ...

    def load_term_frequencies(self) -> bytes:
        """Return what was last kept by ``group``, or nothing."""
        ...

    def apply_grouping(
        self, articles: Sequence[StoredArticle], place: Callable[[GroupingIndex], object], term_frequencies: bytes = b""
    ) -> None:
        """Let ``place`` put each of the articles on the shelf, which moves them to ``GROUPED``, in one transaction.

        Keeps ``vocabulary`` too, if it is given. If ``place`` raises, nothing is written; it is not called if somebody
        else has grouped one of them meanwhile.
        """
        ...

    def mark_grouping_failed(self, stored: StoredArticle, error: str) -> None:
        """Record that an article could not be grouped; it stays alone, at stage ``GROUPED``."""
        ...

    def delete_expired(self, now: datetime, fingerprint_age: timedelta, story_age: timedelta) -> None:
        """Drop prints of articles first seen so long ago, and close stories that ended so long ago."""
        ...

    def release_quarantined(self, source_id: str) -> int:
        """Make news of the articles of a source that were held back, to be screened again; return how many."""
        ...

    def list_stories(self, since_at: datetime | None = None, limit: int = 100) -> list[Story]:
        """Return stories with their articles and the officials they name, latest first; merged ones are left out."""
        ...

    def get_story(self, story_id: str) -> Story:
        """Return one story; the id of a merged one leads to the one that took it over. Raises ``UsageError``."""
        ...


class GroupingDatabase(Protocol):
    """The part of the database that grouping works on, and its writer thread."""

    @property
    def stories(self) -> StoryStore:
        """Articles to be grouped, and stories."""
        ...

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method on the writer thread."""
        ...
