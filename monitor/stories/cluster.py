"""Stories: reports of one event, found online, one article at a time, within a sliding window.

An article joins the story whose centre it resembles most, if it resembles it enough; the cosine of weighted terms is
raised where both speak of one day and cut where their days lie further apart than the window. The bar is lower for
headlines, which have few terms to share. Two stories that an article ties together become one. Reports in two
languages share no ordinary words; there names and the day must agree alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from monitor.domain.grouping import WINDOW, Cluster, Shelf
from monitor.stories.features import Features, Hashes, Vector, days_apart

BAR_SHORT, BAR_LONG, LONG_WORDS = 0.075, 0.205, 75
SAME_DAY, FAR_DAY = 1.15, 0.35
TIED, ALIKE = 1.25, 0.5
CANDIDATES = 8
KEPT_TERMS = 96
KEPT_DAYS = 16
POSTED = 16
FOREIGN_WORDS, FOREIGN_NAMES, FOREIGN_SHARED = 0.02, 0.4, 4
TERM, WEIGHT = np.dtype("<u4"), np.dtype("<f4")
Weights = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def heaviest(vector: Vector) -> list[int]:
    """Return the terms by which an article's story is looked up, and afterwards found."""
    terms: list[int] = vector.terms[:POSTED].tolist()
    return terms


@dataclass(frozen=True, slots=True)
class Clusterer:
    """Finds the story of each article in turn."""

    shelf: Shelf

    def place(self, vector: Vector, features: Features, new_id: str) -> str:
        """Return the id of the article's story: a known one, or ``new_id``, which must be unused."""
        terms = heaviest(vector)
        bar = BAR_SHORT + (BAR_LONG - BAR_SHORT) * min(1.0, features.words / LONG_WORDS)
        near = self.shelf.near(terms, CANDIDATES)
        ranked = sorted(
            ((score, one) for score, one in zip(likeness(vector, features, near), near, strict=True) if score >= bar),
            key=_rank,
        )
        if not ranked:
            self.shelf.keep(_begun(new_id, vector, features), terms)
            return new_id
        best = ranked[0][1]
        for score, other in ranked[1:3]:
            if score >= TIED * bar and _alike(best, other):
                best = self._merged(best, other)
        self.shelf.keep(_grown(best, vector, features), terms)
        return best.id

    def _merged(self, one: Cluster, other: Cluster) -> Cluster:
        older, younger = sorted((one, other), key=lambda each: (_time(each.first_at), each.id))
        self.shelf.merge(younger.id, older.id)
        times = [at for at in (older.last_at, younger.last_at) if at]
        terms, weights, names = _summed(_unpacked(older), _unpacked(younger))
        return replace(
            older,
            terms=terms,
            weights=weights,
            names=names,
            days=frozenset(sorted(older.days | younger.days)[:KEPT_DAYS]),
            size=older.size + younger.size,
            last_at=max(times, default=None),
        )


def likeness(vector: Vector, features: Features, clusters: Sequence[Cluster]) -> list[float]:
    """Return how much an article resembles each of these stories, from 0 to about 1; 0 outside a story's window.

    All are measured at once: their centres are laid end to end.
    """
    if not clusters:
        return []
    sight = _see(vector, clusters)
    scores = []
    for place, (cluster, cosine, named) in enumerate(
        zip(clusters, sight.cosines.tolist(), sight.named.tolist(), strict=True)
    ):
        foreign = named >= FOREIGN_SHARED
        if not (cosine or foreign) or _outside(features.at, cluster):
            scores.append(0.0)
            continue
        apart = days_apart(features.days, cluster.days)
        if apart == 0:
            score = cosine * (SAME_DAY if features.dated else 1.0)
            scores.append(max(score, _foreign(vector, sight, place)) if foreign else score)
        else:
            scores.append(cosine * FAR_DAY if apart is not None and apart > WINDOW.days else cosine)
    return scores


@dataclass(frozen=True, slots=True)
class _Sight:
    """Centres end to end beside the vector's weights of the same terms, and what comes of it for each of them."""

    starts: npt.NDArray[np.int64]
    weights: Weights
    names: Flags
    own: Weights  # 0 where the vector has not the term
    own_names: Flags
    norms: Weights
    cosines: Weights
    named: npt.NDArray[np.int64]


