"""Digests: their configuration, the hits of a window (period) grouped by story, and the sources that were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct, field
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from monitor.domain.article import Article
from monitor.domain.delivery import Delivery
from monitor.domain.feedback import RepeatedRejection, Retraction, StoryMark
from monitor.domain.field_types import (
    STRICT,
    CalendarDate,
    CronLine,
    EmailAddress,
    Flag,
    Ids,
    LanguageCode,
    ShortText,
    Texts,
    TimeZoneName,
    as_list,
    make_text_validator,
    parse_digest_time,
)
from monitor.domain.mention import HitKind, Mention, Passage, TextChange
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.read_models import NearMissSummary, QuarantineSummary
from monitor.domain.succession import Announcement
from monitor.domain.translation import NO_TRANSLATION, Translation
from monitor.domain.value_parsers import parse_quiet_hours


class Schedule(Struct, frozen=True):
    """The times at which a digest is due.

    A digest is due daily at the local times ``at``, at the times that a ``cron`` line gives, or directly after a hit.
    """

    at: tuple[time, ...] = ()
    cron: str = ""
    is_immediate: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The daily hours, in local time, in which no message is sent. Messages wait until the end of these hours.

    ``start`` is later than ``end`` if the hours include midnight.
    """

    start: time
    end: time


def _parse_quiet_hours(text: str) -> QuietHours:
    return QuietHours(*parse_quiet_hours(text))


_TIME_PATTERN = "([01][0-9]|2[0-3]):[0-5][0-9]"
_AT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^(immediately|{_TIME_PATTERN})$"},
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": f"^{_TIME_PATTERN}$"}},
    ]
}


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """A configured digest: its rules, channels and schedule."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT | {
        "json_schema_extra": {"oneOf": [{"required": ["at"]}, {"required": ["cron"]}]}
    }

    id: str
    rules: Annotated[
        Ids, Field(min_length=1, description="ids of rules, such as [border]", json_schema_extra={"minItems": 1})
    ]
    channels: Annotated[Ids, Field(description="ids of channels; default: the folder channel outbox")] = ()
    at: Annotated[
        time | tuple[time, ...] | Literal["immediately"] | None,
        BeforeValidator(parse_digest_time),
        WithJsonSchema(_AT_SCHEMA),
        Field(description='a time of day such as "07:00", a list of them, or immediately'),
    ] = None
    cron: Annotated[CronLine, Field(description='minute hour day month weekday, such as "0 7 * * mon-fri"')] = ""
    timezone: Annotated[
        TimeZoneName,
        Field(
            description="time zone of at, cron and quiet_hours; default: that of settings",
            json_schema_extra=lambda schema: schema.pop("default", None),
        ),
    ] = "UTC"
    except_on: Annotated[
        tuple[CalendarDate, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(alias="except", description="days without this digest: dates, or files with a date per line"),
    ] = ()
    readers: Annotated[Ids, Field(description="ids of readers; each gets the digest by mail, with their settings")] = ()
    languages: Annotated[
        tuple[LanguageCode, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="only articles in these languages, or of an unknown one; default: all"),
    ] = ()
    muted: Annotated[
        Texts,
        BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str),
        Field(description="ids of stories that are left out, such as [s12]"),
    ] = ()
    title: Annotated[ShortText, Field(description="headline of the digest; default: its id")] = ""
    quiet_hours: Annotated[
        QuietHours | None,
        BeforeValidator(make_text_validator(_parse_quiet_hours)),
        WithJsonSchema({"type": "string"}),
        Field(description='hours without deliveries, such as "22:00-06:00"; messages wait until they end'),
    ] = None
    send_when_empty: Annotated[
        Flag, Field(description="also send it without hits, with the list of sources that were read")
    ] = False
    max_articles: Annotated[
        int,
        Field(strict=True, ge=1, le=5000, description="maximum number of articles; the others are counted in one line"),
    ] = 200

    @property
    def schedule(self) -> Schedule:
        """The times at which the digest is due."""
        if isinstance(self.at, time):
            return Schedule(at=(self.at,), cron=self.cron)
        if isinstance(self.at, tuple):
            return Schedule(at=self.at, cron=self.cron)
        return Schedule(cron=self.cron, is_immediate=self.at == "immediately")

    def accepts(self, hit: "ReportableHit") -> bool:
        """Return whether a hit may be listed in the digest.

        The result is False if the digest excludes the language of the article, or if its story is in ``muted``.
        """
        language = hit.article.language.partition("-")[0].lower()
        is_readable = not self.languages or not language or language in self.languages
        return is_readable and hit.story_id not in self.muted


@dataclass(frozen=True, slots=True)
class DigestReader:
    """A person who gets digests by mail, in their own time zone and languages."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    address: Annotated[EmailAddress, Field(description="the mail address")]
    channel: Annotated[str, Field(description="id of the email channel to send with; default: the only one")] = ""
    timezone: Annotated[TimeZoneName, Field(description="time zone of the reader; default: that of the digest")] = ""
    languages: Annotated[
        tuple[LanguageCode, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="only articles in these languages; default: the languages of the digest"),
    ] = ()
    muted: Annotated[
        Texts,
        BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str),
        Field(description="ids of stories that this reader does not want, such as [s12]"),
    ] = ()


