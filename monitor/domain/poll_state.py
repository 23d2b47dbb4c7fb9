"""Poll state of a source, page quality of a source, and the detection of layout changes."""

from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, log
from statistics import median

from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.values import replace

MIN_LEARNED_PAGES = 10
OUTLIER_RATIO = 0.6
MIN_USABLE_CONFIDENCE = 0.25
MIN_OUTLIER_STREAK, MAX_OUTLIER_STREAK = 5, 20
MAX_CHANCE_PROBABILITY = 1e-4
RESTORED_AFTER_PAGES = 3
MIN_PROBLEM_PAGES, MIN_EXPIRED_PAGES = 3, 2
"""Values of ``PageQuality.problem_count`` at which a problem of single pages becomes a problem of the source.

The first value is for problems in general, the second one for an expired login.
"""
_RISE_RATE, _FALL_RATE = (
    0.1,
    0.02,
)  # weight of one page in the average


class PageQuality(Struct, frozen=True):
    """The quality of the pages of a source: extraction confidence, layout changes, and page problems.

    It is stored apart from the poll state, because it is updated when pages are read and not when the source is polled.
    The extraction confidence of a page is a number from 0 to 1: how likely the extracted text is the whole article and
    nothing else. An outlier is a page with a far lower confidence than usual. A layout change is a lasting fall of the
    confidence.

    - ``usual`` is the usual confidence; it is 0 until ``MIN_LEARNED_PAGES`` pages were read.
    - ``outlier_share`` is the share of outliers among the pages read; recent pages have more weight.
    - ``recent`` are the latest confidences, newest last.
    - ``streak`` is the number of latest pages in a row that were outliers. During a layout change, it is the number of
      latest pages in a row that were normal.
    - ``streak_began_at`` is the time of the first of the outliers that ``streak`` counts, otherwise None.
    - ``example_url`` is the URL of the latest outlier. It is empty after a normal page, except during a layout change.
    - ``layout_changed_at`` is the start of the present layout change, or None.
    - ``layout_restored_at`` is the last time at which a page problem ended or the earlier page quality returned.
    - ``problem`` is the reason why the text of some pages cannot be read, such as an expired login.
    - ``problem_since_at`` is the time of the first page with this problem.
    - ``problem_detail`` and ``problem_url`` are about the latest page with this problem.
    - ``problem_count`` rises by 1 with each page that has the problem, up to a limit, and falls by 1 with each page
      whose text was read.
    - ``has_problem`` becomes true when ``problem_count`` reaches the limit. It becomes false when ``problem_count``
      reaches 0 or another problem begins. So it does not change with each page if only some pages can be read.
    """

    usual: float = 0.0
    outlier_share: float = 0.0
    recent: tuple[float, ...] = ()
    streak: int = 0
    streak_began_at: datetime | None = None
    example_url: str = ""
    layout_changed_at: datetime | None = None
    layout_restored_at: datetime | None = None
    problem: PageProblem = PageProblem.NONE
    problem_detail: str = ""
    problem_count: int = 0
    has_problem: bool = False
    problem_since_at: datetime | None = None
    problem_url: str = ""

    @property
    def current_confidence(self) -> float:
        """The median confidence of the last few pages, or 0 if no page was read.

        With the median, a single outlier has no effect.
        """
        return round(median(self.recent[-MIN_OUTLIER_STREAK:]), 2) if self.recent else 0.0


UNKNOWN_PAGE_QUALITY = PageQuality()


def update_page_quality(
    quality: PageQuality, confidence: float, url: str, now: datetime, *, is_accepted: bool = False
) -> PageQuality:
    """Return the page quality of a source after one more page was read with the given extraction confidence.

    An outlier is a page with a far lower confidence than usual. A single outlier, such as a page with a video, has no
    effect.

    - A layout change begins after more consecutive outliers than are likely by chance, given the source's share of
      outliers. It also begins if most of the first pages have hardly any text.
    - A layout change ends after ``RESTORED_AFTER_PAGES`` consecutive normal pages. It also ends if ``is_accepted`` is
      true, which means that the new layout now counts as normal. The median of the recent confidences then becomes the
      usual confidence.
    """
    quality = _reduce_problem(quality, now)
    quality = replace(quality, recent=(*quality.recent, confidence)[-MIN_LEARNED_PAGES:])
    if quality.layout_changed_at is not None:
        return _relearn_usual(quality) if is_accepted else _continue_layout_change(quality, confidence, url, now)
    if quality.usual:
        return _track_outliers(quality, confidence, url, now)
    if len(quality.recent) < MIN_LEARNED_PAGES:
        return quality
    return (
        _relearn_usual(quality)
        if median(quality.recent) >= MIN_USABLE_CONFIDENCE
        else replace(quality, layout_changed_at=now, example_url=url)
    )


