"""Similarity of an article and a story: evidence on event, place, time and people, summed with fitted weights.

A logistic regression has fitted the weights (``bench/fit_story_weights.py``), so the sum is the logarithm of the odds
that the article reports the event of the story. Agreement in one respect, such as the people, is not enough.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import mul
from typing import NamedTuple

import numpy as np

from monitor.domain.grouping import STORY_WINDOW, StoryCentroid
from monitor.stories.features import TermFeatures, TermVector, day_distance
from monitor.stories.language_free_terms import TermKind

TERM_DTYPE, WEIGHT_DTYPE = np.dtype("<u4"), np.dtype("<f4")
IMPOSSIBLE = -math.inf
MIN_COSINE_SHORT_TEXT, MIN_COSINE_LONG_TEXT, LONG_TEXT_WORDS = 0.075, 0.205, 75
"""The cosine at which an article and a story are about equally likely to be about one event or about two, for a
headline and for a text with this number of significant words."""
SAME_DAY_FACTOR = 1.15
"""Factor of the cosine if the article states a day of the story."""
MIN_RATIO, MIN_RATIO_OF_FREE_TERMS = 0.6, 0.2
"""Minimum ratio of the cosine to its limit if article and story have no language-free term in common, and the value
that is used for a lower ratio if they have one."""
FULL_TEXT_WORDS, FULL_TEXT_RANGE = 35, 30
"""From the first number of significant words on, a text counts as a full text in part, and after the range wholly."""
FULL_TEXT_CERTAINTY = 0.6
"""Share by which differences of a full text and a story count less: full texts also report background."""
FOREIGN_WORDS, MAX_FOREIGN_COSINE = 25, 0.02
"""Article and story share almost no ordinary words if their cosine is below this. It says little about headlines with
fewer words."""
MAX_AGREEMENT, MAX_PEOPLE = 2.0, 5.0
_KINDS = len(TermKind)
_WORD, _NAME, _COUNTRY, _EVENT, _NUMBER, _SHORT_SOUND, _SOUND, _LANGUAGE = map(int, TermKind)


class StoryEvidence(NamedTuple):
    """Evidence that an article reports the event of a story, or the weights of this evidence.

    Names are compared in Latin letters and by their sound. `Other` terms are the
    terms that only the article or only the story has: the product of the two shares.
    """

    base: float
    """Always 1."""
    excess: float
    """Logarithm of the ratio of the cosine to its limit, if it is above the limit."""
    lack: float
    """The same with the opposite sign, if it is below."""
    full_text: float
    """1 for a full text, 0 for a short one, and a value between for others."""
    full_text_excess: float
    full_text_lack: float
    number: float
    """Sum of the rarity of the numbers that both have."""
    many_people: float
    """The same for people, without the first ``MAX_AGREEMENT``."""
    country_and_event: float
    """Product of the shares of the countries and of the events that both have."""
    event_and_number: float
    country_and_number: float
    other_names: float
    other_countries: float
    other_countries_and_names: float
    other_events: float
    other_numbers: float
    no_common_people: float
    other_day: float
    """The article states a day, and the story has other days."""
    gap: float
    """Time between the article and the nearest article of the story, as a share of the window."""
    gap_without_people: float
    gap_and_other_names: float
    foreign: float
    """Article and story share almost no ordinary words, so they are in two languages or about two events."""
    foreign_event: float
    foreign_number: float
    no_common_words: float
    """The same, if both are in one language."""


WEIGHTS = StoryEvidence(
    base=1.45,
    excess=0.63,
    lack=-1.0,
    full_text=-0.5,
    full_text_excess=4.0,
    full_text_lack=-4.0,
    number=0.52,
    many_people=1.93,
    country_and_event=1.61,
    event_and_number=0.71,
    country_and_number=2.28,
    other_names=-1.79,
    other_countries=-6.01,
    other_countries_and_names=-2.47,
    other_events=-1.53,
    other_numbers=-3.26,
    no_common_people=-1.92,
    other_day=-1.17,
    gap=-3.38,
    gap_without_people=-1.5,
    gap_and_other_names=-2.92,
    foreign=-3.26,
    foreign_event=4.24,
    foreign_number=1.89,
    no_common_words=-2.03,
)
"""Fitted weights, of a fit in which the language of a text was guessed from its first words. A fit with the language of
the article differs by at most 0.7, and groups the labelled headlines worse (F1 0.942 instead of 0.961). The weights of
full texts are not fitted, because the labelled texts are short. They are set so that the cosine decides about full
texts."""


def compute_scores(vector: TermVector, features: TermFeatures, centroids: Sequence[StoryCentroid]) -> list[float]:
    """Return for each story the logarithm of the odds that an article reports its event."""
    return [
        IMPOSSIBLE if values is None else sum(map(mul, WEIGHTS, values))
        for values in list_evidence(vector, features, centroids)
    ]


def list_evidence(
    vector: TermVector, features: TermFeatures, centroids: Sequence[StoryCentroid]
) -> Iterator[StoryEvidence | None]:
    """Yield the evidence for each story, or None if it cannot be the story of the article: the article is
    outside its time window, or they have nearly nothing in common.

    All stories are compared at once, with their centroids concatenated to one array.
    """
    if not centroids:
        return
    count = len(centroids)
    terms = np.frombuffer(b"".join([one.terms for one in centroids]), TERM_DTYPE)
    weights = np.frombuffer(b"".join([one.weights for one in centroids]), WEIGHT_DTYPE)
    kinds = np.frombuffer(b"".join([one.kinds for one in centroids]), np.uint8)
    cells = np.repeat(np.arange(0, count * _KINDS, _KINDS), [len(one.kinds) for one in centroids])
    cells += kinds
    size = count * _KINDS
    totals = np.bincount(cells, weights * weights, size)
    order = vector.terms.argsort()
    ascending = vector.terms[order]
    positions = ascending.searchsorted(terms)
    positions[positions == len(ascending)] = 0
    shared = (ascending[positions] == terms).nonzero()[0]
    own, theirs, cells = vector.weights[order[positions[shared]]], weights[shared], cells[shared]
    double_shares = np.array([2 / max(1, one.size) for one in centroids], np.float32)
    common = np.where(cells % _KINDS <= _NAME, own * theirs, np.minimum(own, theirs * double_shares[cells // _KINDS]))
    agreements = np.bincount(cells, common, size).reshape(count, _KINDS).tolist()
    own_squares = np.bincount(cells, own * own, size).reshape(count, _KINDS).tolist()
    their_squares = np.bincount(cells, theirs * theirs, size).reshape(count, _KINDS).tolist()
    own_totals = np.bincount(vector.kinds, vector.weights * vector.weights, _KINDS).tolist()
    rows = zip(agreements, own_squares, their_squares, totals.reshape(count, _KINDS).tolist(), strict=True)
    for centroid, row in zip(centroids, rows, strict=True):
        gap = _measure_gap(features.published_at, centroid)
        yield None if gap > 1 else _list_values(features, centroid, own_totals, row, gap)


def _list_values(
    features: TermFeatures,
    centroid: StoryCentroid,
    own_totals: Sequence[float],
    row: tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float]],
    gap: float,
) -> StoryEvidence | None:
    """Return the evidence for one story.

    ``row`` has, for each kind of terms, the sum of what article and story have in common, the squares of the common
    weights of the article and of the story, and the squares of all weights of the story.
    """
    common, own_squares, their_squares, totals = row
    word_count = features.word_count
    norm = math.sqrt(totals[_WORD] + totals[_NAME]) or 1.0
    words, names = common[_WORD] / norm, common[_NAME] / norm
    country, event, number = common[_COUNTRY], common[_EVENT], common[_NUMBER]
    people = common[_SHORT_SOUND] / 2 + common[_SOUND]
    limit = MIN_COSINE_SHORT_TEXT + (MIN_COSINE_LONG_TEXT - MIN_COSINE_SHORT_TEXT) * min(
        1, word_count / LONG_TEXT_WORDS
    )
    distance_days = day_distance(features.days, centroid.days)
    if distance_days is not None and distance_days > STORY_WINDOW.days:
        return None
    ratio = (words + names) / limit
    if distance_days == 0 and features.has_explicit_days:
        ratio *= SAME_DAY_FACTOR
    if ratio < MIN_RATIO and not (country or event or number or people):
        return None
    ratio = math.log(max(ratio, MIN_RATIO_OF_FREE_TERMS))
    full = min(1.0, max(0.0, (word_count - FULL_TEXT_WORDS) / FULL_TEXT_RANGE))
    foreign = min(1.0, word_count / FOREIGN_WORDS) if words < MAX_FOREIGN_COSINE else 0.0
    no_common_words = 0.0
    if common[_LANGUAGE]:
        foreign, no_common_words = 0.0, foreign
    if ratio > 0:
        foreign *= 1 - full
        no_common_words *= 1 - full
    doubt = 1.0 if foreign else 1 - FULL_TEXT_CERTAINTY * full
    shares = [
        (own_square / own_total, their_square / total) if own_total and total else (1.0, 1.0)
        for own_square, own_total, their_square, total in zip(
            own_squares, own_totals, their_squares, totals, strict=True
        )
    ]
    other = [(1 - own_share) * (1 - their_share) for own_share, their_share in shares]
    unlike = other[_NAME] if own_totals[_NAME] and totals[_NAME] else other[_WORD]
    country = math.sqrt(shares[_COUNTRY][0] * shares[_COUNTRY][1]) if country else 0.0
    event = math.sqrt(shares[_EVENT][0] * shares[_EVENT][1]) if event else 0.0
    number = min(MAX_AGREEMENT, number)
    has_no_common_people = not (people or names)
    return StoryEvidence(
        1.0,
        max(0.0, ratio),
        max(0.0, -ratio),
        0.0 if foreign else full,
        full * max(0.0, ratio),
        0.0 if foreign else full * max(0.0, -ratio),
        number,
        min(MAX_PEOPLE, max(people, MAX_AGREEMENT)) - MAX_AGREEMENT,
        country * event,
        event * number,
        country * number,
        0.0 if foreign else doubt * other[_NAME],
        doubt * other[_COUNTRY],
        doubt * other[_COUNTRY] * unlike,
        doubt * other[_EVENT],
        doubt * other[_NUMBER],
        doubt * other[_SOUND] if has_no_common_people else 0.0,
        float(features.has_explicit_days and bool(distance_days)),
        doubt * gap,
        doubt * gap if has_no_common_people else 0.0,
        doubt * gap * unlike,
        foreign,
        foreign * event,
        foreign * number,
        no_common_words,
    )


def _measure_gap(published_at: datetime | None, centroid: StoryCentroid) -> float:
    """Return the time between an article and the nearest article of a story, as a share of ``STORY_WINDOW``.

    It is 0 if a time is unknown, or if the article was published between two articles of the story.
    """
    if published_at is None or centroid.first_article_at is None or centroid.last_article_at is None:
        return 0.0
    gap = max(published_at - centroid.last_article_at, centroid.first_article_at - published_at)
    return max(0.0, gap / STORY_WINDOW)
