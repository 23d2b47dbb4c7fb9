"""Threads of social networks over HTTP: the posts of a thread are one story."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from support.fakes import NOON, FakeClock, InlineProcessPool
from support.http_server import on_loop, reply, serving
from support.rows import MINUTE, NOW, kept
from support.stores import open_database

from monitor.domain.article import REPLY, Article, NewArticle, Stage
from monitor.domain.poll_state import SourceState
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Source, TextOrigin
from monitor.domain.special_sources import Api
from monitor.domain.values import replace
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.collect import Collector
from monitor.pipeline.group import MAX_REPLY_WAIT, GroupingStep
from monitor.store.database import Database
from monitor.stories.identity import list_reference_keys

TEXTS = {
    1: "Minister Some Body opened the dam at Nam Khan this morning.",
    2: "Turbines from Norway will light nine thousand houses.",
    3: "Whoever lost a field is paid by the end of June, says the treasury.",
    4: "A football match between teachers and engineers closed the day.",
}
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><id>x</id>
<title>Ministry</title><updated>2026-03-05T09:00:00Z</updated>{entries}</feed>"""
ENTRY = """<entry><id>tag:social.example,2026:{number}</id><title/><link href="https://social.example/{number}"/>
<author><name>Ministry</name></author><published>2026-03-05T10:0{number}:00Z</published>
<content type="html">{text}</content>{answers}</entry>"""


def write_feed(*numbers: int) -> bytes:
    """Return a feed with the newest post first; each post but the first and the last answers the one before."""
    entries = []
    for number in sorted(numbers, reverse=True):
        answers = f'<thr:in-reply-to ref="tag:social.example,2026:{number - 1}"/>' if number in {2, 3} else ""
        entries.append(ENTRY.format(number=number, text=TEXTS[number], answers=answers))
    return ATOM.format(entries="".join(entries)).encode()


def write_statuses() -> bytes:
    """Return posts as the API of Mastodon does."""
    statuses = [
        {
            "id": str(number),
            "url": f"https://social.example/@ministry/{number}",
            "content": f"<p>{text}</p>",
            "created_at": f"2026-03-05T10:0{number}:00.000Z",
            "in_reply_to_id": str(number - 1) if number in {2, 3} else None,
            "account": {"display_name": "Ministry"},
        }
        for number, text in TEXTS.items()
    ]
    return json.dumps(list(reversed(statuses))).encode()


def stories(database: Database) -> dict[str, str]:
    """Return the story of each article by its URL."""
    return {one.article.url: one.story_id for one in database.queries.list_articles(ArticleFilter())}


def group(database: Database, now: datetime = NOW) -> None:
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET stage = 'matched' WHERE stage = 'extracted'")
    asyncio.run(GroupingStep(database, lambda: now).run_all())


def poll(database: Database, source: Source, answers: list[bytes]) -> None:
    """Poll a source on a local server, once for each answer, and group after each poll."""

    async def respond(_path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(answers[0]))

    async def run() -> None:
        async with serving(respond) as server:
            served = replace(source, feed=server.url("/feed")) if source.feed else source
            if source.api:
                served = replace(source, api=replace(source.api, url=server.url("/statuses")))
            database.sources.register([served], NOON)
            fetcher = HttpFetcher("", (ip_network("127.0.0.0/8"),), lambda: datetime.now(UTC))
            clock = FakeClock()
            collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
            while answers:
                (result,) = await collector.run_due({source.id: served}, source_ids={source.id})
                assert result.state_after is SourceState.OK
                await asyncio.to_thread(group, database)
                answers.pop(0)
                clock.now += timedelta(days=1)
            await fetcher.aclose()

    on_loop(run())


def test_a_thread_in_a_feed_is_one_story(tmp_path: Path) -> None:
    """Also the parts that a later poll brings; another post of the account is a story of its own."""
    database = open_database(tmp_path)
    source = Source("ministry", feed="https://social.example/feed", text_from=TextOrigin.FEED)
    poll(database, source, [write_feed(1, 2), write_feed(1, 2, 3, 4)])
    found = stories(database)
    assert len(found) == 4
    assert {found[f"https://social.example/{number}"] for number in (1, 2, 3)} == {found["https://social.example/1"]}
    assert found["https://social.example/4"] != found["https://social.example/1"]
    database.close()


def test_a_thread_in_an_api_is_one_story(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    api = Api(
        "https://social.example/statuses",
        id="id",
        text="content",
        published="created_at",
        authors="account.display_name",
        reply_to="in_reply_to_id",
    )
    poll(database, Source("ministry", api=api, text_from=TextOrigin.FEED), [write_statuses()])
    found = stories(database)
    assert len(found) == 4
    assert len(set(found.values())) == 2
    assert found["https://social.example/@ministry/4"] != found["https://social.example/@ministry/1"]
    database.close()


def post(number: int, answers: str = "", author: str = "Ministry", minutes: int = 0) -> NewArticle:
    url = f"https://social.example/{number}"
    section = f"{REPLY}{answers}" if answers else ""
    at = NOW + minutes * MINUTE
    article = Article(url, title=TEXTS[number], body=TEXTS[number], published_at=at, authors=(author,), section=section)
    return NewArticle(list_reference_keys(url), article, True, Stage.EXTRACTED)


@pytest.mark.parametrize(
    ("author", "minutes", "is_joined"), [("Ministry", 5, True), ("Other", 5, False), ("Ministry", 60 * 24 * 9, False)]
)
def test_only_a_reply_of_the_same_writer_within_a_week_joins(
    tmp_path: Path, author: str, minutes: int, is_joined: bool
) -> None:
    database = open_database(tmp_path)
    kept(database, post(1), post(2, "https://social.example/1", author, minutes))
    group(database)
    first, second = database.queries.load_articles([1, 2])
    assert (first.story_id == second.story_id) is is_joined
    database.close()


def test_a_reply_waits_for_the_page_of_the_post_that_it_answers(tmp_path: Path) -> None:
    """For a quarter of an hour; later, and if the post is unknown, it is grouped by its text."""
    database = open_database(tmp_path)
    unread = replace(post(1), stage=Stage.LISTED)
    kept(database, unread, post(2, "https://social.example/1"), post(3, "https://social.example/99"))
    group(database)
    assert [one.stage for one in database.queries.load_articles([2, 3])] == [Stage.MATCHED, Stage.GROUPED]
    group(database, NOW + MAX_REPLY_WAIT)
    assert database.queries.load_articles([2])[0].stage is Stage.GROUPED
    database.close()


def test_a_reply_is_grouped_after_the_page_is_read(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    kept(database, replace(post(1), stage=Stage.LISTED), post(2, "https://social.example/1"))
    group(database)
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET stage = 'extracted' WHERE id = 1")
    group(database)
    first, second = database.queries.load_articles([1, 2])
    assert first.story_id == second.story_id != ""
    database.close()
