"""Discover: try what a site names, links and usually has, and say what can be read there."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from monitor.domain.entry import Feed
from monitor.domain.errors import NotAFeed, WorkerKilled
from monitor.domain.exchange import Failed, Fetched, Outcome, Purpose, Request
from monitor.domain.ports import Fetcher, Workshop
from monitor.domain.remedies import remedy_of
from monitor.domain.source import Source, SourceKind
from monitor.parse.discover import Candidate, candidates_in_page, candidates_in_robots, usual_places
from monitor.parse.document import parse_document
from monitor.text.encoding import decode
from monitor.text.urls import canonical_url

_ENOUGH = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A feed or sitemap that was read: what it is, how it was found, and how fresh it is."""

    url: str
    kind: SourceKind
    title: str
    entries: int
    newest_at: datetime | None
    language: str
    found: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, best first, and what stood in the way (empty if nothing did)."""

    found: tuple[Found, ...]
    trouble: str = ""


NO_FEED = (
    "the site names no feed, and none is where they usually are; "
    "what helps: read a page of it that lists articles, by `page:` and `items:`"
)


class Discoverer:
    """Asks a site for its feeds, politely: a page, its robots.txt, and at most some forty addresses."""

    def __init__(self, fetcher: Fetcher, workshop: Workshop) -> None:
        self._fetcher, self._workshop = fetcher, workshop

    async def discover(self, url: str) -> Discovery:
        """Find what can be polled at an address or on the site it belongs to."""
        outcome = await self._fetcher.fetch(Request(url, Purpose.PAGE))
        if not isinstance(outcome, Fetched):
            outcome = await self._fetcher.fetch(Request(url))
        named: tuple[Candidate, ...] = ()
        trouble = "" if isinstance(outcome, Fetched) else getattr(outcome, "reason", "nothing came")
        if isinstance(outcome, Failed) and (remedy := remedy_of(outcome)):
            trouble += f"; what helps: {remedy}"
        if isinstance(outcome, Fetched):
            itself = await self._read(Candidate(outcome.moved_to or url, found="given"), outcome)
            if itself is not None:
                return Discovery((itself,))
            named = candidates_in_page(decode(outcome.body, outcome.content_type), outcome.url)
            url = outcome.url
        robots = await self._fetcher.fetch(Request(urljoin(url, "/robots.txt")))
        text = decode(robots.body, robots.content_type) if isinstance(robots, Fetched) else ""
        found = await self._try((*named, *candidates_in_robots(text, url)))
        if not any(one.kind is SourceKind.FEED for one in found):
            tried = {canonical_url(one.url) for one in named}
            found += await self._try(one for one in usual_places(url) if canonical_url(one.url) not in tried)
        return Discovery(_best_first(found), "" if found else trouble or NO_FEED)

    async def _try(self, candidates: Iterable[Candidate]) -> list[Found]:
        """Fetch and read candidates; stop asking once there are enough."""
        found: list[Found] = []
        pending = list(candidates)
        while pending and len(found) < _ENOUGH:
            part, pending = pending[:4], pending[4:]
            found += filter(None, await asyncio.gather(*(self._look(one) for one in part)))
        return found

    async def _look(self, candidate: Candidate) -> Found | None:
        return await self._read(candidate, await self._fetcher.fetch(Request(candidate.url)))

    async def _read(self, candidate: Candidate, outcome: Outcome) -> Found | None:
        """Read one answer; None if it is no feed."""
        if not isinstance(outcome, Fetched):
            return None
        source = Source("discover", "", SourceKind.FEED, candidate.url)
        try:
            feed = await self._workshop.run(parse_document, outcome.body, outcome.content_type, outcome.url, source)
        except (NotAFeed, WorkerKilled):
            return None
        return _found(candidate, feed, outcome)


def _found(candidate: Candidate, feed: Feed, answer: Fetched) -> Found | None:
    sitemap = b"<urlset" in answer.body[:20_000] or b"<sitemapindex" in answer.body[:20_000]
    if not (feed.entries or feed.nested or feed.title):
        return None
    dates = [entry.published_at or entry.updated_at for entry in feed.entries]
    return Found(
        answer.moved_to or candidate.url,
        SourceKind.SITEMAP if sitemap or feed.nested else SourceKind.FEED,
        feed.title or candidate.title,
        len(feed.entries) or len(feed.nested),
        max(filter(None, dates), default=None),
        feed.language,
        candidate.found,
    )


def _best_first(found: list[Found]) -> tuple[Found, ...]:
    """Put feeds before sitemaps, full before empty, named before guessed; one address once."""
    once = {canonical_url(one.url): one for one in reversed(found)}
    order = {"given": 0, "named": 1, "linked": 2, "guessed": 3}
    return tuple(
        sorted(
            once.values(), key=lambda one: (one.kind is not SourceKind.FEED, not one.entries, order[one.found], one.url)
        )
    )
