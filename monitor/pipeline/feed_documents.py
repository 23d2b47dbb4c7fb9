"""Documents that one poll reads: the source's own document, sitemaps of an index, further pages, and a gap sitemap.

A feed has a gap if articles may have left it between two polls. The gap sitemap is a news sitemap from which these
articles are taken. Parsers are slow to load, and often no feed has changed, so parsers are imported only when needed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple, assert_never
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from msgspec import Struct

from monitor.domain.errors import DocumentFault, NotAFeed, WorkerKilled
from monitor.domain.fetch_result import (
    KNOWN_COUNT_HEADER,
    Blocked,
    Failed,
    FailureCause,
    FailureWeight,
    Fetched,
    FetchPurpose,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
)
from monitor.domain.poll_state import NO_SITEMAP_MEMORY, PollState, SitemapMemory
from monitor.domain.polling_policy import MIN_MOVED_RESPONSES, is_unconditional_due
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Feed, FetchMethod, Source, SourceKind
from monitor.domain.source_health import suggest_for_document
from monitor.domain.special_sources import Api
from monitor.domain.values import replace
from monitor.parse.incremental import hash_body
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.stories.identity import KeyedEntry, assign_entry_keys, drop_build_time
from monitor.text.encoding import decode
from monitor.text.urls import extract_origin

MAX_NESTED_SITEMAPS = 4  # sitemaps of one index; one more is read in turn, to learn which sitemaps have new addresses
MAX_SITEMAP_DOCUMENTS = 8  # sitemaps of one poll, including the sitemaps of nested indexes
MAX_INDEX_LEVELS = 2
MAX_PREFERRED_SITEMAPS = 2  # the other sitemaps are read at the ends of the index, where new ones appear
MAX_LARGE_DOCUMENTS = 4  # number of documents read at the same time; each takes 45 MB at most (wire and decoded)
MAX_SHORT_BYTES = 400_000  # a longer document is parsed in a worker process, together with no other document
EXPECTED_NEW_FEED_ENTRIES = 30
"""Number of entries to expect from a source that was never polled before.

