"""Stories: reports of one event, found online, one article at a time, within a sliding window.

An article joins the story whose centre it resembles most, if it resembles it enough; the cosine of weighted terms is
raised where both speak of one day and cut where their days lie further apart than the window. The bar is lower for
headlines, which have few terms to share. Two stories that an article ties together become one. Reports in two
languages share no ordinary words; there names and the day must agree alone.
"""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.grouping import Cluster, Shelf
from monitor.stories.features import Features, Vector, Vocabulary, days_apart

WINDOW = timedelta(days=7)
BAR_SHORT, BAR_LONG, LONG_WORDS = 0.075, 0.205, 75
SAME_DAY, FAR_DAY = 1.15, 0.35
TIED, ALIKE = 1.25, 0.5
CANDIDATES = 8
KEPT_TERMS = 96
KEPT_DAYS = 16
POSTED = 24
FOREIGN_WORDS, FOREIGN_NAMES, FOREIGN_SHARED = 0.02, 0.4, 4


@dataclass(frozen=True, slots=True)
class Clusterer:
    """Finds the story of each article in turn."""

    shelf: Shelf
    vocabulary: Vocabulary

    def place(self, features: Features, new_id: str) -> str:
        """Return the id of the article's story: a known one, or ``new_id``, which must be unused."""
        self.vocabulary.learn(features)
        vector = self.vocabulary.weigh(features)
        heaviest = list(vector.weights)[:POSTED]
        bar = BAR_SHORT + (BAR_LONG - BAR_SHORT) * min(1.0, features.words / LONG_WORDS)
        near = ((likeness(vector, features, one), one) for one in self.shelf.near(heaviest, CANDIDATES))
        ranked = sorted(((score, one) for score, one in near if score >= bar), key=_rank)
        best = ranked[0][1] if ranked else Cluster(new_id)
        for score, other in ranked[1:3]:
            if score >= TIED * bar and _alike(best, other):
                best = self._merged(best, other)
        self.shelf.keep(_grown(best, vector, features), heaviest)
        return best.id

    def _merged(self, one: Cluster, other: Cluster) -> Cluster:
        older, younger = sorted((one, other), key=lambda each: (_time(each.first_at), each.id))
        self.shelf.merge(younger.id, older.id)
        times = [at for at in (older.last_at, younger.last_at) if at]
        return replace(
            older,
            weights=_heaviest(_summed(older.weights, younger.weights)),
            names=older.names | younger.names,
            days=frozenset(sorted(older.days | younger.days)[:KEPT_DAYS]),
            size=older.size + younger.size,
            last_at=max(times, default=None),
        )


def likeness(vector: Vector, features: Features, cluster: Cluster) -> float:
    """Return how much an article resembles a story, from 0 to about 1; 0 outside the story's window."""
    if _outside(features.at, cluster):
        return 0.0
    shared = vector.weights.keys() & cluster.weights.keys()
    norm = _norm(cluster)
    cosine = sum(vector.weights[term] * cluster.weights[term] for term in shared) / norm
    apart = days_apart(features.days, cluster.days)
    if apart == 0:
        return max(cosine * (SAME_DAY if features.dated else 1.0), _foreign(vector, cluster, shared, norm))
    return cosine * FAR_DAY if apart is not None and apart > WINDOW.days else cosine


def _outside(at: datetime | None, cluster: Cluster) -> bool:
    if at is None or cluster.first_at is None or cluster.last_at is None:
        return False
    return at - cluster.last_at > WINDOW or cluster.first_at - at > WINDOW


def _foreign(vector: Vector, cluster: Cluster, shared: AbstractSet[int], norm: float) -> float:
    """Return the likeness of the names alone, where no ordinary word is shared and so the languages differ."""
    names = vector.names & cluster.names
    if len(names) < FOREIGN_SHARED:
        return 0.0
    words = sum(vector.weights[term] * cluster.weights[term] for term in shared - vector.names - cluster.names)
    if words / norm > FOREIGN_WORDS:
        return 0.0
    own = math.hypot(*(vector.weights[term] for term in vector.names)) or 1.0
    theirs = math.hypot(*(cluster.weights.get(term, 0.0) for term in cluster.names)) or 1.0
    cosine = sum(vector.weights[term] * cluster.weights.get(term, 0.0) for term in names) / own / theirs
    return cosine if cosine >= FOREIGN_NAMES else 0.0


def _alike(one: Cluster, other: Cluster) -> bool:
    dot = sum(one.weights[term] * other.weights[term] for term in one.weights.keys() & other.weights.keys())
    apart = days_apart(one.days, other.days)
    return dot / _norm(one) / _norm(other) >= ALIKE and (apart is None or apart <= WINDOW.days)


def _grown(cluster: Cluster, vector: Vector, features: Features) -> Cluster:
    weights = _heaviest(_summed(cluster.weights, vector.weights))
    times = [at for at in (cluster.first_at, cluster.last_at, features.at) if at]
    return Cluster(
        cluster.id,
        weights,
        frozenset(term for term in cluster.names | vector.names if term in weights),
        frozenset(sorted(cluster.days | features.days)[:KEPT_DAYS]) if len(cluster.days) < KEPT_DAYS else cluster.days,
        cluster.size + 1,
        min(times, default=None),
        max(times, default=None),
    )


def _summed(some: Mapping[int, float], others: Mapping[int, float]) -> dict[int, float]:
    total = dict(some)
    for term, weight in others.items():
        total[term] = total.get(term, 0.0) + weight
    return total


def _heaviest(weights: Mapping[int, float]) -> dict[int, float]:
    if len(weights) <= KEPT_TERMS:
        return dict(weights)
    ranked: Iterable[tuple[int, float]] = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return dict(list(ranked)[:KEPT_TERMS])


def _norm(cluster: Cluster) -> float:
    return math.hypot(*cluster.weights.values()) or 1.0


def _rank(scored: tuple[float, Cluster]) -> tuple[float, float, str]:
    return -scored[0], _time(scored[1].first_at), scored[1].id


def _time(at: datetime | None) -> float:
    return at.timestamp() if at else math.inf
