"""Look for the watched people and words in every article that was read, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings
from monitor.domain.ports import Clock, Database

BATCH_SIZE = 64


class ArticleMatcher(Protocol):
    """The compiled watch engine (``match/rules.py``)."""

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
