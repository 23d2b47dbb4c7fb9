"""Rows of the pages of the desk: short forms of hits, articles, sources and deliveries, without long texts."""

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.article import Region, StoredArticle
from monitor.domain.delivery import DeliveryState
from monitor.domain.mention import Findings, HitKind, MatchForm
from monitor.domain.poll_state import PollState
from monitor.domain.read_models import HitSummary


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """Article without its text. ``outlet`` is the name of its source."""

    id: int
    title: str
    url: str
    source_id: str
    outlet: str
    language: str
    published_at: datetime | None
    first_seen_at: datetime
    story_id: str = ""
    duplicate_of: int | None = None
    version_count: int = 0

    @property
    def dated_at(self) -> datetime:
        """Return when the article was published, or first seen if that is unknown."""
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, slots=True)
class HitLine:
    """Hit with its article."""

    id: int
    rule_id: str
    official_ids: tuple[str, ...]
    kind: HitKind
    found_at: datetime
    note: str
    article: ArticleLine


@dataclass(frozen=True, slots=True)
class StoryLine:
    """Story without its articles. ``merged_into`` is the story that absorbed it, or empty."""

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Everything that the page of an article shows. ``has_snapshot`` is whether the page is kept as evidence."""

    stored: StoredArticle
    outlet: str
    findings: Findings
    hits: tuple[HitSummary, ...]
    story_title: str
    duplicates: tuple[ArticleLine, ...]
    original: ArticleLine | None
    has_snapshot: bool
    attempts_error: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Configured source with its state."""

    id: str
    name: str
    kind: str
    url: str
    poll_state: PollState
    article_count: int


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """Delivery without the content of its digest."""

    id: int
    digest_id: int
    plan_id: str
    channel_id: str
    target: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    last_error: str
    key: str


@dataclass(frozen=True, slots=True)
class NameForm:
    """Text by which an official was named, with the number of mentions and the newest article."""

    text: str
    form: MatchForm
    count: int
    last_at: datetime
    article_id: int


@dataclass(frozen=True, slots=True)
class NamedCount:
    """Number of articles of an outlet, a language, or with another official. ``id`` is its id or code."""

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class OfficialSample:
    """Counts in the newest articles that name an official: ``size`` articles since ``since_at``."""

    size: int
    since_at: datetime | None
    outlets: tuple[NamedCount, ...]
    languages: tuple[NamedCount, ...]
    named_with: tuple[NamedCount, ...]


@dataclass(frozen=True, slots=True)
class HourCount:
    """Number of articles first seen in an hour that begins at ``at``."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Digest that reported an article or story."""

    digest_id: int
    plan_id: str
    composed_at: datetime


@dataclass(frozen=True, slots=True)
class StoryHour:
    """Story of which an article was first seen in an hour that begins at ``at``.

    ``story_id`` is "a" and the id of the article if it is in no story.
    """

    at: datetime
    story_id: str


@dataclass(frozen=True, slots=True)
class MentionPlace:
    """Place of a mention in an article: offsets in the text of a region."""

    region: Region
    start: int
    end: int
