"""Similarity of an article and a story: the weighted sum of the evidence about event, place, time and people.

The weights were fitted by logistic regression (``bench/fit_story_weights.py``), so the sum is the logarithm of the odds
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
"""Limit of the cosine, which measures how similar the words and names of an article and a story are. At the limit, it
is equally likely that both report one event or two events. The limit rises from the first value, for a short headline,
to the second value, for a text with ``LONG_TEXT_WORDS`` significant words or more."""
SAME_DAY_FACTOR = 1.15
"""Factor by which the cosine is multiplied if the article mentions a day on which the event of the story may have
happened."""
MIN_RATIO, MIN_RATIO_OF_FREE_TERMS = 0.6, 0.2
"""The ratio is the cosine of an article and a story divided by its limit. It must be at least ``MIN_RATIO`` if they
share no language-free term, such as a country or a number. If they share one, no minimum applies. Instead, a ratio
below ``MIN_RATIO_OF_FREE_TERMS`` is replaced by this value."""
FULL_TEXT_WORDS, FULL_TEXT_RANGE = 35, 30
"""A text with up to ``FULL_TEXT_WORDS`` significant words counts as short. Over the next ``FULL_TEXT_RANGE`` words, the
degree to which a text counts as full rises from 0 to 1."""
FULL_TEXT_CERTAINTY = 0.6
"""Share by which differences between a full text and a story are reduced, because a full text also reports background.
Examples of differences are other names and another time."""
FOREIGN_WORDS, MAX_FOREIGN_COSINE = 25, 0.02
"""Limits by which an article and a story share almost no ordinary words (words that are not names).

This is so if ordinary words contribute less than ``MAX_FOREIGN_COSINE`` to the cosine of the two. It counts less for an
article of fewer than ``FOREIGN_WORDS`` words, because a headline has few words that it could share.
"""
MAX_AGREEMENT, MAX_PEOPLE = 2.0, 5.0
_KINDS = len(TermKind)
_WORD, _NAME, _COUNTRY, _EVENT, _NUMBER, _SHORT_SOUND, _SOUND, _LANGUAGE = map(int, TermKind)


class StoryEvidence(NamedTuple):
    """Evidence on whether an article reports the event of a story. ``WEIGHTS`` has the weight of each field.

    Names are compared in Latin letters and by their sound. The cosine measures how similar the ordinary words and names
    are. Fields such as ``other_names`` measure the terms that only one of the two has: the share of the article's terms
    that the story lacks, multiplied by the share of the story's terms that the article lacks. For a full text, these
    fields and the ones that begin with ``gap`` are reduced (``FULL_TEXT_CERTAINTY``).
    """

    base: float
    """Always 1, so that the weight of this field is the constant term of the weighted sum."""
    excess: float
    """Measure of how far the cosine is above its limit (see ``MIN_COSINE_SHORT_TEXT``): ``log(cosine / limit)``, or 0
    if it is not above."""
    lack: float
    """Measure of how far the cosine is below its limit (see ``MIN_COSINE_SHORT_TEXT``): ``log(limit / cosine)``, or 0
    if it is not below."""
    full_text: float
    """1 for a full text, 0 for a short text, and a value between them for a text of medium length."""
    full_text_excess: float
    full_text_lack: float
    number: float
    """Sum over the numbers that both article and story contain, but at most ``MAX_AGREEMENT``. The rarer a number is,
    the more it adds."""
    many_people: float
    """Additional evidence if article and story name many of the same people. It is a sum over these people, to which
    rarer names add more. The sum is limited to ``MAX_PEOPLE``, and only the part above ``MAX_AGREEMENT`` counts."""
    country_and_event: float
    """Share of the countries that article and story have in common, multiplied by the share of the kinds of events that
    they have in common."""
    event_and_number: float
    country_and_number: float
    other_names: float
    other_countries: float
    other_countries_and_names: float
    other_events: float
    other_numbers: float
    no_common_people: float
    other_day: float
    """1 if the article mentions days, but none of the story's days; otherwise 0."""
    gap: float
    """Time between the article and the nearest article of the story, as a share of ``STORY_WINDOW``."""
    gap_without_people: float
    gap_and_other_names: float
    foreign: float
    """Degree, from 0 to 1, to which article and story seem to be in different languages. It is 0 if they share ordinary
    words, or if both are known to be in the same language. Otherwise it is 1, but less in two cases: for a short
    article, and for a full text whose cosine is above its limit."""
    foreign_event: float
    foreign_number: float
    no_common_words: float
    """Degree, from 0 to 1, to which an article has no ordinary words in common with a story in the same language. It is
    0 if they share such words, or if they are not known to be in the same language. Otherwise it is 1, but less in two
    cases: for a short article, and for a full text whose cosine is above its limit."""


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
"""Weight of each kind of evidence. For the fit of these weights, the language of a text was guessed from its first
words. A fit with the true languages gives weights that differ by at most 0.7, but group the labelled headlines worse
(F1 0.942 instead of 0.961). The weights for full texts are not fitted, because the labelled texts are short. They were
chosen so that the cosine is decisive for full texts."""


