"""The documents of one poll: the source's own, the sitemaps of an index, further pages, the sitemap behind a gap.

What parses is long to load, and many a pass from cron finds every feed unchanged: it is imported where it is at work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.fetch_result import Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Entry, Feed, Source, SourceKind
from monitor.text.urls import extract_host

MAX_NESTED_SITEMAPS = 4
KnownEntryCheck = Callable[[Feed], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class FetchedFeed:
    """A document that was read: its entries but for those known to the letter, which ``known`` counts.

    ``items`` are the hashes by which the next poll knows them; empty where that is not possible.
    """

    feed: Feed
    known_count: int = 0
    item_hashes: bytes = b""


def request_headers(source: Source, url: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that go along to an address: a source's own, which may be secret, stay with its own host.

    A feed may name any address; whoever writes into it must not have the reader's credentials sent where he likes.
    """
    own = extract_host(url) == extract_host(source.url) and (
        url.startswith("https:") or not source.url.startswith("https:")
    )
    return source.headers if own else ()


class FeedDocumentReader:
    """Fetches and reads; foreign bytes that need more than a glance are read in a worker.

    ``turn`` is held while something is worked out right here: when many answers come at once, the event loop breathes
    between them.
    """

    def __init__(self, fetcher: Fetcher, process_pool: ProcessPool, cpu_slot: asyncio.Lock) -> None:
        self._fetcher, self._process_pool, self._cpu_slot = fetcher, process_pool, cpu_slot

    async def fetch(self, source: Source, url: str, etag: str = "", last_modified: str = "") -> FetchResult:
        """Fetch one document of a source. robots.txt is asked for pages, never for feeds and sitemaps."""
        purpose = FetchPurpose.PAGE if source.kind is SourceKind.LISTING else FetchPurpose.FEED
        return await self._fetcher.fetch(FetchRequest(url, purpose, etag, last_modified, request_headers(source, url)))

    async def parse(self, response: Fetched, source: Source, known_item_hashes: bytes = b"") -> FetchedFeed:
        """Read a document; ``items`` are those of the last one. Raises ``NotAFeed`` or ``WorkerKilled``."""
        async with self._cpu_slot:
            document = _parse_inline(response, source, known_item_hashes)
        if document is not None:
            return document
        from monitor.parse.dispatch import parse_document

        return FetchedFeed(
            await self._process_pool.run(parse_document, response.body, response.content_type, response.url, source)
        )

    async def add_linked_entries(self, feed: Feed, source: Source, has_known_entry: KnownEntryCheck) -> Feed:
        """Add what an index of sitemaps or further pages of a listing hold; stop where known entries begin."""
        if source.kind is SourceKind.LISTING:
            return await self._add_listing_pages(feed, source, has_known_entry)
        for url in feed.nested_urls[:MAX_NESTED_SITEMAPS]:
            part = await self._fetch_part(source, url)
            feed = replace(feed, entries=_merge_entries(feed.entries, part.entries))
        return feed

    async def fill_gap(self, feed: Feed, source: Source) -> Feed:
        """Add what the source's news sitemap holds, to close a gap; a sitemap that cannot be read adds nothing."""
        sitemap = replace(source, kind=SourceKind.SITEMAP, url=source.sitemap, listing=None)
        found = await self._fetch_part(sitemap, source.sitemap)
        for url in found.nested_urls[:MAX_NESTED_SITEMAPS]:
            part = await self._fetch_part(sitemap, url)
            found = replace(found, entries=_merge_entries(found.entries, part.entries))
        return replace(feed, entries=_merge_entries(feed.entries, found.entries))

    async def _add_listing_pages(self, feed: Feed, source: Source, has_known_entry: KnownEntryCheck) -> Feed:
        page, pages = feed, source.listing.max_pages if source.listing else 1
        seen = {source.url}
        while page.nested_urls and pages > 1 and page.nested_urls[0] not in seen and not await has_known_entry(page):
            seen.add(page.nested_urls[0])
            page = await self._fetch_part(source, page.nested_urls[0])
            feed = replace(feed, entries=_merge_entries(feed.entries, page.entries))
            pages -= 1
        return feed

    async def _fetch_part(self, source: Source, url: str) -> Feed:
        """Read one further document; what fails adds nothing, for the poll itself succeeded."""
        outcome = await self.fetch(source, url)
        if not isinstance(outcome, Fetched):
            return Feed(())
        try:
            return (await self.parse(outcome, source)).feed
        except (NotAFeed, WorkerKilled):
            return Feed(())


def _parse_inline(response: Fetched, source: Source, known_item_hashes: bytes) -> FetchedFeed | None:
    """Read a document of ordinary shape and size, or only what is new in it; None if it is for a worker."""
    from monitor.parse.dispatch import decode_inline_text
    from monitor.parse.fast_xml import parse_fast_xml
    from monitor.parse.incremental import hash_items

    text = decode_inline_text(response.body, response.content_type, source)
    if text is None:
        return None
    document = _parse_new_items(text, response.url, source, known_item_hashes)
    if document is None and (feed := parse_fast_xml(text, response.url, source)):
        document = FetchedFeed(feed, 0, hash_items(text))
    return document


def _parse_new_items(text: str, url: str, source: Source, known_item_hashes: bytes) -> FetchedFeed | None:
    """Read what is not known to the letter; None if that cannot be told from what is."""
    from monitor.parse.fast_xml import parse_fast_xml
    from monitor.parse.incremental import is_independent, remove_known_items

    rest = remove_known_items(text, known_item_hashes)
    if rest is None:
        return None
    feed = parse_fast_xml(rest.text, url, source) if rest.new_count else Feed(())
    if feed is None or not all(is_independent(entry, rest.known_text) for entry in feed.entries):
        return None
    return FetchedFeed(feed, rest.known_count, rest.item_hashes)


def _merge_entries(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Join entries; of two with one address the first counts, which is the feed's own."""
    urls = {entry.url for entry in first}
    return first + tuple(entry for entry in second if entry.url not in urls)
