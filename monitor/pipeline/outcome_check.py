"""Outcome check: tests whether articles become digests, and whether digests reach their readers, in time.

Jobs that run without an error can still fall behind. The heartbeat must not report health while readers get nothing.
"""

from datetime import datetime, timedelta

from monitor.domain.configuration import Configuration
from monitor.domain.ports import Clock, DigestSchedule
from monitor.store.database import Database

MAX_DELIVERY_DELAY = timedelta(hours=1)  # mail servers that greylist accept a message within an hour
MAX_MATCHING_DELAY = timedelta(minutes=15)  # the articles of a first pass over 2,000 feeds are matched in less time
MAX_DIGEST_DELAY = timedelta(minutes=15)
MAX_LOG_BYTES = 200_000_000  # without a long reader it stays near 4 MB, the size of a checkpoint

DELIVERY, MATCHING, DIGEST_TIMES, DATABASE_LOG = "delivery", "matching", "digest times", "database log"


class OutcomeCheck:
    """Check for overdue work, and for a write-ahead log of the database that grows too long.

    There is one instance per configuration.
    """

    def __init__(
        self, database: Database, timetable: DigestSchedule, configuration: Configuration, clock: Clock
    ) -> None:
        self._database, self._timetable = database, timetable
        self._plans = [plan for plan in configuration.digests if not plan.schedule.is_immediate]
        self._clock, self._started_at = clock, clock()

    async def run(self) -> dict[str, str]:
        """Return a dictionary that maps each checked part of the program to a sentence about its problem.

        An example of a part is matching. For a part without a problem, the sentence is empty. Raises ``StoreError``.
        """
        return await self._database.read(self._find_problems, self._clock())

    def _find_problems(self, now: datetime) -> dict[str, str]:
        pending_at = self._database.deliveries.count_outbox().oldest_pending_at
        unmatched_at = self._database.queries.oldest_unmatched_at()
        return {
            DELIVERY: _describe_delay("a delivery has been pending", pending_at, now, MAX_DELIVERY_DELAY),
            MATCHING: _describe_delay("an article has waited to be matched", unmatched_at, now, MAX_MATCHING_DELAY),
            DATABASE_LOG: _describe_log(self._database.maintenance.measure_write_ahead_log()),
            DIGEST_TIMES: ", ".join(f"{plan_id} is overdue" for plan_id in self._list_overdue_plans(now)),
        }

    def _list_overdue_plans(self, now: datetime) -> list[str]:
        """Return the ids of digest plans whose last scheduled digest is overdue by more than ``MAX_DIGEST_DELAY``.

        A plan that has never had a digest is overdue if it has become due since this check was created.
        """
        overdue = []
        for plan in self._plans:
            end_at = self._database.digests.last_window_end(plan.id) or self._started_at
            if self._timetable.last_due(plan, end_at, now - MAX_DIGEST_DELAY):
                overdue.append(plan.id)
        return overdue


def _describe_delay(event: str, since: datetime | None, now: datetime, limit: timedelta) -> str:
    if since is None or now - since <= limit:
        return ""
    return f"{event} for {(now - since) // timedelta(minutes=1)} minutes"


def _describe_log(size: int) -> str:
    if size <= MAX_LOG_BYTES:
        return ""
    return (
        f"the write-ahead log has grown to {size / 1e6:.0f} MB, because another program has read the database for a "
        "long time; end that program"
    )
