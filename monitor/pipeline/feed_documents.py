"""Documents of one poll: the source's own, the sitemaps of an index, further listing pages, and the gap sitemap.

Parsers take long to load, and many passes find every feed unchanged: they are imported when needed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.fetch_result import (
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
from monitor.domain.poll_state import PollState
from monitor.domain.polling_policy import MIN_MOVED_RESPONSES, is_unconditional_due
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Entry, Feed, Source, SourceKind
from monitor.domain.source_health import SUGGEST_FIND_FEED, SUGGEST_FIX_SELECTORS
from monitor.parse.incremental import hash_body
from monitor.stories.identity import KeyedEntry, assign_entry_keys
from monitor.text.urls import extract_origin

MAX_NESTED_SITEMAPS = 4
KnownEntryCheck = Callable[[Feed], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """Parsed entries of a document. ``unchanged_count`` entries were skipped, because the last poll had the same bytes.

    ``item_hashes`` identify the items at the next poll; empty if the format does not allow it.
    """

    feed: Feed
    unchanged_count: int = 0
    item_hashes: bytes = b""


@dataclass(frozen=True, slots=True)
class FetchedFeed:
    """Document of a source with the keys of its entries, ready for the poll plan.

    ``response`` holds the validators to store, and ``body_hash`` the hash; both are empty if the next poll must read
    the document again. ``gap_entries`` are the entries of the document and of the sitemap that fills a gap, or None.
    """

    response: Fetched
    body_hash: str
    parsed: ParsedFeed
    keyed_entries: tuple[KeyedEntry, ...]
    gap_entries: tuple[KeyedEntry, ...] | None = None

    @property
    def entry_count(self) -> int:
        """Return the number of entries in the document, skipped ones included."""
        return len(self.parsed.feed.entries) + self.parsed.unchanged_count


@dataclass(frozen=True, slots=True)
class UnchangedFeed:
    """Document that has not changed, according to the server or to the hash of its body."""

    response: Fetched | NotModified


@dataclass(frozen=True, slots=True)
class PollAttempt:
    """One attempt to read a source: the poll state with the attempt recorded, and the result."""

    poll_state: PollState
    result: FetchedFeed | UnchangedFeed | Blocked | Gone | Failed


def request_headers(source: Source, url: str) -> tuple[tuple[str, str], ...]:
    """Return the configured headers for requests to the source's own origin, and none for other origins.

    An origin is scheme, host and port. Headers may hold credentials, and a feed can link to any address; they must not
    be sent there.
    """
    if not source.headers or extract_origin(url) != extract_origin(source.url):
        return ()
    return tuple((name, secret.reveal()) for name, secret in source.headers.items())


class FeedDocumentReader:
    """Fetches and parses the documents of a poll; large or unusual documents are parsed in a worker process.

    ``cpu_slot`` is held while work blocks the event loop, so that other tasks run between two documents.
    """

    def __init__(self, fetcher: Fetcher, process_pool: ProcessPool, cpu_slot: asyncio.Lock) -> None:
        self._fetcher, self._process_pool, self._cpu_slot = fetcher, process_pool, cpu_slot

    async def read(
        self,
        source: Source,
        poll_state: PollState,
        now: datetime,
        known_item_hashes: bytes,
        has_known_entry: KnownEntryCheck,
    ) -> PollAttempt:
        """Read a source once: fetch its document unless unchanged, parse it, and add linked documents."""
        is_unconditional = is_unconditional_due(poll_state.unconditional_at, now)
        poll_state = replace(poll_state, polls=poll_state.polls + 1, last_attempt_at=now)
        response = await self._fetch_source(source, poll_state, is_unconditional=is_unconditional)
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
        try:
            parsed = await self._parse(response, source, known_item_hashes)
        except NotAFeed as error:
            return PollAttempt(poll_state, classify_parse_error(error, source))
        except WorkerKilled as error:
            return PollAttempt(poll_state, Failed(str(error), FailureWeight.HARD))
        if parsed.unchanged_count:
            parsed = replace(parsed, feed=replace(parsed.feed, ttl=parsed.feed.ttl or poll_state.ttl))
        else:
            parsed = replace(parsed, feed=await self.add_linked_entries(parsed.feed, source, has_known_entry))
        if parsed.feed.is_cut_off or (parsed.feed.nested_urls and source.kind is not SourceKind.LISTING):
            # The complete document may have the validators of the incomplete one, and an index may stay unchanged
            # while its sitemaps change.
            response, body_hash = replace(response, etag="", last_modified=""), ""
        return PollAttempt(poll_state, FetchedFeed(response, body_hash, parsed, await self._key_entries(parsed.feed)))

    async def fill_gap(self, attempt: PollAttempt, source: Source) -> PollAttempt:
        """Add the entries of the source's news sitemap; an unreadable sitemap adds none."""
        document = attempt.result
        assert isinstance(document, FetchedFeed)  # noqa: S101 - only a document that was read can have a gap
        sitemap = replace(source, feed="", listing=None)
        if extract_origin(source.sitemap) != extract_origin(source.url):
            sitemap = replace(sitemap, headers={})
        found = await self._fetch_part(sitemap, source.sitemap)
        for url in found.nested_urls[:MAX_NESTED_SITEMAPS]:
            part = await self._fetch_part(sitemap, url)
            found = replace(found, entries=_merge_entries(found.entries, part.entries))
        feed = document.parsed.feed
        feed = replace(feed, entries=_merge_entries(feed.entries, found.entries))
        return replace(attempt, result=replace(document, gap_entries=await self._key_entries(feed)))

    async def add_linked_entries(self, feed: Feed, source: Source, has_known_entry: KnownEntryCheck) -> Feed:
        """Add the entries of an index's sitemaps, or of further listing pages up to one with a known entry."""
        if source.kind is SourceKind.LISTING:
            return await self._add_listing_pages(feed, source, has_known_entry)
        for url in feed.nested_urls[:MAX_NESTED_SITEMAPS]:
            part = await self._fetch_part(source, url)
            feed = replace(feed, entries=_merge_entries(feed.entries, part.entries))
        return feed

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
        """Read one further document; a failure returns an empty feed, because the poll itself succeeded."""
        response = await self._fetch(source, url)
        if not isinstance(response, Fetched):
            return Feed(())
        try:
            return (await self._parse(response, source)).feed
        except (NotAFeed, WorkerKilled):
            return Feed(())

    async def _fetch_source(self, source: Source, poll_state: PollState, *, is_unconditional: bool) -> FetchResult:
        """Fetch the configured address; if it fails and has moved permanently, fetch the new one."""
        validators = ("", "") if is_unconditional else (poll_state.etag, poll_state.last_modified)
        response = await self._fetch(source, source.url, *validators)
        moved_to = poll_state.moved_to if poll_state.moved_count >= MIN_MOVED_RESPONSES else ""
        if moved_to and moved_to != source.url and isinstance(response, Failed | Gone):
            moved_response = await self._fetch(source, moved_to)
            if isinstance(moved_response, Fetched):
                return replace(moved_response, moved_to=moved_response.moved_to or moved_to)
        return response

    async def _fetch(self, source: Source, url: str, etag: str = "", last_modified: str = "") -> FetchResult:
        """Fetch one document of a source. robots.txt applies to pages, not to feeds and sitemaps."""
        purpose = FetchPurpose.PAGE if source.kind is SourceKind.LISTING else FetchPurpose.FEED
        return await self._fetcher.fetch(FetchRequest(url, purpose, etag, last_modified, request_headers(source, url)))

    async def _parse(self, response: Fetched, source: Source, known_item_hashes: bytes = b"") -> ParsedFeed:
        """Parse a document, without items known from the last poll. Raises ``NotAFeed`` or ``WorkerKilled``."""
        async with self._cpu_slot:
            parsed = _parse_inline(response, source, known_item_hashes)
        if parsed is not None:
            return parsed
        from monitor.parse.dispatch import parse_document

        return ParsedFeed(
            await self._process_pool.run(parse_document, response.body, response.content_type, response.url, source)
        )

    async def _key_entries(self, feed: Feed) -> tuple[KeyedEntry, ...]:
        async with self._cpu_slot:
            return assign_entry_keys(feed)


