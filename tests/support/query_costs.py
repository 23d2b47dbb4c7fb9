"""What the daemon and its users ask of a database, for the bench and the test that hold it flat while it grows."""

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event
from support.bulk_data import COPY_EVERY, MINUTE, STORY_OF, connection, now, sought, url

from monitor.domain.digest import DigestPlan, Window
from monitor.domain.read_models import ArticleFilter
from monitor.store.database import Database
from monitor.store.grouping_index import DatabaseGroupingIndex

INSTRUCTIONS = 100


def article_lookups(database: Database, articles: int) -> dict[str, Callable[[], object]]:
    """Return what the daemon and its users ask for every minute, of a pile of so many articles."""
    at, archive, digests, deliveries = now(articles), database.queries, database.digests, database.deliveries
    plan = DigestPlan("daily", ("people",), at="immediately", channels=())
    days = [at - timedelta(days=back) for back in range(13, -1, -1)]
    hour, keys = Window(at - timedelta(hours=1), at), [f"g{number}" for number in range(articles, articles - 30, -1)]
    prints, terms = sought(articles - articles % COPY_EVERY)
    story = f"t{articles - STORY_OF}"
    return {
        "30 keys of a poll": lambda: database.articles.known_keys("s1", keys),
        "pages to read": lambda: database.articles.lease_pages(at, 16, at),
        "to be screened": lambda: database.articles.unmatched(64),
        "to be grouped": lambda: database.stories.ungrouped(64),
        "pages to look at again": lambda: database.rechecks.lease_due(at, 16, at),
        "copies: owners of prints": lambda: _shelf(database, lambda shelf: shelf.articles_with(prints)),
        "stories: near ones": lambda: _shelf(database, lambda shelf: shelf.similar_stories(terms, 8)),
        "stories: one joins another": lambda: _shelf(database, lambda shelf: shelf.merge(story, f"t{articles}")),
        "digest: opened from": lambda: digests.initial_lookback_start("daily"),
        "hits: which digests told them": lambda: archive.digests_by_hit([1, 2, 3]),
        "digest: last window": lambda: digests.last_window_end("daily"),
        "digest: untold hits": lambda: digests.undelivered_hits(plan, at + MINUTE),
        "digest: coverage of an hour": lambda: digests.load_coverage(hour),
        "digest: mentions of two weeks": lambda: digests.count_daily_mentions(["p1", "p2"], days),
        "digest: lost deliveries": lambda: deliveries.list_failed_deliveries(hour.start_at, hour.end_at),
        "deliveries due": lambda: deliveries.lease_deliveries(at, 16, at),
        "status: facts": archive.get_database_info,
        "status: outbox": deliveries.count_outbox,
        "digests": lambda: deliveries.list_digests(limit=5),
        "outbox list": lambda: deliveries.list_deliveries(limit=5),
        "articles: by address": lambda: archive.find_by_url(url(articles - 1)),
        "articles: newest": lambda: archive.list_articles(ArticleFilter(limit=20)),
        "articles: of a source": lambda: archive.list_articles(ArticleFilter(source_id="s1", limit=20)),
        "articles: of somebody rare": lambda: archive.list_articles(ArticleFilter(official_id="rare", limit=20)),
        "articles: of a story": lambda: archive.list_articles(ArticleFilter(story_id=story, limit=20)),
        "articles: of a rule": lambda: archive.list_articles(ArticleFilter(rule_id="people", limit=20)),
        "articles: of a day long ago": lambda: archive.list_articles(
            ArticleFilter(since_at=now(1), until_at=now(1440), limit=20)
        ),
        "articles: before a day": lambda: archive.list_articles(ArticleFilter(until_at=now(articles // 2), limit=20)),
        "articles: of somebody": lambda: archive.list_articles(ArticleFilter(official_id="p1", limit=20)),
        "hits: of somebody": lambda: archive.list_hits(ArticleFilter(official_id="p1", limit=20)),
        "hits: newest": lambda: archive.list_hits(ArticleFilter(limit=20)),
        "hits: of somebody rare": lambda: archive.list_hits(ArticleFilter(official_id="rare", limit=20)),
        "stories: latest": lambda: database.stories.list_stories(limit=20),
        "search: two words": lambda: archive.search("border defence"),
        "search: a phrase": lambda: archive.search('"border guards"'),
        "search: a rare word": lambda: archive.search("w777"),
        "search: nothing": lambda: archive.search("nowhere"),
    }


def _shelf(database: Database, look: Callable[[DatabaseGroupingIndex], object]) -> object:
    with connection(database) as open_:
        shelf = DatabaseGroupingIndex(open_)
        found = look(shelf)
        shelf.flush()
        return found


def source_lookups(database: Database, at: datetime) -> dict[str, Callable[[], object]]:
    """Return what is asked of the sources: every second, at every poll, for every digest, by every user."""
    polled = [database.sources.lease_due(at, 1, at, only={"s5"})[0]]

    def settle() -> None:
        (lease,) = database.sources.lease_due(at, 1, at, only={"s5"})
        database.sources.record_poll(lease, polled[0].poll_state)

    return {
        "lease what is due": lambda: database.sources.lease_due(at, 16, at),
        "lease one and settle it": settle,
        "first due": database.sources.next_due_at,
        "states": database.sources.count_by_state,
        "digest: coverage": lambda: database.digests.load_coverage(Window(at, at + MINUTE)),
        "digest: recoveries": lambda: database.sources.load_states_with_notices(at),
        "status: every source": database.queries.list_sources,
    }


def steps(look: Callable[[], object]) -> int:
    """Return how many hundreds of instructions SQLite's machine took for a look-up: the same wherever it runs."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    def meet(_connection: object, cursor: Any, *_: object) -> None:
        cursor.connection.set_progress_handler(count, INSTRUCTIONS)

    event.listen(Engine, "before_cursor_execute", meet)
    try:
        look()
    finally:
        event.remove(Engine, "before_cursor_execute", meet)
    return taken


def measured(look: Callable[[], object]) -> tuple[int, float]:
    """Return the instructions of a look-up, in hundreds, and its processor milliseconds, the median of five."""
    look()
    taken, times = steps(look), list[float]()
    for _ in range(5):
        started = time.process_time()
        look()
        times.append((time.process_time() - started) * 1000)
    return taken, statistics.median(times)