From this number, the number of articles that will wait to be built is estimated.
"""

KnownEntryCheck = Callable[[Feed], Awaitable[bool]]


class ParsedFeed(Struct, frozen=True):
    """Result of parsing a document: the feed with its entries.

    - ``unchanged_count`` items were skipped, because their bytes were the same at the last poll.
    - ``item_hashes`` are hashes by which the next poll recognizes the items. They are empty if the document cannot be
      divided into items.
    - ``keyed_entries`` are the entries with their keys, the values by which articles are found again. They are None if
      the keys are not assigned yet.
    """

    feed: Feed
    unchanged_count: int = 0
    item_hashes: bytes = b""
    keyed_entries: tuple[KeyedEntry, ...] | None = None


class SitemapPart(Struct, frozen=True):
    """Result of reading one sitemap of an index: its URL, the URLs of its entries and their newest date.

    If the sitemap is itself an index, it has the entries of all its sitemaps.
    """

    url: str
    entry_urls: frozenset[str]
    newest_at: datetime | None = None


class FetchedFeed(Struct, frozen=True):
    """Result of a poll that has read a document.

    - ``response`` has the validators to store (ETag and Last-Modified).
    - ``body_hash`` is the hash of the document. It is empty, as are the validators, if the next poll must parse the
      document in any case, changed or not.
    - ``parsed`` is the parsed document.
    - ``keyed_entries`` are its entries with their keys, the values by which articles are found again.
    - ``sitemap_parts`` are the sitemaps that were read, if the document is an index.
    - ``gap_entries`` are the entries of the document and of a sitemap. They are None, unless entries may have been
      missed since the last poll (a gap), so that the sitemap was read, too.
    - ``gap_count`` is the number of entries that only this sitemap has.
    """

    response: Fetched
    body_hash: str
    parsed: ParsedFeed
    keyed_entries: tuple[KeyedEntry, ...]
    gap_entries: tuple[KeyedEntry, ...] | None = None
    sitemap_parts: tuple[SitemapPart, ...] = ()
    gap_count: int = 0

    @property
    def entry_count(self) -> int:
        """Number of entries in the document, including skipped ones."""
        return len(self.parsed.feed.entries) + self.parsed.unchanged_count


class UnchangedFeed(Struct, frozen=True):
    """Result of a poll whose document has not changed, according to the server or to the hash of its body."""

    response: Fetched | NotModified


class PollAttempt(Struct, frozen=True):
    """One attempt to read a source: its result, and the poll state, which records the attempt."""

    poll_state: PollState
    result: FetchedFeed | UnchangedFeed | Blocked | Gone | Failed


def request_headers(source: Source, url: str) -> tuple[tuple[str, str], ...]:
    """Return the configured headers of a source for a request to the source's own origin, and none for another origin.

    An origin is scheme, host and port. Headers may hold credentials. A feed can link to any address, and the
    credentials must not be sent there.
    """
    if not source.headers or extract_origin(url) != extract_origin(source.url):
        return ()
    return tuple((name, secret.reveal()) for name, secret in source.headers.items())


def build_api_request(api: Api, url: str) -> tuple[str, bytes | None]:
    """Return the URL and the JSON body of a request to an API. If the URL has a cursor, it is moved to the body."""
    if api.body is None:
        return url, None
    body, parts = dict(api.body), urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if api.next_parameter and url != api.url:
        body |= {name: value for name, value in pairs if name == api.next_parameter}
        url = parts._replace(query=urlencode([pair for pair in pairs if pair[0] != api.next_parameter])).geturl()
    return url, json.dumps(body, ensure_ascii=False).encode()


def _hash_parsing_settings(source: Source) -> str:
    """Return a hash of the settings that decide which entries are found in a document, such as selectors.

    If the hash is not the one of the last poll, even an unchanged document must be parsed again. The hash of a feed is
    an empty string, because a feed has no such settings.
    """
    settings = source.listing or source.api
    return hash_body(repr(settings).encode()) if settings else ""


class FeedDocumentReader:
    """Reader of the documents that polls fetch, such as feeds, sitemaps and listing pages.

    Large or unusual documents are parsed in a process of ``process_pool``. While many articles wait, other documents
    without known items are parsed in a process of ``offloader``. The rest are parsed in this process, which blocks the
    event loop. Each parsing call must therefore hold the lock ``cpu_slot``, so that other tasks can run between two
    documents.
    """

    def __init__(
        self, fetcher: Fetcher, process_pool: ProcessPool, cpu_slot: asyncio.Lock, offloader: ProcessOffloader
    ) -> None:
        self._fetcher, self._process_pool, self._cpu_slot = fetcher, process_pool, cpu_slot
        self._offloader = offloader
        self._large_document_slots = asyncio.Semaphore(MAX_LARGE_DOCUMENTS)

    async def read(
        self,
        source: Source,
        poll_state: PollState,
        now: datetime,
        known_item_hashes: bytes,
        has_known_entry: KnownEntryCheck,
    ) -> PollAttempt:
        """Read a source once: fetch its document and, if the document has changed, parse it and add linked documents.

        ``known_item_hashes`` identify the items of the last poll. ``has_known_entry`` is a function that returns
        whether a document contains an entry that is already stored.

        If the last poll was interrupted, its document may have crashed the process. The document is therefore parsed in
        a worker process.
        """
        is_unconditional = is_unconditional_due(poll_state.unconditional_at, now)
        parsing_hash = _hash_parsing_settings(source)
        if parsing_hash != poll_state.parsing_hash:  # an edited selector must be tried on an unchanged document
            poll_state = replace(poll_state, etag="", last_modified="", body_hash="", parsing_hash=parsing_hash)
        poll_state = replace(poll_state, polls=poll_state.polls + 1, last_attempt_at=now)
        fetch = partial(self._fetch_source, source, poll_state, is_unconditional=is_unconditional)
        async with self._open_document(fetch) as response:
            if isinstance(response, NotModified):
                return PollAttempt(poll_state, UnchangedFeed(response))
            if not isinstance(response, Fetched):
                return PollAttempt(poll_state, response)
            if is_unconditional:
                poll_state = replace(poll_state, unconditional_at=now)
            body_hash = hash_body(response.body)
            if body_hash == poll_state.body_hash:
                poll_state = replace(poll_state, etag=response.etag, last_modified=response.last_modified)
                return PollAttempt(poll_state, UnchangedFeed(response))
            is_isolated = poll_state.interrupted_polls > 0
            try:
                parsed = await self._parse(response, source, known_item_hashes, is_isolated=is_isolated)
            except (NotAFeed, WorkerKilled) as error:
                return PollAttempt(poll_state, _classify_error(error, source))
            head = replace(response, body=b"")  # a large body is not kept beyond this block
        return await self._add_linked_documents(source, poll_state, head, body_hash, parsed, has_known_entry)

    async def _add_linked_documents(
        self,
        source: Source,
        poll_state: PollState,
        response: Fetched,
        body_hash: str,
        parsed: ParsedFeed,
        has_known_entry: KnownEntryCheck,
    ) -> PollAttempt:
        """Fetch the documents that are linked from the source's document. Return the poll attempt with all entries."""
        feed, parts = parsed.feed, tuple[SitemapPart, ...]()
        if parsed.unchanged_count:
            feed = replace(feed, ttl=feed.ttl or poll_state.ttl)
        elif source.kind.has_further_pages:
            feed = await self._add_listing_pages(feed, source, has_known_entry)
        elif feed.nested_urls:
            reading = await self._read_sitemaps(feed, source, poll_state.sitemaps, poll_state.polls)
            if reading.failure is not None:
                return PollAttempt(poll_state, reading.failure)
            feed, parts = reading.feed, reading.parts
        if not parsed.unchanged_count:
            feed = drop_build_time(feed)
        if feed.is_cut_off or (feed.nested_urls and not source.kind.has_further_pages):
            # The complete document may have the same validators as the incomplete one. An index may stay unchanged
            # while its sitemaps change.
            response, body_hash = replace(response, etag="", last_modified=""), ""
        keyed_entries = parsed.keyed_entries
        if keyed_entries is None:
            keyed_entries = await self._key_entries(feed, is_partial=bool(parsed.unchanged_count))
        result = FetchedFeed(response, body_hash, replace(parsed, feed=feed), keyed_entries, sitemap_parts=parts)
        return PollAttempt(poll_state, result)

    async def fill_gap(self, attempt: PollAttempt, source: Source) -> PollAttempt:
        """Read the sitemap of a source whose feed may have lost entries, and add its entries to ``attempt``.

        In the returned attempt, ``gap_entries`` has first the entries of the feed, and then the entries that only the
        sitemap lists. If the sitemap cannot be read, there are only the entries of the feed.
        """
        document = attempt.result
        assert isinstance(document, FetchedFeed)  # noqa: S101 - only a document that was read can have a gap
        sitemap = source.as_gap_sitemap()
        if extract_origin(source.sitemap) != extract_origin(source.url):
            sitemap = replace(sitemap, headers={})
        found = await self.read_part(sitemap, source.sitemap)
        own = feed = document.parsed.feed
        if isinstance(found, Feed):
            feed = _merge_feeds(own, (await self._read_sitemaps(found, sitemap)).feed)
        parsed = replace(document.parsed, feed=replace(feed, entries=own.entries))
        keyed_entries = await self._key_entries(feed)
        added = len(feed.entries) - len(own.entries)
        return replace(attempt, result=replace(document, parsed=parsed, gap_entries=keyed_entries, gap_count=added))

    async def _read_sitemaps(
        self, index: Feed, source: Source, memory: SitemapMemory = NO_SITEMAP_MEMORY, turn: int = 0
    ) -> "_SitemapReading":
        """Read the sitemaps of an index, and of indexes nested in it, within the limits of this module.

        ``memory`` lists sitemaps of earlier polls. ``turn`` is the number of the poll. Less important sitemaps take
        turns, so this number decides which of them is read.
        """
        pending: list[tuple[str, tuple[str, ...]]] = [
            (url, ()) for url in _choose_sitemaps(index.nested_urls, memory, turn)
        ]
        reading, seen = _SitemapReading(index), {source.url}
        while pending and len(seen) <= MAX_SITEMAP_DOCUMENTS:
            url, parents = pending.pop(0)
            if url in seen:
                continue
            seen.add(url)
            part = await self.read_part(source, url)
            if isinstance(part, Feed) and part.nested_urls:
                if len(parents) + 1 < MAX_INDEX_LEVELS:
                    nested = _choose_sitemaps(part.nested_urls, memory, turn)
                    pending = [(one, (*parents, url)) for one in nested] + pending
                elif not part.entries:
                    part = Failed(
                        f"the sitemap index {url} is nested too deeply; two levels are read", FailureWeight.HARD
                    )
            reading.add(part, (*parents, url))
        return reading

    async def _add_listing_pages(self, feed: Feed, source: Source, has_known_entry: KnownEntryCheck) -> Feed:
        """Read the next pages of a listing, and return the feed with the entries of all pages.

        Reading ends after a page with an entry that is already stored, or after the maximum number of pages of the
        source.
        """
        page, pages = feed, source.max_pages
        seen = {source.url}
        while page.nested_urls and pages > 1 and page.nested_urls[0] not in seen and not await has_known_entry(page):
            seen.add(page.nested_urls[0])
            part = await self.read_part(source, page.nested_urls[0])
            page = part if isinstance(part, Feed) else Feed(())
            feed = _merge_feeds(feed, page)
            pages -= 1
        return feed

    async def read_part(self, source: Source, url: str) -> Feed | Failed | Blocked | Gone:
        """Fetch and parse a further document of a source, such as a sitemap of an index or the next page of a listing.

        Return its feed, or the reason why it could not be read.
        """
        async with self._open_document(partial(self._fetch, source, url)) as response:
            if isinstance(response, NotModified):
                return Failed("the server reports no change of a document that was not read before (304)")
            if not isinstance(response, Fetched):
                return response
            try:
                return (await self._parse(response, source)).feed
            except (NotAFeed, WorkerKilled) as error:
                return _classify_error(error, source)

    async def find_sitemaps(self, source: Source) -> list[str]:
        """Return the addresses of the sitemaps in the robots.txt of a source's site.

        If robots.txt names no sitemap, the usual address of a sitemap is returned.
        """
        from monitor.parse.feed_discovery import find_robots_candidates

        address = urljoin(source.url, "/robots.txt")
        result = await self._fetcher.fetch(FetchRequest(address))
        text = decode(result.body, result.content_type) if isinstance(result, Fetched) else ""
        return [one.url for one in find_robots_candidates(text, address)] or [urljoin(source.url, "/sitemap.xml")]

    @asynccontextmanager
    async def _open_document(self, fetch: Callable[..., Awaitable[FetchResult]]) -> AsyncIterator[FetchResult]:
        """Return a context manager that fetches a document and provides the response in its block.

        If the document is above the usual size limit, it is fetched with a larger limit. Only a few such documents are
        held in memory at the same time.
        """
        response = await fetch(is_large=False)
        if isinstance(response, Failed) and response.cause is FailureCause.TOO_LONG:
            async with self._large_document_slots:
                yield await fetch(is_large=True)
        else:
            yield response

    async def _fetch_source(
        self, source: Source, poll_state: PollState, *, is_unconditional: bool, is_large: bool
    ) -> FetchResult:
        """Fetch the configured address of a source.

        If this fails, and earlier responses have redirected permanently to another address, fetch that address.
        """
        is_unconditional = is_unconditional and source.kind is not SourceKind.MAILBOX
        validators = ("", "") if is_unconditional else (poll_state.etag, poll_state.last_modified)
        response = await self._fetch(source, source.url, *validators, is_large=is_large)
        moved_to = poll_state.moved_to if poll_state.moved_count >= MIN_MOVED_RESPONSES else ""
        is_missing = isinstance(response, Gone) or (
            isinstance(response, Failed) and response.cause is not FailureCause.TOO_LONG
        )
        if moved_to and moved_to != source.url and is_missing:
            moved_response = await self._fetch(source, moved_to, is_large=is_large)
            if isinstance(moved_response, Fetched):
                return replace(moved_response, moved_to=moved_response.moved_to or moved_to)
        return response

    async def _fetch(
        self, source: Source, url: str, etag: str = "", last_modified: str = "", *, is_large: bool
    ) -> FetchResult:
        """Fetch one document of a source.

        The rules of robots.txt apply to web pages, such as listing pages, but not to feeds and sitemaps.
        """
        if source.kind is SourceKind.MAILBOX:
            return await self._fetcher.fetch(FetchRequest(url, etag=etag, mailbox=source.mailbox))
        headers = request_headers(source, url)
        if source.kind is SourceKind.API and source.api is not None:
            url, body = build_api_request(source.api, url)
            return await self._fetcher.fetch(
                FetchRequest(
                    url,
                    FetchPurpose.API,
                    etag,
                    last_modified,
                    headers,
                    is_large,
                    body=body,
                    cookie_file=source.cookie_file,
                )
            )
        purpose = FetchPurpose.PAGE if source.kind.is_page else FetchPurpose.FEED
        request = FetchRequest(url, purpose, etag, last_modified, headers, is_large, cookie_file=source.cookie_file)
        if source.kind.is_page and source.fetch is FetchMethod.BROWSER:
            # the document may be unchanged while its scripts show other articles
            request = replace(request, etag="", last_modified="", uses_browser=True)
        return await self._fetcher.fetch(request)

    async def _parse(
        self, response: Fetched, source: Source, known_item_hashes: bytes = b"", *, is_isolated: bool = False
    ) -> ParsedFeed:
        """Parse a document, without the items that were the same at the last poll.

        If ``is_isolated`` is true, the whole document is parsed in a worker process. Raises ``NotAFeed`` if the
        document cannot be parsed, and ``WorkerKilled`` if its worker process exceeds a limit.
        """
        if source.kind is SourceKind.MAILBOX:
            from monitor.pipeline.mailbox_documents import parse_mailbox

            known_count = int(dict(response.headers).get(KNOWN_COUNT_HEADER, "0"))
            return ParsedFeed(await parse_mailbox(response, source, self._process_pool), known_count)
        document = _Document(response.body, response.content_type, response.url, source)
        if not is_isolated and len(document.body) <= MAX_SHORT_BYTES:
            parsed = None if known_item_hashes else await self._parse_if_busy(document)
            if parsed is None:
                async with self._cpu_slot:
                    parsed = _parse_ordinary(document, known_item_hashes)
            if parsed is not None:
                return parsed
        from monitor.parse.dispatch import parse_document

        return ParsedFeed(await self._process_pool.run(parse_document, *document))

    async def _parse_if_busy(self, document: "_Document") -> ParsedFeed | None:
        """Parse a document in a worker process if many articles wait; otherwise return None."""
        result = await self._offloader.run_if_busy(EXPECTED_NEW_FEED_ENTRIES, _parse_in_worker, document)
        if isinstance(result, NotAFeed):
            raise result
        return result

    async def _key_entries(self, feed: Feed, *, is_partial: bool = False) -> tuple[KeyedEntry, ...]:
        async with self._cpu_slot:
            return assign_entry_keys(feed, is_partial=is_partial)


