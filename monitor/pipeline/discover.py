"""Discover the feeds and sitemaps of a site: given, named, linked, or at a common address."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.fetch_result import Failed, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Feed, Source, SourceKind
from monitor.domain.source_health import suggestion_for
from monitor.parse.dispatch import parse_document
from monitor.parse.feed_discovery import (
    FeedCandidate,
    find_page_candidates,
    find_robots_candidates,
    list_common_candidates,
)
from monitor.text.encoding import decode
from monitor.text.urls import canonicalize_url

_MAX_FEEDS = 12


@dataclass(frozen=True, slots=True)
class DiscoveredFeed:
    """Readable feed or sitemap: its kind, how it was found, and how recent it is."""

    url: str
    kind: SourceKind
    title: str
    entry_count: int
    newest_at: datetime | None
    language: str
    origin: str


@dataclass(frozen=True, slots=True)
class DiscoveryResult:
    """Discovered feeds, best first, and the reason for a failure (empty if there was none)."""

    feeds: tuple[DiscoveredFeed, ...]
    failure_reason: str = ""


NO_FEED_REASON = (
    "the site names no feed, and there is none at the usual addresses; "
    "suggestion: read a page that lists its articles, with `listing:` (`url` and `items`)"
)


class FeedDiscoverer:
    """Finds the feeds of a site with at most about forty requests: a page, robots.txt, and candidate addresses."""

    def __init__(self, fetcher: Fetcher, process_pool: ProcessPool) -> None:
        self._fetcher, self._process_pool = fetcher, process_pool

    async def discover(self, url: str) -> DiscoveryResult:
        """Return the feeds and sitemaps at an address or on its site."""
        outcome = await self._fetcher.fetch(FetchRequest(url, FetchPurpose.PAGE))
        if not isinstance(outcome, Fetched):
            outcome = await self._fetcher.fetch(FetchRequest(url))
        named: tuple[FeedCandidate, ...] = ()
        failure = "" if isinstance(outcome, Fetched) else getattr(outcome, "reason", "the response was empty")
        if isinstance(outcome, Failed) and (suggestion := suggestion_for(outcome)):
            failure += f"; suggestion: {suggestion}"
        if isinstance(outcome, Fetched):
            given = await self._parse_response(FeedCandidate(outcome.moved_to or url, found_by="given"), outcome)
            if given is not None:
                return DiscoveryResult((given,))
            named = find_page_candidates(decode(outcome.body, outcome.content_type), outcome.url)
            url = outcome.url
        robots = await self._fetcher.fetch(FetchRequest(urljoin(url, "/robots.txt")))
        text = decode(robots.body, robots.content_type) if isinstance(robots, Fetched) else ""
        found = await self._fetch_candidates((*named, *find_robots_candidates(text, url)))
        if not any(feed.kind is SourceKind.FEED for feed in found):
            tried = {canonicalize_url(candidate.url) for candidate in named}
            found += await self._fetch_candidates(
                candidate for candidate in list_common_candidates(url) if canonicalize_url(candidate.url) not in tried
            )
        return DiscoveryResult(_sort_feeds(found), "" if found else failure or NO_FEED_REASON)

    async def _fetch_candidates(self, candidates: Iterable[FeedCandidate]) -> list[DiscoveredFeed]:
        """Fetch and parse candidates until enough feeds are found."""
        found: list[DiscoveredFeed] = []
        pending = list(candidates)
        while pending and len(found) < _MAX_FEEDS:
            part, pending = pending[:4], pending[4:]
            found += filter(None, await asyncio.gather(*(self._fetch_candidate(one) for one in part)))
        return found

    async def _fetch_candidate(self, candidate: FeedCandidate) -> DiscoveredFeed | None:
        return await self._parse_response(candidate, await self._fetcher.fetch(FetchRequest(candidate.url)))

    async def _parse_response(self, candidate: FeedCandidate, fetch_result: FetchResult) -> DiscoveredFeed | None:
        """Return the parsed feed, or None if the response is not a feed."""
        if not isinstance(fetch_result, Fetched):
            return None
        source = Source("discover", feed=candidate.url)
        try:
            feed = await self._process_pool.run(
                parse_document, fetch_result.body, fetch_result.content_type, fetch_result.url, source
            )
        except (NotAFeed, WorkerKilled):
            return None
        return _build_feed(candidate, feed, fetch_result)


def _build_feed(candidate: FeedCandidate, feed: Feed, response: Fetched) -> DiscoveredFeed | None:
    sitemap = b"<urlset" in response.body[:20_000] or b"<sitemapindex" in response.body[:20_000]
    if not (feed.entries or feed.nested_urls or feed.title):
        return None
    dates = [entry.published_at or entry.updated_at for entry in feed.entries]
    return DiscoveredFeed(
        response.moved_to or candidate.url,
        SourceKind.SITEMAP if sitemap or feed.nested_urls else SourceKind.FEED,
        feed.title or candidate.title,
        len(feed.entries) or len(feed.nested_urls),
        max(filter(None, dates), default=None),
        feed.language,
        candidate.found_by,
    )


def _sort_feeds(feeds: list[DiscoveredFeed]) -> tuple[DiscoveredFeed, ...]:
    """Return each feed once: feeds before sitemaps, non-empty before empty, named before guessed."""
    once = {canonicalize_url(one.url): one for one in reversed(feeds)}
    order = {"given": 0, "named": 1, "linked": 2, "guessed": 3}
    return tuple(
        sorted(
            once.values(),
            key=lambda one: (one.kind is not SourceKind.FEED, not one.entry_count, order[one.origin], one.url),
        )
    )
