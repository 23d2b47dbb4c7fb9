"""Queries of the daemon and its users, for the bench and the test that check that their costs do not grow."""

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event
from support import bulk_data
from support.bulk_data import DUPLICATE_EVERY, HIT_EVERY, MINUTE, PER_STORY, lookup_keys, now, url

from monitor.domain.digest import DigestPlan, Window
from monitor.domain.grouping import GroupingIndex
from monitor.domain.read_models import ArticleFilter
from monitor.pipeline.search import SearchPart, SearchRequest, compile_search, search_articles
from monitor.store.database import Database
from monitor.stories.grouping_window import StoryWindow

INSTRUCTIONS = 100


def article_lookups(database: Database, articles: int) -> dict[str, Callable[[], object]]:
    """Return the queries of the daemon and its users on a database with this number of articles, by label."""
    at, archive, digests, deliveries = now(articles), database.queries, database.digests, database.deliveries
    plan = DigestPlan("daily", ("people",), at="immediately", channels=())
    days = [at - timedelta(days=back) for back in range(13, -1, -1)]
    hour, keys = Window(at - timedelta(hours=1), at), [f"g{number}" for number in range(articles, articles - 30, -1)]
    fingerprints, terms = lookup_keys(articles - articles % DUPLICATE_EVERY)
    story, window = bulk_data.story(articles - PER_STORY), StoryWindow()
    database.stories.load_window(window)

    def find(words: str, **wanted: str) -> SearchPart:
        query = compile_search(words, ()) if words else None
        return search_articles(database, SearchRequest(query, ArticleFilter(**wanted), ZoneInfo("UTC")))  # type: ignore[arg-type]

    def group(work: Callable[[GroupingIndex], object]) -> None:
        database.stories.apply_grouping([], window, work)

    return {
        "30 keys of a poll": lambda: database.articles.known_keys("s1", keys),
        "pages to read": lambda: database.articles.lease_pages(at, 16, at),
        "articles to match": lambda: database.articles.unmatched(64),
        "articles to group": lambda: database.stories.ungrouped(64),
        "pages to recheck": lambda: database.rechecks.lease_due(at, 16, at),
        "duplicates: articles by fingerprint": lambda: group(lambda index: index.articles_with(fingerprints)),
        "stories: similar ones": lambda: group(lambda index: index.similar_stories(terms, 8)),
        "stories: merge two": lambda: group(lambda index: index.merge(story, bulk_data.story(articles))),
        "digest: start of the first window": lambda: digests.initial_lookback_start("daily"),
        "hits: of an article": lambda: archive.list_article_hits(HIT_EVERY),
        "digest: last window": lambda: digests.last_window_end("daily"),
        "digest: undelivered hits": lambda: digests.undelivered_hits(plan, at + MINUTE),
        "digest: coverage of an hour": lambda: digests.load_coverage(hour),
        "digest: mentions of two weeks": lambda: digests.count_daily_mentions(["p1", "p2"], days),
        "digest: failed deliveries": lambda: deliveries.list_failed_deliveries(hour.start_at, hour.end_at),
        "deliveries due": lambda: deliveries.lease_deliveries(at, 16, at),
        "status: database": archive.get_database_info,
        "status: outbox": deliveries.count_outbox,
        "digests": lambda: deliveries.list_digests(limit=5),
        "outbox list": lambda: deliveries.list_deliveries(limit=5),
        "articles: by address": lambda: archive.find_by_url(url(articles - 1)),
        "articles: newest": lambda: archive.list_articles(ArticleFilter(limit=20)),
        "articles: of a source": lambda: archive.list_articles(ArticleFilter(source_id="s1", limit=20)),
        "articles: of a rare official": lambda: archive.list_articles(ArticleFilter(official_id="rare", limit=20)),
        "articles: of a story": lambda: archive.list_articles(ArticleFilter(story_id=story, limit=20)),
        "articles: of a rule": lambda: archive.list_articles(ArticleFilter(rule_id="people", limit=20)),
        "articles: of an early day": lambda: archive.list_articles(
            ArticleFilter(since_at=now(1), until_at=now(1440), limit=20)
        ),
        "articles: before a day": lambda: archive.list_articles(ArticleFilter(until_at=now(articles // 2), limit=20)),
        "articles: of an official": lambda: archive.list_articles(ArticleFilter(official_id="p1", limit=20)),
        "hits: of an official": lambda: archive.list_hits(ArticleFilter(official_id="p1", limit=20)),
        "hits: newest": lambda: archive.list_hits(ArticleFilter(limit=20)),
        "hits: of a rare official": lambda: archive.list_hits(ArticleFilter(official_id="rare", limit=20)),
        "desk: newest hits": lambda: database.desk.list_hits(50),
        "desk: hits of a story": lambda: database.desk.list_story_hits(story),
        "desk: articles of a story": lambda: database.desk.list_members(story),
        "desk: page of an article": lambda: database.desk.load_article_page(articles),
        "desk: latest stories": lambda: database.desk.list_stories(20),
        "desk: articles of a source": lambda: database.desk.list_source_articles("s1", 20),
        "desk: deliveries": lambda: database.desk.list_deliveries(20),
        "desk: a delivery by its key": lambda: database.desk.find_delivery(f"{1:040x}"[:20]),
        "desk: last mention": lambda: database.desk.last_seen(["p1", "rare"]),
        "desk: newest articles of an official": lambda: database.desk.list_official_articles("p1", 20),
        "stories: latest": lambda: database.stories.list_stories(limit=20),
        "search: two words": lambda: archive.search("border defence"),
        "search: a phrase": lambda: archive.search('"border guards"'),
        "search: a rare word": lambda: archive.search("w777"),
        "search: no result": lambda: archive.search("nowhere"),
        "search: a word of a source": lambda: find("border", source_id="s1"),
        "search: a word of an official": lambda: find("border", official_id="p1"),
        "search: a word of a rule": lambda: find("border", rule_id="people"),
        "search: an official of a source": lambda: find("", official_id="p1", source_id="s1"),
    }


def source_lookups(database: Database, at: datetime) -> dict[str, Callable[[], object]]:
    """Return the queries of sources: every second, at every poll, for every digest, by every user."""
    polled = [database.sources.lease_due(at, 1, at, only={"s5"})[0]]

    def record() -> None:
        (lease,) = database.sources.lease_due(at, 1, at, only={"s5"})
        database.sources.record_poll(lease, polled[0].poll_state)

    return {
        "lease a due source": lambda: database.sources.lease_due(at, 16, at),
        "lease a source and record its poll": record,
        "next due time": database.sources.next_due_at,
        "sources by state": database.sources.count_by_state,
        "digest: coverage": lambda: database.digests.load_coverage(Window(at, at + MINUTE)),
        "digest: recoveries": lambda: database.sources.load_states_with_notices(at),
        "status: all sources": database.queries.list_sources,
    }


def count_instructions(query: Callable[[], object]) -> int:
    """Return the instructions of SQLite's virtual machine for a query, in hundreds; the same on every machine."""
    count = 0

    def count_once() -> int:
        nonlocal count
        count += 1
        return 0

    def set_handler(_connection: object, cursor: Any, *_: object) -> None:
        cursor.connection.set_progress_handler(count_once, INSTRUCTIONS)

    event.listen(Engine, "before_cursor_execute", set_handler)
    try:
        query()
    finally:
        event.remove(Engine, "before_cursor_execute", set_handler)
    return count


def measure(query: Callable[[], object]) -> tuple[int, float]:
    """Return the instructions of a query, in hundreds, and its processor milliseconds, the median of five."""
    query()
    count, times = count_instructions(query), list[float]()
    for _ in range(5):
        started = time.process_time()
        query()
        times.append((time.process_time() - started) * 1000)
    return count, statistics.median(times)
