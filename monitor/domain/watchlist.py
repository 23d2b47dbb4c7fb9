"""A watched person as the user typed him, with posts and their dates.

What a reader wants to hear of: people, or a query, within sources, languages and regions.
"""

from dataclasses import dataclass, field
from datetime import date

from monitor.domain.article import Region


@dataclass(frozen=True, slots=True)
class Role:
    """A post and when it was held; an open end means "not known" or "still"."""

    title: str
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts that must and must not match, kept beside what they test."""

    match: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """One watched person. ``exclude`` holds the phrases that cancel a mention (``not`` in the file)."""

    id: str
    name: str
    country: str = ""
    aliases: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    exclude_phrases: tuple[str, ...] = ()
    examples: Examples = field(default_factory=Examples)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule is satisfied by any of its officials, or by its query. Empty filters let everything through.

    ``roles`` also reports mentions by post alone; ``changes`` reports silent edits and withdrawals.
    """

    id: str
    officials: tuple[str, ...] = ()
    query: str = ""
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    match_positions: bool = False
    report_edits: bool = False
    examples: Examples = field(default_factory=Examples)


@dataclass(frozen=True, slots=True)
class Watchlist:
    """Everything the watch engine is built from."""

    officials: tuple[Official, ...] = ()
    rules: tuple[Rule, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
