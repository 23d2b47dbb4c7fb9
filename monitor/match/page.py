"""An article laid out as one folded text, with the way back to its regions."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from monitor.domain.article import Article, Region
from monitor.match.spaces import ASCII_SPACING_TABLE, replace_punctuation
from monitor.text.fold import FoldedText, fold

_REGION_SEPARATOR = "\n\n"
_ASCII_SPACING_CODES = np.frombuffer(ASCII_SPACING_TABLE[:0x80], dtype=np.uint8).astype(np.uint32)
_WORD_WINDOW_CHARS = 30
_LATIN_WORD_TABLE = bytes(
    code if code < 0x80 and (chr(code).isalpha() or chr(code) in "'-") else 0x20 for code in range(0x100)
)
_CAPITAL_TABLE = bytes(ord("A") <= code <= ord("Z") for code in range(0x100))
_SEPARATOR_TABLE = bytes(sign == 0x20 for sign in _LATIN_WORD_TABLE)


@dataclass(frozen=True, slots=True)
class RegionSpan:
    """One region's place in the page: offsets of its beginning and end in the page's original text."""

    region: Region
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NormalizedArticle:
    """All regions of an article, one after another.

    ``cased`` keeps capitals, ``flat`` has small letters and spaces for hyphens. ``spaced`` has small letters and a
    space for every other sign but letters, digits and name dots, and one more space at either end: a place in it lies
    one further than in the others, which all agree.
    """

    folded: FoldedText
    cased: str
    spaced: str
    region_spans: tuple[RegionSpan, ...]
    region_starts: tuple[int, ...]

    @property
    def unhyphenated(self) -> str:
        """Return the folded text in small letters with hyphens as spaces."""
        return self.folded.text.replace("-", " ")

    def word_ending_at(self, end: int) -> str:
        """Return, in small letters, the word that ends at a folded offset, or an empty string."""
        piece = self.spaced[max(0, end - _WORD_WINDOW_CHARS) : end + 1].rpartition(" ")[2]
        if len(piece) < _WORD_WINDOW_CHARS and (not piece or piece.isalnum()):
            return piece
        start = end
        while start > 0 and self.cased[start - 1].isalnum():
            start -= 1
        return self.folded.text[start:end]

    def find_capitalized_words(self) -> tuple[list[int], str]:
        """Return where words begin with a capital of the Latin alphabet, and the text that tells where they end.

        A word goes on over letters of that alphabet, hyphens and apostrophes; for all else stand spaces.
        """
        signs = b" %b " % self.cased.encode("latin-1", "replace")
        capital = np.frombuffer(signs.translate(_CAPITAL_TABLE), dtype=np.bool_)
        apart = np.frombuffer(signs.translate(_SEPARATOR_TABLE), dtype=np.bool_)
        places: list[int] = (capital[1:] & apart[:-1]).nonzero()[0].tolist()
        return places, signs[1:].translate(_LATIN_WORD_TABLE).decode()

    def locate_in_region(self, start: int, end: int) -> tuple[Region, int, int]:
        """Turn folded offsets into a region and offsets in that region's own text."""
        first, last = self.folded.original_span(start, end)
        stretch = self.region_spans[self._region_index(first)]
        return stretch.region, first - stretch.start, last - stretch.start

    def region_at(self, start: int) -> Region:
        """Return the region in which a folded offset lies."""
        first = start if self.folded.original_offsets is None else int(self.folded.original_offsets[start])
        return self.region_spans[self._region_index(first)].region

    def region_range(self, region: Region) -> tuple[int, int]:
        """Return the folded offsets of a region, an empty range where the article has none."""
        for stretch in self.region_spans:
            if stretch.region is region:
                return self._folded_offset(stretch.start), self._folded_offset(stretch.end)
        return 0, 0

    def _region_index(self, original: int) -> int:
        return max(0, bisect_right(self.region_starts, original) - 1)

    def _folded_offset(self, original: int) -> int:
        origin = self.folded.original_offsets
        return original if origin is None else bisect_left(origin, original)


def normalize_article(article: Article) -> NormalizedArticle:
    """Fold an article's regions at one go."""
    texts: list[str] = []
    stretches: list[RegionSpan] = []
    at = 0
    for region, text in article.regions():
        texts.append(text)
        stretches.append(RegionSpan(region, at, at + len(text)))
        at += len(text) + len(_REGION_SEPARATOR)
    folded = fold(_REGION_SEPARATOR.join(texts))
    return NormalizedArticle(
        folded,
        folded.cased,
        replace_punctuation_fast(folded.text),
        tuple(stretches),
        tuple(one.start for one in stretches),
    )


def replace_punctuation_fast(text: str) -> str:
    """Do what ``space_out`` does, quicker for a long text."""
    if text.isascii():
        return replace_punctuation(text)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    spaced = np.where(codes < 0x80, _ASCII_SPACING_CODES[np.minimum(codes, 0x7F)], codes)
    return " " + spaced.tobytes().decode("utf-32-le") + " "
