"""The documents of one poll: the source's own, the sitemaps of an index, further pages, the sitemap behind a gap.

What parses is long to load, and many a pass from cron finds every feed unchanged: it is imported where it is at work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from monitor.domain.entry import Entry, Feed
from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.exchange import Fetched, Outcome, Purpose, Request
from monitor.domain.ports import Fetcher, Workshop
from monitor.domain.source import Source, SourceKind
from monitor.text.urls import host_of

MOST_NESTED = 4
AnyKnown = Callable[[Feed], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read: its entries but for those known to the letter, which ``known`` counts.

    ``items`` are the hashes by which the next poll knows them; empty where that is not possible.
    """

    feed: Feed
    known: int = 0
    items: bytes = b""


def headers_for(source: Source, url: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that go along to an address: a source's own, which may be secret, stay with its own host.

    A feed may name any address; whoever writes into it must not have the reader's credentials sent where he likes.
    """
    own = host_of(url) == host_of(source.url) and (url.startswith("https:") or not source.url.startswith("https:"))
    return source.headers if own else ()


class Documents:
    """Fetches and reads; foreign bytes that need more than a glance are read in a worker.

    ``turn`` is held while something is worked out right here: when many answers come at once, the event loop breathes
    between them.
    """

    def __init__(self, fetcher: Fetcher, workshop: Workshop, turn: asyncio.Lock) -> None:
        self._fetcher, self._workshop, self._turn = fetcher, workshop, turn

    async def ask(self, source: Source, url: str, etag: str = "", last_modified: str = "") -> Outcome:
        """Fetch one document of a source. robots.txt is asked for pages, never for feeds and sitemaps."""
        purpose = Purpose.PAGE if source.kind is SourceKind.PAGE else Purpose.FEED
        return await self._fetcher.fetch(Request(url, purpose, etag, last_modified, headers_for(source, url)))

    async def read(self, answer: Fetched, source: Source, items: bytes = b"") -> Document:
        """Read a document; ``items`` are those of the last one. Raises ``NotAFeed`` or ``WorkerKilled``."""
        async with self._turn:
            document = _read_quickly(answer, source, items)
        if document is not None:
            return document
        from monitor.parse.document import parse_document

        return Document(await self._workshop.run(parse_document, answer.body, answer.content_type, answer.url, source))

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
            return (await self.read(outcome, source)).feed
        except (NotAFeed, WorkerKilled):
            return Feed(())


def _read_quickly(answer: Fetched, source: Source, items: bytes) -> Document | None:
    """Read a document of ordinary shape and size, or only what is new in it; None if it is for a worker."""
    from monitor.parse.document import quick_text
    from monitor.parse.ordinary import read_ordinary
    from monitor.parse.pieces import hash_items

    text = quick_text(answer.body, answer.content_type, source)
    if text is None:
        return None
    document = _unknown(text, answer.url, source, items)
    if document is None and (feed := read_ordinary(text, answer.url, source)):
        document = Document(feed, 0, hash_items(text))
    return document


def _unknown(text: str, url: str, source: Source, items: bytes) -> Document | None:
    """Read what is not known to the letter; None if that cannot be told from what is."""
    from monitor.parse.ordinary import read_ordinary
    from monitor.parse.pieces import is_apart, without_known

    rest = without_known(text, items)
    if rest is None:
        return None
    feed = read_ordinary(rest.text, url, source) if rest.new else Feed(())
    if feed is None or not all(is_apart(entry, rest.left_out) for entry in feed.entries):
        return None
    return Document(feed, rest.known, rest.items)


def _united(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Join entries; of two with one address the first counts, which is the feed's own."""
    urls = {entry.url for entry in first}
    return first + tuple(entry for entry in second if entry.url not in urls)
