"""Feedback of readers: verdicts on whether an official is meant, marks on stories, and a record of all changes."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from monitor.domain.article import StoredArticle

MAX_NOTE_CHARS = 500
MAX_SENTENCE_CHARS = 400
VERDICT_REASON_PREFIX = "rejected by "
"""Beginning of the reason of each near miss that results from a verdict.

No reason that the matcher gives begins with this text.
"""
EDIT = "edit"
"""Value of the field ``what`` of a ``Change`` that is an edit of a configuration file."""


class VerdictKind(StrEnum):
    """Content of a verdict: the text means the official (confirmed), or does not mean the official (rejected)."""

    REJECTED = "rejected"
    CONFIRMED = "confirmed"


class RejectionReason(StrEnum):
    """Reason that a reader gives for a rejection: why the text does not mean the official."""

    NAMESAKE = "namesake"
    OTHER_PERSON = "other-person"
    THING_OR_PLACE = "thing-or-place"
    WRONG_TIME = "wrong-time"
    OTHER = "other"


class MarkKind(StrEnum):
    """Kind of a mark that a reader sets on a story.

    ``IRRELEVANT`` means that the text does name the official, but that the story is not of interest.
    """

    READ = "read"
    MUTED = "muted"
    FOLLOWED = "followed"
    IRRELEVANT = "irrelevant"


class Way(StrEnum):
    """The interface through which feedback was given: command line, desk page, link of a digest, or API."""

    CLI = "cli"
    PAGE = "page"
    LINK = "link"
    API = "api"


class Reader(Struct, frozen=True):
    """A reader who gives feedback.

    ``seen_hit_id`` is the newest hit that the reader has marked as read; older hits count as read, too.
    """

    id: int
    login: str
    name: str = ""
    seen_hit_id: int = 0
    disabled_at: datetime | None = None

    @property
    def display_name(self) -> str:
        """Return the name of the reader, or the login if the reader has no name."""
        return self.name or self.login


class Verdict(Struct, frozen=True):
    """The statement of a reader that a text in an article names an official (confirmed), or does not (rejected).

    A verdict covers one article and its duplicates.

    - ``written`` is the text, normalized by ``text.fold.fold_written``. If it is empty, the verdict covers every
      mention of the official in the article.
    - ``root_id`` is the id of the original if ``article_id`` is a duplicate, otherwise equal to ``article_id``.
    - ``story_id`` is set only if the verdict covers all articles of the story.
    - ``sentence`` is the sentence with the name; it is stored because the article may be deleted later.
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
        """Return a text with the reader, the date and the reason of the verdict.

        It is used as the reason of a mention or near miss (a rejected mention).
        """
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.kind} by {self.reader} on {self.made_at:%-d %b %Y}{reason}"


class Mark(Struct, frozen=True):
    """A mark on a story, such as mute, either for a reader (``reader`` is set) or for a digest (``plan_id`` is set).

    If ``until_at`` is None, the end of the mark depends on the last report of the story; see ``mark_ends_at``. If
    ``rule_id`` is set, the mark is only about the reports of that rule.
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
"""Time that a mark, which a reader set on a story, lasts after the last report of the story, by kind of mark.

A mark with an explicit end lasts until this end instead. Marks of the kinds that are missing here never end.
"""


def mark_ends_at(mark: Mark, last_report_at: datetime) -> datetime | None:
    """Return the time at which a mark on a story ends, or None if the mark never ends.

    If the mark has an explicit end, this end is returned. Otherwise the end depends on the kind of the mark, and on the
    last report of the story or the time of the mark, whichever is later.
    """
    lasts = MARK_LASTS.get(mark.kind)
    if mark.until_at or lasts is None:
        return mark.until_at
    return max(last_report_at, mark.made_at) + lasts


class StoryMark(Struct, frozen=True):
    """A mark on a story that applies to a digest, with the facts about the story that are needed to apply it.

    ``official_ids`` are the officials named in the reports of the story when the mark was made. ``last_report_at`` is
    the time of the last report of the story.
    """

    mark: Mark
    title: str
    official_ids: frozenset[str] = frozenset()
    last_report_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """The time at which the mark on the story ends, or None if it never ends."""
        return mark_ends_at(self.mark, self.last_report_at or self.mark.made_at)

    def is_active(self, now: datetime) -> bool:
        """Return whether the mark on the story is still in effect at the time ``now``."""
        return self.ends_at is None or now < self.ends_at


class Change(Struct, frozen=True):
    """The record of one act of feedback, or of an edit of the configuration. `monitor undo` takes its id.

    - ``reader`` is the display name of the reader. Several readers may have the same display name.
    - ``login`` is the login of the reader, and is empty before the change is stored.
    - ``verdict_id`` or ``mark_id`` is the id of the verdict or mark that was added.
    - ``before`` and ``after`` are texts that describe the state for the user.
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
    login: str = ""

    @property
    def is_feedback(self) -> bool:
        """Return whether this is a verdict, a mark or an edit of stories. All of these can be undone."""
        return self.verdict_id is not None or self.mark_id is not None or self.what in {"read", "join", "split"}


