"""Folding: many spellings of one word become one text, and every place in it leads back to the original.

Latin, Greek and Cyrillic letters lose their marks (đ, ø, ł, ß too); the vowels of Lao, Thai and Khmer are marks and
stay. Invisible characters vanish; spaces, quotes, dashes and name dots each become one sign. A text in NFD folds like
the same text in NFC. One numpy look-up folds a whole text; a plain ASCII text is its own folding.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]

INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\ufeff" + "".join(
    chr(code)
    for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
    for code in range(first, last + 1)
)
_MARKS = ((0x0300, 0x036F), (0x064B, 0x065F), (0x0670, 0x0670), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF))
_ALPHABETS = (
    (0x00C0, 0x058F),
    (0x1C80, 0x1C8F),
    (0x1D00, 0x1FFF),
    (0x2190, 0x22FF),
    (0x2C60, 0x2C7F),
    (0xA640, 0xA69F),
)
_COMPATIBLE = ((0xA720, 0xA7FF), (0xFB00, 0xFB06), (0xFF01, 0xFF5E))
_SAME = {  # written alike or for one another, and not told by Unicode's decompositions
    " ": "\t\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\x85\u2028\u2029",
    "'": "\u2018\u2019\u201a\u201b\u02bb\u02bc\u02b9\u2032`\u00b4\uff07",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u2043",
    "·": "\u2022\u2027\u30fb\uff0e\uff65\u0387",
    ",": "\u3001\uff0c",
    ".": "\u2026\u3002\u06d4\u1362",
    "D": "ĐÐƉ",
    "d": "đð",
    "O": "Ø",
    "o": "ø",
    "L": "Ł",
    "l": "ł",
    "H": "Ħ",
    "h": "ħ",
    "T": "Ŧ",
    "t": "ŧ",
    "I": "İ",
    "i": "ı",
    "k": "ĸ",
    "N": "Ŋ",
    "n": "ŋ",
    "σ": "ς",
    "AE": "Æ",
    "ae": "æ",
    "OE": "Œ",
    "oe": "œ",
    "Th": "Þ",
    "th": "þ",
    "ss": "ß",
    "SS": "ẞ",
    "\u0627": "\u0622\u0623\u0625\u0671",  # forms of alef
    "\u064a": "\u0649\u06cc",  # forms of yeh
    "\u0643": "\u06a9",  # forms of kaf
    "\u0647": "\u0629",
    "\u0ecd\u0eb2": "\u0eb3",  # the Lao and Thai vowel AM in two pieces
    "\u0e4d\u0e32": "\u0e33",
    "\u0eab\u0e99": "\u0edc",  # Lao HO with NO and with MO
    "\u0eab\u0ea1": "\u0edd",
    "\u0ec0\u0ec0": "\u0ec1",  # one sign EI, often typed as two signs E
    "\u0e40\u0e40": "\u0e41",
    "\ufffd": "".join(map(chr, range(0xD800, 0xE000))),  # lone surrogates cannot be encoded
}
_LONG = 0x110000  # table values from here on point into the expansions


def _plain(char: str) -> str:
    """Return a letter's base letters, without marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))


