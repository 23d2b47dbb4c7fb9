"""Story clustering: assigns each article to the story with the most similar centroid, within a sliding time window.

The centroid of a story is the sum of the weighted terms of its articles. Similarity is the cosine of weighted terms. It
is raised if article and story mention the same day, and lowered if their days are further apart than the window. The
threshold is lower for short texts such as headlines, which have few terms. If an article is very similar to two
stories, the two stories are merged. Reports in two languages share no ordinary words, so they are compared only by
names and days.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import STORY_WINDOW, GroupingIndex, StoryCentroid
from monitor.stories.features import TermFeatures, TermHashes, TermVector, day_distance

MIN_SIMILARITY_SHORT_TEXT, MIN_SIMILARITY_LONG_TEXT, LONG_TEXT_WORDS = 0.075, 0.205, 75
SAME_DAY_FACTOR, DISTANT_DAY_FACTOR = 1.15, 0.35
MERGE_SIMILARITY_FACTOR, MIN_MERGE_SIMILARITY = 1.25, 0.5
MAX_CANDIDATE_STORIES = 8
MAX_CENTROID_TERMS = 96
MAX_CENTROID_DAYS = 16
MAX_TOP_TERMS = 16  # measured: 16 terms find the same stories as 24
MAX_CROSS_LANGUAGE_WORD_SIMILARITY, MIN_CROSS_LANGUAGE_NAME_SIMILARITY, MIN_CROSS_LANGUAGE_SHARED_NAMES = 0.02, 0.4, 4
TERM_DTYPE, WEIGHT_DTYPE = np.dtype("<u4"), np.dtype("<f4")
WeightArray = npt.NDArray[np.float64]
FlagArray = npt.NDArray[np.bool_]


def top_terms(vector: TermVector) -> list[int]:
    """Return the terms of an article with the highest weights.

    They are used to search for similar stories. They are also indexed with the story of the article, so that later
    articles find this story.
    """
    terms: list[int] = vector.terms[:MAX_TOP_TERMS].tolist()
    return terms


@dataclass(frozen=True, slots=True)
class StoryClusterer:
    """Clusterer that assigns articles to stories, one after another."""

    index: GroupingIndex

    def place(self, vector: TermVector, features: TermFeatures, new_id: str) -> str:
        """Assign an article to the most similar story and return the id of this story.

        If no story is similar enough, a new story is created with the id ``new_id``, which must be unused. The centroid
        of the story is updated, and very similar stories are merged.
        """
        min_similarity = MIN_SIMILARITY_SHORT_TEXT + (MIN_SIMILARITY_LONG_TEXT - MIN_SIMILARITY_SHORT_TEXT) * min(
            1.0, features.word_count / LONG_TEXT_WORDS
        )
        candidates = self.index.similar_stories(top_terms(vector), MAX_CANDIDATE_STORIES)
        ranked = sorted(
            (
                (score, candidate)
                for score, candidate in zip(compute_similarities(vector, features, candidates), candidates, strict=True)
                if score >= min_similarity
            ),
            key=_ranking_key,
        )
        if not ranked:
            self.index.save_centroid(_start_centroid(new_id, vector, features))
            return new_id
        best = ranked[0][1]
        for score, other in ranked[1:3]:
            if score >= MERGE_SIMILARITY_FACTOR * min_similarity and _is_mergeable(best, other):
                best = self._merge(best, other)
        self.index.save_centroid(_extend_centroid(best, vector, features))
        return best.id

    def _merge(self, first: StoryCentroid, second: StoryCentroid) -> StoryCentroid:
        older, younger = sorted((first, second), key=lambda each: (_timestamp(each.first_article_at), each.id))
        self.index.merge(younger.id, older.id)
        times = [at for at in (older.last_article_at, younger.last_article_at) if at]
        terms, weights, names = _sum_centroids(_unpack_centroid(older), _unpack_centroid(younger))
        return replace(
            older,
            terms=terms,
            weights=weights,
            name_flags=names,
            days=frozenset(sorted(older.days | younger.days)[:MAX_CENTROID_DAYS]),
            size=older.size + younger.size,
            last_article_at=max(times, default=None),
        )


def compute_similarities(vector: TermVector, features: TermFeatures, centroids: Sequence[StoryCentroid]) -> list[float]:
    """Return the similarity of an article to each story, from 0 to about 1.

    The similarity is 0 if the article was published outside the time window of the story. For speed, all stories are
    compared at once in one array.
    """
    if not centroids:
        return []
    matrix = _build_centroid_matrix(vector, centroids)
    scores = []
    for position, (centroid, cosine, shared_name_count) in enumerate(
        zip(centroids, matrix.cosines.tolist(), matrix.shared_name_counts.tolist(), strict=True)
    ):
        has_enough_names = shared_name_count >= MIN_CROSS_LANGUAGE_SHARED_NAMES
        if not (cosine or has_enough_names) or _is_outside_window(features.published_at, centroid):
            scores.append(0.0)
            continue
        distance_days = day_distance(features.days, centroid.days)
        if distance_days == 0:
            score = cosine * (SAME_DAY_FACTOR if features.has_explicit_days else 1.0)
            scores.append(
                max(score, _cross_language_similarity(vector, matrix, position)) if has_enough_names else score
            )
        else:
            scores.append(
                cosine * DISTANT_DAY_FACTOR
                if distance_days is not None and distance_days > STORY_WINDOW.days
                else cosine
            )
    return scores


@dataclass(frozen=True, slots=True)
class _CentroidMatrix:
    """The centroids of several stories in one array, compared with the weighted terms of one article.

    ``starts`` are the offsets of the centroids. ``vector_weights`` and ``vector_name_flags`` have the values of the
    article for the same terms. ``norms``, ``cosines`` and ``shared_name_counts`` have one value for each centroid.
    """

    starts: npt.NDArray[np.int64]
    weights: WeightArray
    name_flags: FlagArray
    vector_weights: WeightArray  # 0 if the vector does not have the term
    vector_name_flags: FlagArray
    norms: WeightArray
    cosines: WeightArray
    shared_name_counts: npt.NDArray[np.int64]


def _build_centroid_matrix(vector: TermVector, centroids: Sequence[StoryCentroid]) -> _CentroidMatrix:
    terms = np.frombuffer(b"".join([one.terms for one in centroids]), TERM_DTYPE)
    weights = np.frombuffer(b"".join([one.weights for one in centroids]), WEIGHT_DTYPE).astype(np.float64)
    names = np.frombuffer(b"".join([one.name_flags for one in centroids]), np.bool_)
    starts = np.cumsum([0, *(len(one.name_flags) for one in centroids)])
    order = np.argsort(vector.terms)
    sorted_terms = vector.terms[order]
    positions = order[np.minimum(np.searchsorted(sorted_terms, terms), len(sorted_terms) - 1)]
    shared = vector.terms[positions] == terms
    vector_weights = np.where(shared, vector.weights[positions], 0.0)
    vector_names = vector.name_flags[positions] & shared
    norms = np.sqrt(np.add.reduceat(weights * weights, starts[:-1]))
    cosines = np.add.reduceat(vector_weights * weights, starts[:-1]) / norms
    named = np.add.reduceat((vector_names & names).astype(np.int64), starts[:-1])
    return _CentroidMatrix(starts, weights, names, vector_weights, vector_names, norms, cosines, named)


def _is_outside_window(published_at: datetime | None, centroid: StoryCentroid) -> bool:
    """Return whether an article was published more than ``STORY_WINDOW`` before or after all articles of a story.

    The result is false if a time is unknown.
    """
    if published_at is None or centroid.first_article_at is None or centroid.last_article_at is None:
        return False
    return (
        published_at - centroid.last_article_at > STORY_WINDOW
        or centroid.first_article_at - published_at > STORY_WINDOW
    )


def _cross_language_similarity(vector: TermVector, matrix: _CentroidMatrix, position: int) -> float:
    """Return the similarity of an article and a story in different languages, computed from their names alone.

    If article and story share almost no ordinary words, their languages are assumed to differ. If they share more, or
    if the names are not similar enough, the result is 0. ``position`` is the index of the story in the matrix.
    """
    part = slice(matrix.starts[position], matrix.starts[position + 1])
    weights, names, own, own_names = (
        matrix.weights[part],
        matrix.name_flags[part],
        matrix.vector_weights[part],
        matrix.vector_name_flags[part],
    )
    products = own * weights
    if float(products[~(names | own_names)].sum()) / float(matrix.norms[position]) > MAX_CROSS_LANGUAGE_WORD_SIMILARITY:
        return 0.0
    ours, theirs = np.linalg.norm(vector.weights[vector.name_flags]), np.linalg.norm(weights[names])
    cosine = float(products[names & own_names].sum() / ours / theirs)
    return cosine if cosine >= MIN_CROSS_LANGUAGE_NAME_SIMILARITY else 0.0


def _is_mergeable(first: StoryCentroid, second: StoryCentroid) -> bool:
    """Return whether two stories are similar enough, and close enough in time, to be merged."""
    terms, weights, names = _unpack_centroid(first)
    length = float(np.linalg.norm(weights))
    matrix = _build_centroid_matrix(TermVector(terms, weights / length, names), [second])
    distance_days = day_distance(first.days, second.days)
    return float(matrix.cosines[0]) >= MIN_MERGE_SIMILARITY and (
        distance_days is None or distance_days <= STORY_WINDOW.days
    )


def _start_centroid(new_id: str, vector: TermVector, features: TermFeatures) -> StoryCentroid:
    """Return the centroid of a new story with one article."""
    weights = vector.weights.astype(WEIGHT_DTYPE).tobytes()
    terms, names = vector.terms.astype(TERM_DTYPE).tobytes(), vector.name_flags.tobytes()
    return StoryCentroid(
        new_id, terms, weights, names, _limit_days(features.days), 1, features.published_at, features.published_at
    )


def _extend_centroid(centroid: StoryCentroid, vector: TermVector, features: TermFeatures) -> StoryCentroid:
    """Add an article to the centroid of a story, and return the new centroid."""
    times = [at for at in (centroid.first_article_at, centroid.last_article_at, features.published_at) if at]
    return StoryCentroid(
        centroid.id,
        *_sum_centroids(_unpack_centroid(centroid), (vector.terms, vector.weights, vector.name_flags)),
        _limit_days(centroid.days | features.days) if len(centroid.days) < MAX_CENTROID_DAYS else centroid.days,
        centroid.size + 1,
        min(times, default=None),
        max(times, default=None),
    )


def _limit_days(days: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return days if len(days) <= MAX_CENTROID_DAYS else frozenset(sorted(days)[:MAX_CENTROID_DAYS])


def _unpack_centroid(centroid: StoryCentroid) -> tuple[TermHashes, WeightArray, FlagArray]:
    weights = np.frombuffer(centroid.weights, WEIGHT_DTYPE).astype(np.float64)
    return np.frombuffer(centroid.terms, TERM_DTYPE), weights, np.frombuffer(centroid.name_flags, np.bool_)


def _sum_centroids(
    first: tuple[TermHashes, WeightArray, FlagArray], second: tuple[TermHashes, WeightArray, FlagArray]
) -> tuple[bytes, bytes, bytes]:
    """Add two centroids, and return the terms with the highest weights.

    The terms, their weights and their name flags are returned as bytes.
    """
    (terms, weights, names), (their_terms, their_weights, their_names) = first, second
    all_terms, positions = np.unique(np.concatenate((terms, their_terms)), return_inverse=True)
    total = np.bincount(positions, np.concatenate((weights, their_weights)))
    named = np.bincount(positions, np.concatenate((names, their_names))) > 0
    kept = np.lexsort((all_terms, -total))[:MAX_CENTROID_TERMS]
    return (
        all_terms[kept].astype(TERM_DTYPE).tobytes(),
        total[kept].astype(WEIGHT_DTYPE).tobytes(),
        named[kept].tobytes(),
    )


def _ranking_key(scored: tuple[float, StoryCentroid]) -> tuple[float, float, str]:
    return -scored[0], _timestamp(scored[1].first_article_at), scored[1].id


def _timestamp(at: datetime | None) -> float:
    return at.timestamp() if at else math.inf
