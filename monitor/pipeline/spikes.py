"""Rules with the key ``spike``: they report only while unusually many stories name one of their officials."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from monitor.domain.digest import DigestInputs, DigestPlan, ReportableHit
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule

MAX_WAIT = timedelta(days=1)
"""Maximum time for which a hit (an article that satisfies a rule) waits for a spike.

A spike is a day on which unusually many stories name an official. The wait is as long as the period in which these
stories are counted.
"""


def list_spike_rules(plan: DigestPlan, rules: Iterable[Rule]) -> frozenset[str]:
    """Return the ids of a digest's rules that report only during a spike.

    A spike is a day on which unusually many stories name an official.
    """
    return frozenset(rule.id for rule in rules if rule.spike and rule.id in plan.rules)


def hold_hits(
    inputs: DigestInputs, spike_rules: Collection[str], spiking: Collection[str], end_at: datetime
) -> DigestInputs:
    """Return the content of a digest without the hits that must wait for a spike.

    A hit is one match of a rule in an article. A spike is a day on which unusually many stories name an official.

    - ``spike_rules`` are the rules whose hits wait for a spike.
    - ``spiking`` are the officials with a spike on this day. Their hits need not wait.

    A hit waits for at most one day. After that, it stays in the content and is listed in ``unreported_hit_ids``: it is
    recorded with the digest, but not shown. A hit in an article that is reported for another rule does not wait.
    """
    since = end_at - MAX_WAIT

    def is_shown(hit: ReportableHit) -> bool:
        is_in_spike = hit.found_at > since and any(one in spiking for one in hit.official_ids)
        return hit.rule_id not in spike_rules or is_in_spike

    shown = {hit.article_id for hit in inputs.hits if is_shown(hit)}
    held = [hit for hit in inputs.hits if hit.article_id not in shown]
    waiting = {hit.id for hit in held if hit.found_at > since}
    return replace(
        inputs,
        hits=tuple(hit for hit in inputs.hits if hit.id not in waiting),
        undelivered_hit_ids=inputs.undelivered_hit_ids - waiting,
        unreported_hit_ids=frozenset(hit.id for hit in held) - waiting,
    )
