"""Counts for the noise report: how often rules, officials and spellings of names were found and rejected."""

from datetime import datetime

from sqlalchemy import case, func, select

from monitor.domain.feedback import VERDICT_REASON_PREFIX, FormCount, RuleCount
from monitor.store.connections import Connections
from monitor.store.core_tables import HIT, MENTION, NEAR_MISS


class NoiseStore:
    """Read access to the counts of the noise report."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def count_rules(self, since_at: datetime) -> list[RuleCount]:
        """Return, for each rule, how many hits were found since ``since_at``, and how many of them were withdrawn.

        Only hits that were withdrawn by a verdict are counted as withdrawn.
        """
        is_rejected = HIT.c.withdrawn_at.is_not(None) & HIT.c.withdrawn_by.is_not(None)
        query = (
            select(HIT.c.rule_id, func.count(), func.sum(case((is_rejected, 1), else_=0)), func.max(HIT.c.found_at))
            .where(HIT.c.found_at >= since_at)
            .group_by(HIT.c.rule_id)
            .order_by(HIT.c.rule_id)
        )
        with self._connections.read_transaction() as connection:
            return [
                RuleCount(rule, found, int(rejected), at) for rule, found, rejected, at in connection.execute(query)
            ]

    def count_forms(self, since_at: datetime) -> list[FormCount]:
        """Return the number of articles since ``since_at`` in which each spelling of an official's name was found.

        Accepted spellings and spellings that verdicts have rejected are counted separately.
        """
        accepted = (
            select(
                MENTION.c.official_id,
                MENTION.c.text,
                MENTION.c.form,
                func.count(MENTION.c.article_id.distinct()),
                func.max(MENTION.c.seen_at),
            )
            .where(MENTION.c.seen_at >= since_at)
            .group_by(MENTION.c.official_id, MENTION.c.text, MENTION.c.form)
        )
        rejected = (
            select(
                NEAR_MISS.c.official_id,
                NEAR_MISS.c.text,
                func.count(NEAR_MISS.c.article_id.distinct()),
                func.max(NEAR_MISS.c.seen_at),
            )
            .where(NEAR_MISS.c.seen_at >= since_at, NEAR_MISS.c.reason.like(f"{VERDICT_REASON_PREFIX}%"))
            .group_by(NEAR_MISS.c.official_id, NEAR_MISS.c.text)
        )
        with self._connections.read_transaction() as connection:
            counts = [FormCount(row[0], row[1], row[2], row[3], 0, row[4]) for row in connection.execute(accepted)]
            counts += [FormCount(row[0], row[1], "", 0, row[2], row[3]) for row in connection.execute(rejected)]
        return counts