def add_page_problem(quality: PageQuality, problem: PageProblem, detail: str, url: str, now: datetime) -> PageQuality:
    """Return the updated page quality of a source after the text of one of its pages could not be read.

    ``problem`` is the reason. The page at ``url`` is ignored in the detection of layout changes.
    """
    is_same = problem is quality.problem
    limit = MIN_EXPIRED_PAGES if problem is PageProblem.LOGIN_EXPIRED else MIN_PROBLEM_PAGES
    count = min(quality.problem_count + 1, limit) if is_same else 1
    return replace(
        quality,
        problem=problem,
        problem_detail=detail,
        problem_count=count,
        has_problem=count == limit or (is_same and quality.has_problem),
        problem_since_at=quality.problem_since_at if is_same else now,
        problem_url=url,
    )


def _reduce_problem(quality: PageQuality, now: datetime) -> PageQuality:
    """Return the page quality of a source after a page was read without a problem.

    The number of recent pages with the problem is reduced by one. The problem ends when the number is 0.
    """
    if quality.problem_count > 1:
        return replace(quality, problem_count=quality.problem_count - 1)
    if quality.problem is PageProblem.NONE:
        return quality
    restored_at = now if quality.has_problem else quality.layout_restored_at
    return replace(
        quality,
        problem=PageProblem.NONE,
        problem_detail="",
        problem_count=0,
        has_problem=False,
        problem_since_at=None,
        problem_url="",
        layout_restored_at=restored_at,
    )


def min_outlier_streak(outlier_share: float) -> int:
    """Return the number of consecutive outliers that show a layout change.

    An outlier is a page whose extraction confidence is far lower than usual. The number is higher for a source with a
    high share of outliers.
    """
    by_chance = ceil(log(MAX_CHANCE_PROBABILITY) / log(min(max(outlier_share, 0.01), 0.99)))
    return min(max(by_chance, MIN_OUTLIER_STREAK), MAX_OUTLIER_STREAK)


def _is_outlier(quality: PageQuality, confidence: float) -> bool:
    if not quality.usual:
        return confidence < MIN_USABLE_CONFIDENCE
    return quality.usual >= MIN_USABLE_CONFIDENCE and confidence < OUTLIER_RATIO * quality.usual


def _relearn_usual(quality: PageQuality) -> PageQuality:
    """Return the page quality with a new usual confidence, which is the median of the recent confidences.

    The usual confidence is at least 0.01, because 0 means that it is unknown.
    """
    usual = max(median(quality.recent), 0.01)
    outlier_share = sum(confidence < OUTLIER_RATIO * usual for confidence in quality.recent) / len(quality.recent)
    return PageQuality(usual, outlier_share, quality.recent)


def _track_outliers(quality: PageQuality, confidence: float, url: str, now: datetime) -> PageQuality:
    """Return the page quality after one more page was read while no layout change was in progress.

    If the page is normal, its extraction confidence changes the usual confidence of the source a little. If the page is
    an outlier (its confidence is far lower than usual), the number of consecutive outliers rises. A layout change
    begins if this number is high enough.
    """
    is_outlier = _is_outlier(quality, confidence)
    quality = replace(
        quality, outlier_share=round(quality.outlier_share + _FALL_RATE * (is_outlier - quality.outlier_share), 4)
    )
    if not is_outlier:
        step = _RISE_RATE if confidence > quality.usual else _FALL_RATE
        usual = quality.usual + step * (confidence - quality.usual)
        return replace(quality, usual=round(usual, 4), streak=0, streak_began_at=None, example_url="")
    quality = replace(
        quality, streak=quality.streak + 1, streak_began_at=quality.streak_began_at or now, example_url=url
    )
    if quality.streak < min_outlier_streak(quality.outlier_share):
        return quality
    return replace(quality, streak=0, streak_began_at=None, layout_changed_at=quality.streak_began_at)


def _continue_layout_change(quality: PageQuality, confidence: float, url: str, now: datetime) -> PageQuality:
    """Return the page quality after one more page was read during a layout change, which this page may end.

    The source's usual confidence is not updated before the layout change has ended.
    """
    if _is_outlier(quality, confidence):
        return replace(quality, streak=0, example_url=url)
    if quality.streak + 1 < RESTORED_AFTER_PAGES:
        return replace(quality, streak=quality.streak + 1)
    usual = quality.usual or median(quality.recent[-RESTORED_AFTER_PAGES:])
    return replace(quality, usual=usual, streak=0, example_url="", layout_changed_at=None, layout_restored_at=now)


