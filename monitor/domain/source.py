"""A configured origin of articles, and what the program remembers of it between polls."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.pages import UNKNOWN_PAGE_QUALITY, PageQuality


class SourceKind(StrEnum):
    """How a source lists its articles."""

    FEED = "feed"
    SITEMAP = "sitemap"
    PAGE = "page"


class TextOrigin(StrEnum):
    """Where the text of an article comes from: its own page, or the feed alone."""

    PAGE = "full"
    FEED = "feed"


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
class Selectors:
    """CSS selectors that override what the extractor would find by itself; empty means "find it"."""

    title: str = ""
    standfirst: str = ""
    body: str = ""
    published: str = ""
    published_format: str = ""
    authors: str = ""
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """How to read a page that lists articles: one match of ``items`` an article, ``link`` inside it."""

    items: str
    link: str = "a[href]"
    title: str = ""
    published: str = ""
    published_format: str = ""
    next: str = ""
    max_pages: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the user configured it. ``every`` None means automatic pace; ``expect`` None means no alarm."""

    id: str
    name: str
    kind: SourceKind
    url: str
    language: str = ""
    country: str = ""
    timezone: str = ""
    poll_interval: timedelta | None = None
    max_silence: timedelta | None = None
    text_from: TextOrigin = TextOrigin.PAGE
    selectors: Selectors = field(default_factory=Selectors)
    listing: Listing | None = None
    sitemap: str = ""
    paused: str = ""
    headers: tuple[tuple[str, str], ...] = ()


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
