"""Copies collapsed and stories grouped, one article after another, in an order that arrival does not decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.domain.grouping import DUPLICATE_WINDOW, GroupingIndex, Placement
from monitor.stories.cluster import MAX_CANDIDATE_STORIES, StoryClusterer, top_terms
from monitor.stories.copies import compare_texts
from monitor.stories.features import TermFeatures, TermVector, Vocabulary
from monitor.stories.memory import MemoryGroupingIndex
from monitor.stories.prepare import ArticleFeatures, extract_grouping_text
from monitor.stories.prints import NormalizedText

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
