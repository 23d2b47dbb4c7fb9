"""Digests: their plan and schedule, the hits of one period grouped by story, and the proof of coverage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from monitor.domain.article import Article
from monitor.domain.delivery import Delivery
from monitor.domain.mention import HitKind, Mention, Passage
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.read_models import NearMissSummary, QuarantineSummary


@dataclass(frozen=True, slots=True)
class Schedule:
    """Time when a digest is sent: daily at wall-clock time ``at``, by ``cron`` expression, or directly after a hit."""

    at: time | None = None
    cron: str = ""
    is_immediate: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Wall-clock hours in which no digest is sent; messages are delayed, not dropped. May span midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """Configured digest."""

    id: str
    rules: tuple[str, ...]
    schedule: Schedule
    channels: tuple[str, ...]
    timezone: str = "UTC"
    title: str = ""
    quiet_hours: QuietHours | None = None
    send_when_empty: bool = False
    max_articles: int = 200


@dataclass(frozen=True, slots=True)
class Window:
    """Period that a digest covers, by when an article was first seen: ``start_at`` is included, ``end_at`` is not."""

    start_at: datetime
    end_at: datetime


INITIAL_WINDOW_LEAD = timedelta(seconds=1)
"""The window that records the creation of a digest starts this much before its lookback, because two windows of one
digest may not have the same start.
"""


@dataclass(frozen=True, slots=True)
class ReportableHit:
    """Hit with everything needed to report it in a digest. ``outlet`` is the name of the source.

    ``duplicate_of`` is the id of the article with the same text; ``is_original_reported`` is whether this digest has
    already reported that article.
    """

    id: int
    rule_id: str
    official_ids: tuple[str, ...]
    passages: tuple[Passage, ...]
    kind: HitKind
    found_at: datetime
    article_id: int
    article: Article
    source_id: str
    outlet: str
    first_seen_at: datetime
    story_id: str = ""
    duplicate_of: int | None = None
    mentions: tuple[Mention, ...] = ()
    note: str = ""
    is_original_reported: bool = False


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One article in a digest. ``note`` describes the change, for all kinds but ``NEW``.

    ``partial`` is as in ``Article``.
    """

    article_id: int
    url: str
    title: str
    source_id: str
    outlet: str
    published_at: datetime | None
    first_seen_at: datetime
    language: str
    rules: tuple[str, ...]
    officials: tuple[str, ...]
    passages: tuple[Passage, ...]
    kind: HitKind = HitKind.NEW
    note: str = ""
    partial: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateItem:
    """Same text at another outlet; listed in one line, never as an item of its own."""

    article_id: int
    url: str
    title: str
    outlet: str
    language: str


@dataclass(frozen=True, slots=True)
class DigestStory:
    """One event in a digest, most prominent item first."""

    id: str
    title: str
    officials: tuple[str, ...]
    items: tuple[DigestItem, ...]
    also_in: tuple[DuplicateItem, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Source that is not read as configured: its state, since when, the reason, and a suggestion how to fix it."""

    source_id: str
    outlet: str
    state: SourceState
    detail: str
    since_at: datetime | None
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Proof of what was read in a window: configured sources, sources read, articles read, and problems."""

    sources: int = 0
    read: int = 0
    articles: int = 0
    faults: tuple[SourceProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class LastWindow:
    """End of a digest's last window.

    ``lookback_start_at`` is the start of the first window if the digest has reported nothing yet, else None.
    """

    end_at: datetime
    lookback_start_at: datetime | None


@dataclass(frozen=True, slots=True)
class DigestQuery:
    """Selection of the inputs of one digest, for ``load_inputs``.

    Hits are the ones that the digest has not reported, found before ``hits_before`` and not before ``found_since``.
    With ``period_start_at`` they are all hits found since then, reported or not. With ``requires_hits``, nothing else
    is loaded if there are none.
    """

    window: Window
    hits_before: datetime
    official_ids: frozenset[str]
    chart_days: tuple[datetime, ...]
    near_miss_window: Window | None = None
    near_miss_limit: int = 0
    found_since: datetime | None = None
    period_start_at: datetime | None = None
    requires_hits: bool = False


@dataclass(frozen=True, slots=True)
class DigestInputs:
    """Everything that a digest is composed from, as of one moment.

    ``daily_mentions`` are counts per chart day by official. ``source_states`` are the states of sources with a notice.
    """

    hits: tuple[ReportableHit, ...] = ()
    undelivered_hit_ids: frozenset[int] = frozenset()
    coverage: Coverage = field(default_factory=Coverage)
    daily_mentions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    quarantined: tuple[QuarantineSummary, ...] = ()
    near_misses: tuple[NearMissSummary, ...] = ()
    failed_deliveries: tuple[Delivery, ...] = ()
    source_states: tuple[PollState, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficialSummary:
    """Official as shown in a digest: name, position at the articles' date, and mentions per day, oldest first."""

    id: str
    name: str
    post: str = ""
    daily: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Composed digest, ready to be rendered.

    ``overflow`` counts the articles beyond ``max_articles``, which are not listed.
    """

    id: str
    title: str
    window: Window
    composed_at: datetime
    timezone: str
    late: bool = False
    stories: tuple[DigestStory, ...] = ()
    subjects: tuple[OfficialSummary, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    notices: tuple[str, ...] = ()
    overflow: int = 0
