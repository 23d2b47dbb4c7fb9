"""Query results for the pages of the desk: hits, articles, sources and deliveries, without long texts."""

from datetime import datetime

from msgspec import Struct

from monitor.domain.article import Region, StoredArticle
from monitor.domain.delivery import DeliveryState
from monitor.domain.mention import Findings, HitKind, MatchForm
from monitor.domain.poll_state import PollState
from monitor.domain.read_models import HitSummary


class ArticleLine(Struct, frozen=True):
    """An article as a list shows it, without its text. ``outlet`` is the name of its source."""

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
        """The time of publication; if it is unknown, the time at which the article was first seen."""
        return self.published_at or self.first_seen_at


class HitLine(Struct, frozen=True):
    """A hit as a list shows it, together with its article."""

    id: int
    rule_id: str
    official_ids: tuple[str, ...]
    kind: HitKind
    found_at: datetime
    note: str
    article: ArticleLine


class StoryLine(Struct, frozen=True):
    """A story as a list shows it, without its articles.

    ``merged_into`` is the id of the story into which this story was merged, or empty.
    """

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    merged_into: str = ""


class ArticlePage(Struct, frozen=True):
    """Everything that the desk shows on the page of one article.

    ``has_snapshot`` is true if the fetched page is stored as evidence.
    """

    stored: StoredArticle
    outlet: str
    findings: Findings
    hits: tuple[HitSummary, ...]
    story_title: str
    duplicates: tuple[ArticleLine, ...]
    original: ArticleLine | None
    has_snapshot: bool
    attempts_error: str = ""


class SourceLine(Struct, frozen=True):
    """A configured source, with its poll state and the number of its articles."""

    id: str
    name: str
    kind: str
    url: str
    poll_state: PollState
    article_count: int


class DeliveryLine(Struct, frozen=True):
    """A delivery as a list shows it, without the content of its digest."""

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


class NameForm(Struct, frozen=True):
    """A spelling of an official's name in articles, with the number of mentions.

    ``last_at`` and ``article_id`` belong to the newest article with this spelling.
    """

    text: str
    form: MatchForm
    count: int
    last_at: datetime
    article_id: int


class NamedCount(Struct, frozen=True):
    """The number of articles of one outlet, in one language, about one official, or with a hit of one rule.

    ``id`` is the id of the outlet, official or rule, or the code of the language.
    """

    id: str
    name: str
    count: int


class OfficialSample(Struct, frozen=True):
    """Counts of outlets, languages and other officials in a sample: the newest articles that name an official.

    ``size`` is the number of these articles, and ``since_at`` the time of the oldest one.
    """

    size: int
    since_at: datetime | None
    outlets: tuple[NamedCount, ...]
    languages: tuple[NamedCount, ...]
    named_with: tuple[NamedCount, ...]


class HourCount(Struct, frozen=True):
    """The number of articles that were first seen in the hour that begins at ``at``."""

    at: datetime
    count: int


class ReportLine(Struct, frozen=True):
    """A digest that reported an article or a story."""

    digest_id: int
    plan_id: str
    composed_at: datetime


class StoryHour(Struct, frozen=True):
    """A story and an hour, which begins at ``at``: an article of the story was first seen in this hour.

    If the article has no story, ``story_id`` is the code of the article, such as a53.
    """

    at: datetime
    story_id: str


class MentionPlace(Struct, frozen=True):
    """The position of a mention in an article: the region (such as the body), and start and end offsets in its text."""

    region: Region
    start: int
    end: int
