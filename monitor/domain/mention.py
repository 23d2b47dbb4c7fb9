"""Findings of the matcher in an article: mentions, rule hits and near misses."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.article import Region


class MatchForm(StrEnum):
    """Form in which an official is named: full name, name part with a title, name part alone, or position alone.

    ``CONFIRMED`` is any text that a reader has confirmed to name the official.
    """

    FULL = "full"
    WITH_TITLE = "with_title"
    SHORT = "short"
    POSITION = "position"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of an official.

    ``text`` equals the region's text from ``start`` to ``end``, without forms of address.

    ``confidence`` is between 0 and 1.
    """

    official_id: str
    text: str
    region: Region
    start: int
    end: int
    form: MatchForm
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Rejected candidate, stored so that a missed alert can be explained and fixed."""

    official_id: str
    text: str
    region: Region
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that proves a hit; equals the region's text from ``start`` to ``end``.

    ``highlights`` are the (start, end) offsets of the found words in the region's text.
    """

    text: str
    region: Region
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleHit:
    """Rule satisfied by an article, with the passages that prove it."""

    rule_id: str
    official_ids: tuple[str, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All mentions, hits and near misses of one article."""

    mentions: tuple[Mention, ...] = ()
    hits: tuple[RuleHit, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


class HitKind(StrEnum):
    """Reason why an article is reported; ``FOLLOWED`` if it only belongs to a story that readers follow."""

    NEW = "new"
    UPDATE = "update"
    CORRECTION = "correction"
    WITHDRAWN = "withdrawn"
    FOLLOWED = "followed"


class ChangePlace(StrEnum):
    """Part of an article that changed: its headline, a passage, or a notice of the outlet about the change."""

    HEADLINE = "headline"
    PASSAGE = "passage"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change of an article, as texts before and after it; an empty text was added or removed."""

    place: ChangePlace
    before: str
    after: str
