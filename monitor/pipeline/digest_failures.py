"""Digests that could not be composed: the time of the next attempt, and the reports about the failures."""

import logging
from datetime import datetime, timedelta

from msgspec import Struct

log = logging.getLogger(__name__)

FALLBACK_AFTER = 3  # number of failures; the first two may have a cause that passes, such as a template being edited
MIN_DELAY, MAX_DELAY = timedelta(seconds=10), timedelta(minutes=10)
TRACEBACK_INTERVAL = timedelta(hours=1)


class _Failure(Struct, frozen=True):
    count: int
    error_type: str
    failed_at: datetime
    logged_at: datetime

    def delay(self) -> timedelta:
        """Return how long after the failure the digest is tried again.

        This time doubles with each failure, up to ``MAX_DELAY``.
        """
        return min(MIN_DELAY * (1 << min(self.count - 1, 10)), MAX_DELAY)


class DigestFailures:
    """Failures of each digest plan since its last success. They are kept in memory only."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}

    def must_wait(self, plan_id: str, now: datetime) -> bool:
        """Return whether it is too early to try a failed digest again.

        If the clock was set back, the digest is tried at once.
        """
        failure = self._failures.get(plan_id)
        return failure is not None and failure.failed_at <= now < failure.failed_at + failure.delay()

    def record(self, plan_id: str, error: Exception, now: datetime) -> bool:
        """Record that a digest could not be composed, and return whether a plain list of headlines must be sent.

        At most one traceback per hour is logged for each digest plan.
        """
        before = self._failures.get(plan_id)
        count = before.count + 1 if before else 1
        error_type = type(error).__name__
        logged_at = before.logged_at if before else now
        if before is None or not logged_at <= now < logged_at + TRACEBACK_INTERVAL:
            logged_at = now
            log.error("digest composition failed", exc_info=error, extra={"digest": plan_id})
        self._failures[plan_id] = _Failure(count, error_type, now, logged_at)
        return count >= FALLBACK_AFTER

    def clear(self, plan_id: str) -> None:
        """Delete the failures of a digest plan, after its digest was composed."""
        if self._failures.pop(plan_id, None):
            log.info("digest composition recovered", extra={"digest": plan_id})

    def list_problems(self) -> list[str]:
        """Return one line for each failing digest, for the report to the operator.

        The line does not contain the number of failures, so that the problem is not reported again after each failure.
        """
        return [
            f"The digest {plan_id} could not be composed ({failure.error_type}); the log has the reason."
            for plan_id, failure in sorted(self._failures.items())
        ]

    def describe(self) -> str:
        """Return one line about all failing digests, or an empty string if none fails.

        The line is for reports on the health of the program. It states only the type of each error, because an error
        message can contain text of an article.
        """
        return "; ".join(
            f"{plan_id} failed {failure.count} {'time' if failure.count == 1 else 'times'} ({failure.error_type}), "
            "see the log for the reason"
            for plan_id, failure in sorted(self._failures.items())
        )
