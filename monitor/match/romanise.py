"""Romanisation variants: one key for the spellings of a name that has no fixed Latin form.

The key was measured on pairs of one person and on look-alike pairs of different people (Lao, Thai, Khmer): no edit
distance separates them, the key does. It is too short for short names: callers use it on both halves of a name, or on
halves whose key keeps at least ``SAFE_KEY`` consonants.
"""

import re
from functools import lru_cache

SAFE_KEY = 4
SLIP_LENGTH = 6
_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"nn?h|nn?y|nn", "n"),
        (r"ph|f", "p"),
        (r"(?<=[aeo])r(?=[^aeiouyr])", ""),
        (r"kh|c(?=[aou])|q", "k"),
        (r"th", "t"),
        (r"ch|j", "j"),
        (r"c(?=[ie])|x|z", "s"),
        (r"c", "k"),
        (r"[vw]", "v"),
        (r"l", "r"),
        (r"d+h?$|t+$|th$", "t"),
        (r"d", "t"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[aeiou])[yh](?![aeiou])", ""),
        (r"y(?![aeiou])", "i"),
    )
)


@lru_cache(maxsize=50_000)
def sound_key(word: str) -> str:
    """Return the key of one folded word: its first letter and consonants, alike sounds made equal."""
    key = word
    for pattern, sound in _RULES:
        key = pattern.sub(sound, key)
    if not key:
        return ""
    head = "a" if key[0] in "aeiouy" else key[0]
    return head + re.sub(r"[aeiouyh]", "", key[1:])


def distance(one: str, other: str, limit: int) -> int:
    """Return the edit distance, a swap of neighbours counting one, or ``limit + 1`` where it is greater.

    Optimal string alignment, restricted to a band of ``limit`` around the diagonal.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        last, before, row = before, row, [i] + [limit + 1] * len(other)
        for j in range(max(1, i - limit), min(len(other), i + limit) + 1):
            b = other[j - 1]
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, last[j - 2] + 1)
            row[j] = best
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def same_sound(one: str, other: str) -> bool:
    """Tell whether two folded words may be spellings of one name, whichever their length."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    if sound_key(one) == sound_key(other):
        return distance(one, other, max(len(one), len(other)) // 2) <= max(len(one), len(other)) // 2
    return min(len(one), len(other)) >= 9 and one[0] == other[0] and distance(one, other, 1) == 1


def slipped(one: str, other: str) -> bool:
    """Tell whether a long word may be a slip of the pen for another: one letter, or two neighbours swapped."""
    if (
        min(len(one), len(other)) < SLIP_LENGTH
        or abs(len(one) - len(other)) > 1
        or (one[0] != other[0] and one[-1] != other[-1])
    ):
        return False
    return distance(one, other, 1) == 1