def classify_parse_error(error: NotAFeed, source: Source) -> Failed | Blocked:
    """Return whether access was blocked by a bot or consent wall, or the document is invalid."""
    looks_like = error.looks_like
    if looks_like == "changed page":
        return Failed(error.reason, FailureWeight.HARD, cause=FailureCause.LAYOUT_CHANGED)
    if looks_like in {"HTML page", "consent page"} or any(
        word in looks_like for word in ("challenge", "gate", "browser")
    ):
        return Blocked(error.reason, SUGGEST_FIX_SELECTORS if source.listing else SUGGEST_FIND_FEED)
    return Failed(
        error.reason,
        FailureWeight.SOFT,
        cause=FailureCause.LAYOUT_CHANGED if looks_like == "wrong selector" else FailureCause.MALFORMED,
    )


def _parse_inline(response: Fetched, source: Source, known_item_hashes: bytes) -> ParsedFeed | None:
    """Parse an ordinary document, or only its new items; None if it must be parsed in a worker process."""
    from monitor.parse.dispatch import decode_inline_text
    from monitor.parse.fast_xml import parse_fast_xml
    from monitor.parse.incremental import hash_items

    text = decode_inline_text(response.body, response.content_type, source)
    if text is None:
        return None
    parsed = _parse_new_items(text, response.url, source, known_item_hashes)
    if parsed is None and (feed := parse_fast_xml(text, response.url, source)):
        parsed = ParsedFeed(feed, 0, hash_items(text))
    return parsed


def _parse_new_items(text: str, url: str, source: Source, known_item_hashes: bytes) -> ParsedFeed | None:
    """Parse only the items that differ from the last poll; None if they cannot be separated from the others."""
    from monitor.parse.fast_xml import parse_fast_xml
    from monitor.parse.incremental import is_independent, remove_known_items

    changed = remove_known_items(text, known_item_hashes)
    if changed is None:
        return None
    feed = parse_fast_xml(changed.text, url, source) if changed.new_count else Feed(())
    if feed is None or not all(is_independent(entry, changed.known_text) for entry in feed.entries):
        return None
    return ParsedFeed(feed, changed.known_count, changed.item_hashes)


def _merge_entries(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Join entries; of two with the same URL only the first is kept."""
    urls = {entry.url for entry in first}
    return first + tuple(entry for entry in second if entry.url not in urls)