@dataclass(slots=True)
class _SitemapReading:
    """Progress of reading a sitemap index: the entries found so far, and the sitemaps that they are from."""

    feed: Feed
    is_any_read: bool = False
    first_failure: Failed | Blocked | Gone | None = None
    _entry_urls: dict[str, set[str]] = field(default_factory=dict)
    _newest: dict[str, datetime] = field(default_factory=dict)

    @property
    def failure(self) -> Failed | Blocked | Gone | None:
        """The first failure, if no sitemap could be read and the index itself has no entries; otherwise None."""
        return None if self.is_any_read or self.feed.entries else self.first_failure

    @property
    def parts(self) -> tuple[SitemapPart, ...]:
        """The sitemaps that were read and have entries."""
        return tuple(SitemapPart(url, frozenset(urls), self._newest.get(url)) for url, urls in self._entry_urls.items())

    def add(self, part: Feed | Failed | Blocked | Gone, path: tuple[str, ...]) -> None:
        """Add what was read of one sitemap: its entries, or the reason why it could not be read.

        ``path`` has the URLs of the sitemap and of the indexes through which it was found, the outermost index first,
        and the sitemap last.
        """
        if not isinstance(part, Feed):
            self.first_failure = self.first_failure or part
            return
        self.is_any_read = self.is_any_read or bool(part.entries) or not part.nested_urls
        self.feed = _merge_feeds(self.feed, part)
        dates = [date for entry in part.entries if (date := entry.published_at or entry.updated_at)]
        for url in path if part.entries else ():
            self._entry_urls.setdefault(url, set()).update(entry.url for entry in part.entries)
            self._newest |= {url: max([*dates, *filter(None, [self._newest.get(url)])])} if dates else {}


