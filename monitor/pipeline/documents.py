"""The documents of one poll: the source's own, the sitemaps of an index, further pages, the sitemap behind a gap."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from monitor.domain.entry import Entry, Feed
from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.exchange import Fetched, Outcome, Purpose, Request
from monitor.domain.ports import Fetcher, Workshop
from monitor.domain.source import Source, SourceKind
from monitor.parse.document import parse_document, parse_quickly

MOST_NESTED = 4
AnyKnown = Callable[[Feed], Awaitable[bool]]


class Documents:
    """Fetches and reads; foreign bytes that need more than a glance are read in a worker."""

    def __init__(self, fetcher: Fetcher, workshop: Workshop) -> None:
        self._fetcher, self._workshop = fetcher, workshop

    async def ask(self, source: Source, url: str, etag: str = "", last_modified: str = "") -> Outcome:
        """Fetch one document of a source. robots.txt is asked for pages, never for feeds and sitemaps."""
        purpose = Purpose.PAGE if source.kind is SourceKind.PAGE else Purpose.FEED
        return await self._fetcher.fetch(Request(url, purpose, etag, last_modified, source.headers))

    async def read(self, answer: Fetched, source: Source) -> Feed:
        """Read a document. Raises ``NotAFeed`` or ``WorkerKilled``."""
        feed = parse_quickly(answer.body, answer.content_type, answer.url, source)
        if feed is not None:
            return feed
        return await self._workshop.run(parse_document, answer.body, answer.content_type, answer.url, source)

    async def follow(self, feed: Feed, source: Source, any_known: AnyKnown) -> Feed:
        """Add what an index of sitemaps or further pages of a listing hold; stop where known entries begin."""
        if source.kind is SourceKind.PAGE:
            return await self._further_pages(feed, source, any_known)
        for url in feed.nested[:MOST_NESTED]:
            part = await self._part(source, url)
            feed = replace(feed, entries=_united(feed.entries, part.entries))
        return feed

    async def fill(self, feed: Feed, source: Source) -> Feed:
        """Add what the source's news sitemap holds, to close a gap; a sitemap that cannot be read adds nothing."""
        sitemap = replace(source, kind=SourceKind.SITEMAP, url=source.sitemap, listing=None)
        found = await self._part(sitemap, source.sitemap)
        for url in found.nested[:MOST_NESTED]:
            part = await self._part(sitemap, url)
            found = replace(found, entries=_united(found.entries, part.entries))
        return replace(feed, entries=_united(feed.entries, found.entries))

    async def _further_pages(self, feed: Feed, source: Source, any_known: AnyKnown) -> Feed:
        page, pages = feed, source.listing.pages if source.listing else 1
        seen = {source.url}
        while page.nested and pages > 1 and page.nested[0] not in seen and not await any_known(page):
            seen.add(page.nested[0])
            page = await self._part(source, page.nested[0])
            feed = replace(feed, entries=_united(feed.entries, page.entries))
            pages -= 1
        return feed

    async def _part(self, source: Source, url: str) -> Feed:
        """Read one further document; what fails adds nothing, for the poll itself succeeded."""
        outcome = await self.ask(source, url)
        if not isinstance(outcome, Fetched):
            return Feed(())
        try:
            return await self.read(outcome, source)
        except (NotAFeed, WorkerKilled):
            return Feed(())


def _united(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Join entries; of two with one address the first counts, which is the feed's own."""
    urls = {entry.url for entry in first}
    return first + tuple(entry for entry in second if entry.url not in urls)
