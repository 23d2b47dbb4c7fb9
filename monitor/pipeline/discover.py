"""Discovery of the feeds and sitemaps of a site.

A feed is searched for in these places:

- the given address itself,
- links on the page at this address, and on pages that list the site's feeds,
- the robots.txt of the site,
- addresses at which many sites have feeds,
- for an account of a social network, the address at which the network publishes the account's feed.
"""

import asyncio
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from msgspec import Struct

from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.fetch_result import Failed, FailureCause, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Feed, Listing, Source, SourceKind
from monitor.domain.source_health import suggestion_for
from monitor.parse.dispatch import parse_document
from monitor.parse.feed_discovery import (
    FeedCandidate,
    find_page_candidates,
    find_refresh_target,
    find_robots_candidates,
    is_comments_feed,
    list_common_candidates,
)
from monitor.parse.sitemap import is_sitemap, is_text_sitemap
from monitor.parse.social import SocialPreset, build_listing_source, find_social_preset
from monitor.records.sources import FeedRecord
from monitor.text.encoding import decode
from monitor.text.sanitize import single_line
from monitor.text.slugs import make_slug, make_unique
from monitor.text.urls import canonicalize_url, extract_host

_MAX_FEEDS = 12
_MAX_FEED_LISTS = 3
_MAX_REQUESTS = 60
_HOST_FAILURES = {FailureCause.FORBIDDEN_ADDRESS, FailureCause.NAME_LOOKUP, FailureCause.UNREACHABLE}


class DiscoveredFeed(Struct, frozen=True):
    """A feed or sitemap of a site that can be read: its kind, how it was found, and how recent it is."""

    url: str
    kind: SourceKind
    title: str
    entry_count: int
    newest_at: datetime | None
    language: str
    origin: str
    listing: Listing | None = None

    @property
    def name(self) -> str:
        """Title of the feed or, if the feed has no title, its host."""
        return single_line(self.title) or extract_host(self.url).removeprefix("www.")

    @property
    def keys(self) -> dict[str, Any]:
        """Keys and values for a source that reads this feed, as they are written in sources.yaml."""
        address = self.url if self.listing is None else listing_keys(self.listing)
        return build_source_keys(self.name, self.kind, address, self.language)


class DiscoveryResult(Struct, frozen=True):
    """Result of a search for feeds: the feeds that were found, the best first, or the reason why none was found.

    ``was_reached`` is False if no connection to the host could be made.
    """

    feeds: tuple[DiscoveredFeed, ...]
    failure_reason: str = ""
    was_reached: bool = True


NO_FEED_REASON = (
    "the site names no feed, and there is none at the usual addresses; "
    "suggestion: read a page that lists its articles, with `listing:` (`url` and `items`)"
)