class EntryCounts(Struct, frozen=True):
    """The numbers of entries (links to articles) in a document, by what was done with them.

    ``total`` is the number of entries that were read. Each of these is counted exactly once:

    - ``new`` and ``quarantined`` entries were stored.
    - ``known`` entries belong to articles that were already stored.
    - ``merged`` entries repeat another entry of the document.
    - ``empty`` entries lack a URL in a list of links, or have neither title nor URL nor text.

    ``left_out`` entries were not read and are not in ``total``, because the document has more entries than are read, or
    ends inside an entry.
    """

    total: int = 0
    new: int = 0
    quarantined: int = 0
    known: int = 0
    merged: int = 0
    empty: int = 0
    left_out: int = 0

    @property
    def unaccounted(self) -> int:
        """Return the number of entries that are in none of the counts. If it is not 0, this program has a bug."""
        return self.total - self.new - self.quarantined - self.known - self.merged - self.empty

    def __str__(self) -> str:
        """Return the counts as text, such as "30 entries: 2 new, 27 known, 1 listed twice"."""
        parts = [
            f"{count} {label}"
            for count, label in (
                (self.new, "new"),
                (self.quarantined, "in quarantine"),
                (self.known, "known"),
                (self.merged, "listed twice"),
                (self.empty, "empty"),
                (self.unaccounted, "unaccounted for"),
                (self.left_out, "left out"),
            )
            if count
        ]
        return f"{self.total} entries: {', '.join(parts) or 'none'}"


NO_ENTRIES = EntryCounts()


class SourceState(StrEnum):
    """The state of a source. All states except ``OK`` and ``PAUSED`` are problems and are reported in notices."""

    OK = "ok"
    QUIET = "quiet"
    FAILING = "failing"
    BLOCKED = "blocked"
    MOVED = "moved"
    GONE = "gone"
    GAP = "gap"
    NEEDS_JAVASCRIPT = "needs_javascript"
    LOGIN_EXPIRED = "login_expired"
    PAUSED = "paused"


HEALTHY_STATES = frozenset({SourceState.OK, SourceState.PAUSED})


class SitemapMemory(Struct, frozen=True):
    """URLs of sitemaps that earlier polls have found in a sitemap index and read.

    ``productive`` sitemaps contained new addresses. ``known`` sitemaps were read before, so an address that appears in
    one of them later belongs to a new article. In both tuples, the sitemaps of the latest poll come first.
    """

    productive: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


NO_SITEMAP_MEMORY = SitemapMemory()


class PollState(Struct, frozen=True):
    """State of a source that a poll stores for the next poll.

    - ``failures`` is the weighted number of failures since the last success (``polling_policy.py``).
    - ``baseline_at`` is the time of the first successful poll. The setting ``backfill`` states how long before this
      time an article may have been published and still be reported.
    - ``entries`` is the number of entries in the last document, and ``ttl`` is the minimum poll interval that it asks
      for.
    - ``counts`` are the numbers of entries that were new, known and so on at the last poll that received new content.
    - ``sitemaps`` are the sitemaps that earlier polls have read, if the source is a sitemap index.
    - ``parsing_hash`` identifies the settings by which the last document was parsed, such as the selectors of a
      listing.
    - ``interrupted_polls`` is the number of polls that began and never ended since the last document was read.
    - ``notice`` is the last notice about the source. It was sent at ``reported_at``, about a state that began at
      ``reported_since_at`` and was first reported at ``first_reported_at``.
    - ``page_quality`` is updated when pages are read; a poll only reads it.
    - ``accepted_at`` equals ``page_quality.layout_changed_at`` if the layout change is no longer reported, because the
      new layout counts as normal.
    """

    source_id: str
    state: SourceState = SourceState.OK
    detail: str = ""
    suggestion: str = ""
    state_since_at: datetime | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    parsing_hash: str = ""
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
    first_reported_at: datetime | None = None
    page_quality: PageQuality = UNKNOWN_PAGE_QUALITY
    accepted_at: datetime | None = None
    reported_since_at: datetime | None = None
    sitemaps: SitemapMemory = NO_SITEMAP_MEMORY
    counts: EntryCounts = NO_ENTRIES
    interrupted_polls: int = 0


class Lease(Struct, frozen=True):
    """The exclusive right of a process to poll one source until ``expires_at``.

    After a lease has expired, another process may get a lease with a new ``token``. Writes with the old token are then
    refused.
    """

    source_id: str
    token: str
    expires_at: datetime
    poll_state: PollState
