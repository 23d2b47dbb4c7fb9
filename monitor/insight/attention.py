"""Unusual attention to a person: unusually many stories of the last day name the person, or none for a long time.

The number of stories on a day is assumed to have a negative binomial distribution. This is a Poisson distribution whose
rate varies from day to day. Its mean is the mean of the preceding four weeks, multiplied by a factor for the weekday.
Its dispersion is estimated from the same days by the method of moments. Both estimates are shrunk towards a prior,
because four weeks are a short time.

If one day of the four weeks is far above all others, the second highest number replaces it, so that one event does not
hide the next event.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from monitor.domain.desk_models import StoryHour

BASELINE_DAYS, MIN_BASELINE_DAYS, WEEK = 28, 14, 7
MAX_SILENT_DAYS = 14
MIN_SPIKE_STORIES, MIN_SPIKE_RATIO = 3, 2.0
FALSE_ALARM_RATE = 0.001
"""Maximum probability of a false alarm.

A high number of stories about a person, or a time without any, is reported only if such a number would arise by chance
with a lower probability than this.
"""

_PRIOR_DISPERSION, _PRIOR_DAYS = 0.5, 28
"""Prior assumption about how much the daily number of stories about a person varies.

``_PRIOR_DISPERSION`` is the assumed dispersion (variance = mean + dispersion x mean squared). ``_PRIOR_DAYS`` is the
weight of the assumption, in days of observation.
"""
_OUTLIER_RATIO = 2.0
_FITTED = 1.4
"""Factor that corrects the estimated variance. Without it the variance is too small, because the means were estimated
from the same days."""
_WEEKDAY_PRIOR_STORIES, _WEEKDAY_PRIOR_DAYS = 4.0, 3
"""Weight of the prior assumption that all weekdays have equally many stories.

The assumption counts like a number of observed stories: ``_WEEKDAY_PRIOR_STORIES``, plus the mean number of stories in
``_WEEKDAY_PRIOR_DAYS`` days.
"""
_MIN_DAILY_RATE = 0.05


class Attention(Struct, frozen=True):
    """Unusual attention to a person on the last day: ``count`` stories, where ``usual`` stories are expected.

    If the attention is unusually high, ``silent_days`` is 0. If it is unusually low, ``count`` is 0, and
    ``silent_days`` is the number of days without a story.
    """

    count: int
    usual: float
    silent_days: int = 0


def find_unusual(daily: Sequence[int]) -> Attention | None:
    """Return the attention on the last day if it is unusually high, or if a silence becomes unusually long on this day.

    Otherwise return None. ``daily`` are the numbers of stories on consecutive days, oldest first. At least 14 other
    days must precede the high number or the silence. A silence is returned only on the day on which it becomes
    unusually long, so that it is reported once.
    """
    before, today = daily[-BASELINE_DAYS - 1 : -1], daily[-1] if daily else 0
    if today:
        return _find_spike(before, today)
    silent = next((back for back, count in enumerate(reversed(daily)) if count), len(daily))
    if silent > MAX_SILENT_DAYS:
        return None
    usual_days = daily[: len(daily) - silent][-BASELINE_DAYS:]
    if len(usual_days) < MIN_BASELINE_DAYS:
        return None
    usual_days = _without_outlier(usual_days)
    chances = [_chance_of_none(usual_days, len(usual_days) + back) for back in range(silent)]
    total = sum(chances)
    if total < log(FALSE_ALARM_RATE) <= total - chances[-1]:
        return Attention(0, sum(usual_days) / len(usual_days), silent)
    return None


def _find_spike(before: Sequence[int], today: int) -> Attention | None:
    if len(before) < MIN_BASELINE_DAYS or today < MIN_SPIKE_STORIES:
        return None
    before = _without_outlier(before)
    mean = expected_count(before, len(before))
    dispersion = estimate_dispersion(before)
    dispersion += (dispersion + 1 / mean) / (len(before) / WEEK + _WEEKDAY_PRIOR_DAYS)  # the mean is an estimate, too
    if today < MIN_SPIKE_RATIO * mean or chance_of_at_least(today, mean, dispersion) >= FALSE_ALARM_RATE:
        return None
    return Attention(today, mean)


def _without_outlier(before: Sequence[int]) -> list[int]:
    """Return the numbers, with the highest number replaced by the second highest if it is far above all others."""
    highest, second = sorted(before)[:-3:-1]
    days = list(before)
    if highest > _OUTLIER_RATIO * second + MIN_SPIKE_STORIES:
        days[days.index(highest)] = second
    return days


def expected_count(before: Sequence[int], day: int) -> float:
    """Return the expected number of stories on a day.

    ``before`` are the numbers of stories on consecutive days. ``day`` is the index of the day, where 0 is the first day
    of ``before``; the day may be after the last one. The result is the mean of all days, multiplied by a factor that is
    estimated from the same weekdays in ``before``.
    """
    mean = max(sum(before) / len(before), _MIN_DAILY_RATE)
    same = before[day % WEEK :: WEEK]
    even = _WEEKDAY_PRIOR_DAYS * mean + _WEEKDAY_PRIOR_STORIES
    return mean * (sum(same) + even) / (mean * len(same) + even)


def estimate_dispersion(before: Sequence[int]) -> float:
    """Estimate how much the numbers of stories vary from day to day, as the dispersion of their distribution.

    The estimate uses the method of moments and is shrunk towards a prior.
    """
    expected = [expected_count(before, day) for day in range(len(before))]
    excess = sum((count - mean) ** 2 - mean for count, mean in zip(before, expected, strict=True))
    found = max(0.0, _FITTED * excess / sum(mean**2 for mean in expected))
    days = min(len(before), sum(before))  # a rare name says little about its dispersion
    return (found * days + _PRIOR_DISPERSION * _PRIOR_DAYS) / (days + _PRIOR_DAYS)


def chance_of_at_least(count: int, mean: float, dispersion: float) -> float:
    """Return the probability that a number is ``count`` or more.

    The number has a negative binomial distribution with the given mean and dispersion.
    """
    size = 1 / dispersion
    failure, success = log(size / (size + mean)), log(mean / (size + mean))
    below = sum(
        exp(lgamma(number + size) - lgamma(size) - lgamma(number + 1) + size * failure + number * success)
        for number in range(count)
    )
    return max(0.0, 1.0 - below)


def _chance_of_none(before: Sequence[int], day: int) -> float:
    """Return the natural logarithm of the probability that the day with the index ``day`` has no stories.

    ``before`` are the numbers of stories on consecutive days. The day with the index 0 is the first of them.
    """
    dispersion = estimate_dispersion(before)
    return -log1p(dispersion * expected_count(before, day)) / dispersion


def count_periods(hours: "Sequence[StoryHour]", end_at: datetime, count: int) -> list[int]:
    """Return the number of different stories in each of ``count`` periods of 24 hours, oldest first.

    The last period ends at ``end_at``.
    """
    stories: list[set[str]] = [set() for _ in range(count)]
    for hour in hours:
        back = (end_at - hour.at) // timedelta(days=1)
        if 0 <= back < count:
            stories[count - 1 - back].add(hour.story_id)
    return [len(one) for one in stories]
