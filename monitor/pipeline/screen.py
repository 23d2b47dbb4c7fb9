"""Look for the watched people and words in every article that was read, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from monitor.domain.article import Article, Stored
from monitor.domain.mention import Findings
from monitor.domain.ports import Clock, Database

BATCH = 64


class Watcher(Protocol):
    """The compiled watch engine (``match/rules.py``)."""

    def screen(self, article: Article, source_id: str = "") -> Findings:
        """Find mentions, hits and near misses in one article."""
        ...


@dataclass(frozen=True, slots=True)
class Screening:
    """How much one run looked at, and what it found."""

    articles: int = 0
    hits: int = 0
    failed: int = 0


class Screener:
    """Screens stored articles in the order in which they came."""

    def __init__(self, database: Database, watcher: Watcher, clock: Clock) -> None:
        self._database, self._watcher, self._clock = database, watcher, clock

    async def tick(self, limit: int = BATCH) -> Screening:
        """Screen one batch; one that is not full was all that there was."""
        batch = await self._database.run(self._database.articles.unscreened, limit)
        if not batch:
            return Screening()
        screen = self._watcher.screen  # a pass compiles it here: should that fail, no article is at fault
        found: list[tuple[Stored, Findings]] = []
        failed = 0
        for stored in batch:
            try:
                found.append((stored, screen(stored.article, stored.source_id)))
            except Exception as error:  # noqa: BLE001 - the guard of one article: recorded on its row, the others go on
                failed += 1
                reason = f"{type(error).__name__}: {error}"
                await self._database.run(self._database.articles.give_up, stored, reason)
            await asyncio.sleep(0)
        return Screening(len(batch), await self._keep(found), failed)

    async def drain(self, enough: float = inf) -> Screening:
        """Screen what is there, or ``enough`` of it. What comes meanwhile is left: a steady stream would never end."""
        total = done = await self.tick()
        while done.articles == BATCH and total.articles < enough:
            done = await self.tick()
            total = Screening(total.articles + done.articles, total.hits + done.hits, total.failed + done.failed)
        return total

    async def _keep(self, found: Sequence[tuple[Stored, Findings]]) -> int:
        if not found:
            return 0
        return await self._database.run(self._database.articles.keep_findings, found, self._clock())
