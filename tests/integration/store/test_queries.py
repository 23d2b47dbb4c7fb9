"""Lists of articles and hits that are read page by page."""

import pytest
from support.rows import MINUTE, NOW, draft, kept, screened

from monitor.domain.errors import QueryTimeout
from monitor.domain.read_models import ArticleFilter, Cursor
from monitor.domain.values import replace
from monitor.store.connections import TimeLimit
from monitor.store.database import Database

EVERYTHING, TIMED = ArticleFilter(limit=2), ArticleFilter(limit=2, since_at=NOW - MINUTE)


@pytest.mark.parametrize("wanted", [EVERYTHING, TIMED])
def test_pages_of_articles_have_each_article_once(database: Database, wanted: ArticleFilter) -> None:
    """An article that is stored between two pages neither repeats nor hides another one."""
    kept(database, *(draft(name) for name in "abcde"))
    titles: list[str] = []
    while page := database.queries.list_articles(wanted):
        titles += [stored.article.title for stored in page]
        wanted = replace(wanted, after=Cursor(page[-1].first_seen_at, page[-1].id))
        kept(database, draft(f"new {len(titles)}"), now=NOW + len(titles) * 60 * MINUTE)
    assert titles == [f"About {name}" for name in "edcba"]


def test_pages_of_hits_have_each_hit_once(database: Database) -> None:
    screened(database, *(draft(name) for name in "abc"), rules=("one", "two"))
    wanted = ArticleFilter(limit=4, since_at=NOW - MINUTE)
    first = database.queries.list_hits(wanted)
    rest = database.queries.list_hits(replace(wanted, after=Cursor(first[-1].found_at, first[-1].id)))
    ids = [hit.id for hit in [*first, *rest]]
    assert len(ids) == 6
    assert ids == sorted(set(ids), reverse=True)


def test_a_language_filter_includes_its_regions(database: Database) -> None:
    """The language `zh` includes `zh-hant`, and not other codes that begin alike."""
    drafts = [draft(language) for language in ("zh", "zh-hant", "zhx")]
    kept(database, *(replace(one, article=replace(one.article, language=one.article.title[6:])) for one in drafts))
    found = database.queries.list_articles(ArticleFilter(language="zh"))
    assert [stored.article.language for stored in found] == ["zh-hant", "zh"]


def test_articles_are_loaded_by_id(database: Database) -> None:
    """Missing ids are left out."""
    stored = kept(database, draft("a"), draft("b"))
    assert database.queries.load_articles([stored[1].id, 999, stored[0].id]) == stored


def test_hits_of_an_article_are_those_of_this_article_only(database: Database) -> None:
    first, _second = screened(database, draft("a"), draft("b"), rules=("one", "two"))
    hits = database.queries.list_article_hits(first.id)
    assert [(hit.article_id, hit.rule_id, hit.reported_at) for hit in hits] == [
        (first.id, "one", None),
        (first.id, "two", None),
    ]


def test_a_query_that_takes_too_long_is_stopped(database: Database) -> None:
    """On both engines, and only inside the block with the limit."""
    connections = database._connections
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with (
        pytest.raises(QueryTimeout, match="takes too long"),
        connections.time_limit(TimeLimit(0.05)),
        connections.read_transaction() as connection,
    ):
        connection.exec_driver_sql(endless)
    with connections.read_transaction() as connection:
        short = endless.replace("FROM n) SELECT", "FROM n WHERE i < 300000) SELECT")
        assert connection.exec_driver_sql(short).scalar() == 300_000