def _choose_sitemaps(nested_urls: Sequence[str], memory: SitemapMemory, turn: int) -> list[str]:
    """Choose the sitemaps of an index to read at this poll; return their URLs.

    First come the productive sitemaps, which recently had addresses of new articles. Then come the first sitemaps of
    the index, and then one of the other known sitemaps in turn. The first poll reads more sitemaps, because its
    articles are not reported. A sitemap that the first poll did not read, and that is not among the first of the index,
    is never chosen later: its old articles would be reported as new.
    """
    if not memory.known:
        return list(nested_urls[:MAX_SITEMAP_DOCUMENTS])
    names = set(nested_urls)
    productive = [url for url in memory.productive if url in names][:MAX_PREFERRED_SITEMAPS]
    chosen = list(dict.fromkeys((*productive, *nested_urls)))[:MAX_NESTED_SITEMAPS]
    others = [url for url in memory.known if url in names and url not in chosen]
    return [*chosen, others[turn % len(others)]] if others else chosen


def _classify_error(error: NotAFeed | WorkerKilled, source: Source) -> Failed | Blocked:
    """Return the failure that is stored for a source whose document could not be parsed."""
    return (
        classify_parse_error(error, source) if isinstance(error, NotAFeed) else Failed(str(error), FailureWeight.HARD)
    )


