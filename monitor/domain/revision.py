"""Rechecks of reported articles and the changes that they find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, HitKind, RuleHit

T = TypeVar("T")

RECHECK_DELAYS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Times after its discovery at which a reported article's page is rechecked."""

CONFIRM_MISSING_AFTER = timedelta(hours=1)
"""Wait before a missing page is requested a second time, because servers respond 404 for short periods."""

MIN_RECHECK_INTERVAL = timedelta(minutes=10)
"""Minimum time between rechecks that a changed feed entry triggers."""


def next_recheck_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """Return when an article is rechecked next, or None after the last recheck."""
    return next((first_seen_at + after for after in RECHECK_DELAYS if first_seen_at + after > now), None)


@dataclass(frozen=True, slots=True)
class Recheck:
    """Reported article leased for a recheck. ``missing_count`` is how often in a row its page was missing."""

    stored: StoredArticle
    findings: Findings
    missing_count: int
    token: str


@dataclass(frozen=True, slots=True)
class ArticleEvent:
    """Change of an article to be reported under a rule, with the passages that prove it."""

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
