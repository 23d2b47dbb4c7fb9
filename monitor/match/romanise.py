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
        (r"(?<=sk)[iy]+j\Z", "i"),
        (r"nn?h|nn?y|nn", "n"),
        (r"ph|f", "p"),
        (r"(?<=[aeo])r(?=[^aeiouyr])", ""),
        (r"[gk]h|c(?=[aou])|q", "k"),
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

    Optimal string alignment, a column of the table at a time in the bits of whole numbers (Hyyrö 2003).
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    if not one or not other:
        return len(one) + len(other)
    places: dict[str, int] = {}
    for at, char in enumerate(one):
        places[char] = places.get(char, 0) | 1 << at
    every, last = (1 << len(one)) - 1, 1 << len(one) - 1
    rises, falls, same, before, far = every, 0, 0, 0, len(one)
    for char in other:
        here = places.get(char, 0)
        swapped = ((~same & here) << 1) & before
        same = swapped | ((((here & rises) + rises) ^ rises) | here | falls)
        right = falls | ~(same | rises)
        left = same & rises
        far += bool(right & last) - bool(left & last)
        right = right << 1 | 1
        rises = (left << 1 | ~(same | right)) & every
        falls = right & same & every
        before = here
    return min(far, limit + 1)


def same_sound(one: str, other: str) -> bool:
    """Tell whether two folded words may be spellings of one name, whichever their length."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    if sound_key(one) == sound_key(other):
        return distance(one, other, max(len(one), len(other)) // 2) <= max(len(one), len(other)) // 2
    return min(len(one), len(other)) >= 9 and one[0] == other[0] and distance(one, other, 1) == 1


def may_slip(one: str, other: str) -> bool:
    """Tell at a glance whether two words may be one slip apart: of about one length, and alike at one end."""
    return -2 < len(one) - len(other) < 2 and (one[:1] == other[:1] or one[-1:] == other[-1:])


def slipped(one: str, other: str) -> bool:
    """Tell whether a long word may be a slip of the pen for another: one letter, or two neighbours swapped."""
    if min(len(one), len(other)) < SLIP_LENGTH or one == other or not may_slip(one, other):
        return False
    at, shorter = 0, min(len(one), len(other))
    while at < shorter and one[at] == other[at]:
        at += 1
    one, other = one[at:], other[at:]
    if len(one) != len(other):
        return one[1:] == other or one == other[1:]
    return one[1:] == other[1:] or (one[2:] == other[2:] and one[0] == other[1] and one[1] == other[0])