def compute_scores(vector: TermVector, features: TermFeatures, centroids: Sequence[StoryCentroid]) -> list[float]:
    """Return for each story the logarithm of the odds that an article reports its event."""
    return [
        IMPOSSIBLE if values is None else sum(map(mul, WEIGHTS, values))
        for values in list_evidence(vector, features, centroids)
    ]


def list_evidence(
    vector: TermVector, features: TermFeatures, centroids: Sequence[StoryCentroid]
) -> Iterator[StoryEvidence | None]:
    """Yield the evidence for each story, or None for a story to which the article cannot belong.

    An article cannot belong to a story if it is outside the time window of the story, or if it has nearly nothing in
    common with the story. All stories are compared at once: their centroids (summed terms) are concatenated to one
    array.
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
    common = np.where(kinds[shared] <= _NAME, own * theirs, np.minimum(own, theirs * double_shares[cells // _KINDS]))
    agreements = np.bincount(cells, common, size).reshape(count, _KINDS).tolist()
    own_squares = np.bincount(cells, own * own, size).reshape(count, _KINDS).tolist()
    their_squares = np.bincount(cells, theirs * theirs, size).reshape(count, _KINDS).tolist()
    own_totals = np.bincount(vector.kinds, vector.weights * vector.weights, _KINDS).tolist()
    rows = map(_Sums, agreements, own_squares, their_squares, totals.reshape(count, _KINDS).tolist())
    limit = _limit_cosine(features)
    for centroid, sums in zip(centroids, rows, strict=True):
        yield _list_values(features, centroid, own_totals, sums, limit)


class _Sums(NamedTuple):
    """Sums over the terms of an article and a story. Each list has one sum for each kind of term (``TermKind``)."""

    agreements: Sequence[float]
    """Sum of the agreement of all common terms. For a word or name, the agreement is the product of its weights in the
    article and in the story. For another term, it is its weight in the article, or twice its weight in the story per
    article of the story if this is smaller."""
    own_squares: Sequence[float]
    """Sum of the squared weights that the common terms have in the article."""
    their_squares: Sequence[float]
    """Sum of the squared weights that the common terms have in the story."""
    totals: Sequence[float]
    """Sum of the squared weights of all terms of the story."""


def _list_values(
    features: TermFeatures, centroid: StoryCentroid, own_totals: Sequence[float], sums: _Sums, limit: float
) -> StoryEvidence | None:
    """Return the evidence for one story, or None if the article cannot belong to the story.

    ``own_totals`` has, for each kind of term, the sum of the squared weights of the article's terms. ``sums`` has the
    other sums. ``limit`` is the cosine from which an article of this length is similar to a story.
    """
    common = sums.agreements
    norm = math.sqrt(sums.totals[_WORD] + sums.totals[_NAME]) or 1.0
    words, names = common[_WORD] / norm, common[_NAME] / norm
    people = common[_SHORT_SOUND] / 2 + common[_SOUND]
    has_free_terms = bool(common[_COUNTRY] or common[_EVENT] or common[_NUMBER] or people)
    highest_ratio = (words + names) / limit * SAME_DAY_FACTOR
    if highest_ratio < MIN_RATIO and not has_free_terms:
        return None  # true of most stories, so this is tested first
    gap = _measure_gap(features.published_at, centroid)
    distance_days = day_distance(features.days, centroid.days)
    if gap > 1 or (distance_days is not None and distance_days > STORY_WINDOW.days):
        return None
    is_same_day = distance_days == 0 and features.has_explicit_days
    ratio = highest_ratio if is_same_day else (words + names) / limit
    if ratio < MIN_RATIO and not has_free_terms:
        return None
    ratio = math.log(max(ratio, MIN_RATIO_OF_FREE_TERMS))
    full = min(1.0, max(0.0, (features.word_count - FULL_TEXT_WORDS) / FULL_TEXT_RANGE))
    unrelated = min(1.0, features.word_count / FOREIGN_WORDS) if words < MAX_FOREIGN_COSINE else 0.0
    if ratio > 0:
        unrelated *= 1 - full
    foreign, no_common_words = (0.0, unrelated) if common[_LANGUAGE] else (unrelated, 0.0)
    doubt = 1.0 if foreign else 1 - FULL_TEXT_CERTAINTY * full
    shares = [
        (own_square / own_total, their_square / total) if own_total and total else (1.0, 1.0)
        for own_square, own_total, their_square, total in zip(
            sums.own_squares, own_totals, sums.their_squares, sums.totals, strict=True
        )
    ]
    other = [(1 - own_share) * (1 - their_share) for own_share, their_share in shares]
    unlike = other[_NAME] if own_totals[_NAME] and sums.totals[_NAME] else other[_WORD]
    country = math.sqrt(shares[_COUNTRY][0] * shares[_COUNTRY][1]) if common[_COUNTRY] else 0.0
    event = math.sqrt(shares[_EVENT][0] * shares[_EVENT][1]) if common[_EVENT] else 0.0
    number = min(MAX_AGREEMENT, common[_NUMBER])
    has_no_common_people = not (people or names)
    return StoryEvidence(
        base=1.0,
        excess=max(0.0, ratio),
        lack=max(0.0, -ratio),
        full_text=0.0 if foreign else full,
        full_text_excess=full * max(0.0, ratio),
        full_text_lack=0.0 if foreign else full * max(0.0, -ratio),
        number=number,
        many_people=min(MAX_PEOPLE, max(people, MAX_AGREEMENT)) - MAX_AGREEMENT,
        country_and_event=country * event,
        event_and_number=event * number,
        country_and_number=country * number,
        other_names=0.0 if foreign else doubt * other[_NAME],
        other_countries=doubt * other[_COUNTRY],
        other_countries_and_names=doubt * other[_COUNTRY] * unlike,
        other_events=doubt * other[_EVENT],
        other_numbers=doubt * other[_NUMBER],
        no_common_people=doubt * other[_SOUND] if has_no_common_people else 0.0,
        other_day=float(features.has_explicit_days and bool(distance_days)),
        gap=doubt * gap,
        gap_without_people=doubt * gap if has_no_common_people else 0.0,
        gap_and_other_names=doubt * gap * unlike,
        foreign=foreign,
        foreign_event=foreign * event,
        foreign_number=foreign * number,
        no_common_words=no_common_words,
    )


def _limit_cosine(features: TermFeatures) -> float:
    """Return the cosine from which an article of this length is similar to a story."""
    difference = MIN_COSINE_LONG_TEXT - MIN_COSINE_SHORT_TEXT
    return MIN_COSINE_SHORT_TEXT + difference * min(1, features.word_count / LONG_TEXT_WORDS)


def _measure_gap(published_at: datetime | None, centroid: StoryCentroid) -> float:
    """Return the time between an article and the nearest article of a story, as a share of ``STORY_WINDOW``.

    It is 0 if a time is unknown, or if the article was published between two articles of the story.
    """
    if published_at is None or centroid.first_article_at is None or centroid.last_article_at is None:
        return 0.0
    gap = max(published_at - centroid.last_article_at, centroid.first_article_at - published_at)
    return max(0.0, gap / STORY_WINDOW)
