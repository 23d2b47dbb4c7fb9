"""Rehearsal: tests what edited rules would have reported in the stored articles of the last days. Nothing is stored."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from monitor.domain.article import StoredArticle
from monitor.domain.feedback import VerdictIndex
from monitor.domain.read_models import ArticleFilter, Cursor
from monitor.domain.values import replace
from monitor.domain.watchlist import Watchlist
from monitor.match.engine import compile_watchlist
from monitor.pipeline.match_articles import RuleBacktest, backtest
from monitor.records.values import to_json_value
from monitor.store.database import Database

PAGE_SIZE = 500
MAX_REHEARSED_ARTICLES, MAX_REHEARSAL_SECONDS = 20_000, 20.0


class Rehearsal(Struct, frozen=True):
    """Result of a rehearsal, the test of edited rules on recent stored articles.

    ``rules`` has the result for each edited rule. ``article_count`` is the number of tested articles, and ``since_at``
    is the beginning of the period. If ``is_complete`` is false, only the newest articles were tested.
    """

    rules: tuple[RuleBacktest, ...]
    article_count: int
    since_at: datetime
    is_complete: bool = True

    @property
    def changed(self) -> tuple[RuleBacktest, ...]:
        """The rules that would report other articles than before."""
        return tuple(one for one in self.rules if one.new_count or one.lost_count)


def rehearse(
    database: Database,
    watchlist: Watchlist,
    since_at: datetime,
    monotonic: Callable[[], float],
    max_seconds: float = MAX_REHEARSAL_SECONDS,
) -> Rehearsal:
    """Match the articles since ``since_at`` with an edited watchlist, and compare the results with the stored ones.

    The newest articles are matched first. The rehearsal ends after ``MAX_REHEARSED_ARTICLES`` articles or
    ``max_seconds``. ``monotonic`` is the clock that measures the time.
    """
    began, count, is_complete = monotonic(), 0, True

    def choose() -> Iterator[StoredArticle]:
        nonlocal count, is_complete
        for stored in iter_articles(database, since_at):
            if count >= MAX_REHEARSED_ARTICLES or monotonic() - began > max_seconds:
                is_complete = False
                return
            count += 1
            yield stored

    verdicts = VerdictIndex(database.feedback.list_verdicts(limit=100_000))
    reported = load_reported_rules(database, since_at)
    rule_ids = [rule.id for rule in watchlist.rules]
    found = backtest(compile_watchlist(watchlist), rule_ids, choose(), reported, verdicts)
    return Rehearsal(tuple(found), count, since_at, is_complete)


def iter_articles(database: Database, since_at: datetime | None) -> Iterator[StoredArticle]:
    """Yield all articles since a time, newest first and each once. Each query reads ``PAGE_SIZE`` articles."""
    article_filter = ArticleFilter(since_at=since_at, limit=PAGE_SIZE)
    while page := database.queries.list_articles(article_filter):
        yield from page
        article_filter = replace(article_filter, after=Cursor(page[-1].first_seen_at, page[-1].id))


def load_reported_rules(database: Database, since_at: datetime | None) -> Mapping[int, frozenset[str]]:
    """Return a dictionary that maps the id of each article with hits to the ids of the rules that it satisfies.

    The hits are the stored ones, except for hits that a reader's verdict or an edit of the configuration has made
    invalid. Only articles since ``since_at`` are read.
    """
    rules: dict[int, set[str]] = {}
    for hit in database.queries.list_hits(ArticleFilter(since_at=since_at, limit=10_000_000)):
        if hit.withdrawn_at is None:
            rules.setdefault(hit.article_id, set()).add(hit.rule_id)
    return {article_id: frozenset(rule_ids) for article_id, rule_ids in rules.items()}


def backtest_record(result: RuleBacktest) -> dict[str, Any]:
    """Convert the result of a backtest (the test of one edited rule on stored articles) to a JSON record."""
    return {
        "rule": result.rule,
        "hits": result.hit_count,
        "new": result.new_count,
        "lost": result.lost_count,
        "days": {day.isoformat(): count for day, count in sorted(result.hits_by_day.items())},
        "new_examples": [to_json_value(asdict(one)) for one in result.new_examples],
        "lost_examples": [to_json_value(asdict(one)) for one in result.lost_examples],
    }
