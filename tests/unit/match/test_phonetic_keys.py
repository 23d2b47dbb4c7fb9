"""Spellings of one name: distances between words."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from monitor.match.names.spelling import can_be_typo, edit_distance, is_typo

WORDS = st.text("abcd", max_size=9)


def distance_by_definition(one: str, other: str) -> int:
    """Return the optimal string alignment distance by its definition."""

    @cache
    def far(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        best = min(far(i - 1, j) + 1, far(i, j - 1) + 1, far(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 1] + other[j - 2]:
            best = min(best, far(i - 2, j - 2) + 1)
        return best

    return far(len(one), len(other))


@given(WORDS, WORDS, st.integers(0, 9))
def test_distance_is_the_optimal_string_alignment_up_to_its_limit(one: str, other: str, limit: int) -> None:
    """Two swapped neighbours count as one; a distance above the limit is returned as the limit plus one."""
    assert edit_distance(one, other, limit) == min(distance_by_definition(one, other), limit + 1)


@given(st.text("ab", min_size=5, max_size=9), st.text("ab", min_size=5, max_size=9))
def test_the_quick_test_accepts_every_typo(one: str, other: str) -> None:
    """The quick test before the exact comparison never excludes a typo."""
    assert can_be_typo(one, other) or not is_typo(one, other)
