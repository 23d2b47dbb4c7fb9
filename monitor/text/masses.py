"""Folding long texts: one numpy look-up for a whole text, and some more where signs vanish, grow or compose."""

import numpy as np
import numpy.typing as npt

from monitor.text.signs import COMPOSING, FOLDINGS, compose

Offsets = npt.NDArray[np.int64]

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
_ONE_TO_ONE = np.where((_TABLE == 0) | (np.arange(0x10000) == 0xFFFF), _LONG, _TABLE)
"""The table again with a great number for all that vanishes or may compose: the way of most texts, at one look-up."""
for _first, _last in COMPOSING:
    _ONE_TO_ONE[_first : _last + 1] = _LONG


def fold_mass(text: str) -> tuple[str, Offsets | None]:
    """Fold a text but for its capitals; with the offset of each place and of the end, None where all stayed."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _ONE_TO_ONE.take(codes, mode="clip")
    cased = mapped.tobytes().decode("utf-32-le") if mapped.max(initial=0) < _LONG else "  "
    return _rearranged(text) if "  " in cased else (cased, None)


def _rearranged(text: str) -> tuple[str, Offsets | None]:
    """Fold a text in which signs vanish, grow or compose."""
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


def _stretch(mapped: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], Offsets | None]:
    """Drop what vanishes, expand what grows, join spaces; the offsets are None where every place stayed."""
    space = mapped == 0x20
    gone = mapped == 0
    gone[1:] |= space[1:] & space[:-1]
    long = mapped >= _LONG
    if not gone.any() and not long.any():
        return mapped, None
    sizes = np.where(gone, 0, 1)
    if long.any():
        sizes[long] = _LENGTHS[mapped[long] - _LONG]
    origin = np.repeat(np.arange(len(mapped)), sizes)
    result = mapped[origin]
    if long.any():
        places = np.flatnonzero(result >= _LONG)
        inside = places - np.concatenate(([0], np.cumsum(sizes)))[origin[places]]
        result[places] = [
            ord(_LONGER[value - _LONG][at]) for value, at in zip(result[places].tolist(), inside.tolist(), strict=True)
        ]
    origin = np.append(origin, len(mapped))
    again = result == 0x20  # an invisible sign between two spaces leaves two of them side by side
    again[1:] &= again[:-1]
    again[:1] = False
    if again.any():
        keep = ~again
        return result[keep], origin[np.append(keep, True)]
    return result, origin
