"""Story clustering: assigns each article to the most similar story, within a sliding time window.

A story is compared by its centroid, the summed terms of its articles. Evidence on event, place, time and people is
summed to a score (``similarity.py``). An article joins the story with the highest score, if the score is high enough.
If the article fits two stories very well, and they fit one another, the two stories are merged.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

import numpy as np
from msgspec import Struct

from monitor.domain.grouping import STORY_WINDOW, GroupingIndex, StoryCentroid
from monitor.domain.values import replace
from monitor.stories.features import TermFeatures, TermHashes, TermKinds, TermVector, TermWeights
from monitor.stories.language_free_terms import KIND_SHIFT, TermKind
from monitor.stories.similarity import LONG_TEXT_WORDS, TERM_DTYPE, WEIGHT_DTYPE, compute_scores

MIN_SCORE, MIN_MERGE_SCORE = -0.2, 0.5
MAX_CANDIDATE_STORIES = 8
MIN_SHARED_TERMS = 2
"""Minimum number of top terms (see ``top_terms``) that a story must share with a long article (``LONG_TEXT_WORDS``).

In the labelled texts, each long article shares more than one top term with the other reports of its event.
"""
MAX_MERGED_STORIES = 3
MAX_CENTROID_TERMS, MAX_CENTROID_LANGUAGE_FREE_TERMS = 96, 32
MAX_CENTROID_DAYS = 16
MAX_TOP_TERMS, MAX_TOP_LANGUAGE_FREE_TERMS = 14, 6
_FIRST_LANGUAGE_FREE_CODE = np.uint64(TermKind.COUNTRY << KIND_SHIFT)
TermArrays = tuple[TermHashes, TermWeights, TermKinds]


def top_terms(vector: TermVector) -> list[int]:
    """Return the terms of an article with the highest weights.

    They are used to search for similar stories. They are also indexed with the story of the article, so that later
    articles find this story.
    """
    free, start = vector.language_free_count, vector.language_count
    terms: list[int] = vector.terms[: free + MAX_TOP_TERMS].tolist()
    return terms[free:] + terms[start : min(free, start + MAX_TOP_LANGUAGE_FREE_TERMS)]


class StoryClusterer(Struct, frozen=True):
    """Clusterer that assigns articles to stories, one after another."""

    index: GroupingIndex

    def place(
        self,
        vector: TermVector,
        terms: Sequence[int],
        features: TermFeatures,
        new_id: str,
        story_id: str = "",
        is_excluded: Callable[[str], bool] = lambda _: False,
    ) -> str:
        """Assign an article to a story and return the id of this story.

        ``terms`` are the top terms of the article (see ``top_terms``), by which similar stories are searched for.

        If ``story_id`` is given, this story is open, and the dates are close enough, the article joins it; an example
        is the story of a post to which the article replies. Otherwise the article joins the most similar story. If no
        story is similar enough, a new story is created with the id ``new_id``, which must be unused. The centroid of
        the story (its summed terms) is updated, and very similar stories are merged.

        ``is_excluded`` is a function that takes the id of a story, and returns whether the article must not join it.
        """
        if story_id and (given := self.index.get_centroid(story_id)) and _is_in_window(features, given):
            self.index.save_centroid(extend_centroid(given, vector, features))
            return given.id
        min_shared = MIN_SHARED_TERMS if features.word_count >= LONG_TEXT_WORDS else 1
        candidates = self.index.similar_stories(terms, MAX_CANDIDATE_STORIES, min_shared)
        ranked = sorted(
            (
                (score, candidate)
                for score, candidate in zip(compute_scores(vector, features, candidates), candidates, strict=True)
                if score >= MIN_SCORE
            ),
            key=_ranking_key,
        )
        ranked = list(islice((one for one in ranked if not is_excluded(one[1].id)), MAX_MERGED_STORIES))
        if not ranked:
            self.index.save_centroid(start_centroid(new_id, vector, features))
            return new_id
        best = ranked[0][1]
        for score, other in ranked[1:]:
            if score >= MIN_MERGE_SCORE and _is_mergeable(best, other):
                best = self._merge(best, other)
        self.index.save_centroid(extend_centroid(best, vector, features))
        return best.id

    def _merge(self, first: StoryCentroid, second: StoryCentroid) -> StoryCentroid:
        older, younger = sorted((first, second), key=lambda each: (_timestamp(each.first_article_at), each.id))
        self.index.merge(younger.id, older.id)
        times = [at for at in (older.last_article_at, younger.last_article_at) if at]
        terms, weights, kinds = _sum_centroids(_unpack_centroid(older), _unpack_centroid(younger))
        return replace(
            older,
            terms=terms,
            weights=weights,
            kinds=kinds,
            days=frozenset(sorted(older.days | younger.days)[:MAX_CENTROID_DAYS]),
            size=older.size + younger.size,
            last_article_at=max(times, default=None),
        )


def _is_in_window(features: TermFeatures, story: StoryCentroid) -> bool:
    """Return whether an article was published within seven days of a story; without dates, this is assumed."""
    at, first, last = features.published_at, story.first_article_at, story.last_article_at
    return not (at and first and last) or first - STORY_WINDOW <= at <= last + STORY_WINDOW


def _is_mergeable(first: StoryCentroid, second: StoryCentroid) -> bool:
    """Return whether two stories are similar enough to be merged.

    The first story is compared with the second in the same way as an article is compared with a story.
    """
    terms, weights, kinds = _unpack_centroid(first)
    is_free = kinds >= np.uint8(TermKind.COUNTRY)
    length = float(np.linalg.norm(weights[~is_free])) or 1.0
    free = np.minimum(weights[is_free], 1)
    vector = TermVector(
        np.concatenate((terms[is_free], terms[~is_free])),
        np.concatenate((free, weights[~is_free] / length)).astype(np.float32),
        np.concatenate((kinds[is_free], kinds[~is_free])),
        len(free),
    )
    features = TermFeatures(terms, weights, kinds, first.days, first.last_article_at, LONG_TEXT_WORDS)
    return compute_scores(vector, features, [second])[0] >= MIN_MERGE_SCORE


def start_centroid(new_id: str, vector: TermVector, features: TermFeatures) -> StoryCentroid:
    """Return the centroid (the summed terms) of a new story with one article."""
    weights = vector.weights.astype(WEIGHT_DTYPE).tobytes()
    terms, kinds = vector.terms.astype(TERM_DTYPE).tobytes(), vector.kinds.tobytes()
    return StoryCentroid(
        new_id, terms, weights, kinds, _limit_days(features.days), 1, features.published_at, features.published_at
    )


def extend_centroid(centroid: StoryCentroid, vector: TermVector, features: TermFeatures) -> StoryCentroid:
    """Return the centroid (the summed terms) of a story after adding an article."""
    times = [at for at in (centroid.first_article_at, centroid.last_article_at, features.published_at) if at]
    return StoryCentroid(
        centroid.id,
        *_sum_centroids(_unpack_centroid(centroid), (vector.terms, vector.weights, vector.kinds)),
        _limit_days(centroid.days | features.days) if len(centroid.days) < MAX_CENTROID_DAYS else centroid.days,
        centroid.size + 1,
        min(times, default=None),
        max(times, default=None),
    )


def _limit_days(days: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return days if len(days) <= MAX_CENTROID_DAYS else frozenset(sorted(days)[:MAX_CENTROID_DAYS])


def _unpack_centroid(centroid: StoryCentroid) -> TermArrays:
    weights = np.frombuffer(centroid.weights, WEIGHT_DTYPE)
    return np.frombuffer(centroid.terms, TERM_DTYPE), weights, np.frombuffer(centroid.kinds, np.uint8)


def _sum_centroids(first: TermArrays, second: TermArrays) -> tuple[bytes, bytes, bytes]:
    """Add the terms of two centroids, and return the ones with the highest weights.

    A centroid has the summed terms of a story. The result has three parts, each as bytes: the terms, their weights and
    their kinds.
    """
    (terms, weights, kinds), (their_terms, their_weights, their_kinds) = first, second
    codes = np.concatenate((terms, their_terms)).astype(np.uint64)
    codes |= np.concatenate((kinds, their_kinds)).astype(np.uint64) << np.uint64(KIND_SHIFT)
    all_codes, positions = np.unique(codes, return_inverse=True)
    total = np.bincount(positions, np.concatenate((weights, their_weights)))
    is_free = all_codes >= _FIRST_LANGUAGE_FREE_CODE
    order = (-total).argsort(kind="stable")  # equal weights are ordered by code
    free, others = order[is_free[order]][:MAX_CENTROID_LANGUAGE_FREE_TERMS], order[~is_free[order]][:MAX_CENTROID_TERMS]
    kept = np.concatenate((free, others))
    codes = all_codes[kept]
    return (
        codes.astype(TERM_DTYPE).tobytes(),
        total[kept].astype(WEIGHT_DTYPE).tobytes(),
        (codes >> np.uint64(KIND_SHIFT)).astype(np.uint8).tobytes(),
    )


def _ranking_key(scored: tuple[float, StoryCentroid]) -> tuple[float, float, str]:
    return -scored[0], _timestamp(scored[1].first_article_at), scored[1].id


def _timestamp(at: datetime | None) -> float:
    return at.timestamp() if at else math.inf
