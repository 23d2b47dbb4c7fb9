"""Rehearsal: what edited rules would have told of the articles kept, beside what the running rules did tell."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, RuleHit

MAX_EXAMPLES = 5


class BacktestMatcher(Protocol):
    """A compiled watch list."""

    def match(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Find who and what is watched in an article."""
        ...


@dataclass(frozen=True, slots=True)
class BacktestExample:
    """One article that a rule would newly tell, or would no longer tell, with the passage that proves it."""

    article: int
    title: str
    url: str
    first_seen_at: datetime
    passage: str = ""


@dataclass(slots=True)
class RuleBacktest:
    """What one rule would have done: hits in all and a day, and how they differ from what was told."""

    rule: str
    hit_count: int = 0
    new_count: int = 0
    lost_count: int = 0
    hits_by_day: Counter[date] = field(default_factory=Counter)
    new_examples: list[BacktestExample] = field(default_factory=list)
    lost_examples: list[BacktestExample] = field(default_factory=list)


def backtest(
    matcher: BacktestMatcher,
    rule_ids: Iterable[str],
    articles: Iterable[StoredArticle],
    reported_rules: Mapping[int, frozenset[str]],
) -> list[RuleBacktest]:
    """Screen articles anew and compare with the rules that each was a hit of.

    ``told`` gives the ids of the rules by article; ``rules`` are those of the edited configuration, in its order. A
    rule that is no longer there loses all its hits. What was there before the source was watched counts for neither.
    """
    results = {rule: RuleBacktest(rule) for rule in rule_ids}
    for stored in articles:
        before = reported_rules.get(stored.id, frozenset())
        hits: dict[str, RuleHit] = {}
        if stored.news:
            findings = matcher.match(stored.article, stored.source_id, stored.first_seen_at)
            hits = {hit.rule_id: hit for hit in findings.hits}
        for rule, hit in hits.items():
            _count_hit(results.setdefault(rule, RuleBacktest(rule)), stored, hit, is_reported=rule in before)
        for rule in before - hits.keys():
            result = results.setdefault(rule, RuleBacktest(rule))
            result.lost_count += 1
            _add_example(result.lost_examples, stored, "")
    return list(results.values())


def _count_hit(result: RuleBacktest, stored: StoredArticle, hit: RuleHit, *, is_reported: bool) -> None:
    result.hit_count += 1
    result.hits_by_day[stored.first_seen_at.date()] += 1
    if not is_reported:
        result.new_count += 1
        _add_example(result.new_examples, stored, hit.passages[0].text if hit.passages else "")


def _add_example(examples: list[BacktestExample], stored: StoredArticle, passage: str) -> None:
    if len(examples) < MAX_EXAMPLES:
        article = stored.article
        examples.append(BacktestExample(stored.id, article.title, article.url, stored.first_seen_at, passage))
