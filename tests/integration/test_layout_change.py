"""A source whose pages change their layout between two polls: told, mended, and not taken for anything else."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool

from monitor.domain.digest import Window
from monitor.domain.fetch_result import Fetched
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.source import Source
from monitor.pipeline.collect import Collector
from monitor.pipeline.read_pages import PageReader
from monitor.store.database import Database

FEED = "https://daily.example/rss"
SOURCE = Source("daily", "The Daily", feed=FEED, poll_interval=timedelta(hours=1))
WORDS = "The committee for roads met in the town hall and heard what engineers think of bridge number"
HOUR = timedelta(hours=1)
Layout = Callable[[int], str]


def article(number: int) -> str:
    """Lay a page out as usual."""
    text = "".join(f"<p>{WORDS} {number}, which crosses the river {part} times a day.</p>" for part in range(12))
    return f"<title>Bridge {number} examined</title><article><h1>Bridge {number} examined</h1>{text}</article>"


def scripted(_number: int) -> str:
    """Leave all to a script, and show a few links."""
    links = "".join(f'<li><a href="/{at}">More of what readers like {at}</a></li>' for at in range(9))
    return f"<title>The Daily</title><div id=app></div><ul>{links}</ul><script>start()</script>"


def video(number: int) -> str:
    """Show a film with a line below it."""
    return f"<title>Bridge {number} examined</title><h1>Bridge {number} examined</h1><p>Watch it here.</p>"


def locked(number: int) -> str:
    """Show the beginning before a wall."""
    return (
        f"<title>Bridge {number} examined</title><h1>Bridge {number} examined</h1><p>{WORDS} {number}.</p>"
        "<div class='paywall-box'><p>This article is for readers with a subscription.</p></div>"
    )


@dataclass
class Desk:
    """A database, a clock, and an outlet that publishes when it is told to."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    published: int = 0
    notices: list[str] = field(default_factory=list)

    def publish(self, *layouts: Layout) -> None:
        """Publish a page in each of these layouts, poll, and read them."""
        answers, items = {}, ""
        for layout in layouts:
            self.published += 1
            number, url = self.published, f"https://daily.example/{self.published}"
            answers[url] = Fetched(url, 200, (), layout(number).encode(), "text/html")
            items += f"<item><title>Bridge {number} examined</title><link>{url}</link></item>"
        first = "<item><title>Welcome</title><link>https://daily.example/0</link></item>"
        answers["https://daily.example/0"] = Fetched(
            "https://daily.example/0", 200, (), article(0).encode(), "text/html"
        )
        feed = f"<rss version='2.0'><channel><title>The Daily</title>{items}{first}</channel></rss>".encode()
        asyncio.run(self._pass(FakeFetcher({**answers, FEED: Fetched(FEED, 200, (), feed, "application/rss+xml")})))

    async def _pass(self, fetcher: FakeFetcher) -> None:
        self.clock.advance(HOUR)
        collector = Collector(self.database, fetcher, InlineProcessPool(), self.clock, timedelta(days=1))
        for poll in await collector.run_due({SOURCE.id: SOURCE}, source_ids={SOURCE.id}):
            self.notices += [poll.notice.text] if poll.notice else []
        await PageReader(self.database, fetcher, InlineProcessPool(), self.clock, timedelta(days=1)).run_due(
            {SOURCE.id: SOURCE}, 100
        )

    def seen(self) -> PollState:
        """Look as `monitor status` does."""
        (line,) = self.database.queries.list_sources()
        return line.poll_state


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Open a desk that knows its outlet."""
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([SOURCE], NOON)
    opened = Desk(database)
    opened.publish(*[article] * 12)
    yield opened
    database.close()


def test_a_layout_that_changed_is_told_and_its_end_too(desk: Desk) -> None:
    """At once in the status, once in a notice, with evidence and remedy; mended pages end it."""
    desk.publish(*[scripted] * 6)
    seen = desk.seen()
    assert seen.state is SourceState.FAILING
    assert seen.state_since_at == NOON + 2 * HOUR
    assert "layout changed" in seen.detail
    assert "monitor extract --source daily https://daily.example/18" in seen.suggestion
    (fault,) = desk.database.digests.load_coverage(Window(NOON, NOON + 9 * HOUR)).problems
    assert fault.detail == seen.detail
    desk.publish(scripted)
    desk.publish(scripted)
    assert len(desk.notices) == 1
    assert "The Daily is failing since 2026-03-05 14:00 UTC: layout changed" in desk.notices[0]
    desk.publish(*[article] * 3)
    assert desk.seen().state is SourceState.OK
    desk.publish(article)
    assert "is read again since 2026-03-05 17:00 UTC" in desk.notices[1]
    assert len(desk.notices) == 2


@pytest.mark.parametrize("odd", [video, locked])
def test_odd_pages_between_others_are_no_change(desk: Desk, odd: Layout) -> None:
    """A film now and then, an article behind a wall."""
    for _ in range(6):
        desk.publish(article, odd, odd, article)
    assert desk.seen().state is SourceState.OK
    assert desk.notices == []


def test_a_source_that_locks_its_pages_has_not_changed_its_layout(desk: Desk) -> None:
    """A paywall is told at the article itself (`partial`)."""
    desk.publish(*[locked] * 30)
    assert desk.seen().state is SourceState.OK


def test_a_layout_that_stays_changed_is_told_for_a_week_and_then_usual(desk: Desk) -> None:
    """Nobody mended it, so it is how this source is read; the next change is told again."""
    desk.publish(*[scripted] * 6)
    for _ in range(9):
        desk.clock.advance(timedelta(hours=23))
        desk.publish(scripted)
    assert desk.seen().state is SourceState.OK
    assert len(desk.notices) == 8
    assert "This is accepted as usual from now on" in desk.notices[-1]
    desk.publish(*[article] * 30)
    assert len(desk.notices) == 8
    desk.publish(*[scripted] * 20)
    assert desk.seen().state is SourceState.FAILING
