"""Set-up of sources on the desk and in the API: search for feeds, and preview.

Fetched documents are kept for some minutes, so that an edit of selectors needs no new request. Every request uses the
fetcher of the daemon, which checks addresses, limits and robots.txt.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Request
from msgspec import Struct

from monitor.domain.configuration import Settings
from monitor.domain.errors import UsageError
from monitor.domain.fetch_result import Fetched, FetchRequest
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.pipeline.discover import DiscoveryResult, FeedDiscoverer
from monitor.pipeline.preview import (
    ArticlePreview,
    ListPreview,
    PreviewFailed,
    article_request,
    fetch_document,
    list_request,
    preview_article,
    preview_list,
)
from monitor.web.api.requests import RateLimiter

FETCHES_PER_MINUTE = 20
DISCOVERY_SECONDS = 60.0
MAX_KEPT_BYTES, KEPT_SECONDS = 50_000_000, 900.0

OpenFetcher = Callable[[Settings], AbstractAsyncContextManager[Fetcher]]


class SourcePreview(Struct, frozen=True):
    """Preview of a source: the list of its articles, and one of the articles.

    ``list_error`` and ``article_error`` are the reasons why the list or the article cannot be shown, or empty.
    """

    listed: ListPreview | None = None
    list_error: str = ""
    entry: Entry | None = None
    article: ArticlePreview | None = None
    article_error: str = ""


class _KeptDocument(Struct, frozen=True):
    document: Fetched
    until: float


class SourceSetup:
    """Service that searches for feeds and previews sources, for all readers.

    The limit on requests applies to each reader separately, and fetched documents are kept for each reader separately.
    """

    def __init__(
        self,
        open_fetcher: OpenFetcher,
        process_pool: ProcessPool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_fetcher, self._process_pool, self._now = open_fetcher, process_pool, now
        self._kept: OrderedDict[tuple[int, FetchRequest], _KeptDocument] = OrderedDict()
        self._limiter = RateLimiter(FETCHES_PER_MINUTE, now)

    async def discover(self, reader_id: int, url: str, settings: Settings) -> DiscoveryResult:
        """Return the feeds and sitemaps of a site.

        Raises ``PreviewFailed`` if the search takes too long, or ``RateLimited`` after too many requests.
        """
        self._limiter.count(reader_id)
        try:
            async with asyncio.timeout(DISCOVERY_SECONDS), self._open_fetcher(settings) as fetcher:
                return await FeedDiscoverer(fetcher, self._process_pool).discover(url)
        except TimeoutError as error:
            seconds = f"{DISCOVERY_SECONDS:.0f} seconds"
            raise PreviewFailed(f"the search at {url} was stopped after {seconds}; give a page of the site") from error

    async def preview(
        self, reader_id: int, source: Source, settings: Settings, *, number: int = 0, is_new: bool = False
    ) -> SourcePreview:
        """Return the articles that a source lists, and the article with the index ``number`` among them.

        The source need not be saved. With ``is_new``, the documents are requested again. Raises ``RateLimited`` after
        too many requests.
        """
        async with self._open_fetcher(settings) as fetcher:
            try:
                document = await self._load(reader_id, fetcher, list_request(source), is_new=is_new)
                listed = await preview_list(document, source, self._process_pool)
            except PreviewFailed as error:
                return SourcePreview(list_error=str(error))
            if not listed.entries:
                return SourcePreview(listed)
            entry = listed.entries[min(number, len(listed.entries) - 1)]
            try:
                needs_page = source.text_from is TextOrigin.PAGE and bool(entry.url)
                request = article_request(source, entry)
                page = await self._load(reader_id, fetcher, request, is_new=is_new) if needs_page else None
                article = await preview_article(page, entry, source, self._process_pool)
            except PreviewFailed as error:
                return SourcePreview(listed, entry=entry, article_error=str(error))
        return SourcePreview(listed, entry=entry, article=article)

    async def _load(self, reader_id: int, fetcher: Fetcher, request: FetchRequest, *, is_new: bool) -> Fetched:
        """Return a document that was kept for the reader. If it is not kept, fetch it and keep it."""
        key, now = (reader_id, request), self._now()
        kept = self._kept.get(key)
        if kept and kept.until > now and not is_new:
            return kept.document
        self._limiter.count(reader_id)
        document = await fetch_document(fetcher, request)
        self._kept[key] = _KeptDocument(document, now + KEPT_SECONDS)
        self._kept.move_to_end(key)
        for old in [one for one, found in self._kept.items() if found.until <= now]:
            del self._kept[old]
        while sum(len(found.document.body) for found in self._kept.values()) > MAX_KEPT_BYTES:
            self._kept.popitem(last=False)
        return document


def get_source_setup(request: Request) -> SourceSetup:
    """Return the service that searches for feeds and previews sources.

    Raises ``UsageError`` if this process cannot fetch documents.
    """
    setup: SourceSetup | None = getattr(request.app.state, "source_setup", None)
    if setup is None:
        raise UsageError("sources cannot be added here")
    return setup
