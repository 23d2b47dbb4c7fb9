"""Unusual attention: spikes and silences, and their rate in simulated years of ordinary days."""

import math
import random
from datetime import timedelta

import pytest
from support.rows import NOW

from monitor.domain.desk_models import StoryHour
from monitor.insight.attention import Attention, chance_of_at_least, count_periods, find_unusual
from monitor.insight.notices import format_attention

USUAL = [2, 3, 1, 2, 2, 0, 1] * 4
WORKDAYS = (1.3, 1.3, 1.3, 1.3, 1.2, 0.3, 0.3)
YEARS = 6
SEEDS = (101, 102)
"""Other seeds than 1 to 5, from which the limits were set."""


def draw(numbers: random.Random, mean: float, dispersion: float) -> int:
    """Draw from a negative binomial distribution; without dispersion from that of Poisson."""
    rate = numbers.gammavariate(1 / dispersion, mean * dispersion) if dispersion else mean
    count, product = 0, numbers.random()
    while product > math.exp(-rate):
        count, product = count + 1, product * numbers.random()
    return count


def simulate(seed: int, mean: float, dispersion: float) -> tuple[int, int, int]:
    """Return the numbers of days, spikes and silences in years without any event."""
    numbers = random.Random(seed)
    days = [draw(numbers, mean * WORKDAYS[day % 7], dispersion) for day in range(43 + 365 * YEARS)]
    found = [find_unusual(days[day - 43 : day]) for day in range(43, len(days))]
    silences = sum(one is not None and one.silent_days > 0 for one in found)
    return len(found), sum(map(bool, found)) - silences, silences


@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0, 8.0, 30.0])
@pytest.mark.parametrize(("dispersion", "limit"), [(0.0, 0.0005), (0.2, 0.001), (0.5, 0.004)])
def test_ordinary_years_have_few_false_alarms(mean: float, dispersion: float, limit: float) -> None:
    """The rates of docs/people.md hold: at most this share of days is a false spike, and 0.15 % a false silence.

    Three standard deviations of a count are allowed for chance.
    """
    days, spikes, silences = map(sum, zip(*(simulate(seed, mean, dispersion) for seed in SEEDS), strict=True))
    assert spikes <= limit * days + 3 * math.sqrt(limit * days)
    assert silences <= 0.0015 * days + 3 * math.sqrt(0.0015 * days)


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        ([*USUAL, 13], (13, 0)),
        ([*USUAL, 4], None),
        ([*[0] * 28, 3], (3, 0)),
        ([*[0] * 28, 2], None),
        ([*[40, 42, 38, 41, 39, 12, 11] * 4, 44], None),
        ([*[40, 42, 38, 41, 39, 12, 11] * 4, 200], (200, 0)),
        ([2, 2, 1] * 4 + [30], None),
        ([5, 6, 4, 5, 5, 4, 6] * 4 + [0, 0, 0], (0, 3)),
        ([5, 6, 4, 5, 5, 4, 6] * 4 + [0, 0, 0, 0], None),
        ([0] * 40, None),
        ([], None),
    ],
)
def test_spikes_and_silences_are_found(daily: list[int], expected: tuple[int, int] | None) -> None:
    """A spike needs a history of two weeks; a silence is reported on the day that makes it unusual."""
    found = find_unusual(daily)
    assert (found and (found.count, found.silent_days)) == expected


def test_an_earlier_spike_does_not_hide_the_next() -> None:
    days = [*USUAL[:14], 20, *USUAL[15:], 25]
    assert find_unusual(days) is not None


def test_probabilities_are_those_of_the_distribution() -> None:
    """The values are of scipy's nbinom.sf for a mean of 2 and a dispersion of 0.5."""
    assert chance_of_at_least(0, 2.0, 0.5) == 1.0
    assert chance_of_at_least(1, 2.0, 0.5) == pytest.approx(0.75)
    assert chance_of_at_least(3, 2.0, 0.5) == pytest.approx(0.3125)


def test_copies_count_once() -> None:
    """A story counts once in each period of 24 hours, whatever the number of its articles."""
    hours = [
        StoryHour(NOW - timedelta(hours=back), story) for back, story in ((1, "s1"), (3, "s1"), (30, "s1"), (2, "a9"))
    ]
    assert count_periods(hours, NOW, 3) == [0, 1, 2]


def test_notices_say_what_is_usual() -> None:
    assert format_attention("A", Attention(13, 2.2)) == "A: 13 stories in 24 hours, usually 2."
    assert format_attention("A", Attention(3, 0.1)) == "A: 3 stories in 24 hours, usually less than 1."
    assert format_attention("A", Attention(0, 5.0, 3)) == "A: no story in 3 days, usually 5 a day."
