"""Rehearsal: what edited rules would have told of the articles kept, beside what the running rules did tell.

Look for the watched people and words in every article that was read, once.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf
from typing import Protocol

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, RuleHit
from monitor.domain.ports import Clock, Database

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


BATCH_SIZE = 64


class ArticleMatcher(Protocol):
    """The compiled watch engine (``match/engine.py``)."""

    def match(self, article: Article, source_id: str = "") -> Findings:
        """Find mentions, hits and near misses in one article."""
        ...


@dataclass(frozen=True, slots=True)
class MatchingResult:
    """How much one run looked at, and what it found."""

    article_count: int = 0
    hit_count: int = 0
    failed_count: int = 0


class MatchingStep:
    """Screens stored articles in the order in which they came."""

    def __init__(self, database: Database, matcher: ArticleMatcher, clock: Clock) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock

    async def run_batch(self, limit: int = BATCH_SIZE) -> MatchingResult:
        """Screen one batch; one that is not full was all that there was."""
        batch = await self._database.run(self._database.articles.unmatched, limit)
        if not batch:
            return MatchingResult()
        screen = self._matcher.match  # a pass compiles it here: should that fail, no article is at fault
        found: list[tuple[StoredArticle, Findings]] = []
        failed = 0
        for stored in batch:
            try:
                found.append((stored, screen(stored.article, stored.source_id)))
            except Exception as error:  # noqa: BLE001 - the guard of one article: recorded on its row, the others go on
                failed += 1
                reason = f"{type(error).__name__}: {error}"
                await self._database.run(self._database.articles.mark_matching_failed, stored, reason)
            await asyncio.sleep(0)
        return MatchingResult(len(batch), await self._store_findings(found), failed)

    async def run_all(self, max_articles: float = inf) -> MatchingResult:
        """Screen what is there, or ``enough`` of it. What comes meanwhile is left: a steady stream would never end."""
        total = done = await self.run_batch()
        while done.article_count == BATCH_SIZE and total.article_count < max_articles:
            done = await self.run_batch()
            total = MatchingResult(
                total.article_count + done.article_count,
                total.hit_count + done.hit_count,
                total.failed_count + done.failed_count,
            )
        return total

    async def _store_findings(self, findings: Sequence[tuple[StoredArticle, Findings]]) -> int:
        if not findings:
            return 0
        return await self._database.run(self._database.articles.save_findings, findings, self._clock())
