"""Open the pages of listed articles: fetch, extract, keep; or fall back on what the feed said, and say so."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.article import Article, Unread
from monitor.domain.errors import LeaseLost, MonitorError
from monitor.domain.exchange import Blocked, Fetched, Gone, Outcome, Purpose, Request
from monitor.domain.ports import Clock, Database, Fetcher, Workshop
from monitor.domain.source import Source
from monitor.pipeline.documents import headers_for

LEASE = timedelta(minutes=5)
RETRIES = (timedelta(minutes=2), timedelta(minutes=10))
NEVER_AGAIN = {401, 402, 403, 404, 410, 451}


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one page. ``error`` is empty when the article was read from its page."""

    source_id: str
    url: str
    error: str = ""
    postponed: bool = False
    confidence: float = 0.0


def retry_at(outcome: Outcome, attempts: int, now: datetime) -> datetime | None:
    """Decide when to fetch a page again after ``attempts`` earlier failures; None means: take what the feed said."""
    if isinstance(outcome, Blocked | Gone) or attempts >= len(RETRIES):
        return None
    if getattr(outcome, "status", 0) in NEVER_AGAIN:
        return None
    asked = getattr(outcome, "retry_after", None) or timedelta(0)
    return now + min(max(asked, RETRIES[attempts]), timedelta(hours=1))


class Reader:
    """Reads articles that a poll has listed; each stands alone, so one bad page stops no other."""

    def __init__(self, database: Database, fetcher: Fetcher, workshop: Workshop, clock: Clock) -> None:
        self._database, self._fetcher, self._workshop, self._clock = database, fetcher, workshop, clock

    async def lease(self, limit: int, only: str | None = None) -> list[Unread]:
        """Lease at most ``limit`` articles, of the source ``only`` if it is named, whose page is to be fetched now."""
        now = self._clock()
        return await self._database.run(self._database.articles.lease_unread, now, limit, now + LEASE, only)

    async def tick(self, sources: Mapping[str, Source], limit: int, only: str | None = None) -> list[Reading]:
        """Lease and read at most ``limit`` articles side by side."""
        leased = await self.lease(limit, only)
        return list(await asyncio.gather(*(self.read(unread, sources.get(unread.source_id)) for unread in leased)))

    async def read(self, unread: Unread, source: Source | None) -> Reading:
        """Read one article and keep what came of it; never raises."""
        try:
            return await self._read(unread, source)
        except LeaseLost:
            return Reading(unread.source_id, unread.article.url, "another worker took this page over", postponed=True)
        except Exception as error:  # noqa: BLE001 - the guard of one article: recorded on its row, the others go on
            return await self._fall_back(unread, f"{type(error).__name__}: {error}")

    async def _read(self, unread: Unread, source: Source | None) -> Reading:
        url = unread.article.url
        headers = headers_for(source, url) if source else ()
        outcome = await self._fetcher.fetch(Request(url, Purpose.PAGE, headers=headers))
        if isinstance(outcome, Fetched):
            return await self._keep(unread, source, replace(outcome, fetched_at=self._clock()))
        reason = getattr(outcome, "reason", "the server answered that nothing changed, and we hold nothing")
        again = retry_at(outcome, unread.attempts, self._clock())
        if again is None:
            return await self._fall_back(unread, reason)
        await self._database.run(self._database.articles.postpone, unread, reason, again)
        return Reading(unread.source_id, unread.article.url, reason, postponed=True)

    async def _keep(self, unread: Unread, source: Source | None, page: Fetched) -> Reading:
        from monitor.extract.fragment import better, credence
        from monitor.extract.page import extract_page  # long to load, and most passes find nothing new to read

        try:
            found: Article = await self._workshop.run(
                extract_page, page.body, page.url, page.content_type, source, unread.article
            )
        except MonitorError as error:
            return await self._fall_back(unread, str(error), page)
        article = better(found, unread.article)
        sure = credence(found, unread.article)
        await self._database.run(self._database.articles.keep_page, unread, article, page, "", sure)
        return Reading(unread.source_id, unread.article.url, confidence=article.confidence)

    async def _fall_back(self, unread: Unread, reason: str, page: Fetched | None = None) -> Reading:
        article = replace(unread.article, partial=unread.article.partial or "feed")
        try:
            await self._database.run(self._database.articles.keep_page, unread, article, page, reason)
        except MonitorError as error:
            return Reading(unread.source_id, unread.article.url, f"{reason}; and {error}", postponed=True)
        return Reading(unread.source_id, unread.article.url, reason)
