"""Folding table: the folded form of each character. Also joins letters and combining marks into single characters."""

import re
import unicodedata
from itertools import pairwise

INVISIBLE_CHARACTERS = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\ufeff" + "".join(
    chr(code)
    for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
    for code in range(first, last + 1)
)
_DIACRITIC_RANGES = (
    (0x0300, 0x036F),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
)
_ALPHABET_RANGES = (
    (0x00C0, 0x058F),
    (0x1C80, 0x1C8F),
    (0x1D00, 0x1FFF),
    (0x2190, 0x22FF),
    (0x2C60, 0x2C7F),
    (0xA640, 0xA69F),
)
_COMPATIBILITY_RANGES = ((0xA720, 0xA7FF), (0xFB00, 0xFB06), (0xFF01, 0xFF5E))
_EQUIVALENT_CHARACTERS = {  # look alike or replace each other, but have no Unicode decomposition
    " ": "\t\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\x85\u2028\u2029",
    "'": "\u2018\u2019\u201a\u201b\u02bb\u02bc\u02b9\u2032`\u00b4\uff07",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u2043",
    "·": "\u2022\u2027\u30fb\uff0e\uff65\u0387",
    ",": "\u3001\uff0c",
    ".": "\u2026\u3002\u06d4\u1362",
    "A": "Ə",
    "a": "ə",
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
    "\u0ec0\u0ec0": "\u0ec1",  # the character EI, often typed as two characters E
    "\u0e40\u0e40": "\u0e41",
    "\ufffd": "".join(map(chr, range(0xD800, 0xE000))),  # lone surrogates cannot be encoded
}
COMPOSING_RANGES = (
    (0x0590, 0x1AAF),
    (0x1B00, 0x1DBF),
    (0x2C80, 0xA63F),
    (0xA6A0, 0xD7FF),
    (0xF900, 0xFAFF),
)
_COMPOSING_RUN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in COMPOSING_RANGES) + "]+")


def _base_letters(char: str) -> str:
    """Return a character without its diacritics; a ligature gives several letters."""
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))


def _build_foldings() -> dict[str, str]:
    folded = {code: "" for first, last in _DIACRITIC_RANGES for code in range(first, last + 1)}
    for first, last in (*_ALPHABET_RANGES, *_COMPATIBILITY_RANGES):
        folded |= {code: _base_letters(chr(code)) for code in range(first, last + 1) if code not in folded}
    folded |= {ord(char): plain for plain, chars in _EQUIVALENT_CHARACTERS.items() for char in chars}
    folded |= {ord(char): "" for char in INVISIBLE_CHARACTERS} | {0x0640: ""}  # U+0640 only stretches Arabic words
    return {chr(code): text for code, text in folded.items()} | {"\0": " "}


FOLDINGS = _build_foldings()
"""Maps each character that folding changes to its folded form, such as `é` to `e`; an empty form removes it."""


def compose_marks(text: str) -> tuple[str, list[int] | None]:
    """Join each letter and its combining marks into one character (NFC), in the scripts in which folding keeps marks.

    Return the composed text, and a list of offsets in the original text: one for each position in the composed text,
    and one for its end. The list is None if nothing was composed.
    """
    if unicodedata.is_normalized("NFC", text):
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    done = 0
    for run in _COMPOSING_RUN.finditer(text):
        if unicodedata.is_normalized("NFC", run.group()):
            continue
        pieces.append(text[done : run.start()])
        offsets += range(done, run.start())
        for start, end in _split_clusters(text, run.start(), run.end()):
            composed = unicodedata.normalize("NFC", text[start:end])
            pieces.append(composed)
            offsets += [start] * len(composed) if len(composed) < end - start else range(start, start + len(composed))
        done = run.end()
    if not done:
        return text, None
    pieces.append(text[done:])
    offsets += range(done, len(text) + 1)
    return "".join(pieces), offsets


def _split_clusters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the start and end of each cluster in ``text[start:end]``.

    A cluster is a base character with the marks that can be composed with it.
    """
    boundaries = [start]
    for at in range(start + 1, end):
        char = text[at]
        joins = unicodedata.combining(char) or "\u1160" <= char <= "\u11ff" or unicodedata.category(char) == "Mc"
        if not joins:
            boundaries.append(at)
    boundaries.append(end)
    return list(pairwise(boundaries))