def _see(vector: Vector, clusters: Sequence[Cluster]) -> _Sight:
    terms = np.frombuffer(b"".join([one.terms for one in clusters]), TERM)
    weights = np.frombuffer(b"".join([one.weights for one in clusters]), WEIGHT).astype(np.float64)
    names = np.frombuffer(b"".join([one.names for one in clusters]), np.bool_)
    starts = np.cumsum([0, *(len(one.names) for one in clusters)])
    order = np.argsort(vector.terms)
    sought = vector.terms[order]
    places = order[np.minimum(np.searchsorted(sought, terms), len(sought) - 1)]
    shared = vector.terms[places] == terms
    own = np.where(shared, vector.weights[places], 0.0)
    own_names = vector.names[places] & shared
    norms = np.sqrt(np.add.reduceat(weights * weights, starts[:-1]))
    cosines = np.add.reduceat(own * weights, starts[:-1]) / norms
    named = np.add.reduceat((own_names & names).astype(np.int64), starts[:-1])
    return _Sight(starts, weights, names, own, own_names, norms, cosines, named)


def _outside(at: datetime | None, cluster: Cluster) -> bool:
    if at is None or cluster.first_at is None or cluster.last_at is None:
        return False
    return at - cluster.last_at > WINDOW or cluster.first_at - at > WINDOW


def _foreign(vector: Vector, sight: _Sight, place: int) -> float:
    """Return the likeness of the names alone, where no ordinary word is shared and so the languages differ."""
    part = slice(sight.starts[place], sight.starts[place + 1])
    weights, names, own, own_names = sight.weights[part], sight.names[part], sight.own[part], sight.own_names[part]
    products = own * weights
    if float(products[~(names | own_names)].sum()) / float(sight.norms[place]) > FOREIGN_WORDS:
        return 0.0
    ours, theirs = np.linalg.norm(vector.weights[vector.names]), np.linalg.norm(weights[names])
    cosine = float(products[names & own_names].sum() / ours / theirs)
    return cosine if cosine >= FOREIGN_NAMES else 0.0


def _alike(one: Cluster, other: Cluster) -> bool:
    terms, weights, names = _unpacked(one)
    length = float(np.linalg.norm(weights))
    sight = _see(Vector(terms, weights / length, names), [other])
    apart = days_apart(one.days, other.days)
    return float(sight.cosines[0]) >= ALIKE and (apart is None or apart <= WINDOW.days)


def _begun(new_id: str, vector: Vector, features: Features) -> Cluster:
    weights = vector.weights.astype(WEIGHT).tobytes()
    terms, names = vector.terms.astype(TERM).tobytes(), vector.names.tobytes()
    return Cluster(new_id, terms, weights, names, _kept_days(features.days), 1, features.at, features.at)


def _grown(cluster: Cluster, vector: Vector, features: Features) -> Cluster:
    times = [at for at in (cluster.first_at, cluster.last_at, features.at) if at]
    return Cluster(
        cluster.id,
        *_summed(_unpacked(cluster), (vector.terms, vector.weights, vector.names)),
        _kept_days(cluster.days | features.days) if len(cluster.days) < KEPT_DAYS else cluster.days,
        cluster.size + 1,
        min(times, default=None),
        max(times, default=None),
    )


def _kept_days(days: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return days if len(days) <= KEPT_DAYS else frozenset(sorted(days)[:KEPT_DAYS])


def _unpacked(cluster: Cluster) -> tuple[Hashes, Weights, Flags]:
    weights = np.frombuffer(cluster.weights, WEIGHT).astype(np.float64)
    return np.frombuffer(cluster.terms, TERM), weights, np.frombuffer(cluster.names, np.bool_)


def _summed(some: tuple[Hashes, Weights, Flags], others: tuple[Hashes, Weights, Flags]) -> tuple[bytes, bytes, bytes]:
    """Add two centres, and pack the heaviest terms of the sum."""
    (terms, weights, names), (more, their_weights, their_names) = some, others
    found, places = np.unique(np.concatenate((terms, more)), return_inverse=True)
    total = np.bincount(places, np.concatenate((weights, their_weights)))
    named = np.bincount(places, np.concatenate((names, their_names))) > 0
    kept = np.lexsort((found, -total))[:KEPT_TERMS]
    return found[kept].astype(TERM).tobytes(), total[kept].astype(WEIGHT).tobytes(), named[kept].tobytes()


def _rank(scored: tuple[float, Cluster]) -> tuple[float, float, str]:
    return -scored[0], _time(scored[1].first_at), scored[1].id


def _time(at: datetime | None) -> float:
    return at.timestamp() if at else math.inf
