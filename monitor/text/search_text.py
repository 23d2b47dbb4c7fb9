"""A text as the search index holds it: its words, folded, one blank between them.

Scripts without word breaks are indexed as overlapping pairs of characters, so that any part of a run is found. Making
this is pure and costs a good part of storing an article, so it may be done elsewhere, ahead.
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
    """Return an article's words, folded, one blank between them: what the index holds."""
    regions = "\n".join(text for _region, text in article.regions())
    return split_for_index(regions[:_MAX_TEXT_CHARS], is_complete=True)


def split_for_index(text: str, *, is_complete: bool) -> str:
    """Return the words of a text, folded, one blank between them; of an unbroken run its pairs and its last character.

    Unless it is ``whole``, the text may go on where it ends: then that last character says nothing yet.
    """
    folded = text if text.isascii() else fold_key(text)  # of ASCII, folding changes capitals and what is a gap
    if folded.isascii():
        return _collapse_spaces(folded.encode().translate(_ASCII_WORD_TABLE).decode())
    import numpy as np  # long to load, and a command that looks at the archive needs none

    codes = np.frombuffer(folded.encode("utf-32-le"), np.uint32)
    kinds = _character_kinds().take(codes, mode="clip")
    gaps = kinds == _KIND_GAP
    spaced = np.where(gaps, np.uint32(0x20), codes)
    if (kinds == _KIND_UNBROKEN).any():
        return _split_unbroken_runs(spaced.tobytes().decode("utf-32-le"), is_complete=is_complete)
    places = np.concatenate(([-1], np.flatnonzero(gaps), [len(codes)]))
    lengths = places[1:] - places[:-1]
    if lengths.max() > _MAX_WORD_CHARS:
        return _truncate_words(spaced.tobytes().decode("utf-32-le"))
    again = places[1:-1][lengths[:-1] == 1]  # gaps after a gap
    return np.delete(spaced, again).tobytes().decode("utf-32-le").rstrip()


def _split_unbroken_runs(text: str, *, is_complete: bool) -> str:
    tail = text.rstrip()[-2:]
    text = UNBROKEN_RUN.sub(_to_bigrams, text).rstrip()
    if not is_complete and len(tail) == 2 and UNBROKEN_RUN.fullmatch(tail):
        text = text[:-2]
    return _truncate_words(text)


def _collapse_spaces(text: str) -> str:
    """Leave one blank of several, and of each word what is not too long; cheaper than taking the words apart."""
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
    """Return what each character is: part of a word (letters, digits, marks), of an unbroken run, or neither."""
    import numpy as np  # as above

    chars = map(chr, range(_UNBROKEN_SCRIPT_RANGES[-1][1] + 1))
    kinds = np.array([_KIND_WORD if c.isalnum() or category(c)[0] == "M" else _KIND_GAP for c in chars], np.uint8)
    for first, last in _UNBROKEN_SCRIPT_RANGES:
        kinds[first : last + 1] = np.where(kinds[first : last + 1] == _KIND_GAP, _KIND_GAP, _KIND_UNBROKEN)
    return kinds


def _to_bigrams(run: re.Match[str]) -> str:
    text = run.group()
    return f" {' '.join(map(add, text, text[1:]))} {text[-1]} "
