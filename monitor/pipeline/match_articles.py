"""Matching step: finds watched officials and queries in stored articles; backtests edited rules."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf
from typing import Protocol

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, RuleHit
from monitor.domain.ports import Clock
from monitor.store.database import Database

MAX_EXAMPLES = 5


class BacktestMatcher(Protocol):
    """Compiled watchlist, as a backtest uses it."""

    def match(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Return the mentions, hits and near misses of one article."""
        ...


@dataclass(frozen=True, slots=True)
class BacktestExample:
    """Article that an edited rule would newly report, or no longer report, with the passage that proves it."""

    article: int
    title: str
    url: str
    first_seen_at: datetime
    passage: str = ""


@dataclass(slots=True)
class RuleBacktest:
    """Result of one rule's backtest: hits in total and per day, and the differences from what was reported."""

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
    """Match articles again and compare the hits with the rules under which each was reported.

    ``rule_ids`` are the edited rules in their order; ``reported_rules`` are the reported rule ids by article id. A
    removed rule loses all its hits. Articles from before their source was added are not matched.
    """
    results = {rule: RuleBacktest(rule) for rule in rule_ids}
    for stored in articles:
        before = reported_rules.get(stored.id, frozenset())
        hits: dict[str, RuleHit] = {}
        if stored.is_alertable:
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
    """Compiled watchlist (``match/engine.py``)."""

    def match(self, article: Article, source_id: str = "") -> Findings:
        """Return the mentions, hits and near misses of one article."""
        ...


@dataclass(frozen=True, slots=True)
class MatchingResult:
    """Numbers of articles matched, of new hits, and of articles that raised an error."""

    article_count: int = 0
    hit_count: int = 0
    failed_count: int = 0


class MatchingStep:
    """Matches stored articles in the order of their ids."""

    def __init__(self, database: Database, matcher: ArticleMatcher, clock: Clock) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock

    async def run_batch(self, limit: int = BATCH_SIZE) -> MatchingResult:
        """Match at most ``limit`` waiting articles; if the result has fewer, none is left."""
        batch = await self._database.run(self._database.articles.unmatched, limit)
        if not batch:
            return MatchingResult()
        match = self._matcher.match  # may compile the watchlist; an error here is not the fault of an article
        found: list[tuple[StoredArticle, Findings]] = []
        failed_count = 0
        for stored in batch:
            try:
                found.append((stored, match(stored.article, stored.source_id)))
            except Exception as error:  # noqa: BLE001 - an error in one article is stored with it and stops no other
                failed_count += 1
                reason = f"{type(error).__name__}: {error}"
                await self._database.run(self._database.articles.mark_matching_failed, stored, reason)
            await asyncio.sleep(0)
        return MatchingResult(len(batch), await self._store_findings(found), failed_count)

    async def run_all(self, max_articles: float = inf) -> MatchingResult:
        """Match waiting articles until none is left or ``max_articles`` is reached; later arrivals wait."""
        total = batch = await self.run_batch()
        while batch.article_count == BATCH_SIZE and total.article_count < max_articles:
            batch = await self.run_batch()
            total = MatchingResult(
                total.article_count + batch.article_count,
                total.hit_count + batch.hit_count,
                total.failed_count + batch.failed_count,
            )
        return total

    async def _store_findings(self, findings: Sequence[tuple[StoredArticle, Findings]]) -> int:
        if not findings:
            return 0
        return await self._database.run(self._database.findings.save, findings, self._clock())
