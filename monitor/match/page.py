"""An article laid out as one folded text, with the way back to its regions."""

from bisect import bisect_right
from dataclasses import dataclass

from monitor.domain.article import Article, Region
from monitor.text.fold import Folded, fold

_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One region's place in the page: offsets of its beginning and end in the page's original text."""

    region: Region
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """All regions of an article, one after another.

    ``flat`` is the folded text in small letters with hyphens as spaces; ``cased`` keeps capitals. Both have the
    length of ``folded.text``, so a place in one is the same place in the others.
    """

    folded: Folded
    cased: str
    flat: str
    stretches: tuple[Stretch, ...]

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
        return max(0, bisect_right(self.stretches, original, key=lambda stretch: stretch.start) - 1)

    def _folded(self, original: int) -> int:
        origin = self.folded.origin
        return original if origin is None else int(origin.searchsorted(original))


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
    return Page(folded, folded.cased, folded.text.replace("-", " "), tuple(stretches))