def classify_parse_error(error: NotAFeed, source: Source) -> Failed | Blocked:
    """Return the failure for a document that could not be parsed.

    It is ``Blocked`` if the document is an HTML page, such as a bot check or a consent page, or if an optional
    dependency of this program must be installed. Otherwise it is ``Failed``: the document is invalid or too long, or
    the selectors of the source find nothing in it.
    """
    match error.fault:
        case DocumentFault.ACCESS_WALL | DocumentFault.HTML_PAGE:
            return Blocked(error.reason, suggest_for_document(source.kind))
        case DocumentFault.MISSING_EXTRA:
            return Blocked(error.reason, "install the extra, then restart the daemon")
        case DocumentFault.LAYOUT_CHANGED:
            return Failed(error.reason, FailureWeight.HARD, cause=FailureCause.LAYOUT_CHANGED)
        case DocumentFault.WRONG_SELECTOR:
            return Failed(error.reason, FailureWeight.SOFT, cause=FailureCause.LAYOUT_CHANGED)
        case DocumentFault.TOO_LONG:
            return Failed(error.reason, FailureWeight.SOFT, cause=FailureCause.TOO_LONG)
        case DocumentFault.EMPTY | DocumentFault.OTHER_FORMAT | DocumentFault.DAMAGED:
            return Failed(error.reason, FailureWeight.SOFT, cause=FailureCause.MALFORMED)
        case _:
            assert_never(error.fault)