class FeedDiscoverer:
    """Finder of the feeds of a site. It sends at most about sixty requests.

    It searches at the given address, on pages that list feeds, in robots.txt and at usual addresses.
    """

    def __init__(self, fetcher: Fetcher, process_pool: ProcessPool) -> None:
        self._fetcher, self._process_pool = fetcher, process_pool

    async def discover(self, url: str) -> DiscoveryResult:
        """Search for the feeds and sitemaps at an address and on the site of this address, and return them.

        An address without scheme is tried with https, then with http.
        """
        if "://" in url:
            return await self._discover(url)
        found = await self._discover(f"https://{url}")
        return found if found.feeds or found.was_reached else await self._discover(f"http://{url}")

    async def _discover(self, url: str) -> DiscoveryResult:
        search = _Search()
        preset = find_social_preset(url)
        if preset and (known := await self._read_preset(preset)).feeds:
            return known
        outcome = await self._fetch_page(url)
        failure = "" if isinstance(outcome, Fetched) else getattr(outcome, "reason", "the response was empty")
        if isinstance(outcome, Failed) and (suggestion := suggestion_for(outcome, SourceKind.FEED)):
            failure += f"; suggestion: {suggestion}"
        if isinstance(outcome, Failed) and outcome.cause in _HOST_FAILURES:
            return DiscoveryResult((), failure, was_reached=False)
        if isinstance(outcome, Fetched):
            given = await self._parse_response(FeedCandidate(outcome.moved_to or url, found_by="given"), outcome)
            if isinstance(given, DiscoveredFeed):
                return DiscoveryResult((given,))
            url = outcome.url
            html = decode(outcome.body, outcome.content_type)
            await self._fetch_candidates(search, find_page_candidates(html, url, outcome.headers))
            await self._follow_feed_lists(search, url)
        robots = await self._fetcher.fetch(FetchRequest(urljoin(url, "/robots.txt")))
        text = decode(robots.body, robots.content_type) if isinstance(robots, Fetched) else ""
        await self._fetch_candidates(search, find_robots_candidates(text, url))
        if not any(feed.kind is SourceKind.FEED for feed in search.found):
            await self._fetch_candidates(search, list_common_candidates(url))
        return DiscoveryResult(_sort_feeds(search.found), "" if search.found else failure or search.describe_failure())

    async def _fetch_page(self, url: str) -> FetchResult:
        """Fetch the given address. If the page redirects by ``meta refresh``, as some pages do, fetch its target."""
        outcome = await self._fetcher.fetch(FetchRequest(url, FetchPurpose.PAGE))
        if not isinstance(outcome, Fetched):
            return await self._fetcher.fetch(FetchRequest(url, is_large=True))
        target = find_refresh_target(decode(outcome.body, outcome.content_type), outcome.url)
        redirected = await self._fetcher.fetch(FetchRequest(target, FetchPurpose.PAGE)) if target else None
        return redirected if isinstance(redirected, Fetched) else outcome

    async def _read_preset(self, preset: SocialPreset) -> DiscoveryResult:
        """Return the feeds of a social network account, and the page that shows its posts, if they can be read."""
        search = _Search()
        await self._fetch_candidates(search, [FeedCandidate(feed, found_by="named") for feed in preset.feeds])
        if preset.listing:
            request = FetchRequest(preset.listing.url, FetchPurpose.PAGE)
            found = await self._parse_listing(preset.listing, await self._fetcher.fetch(request))
            if isinstance(found, DiscoveredFeed):
                search.found.append(found)
            else:
                search.failure = f"{preset.listing.url} cannot be read: {found}"
        return DiscoveryResult(tuple(search.found), "" if search.found else search.describe_failure())

    async def _parse_listing(self, listing: Listing, result: FetchResult) -> DiscoveredFeed | str:
        if not isinstance(result, Fetched):
            return getattr(result, "reason", "the response was empty")
        source = build_listing_source("discover", listing)
        try:
            feed = await self._process_pool.run(parse_document, result.body, result.content_type, result.url, source)
        except NotAFeed as error:
            return error.reason
        except WorkerKilled as error:
            return str(error)
        newest = max((entry.published_at for entry in feed.entries if entry.published_at), default=None)
        title, count = feed.title, len(feed.entries)
        return DiscoveredFeed(listing.url, SourceKind.LISTING, title, count, newest, feed.language, "named", listing)

    async def _follow_feed_lists(self, search: "_Search", home: str) -> None:
        """Fetch the feeds that are listed on pages such as "Our RSS feeds".

        These pages are in ``search.linked_pages``, because the home page links to them as if they were feeds.
        """
        for page in search.linked_pages[:_MAX_FEED_LISTS]:
            if canonicalize_url(page.url) != canonicalize_url(home):
                html = decode(page.body, page.content_type)
                candidates = find_page_candidates(html, page.url, page.headers, is_feed_list=True)
                await self._fetch_candidates(search, candidates)

    async def _fetch_candidates(self, search: "_Search", candidates: Iterable[FeedCandidate]) -> None:
        """Fetch and parse the possible feed addresses that were not tried before, until enough feeds are found."""
        pending = []
        for candidate in candidates:
            if (key := canonicalize_url(candidate.url)) not in search.tried:
                search.tried.add(key)
                pending.append(candidate)
        while pending and len(search.found) < _MAX_FEEDS and search.requests < _MAX_REQUESTS:
            part, pending = pending[:4], pending[4:]
            search.requests += len(part)
            for result in await asyncio.gather(*(self._fetch_candidate(search, one) for one in part)):
                if result is not None:
                    search.found.append(result)

    async def _fetch_candidate(self, search: "_Search", candidate: FeedCandidate) -> DiscoveredFeed | None:
        response = await self._fetcher.fetch(FetchRequest(candidate.url, is_large=True))
        result = await self._parse_response(candidate, response)
        if isinstance(result, DiscoveredFeed):
            return result
        if candidate.found_by == "named" and not search.failure:
            search.failure = f"{candidate.url} is named by the site, but cannot be read: {result}"
        if candidate.found_by == "linked" and isinstance(response, Fetched):
            search.linked_pages.append(response)
        return None

    async def _parse_response(self, candidate: FeedCandidate, fetch_result: FetchResult) -> DiscoveredFeed | str:
        """Parse a response as a feed, and return the feed, or the reason why the response is not a feed."""
        if not isinstance(fetch_result, Fetched):
            return getattr(fetch_result, "reason", "the response was empty")
        source = Source("discover", feed=candidate.url)
        try:
            feed = await self._process_pool.run(
                parse_document, fetch_result.body, fetch_result.content_type, fetch_result.url, source
            )
        except NotAFeed as error:
            return error.reason
        except WorkerKilled as error:
            return str(error)
        return _build_feed(candidate, feed, fetch_result) or "it has neither a title nor entries"


