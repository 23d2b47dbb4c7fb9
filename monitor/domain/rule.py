"""What a reader wants to hear of: people, or a query, within sources, languages and regions."""

from dataclasses import dataclass, field

from monitor.domain.article import Region
from monitor.domain.official import Examples, Official


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