class _Document(NamedTuple):
    """A document of a source, with the content type that its server has stated, and the URL of its response."""

    body: bytes
    content_type: str
    url: str
    source: Source


def _parse_in_worker(document: _Document) -> ParsedFeed | NotAFeed:
    """Parse a document in a worker process, and assign the keys of its entries unless further documents may be added.

    An error is returned and not raised, because a document that cannot be parsed is not a failure of the process.
    """
    from monitor.parse.dispatch import parse_document

    try:
        parsed = _parse_ordinary(document, b"") or ParsedFeed(parse_document(*document))
    except NotAFeed as error:
        return error
    if parsed.feed.nested_urls or document.source.kind.has_further_pages:
        return parsed
    feed = drop_build_time(parsed.feed)
    return replace(parsed, feed=feed, keyed_entries=assign_entry_keys(feed))


def _parse_ordinary(document: _Document, known_item_hashes: bytes) -> ParsedFeed | None:
    """Parse the document of a feed in an ordinary format, or only its new items.

    The result is None for any other document, which must be parsed in a worker process.
    """
    from monitor.parse.dispatch import decode_ordinary_feed, parse_ordinary_feed
    from monitor.parse.incremental import hash_items

    text = decode_ordinary_feed(document.body, document.content_type, document.source)
    if text is None:
        return None
    parsed = _parse_new_items(text, document.url, document.source, known_item_hashes)
    if parsed is None and (feed := parse_ordinary_feed(text, document.url, document.source)):
        parsed = ParsedFeed(feed, 0, hash_items(text))
    return parsed


