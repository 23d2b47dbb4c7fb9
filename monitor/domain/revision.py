"""Articles that change after they were told: what is looked at again, what changed, and what is told of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, HitKind, RuleHit

T = TypeVar("T")

RECHECK_DELAYS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""How long after it was found a told article's page is looked at again."""

CONFIRM_MISSING_AFTER = timedelta(hours=1)
"""A page that is gone is asked for once more after this long: servers answer 404 for a moment."""

MIN_RECHECK_INTERVAL = timedelta(minutes=10)
"""A feed that touches an entry again and again has its page looked at no more often than this."""


def next_recheck_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """Return when an article is to be looked at next, or None after the last time."""
    return next((first_seen_at + after for after in RECHECK_DELAYS if first_seen_at + after > now), None)


@dataclass(frozen=True, slots=True)
class Recheck:
    """A told article leased for another look. ``missing`` counts how often in a row its page was gone."""

    stored: StoredArticle
    findings: Findings
    missing_count: int
    token: str


@dataclass(frozen=True, slots=True)
class ArticleEvent:
    """A change to be told under a rule, with the words that prove it."""

    hit: RuleHit
    kind: HitKind
    note: str


class RecheckStore(Protocol):
    """Told articles whose pages are looked at again over days. Each call is one transaction."""

    def lease_due(self, now: datetime, limit: int, expires_at: datetime) -> list[Recheck]:
        """Lease articles that are due for another look, longest overdue first."""
        ...

    def record_result(self, recheck: Recheck, now: datetime, due_at: datetime | None, missing_count: int = 0) -> None:
        """Keep the article as it is. Raises ``LeaseLost``."""
        ...

    def record_change(
        self,
        recheck: Recheck,
        article: Article,
        findings: Findings,
        events: Sequence[ArticleEvent],
        now: datetime,
        due_at: datetime | None,
    ) -> None:
        """Put a new version in the article's place, keep the old one, and store what is to be told, at once.

        Raises ``LeaseLost``.
        """
        ...


class RecheckDatabase(Protocol):
    """The part of the database that looking again needs."""

    @property
    def rechecks(self) -> RecheckStore:
        """Articles to be looked at again."""
        ...

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method on the writer thread."""
        ...
