"""How well the pages of a source are usually read, and when they are read far worse: its layout has changed."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, log
from statistics import median

LEARNED_FROM = 10
FAR_BELOW = 0.6
HARDLY_ANYTHING = 0.25
FEWEST_IN_A_ROW, MOST_IN_A_ROW = 5, 20
BY_CHANCE = 1e-4
BACK_AFTER = 3
_RISE, _FALL = 0.1, 0.02  # of the way that one page moves what is usual: quickly up, slowly down


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages read so far tell of a source; kept beside its memory, for readers and polls write each their own.

    ``usual`` is the confidence with which its pages are read, 0 until ``LEARNED_FROM`` of them were; ``odd`` the share
    of pages that fell far below it. ``recent`` are the last confidences, newest last. ``row`` counts pages in a row
    that were not as they have been: far below what is usual, or back to it after a change. A change began at
    ``changed_at`` with the page at ``url``; ``mended_at`` is when the last one was over.
    """

    usual: float = 0.0
    odd: float = 0.0
    recent: tuple[float, ...] = ()
    row: int = 0
    row_began_at: datetime | None = None
    url: str = ""
    changed_at: datetime | None = None
    mended_at: datetime | None = None

    @property
    def level(self) -> float:
        """The confidence of the last pages, a single one set aside."""
        return round(median(self.recent[-FEWEST_IN_A_ROW:]), 2) if self.recent else 0.0


NO_PAGES = Pages()


def with_page(pages: Pages, confidence: float, url: str, now: datetime, *, accepted: bool = False) -> Pages:
    """Return what is known after one more page.

    A single odd page (a video, a gallery) changes nothing; so many in a row as chance would not bring, given how often
    odd ones come here, are a change of layout. It is over when a few in a row are read as before, or when it was
    ``accepted``: then what is read now is learned as usual.
    """
    pages = replace(pages, recent=(*pages.recent, confidence)[-LEARNED_FROM:])
    if pages.changed_at is not None:
        return _learned(pages) if accepted else _lasting(pages, confidence, url, now)
    if pages.usual:
        return _judged(pages, confidence, url, now)
    if len(pages.recent) < LEARNED_FROM:
        return pages
    return _learned(pages) if median(pages.recent) >= HARDLY_ANYTHING else replace(pages, changed_at=now, url=url)


def enough_in_a_row(odd: float) -> int:
    """Return how many odd pages in a row are no chance, where that share of pages is odd."""
    by_chance = ceil(log(BY_CHANCE) / log(min(max(odd, 0.01), 0.99)))
    return min(max(by_chance, FEWEST_IN_A_ROW), MOST_IN_A_ROW)


def _is_odd(pages: Pages, confidence: float) -> bool:
    if not pages.usual:
        return confidence < HARDLY_ANYTHING
    return pages.usual >= HARDLY_ANYTHING and confidence < FAR_BELOW * pages.usual


def _learned(pages: Pages) -> Pages:
    """Take what the last pages were read with as usual; never 0, which stands for not knowing."""
    usual = max(median(pages.recent), 0.01)
    odd = sum(confidence < FAR_BELOW * usual for confidence in pages.recent) / len(pages.recent)
    return Pages(usual, odd, pages.recent)


def _judged(pages: Pages, confidence: float, url: str, now: datetime) -> Pages:
    """Learn from a page that is as usual; count one that is not."""
    odd = _is_odd(pages, confidence)
    pages = replace(pages, odd=round(pages.odd + _FALL * (odd - pages.odd), 4))
    if not odd:
        step = _RISE if confidence > pages.usual else _FALL
        usual = pages.usual + step * (confidence - pages.usual)
        return replace(pages, usual=round(usual, 4), row=0, row_began_at=None, url="")
    pages = replace(pages, row=pages.row + 1, row_began_at=pages.row_began_at or now, url=url)
    if pages.row < enough_in_a_row(pages.odd):
        return pages
    return replace(pages, row=0, row_began_at=None, changed_at=pages.row_began_at)


def _lasting(pages: Pages, confidence: float, url: str, now: datetime) -> Pages:
    """Go on after a change; what is usual stays as it was until the change is over or accepted."""
    if _is_odd(pages, confidence):
        return replace(pages, row=0, url=url)
    if pages.row + 1 < BACK_AFTER:
        return replace(pages, row=pages.row + 1)
    usual = pages.usual or median(pages.recent[-BACK_AFTER:])
    return replace(pages, usual=usual, row=0, url="", changed_at=None, mended_at=now)
