"""An article laid out as one folded text, with the way back to its regions."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from monitor.domain.article import Article, Region
from monitor.match.spaces import ASCII, space_out
from monitor.text.fold import Folded, fold

_GAP = "\n\n"
_LOW = np.frombuffer(ASCII[:0x80], dtype=np.uint8).astype(np.uint32)
_WORD = 30
_JOINED = bytes(code if code < 0x80 and (chr(code).isalpha() or chr(code) in "'-") else 0x20 for code in range(0x100))
_CAPITAL = bytes(ord("A") <= code <= ord("Z") for code in range(0x100))
_APART = bytes(sign == 0x20 for sign in _JOINED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One region's place in the page: offsets of its beginning and end in the page's original text."""

    region: Region
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """All regions of an article, one after another.

    ``cased`` keeps capitals, ``flat`` has small letters and spaces for hyphens. ``spaced`` has small letters and a
    space for every other sign but letters, digits and name dots, and one more space at either end: a place in it lies
    one further than in the others, which all agree.
    """

    folded: Folded
    cased: str
    spaced: str
    stretches: tuple[Stretch, ...]
    starts: tuple[int, ...]

    @property
    def flat(self) -> str:
        """Return the folded text in small letters with hyphens as spaces."""
        return self.folded.text.replace("-", " ")

    def word(self, end: int) -> str:
        """Return, in small letters, the word that ends at a folded offset, or an empty string."""
        piece = self.spaced[max(0, end - _WORD) : end + 1].rpartition(" ")[2]
        if len(piece) < _WORD and (not piece or piece.isalnum()):
            return piece
        start = end
        while start > 0 and self.cased[start - 1].isalnum():
            start -= 1
        return self.folded.text[start:end]

    def capitals(self) -> tuple[list[int], str]:
        """Return where words begin with a capital of the Latin alphabet, and the text that tells where they end.

        A word goes on over letters of that alphabet, hyphens and apostrophes; for all else stand spaces.
        """
        signs = b" %b " % self.cased.encode("latin-1", "replace")
        capital = np.frombuffer(signs.translate(_CAPITAL), dtype=np.bool_)
        apart = np.frombuffer(signs.translate(_APART), dtype=np.bool_)
        places: list[int] = (capital[1:] & apart[:-1]).nonzero()[0].tolist()
        return places, signs[1:].translate(_JOINED).decode()

    def place(self, start: int, end: int) -> tuple[Region, int, int]:
        """Turn folded offsets into a region and offsets in that region's own text."""
        first, last = self.folded.span(start, end)
        stretch = self.stretches[self._index(first)]
        return stretch.region, first - stretch.start, last - stretch.start

    def region(self, start: int) -> Region:
        """Return the region in which a folded offset lies."""
        first = start if self.folded.origin is None else int(self.folded.origin[start])
        return self.stretches[self._index(first)].region

    def within(self, region: Region) -> tuple[int, int]:
        """Return the folded offsets of a region, an empty range where the article has none."""
        for stretch in self.stretches:
            if stretch.region is region:
                return self._folded(stretch.start), self._folded(stretch.end)
        return 0, 0

    def _index(self, original: int) -> int:
        return max(0, bisect_right(self.starts, original) - 1)

    def _folded(self, original: int) -> int:
        origin = self.folded.origin
        return original if origin is None else bisect_left(origin, original)


def lay_out(article: Article) -> Page:
    """Fold an article's regions at one go."""
    texts: list[str] = []
    stretches: list[Stretch] = []
    at = 0
    for region, text in article.regions():
        texts.append(text)
        stretches.append(Stretch(region, at, at + len(text)))
        at += len(text) + len(_GAP)
    folded = fold(_GAP.join(texts))
    return Page(
        folded, folded.cased, space_out_mass(folded.text), tuple(stretches), tuple(one.start for one in stretches)
    )


def space_out_mass(text: str) -> str:
    """Do what ``space_out`` does, quicker for a long text."""
    if text.isascii():
        return space_out(text)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    spaced = np.where(codes < 0x80, _LOW[np.minimum(codes, 0x7F)], codes)
    return " " + spaced.tobytes().decode("utf-32-le") + " "