def _parse_new_items(text: str, url: str, source: Source, known_item_hashes: bytes) -> ParsedFeed | None:
    """Parse only the items that differ from the last poll.

    The result is None if the items of the document cannot be separated.
    """
    from monitor.parse.fast_xml import parse_fast_xml
    from monitor.parse.incremental import is_independent, remove_known_items

    changed = remove_known_items(text, known_item_hashes)
    if changed is None:
        return None
    feed = parse_fast_xml(changed.text, url, source) if changed.new_count else Feed(())
    if feed is None or not all(is_independent(entry, changed.known_text) for entry in feed.entries):
        return None
    return ParsedFeed(feed, changed.known_count, changed.item_hashes)


def _merge_feeds(first: Feed, second: Feed) -> Feed:
    """Add the entries of the second feed to the first feed, and return the result.

    If both feeds have an entry with the same URL, the entry of the second feed is left out and counted as merged.
    """
    urls = {entry.url for entry in first.entries} - {""}
    added = tuple(entry for entry in second.entries if entry.url not in urls)
    merged_count = first.merged_count + second.merged_count + len(second.entries) - len(added)
    left_out_count = first.left_out_count + second.left_out_count
    empty_count = first.empty_count + second.empty_count
    return replace(
        first,
        entries=first.entries + added,
        merged_count=merged_count,
        left_out_count=left_out_count,
        empty_count=empty_count,
    )
