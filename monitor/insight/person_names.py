"""Comparison of printed names of people who are not watched."""

from monitor.match.names.coverage import find_script
from monitor.text.fold import fold_words

_MIN_STEM_LETTERS, _MAX_ENDING_LETTERS = 3, 3


def is_same_name(one: str, other: str) -> bool:
    """Return whether two printed names can mean the same person, because one of them contains all words of the other.

    Words may have different endings, such as the endings of grammatical cases. Names in different scripts are never the
    same.
    """
    if find_script(one) != find_script(other):
        return False
    first, second = sorted((fold_words(one), fold_words(other)), key=len)
    if not first:
        return False
    if len(first) == 1 and len(second) == 1 and not first[0].isascii():
        return first[0] in second[0] or second[0] in first[0] or _is_same_word(first[0], second[0])
    return all(any(_is_same_word(word, candidate) for candidate in second) for word in first)


def _is_same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    size = max(_MIN_STEM_LETTERS, max(len(one), len(other)) - _MAX_ENDING_LETTERS)
    return min(len(one), len(other)) > _MIN_STEM_LETTERS and one[:size] == other[:size]
