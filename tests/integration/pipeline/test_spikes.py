"""Which hits of rules with ``spike`` a digest reports."""

from datetime import timedelta

import pytest
from support.rows import NOW

from monitor.domain.article import Article
from monitor.domain.digest import DigestInputs, DigestPlan, ReportableHit
from monitor.domain.mention import HitKind
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule
from monitor.pipeline.spikes import hold_hits, list_spike_rules

HOUR = timedelta(hours=1)
HIT = ReportableHit(1, "alarm", ("ada",), (), HitKind.NEW, NOW - HOUR, 1, Article("https://a.example/1"), "a", "A", NOW)


def inputs(*hits: ReportableHit) -> DigestInputs:
    return DigestInputs(hits=hits, undelivered_hit_ids=frozenset(hit.id for hit in hits))


def test_a_hit_waits_for_a_spike_of_its_official() -> None:
    """It is neither reported nor recorded; with a spike it is as any other hit."""
    held = hold_hits(inputs(HIT), {"alarm"}, {"bob"}, NOW)
    assert (held.hits, held.undelivered_hit_ids, held.unreported_hit_ids) == ((), frozenset(), frozenset())
    assert hold_hits(inputs(HIT), {"alarm"}, {"bob", "ada"}, NOW) == inputs(HIT)
    assert hold_hits(inputs(HIT), {"other"}, set(), NOW) == inputs(HIT)


def test_a_hit_waits_one_day() -> None:
    """After that it is recorded as not reported."""
    old = replace(HIT, found_at=NOW - timedelta(days=1))
    held = hold_hits(inputs(old), {"alarm"}, (), NOW)
    assert (held.hits, held.unreported_hit_ids) == ((old,), frozenset({1}))


def test_a_hit_does_not_wait_if_another_rule_reports_the_article() -> None:
    """The article would be reported twice."""
    both = inputs(HIT, replace(HIT, id=2, rule_id="other"))
    assert hold_hits(both, {"alarm"}, (), NOW) == both


@pytest.mark.parametrize(("rules", "expected"), [(("alarm", "x"), {"alarm"}), (("x",), set())])
def test_only_the_rules_of_the_digest_count(rules: tuple[str, ...], expected: set[str]) -> None:
    """And of these only rules with ``spike``."""
    known = [Rule("alarm", ("ada",), spike=True), Rule("x", ("ada",)), Rule("y", ("ada",), spike=True)]
    assert list_spike_rules(DigestPlan("d", rules), known) == expected