class Window(Struct, frozen=True):
    """A period that a digest covers. It contains the articles that were first seen in it.

    ``start_at`` belongs to the window, and ``end_at`` to the next one.
    """

    start_at: datetime
    end_at: datetime


OPERATOR_PLAN_ID = "operator"
"""Plan id of the reports to the operator. A configured digest must not have this id."""

INITIAL_WINDOW_LEAD = timedelta(seconds=1)
"""Time between the start of the first window (period) of a digest and the start of its second window.

The first window only records that the digest was created, and reports nothing. The starts must differ, because two
windows of one digest must not have the same start.
"""


class ReportableHit(Struct, frozen=True):
    """A hit with everything that a digest needs to report it.

    - ``outlet`` is the name of the source.
    - ``duplicate_of`` is the id of the original if the article is a duplicate, and ``original_title`` is the headline
      of the original.
    - ``is_original_reported`` is true if this digest has already reported the original.
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
    changes: tuple[TextChange, ...] = ()
    is_original_reported: bool = False
    original_title: str = ""


class DigestItem(Struct, frozen=True):
    """One article in a digest.

    ``note`` and ``changes`` describe what changed in the article; they are empty if ``kind`` is ``NEW``.
    ``partial_reason`` has the same meaning as in ``Article``.
    """

    article_id: int
    url: str
    title: str
    source_id: str
    outlet: str
    published_at: datetime | None
    first_seen_at: datetime
    language: str
    rule_ids: tuple[str, ...]
    official_ids: tuple[str, ...]
    passages: tuple[Passage, ...]
    kind: HitKind = HitKind.NEW
    note: str = ""
    partial_reason: str = ""
    changes: tuple[TextChange, ...] = ()
    translation: Translation = NO_TRANSLATION


class DuplicateItem(Struct, frozen=True):
    """An article with the same text as an article that the digest shows, usually from another outlet.

    The digest shows it as a line of the story, and never as a separate item.
    """

    article_id: int
    url: str
    title: str
    outlet: str
    language: str


class DigestStory(Struct, frozen=True):
    """One story in a digest.

    ``items`` are its articles, the most prominent first. ``also_in`` are the duplicates of these articles.
    """

    id: str
    title: str
    official_ids: tuple[str, ...]
    items: tuple[DigestItem, ...]
    also_in: tuple[DuplicateItem, ...] = ()

    @property
    def leading_rule(self) -> str:
        """The id of the rule under whose heading the digest lists the story.

        It is used if the story names no official.
        """
        return next((rule for item in self.items for rule in item.rule_ids), FOLLOWED_SECTION)


FOLLOWED_SECTION = "followed-stories"
"""Id of the section for stories that no rule selects, and that are in the digest only because readers follow them."""


class SourceProblem(Struct, frozen=True):
    """A source that cannot be read as configured: its state, the start of this state, the reason, and a suggestion."""

    source_id: str
    outlet: str
    state: SourceState
    detail: str
    since_at: datetime | None
    suggestion: str = ""


class Coverage(Struct, frozen=True):
    """Numbers of the sources that were read and of the articles that were found in a window (period), and problems.

    - ``source_count`` is the number of configured sources, of which ``read_count`` were read.
    - ``article_count`` is the number of articles that were first seen in the window.
    - ``problems`` are the sources that could not be read as configured.
    - ``quarantined_count`` is the number of articles that were stored, but are not reported.
    - ``merged_count`` is the number of entries that repeat another entry, in the latest document of each source.
    - ``dropped_count`` is the number of entries in these documents that were not stored, because they were empty or the
      document had too many.
    """

    source_count: int = 0
    read_count: int = 0
    article_count: int = 0
    problems: tuple[SourceProblem, ...] = ()
    quarantined_count: int = 0
    merged_count: int = 0
    dropped_count: int = 0


class LastWindow(Struct, frozen=True):
    """The last window (period) that a digest has covered.

    The first window of a digest is an initial window, which reports nothing. As long as a scheduled digest has only
    this window, ``lookback_start_at`` is the start of the period that the next digest covers. In all other cases,
    ``lookback_start_at`` is None.
    """

    end_at: datetime
    lookback_start_at: datetime | None


class DigestQuery(Struct, frozen=True):
    """Selection of the hits that ``load_inputs`` loads for one digest. All of them were found before ``hits_before``.

    - With ``period_start_at``, all hits that were found since then are selected, whether they were reported or not.
    - Without ``period_start_at``, the hits that the digest has not reported yet are selected. If ``found_since`` is
      given, only the ones that were found since then are selected.

    If ``requires_hits`` is true, nothing is loaded for a digest without news. Hits of muted stories are not news; they
    wait for a digest that has other news.
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


