"""Statements about posts in the database, and the notices of digests about them, on both engines."""

import asyncio
from datetime import date, timedelta

from support.rows import MINUTE, NOW, digest, draft, kept

from monitor.digest.fallback import render_fallback
from monitor.domain.article import NewArticle
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.digest import DigestPlan, PeopleNotices, ReportedContent
from monitor.domain.source import Source
from monitor.domain.succession import StatementKind
from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.insight.notices import InsightNotices
from monitor.insight.succession import search_statements
from monitor.match.engine import compile_watchlist
from monitor.store.database import Database

GIANG = Official("giang", "Phan Văn Giang", "Vietnam", roles=(Role("Minister of National Defence", date(2021, 4, 8)),))
SOURCES = tuple(Source(name, name.title(), feed=f"https://{name}.example/rss") for name in ("times", "post", "herald"))
DAILY = DigestPlan("daily", ("people",), cron="0 7 * * *")
CONFIGURATION = Configuration(Settings(), SOURCES, Watchlist((GIANG,)), (), (DAILY,))
NEWS = "Le Van Moi was appointed Vietnam's defence minister, replacing Phan Van Giang."
OTHER_WORDS = "Vietnam's new defence minister, General Le Van Moi, thanked Phan Van Giang."


def store(database: Database, name: str, body: str, source: str, *, matched: bool = True) -> int:
    """Store an article of a source, matched by default, and return its id."""
    new: NewArticle = draft(f"{source}-{name}", body=body)
    kept(database, replace(new, article=replace(new.article, language="en")), name=source)
    if matched:
        match_all(database)
    return database.desk.newest_article_id()


def match_all(database: Database) -> None:
    matcher = compile_watchlist(CONFIGURATION.watchlist)
    waiting = database.articles.unmatched(100)
    database.findings.save([(one, matcher.match(one.article)) for one in waiting], NOW)


def load(
    database: Database,
    *,
    is_preview: bool = False,
    plan: DigestPlan = DAILY,
    configuration: Configuration = CONFIGURATION,
) -> PeopleNotices:
    """Return the notices for a digest."""
    insight, officials = InsightNotices(database), configuration.watchlist.officials
    return asyncio.run(insight.load_notices(plan, configuration, officials, NOW, NOW + MINUTE, is_preview=is_preview))


def test_a_digest_announces_a_succession_once(database: Database) -> None:
    """Another digest announces it, too; one that is not stored has not announced it."""
    store(database, "a", NEWS, "times")
    assert load(database) == PeopleNotices()
    store(database, "b", OTHER_WORDS, "post")
    assert load(database, is_preview=True) == PeopleNotices()  # a preview searches nothing
    (notice,), (announced,) = load(database).notices, load(database).announced
    assert notice.startswith("Le Van Moi may now hold the post of Phan Văn Giang: Minister of National Defence.")
    assert "Times: “" in notice
    assert announced.kind is StatementKind.HOLDER
    content = ReportedContent(announced=(announced,))
    assert database.digests.commit_digest(digest("daily"), (), (), content)
    assert load(database) == PeopleNotices()
    assert load(database, plan=replace(DAILY, id="other")).announced == (announced,)


def test_each_article_is_searched_once(database: Database) -> None:
    """An article that is matched later is searched then; repeating the search changes nothing."""
    store(database, "a", NEWS, "times")
    late = store(database, "b", OTHER_WORDS, "post", matched=False)
    store(database, "c", "Rain is expected.", "herald", matched=False)
    assert asyncio.run(search_statements(database, CONFIGURATION, NOW)) == 1
    assert asyncio.run(search_statements(database, CONFIGURATION, NOW)) == 0
    match_all(database)
    assert asyncio.run(search_statements(database, CONFIGURATION, NOW)) == 2
    statements = database.successions.list_statements(NOW - MINUTE)
    assert [(one.source_id, one.outlet, one.person) for one in statements if one.article_id == late] == [
        ("post", "Post", "Le Van Moi")
    ]
    assert database.successions.list_statements(NOW + MINUTE) == []
    assert database.successions.list_statements(NOW - MINUTE, ["nobody"]) == []


def test_articles_are_searched_when_an_official_gets_a_post(database: Database) -> None:
    """Without a post, nothing is searched, and no article counts as searched. The post needs no date."""
    without_post = replace(GIANG, roles=())
    undated = replace(GIANG, roles=(Role("Minister of National Defence"),))
    store(database, "a", NEWS, "times")
    store(database, "b", OTHER_WORDS, "post")
    assert load(database, configuration=replace(CONFIGURATION, watchlist=Watchlist((without_post,)))) == PeopleNotices()
    assert len(load(database, configuration=replace(CONFIGURATION, watchlist=Watchlist((undated,)))).notices) == 1


def test_old_articles_are_not_searched(database: Database) -> None:
    """Those of more than thirty days before the first search."""
    store(database, "a", NEWS, "times")
    assert asyncio.run(search_statements(database, CONFIGURATION, NOW + timedelta(days=31))) == 0
    assert database.successions.list_statements(NOW - MINUTE) == []


def test_a_forgotten_person_leaves_no_statement(database: Database) -> None:
    """Nor a notice."""
    store(database, "a", NEWS, "times")
    asyncio.run(search_statements(database, CONFIGURATION, NOW))
    assert database.successions.list_statements(NOW - MINUTE)
    database.forgetting.forget_official("giang", [GIANG.name], render_fallback)
    assert database.successions.list_statements(NOW - MINUTE) == []
