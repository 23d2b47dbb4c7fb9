"""Page reading step: fetches the pages of articles that are known only from a feed or list, and extracts the articles.

If a page cannot be read, the text of the feed is stored instead, with the reason.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from monitor.domain.article import Article, PendingPage
from monitor.domain.errors import LeaseLost, MonitorError, PageProblem, StoreError, UnreadableDocument
from monitor.domain.fetch_result import (
    Blocked,
    FailureCause,
    Fetched,
    FetchResult,
    Gone,
)
from monitor.domain.ports import Clock, Fetcher, ProcessPool
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.pipeline.article_pages import extract_article, find_expired_login, find_problem, page_request
from monitor.pipeline.page_queue import PAGE_LEASE, PageQueue, always_free
from monitor.pipeline.store_retry import Sleep, run_with_retries
from monitor.store.database import Database
from monitor.stories.undated import decide_undated_article

RETRY_DELAYS = (timedelta(minutes=2), timedelta(minutes=10))
MAX_BEGUN_ATTEMPTS = 6
"""Number of started attempts to read a page after which the page is not fetched again.

After three failed attempts, the text of the feed is used instead (``RETRY_DELAYS``). This limit is for attempts that
never ended, because the process ended during each of them.
"""
MAX_PAGE_WAIT = timedelta(hours=6)  # so that the news of a morning is still read on the same day
MAX_LARGE_PAGES = 2  # PDF documents above the usual limit that are held at a time; each takes 45 MB at most
PERMANENT_FAILURE_STATUSES = {401, 402, 403, 404, 410, 451}


class PageResult(Struct, frozen=True):
    """Result of reading one page. ``error`` is empty if the article was extracted from its page."""

    source_id: str
    url: str
    error: str = ""
    is_postponed: bool = False
    confidence: float = 0.0


def retry_at(fetch_result: FetchResult, attempts: int, now: datetime) -> datetime | None:
    """Return when to fetch a page again after ``attempts`` failures, or None to use the text of the feed instead.

    If the server asks for a longer wait than ``MAX_PAGE_WAIT``, the result is None, so that readers need not wait for
    the article.
    """
    if isinstance(fetch_result, Blocked | Gone) or attempts >= len(RETRY_DELAYS):
        return None
    if getattr(fetch_result, "status", 0) in PERMANENT_FAILURE_STATUSES:
        return None
    retry_after = getattr(fetch_result, "retry_after", None) or timedelta(0)
    return None if retry_after > MAX_PAGE_WAIT else now + max(retry_after, RETRY_DELAYS[attempts])


class PageReader:
    """Step that reads the pages of articles that are known only from a feed or list.

    A failure affects only its own article. If the database cannot be written, an extracted article is kept in memory,
    and the program repeats the attempt to store it for two minutes. ``sleep`` is the function that waits between these
    attempts.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        process_pool: ProcessPool,
        clock: Clock,
        backfill: timedelta,
        sleep: Sleep = asyncio.sleep,
        free_request_count: Callable[[str], int] = always_free,
    ) -> None:
        self._database, self._fetcher, self._process_pool, self._clock = database, fetcher, process_pool, clock
        self._backfill, self._sleep = backfill, sleep
        self._large_page_slots = asyncio.Semaphore(MAX_LARGE_PAGES)
        self.queue = PageQueue(database, clock, free_request_count)

    async def run_due(
        self, sources: Mapping[str, Source], limit: int, source_id: str | None = None
    ) -> list[PageResult]:
        """Read at most ``limit`` pages that are due, without the page queue, which lets hosts take turns.

        If ``source_id`` is given, only pages of this source are read. Jobs of worker processes and backfills call this
        method. Each of them reads the pages of only one source, so no other source has to wait.
        """
        now = self._clock()
        lease_pages = self._database.articles.lease_pages
        leased = await self._database.run(lease_pages, now, limit, now + PAGE_LEASE, source_id)
        return list(await asyncio.gather(*(self._read(page, sources.get(page.source_id)) for page in leased)))

    async def read(self, pending_page: PendingPage, source: Source | None) -> PageResult:
        """Read a page that the page queue has reserved, store the result, and release the page in the queue.

        No exception is raised.
        """
        try:
            return await self._read(pending_page, source)
        finally:
            self.queue.finish(pending_page)

    async def _read(self, pending_page: PendingPage, source: Source | None) -> PageResult:
        """Read one article's page and store the result. No exception is raised."""
        try:
            return await self._fetch_and_store(pending_page, source)
        except LeaseLost:
            return PageResult(
                pending_page.source_id,
                pending_page.article.url,
                "the lease of this page expired and another worker holds it",
                is_postponed=True,
            )
        except StoreError as error:  # the page is read again when its lease has expired
            return PageResult(pending_page.source_id, pending_page.article.url, str(error), is_postponed=True)
        except Exception as error:  # noqa: BLE001 - an error in one page is stored with it and stops no other
            return await self._store_feed_text(pending_page, f"{type(error).__name__}: {error}")

    async def _fetch_and_store(self, pending_page: PendingPage, source: Source | None) -> PageResult:
        url = pending_page.article.url
        if pending_page.attempts >= MAX_BEGUN_ATTEMPTS:
            return await self._store_feed_text(pending_page, f"{pending_page.attempts} attempts were interrupted")
        request = page_request(source, url)
        outcome = await self._fetcher.fetch(request)
        if getattr(outcome, "cause", None) is FailureCause.TOO_LONG and url.lower().partition("?")[0].endswith(".pdf"):
            async with self._large_page_slots:
                outcome = await self._fetcher.fetch(replace(request, is_large=True))
                return await self._store_outcome(pending_page, source, outcome)
        return await self._store_outcome(pending_page, source, outcome)

    async def _store_outcome(
        self, pending_page: PendingPage, source: Source | None, outcome: FetchResult
    ) -> PageResult:
        if isinstance(outcome, Fetched):
            return await self._store_page(pending_page, source, replace(outcome, fetched_at=self._clock()))
        return await self._store_failure(pending_page, outcome)

    async def _store_failure(self, pending_page: PendingPage, outcome: FetchResult) -> PageResult:
        """Record that a page could not be fetched.

        Either the page is fetched again later, or the text of the feed is stored instead, with the reason.
        """
        reason = getattr(outcome, "reason", "the server reported no change, but no earlier version is stored")
        if problem := find_problem(outcome):
            return await self._store_unreadable(pending_page, problem, reason, None)
        next_attempt_at = retry_at(outcome, pending_page.attempts, self._clock())
        if next_attempt_at is None:
            return await self._store_feed_text(pending_page, reason)
        await self._save(self._database.articles.postpone_page, pending_page, reason, next_attempt_at)
        return PageResult(pending_page.source_id, pending_page.article.url, reason, is_postponed=True)

    async def _store_page(self, pending_page: PendingPage, source: Source | None, page: Fetched) -> PageResult:
        from monitor.extract.feed_content import match_score, merge_texts

        try:
            outcome, found = await extract_article(
                page, source, pending_page.article, self._fetcher, self._process_pool
            )
        except UnreadableDocument as error:
            return await self._store_unreadable(pending_page, error.problem, error.reason, page)
        except MonitorError as error:
            return await self._store_feed_text(pending_page, str(error), page)
        if isinstance(outcome, Fetched):
            page = replace(outcome, fetched_at=page.fetched_at)
        elif found.partial_reason == "scripts":
            return await self._store_failure(pending_page, outcome)
        if found.partial_reason == "scripts":
            reason = "the page shows its text with JavaScript only"
            known = replace(pending_page, article=merge_texts(found, pending_page.article))
            return await self._store_unreadable(known, PageProblem.NEEDS_JAVASCRIPT, reason, page)
        article = merge_texts(found, pending_page.article)
        confidence = match_score(found, pending_page.article)
        evidence = find_expired_login(source, page, found)
        await self._save_article(pending_page, article, page, evidence, None if evidence else confidence)
        if evidence:
            await self._record_problem(pending_page, PageProblem.LOGIN_EXPIRED, evidence)
        return PageResult(pending_page.source_id, pending_page.article.url, evidence, confidence=article.confidence)

    async def _save_article(
        self,
        pending_page: PendingPage,
        article: Article,
        page: Fetched | None,
        error: str,
        confidence: float | None = None,
    ) -> None:
        """Store an article that was read.

        An article that had no date at the first poll of its source is in quarantine: it is stored, but not reported.
        ``decide_undated_article`` then decides, by the date on the page, whether the article is released.
        """
        decision = decide_undated_article(
            pending_page.quarantine_reason, article.published_at, pending_page.first_seen_at, self._backfill
        )
        alerting = (decision.is_alertable, decision.quarantine_reason) if decision else None
        save_page = self._database.articles.save_page
        await self._save(save_page, pending_page, article, page, error, confidence, alerting)

    async def _store_unreadable(
        self, pending_page: PendingPage, problem: PageProblem, reason: str, page: Fetched | None
    ) -> PageResult:
        """Store the text of the feed for an article whose page cannot be read.

        If the user can solve the problem, also record it as a problem of the source.
        """
        result = await self._store_feed_text(pending_page, reason, page)
        if problem is not PageProblem.NONE and not result.is_postponed:
            await self._record_problem(pending_page, problem, reason)
        return result

    async def _record_problem(self, pending_page: PendingPage, problem: PageProblem, reason: str) -> None:
        record = self._database.sources.record_page_problem
        await self._save(record, pending_page.source_id, problem, reason, pending_page.article.url, self._clock())

    async def _store_feed_text(self, pending_page: PendingPage, reason: str, page: Fetched | None = None) -> PageResult:
        article = replace(pending_page.article, partial_reason=pending_page.article.partial_reason or "feed")
        try:
            await self._save_article(pending_page, article, page, reason)
        except MonitorError as error:
            return PageResult(
                pending_page.source_id, pending_page.article.url, f"{reason}; and {error}", is_postponed=True
            )
        return PageResult(pending_page.source_id, pending_page.article.url, reason)

    async def _save(self, method: Callable[..., object], *args: object) -> None:
        await run_with_retries(self._database, method, *args, sleep=self._sleep)
