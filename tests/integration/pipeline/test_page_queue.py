"""Queue of pages: hosts and sources share the places, and a slow one starves no other."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from support.fakes import NOON, FakeClock
from support.rows import source

from monitor.domain.article import Article, NewArticle, PendingPage, Stage
from monitor.pipeline.one_pass import run_continuously
from monitor.pipeline.page_queue import (
    MAX_PAGE_LAG,
    MAX_PAGES_PER_HOST,
    MAX_PAGES_PER_SOURCE,
    PageQueue,
    describe_page_lag,
    format_busiest_hosts,
)
from monitor.store.database import Database
from monitor.text.urls import extract_host

MINUTE = timedelta(minutes=1)


def list_pages(database: Database, source_id: str, urls: Sequence[str]) -> None:
    """Store listed articles of a source, due since noon."""
    database.sources.register([source(source_id, f"https://{source_id}.example/rss")], NOON)
    (lease,) = database.sources.lease_due(NOON, 1, NOON + MINUTE, only={source_id})
    listed = [NewArticle((url,), Article(url, title=url), is_alertable=True, stage=Stage.LISTED) for url in urls]
    database.articles.commit_poll(lease, lease.poll_state, listed, NOON)


def pages_of(host: str, count: int) -> list[str]:
    """Return the addresses of pages of a host."""
    return [f"https://{host}/{number}" for number in range(count)]


def hosts(pages: Sequence[PendingPage]) -> Counter[str]:
    """Count the pages of each host."""
    return Counter(extract_host(page.article.url) for page in pages)


def test_the_pages_of_a_slow_host_leave_places_for_the_others(database: Database) -> None:
    """150 older pages of one host take two places; the page of the other host is leased at once."""
    list_pages(database, "slow", pages_of("slow.example", 150))
    list_pages(database, "quick", pages_of("quick.example", 1))
    leased = asyncio.run(PageQueue(database, FakeClock()).lease(24))
    assert hosts(leased) == {"slow.example": MAX_PAGES_PER_HOST, "quick.example": 1}


def test_a_source_with_pages_on_many_hosts_leaves_places_for_the_others(database: Database) -> None:
    """A feed whose every entry is on another host does not take all places."""
    list_pages(database, "many", [f"https://host{number}.example/" for number in range(50)])
    list_pages(database, "quick", pages_of("quick.example", 1))
    leased = asyncio.run(PageQueue(database, FakeClock()).lease(24))
    assert Counter(page.source_id for page in leased) == {"many": MAX_PAGES_PER_SOURCE, "quick": 1}


def test_a_finished_page_makes_room_for_the_next_of_its_host(database: Database) -> None:
    """Pages of one host are leased oldest first, two at a time."""
    list_pages(database, "slow", pages_of("slow.example", 5))
    queue = PageQueue(database, FakeClock())

    async def lease() -> list[list[str]]:
        first, second = await queue.lease(24), await queue.lease(24)
        queue.finish(first[0])
        return [[page.article.title[-1] for page in pages] for pages in (first, second, await queue.lease(24))]

    assert asyncio.run(lease()) == [["0", "1"], [], ["2"]]
    assert queue.has_waiting


def test_hosts_take_turns_if_there_are_more_than_places(database: Database) -> None:
    """With one place, each host is served once before the first one is served again."""
    for name in ("a", "b", "c"):
        list_pages(database, name, pages_of(f"{name}.example", 3))
    queue = PageQueue(database, FakeClock())

    async def lease() -> list[str]:
        served: list[str] = []
        for _ in range(6):
            (page,) = await queue.lease(1)
            queue.finish(page)
            served.append(page.source_id)
        return served

    assert asyncio.run(lease()) == ["a", "b", "c", "a", "b", "c"]


def test_a_host_that_must_wait_takes_no_place(database: Database) -> None:
    """A page is leased only if its host may be asked now."""
    list_pages(database, "polite", pages_of("polite.example", 3))
    list_pages(database, "quick", pages_of("quick.example", 3))
    queue = PageQueue(database, FakeClock(), lambda url: 0 if "polite" in url else 2)
    assert hosts(asyncio.run(queue.lease(24))) == {"quick.example": 2}
    assert queue.has_waiting


def test_a_queue_longer_than_one_look_hides_no_host(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages behind a long queue of one host are found in a later look."""
    monkeypatch.setattr("monitor.pipeline.page_queue._MAX_SCANNED_PAGES", 10)
    list_pages(database, "slow", pages_of("slow.example", 35))
    list_pages(database, "quick", pages_of("quick.example", 1))
    queue = PageQueue(database, FakeClock())

    async def lease() -> list[PendingPage]:
        return [page for _ in range(4) for page in await queue.lease(24)]

    assert hosts(asyncio.run(lease())) == {"slow.example": MAX_PAGES_PER_HOST, "quick.example": 1}
    assert queue.has_waiting


def test_pages_that_wait_for_long_are_a_problem_with_the_hosts_named(database: Database) -> None:
    """The alarm names the hosts; pages in work and a short delay are none."""
    list_pages(database, "slow", pages_of("slow.example", 4))
    leased = asyncio.run(PageQueue(database, FakeClock()).lease(24))
    waiting = database.articles.list_waiting_pages(NOON)
    assert len(leased) + len(waiting) == 4
    assert describe_page_lag(waiting[0].due_at, NOON + MAX_PAGE_LAG) == ""
    assert describe_page_lag(waiting[0].due_at, NOON + MAX_PAGE_LAG + MINUTE) == "pages wait for up to 11 min"
    assert format_busiest_hosts(page.url for page in waiting) == "slow.example (2)"


def test_a_pass_does_not_wait_for_the_slowest_of_a_batch() -> None:
    """While one piece of work hangs, all others are done in the other places."""
    pieces, done = list(range(10)), asyncio.Event()

    async def lease(limit: int) -> list[int]:
        return [pieces.pop(0) for _ in range(min(limit, len(pieces)))]

    async def work(piece: int) -> int:
        if piece == 0:
            await done.wait()  # ends only when all the others have
        elif piece == 9:
            done.set()
        return piece

    counts: list[int] = []
    results = asyncio.run(asyncio.wait_for(run_continuously(lease, work, 3, counts.append), 60))
    assert sorted(results) == list(range(10))
    assert counts[-1] == 10


def test_a_pass_waits_for_work_that_cannot_be_leased_yet() -> None:
    """A queue with a waiting host is asked again until nothing waits."""
    looks: list[int] = []

    async def lease(_limit: int) -> list[int]:
        looks.append(len(looks))
        return [1] if len(looks) == 3 else []

    async def work(piece: int) -> int:
        return piece

    results = asyncio.run(run_continuously(lease, work, 3, lambda _count: None, lambda: len(looks) < 4))
    assert results == [1]
