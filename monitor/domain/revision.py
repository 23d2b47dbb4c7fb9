"""Rechecks of reported articles and the changes that they find."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.article import StoredArticle
from monitor.domain.mention import Findings, HitKind, RuleHit, TextChange

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
    """Change of an article to be reported under a rule, with the passages that prove it.

    ``note`` describes the change in words; ``changes`` have the texts before and after it.
    """

    hit: RuleHit
    kind: HitKind
    note: str
    changes: tuple[TextChange, ...] = ()
