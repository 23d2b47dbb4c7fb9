"""Grouping: detects duplicates and assigns articles to stories.

Articles are processed in an order that does not depend on their arrival.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.domain.grouping import DUPLICATE_WINDOW, GroupingIndex, Placement
from monitor.domain.values import replace
from monitor.stories.clustering import StoryClusterer, top_terms
from monitor.stories.contradictions import names_other_subject, names_other_weekday, tells_other_event
from monitor.stories.edited_copies import have_common_text, is_edited_copy
from monitor.stories.features import TermVector, Vocabulary
from monitor.stories.fingerprints import ArticleFeatures, GroupingText, NormalizedText, extract_grouping_text
from monitor.stories.grouping_window import StoryWindow
from monitor.stories.near_duplicates import compare_texts

MIN_LATER_GAP = timedelta(minutes=30)
MIN_EDITION_GAP = timedelta(hours=18)  # between two editions of a daily column; time zones differ by less
MAX_COMPARED_ARTICLES = 2
MAX_SIMILAR_ARTICLES = 8  # articles with common text whose subject is compared before an article joins their story
ARTICLES_PER_BATCH = 100
MAX_INDEXED_DUPLICATE_SHARE = 0.9  # a duplicate that shares less with its original is also indexed itself
UNDATED_SORT_DATE = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IncomingArticle:
    """An article to be grouped.

    ``article_id`` must be unused so far and below 2**32 - 1. ``story_id`` is the id of the story that is created if the
    article belongs to no existing story. ``features`` are the fingerprints and terms if they were computed in advance,
    otherwise None. ``answered_id`` is the id of the post that the article answers in a thread of its author.
    """

    article_id: int
    article: Article
    story_id: str
    features: ArticleFeatures | None = field(default=None, compare=False, repr=False)
    answered_id: int | None = None


class _Duplicate(Struct, frozen=True):
    """Result for an article that repeats an earlier one: the earlier article, and how much of the text is repeated.

    ``original`` is the earlier article, as it was grouped. ``shared_ratio`` is the share of the new article's text that
    is in the earlier article, from 0 to 1.
    """

    original: Placement
    shared_ratio: float


class _WeightedArticle(Struct, frozen=True):
    """Result for an article that is not a duplicate: its features, its weighted terms, and the top terms of these.

    The top terms are the ones by which stories are searched for (see ``top_terms``).
    """

    features: ArticleFeatures
    vector: TermVector
    terms: list[int]


class Grouper:
    """Grouper that assigns articles to stories in the given order. The result does not depend on the batch sizes."""

    def __init__(self, index: GroupingIndex, vocabulary: Vocabulary) -> None:
        self._index, self._vocabulary = index, vocabulary
        self._placed: dict[int, Placement] = {}
        self._features: dict[int, ArticleFeatures] = {}
        self._similar: dict[int, list[int]] = {}

    def place(self, batch: Sequence[IncomingArticle]) -> list[Placement]:
        """Assign the articles of a batch to stories, in the given order, and return their placements.

        A placement has the story of an article, and the original if the article is a duplicate. A duplicate joins the
        story of its original. A reply joins the story of the post that it answers. Any other article joins the most
        similar story or a new one, but no story with a report in nearly the same words on another person, place or day.
        """
        features = [one.features or ArticleFeatures(extract_grouping_text(one.article)) for one in batch]
        self._index.prefetch_fingerprints(chain.from_iterable(one_features.fingerprints for one_features in features))
        self._placed, self._features, self._similar = {}, {}, {}
        duplicates = [
            self._match_duplicate(one, one_features) for one, one_features in zip(batch, features, strict=True)
        ]
        results = [
            duplicate or self._weight_terms(one_features)
            for one_features, duplicate in zip(features, duplicates, strict=True)
        ]
        self._index.prefetch_terms(term for one in results if isinstance(one, _WeightedArticle) for term in one.terms)
        return [self._assign_story(one, result) for one, result in zip(batch, results, strict=True)]

    def _match_duplicate(self, incoming: IncomingArticle, features: ArticleFeatures) -> _Duplicate | None:
        """Return the grouped article that an incoming article repeats, or None.

        Also record a preliminary placement for the incoming article: its original, if it has one, but no story yet. If
        the repeated article is itself a duplicate, its original is recorded. The fingerprints of the incoming article
        are added to the index, unless nearly all its text is in the repeated article.
        """
        duplicate = self._find_duplicate(features, incoming)
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
        vector = self._vocabulary.weight_terms(features.term_features)
        return _WeightedArticle(features, vector, top_terms(vector))

    def _assign_story(self, incoming: IncomingArticle, result: _Duplicate | _WeightedArticle) -> Placement:
        if isinstance(result, _Duplicate):
            original = self._index.get_placement(result.original.article_id)
            story, terms = original.story_id if original else incoming.story_id, list[int]()
        else:
            answered = self._index.get_placement(incoming.answered_id) if incoming.answered_id else None
            thread = answered.story_id if answered else ""
            story = StoryClusterer(self._index).place(
                result.vector,
                result.terms,
                result.features.term_features,
                incoming.story_id,
                thread,
                lambda story_id: self._has_other_event(story_id, incoming, result.features),
            )
            terms = result.terms
        placement = replace(self._placed[incoming.article_id], story_id=story)
        self._index.place(placement, terms)
        return placement

    def _has_other_event(self, story_id: str, incoming: IncomingArticle, features: ArticleFeatures) -> bool:
        """Return whether a story has a report in nearly the same words as an article that names another subject or day.

        Only the articles with the most fingerprints in common are compared.
        """
        for number in self._similar[incoming.article_id]:
            placement = self._index.get_placement(number)
            if placement is None or placement.story_id != story_id:
                continue
            text, other = features.normalized_text, self._normalized_text(number)
            is_edition = _is_of_another_day(incoming.article, placement) and names_other_weekday(text, other)
            if is_edition or names_other_subject(text, other):
                return True
        return False

    def _find_duplicate(self, features: ArticleFeatures, incoming: IncomingArticle) -> _Duplicate | None:
        """Return the grouped article that an incoming article repeats, or None.

        The texts of only a few grouped articles are compared: the ones with the most fingerprints in common. Their ids
        are recorded for ``_has_other_event``.
        """
        article = incoming.article
        owners = self._index.articles_with(features.fingerprints)
        ranked = sorted((-count, number) for number, count in owners.items())
        self._similar[incoming.article_id] = [number for _, number in ranked[:MAX_SIMILAR_ARTICLES]]
        for _, number in ranked[:MAX_COMPARED_ARTICLES]:
            placement = self._placed.get(number) or self._index.get_placement(number)
            if placement is None or not _is_in_window(article, placement):
                continue
            text, other = features.normalized_text, self._normalized_text(number)
            if not have_common_text(text, other):
                continue
            similarity = compare_texts(text, other, is_second_later=_is_later(article, placement))
            is_duplicate = similarity.is_duplicate or (not similarity.contradicts_copy and is_edited_copy(text, other))
            if is_duplicate and not tells_other_event(text, other):
                shorter = len(text.stream) <= len(other.stream)
                return _Duplicate(placement, similarity.smaller_share if shorter else similarity.larger_share)
        return None

    def _normalized_text(self, article_id: int) -> NormalizedText:
        """Return the normalized text of a grouped article.

        The text is cached for the batch, because duplicates of one article often arrive together.
        """
        if article_id not in self._features:
            title, body = self._index.article_text(article_id)
            self._features[article_id] = ArticleFeatures(GroupingText(title, "", body, None))
        return self._features[article_id].normalized_text


def _is_in_window(article: Article, placement: Placement) -> bool:
    if article.published_at is None or placement.published_at is None:
        return True
    return abs(article.published_at - placement.published_at) <= DUPLICATE_WINDOW


def _is_of_another_day(article: Article, placement: Placement) -> bool:
    """Return whether an article was published about a day or more before or after a grouped article."""
    if article.published_at is None or placement.published_at is None:
        return False
    return abs(article.published_at - placement.published_at) >= MIN_EDITION_GAP


def _is_later(article: Article, placement: Placement) -> bool | None:
    """Return whether an already grouped article (``placement``) was published clearly later than ``article``.

    The result is None if the times are about equal, or if one is unknown.
    """
    if article.published_at is None or placement.published_at is None:
        return None
    gap = placement.published_at - article.published_at
    return None if abs(gap) < MIN_LATER_GAP else gap > timedelta(0)


def sort_articles(articles: Iterable[tuple[str, Article]]) -> list[tuple[str, Article]]:
    """Sort pairs of id and article by publication time, then by content. Articles without a date are last.

    Of articles with the same time, replies are last. The result does not depend on the order of the input. Articles
    therefore give the same stories in any order of arrival.
    """
    return sorted(articles, key=lambda each: (each[1].published_at is None, *_sort_key(each[1]), each[0]))


def _sort_key(article: Article) -> tuple[datetime, bool, int]:
    text = f"{article.title}\n{article.body}".encode("utf-8", "surrogatepass")
    return article.published_at or UNDATED_SORT_DATE, bool(article.reply_to), xxh3_64_intdigest(text)


def group_articles(articles: Sequence[tuple[str, Article]]) -> dict[str, tuple[str, str | None]]:
    """Group articles that are all given at once. Each is a pair of a unique id and an article.

    Return a dictionary that maps each id to two ids: that of the first article of its story, and that of its original.
    The second is None if the article is not a duplicate. The cost is below one millisecond and a few kilobytes per
    article.
    """
    ordered = sort_articles(articles)
    names = [name for name, _ in ordered]
    incoming = [IncomingArticle(number, article, f"s{number}") for number, (_, article) in enumerate(ordered)]
    window, vocabulary, placed = StoryWindow(), Vocabulary(), list[Placement]()

    def load_article(number: int) -> tuple[Placement, str, str]:
        return placed[number], ordered[number][1].title, ordered[number][1].body

    for start in range(0, len(incoming), ARTICLES_PER_BATCH):
        batch = window.begin(load_article)
        placed += Grouper(batch, vocabulary).place(incoming[start : start + ARTICLES_PER_BATCH])
        changes = batch.changes()
        window.load(changes.articles, changes.stories)
    stories = [names[window.find_story(one.story_id)] for one in placed]
    originals = [None if one.duplicate_of is None else names[one.duplicate_of] for one in placed]
    groups = dict(zip(names, zip(stories, originals, strict=True), strict=True))
    return {name: groups[name] for name, _ in articles}
