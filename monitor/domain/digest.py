"""Digests: plan and schedule, the hits of one period grouped by story, and the coverage (what was read)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Literal

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
from monitor.domain.translation import NO_TRANSLATION, Translation
from monitor.domain.value_parsers import parse_quiet_hours


@dataclass(frozen=True, slots=True)
class Schedule:
    """Time when a digest is sent: daily at the wall-clock times ``at``, by ``cron``, or directly after a hit."""

    at: tuple[time, ...] = ()
    cron: str = ""
    is_immediate: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Wall-clock hours in which no digest is sent; messages are delayed, not dropped. May span midnight."""

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
    """Configured digest: its rules, channels and schedule."""

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
        """Return when the digest is due."""
        if isinstance(self.at, time):
            return Schedule(at=(self.at,), cron=self.cron)
        if isinstance(self.at, tuple):
            return Schedule(at=self.at, cron=self.cron)
        return Schedule(cron=self.cron, is_immediate=self.at == "immediately")

    def accepts(self, hit: "ReportableHit") -> bool:
        """Return whether the digest lists a hit: by its language, and unless its story is muted."""
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


@dataclass(frozen=True, slots=True)
class Window:
    """Period that a digest covers, by when an article was first seen: ``start_at`` is included, ``end_at`` is not."""

    start_at: datetime
    end_at: datetime


OPERATOR_PLAN_ID = "operator"
"""Id of the reports to ``settings.operator``; no digest of the file may have it."""

INITIAL_WINDOW_LEAD = timedelta(seconds=1)
"""The window that records the creation of a digest starts this much before its lookback, because two windows of one
digest may not have the same start.
"""


@dataclass(frozen=True, slots=True)
class ReportableHit:
    """Hit with everything needed to report it in a digest. ``outlet`` is the name of the source.

    ``duplicate_of`` is the id of the article with the same text; ``is_original_reported`` is whether this digest has
    already reported that article, ``original_title`` its headline.
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


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One article in a digest. ``note`` and ``changes`` describe what changed, for all kinds but ``NEW``.

    ``partial_reason`` is as in ``Article``.
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


@dataclass(frozen=True, slots=True)
class DuplicateItem:
    """The same text in another outlet; listed in one line, never as a separate item."""

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
    official_ids: tuple[str, ...]
    items: tuple[DigestItem, ...]
    also_in: tuple[DuplicateItem, ...] = ()

    @property
    def leading_rule(self) -> str:
        """The rule under which a story without officials is listed."""
        return next((rule for item in self.items for rule in item.rule_ids), FOLLOWED_SECTION)


FOLLOWED_SECTION = "followed-stories"
"""Section of stories without officials and rules, which are only followed."""


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
    """Coverage of a window: numbers of configured sources, of sources read and of articles read, and problems.

    ``held`` of the articles are in quarantine. In the last documents, ``merged`` entries were listed twice, and
    ``dropped`` ones were not stored: empty, or more than are read.
    """

    source_count: int = 0
    read_count: int = 0
    article_count: int = 0
    problems: tuple[SourceProblem, ...] = ()
    quarantined_count: int = 0
    merged_count: int = 0
    dropped_count: int = 0


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
    ``retractions`` are reports of this digest that a verdict has rejected since. ``marks`` are the marks for this
    digest, ``followed`` articles without a hit in followed stories. ``unsubscribed`` are channel and target
    of readers who have unsubscribed from the digest.
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

    @property
    def has_reports(self) -> bool:
        """Return whether there is anything to report about articles."""
        return bool(self.hits or self.retractions or self.followed)


@dataclass(frozen=True, slots=True)
class ReportedContent:
    """Content of a digest as it is stored with its hits.

    ``official_ids`` are the officials of each hit. ``hidden_hit_ids`` are hits that the digest does not show, because
    their story is muted, for example. ``followed_article_ids`` are articles without a hit.
    """

    official_ids: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    hidden_hit_ids: frozenset[int] = frozenset()
    retractions: tuple[Retraction, ...] = ()
    followed_article_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficialSummary:
    """Official as shown in a digest: name, position at the articles' date, and mentions per day, oldest first."""

    id: str
    name: str
    position: str = ""
    daily_mentions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """Composed digest, ready to be rendered.

    ``omitted_articles`` counts the articles beyond ``max_articles``, which are not listed. ``top_story_ids`` are the
    most important stories, whatever their section. ``is_for_operator`` marks a report of problems of operation.
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
