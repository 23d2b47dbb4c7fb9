"""Changed page layouts: they are reported, and so is their end; other unusual pages are not taken for a change."""

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
    """Return a page in the usual layout."""
    text = "".join(f"<p>{WORDS} {number}, which crosses the river {part} times a day.</p>" for part in range(12))
    return f"<title>Bridge {number} examined</title><article><h1>Bridge {number} examined</h1>{text}</article>"


def emptied(_number: int) -> str:
    """Return a page without its text, with a few links."""
    links = "".join(f'<li><a href="/{at}">More of what readers like {at}</a></li>' for at in range(9))
    return f"<title>The Daily</title><div class=main></div><ul>{links}</ul>"


def video(number: int) -> str:
    """Return a page that shows a video with a line below it."""
    return f"<title>Bridge {number} examined</title><h1>Bridge {number} examined</h1><p>Watch it here.</p>"


def locked(number: int) -> str:
    """Return a page with the beginning of an article and a paywall."""
    return (
        f"<title>Bridge {number} examined</title><h1>Bridge {number} examined</h1><p>{WORDS} {number}.</p>"
        "<div class='paywall-box'><p>This article is for readers with a subscription.</p></div>"
    )


@dataclass
class Installation:
    """A database, a clock, and an outlet that publishes pages in given layouts."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    published: int = 0
    notices: list[str] = field(default_factory=list)

    def publish(self, *layouts: Layout) -> None:
        """Publish a page in each of these layouts, poll, and read the pages."""
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

    def load_state(self) -> PollState:
        """Return the poll state that `monitor status` shows."""
        (line,) = self.database.queries.list_sources()
        return line.poll_state


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Return an installation whose outlet has published twelve usual pages."""
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([SOURCE], NOON)
    opened = Installation(database)
    opened.publish(*[article] * 12)
    yield opened
    database.close()


def test_a_layout_change_and_its_end_are_reported(installation: Installation) -> None:
    """Status and notices report it once, with evidence and a suggestion, and report its end."""
    installation.publish(*[emptied] * 6)
    poll_state = installation.load_state()
    assert poll_state.state is SourceState.FAILING
    assert poll_state.state_since_at == NOON + 2 * HOUR
    assert "layout changed" in poll_state.detail
    assert "monitor extract --source daily https://daily.example/18" in poll_state.suggestion
    (error,) = installation.database.digests.load_coverage(Window(NOON, NOON + 9 * HOUR)).problems
    assert error.detail == poll_state.detail
    installation.publish(emptied)
    installation.publish(emptied)
    assert len(installation.notices) == 1
    assert "The Daily is failing since 2026-03-05 14:00 UTC: layout changed" in installation.notices[0]
    installation.publish(*[article] * 3)
    assert installation.load_state().state is SourceState.OK
    installation.publish(article)
    assert "is read again since 2026-03-05 17:00 UTC" in installation.notices[1]
    assert len(installation.notices) == 2


@pytest.mark.parametrize("odd", [video, locked])
def test_single_unusual_pages_are_not_a_layout_change(installation: Installation, odd: Layout) -> None:
    """Some pages contain only a video, or have a paywall."""
    for _ in range(6):
        installation.publish(article, odd, odd, article)
    assert installation.load_state().state is SourceState.OK
    assert installation.notices == []


def test_paywalls_are_not_a_layout_change(installation: Installation) -> None:
    """An article with a paywall is marked as `partial` instead."""
    installation.publish(*[locked] * 30)
    assert installation.load_state().state is SourceState.OK


def test_a_permanent_layout_change_is_reported_for_a_week_and_then_usual(installation: Installation) -> None:
    """After a week the new layout counts as usual; the next change is reported again."""
    installation.publish(*[emptied] * 6)
    for _ in range(9):
        installation.clock.advance(timedelta(hours=23))
        installation.publish(emptied)
    assert installation.load_state().state is SourceState.OK
    assert len(installation.notices) == 8
    assert "This is accepted as usual from now on" in installation.notices[-1]
    installation.publish(*[article] * 30)
    assert len(installation.notices) == 8
    installation.publish(*[emptied] * 20)
    assert installation.load_state().state is SourceState.FAILING
