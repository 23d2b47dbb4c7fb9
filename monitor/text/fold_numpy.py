"""Folding long texts: one numpy look-up for a whole text, and some more where signs vanish, grow or compose."""

import numpy as np
import numpy.typing as npt

from monitor.text.fold_table import COMPOSING_RANGES, FOLDINGS, compose_marks

OffsetArray = npt.NDArray[np.int64]
CodePoints = npt.NDArray[np.uint32]

_SPACE = 0x20
_MAX_PYTHON_SEARCH_CHARS = 500
"""Letters up to which Python finds two spaces side by side as quickly as numpy."""
_EXPANSION_BASE = 0x110000  # table values from here on point into the expansions


def _build_tables() -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Return the table from code point to folded code point, and the foldings longer than one character."""
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
"""The table again with a great number for all that vanishes or may compose: the way of most texts, at one look-up."""
for _first, _last in COMPOSING_RANGES:
    _DIRECT_FOLDING_CODES[_first : _last + 1] = _EXPANSION_BASE


def fold_long_text(text: str) -> tuple[str, OffsetArray | None]:
    """Fold a text but for its capitals; with the offset of each place and of the end, None where all stayed."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _DIRECT_FOLDING_CODES.take(codes, mode="clip")
    settled = mapped.max(initial=0) < _EXPANSION_BASE
    cased = mapped.tobytes().decode("utf-32-le") if settled else ""
    if settled and not ("  " in cased if len(cased) < _MAX_PYTHON_SEARCH_CHARS else _has_double_space(mapped)):
        return cased, None
    return _fold_irregular(text, codes, mapped)


def _has_double_space(codes: CodePoints) -> bool:
    """Tell whether two spaces stand side by side."""
    space = codes == _SPACE
    return bool((space[1:] & space[:-1]).any())


def _fold_irregular(text: str, codes: CodePoints, mapped: CodePoints) -> tuple[str, OffsetArray | None]:
    """Fold a text in which signs vanish, grow or compose; ``mapped`` is its folding at one look-up."""
    before: list[int] | None = None
    unsettled = _FOLDING_CODES.take(codes[mapped >= _EXPANSION_BASE], mode="clip")
    if ((unsettled > 0) & (unsettled < _EXPANSION_BASE)).any():  # else nothing in it composes
        composed, before = compose_marks(text)
        codes = np.frombuffer(composed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _FOLDING_CODES.take(codes, mode="clip")
    if codes.max(initial=0) > 0xFFFF:
        mapped = np.where(codes > 0xFFFF, codes, mapped)
    mapped, origin = _expand_and_drop(mapped)
    if before is not None:
        places = np.array(before, dtype=np.int64)
        origin = places if origin is None else places[origin]
    return mapped.tobytes().decode("utf-32-le"), origin


def _expand_and_drop(mapped: CodePoints) -> tuple[CodePoints, OffsetArray | None]:
    """Drop what vanishes, expand what grows, join spaces; the offsets are None where every place stayed."""
    space = mapped == _SPACE
    gone = mapped == 0
    gone[1:] |= space[1:] & space[:-1]
    places = (gone | (mapped >= _EXPANSION_BASE)).nonzero()[0]
    if not len(places):
        return mapped, None
    values = mapped[places]
    grown = values >= _EXPANSION_BASE
    sizes = np.zeros(len(places), dtype=np.int64)
    sizes[grown] = _EXPANSION_LENGTHS[values[grown] - _EXPANSION_BASE]
    every = np.ones(len(mapped) + 1, dtype=np.int64)
    every[places] = sizes
    origin = np.repeat(np.arange(len(mapped) + 1), every)
    result = mapped.take(origin[:-1])
    begins = places + np.cumsum(sizes - 1) - (sizes - 1)
    for nth in range(int(sizes.max())):
        long = sizes > nth
        result[begins[long] + nth] = _EXPANSION_CODES[values[long] - _EXPANSION_BASE, nth]
    if _has_double_space(result):  # an invisible sign between two spaces left them side by side
        space = result == _SPACE
        keep = np.ones(len(origin), dtype=np.bool_)
        keep[1:-1] = ~(space[1:] & space[:-1])
        return result[keep[:-1]], origin[keep]
    return result, origin