class ProposalKind(StrEnum):
    """Kind of feedback that a proposal asks for: a verdict on an article, or muting a story in a digest."""

    REJECTED = "rejected"
    CONFIRMED = "confirmed"
    MUTED = "muted"


class ProposalOutcome(StrEnum):
    """Decision of an editor on a proposal. A proposal without a decision is ``OPEN``.

    ``DONE`` means that the feedback was given in another way, or that nothing is left to do.
    """

    OPEN = ""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"


class Proposal(Struct, frozen=True):
    """Feedback proposed by a reader who may not give feedback. It counts only if an editor accepts it.

    A proposed verdict has an article and an official, and a story if it is about the whole story. A proposed mute has a
    story and a digest plan. ``title`` is the title of the article or story, and is empty before the proposal is stored.
    """

    id: int
    kind: ProposalKind
    reader: str
    made_at: datetime
    article_id: int = 0
    official_id: str = ""
    written: str = ""
    story_id: str = ""
    plan_id: str = ""
    reason: str = ""
    note: str = ""
    way: Way = Way.PAGE
    outcome: ProposalOutcome = ProposalOutcome.OPEN
    decided_at: datetime | None = None
    decided_by: str = ""
    title: str = ""


def select_effective(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts to apply to one article: at most one for each official and each spelling of the name.

    ``verdicts`` are all verdicts on the article or on its story. A verdict on the article itself has priority over a
    verdict on the story. If several verdicts have the same priority, the newest is used. Undone verdicts are ignored.
    """
    chosen: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: (not one.story_id, one.id)):
        if verdict.undone_at is None:
            chosen[verdict.official_id, verdict.written] = verdict
    return tuple(chosen[key] for key in sorted(chosen))


class VerdictIndex:
    """In-memory index of verdicts, which finds the verdicts that apply to an article without querying the database."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self._by_root: defaultdict[int, list[Verdict]] = defaultdict(list)
        self._by_story: defaultdict[str, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            self._by_root[verdict.root_id].append(verdict)
            if verdict.story_id:
                self._by_story[verdict.story_id].append(verdict)

    def find(self, stored: StoredArticle) -> tuple[Verdict, ...]:
        """Return the verdicts that apply to an article; see ``select_effective``."""
        found = [*self._by_root.get(stored.id, ()), *self._by_story.get(stored.story_id, ())]
        if stored.duplicate_of:
            found += self._by_root.get(stored.duplicate_of, ())
        return select_effective(found)


class RescreenResult(Struct, frozen=True):
    """The result of a rescreen: how many articles were matched again, and how many hits changed.

    ``withdrawn`` hits became invalid; digests had reported ``reported`` of them. ``added`` hits are new or valid again.
    ``changed`` hits name other officials than before.
    """

    articles: int = 0
    withdrawn: int = 0
    reported: int = 0
    added: int = 0
    changed: int = 0

    def __add__(self, other: "RescreenResult") -> "RescreenResult":
        """Return the sum of two results, added count by count."""
        return RescreenResult(
            self.articles + other.articles,
            self.withdrawn + other.withdrawn,
            self.reported + other.reported,
            self.added + other.added,
            self.changed + other.changed,
        )


class FeedbackResult(Struct, frozen=True):
    """Result of an act of feedback: the stored change, and its effect on articles and hits.

    ``is_repeated`` is true if an equal verdict or mark was already in effect. Then nothing was stored, and ``change``
    is the earlier change.
    """

    change: Change
    verdict: Verdict | None = None
    mark: Mark | None = None
    rescreened: RescreenResult = field(default_factory=RescreenResult)
    is_repeated: bool = False


class Retraction(Struct, frozen=True):
    """A hit that a digest has reported, and from which a verdict has since removed some officials.

    ``official_ids`` are the ids of the removed officials. If the hit named no official, ``official_ids`` contains one
    empty text. ``verdict`` is a text about the verdict: who gave it, when and why.
    """

    hit_id: int
    article_id: int
    official_ids: tuple[str, ...]
    title: str
    outlet: str
    verdict_id: int
    verdict: str


class RuleCount(Struct, frozen=True):
    """Counts for one rule in a period: its hits, and the hits among them that verdicts have withdrawn."""

    rule_id: str
    found: int
    rejected: int
    last_at: datetime | None


class NameUse(Struct, frozen=True):
    """One spelling of an official's name in one article.

    ``form`` is the ``MatchForm`` of an accepted mention. It is empty if a reader rejected the mention.
    """

    official_id: str
    text: str
    article_id: int
    form: str
    at: datetime


MIN_REPEATED_REJECTIONS, REPETITION_PERIOD = 3, timedelta(days=30)
"""Limits for the weekly notice in a digest about names that the matcher often finds wrongly.

A spelling of a name is listed if readers rejected it at least ``MIN_REPEATED_REJECTIONS`` times in the last
``REPETITION_PERIOD``.
"""


class RepeatedRejection(Struct, frozen=True):
    """A spelling of an official's name that readers have rejected in several texts.

    ``written`` is empty if the readers rejected every spelling.
    """

    official_id: str
    written: str
    count: int
