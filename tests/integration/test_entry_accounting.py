"""Every entry of a feed is stored, known, merged or held, and no article is lost or reported twice.

Random feeds break one rule at a time. The real collector polls them three times into a real store.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from support.broken_feeds import BrokenFeed, make_feed
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool
from support.stores import open_database

from monitor.domain.article import StoredArticle
from monitor.domain.fetch_result import Fetched
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Source, TextOrigin
from monitor.pipeline.collect import Collector
from monitor.store.database import Database

FEEDS_PER_DATABASE = 500
UNEVEN_FORMS = frozenset({"items with an empty item nested"})  # parsers disagree on how many items these have


class FeedPoller:
    """Collector on one database that polls generated feeds, each as a source of its own."""

    def __init__(self, database: Database) -> None:
        self.database, self.fetcher, self.clock = database, FakeFetcher({}), FakeClock()
        self.collector = Collector(database, self.fetcher, InlineProcessPool(), self.clock, timedelta(days=7))

    async def errors(self, seed: int) -> list[str]:
        """Poll the feed of a number, and return the errors found afterwards."""
        feed = make_feed(seed, NOON)
        source = Source(f"s{seed}", "Gazette", feed=f"https://s{seed}.example/rss", text_from=TextOrigin.FEED)
        self.database.sources.register([source], self.clock())
        errors, stored = [], 0
        for number, document in enumerate(feed.documents):
            self.clock.advance(timedelta(minutes=40))
            self.fetcher.answers[source.url] = Fetched(source.url, 200, (), document, feed.content_type)
            (lease,) = await self.collector.lease(1, {source.id})
            result = await self.collector.poll(lease, source)
            after = self.database.sources.load_poll_states()[source.id]
            stored += result.new_count
            errors += [f"poll {number}: {fault}" for fault in accounting_errors(after, feed.item_counts[number], feed)]
        articles = self.database.queries.list_articles(ArticleFilter(source_id=source.id, limit=1000))
        if len(articles) != stored:
            errors.append(f"{stored} counted as new, {len(articles)} stored")
        return [f"{seed} {feed.rule} ({feed.form}): {fault}" for fault in (*errors, *article_errors(articles, feed))]


def accounting_errors(after: PollState, item_count: int, feed: BrokenFeed) -> list[str]:
    """Return the differences between the counts of one poll and its items."""
    counts = after.counts
    errors = []
    if after.state not in {SourceState.OK, SourceState.GAP}:
        errors.append(f"{after.state}: {after.detail}")
    if counts.unaccounted:
        errors.append(f"unaccounted: {counts}")
    if feed.rule not in UNEVEN_FORMS and counts.total != item_count:
        errors.append(f"{item_count} items listed: {counts}")
    return errors


def article_errors(articles: Iterable[StoredArticle], feed: BrokenFeed) -> list[str]:
    """Return the articles that were lost or stored more than once."""
    texts = [f"{stored.article.title} {stored.article.standfirst} {stored.article.body}" for stored in articles]
    found = Counter({marker: sum(marker in text for text in texts) for marker in feed.markers})
    lost = [marker for marker, count in found.items() if not count]
    twice = [marker for marker, count in found.items() if count > 1]
    return [f"{what} {len(markers)} of {len(found)}" for what, markers in (("lost", lost), ("twice", twice)) if markers]


def test_every_entry_of_real_documents_is_stored_and_then_known(tmp_path: Path) -> None:
    """The documents of tests/quality/feeds, of all formats: each entry is an article, and the second poll adds none."""

    async def poll_all(database: Database) -> None:
        poller = FeedPoller(database)
        for path in sorted((Path(__file__).parents[1] / "quality" / "feeds").glob("*.xml")):
            source = Source(path.stem, path.stem, feed=f"https://{path.stem}.example/rss", text_from=TextOrigin.FEED)
            database.sources.register([source], NOON)
            for is_first in (True, False):
                body = path.read_bytes() + b" " * (not is_first)
                poller.fetcher.answers[source.url] = Fetched(source.url, 200, (), body, "")
                (lease,) = await poller.collector.lease(1, {source.id})
                result = await poller.collector.poll(lease, source)
                counts = database.sources.load_poll_states()[source.id].counts
                assert result.new_count == (counts.total if is_first else 0), path.name
                assert counts.known == (0 if is_first else counts.total), path.name

    database = open_database(tmp_path)
    asyncio.run(poll_all(database))
    database.close()


def find_errors(folder: Path, seeds: range) -> list[str]:
    """Return the errors of the feeds of these numbers."""

    async def poll_all(database: Database) -> list[str]:
        poller = FeedPoller(database)
        return [fault for seed in seeds for fault in await poller.errors(seed)]

    database = open_database(folder, f"from{seeds.start}")
    try:
        return asyncio.run(poll_all(database))
    finally:
        database.close()


def test_every_entry_of_three_hundred_broken_feeds_is_accounted_for(tmp_path: Path) -> None:
    """Each rule is broken at least four times."""
    assert find_errors(tmp_path, range(320)) == []


@pytest.mark.soak
@pytest.mark.parametrize("start", range(1_000, 11_000, FEEDS_PER_DATABASE))
def test_every_entry_of_ten_thousand_broken_feeds_is_accounted_for(tmp_path: Path, start: int) -> None:
    """This is the long form, on other feeds."""
    assert find_errors(tmp_path, range(start, start + FEEDS_PER_DATABASE)) == []
