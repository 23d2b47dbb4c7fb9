"""Counts for the noise report: how often rules and names were found, and how often readers rejected what was found."""

from datetime import datetime

from sqlalchemy import case, func, literal, select

from monitor.domain.feedback import VERDICT_REASON_PREFIX, NameUse, RuleCount
from monitor.store.connections import Connections
from monitor.store.core_tables import HIT, MENTION, NEAR_MISS


class NoiseStore:
    """Store that counts how often rules and names were found, and how often readers rejected what was found."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def count_rules(self, since_at: datetime) -> list[RuleCount]:
        """Return, for each rule, how many hits were found since ``since_at``, and how many of the hits were rejected.

        A hit counts as rejected if a verdict of a reader has withdrawn it.
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

    def list_name_uses(self, since_at: datetime) -> list[NameUse]:
        """Return the spellings of officials' names that were found in articles since ``since_at``.

        Each spelling is returned once for each article and each ``MatchForm``, such as a full name or a name with a
        title. Spellings that a reader has rejected are included.
        """
        accepted = (
            select(MENTION.c.official_id, MENTION.c.text, MENTION.c.article_id, MENTION.c.form, MENTION.c.seen_at)
            .where(MENTION.c.seen_at >= since_at)
            .distinct()
        )
        rejected = (
            select(NEAR_MISS.c.official_id, NEAR_MISS.c.text, NEAR_MISS.c.article_id, literal(""), NEAR_MISS.c.seen_at)
            .where(NEAR_MISS.c.seen_at >= since_at, NEAR_MISS.c.reason.like(f"{VERDICT_REASON_PREFIX}%"))
            .distinct()
        )
        with self._connections.read_transaction() as connection:
            return [NameUse(*row) for query in (accepted, rejected) for row in connection.execute(query)]
