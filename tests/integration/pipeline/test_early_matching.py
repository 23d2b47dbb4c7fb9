"""Room for articles of a backlog: polls wait for grouping, and only if articles are grouped."""

import asyncio

import pytest
from support.http_server import on_loop

from monitor.domain.watchlist import Watchlist
from monitor.pipeline import early_matching
from monitor.pipeline.early_matching import EarlyMatching


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_matching, "MAX_UNGROUPED_ARTICLES", 5)


async def build(early: EarlyMatching, name: str, done: list[str], is_released: asyncio.Event) -> None:
    """Build five articles until they are released."""
    async with early.room_for(5):
        done.append(f"{name} begins")
        await is_released.wait()
    done.append(f"{name} ends")


async def let_run() -> None:
    """Let other tasks run as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_polls_wait_while_articles_are_grouped() -> None:
    """The second poll begins when the first one has ended and its articles are not ready any more."""

    async def run() -> list[str]:
        early, done, is_released = EarlyMatching(Watchlist()), list[str](), asyncio.Event()
        with early.grouping():
            first = asyncio.create_task(build(early, "first", done, is_released))
            second = asyncio.create_task(build(early, "second", done, is_released))
            await let_run()
            is_released.set()
            await asyncio.gather(first, second)
        return done

    assert on_loop(run()) == ["first begins", "first ends", "second begins", "second ends"]


def test_a_waiting_poll_goes_on_when_grouping_ends() -> None:
    """Otherwise an error of the database would block all polls."""

    async def run() -> list[str]:
        early, done, is_released = EarlyMatching(Watchlist()), list[str](), asyncio.Event()
        with early.grouping():
            first = asyncio.create_task(build(early, "first", done, is_released))
            second = asyncio.create_task(build(early, "second", done, is_released))
            await let_run()
            assert done == ["first begins"]
        await let_run()
        is_released.set()
        await asyncio.gather(first, second)
        return done[:2]

    assert on_loop(run()) == ["first begins", "second begins"]


def test_nobody_waits_if_nobody_groups() -> None:
    """The daemon collects and groups one after the other."""

    async def run() -> list[str]:
        early, done, is_released = EarlyMatching(Watchlist()), list[str](), asyncio.Event()
        polls = [asyncio.create_task(build(early, name, done, is_released)) for name in ("first", "second")]
        await let_run()
        is_released.set()
        await asyncio.gather(*polls)
        return done[:2]

    assert on_loop(run()) == ["first begins", "second begins"]
