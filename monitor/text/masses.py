"""Folding long texts: one numpy look-up for a whole text, and some more where signs vanish, grow or compose."""

import numpy as np
import numpy.typing as npt

from monitor.text.signs import COMPOSING, FOLDINGS, compose

Offsets = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]

_SPACE = 0x20
_SHORT = 500
"""Letters up to which Python finds two spaces side by side as quickly as numpy."""
_LONG = 0x110000  # table values from here on point into the expansions


def _build() -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Return the table from code point to folded code point, and the foldings longer than one character."""
    table = np.arange(0x10000, dtype=np.uint32)
    longer: list[str] = []
    for char, text in FOLDINGS.items():
        if len(text) > 1:
            table[ord(char)] = _LONG + len(longer)
            longer.append(text)
        else:
            table[ord(char)] = ord(text) if text else 0
    return table, tuple(longer)


_TABLE, _LONGER = _build()
_LENGTHS = np.array([len(text) for text in _LONGER], dtype=np.int64)
_LETTERS = np.array([[*map(ord, text), *[0] * (int(_LENGTHS.max()) - len(text))] for text in _LONGER], dtype=np.uint32)
_ONE_TO_ONE = np.where((_TABLE == 0) | (np.arange(0x10000) == 0xFFFF), _LONG, _TABLE)
"""The table again with a great number for all that vanishes or may compose: the way of most texts, at one look-up."""
for _first, _last in COMPOSING:
    _ONE_TO_ONE[_first : _last + 1] = _LONG


def fold_mass(text: str) -> tuple[str, Offsets | None]:
    """Fold a text but for its capitals; with the offset of each place and of the end, None where all stayed."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _ONE_TO_ONE.take(codes, mode="clip")
    settled = mapped.max(initial=0) < _LONG
    cased = mapped.tobytes().decode("utf-32-le") if settled else ""
    if settled and not ("  " in cased if len(cased) < _SHORT else _has_double(mapped)):
        return cased, None
    return _rearranged(text, codes, mapped)


def _has_double(codes: Codes) -> bool:
    """Tell whether two spaces stand side by side."""
    space = codes == _SPACE
    return bool((space[1:] & space[:-1]).any())


def _rearranged(text: str, codes: Codes, mapped: Codes) -> tuple[str, Offsets | None]:
    """Fold a text in which signs vanish, grow or compose; ``mapped`` is its folding at one look-up."""
    before: list[int] | None = None
    unsettled = _TABLE.take(codes[mapped >= _LONG], mode="clip")
    if ((unsettled > 0) & (unsettled < _LONG)).any():  # else nothing in it composes
        composed, before = compose(text)
        codes = np.frombuffer(composed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _TABLE.take(codes, mode="clip")
    if codes.max(initial=0) > 0xFFFF:
        mapped = np.where(codes > 0xFFFF, codes, mapped)
    mapped, origin = _stretch(mapped)
    if before is not None:
        places = np.array(before, dtype=np.int64)
        origin = places if origin is None else places[origin]
    return mapped.tobytes().decode("utf-32-le"), origin


def _stretch(mapped: Codes) -> tuple[Codes, Offsets | None]:
    """Drop what vanishes, expand what grows, join spaces; the offsets are None where every place stayed."""
    space = mapped == _SPACE
    gone = mapped == 0
    gone[1:] |= space[1:] & space[:-1]
    places = (gone | (mapped >= _LONG)).nonzero()[0]
    if not len(places):
        return mapped, None
    values = mapped[places]
    grown = values >= _LONG
    sizes = np.zeros(len(places), dtype=np.int64)
    sizes[grown] = _LENGTHS[values[grown] - _LONG]
    every = np.ones(len(mapped) + 1, dtype=np.int64)
    every[places] = sizes
    origin = np.repeat(np.arange(len(mapped) + 1), every)
    result = mapped.take(origin[:-1])
    begins = places + np.cumsum(sizes - 1) - (sizes - 1)
    for nth in range(int(sizes.max())):
        long = sizes > nth
        result[begins[long] + nth] = _LETTERS[values[long] - _LONG, nth]
    if _has_double(result):  # an invisible sign between two spaces left them side by side
        space = result == _SPACE
        keep = np.ones(len(origin), dtype=np.bool_)
        keep[1:-1] = ~(space[1:] & space[:-1])
        return result[keep[:-1]], origin[keep]
    return result, origin
