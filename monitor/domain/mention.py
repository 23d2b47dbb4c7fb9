"""Findings of the matcher in an article: mentions of officials, rule hits, and near misses (rejected mentions)."""

from enum import StrEnum

from msgspec import Struct

from monitor.domain.article import Region


class MatchForm(StrEnum):
    """The form in which a text names an official.

    ``FULL`` is the full name, ``WITH_TITLE`` a part of the name with a title, ``SHORT`` a part of the name alone, and
    ``POSITION`` a position without a name. ``CONFIRMED`` is any text that a reader has confirmed.
    """

    FULL = "full"
    WITH_TITLE = "with_title"
    SHORT = "short"
    POSITION = "position"
    CONFIRMED = "confirmed"


class Mention(Struct, frozen=True):
    """A mention of an official in a region of an article, such as the headline or the body.

    ``text`` is the part of the region from ``start`` to ``end``. It does not include forms of address. ``confidence``
    is between 0 and 1.
    """

    official_id: str
    text: str
    region: Region
    start: int
    end: int
    form: MatchForm
    confidence: float
    reason: str


class NearMiss(Struct, frozen=True):
    """A near miss: a text that resembles the name of an official but was rejected, with the reason.

    It is stored so that users can find out why an article was not reported.
    """

    official_id: str
    text: str
    region: Region
    start: int
    end: int
    reason: str


class Passage(Struct, frozen=True):
    """A passage that proves a hit: the part of a region (such as the body) from ``start`` to ``end``.

    ``highlights`` are the start and end offsets, in the text of the region, of the words that were found.
    ``page`` is the number of the page of a PDF document, else 0.
    """

    text: str
    region: Region
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()
    page: int = 0


class RuleHit(Struct, frozen=True):
    """A rule that an article satisfies, with the passages that prove it."""

    rule_id: str
    official_ids: tuple[str, ...]
    passages: tuple[Passage, ...]


class Findings(Struct, frozen=True):
    """All mentions, hits and near misses (rejected mentions) of one article."""

    mentions: tuple[Mention, ...] = ()
    hits: tuple[RuleHit, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


class HitKind(StrEnum):
    """The reason why an article is reported.

    ``FOLLOWED`` means that the article has no hit, but belongs to a story that readers follow.
    """

    NEW = "new"
    UPDATE = "update"
    CORRECTION = "correction"
    WITHDRAWN = "withdrawn"
    FOLLOWED = "followed"


class ChangePlace(StrEnum):
    """Part of an article that changed: the headline, a passage, or the outlet's notice about a correction."""

    HEADLINE = "headline"
    PASSAGE = "passage"
    NOTICE = "notice"


class TextChange(Struct, frozen=True):
    """A difference between two versions of an article.

    ``before`` is empty if a text was added, and ``after`` is empty if a text was removed.
    """

    place: ChangePlace
    before: str
    after: str