class DigestInputs(Struct, frozen=True):
    """Everything from which a digest is composed, read from one state of the database.

    - ``hits`` are the hits to report, and ``undelivered_hit_ids`` are the hits that this digest has not reported yet.
    - ``daily_mentions`` maps each official to the number of articles that name the official, for each day of the chart.
    - ``source_states`` are the states of sources that have a notice.
    - ``retractions`` are hits that this digest has reported and that a verdict has withdrawn since.
    - ``marks`` are the readers' marks on stories that apply to this digest, such as mute.
    - ``followed`` are articles that have no hit but belong to a story that readers follow.
    - ``unsubscribed`` are pairs of channel and target, one for each reader who has unsubscribed from the digest.
    - ``unreported_hit_ids`` are hits that are recorded, but not shown: their rules report only during a spike (key
      ``spike``), a day with unusually many stories about an official, and there was none.
    """

    hits: tuple[ReportableHit, ...] = ()
    undelivered_hit_ids: frozenset[int] = frozenset()
    coverage: Coverage = field(default_factory=Coverage)
    daily_mentions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    quarantined: tuple[QuarantineSummary, ...] = ()
    near_misses: tuple[NearMissSummary, ...] = ()
    failed_deliveries: tuple[Delivery, ...] = ()
    source_states: tuple[PollState, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    marks: tuple[StoryMark, ...] = ()
    followed: tuple[ReportableHit, ...] = ()
    repeated_rejections: tuple[RepeatedRejection, ...] = ()
    unsubscribed: frozenset[tuple[str, str]] = frozenset()
    unreported_hit_ids: frozenset[int] = frozenset()

    @property
    def has_reports(self) -> bool:
        """Return whether the digest has anything to say: an article to report, or an earlier report to retract."""
        return bool(self.hits or self.retractions or self.followed)


class PeopleNotices(Struct, frozen=True):
    """Notices about the officials of a digest.

    ``announced`` are the successions (posts that have changed hands) that the notices announce.
    """

    notices: tuple[str, ...] = ()
    announced: tuple[Announcement, ...] = ()


class ReportedContent(Struct, frozen=True):
    """Record of what a digest contains; it is stored with the digest.

    - ``official_ids`` maps the id of each hit to the officials that the digest named.
    - ``hidden_hit_ids`` are hits that the digest does not show, for example because their story is muted.
    - ``retractions`` are earlier reports that the digest retracts.
    - ``followed_article_ids`` are articles that have no hit but belong to a story that readers follow.
    - ``announced`` are the successions (changes of a post) that the digest announces.
    """

    official_ids: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    hidden_hit_ids: frozenset[int] = frozenset()
    retractions: tuple[Retraction, ...] = ()
    followed_article_ids: tuple[int, ...] = ()
    announced: tuple[Announcement, ...] = ()


class OfficialSummary(Struct, frozen=True):
    """An official as shown in a digest.

    ``position`` is the position that the official held at the date of the articles. ``daily_mentions`` are the numbers
    of articles per day that name the official, oldest first.
    """

    id: str
    name: str
    position: str = ""
    daily_mentions: tuple[int, ...] = ()


class Digest(Struct, frozen=True):
    """A composed digest, ready to be rendered.

    - ``omitted_articles`` is the number of articles that are not listed, because the digest has more than
      ``max_articles``.
    - ``top_story_ids`` are the most important stories of all sections.
    - ``is_for_operator`` is true for a report to the operator, about problems of this program.
    - ``retracted_titles`` are the headlines of reports that the digest retracts.
    """

    plan_id: str
    title: str
    window: Window
    composed_at: datetime
    timezone: str
    is_overdue: bool = False
    stories: tuple[DigestStory, ...] = ()
    officials: tuple[OfficialSummary, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    notices: tuple[str, ...] = ()
    omitted_articles: int = 0
    top_story_ids: tuple[str, ...] = ()
    is_for_operator: bool = False
    retracted_titles: tuple[str, ...] = ()
