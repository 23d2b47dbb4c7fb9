"""Queue of article pages to read. Only a few pages of a host and of a source are read at a time, and hosts take turns.

If pages were read only in the order of their times, the pages of one slow host could delay all other pages. The queue
therefore gives out a page only when a request to its host can be sent without waiting.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count

from monitor.domain.article import DuePage, PendingPage
from monitor.domain.ports import Clock
from monitor.store.database import Database
from monitor.text.urls import extract_host

PAGE_LEASE = timedelta(minutes=5)
MAX_PAGES_PER_HOST = 2
"""Maximum number of pages of one host that are read at the same time.

It is also the maximum number of requests that the fetcher sends to one host at the same time.
"""
MAX_PAGES_PER_SOURCE = 6
"""Maximum number of pages of one source that are read at the same time.

It is a quarter of all pages that the daemon reads at the same time. The pages of a source may be on many hosts. Then
only this limit prevents them from delaying the pages of all other sources.
"""
MAX_PAGE_LAG = timedelta(minutes=10)
"""If a page is overdue for longer than this, `monitor status` and the health checks report a problem.

Normal work causes shorter delays: 300 new pages of one host take 5 minutes at one request per second.
"""
PAGE_LAG = "page lag"
"""Name of the problem that pages wait for too long, in health checks, `monitor status` and the heartbeat."""
_MAX_SCANNED_PAGES = 5_000
"""Maximum number of due pages that one query reads, which takes 10 ms. A longer queue is read part by part."""
_MAX_REMEMBERED_HOSTS = 5_000


def always_free(_url: str) -> int:
    """Return ``MAX_PAGES_PER_HOST``, which means that no request to the host of this URL has to wait.

    A page queue needs such a function, even if its fetcher sets no waiting times between requests to a host.
    """
    return MAX_PAGES_PER_HOST


class PageQueue:
    """Queue that leases due pages (reserves them for a limited time) in such an order that hosts take turns.

    ``free_request_count`` is a function that returns how many requests to the host of a URL may start now.
    """

    def __init__(
        self, database: Database, clock: Clock, free_request_count: Callable[[str], int] = always_free
    ) -> None:
        self._database, self._clock, self._free_request_count = database, clock, free_request_count
        self._by_host, self._by_source = Counter[str](), Counter[str]()
        self._turns, self._last_turn = count(1), dict[str, int]()
        self._scan_from: DuePage | None = None
        self.has_waiting = False
        """True if the last call of ``lease`` found due pages whose host or source was busy."""

    async def lease(self, limit: int) -> list[PendingPage]:
        """Reserve at most ``limit`` due pages for this process for a limited time, and return them.

        The caller must pass each page to ``finish`` when it is done.
        """
        now = self._clock()
        articles = self._database.articles
        due = await self._database.read(articles.list_due_pages, now, _MAX_SCANNED_PAGES, self._scan_from)
        has_more = len(due) == _MAX_SCANNED_PAGES
        chosen = self._choose(due, limit)
        self.has_waiting = len(chosen) < len(due) or has_more or self._scan_from is not None
        self._scan_from = due[-1] if has_more and len(chosen) < limit else None
        if not chosen:
            return []
        numbers = [page.article_id for page in chosen]
        leased = await self._database.run(articles.lease_chosen_pages, numbers, now, now + PAGE_LEASE)
        for page in leased:
            self._by_host[extract_host(page.article.url)] += 1
            self._by_source[page.source_id] += 1
        return leased

    def finish(self, page: PendingPage) -> None:
        """Record that a leased page is done, so that it no longer counts towards the limits of its host and source."""
        for counts, key in ((self._by_host, extract_host(page.article.url)), (self._by_source, page.source_id)):
            counts[key] -= 1
            if counts[key] <= 0:
                del counts[key]

    def _choose(self, due: Iterable[DuePage], limit: int) -> list[DuePage]:
        """Return the pages to read now.

        The oldest pages of each host are chosen. The host whose last turn was the longest ago comes first.
        """
        waiting: defaultdict[str, deque[DuePage]] = defaultdict(deque)
        for page in due:
            waiting[extract_host(page.url)].append(page)
        chosen: list[DuePage] = []
        sources = Counter(self._by_source)
        for host in sorted(waiting, key=lambda host: self._last_turn.get(host, 0)):
            pages = waiting[host]
            free = min(MAX_PAGES_PER_HOST - self._by_host[host], self._free_request_count(pages[0].url))
            while pages and free > 0 and len(chosen) < limit:
                page = pages.popleft()
                if sources[page.source_id] < MAX_PAGES_PER_SOURCE:
                    sources[page.source_id] += 1
                    free -= 1
                    chosen.append(page)
                    self._last_turn[host] = next(self._turns)
        if len(self._last_turn) > _MAX_REMEMBERED_HOSTS:
            self._last_turn = {host: turn for host, turn in self._last_turn.items() if host in waiting}
        return chosen


def describe_page_lag(oldest_due_at: datetime, now: datetime) -> str:
    """Return a sentence about pages that have waited for too long, or an empty string if there are none.

    The sentence contains no host names.
    """
    lag = now - oldest_due_at
    return f"pages wait for up to {int(lag.total_seconds() // 60)} min" if lag > MAX_PAGE_LAG else ""


def format_busiest_hosts(urls: Iterable[str]) -> str:
    """Return the hosts with the most pages as text, each with its number of pages. ``urls`` are the pages."""
    hosts = Counter(map(extract_host, urls)).most_common(3)
    return ", ".join(f"{host} ({number})" for host, number in hosts)
