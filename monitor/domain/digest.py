"""What a reader is told: the hits of one period, by story, with proof of what was read."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from monitor.domain.article import Article
from monitor.domain.mention import HitKind, Mention, Passage
from monitor.domain.poll_state import SourceState


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a digest goes out: daily ``at`` a wall-clock time, by ``cron``, or ``once`` it is found."""

    at: time | None = None
    cron: str = ""
    is_immediate: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet hours of the wall clock, which hold messages and never drop them; may run over midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """A digest as configured."""

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
    """The period a digest speaks of, by when the program first saw an article: from start, before end."""

    start_at: datetime
    end_at: datetime


INITIAL_WINDOW_LEAD = timedelta(seconds=1)
"""So much before the time it looks back to begins the empty window that opens a digest: no two may begin at once."""


@dataclass(frozen=True, slots=True)
class ReportableHit:
    """An untold hit with all that is needed to tell it. ``outlet`` is the source's name.

    ``copy_told`` says that this digest has told the text which ``copy_of`` names before.
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
    """One article in a digest. ``note`` says what changed, for all kinds but ``NEW``; ``partial`` as in ``Article``."""

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
    """The same text at another outlet: told in one line, never as news of its own."""

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
    """A source that was not read as it should have been, since when and why, and what would mend it."""

    source_id: str
    outlet: str
    state: SourceState
    detail: str
    since_at: datetime | None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Proof of what was read: configured sources, those read in the window, articles read, and the faults."""

    sources: int = 0
    read: int = 0
    articles: int = 0
    faults: tuple[SourceProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficialSummary:
    """How an official is shown: name, the post held at the articles' date, and mentions a day, oldest first."""

    id: str
    name: str
    post: str = ""
    daily: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """A composed digest, ready to be rendered. ``overflow`` counts the articles summed up rather than shown."""

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
