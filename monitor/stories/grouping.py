"""Grouping: detects duplicates and assigns articles to stories; includes an index in memory.

Articles are processed in an order that does not depend on their arrival. The memory index is used for files given at
once and for tests; its size is bounded.
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
from monitor.stories.contradictions import tells_other_event
from monitor.stories.features import TermFeatures, TermVector, Vocabulary
from monitor.stories.fingerprints import ArticleFeatures, NormalizedText, extract_grouping_text
from monitor.stories.near_duplicates import compare_texts

FINGERPRINT_SLOTS, TERM_SLOTS = 16, 32
MAX_FILL_RATIO = 0.65
_INITIAL_BUCKET_BITS = 10
FingerprintArray = npt.NDArray[np.uint64]
TextLoader = Callable[[int], tuple[str, str]]


class FingerprintTable:
    """Hash table from fingerprints to owners (articles or stories).

    Each bucket has a fixed number of slots; a full bucket overwrites a slot. A look-up reads one bucket per
    fingerprint, so its cost is constant; a slot takes 8 bytes. The lowest 42 bits identify a fingerprint: ten select
    the bucket, the others are the key.
    """

    def __init__(self, slots: int = FINGERPRINT_SLOTS) -> None:
        self._slots = slots
        self._keys = np.zeros((1 << _INITIAL_BUCKET_BITS, slots), dtype=np.uint32)
        self._owners = np.zeros((1 << _INITIAL_BUCKET_BITS, slots), dtype=np.uint32)
        self._used_slots = 0

    def find_owners(self, fingerprints: FingerprintArray) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """Return the owners that have any of these fingerprints, each with the position of the shared fingerprint."""
        buckets, keys = self._split_buckets(fingerprints)
        rows, slots = np.nonzero(self._keys[buckets] == keys[:, None])
        return self._owners[buckets[rows], slots], rows

    def add(self, owner: int, fingerprints: FingerprintArray) -> None:
        """Add the fingerprints of one owner, such as an article; its id must be below 2**32."""
        if self._used_slots > len(self._keys) * self._slots * MAX_FILL_RATIO:
            self._double_buckets()
        buckets, keys = self._split_buckets(fingerprints)
        rows = self._keys[buckets]
        free = (rows == 0) | ((rows == keys[:, None]) & (self._owners[buckets] == owner))
        slots = free.argmax(axis=1)
        slots[~free[np.arange(len(rows)), slots]] = owner % self._slots
        self._used_slots += int(np.count_nonzero(rows[np.arange(len(rows)), slots] == 0))
        self._keys[buckets, slots] = keys
        self._owners[buckets, slots] = owner

    def _split_buckets(self, fingerprints: FingerprintArray) -> tuple[FingerprintArray, npt.NDArray[np.uint32]]:
        keys = (fingerprints >> np.uint64(_INITIAL_BUCKET_BITS)).astype(np.uint32)
        return fingerprints & np.uint64(len(self._keys) - 1), np.maximum(keys, np.uint32(1))

    def _double_buckets(self) -> None:
        upper = (self._keys & np.uint32(len(self._keys) >> _INITIAL_BUCKET_BITS)) != 0
        nothing = np.uint32(0)
        self._keys = np.concatenate((np.where(upper, nothing, self._keys), np.where(upper, self._keys, nothing)))
        self._owners = np.concatenate((self._owners, self._owners))


class MemoryGroupingIndex:
    """``GroupingIndex`` in memory. It does not store texts but requests them from the caller."""

    def __init__(self, load_text: TextLoader) -> None:
        """Create an empty index; ``load_text`` returns title and body of a grouped article."""
        self._load_text = load_text
        self._fingerprints = FingerprintTable()
        self._terms = FingerprintTable(TERM_SLOTS)
        self._placements: dict[int, Placement] = {}
        self._centroids: dict[str, StoryCentroid] = {}
        self._story_numbers: dict[str, int] = {}
        self._story_ids: list[str] = []
        self._merged_into: dict[str, str] = {}

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Do nothing, because everything is in memory."""

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Do nothing, because everything is in memory."""

    def articles_with(self, fingerprints: Sequence[int]) -> dict[int, int]:
        """Return the articles that have any of these fingerprints, with the number of shared ones."""
        found, counts = np.unique(
            self._fingerprints.find_owners(np.array(fingerprints, dtype=np.uint64))[0], return_counts=True
        )
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of a grouped article."""
        return self._load_text(article_id)

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add an article to the index; its id must be below 2**32."""
        self._fingerprints.add(article_id, np.array(fingerprints, dtype=np.uint64))

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the placement of an article, or None."""
        member = self._placements.get(article_id)
        return replace(member, story_id=self._resolve_merged(member.story_id)) if member else None

    def place(self, placement: Placement) -> None:
        """Store the placement of an article."""
        self._placements[placement.article_id] = placement

    def similar_stories(self, terms: Sequence[int], limit: int) -> list[StoryCentroid]:
        """Return the open stories that share the most of these terms."""
        numbers, rows = self._terms.find_owners(_terms_to_keys(terms))
        found, positions = np.unique(numbers, return_inverse=True)
        shared = np.bincount(positions, len(terms) - rows)
        ranked = found[np.lexsort((found, -shared))[:limit]].tolist()
        names = dict.fromkeys(self._resolve_merged(self._story_ids[number]) for number in ranked)
        return [self._centroids[name] for name in names]

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Store the new centroid of a story."""
        self._centroids[centroid.id] = centroid
        if centroid.id not in self._story_numbers:
            self._story_numbers[centroid.id] = len(self._story_ids)
            self._story_ids.append(centroid.id)
        self._terms.add(self._story_numbers[centroid.id], _terms_to_keys(terms))

    def merge(self, younger: str, older: str) -> None:
        """Merge the younger story into the older one."""
        self._merged_into[younger] = older
        self._centroids.pop(younger, None)

    def _resolve_merged(self, story_id: str) -> str:
        while story_id in self._merged_into:
            story_id = self._merged_into[story_id]
        return story_id


def _terms_to_keys(terms: Sequence[int]) -> FingerprintArray:
    """Return terms as keys of the table."""
    return np.array(terms, dtype=np.uint64)


MIN_LATER_GAP = timedelta(minutes=30)
MAX_COMPARED_ARTICLES = 2
ARTICLES_PER_BATCH = 100
MAX_FEW_FINGERPRINTS = 4
MAX_INDEXED_DUPLICATE_SHARE = 0.9  # a duplicate that shares less with its original is also indexed itself
UNDATED_SORT_DATE = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IncomingArticle:
    """An article to be grouped. ``article_id`` is unused so far and below 2**32; ``story_id`` is the id of a story it
    may start.

    ``features`` are set if they were computed in advance.
    """

    article_id: int
    article: Article
    story_id: str
    features: ArticleFeatures | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Duplicate:
    """The grouped article that a text duplicates, and the share of the text that is in it."""

    original: Placement
    shared_ratio: float


@dataclass(frozen=True, slots=True)
class _WeightedArticle:
    """Features and weighted terms of an article that is not a duplicate."""

    features: TermFeatures
    vector: TermVector


class Grouper:
    """Assigns articles to stories, one after another; the batch size does not influence the result."""

    def __init__(self, index: GroupingIndex, vocabulary: Vocabulary) -> None:
        self._index, self._vocabulary = index, vocabulary
        self._placed: dict[int, Placement] = {}
        self._features: dict[int, ArticleFeatures] = {}

    def place(self, batch: Sequence[IncomingArticle]) -> list[Placement]:
        """Group articles in the given order and return their placements.

        A duplicate joins the story of its original, any other article the most similar story or a new one.
        """
        features = [one.features or ArticleFeatures(extract_grouping_text(one.article)) for one in batch]
        self._index.prefetch_fingerprints(chain.from_iterable(one_features.fingerprints for one_features in features))
        self._placed, self._features = {}, {}
        duplicates = [
            self._match_duplicate(one, one_features) for one, one_features in zip(batch, features, strict=True)
        ]
        results = [
            duplicate or self._weight_terms(one_features)
            for one_features, duplicate in zip(features, duplicates, strict=True)
        ]
        self._index.prefetch_similar_stories(
            [top_terms(one.vector) for one in results if isinstance(one, _WeightedArticle)], MAX_CANDIDATE_STORIES
        )
        return [self._assign_story(one, result) for one, result in zip(batch, results, strict=True)]

    def _match_duplicate(self, incoming: IncomingArticle, features: ArticleFeatures) -> _Duplicate | None:
        """Find the article that this one duplicates; index this one too, unless nearly all its text is in the other."""
        duplicate = self._find_duplicate(features, incoming.article)
        original_id = None
        if duplicate is None or duplicate.shared_ratio < MAX_INDEXED_DUPLICATE_SHARE:
            self._index.add_fingerprints(incoming.article_id, features.fingerprints)
            self._features[incoming.article_id] = features
        if duplicate is not None:
            original_id = (
                duplicate.original.article_id
                if duplicate.original.duplicate_of is None
                else duplicate.original.duplicate_of
            )
        self._placed[incoming.article_id] = Placement(
            incoming.article_id, "", original_id, incoming.article.published_at
        )
        return duplicate

    def _weight_terms(self, features: ArticleFeatures) -> _WeightedArticle:
        self._vocabulary.learn(features.term_features)
        return _WeightedArticle(features.term_features, self._vocabulary.weight_terms(features.term_features))

    def _assign_story(self, incoming: IncomingArticle, result: _Duplicate | _WeightedArticle) -> Placement:
        if isinstance(result, _Duplicate):
            original = self._index.get_placement(result.original.article_id)
            story = original.story_id if original else incoming.story_id
        else:
            story = StoryClusterer(self._index).place(result.vector, result.features, incoming.story_id)
        placement = replace(self._placed[incoming.article_id], story_id=story)
        self._index.place(placement)
        return placement

    def _find_duplicate(self, features: ArticleFeatures, article: Article) -> _Duplicate | None:
        """Find the grouped article that this text duplicates.

        The index gives candidates; comparing the texts decides.
        """
        owners = self._index.articles_with(features.fingerprints)
        needed = 1 if len(features.fingerprints) <= MAX_FEW_FINGERPRINTS else 2
        ranked = sorted((-count, number) for number, count in owners.items() if count >= needed)
        for _, number in ranked[:MAX_COMPARED_ARTICLES]:
            placement = self._placed.get(number) or self._index.get_placement(number)
            if placement is None or not _is_in_window(article, placement):
                continue
            text, other = features.normalized_text, self._normalized_text(number)
            similarity = compare_texts(text, other, is_second_later=_is_later(article, placement))
            if similarity.is_duplicate and not tells_other_event(text, other):
                shorter = len(text.stream) <= len(other.stream)
                return _Duplicate(placement, similarity.smaller_share if shorter else similarity.larger_share)
        return None

    def _normalized_text(self, article_id: int) -> NormalizedText:
        """Return the normalized text of a grouped article, cached per batch: duplicates often arrive together."""
        if article_id not in self._features:
            title, body = self._index.article_text(article_id)
            self._features[article_id] = ArticleFeatures((title, "", body, None))
        return self._features[article_id].normalized_text


def _is_in_window(article: Article, placement: Placement) -> bool:
    if article.published_at is None or placement.published_at is None:
        return True
    return abs(article.published_at - placement.published_at) <= DUPLICATE_WINDOW


def _is_later(article: Article, placement: Placement) -> bool | None:
    """Return whether the grouped article is clearly newer than this one; None if both have about the same time."""
    if article.published_at is None or placement.published_at is None:
        return None
    gap = placement.published_at - article.published_at
    return None if abs(gap) < MIN_LATER_GAP else gap > timedelta(0)


def sort_articles(articles: Iterable[tuple[str, Article]]) -> list[tuple[str, Article]]:
    """Sort articles by publication time, then by content, undated ones last.

    The order does not depend on arrival, so any order of arrival gives the same stories.
    """
    return sorted(articles, key=lambda each: (each[1].published_at is None, *_sort_key(each[1]), each[0]))


def _sort_key(article: Article) -> tuple[datetime, int]:
    text = f"{article.title}\n{article.body}".encode("utf-8", "surrogatepass")
    return article.published_at or UNDATED_SORT_DATE, xxh3_64_intdigest(text)


def group_articles(articles: Sequence[tuple[str, Article]]) -> dict[str, tuple[str, str | None]]:
    """Group articles given at once; return for each id the first article of its story, and its original if a duplicate.

    Ids must be unique. The cost is below one millisecond and a few kilobytes per article.
    """
    ordered = sort_articles(articles)
    index = MemoryGroupingIndex(lambda number: (ordered[number][1].title, ordered[number][1].body))
    grouper = Grouper(index, Vocabulary())
    names = [name for name, _ in ordered]
    incoming = [IncomingArticle(number, article, name) for number, (name, article) in enumerate(ordered)]
    for start in range(0, len(incoming), ARTICLES_PER_BATCH):
        grouper.place(incoming[start : start + ARTICLES_PER_BATCH])
    placed = {names[one.article_id]: one for one in map(index.get_placement, range(len(names))) if one}
    originals = {name: None if one.duplicate_of is None else names[one.duplicate_of] for name, one in placed.items()}
    return {name: (placed[name].story_id, originals[name]) for name, _ in articles}
