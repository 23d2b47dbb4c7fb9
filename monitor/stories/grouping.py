"""Copies and stories looked up in memory: for files given at once, and for tests; bounded in every direction.

Copies collapsed and stories grouped, one article after another, in an order that arrival does not decide.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.domain.grouping import DUPLICATE_WINDOW, GroupingIndex, Placement, StoryCentroid
from monitor.stories.clustering import MAX_CANDIDATE_STORIES, StoryClusterer, top_terms
from monitor.stories.features import TermFeatures, TermVector, Vocabulary
from monitor.stories.fingerprints import ArticleFeatures, NormalizedText, extract_grouping_text
from monitor.stories.near_duplicates import compare_texts

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


MIN_LATER_GAP = timedelta(minutes=30)
MAX_COMPARED_ARTICLES = 2
ARTICLES_PER_BATCH = 100
MAX_FEW_FINGERPRINTS = 4
MAX_INDEXED_DUPLICATE_SHARE = 0.9  # a copy of which less stands in its lead is looked up by its own prints too
UNDATED_SORT_DATE = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IncomingArticle:
    """An article to be placed. ``number`` is unused so far and below 2**32, ``story`` names the one it may begin.

    ``prepared`` is what was read from it ahead, if it was; it is the same whoever reads it.
    """

    article_id: int
    article: Article
    story_id: str
    features: ArticleFeatures | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Duplicate:
    """The placed article that a text is a copy of, and how much of the text stands there."""

    original: Placement
    shared_ratio: float


@dataclass(frozen=True, slots=True)
class _WeightedArticle:
    """What an article that is no copy is about."""

    features: TermFeatures
    vector: TermVector


class Grouper:
    """Places articles on a shelf, one after another. How they come in batches makes no difference to their places."""

    def __init__(self, index: GroupingIndex, vocabulary: Vocabulary) -> None:
        self._index, self._vocabulary = index, vocabulary
        self._placed: dict[int, Placement] = {}
        self._features: dict[int, ArticleFeatures] = {}

    def place(self, batch: Sequence[IncomingArticle]) -> list[Placement]:
        """Place articles in their order: a copy goes where its lead is, anything else where its story is."""
        sketches = [one.features or ArticleFeatures(extract_grouping_text(one.article)) for one in batch]
        self._index.prefetch_fingerprints(chain.from_iterable(sketch.fingerprints for sketch in sketches))
        self._placed, self._features = {}, {}
        copies = [self._match_duplicate(one, sketch) for one, sketch in zip(batch, sketches, strict=True)]
        found = [copied or self._weight_terms(sketch) for sketch, copied in zip(sketches, copies, strict=True)]
        self._index.prefetch_similar_stories(
            [top_terms(one.vector) for one in found if isinstance(one, _WeightedArticle)], MAX_CANDIDATE_STORIES
        )
        return [self._assign_story(one, what) for one, what in zip(batch, found, strict=True)]

    def _match_duplicate(self, incoming: IncomingArticle, features: ArticleFeatures) -> _Duplicate | None:
        """Find what an article is a copy of, and make it findable itself if it says anything of its own."""
        copied = self._find_duplicate(features, incoming.article)
        lead = None
        if copied is None or copied.shared_ratio < MAX_INDEXED_DUPLICATE_SHARE:
            self._index.add_fingerprints(incoming.article_id, features.fingerprints)
            self._features[incoming.article_id] = features
        if copied is not None:
            lead = copied.original.article_id if copied.original.duplicate_of is None else copied.original.duplicate_of
        self._placed[incoming.article_id] = Placement(incoming.article_id, "", lead, incoming.article.published_at)
        return copied

    def _weight_terms(self, features: ArticleFeatures) -> _WeightedArticle:
        self._vocabulary.learn(features.term_features)
        return _WeightedArticle(features.term_features, self._vocabulary.weight_terms(features.term_features))

    def _assign_story(self, incoming: IncomingArticle, outcome: _Duplicate | _WeightedArticle) -> Placement:
        if isinstance(outcome, _Duplicate):
            lead = self._index.get_placement(outcome.original.article_id)
            story = lead.story_id if lead else incoming.story_id
        else:
            story = StoryClusterer(self._index).place(outcome.vector, outcome.features, incoming.story_id)
        member = replace(self._placed[incoming.article_id], story_id=story)
        self._index.place(member)
        return member

    def _find_duplicate(self, features: ArticleFeatures, article: Article) -> _Duplicate | None:
        """Find the placed article that this text is a copy of: the look-up names candidates, the texts decide."""
        owners = self._index.articles_with(features.fingerprints)
        needed = 1 if len(features.fingerprints) <= MAX_FEW_FINGERPRINTS else 2
        ranked = sorted((-count, number) for number, count in owners.items() if count >= needed)
        for _, number in ranked[:MAX_COMPARED_ARTICLES]:
            member = self._placed.get(number) or self._index.get_placement(number)
            if member is None or not _is_in_window(article, member):
                continue
            text, other = features.normalized_text, self._normalized_text(number)
            likeness = compare_texts(text, other, is_second_later=_is_later(article, member))
            if likeness.is_duplicate:
                shorter = len(text.stream) <= len(other.stream)
                return _Duplicate(member, likeness.smaller_share if shorter else likeness.larger_share)
        return None

    def _normalized_text(self, article_id: int) -> NormalizedText:
        """Return a placed text prepared for comparison; it is prepared once a batch, for copies come together."""
        if article_id not in self._features:
            title, body = self._index.article_text(article_id)
            self._features[article_id] = ArticleFeatures((title, "", body, None))
        return self._features[article_id].normalized_text


def _is_in_window(article: Article, placement: Placement) -> bool:
    if article.published_at is None or placement.published_at is None:
        return True
    return abs(article.published_at - placement.published_at) <= DUPLICATE_WINDOW


def _is_later(article: Article, placement: Placement) -> bool | None:
    """Tell whether the placed article was published clearly later than this one; None if they came together."""
    if article.published_at is None or placement.published_at is None:
        return None
    gap = placement.published_at - article.published_at
    return None if abs(gap) < MIN_LATER_GAP else gap > timedelta(0)


def sort_articles(articles: Iterable[tuple[str, Article]]) -> list[tuple[str, Article]]:
    """Sort articles by time of publication, then by what they say: the order in which a poll is grouped.

    Those without a date come last. Arrival plays no part, so any order of arrival gives the same stories.
    """
    return sorted(articles, key=lambda each: (each[1].published_at is None, *_sort_key(each[1]), each[0]))


def _sort_key(article: Article) -> tuple[datetime, int]:
    text = f"{article.title}\n{article.body}".encode("utf-8", "surrogatepass")
    return article.published_at or UNDATED_SORT_DATE, xxh3_64_intdigest(text)


def group_articles(articles: Sequence[tuple[str, Article]]) -> dict[str, tuple[str, str | None]]:
    """Group articles given at once, by id: the id of the first article of each one's story, and of its lead if a copy.

    Ids are unique. Costs under a millisecond an article, and a few kilobytes of memory.
    """
    ordered = sort_articles(articles)
    shelf = MemoryGroupingIndex(lambda number: (ordered[number][1].title, ordered[number][1].body))
    grouper = Grouper(shelf, Vocabulary())
    names = [name for name, _ in ordered]
    comers = [IncomingArticle(number, article, name) for number, (name, article) in enumerate(ordered)]
    for start in range(0, len(comers), ARTICLES_PER_BATCH):
        grouper.place(comers[start : start + ARTICLES_PER_BATCH])
    placed = {names[one.article_id]: one for one in map(shelf.get_placement, range(len(names))) if one}
    leads = {name: None if one.duplicate_of is None else names[one.duplicate_of] for name, one in placed.items()}
    return {name: (placed[name].story_id, leads[name]) for name, _ in articles}