def _build() -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Return the table from code point to folded code point, and the foldings longer than one character."""
    folded = {code: "" for first, last in _MARKS for code in range(first, last + 1)}
    for first, last in (*_ALPHABETS, *_COMPATIBLE):
        folded |= {code: _plain(chr(code)) for code in range(first, last + 1) if code not in folded}
    folded |= {ord(char): plain for plain, chars in _SAME.items() for char in chars}
    folded |= {ord(char): "" for char in INVISIBLE} | {0x0640: ""}  # the last one stretches Arabic words
    table = np.arange(0x10000, dtype=np.uint32)
    longer: list[str] = []
    for code, text in folded.items():
        if len(text) > 1:
            table[code] = _LONG + len(longer)
            longer.append(text)
        else:
            table[code] = ord(text) if text else 0
    table[0] = ord(" ")
    return table, tuple(longer)


_TABLE, _LONGER = _build()
_LENGTHS = np.array([len(text) for text in _LONGER], dtype=np.int64)
_COMPOSING = (
    (0x0590, 0x1AAF),
    (0x1B00, 0x1DBF),
    (0x2C80, 0xA63F),
    (0xA6A0, 0xD7FF),
    (0xF900, 0xFAFF),
)
_COMPOSED = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _COMPOSING) + "]+")
_ONE_TO_ONE = np.where((_TABLE == 0) | (np.arange(0x10000) == 0xFFFF), _LONG, _TABLE)
"""The table again with a great number for all that vanishes or may compose: the way of most texts, at one look-up."""
for _first, _last in _COMPOSING:
    _ONE_TO_ONE[_first : _last + 1] = _LONG
_TONE_FIRST = re.compile("([\u0ec8-\u0ecb])(\u0ecd)|([\u0e48-\u0e4b])(\u0e4d)")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. ``cased`` keeps capitals, ``text`` is the same in small letters, place by place.

    ``origin`` gives for each place, and for the end, the offset in ``original``; None means that they are the same.
    """

    original: str
    text: str
    cased: str
    origin: Offsets | None = field(default=None, compare=False, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of what stands folded at ``start:end``, marks included."""
        if self.origin is None:
            return start, end
        first, last = int(self.origin[start]), int(self.origin[end])
        inside = int(self.origin[end - 1]) + 1
        while last > inside and (self.original[last - 1] in INVISIBLE or self.original[last - 1].isspace()):
            last -= 1
        return first, max(last, inside)

    def slice(self, start: int, end: int) -> str:
        """Return the original spelling of what stands folded at ``start:end``."""
        first, last = self.span(start, end)
        return self.original[first:last]


def fold(text: str) -> Folded:
    """Fold a text; any string is welcome, lone surrogates and NUL too."""
    if text.isascii() and _is_settled(text):
        return Folded(text, text.lower(), text)
    origin: Offsets | None = None
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _ONE_TO_ONE.take(codes, mode="clip")
    cased = mapped.tobytes().decode("utf-32-le") if mapped.max(initial=0) < _LONG else "  "
    if "  " in cased:
        cased, origin = _rearranged(text)
    if "\u0ecd" in cased or "\u0e4d" in cased:
        cased = _TONE_FIRST.sub(lambda m: (m[2] or m[4]) + (m[1] or m[3]), cased)
    lower = cased.lower()
    if len(lower) != len(cased):
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in cased)
    return Folded(text, lower, cased, origin)


def _rearranged(text: str) -> tuple[str, Offsets | None]:
    """Fold a text in which signs vanish, grow or compose; capitals stay."""
    composed, before = _compose(text)
    codes = np.frombuffer(composed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    mapped = _TABLE.take(codes, mode="clip")
    if codes.max(initial=0) > 0xFFFF:
        mapped = np.where(codes > 0xFFFF, codes, mapped)
    mapped, origin = _stretch(mapped)
    if before is not None:
        origin = before if origin is None else before[origin]
    return mapped.tobytes().decode("utf-32-le"), origin


def fold_key(text: str) -> str:
    """Return the folded text alone, in small letters: for look-ups, search and shingles."""
    return fold(text).text


def _is_settled(text: str) -> bool:
    """Tell whether an ASCII text holds nothing that folding would change but capitals; spelt out, as it runs hot."""
    control = "\t" in text or "\r" in text or "\0" in text or "\v" in text or "\f" in text
    return not (control or "`" in text or "  " in text)


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


def _compose(text: str) -> tuple[str, Offsets | None]:
    """Compose what is decomposed in scripts whose marks stay; the offsets are None where nothing was."""
    if unicodedata.is_normalized("NFC", text):
        return text, None
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for run in _COMPOSED.finditer(text):
        if unicodedata.is_normalized("NFC", run.group()):
            continue
        pieces.append(text[done : run.start()])
        origin += range(done, run.start())
        for start, end in _clusters(text, run.start(), run.end()):
            composed = unicodedata.normalize("NFC", text[start:end])
            pieces.append(composed)
            origin += [start] * len(composed) if len(composed) < end - start else range(start, start + len(composed))
        done = run.end()
    if not done:
        return text, None
    pieces.append(text[done:])
    origin += range(done, len(text) + 1)
    return "".join(pieces), np.array(origin, dtype=np.int64)


def _clusters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split a run where composing cannot reach across: before each starter that joins nothing to its left."""
    bounds = [start]
    for at in range(start + 1, end):
        char = text[at]
        joins = unicodedata.combining(char) or "\u1160" <= char <= "\u11ff" or unicodedata.category(char) == "Mc"
        if not joins:
            bounds.append(at)
    bounds.append(end)
    return list(pairwise(bounds))
