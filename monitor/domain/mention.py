"""What the watch engine found in an article, and what it nearly found."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.article import Region


class MatchForm(StrEnum):
    """How a person is named: by the full name, rank or post plus a part of it, a part alone, or the post alone."""

    FULL = "full"
    WITH_TITLE = "titled"
    SHORT = "short"
    POSITION = "role"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. ``text`` is exactly ``region text[start:end]``, without honorifics; ``confidence`` is 0 to 1."""

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
    """A rejected candidate, kept so that a missed alert can be explained and mended."""

    official_id: str
    text: str
    region: Region
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The words that prove a hit: exactly ``region text[start:end]``; ``marks`` are the found words inside it,
    as offsets into the region's text.
    """

    text: str
    region: Region
    start: int
    end: int
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule satisfied by an article, with the passages that prove it."""

    rule_id: str
    officials: tuple[str, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that one look at an article brought."""

    mentions: tuple[Mention, ...] = ()
    hits: tuple[RuleHit, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


class HitKind(StrEnum):
    """Why an article is told."""

    NEW = "new"
    UPDATE = "update"
    CORRECTION = "correction"
    WITHDRAWN = "withdrawn"