@dataclass(slots=True)
class _Search:
    """Progress of one search: the feeds that were found, and the URLs that were tried.

    ``linked_pages`` are pages that were received instead of a feed, from links that looked like links to a feed.
    """

    found: list[DiscoveredFeed] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    linked_pages: list[Fetched] = field(default_factory=list)
    requests: int = 0
    failure: str = ""

    def describe_failure(self) -> str:
        """Return a sentence with the reason why no feed was found."""
        return self.failure or NO_FEED_REASON


def _build_feed(candidate: FeedCandidate, feed: Feed, response: Fetched) -> DiscoveredFeed | None:
    if not (feed.entries or feed.nested_urls or feed.title):
        return None
    text, dates = decode(response.body, ""), [entry.published_at or entry.updated_at for entry in feed.entries]
    return DiscoveredFeed(
        response.moved_to or candidate.url,
        SourceKind.SITEMAP if feed.nested_urls or is_sitemap(text) or is_text_sitemap(text) else SourceKind.FEED,
        feed.title or candidate.title,
        len(feed.entries) or len(feed.nested_urls),
        max(filter(None, dates), default=None),
        feed.language,
        candidate.found_by,
    )


def _sort_feeds(feeds: list[DiscoveredFeed]) -> tuple[DiscoveredFeed, ...]:
    """Remove duplicate feeds, and sort the feeds, the best first.

    Feeds come before sitemaps, feeds of articles before feeds of readers' comments, and feeds with entries before empty
    ones. Among equal feeds, the order is: the feed at the given address, feeds that the site declares, feeds that it
    links, guessed feeds.
    """
    once: dict[str, DiscoveredFeed] = {}
    for feed in feeds:
        once.setdefault(canonicalize_url(feed.url), feed)
    order = {"given": 0, "named": 1, "linked": 2, "guessed": 3}
    return tuple(
        sorted(
            once.values(),
            key=lambda one: (
                one.kind is not SourceKind.FEED,
                is_comments_feed(one.url, one.title),
                not one.entry_count,
                order[one.origin],
            ),
        )
    )


def make_source_id(name: str, url: str, used_ids: Collection[str]) -> str:
    """Return a new id for a source, made from its name.

    If the name has hardly any Latin letters, the id is made from the host of the URL. If the id is used already, a
    number is added.
    """
    slug = make_slug(name)
    if len(slug) < 3:
        slug = make_slug(url.partition("://")[2].partition("/")[0]) or "source"
    return make_unique(slug, used_ids)


def listing_keys(listing: Listing) -> dict[str, Any]:
    """Return the keys and values for a listing page, as they are written in sources.yaml."""
    names = ("url", "items", "link", "title", "text", "author", "repost_of", "reply_to")
    keys: dict[str, Any] = {name: value for name in names if (value := getattr(listing, name))}
    return keys | ({"published": listing.published.selector} if listing.published else {})


def build_source_keys(
    name: str, kind: SourceKind, address: str | dict[str, Any], language: str = "", groups: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the keys and values for a source, as they are written in sources.yaml.

    ``address`` is a URL, or the keys and values of a listing page. For a listing page, the result contains ``text_from:
    feed``: the listing page itself has the text of each article, so that no article pages need to be read.
    """
    keys: dict[str, Any] = {"name": name, kind.value: address}
    if isinstance(address, dict):
        keys["text_from"] = "feed"
    if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", language):
        keys["language"] = language.lower()
    if groups:
        keys["groups"] = list(groups)
    return keys


def feed_record(feed: DiscoveredFeed) -> FeedRecord:
    """Return the JSON record of a feed, as in ``sources discover --json``."""
    return {
        "url": feed.url,
        "kind": feed.kind.value,
        "title": feed.title,
        "entries": feed.entry_count,
        "newest": feed.newest_at,
        "language": feed.language,
        "found": feed.origin,
    }
