"""Feedback of readers: verdicts on who is meant, marks on stories, and the changes that record both."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.article import StoredArticle

MAX_NOTE_CHARS = 500
MAX_SENTENCE_CHARS = 400
VERDICT_REASON_PREFIX = "rejected by "
"""Start of the reason of a near miss that a verdict made; the matcher itself gives no such reason."""


class VerdictKind(StrEnum):
    """Statement of a reader that an official is not meant, or is meant."""

    REJECTED = "rejected"
    CONFIRMED = "confirmed"


class RejectionReason(StrEnum):
    """Reason why an official is not meant."""

    NAMESAKE = "namesake"
    OTHER_PERSON = "other-person"
    THING_OR_PLACE = "thing-or-place"
    WRONG_TIME = "wrong-time"
    OTHER = "other"


class MarkKind(StrEnum):
    """Mark on a story. ``IRRELEVANT`` means that the right person is named, but the story is of no interest."""

    READ = "read"
    MUTED = "muted"
    FOLLOWED = "followed"
    IRRELEVANT = "irrelevant"


class Way(StrEnum):
    """Interface through which a change was made."""

    CLI = "cli"
    PAGE = "page"
    LINK = "link"
    API = "api"


@dataclass(frozen=True, slots=True)
class Reader:
    """Person who gives feedback. ``seen_hit_id`` is the newest hit that the reader has marked as read."""

    id: int
    login: str
    name: str = ""
    seen_hit_id: int = 0
    disabled_at: datetime | None = None

    @property
    def display_name(self) -> str:
        """Return the name, or the login of a reader without one."""
        return self.name or self.login


@dataclass(frozen=True, slots=True)
class Verdict:
    """Word of a reader on whether an official is meant by the texts ``written`` in an article and its duplicates.

    ``written`` is folded (``text.fold.fold_written``); an empty one means every way the official is named there.
    ``root_id`` is the article of which the others are duplicates. ``story_id`` is empty unless the verdict counts for
    all articles of the story. ``sentence`` is the text around the name: the article itself may be deleted later.
    """

    id: int
    kind: VerdictKind
    official_id: str
    article_id: int
    root_id: int
    reader: str
    made_at: datetime
    story_id: str = ""
    written: str = ""
    reason: str = ""
    note: str = ""
    sentence: str = ""
    way: Way = Way.CLI
    undone_at: datetime | None = None

    def explain(self) -> str:
        """Return who gave the verdict and when, as the reason of a mention or near miss."""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.kind} by {self.reader} on {self.made_at:%-d %b %Y}{reason}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark on a story, by a reader or for a digest: exactly one of ``reader`` and ``plan_id`` is set.

    ``until_at`` is None if the mark ends by itself, some days after the story's last report (``mark_ends_at``).
    ``rule_id`` is set if only the reports of one rule are meant.
    """

    id: int
    kind: MarkKind
    story_id: str
    made_by: str
    made_at: datetime
    reader: str = ""
    plan_id: str = ""
    rule_id: str = ""
    until_at: datetime | None = None
    way: Way = Way.CLI
    undone_at: datetime | None = None


MARK_LASTS = {MarkKind.MUTED: timedelta(days=14), MarkKind.FOLLOWED: timedelta(days=7)}
"""Time after the last report of a story at which a mark without an end of its own ends."""


def mark_ends_at(mark: Mark, last_report_at: datetime) -> datetime | None:
    """Return when a mark ends, or None if it never ends."""
    lasts = MARK_LASTS.get(mark.kind)
    if mark.until_at or lasts is None:
        return mark.until_at
    return max(last_report_at, mark.made_at) + lasts


@dataclass(frozen=True, slots=True)
class StoryMark:
    """Mark of a digest on a story that its reports depend on.

    ``official_ids`` are the officials that its reports had named when the mark was made, ``last_report_at`` is the time
    of the last report of the story.
    """

    mark: Mark
    title: str
    official_ids: frozenset[str] = frozenset()
    last_report_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """The end of the mark; None if it never ends."""
        return mark_ends_at(self.mark, self.last_report_at or self.mark.made_at)

    def is_active(self, now: datetime) -> bool:
        """Return whether the mark counts at a time."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True)
class Change:
    """Entry of the record of all feedback; `monitor undo` takes its id.

    ``verdict_id`` or ``mark_id`` refers to what was added, if it can be undone. ``before`` and ``after`` are texts for
    people.
    """

    id: int
    what: str
    subject: str
    reader: str
    way: Way
    made_at: datetime
    before: str = ""
    after: str = ""
    verdict_id: int | None = None
    mark_id: int | None = None
    undone_at: datetime | None = None
    undone_by: str = ""


def select_effective(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts that count in one article, at most one for each official and way of writing.

    A verdict on the article counts before one on its whole story, and of equal ones the newest.
    """
    chosen: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: (not one.story_id, one.id)):
        if verdict.undone_at is None:
            chosen[verdict.official_id, verdict.written] = verdict
    return tuple(chosen[key] for key in sorted(chosen))


class VerdictIndex:
    """Verdicts by the text and the story that they are about, to look up the ones of many articles."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self._by_root: defaultdict[int, list[Verdict]] = defaultdict(list)
        self._by_story: defaultdict[str, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            self._by_root[verdict.root_id].append(verdict)
            if verdict.story_id:
                self._by_story[verdict.story_id].append(verdict)

    def find(self, stored: StoredArticle) -> tuple[Verdict, ...]:
        """Return the verdicts that count in an article."""
        found = [*self._by_root.get(stored.id, ()), *self._by_story.get(stored.story_id, ())]
        if stored.duplicate_of:
            found += self._by_root.get(stored.duplicate_of, ())
        return select_effective(found)


@dataclass(frozen=True, slots=True)
class RescreenResult:
    """Numbers of articles screened again, and of their hits by what happened to them.

    ``withdrawn`` hits do not hold any more, ``reported`` of them were reported by a digest. ``added`` hits are new or
    hold again. ``changed`` hits name other officials than before.
    """

    articles: int = 0
    withdrawn: int = 0
    reported: int = 0
    added: int = 0
    changed: int = 0

    def __add__(self, other: "RescreenResult") -> "RescreenResult":
        """Return the sums."""
        return RescreenResult(
            self.articles + other.articles,
            self.withdrawn + other.withdrawn,
            self.reported + other.reported,
            self.added + other.added,
            self.changed + other.changed,
        )


@dataclass(frozen=True, slots=True)
class Retraction:
    """Official that a digest has named for an article, and that a verdict has rejected since.

    ``official_ids`` has an empty text if the rule had a hit without an official. ``verdict`` says who rejected it.
    """

    hit_id: int
    article_id: int
    official_ids: tuple[str, ...]
    title: str
    outlet: str
    verdict_id: int
    verdict: str


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Hits of a rule in a period, and how many of them verdicts have withdrawn."""

    rule_id: str
    found: int
    rejected: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class FormCount:
    """Articles in which a text was taken for an official: accepted, or rejected by readers.

    ``form`` is the MatchForm of accepted ones; it is empty for rejected ones.
    """

    official_id: str
    text: str
    form: str
    accepted: int
    rejected: int
    last_at: datetime | None


MIN_REPEATED_REJECTIONS, REPETITION_PERIOD = 3, timedelta(days=30)
"""Rejections of one written form within a period, from which on the weekly notice names the form."""


@dataclass(frozen=True, slots=True)
class RepeatedRejection:
    """Way of writing an official that readers have rejected in several texts; ``written`` is empty for every way."""

    official_id: str
    written: str
    count: int
