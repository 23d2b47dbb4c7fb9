"""How well the pages of a source are usually read, and when they are read far worse: its layout has changed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, log
from statistics import median

MIN_LEARNED_PAGES = 10
OUTLIER_RATIO = 0.6
MIN_USABLE_CONFIDENCE = 0.25
MIN_OUTLIER_STREAK, MAX_OUTLIER_STREAK = 5, 20
MAX_CHANCE_PROBABILITY = 1e-4
RESTORED_AFTER_PAGES = 3
_RISE_RATE, _FALL_RATE = 0.1, 0.02  # of the way that one page moves what is usual: quickly up, slowly down


@dataclass(frozen=True, slots=True)
class PageQuality:
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
    def current_confidence(self) -> float:
        """The confidence of the last pages, a single one set aside."""
        return round(median(self.recent[-MIN_OUTLIER_STREAK:]), 2) if self.recent else 0.0


UNKNOWN_PAGE_QUALITY = PageQuality()


def update_page_quality(
    quality: PageQuality, confidence: float, url: str, now: datetime, *, is_accepted: bool = False
) -> PageQuality:
    """Return what is known after one more page.

    A single odd page (a video, a gallery) changes nothing; so many in a row as chance would not bring, given how often
    odd ones come here, are a change of layout. It is over when a few in a row are read as before, or when it was
    ``accepted``: then what is read now is learned as usual.
    """
    quality = replace(quality, recent=(*quality.recent, confidence)[-MIN_LEARNED_PAGES:])
    if quality.changed_at is not None:
        return _relearn_usual(quality) if is_accepted else _continue_layout_change(quality, confidence, url, now)
    if quality.usual:
        return _track_outliers(quality, confidence, url, now)
    if len(quality.recent) < MIN_LEARNED_PAGES:
        return quality
    return (
        _relearn_usual(quality)
        if median(quality.recent) >= MIN_USABLE_CONFIDENCE
        else replace(quality, changed_at=now, url=url)
    )


def min_outlier_streak(outlier_share: float) -> int:
    """Return how many odd pages in a row are no chance, where that share of pages is odd."""
    by_chance = ceil(log(MAX_CHANCE_PROBABILITY) / log(min(max(outlier_share, 0.01), 0.99)))
    return min(max(by_chance, MIN_OUTLIER_STREAK), MAX_OUTLIER_STREAK)


def _is_outlier(quality: PageQuality, confidence: float) -> bool:
    if not quality.usual:
        return confidence < MIN_USABLE_CONFIDENCE
    return quality.usual >= MIN_USABLE_CONFIDENCE and confidence < OUTLIER_RATIO * quality.usual


def _relearn_usual(quality: PageQuality) -> PageQuality:
    """Take what the last pages were read with as usual; never 0, which stands for not knowing."""
    usual = max(median(quality.recent), 0.01)
    odd = sum(confidence < OUTLIER_RATIO * usual for confidence in quality.recent) / len(quality.recent)
    return PageQuality(usual, odd, quality.recent)


def _track_outliers(quality: PageQuality, confidence: float, url: str, now: datetime) -> PageQuality:
    """Learn from a page that is as usual; count one that is not."""
    odd = _is_outlier(quality, confidence)
    quality = replace(quality, odd=round(quality.odd + _FALL_RATE * (odd - quality.odd), 4))
    if not odd:
        step = _RISE_RATE if confidence > quality.usual else _FALL_RATE
        usual = quality.usual + step * (confidence - quality.usual)
        return replace(quality, usual=round(usual, 4), row=0, row_began_at=None, url="")
    quality = replace(quality, row=quality.row + 1, row_began_at=quality.row_began_at or now, url=url)
    if quality.row < min_outlier_streak(quality.odd):
        return quality
    return replace(quality, row=0, row_began_at=None, changed_at=quality.row_began_at)


def _continue_layout_change(quality: PageQuality, confidence: float, url: str, now: datetime) -> PageQuality:
    """Go on after a change; what is usual stays as it was until the change is over or accepted."""
    if _is_outlier(quality, confidence):
        return replace(quality, row=0, url=url)
    if quality.row + 1 < RESTORED_AFTER_PAGES:
        return replace(quality, row=quality.row + 1)
    usual = quality.usual or median(quality.recent[-RESTORED_AFTER_PAGES:])
    return replace(quality, usual=usual, row=0, url="", changed_at=None, mended_at=now)


class SourceState(StrEnum):
    """The one state a source is in; all but ``OK`` and ``PAUSED`` are reported to the reader."""

    OK = "ok"
    QUIET = "quiet"
    FAILING = "failing"
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    GAP = "gap"
    PAUSED = "paused"


HEALTHY_STATES = frozenset({SourceState.OK, SourceState.PAUSED})


@dataclass(frozen=True, slots=True)
class PollState:
    """What one poll leaves for the next. Counts are weighted failures since the last success (``timing.py``).

    ``baseline_at`` is the time of the first poll that read the document, even an empty one: what was published
    before it was there before we watched.
    ``entries`` is how many the last document held, ``ttl`` how long it asked to be left alone. ``notice`` is what the
    reader was told last about the source, at ``reported_at``, of a state that began at ``reported_since_at`` and was
    first told at ``told_at``. ``pages`` is what the reading of its articles' pages left, which polls only look at;
    ``accepted_at`` names the change of their layout that was told for long enough.
    """

    source_id: str
    state: SourceState = SourceState.OK
    detail: str = ""
    remedy: str = ""
    state_since_at: datetime | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    unconditional_at: datetime | None = None
    interval: timedelta | None = None
    next_poll_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    failures: float = 0.0
    moved_to: str = ""
    moved_count: int = 0
    polls: int = 0
    reported_state: SourceState = SourceState.OK
    reported_at: datetime | None = None
    baseline_at: datetime | None = None
    entries: int = 0
    ttl: timedelta | None = None
    notice: str = ""
    told_at: datetime | None = None
    pages: PageQuality = UNKNOWN_PAGE_QUALITY
    accepted_at: datetime | None = None
    reported_since_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to poll one source until ``until_at``; ``token`` fences a worker that overslept."""

    source_id: str
    token: str
    expires_at: datetime
    poll_state: PollState
