"""Search text: the words of an article as the full-text index stores them.

The words are in lower case without diacritics. Scripts without spaces between words are indexed as overlapping pairs of
characters, so that a search finds any part of a longer run of characters. Building this text is a large part of the
cost of storing an article. It needs no I/O, so another process can do it in advance.
"""

import re
from functools import cache
from operator import add
from typing import TYPE_CHECKING
from unicodedata import category

from monitor.domain.article import Article
from monitor.text.fold import fold_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_UNBROKEN_SCRIPT_RANGES = (  # Thai, Lao, Tibetan, Burmese, Khmer, kana, Han
    (0x0E00, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2FFFF),
)
UNBROKEN_RUN = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _UNBROKEN_SCRIPT_RANGES)}]+")
_KIND_GAP, _KIND_WORD, _KIND_UNBROKEN = range(3)
_ASCII_WORD_TABLE = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 0x20 for code in range(0x80)) + bytes(0x80)
_MAX_WORD_CHARS = 64
_MAX_TEXT_CHARS = 250_000


def index_text(article: Article) -> str:
    """Return the text of an article for the full-text index: its words, normalized and separated by single spaces."""
    regions = "\n".join(text for _region, text in article.regions())
    return split_for_index(regions[:_MAX_TEXT_CHARS], is_complete=True)


def split_for_index(text: str, *, is_complete: bool) -> str:
    """Normalize the words of a text for the full-text index, and separate them by single spaces.

    A run of characters in a script without spaces becomes its overlapping pairs of characters, followed by its last
    character. If ``is_complete`` is false, ``text`` is the beginning of a longer text. If a run is at its end, the last
    character is then omitted, because the character that follows is not known.
    """
    folded = text if text.isascii() else fold_key(text)  # in ASCII text, folding changes only capitals and separators
    if folded.isascii():
        return _collapse_spaces(folded.encode().translate(_ASCII_WORD_TABLE).decode())
    import numpy as np  # imported late: it is slow to import, and commands that only read the archive do not need it

    codes = np.frombuffer(folded.encode("utf-32-le"), np.uint32)
    kinds = _character_kinds().take(codes, mode="clip")
    gaps = kinds == _KIND_GAP
    spaced = np.where(gaps, np.uint32(0x20), codes)
    if (kinds == _KIND_UNBROKEN).any():
        return _split_unbroken_runs(spaced.tobytes().decode("utf-32-le"), is_complete=is_complete)
    gap_positions = np.concatenate(([-1], np.flatnonzero(gaps), [len(codes)]))
    lengths = gap_positions[1:] - gap_positions[:-1]
    if lengths.max() > _MAX_WORD_CHARS:
        return _truncate_words(spaced.tobytes().decode("utf-32-le"))
    repeated_gaps = gap_positions[1:-1][lengths[:-1] == 1]  # a gap that follows another gap
    return np.delete(spaced, repeated_gaps).tobytes().decode("utf-32-le").rstrip()


def _split_unbroken_runs(text: str, *, is_complete: bool) -> str:
    tail = text.rstrip()[-2:]
    text = UNBROKEN_RUN.sub(_to_bigrams, text).rstrip()
    if not is_complete and len(tail) == 2 and UNBROKEN_RUN.fullmatch(tail):
        text = text[:-2]
    return _truncate_words(text)


def _collapse_spaces(text: str) -> str:
    """Collapse the spaces in a text, and truncate very long words.

    This is faster than splitting the text into words.
    """
    while "  " in text:
        text = text.replace("  ", " ")
    text, at = text.strip(), 0
    while at + _MAX_WORD_CHARS < len(text):
        at = text.rfind(" ", at, at + _MAX_WORD_CHARS + 1) + 1
        if not at:
            return _truncate_words(text)
    return text


def _truncate_words(text: str) -> str:
    return " ".join(word[:_MAX_WORD_CHARS] for word in text.split())


@cache
def _character_kinds() -> "npt.NDArray[np.uint8]":
    """Return a table that maps each code point to one of three kinds of characters.

    The kinds are: part of a word (a letter, digit or mark), part of a run in a script without spaces, or a gap.
    """
    import numpy as np  # imported late, as above

    chars = map(chr, range(_UNBROKEN_SCRIPT_RANGES[-1][1] + 1))
    kinds = np.array([_KIND_WORD if c.isalnum() or category(c)[0] == "M" else _KIND_GAP for c in chars], np.uint8)
    for first, last in _UNBROKEN_SCRIPT_RANGES:
        kinds[first : last + 1] = np.where(kinds[first : last + 1] == _KIND_GAP, _KIND_GAP, _KIND_UNBROKEN)
    return kinds


def _to_bigrams(run: re.Match[str]) -> str:
    text = run.group()
    return f" {' '.join(map(add, text, text[1:]))} {text[-1]} "
