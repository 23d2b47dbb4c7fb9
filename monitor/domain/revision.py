"""Rechecks (later fetches of reported articles), and the revisions (changes of an article) that rechecks find."""

from datetime import datetime, timedelta

from msgspec import Struct

from monitor.domain.article import StoredArticle
from monitor.domain.mention import Findings, HitKind, RuleHit, TextChange

RECHECK_DELAYS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Times after an article was first seen at which its page is rechecked (fetched again) if the article was reported."""

CONFIRM_MISSING_AFTER = timedelta(hours=1)
"""Time to wait before a missing page is requested again.

Only a second 404 response shows that the page is missing, because servers sometimes return 404 for a short time.
"""

MIN_RECHECK_INTERVAL = timedelta(minutes=10)
"""Minimum time between two rechecks of an article (later fetches of its page) that changes in the feed cause."""


def next_recheck_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """Return the time of the next recheck (fetch of the page) of a reported article, or None if it was the last one."""
    return next((first_seen_at + after for after in RECHECK_DELAYS if first_seen_at + after > now), None)


class Recheck(Struct, frozen=True):
    """A reported article that this process has leased for a recheck (a later fetch of its page).

    ``findings`` are the mentions and hits that are stored for the article. ``missing_count`` is the number of
    consecutive requests that did not find the page. ``token`` identifies the lease.
    """

    stored: StoredArticle
    findings: Findings
    missing_count: int
    token: str


class ArticleEvent(Struct, frozen=True):
    """A revision (change) of an article, which is to be reported as a hit of a rule.

    ``note`` describes the revision in words. ``changes`` are the texts before and after it.
    """

    hit: RuleHit
    kind: HitKind
    note: str
    changes: tuple[TextChange, ...] = ()
