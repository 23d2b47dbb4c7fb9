"""Folding of long texts with numpy; ``fold.py`` describes what folding is.

Most texts need only one table look-up per character. More steps follow if characters are removed, become several
characters, or have to be composed with the next one.
"""

import numpy as np
import numpy.typing as npt

from monitor.text.fold_table import COMPOSING_RANGES, FOLDINGS, compose_marks

OffsetArray = npt.NDArray[np.int64]
CodePoints = npt.NDArray[np.uint32]

_SPACE = 0x20
_MAX_PYTHON_SEARCH_CHARS = 500
"""Maximum length of a text in which Python searches for two adjacent spaces. In longer texts numpy is faster."""
_EXPANSION_BASE = 0x110000  # values from this one on are indexes of expansions


def _build_tables() -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Return two tables with the folded form of each character: an array by code point, and a list of longer forms.

    The value in the array is the folded code point, or 0 if the character is removed. If the folded form has several
    characters, the value is ``_EXPANSION_BASE`` plus the index of this form in the list.
    """
    table = np.arange(0x10000, dtype=np.uint32)
    longer: list[str] = []
    for char, text in FOLDINGS.items():
        if len(text) > 1:
            table[ord(char)] = _EXPANSION_BASE + len(longer)
            longer.append(text)
        else:
            table[ord(char)] = ord(text) if text else 0
    return table, tuple(longer)


_FOLDING_CODES, _EXPANSIONS = _build_tables()
_EXPANSION_LENGTHS = np.array([len(text) for text in _EXPANSIONS], dtype=np.int64)
_EXPANSION_CODES = np.array(
    [[*map(ord, text), *[0] * (int(_EXPANSION_LENGTHS.max()) - len(text))] for text in _EXPANSIONS], dtype=np.uint32
)
_DIRECT_FOLDING_CODES = np.where(
    (_FOLDING_CODES == 0) | (np.arange(0x10000) == 0xFFFF), _EXPANSION_BASE, _FOLDING_CODES
)
"""Table of folded code points for texts that need nothing but a look-up for each character.

It is the table ``_FOLDING_CODES``, with ``_EXPANSION_BASE`` or more for each character that needs further steps: a
character that is removed, becomes several characters, or may be composed with the next one.
"""
for _first, _last in COMPOSING_RANGES:
    _DIRECT_FOLDING_CODES[_first : _last + 1] = _EXPANSION_BASE


def fold_long_text(text: str) -> tuple[str, OffsetArray | None]:
    """Normalize diacritics, spaces and punctuation of a long text with numpy. Keep its capitals.

    Return the folded text, and an array of offsets in the original text: one for each position in the folded text, and
    one for its end. The array is None if all offsets are equal to the positions.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _DIRECT_FOLDING_CODES.take(codes, mode="clip")
    is_direct = mapped.max(initial=0) < _EXPANSION_BASE
    cased = mapped.tobytes().decode("utf-32-le") if is_direct else ""
    if is_direct and not ("  " in cased if len(cased) < _MAX_PYTHON_SEARCH_CHARS else _has_double_space(mapped)):
        return cased, None
    return _fold_irregular(text, codes, mapped)


def _has_double_space(codes: CodePoints) -> bool:
    """Return whether a text, given as code points, has two adjacent spaces."""
    space = codes == _SPACE
    return bool((space[1:] & space[:-1]).any())


def _fold_irregular(text: str, codes: CodePoints, mapped: CodePoints) -> tuple[str, OffsetArray | None]:
    """Fold a text that needs more than a look-up of each character in ``_DIRECT_FOLDING_CODES``.

    Such a text has repeated spaces, or characters that folding removes, composes or replaces by several characters.
    ``codes`` are its code points, and ``mapped`` is the result of the look-up.
    """
    composed_offsets: list[int] | None = None
    unsettled = _FOLDING_CODES.take(codes[mapped >= _EXPANSION_BASE], mode="clip")
    if ((unsettled > 0) & (unsettled < _EXPANSION_BASE)).any():  # otherwise nothing in the text composes
        composed, composed_offsets = compose_marks(text)
        codes = np.frombuffer(composed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _FOLDING_CODES.take(codes, mode="clip")
    if codes.max(initial=0) > 0xFFFF:
        mapped = np.where(codes > 0xFFFF, codes, mapped)
    mapped, offsets = _expand_and_drop(mapped)
    if composed_offsets is not None:
        composed_array = np.array(composed_offsets, dtype=np.int64)
        offsets = composed_array if offsets is None else composed_array[offsets]
    return mapped.tobytes().decode("utf-32-le"), offsets


def _expand_and_drop(mapped: CodePoints) -> tuple[CodePoints, OffsetArray | None]:
    """Finish the folding of a text after the look-up in ``_FOLDING_CODES``.

    Characters that the table marks are removed or replaced by several characters, and repeated spaces are collapsed.
    ``mapped`` is the result of the look-up, as code points. Return the new code points, and for each the offset of its
    character in ``mapped``. The offsets are None if nothing changed.
    """
    space = mapped == _SPACE
    is_dropped = mapped == 0
    is_dropped[1:] |= space[1:] & space[:-1]
    positions = (is_dropped | (mapped >= _EXPANSION_BASE)).nonzero()[0]
    if not len(positions):
        return mapped, None
    values = mapped[positions]
    grown = values >= _EXPANSION_BASE
    sizes = np.zeros(len(positions), dtype=np.int64)
    sizes[grown] = _EXPANSION_LENGTHS[values[grown] - _EXPANSION_BASE]
    repeats = np.ones(len(mapped) + 1, dtype=np.int64)
    repeats[positions] = sizes
    offsets = np.repeat(np.arange(len(mapped) + 1), repeats)
    result = mapped.take(offsets[:-1])
    begins = positions + np.cumsum(sizes - 1) - (sizes - 1)
    for nth in range(int(sizes.max())):
        long = sizes > nth
        result[begins[long] + nth] = _EXPANSION_CODES[values[long] - _EXPANSION_BASE, nth]
    if _has_double_space(result):  # removing an invisible character made two spaces adjacent
        space = result == _SPACE
        keep = np.ones(len(offsets), dtype=np.bool_)
        keep[1:-1] = ~(space[1:] & space[:-1])
        return result[keep[:-1]], offsets[keep]
    return result, offsets
