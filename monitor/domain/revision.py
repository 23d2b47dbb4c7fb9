"""Rechecks of reported articles, and the revisions (changes of an article) that rechecks find."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.article import StoredArticle
from monitor.domain.mention import Findings, HitKind, RuleHit, TextChange

RECHECK_DELAYS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Ages at which the page of a reported article is rechecked, counted from the time when the article was first seen."""

CONFIRM_MISSING_AFTER = timedelta(hours=1)
"""Time to wait before a missing page is requested again.

Only a second 404 response shows that the page is missing, because servers sometimes return 404 for a short time.
"""

MIN_RECHECK_INTERVAL = timedelta(minutes=10)
"""Minimum time between two rechecks of an article that are caused by a changed entry of the feed."""


def next_recheck_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """Return the time of the next recheck of an article, or None if no further recheck is planned."""
    return next((first_seen_at + after for after in RECHECK_DELAYS if first_seen_at + after > now), None)


@dataclass(frozen=True, slots=True)
class Recheck:
    """A reported article that is leased for a recheck.

    ``missing_count`` is the number of consecutive requests that did not find the page.
    """

    stored: StoredArticle
    findings: Findings
    missing_count: int
    token: str


@dataclass(frozen=True, slots=True)
class ArticleEvent:
    """A revision (change) of an article, which is to be reported as a hit of a rule.

    ``note`` describes the revision in words. ``changes`` are the texts before and after it.
    """

    hit: RuleHit
    kind: HitKind
    note: str
    changes: tuple[TextChange, ...] = ()
