"""Posts in the documents that social networks serve: their writers, threads and reposts."""

import asyncio
from pathlib import Path

import pytest
import yaml
from support.rows import MINUTE, NOW, kept
from support.stores import open_database

from monitor.config.load import parse_configuration
from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.source import Source, SourceKind, TextOrigin
from monitor.domain.values import replace
from monitor.extract.feed_content import article_from_entry, merge_texts
from monitor.parse.dispatch import parse_document
from monitor.parse.social import build_listing_source, find_social_preset
from monitor.pipeline.discover import build_source_keys, listing_keys
from monitor.pipeline.group import GroupingStep

DOCUMENTS = Path(__file__).with_name("social")
FEED = Source("s", feed="https://feeds.example/rss", text_from=TextOrigin.FEED)


def read(name: str) -> list[Article]:
    """Return the articles of a document in tests/unit/parse/social, in its order."""
    source = FEED
    if name == "telegram.html":
        preset = find_social_preset("https://t.me/ministry")
        assert preset is not None
        assert preset.listing is not None
        source = build_listing_source("s", preset.listing)
    body = (DOCUMENTS / name).read_bytes()
    return [article_from_entry(entry, source) for entry in parse_document(body, "", source.url, source).entries]


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("mastodon.xml", "Ministry of Rivers"),
        ("bluesky.xml", "Ministry of Rivers"),
        ("youtube.xml", "Ministry of Rivers"),
        ("reddit.xml", "/u/riverman"),
        ("telegram.html", "Ministry of Rivers"),
    ],
)
def test_the_account_is_the_writer_of_a_post(name: str, author: str) -> None:
    first = read(name)[0]
    assert first.authors == (author,)
    assert first.repost_author == ""
    assert "Some Body" in first.body


@pytest.mark.parametrize("name", ["mastodon.xml", "telegram.html"])
def test_each_post_of_a_thread_has_its_own_text_and_address(name: str) -> None:
    """The post that a reply quotes is not part of the reply."""
    first, second = read(name)[:2]
    assert "Some Body" in first.body
    assert "The dam holds" in second.body
    assert "Some Body" not in second.body
    assert first.url != second.url
    assert "Some Body" not in second.title


@pytest.mark.parametrize("name", ["mastodon.xml", "telegram.html"])
def test_a_reply_knows_the_post_that_it_answers(name: str) -> None:
    """Telegram links it; in a feed of Mastodon, "2/2" follows "1/2"."""
    first, second = read(name)[:2]
    assert (first.reply_to, second.reply_to) == ("", first.url)


REPLY = """<entry><id>tag:x.example,2026:{id}</id><title>{title}</title><link href="https://x.example/{id}"/>
<author><name>{author}</name></author><updated>2026-11-30T09:0{id}:00Z</updated>
<content type="html">{text}</content>{answers}</entry>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<id>x</id><title>Ministry</title><updated>2026-11-30T09:00:00Z</updated>{entries}</feed>"""


def answer(number: int, attributes: str, title: str = "", author: str = "Ministry") -> str:
    """Return an entry that answers another one."""
    answers = f"<thr:in-reply-to {attributes}/>" if attributes else ""
    text = f"Part {number} of the report about the dam."
    return REPLY.format(id=number, title=title, author=author, text=text, answers=answers)


def read_atom(*entries: str) -> list[Article]:
    body = ATOM.format(entries="".join(entries)).encode()
    return [article_from_entry(one, FEED) for one in parse_document(body, "", FEED.url, FEED).entries]


@pytest.mark.parametrize("title", ["", "New note by Ministry"])
def test_feeds_name_the_entry_that_is_answered(title: str) -> None:
    """The element of RFC 4685 has an id or a URL; with or without titles, which different parsers read."""
    by_id, by_url = 'ref="tag:x.example,2026:1" href="https://x.example/1"', 'href="https://x.example/1"'
    found = read_atom(answer(1, "", title), answer(2, by_id, title), answer(3, by_url, title))
    assert [one.reply_to for one in found] == ["", "tag:x.example,2026:1", "https://x.example/1"]


@pytest.mark.parametrize(
    ("texts", "answered"),
    [
        (["1/3 The dam is open.", "2/3 It holds.", "3/3 Boats may pass."], ["", "1", "2"]),
        (["The dam is open. (1/2)", "It holds. (2/2)"], ["", "1"]),
        (["Open since 1/2", "2/3 of the boats may pass."], ["", ""]),
        (["2/3 of the boats may pass.", "3/4 of the lorries may not."], ["", ""]),
    ],
)
def test_numbered_posts_are_parts_of_a_thread(texts: list[str], answered: list[str]) -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><link>https://x.example/{number}</link>"
        f"<pubDate>Mon, 30 Nov 2026 09:0{number}:00 +0000</pubDate><description>{text}</description></item>"
        for number, text in enumerate(texts, start=1)
    )
    feed = f"<rss version='2.0'><channel><title>Ministry</title>{items}</channel></rss>"
    assert [one.reply_to for one in parse_document(feed.encode(), "", FEED.url, FEED).entries] == answered


def test_text_that_the_network_adds_is_no_text_of_the_post() -> None:
    assert "quote post" not in read("bluesky.xml")[0].body
    text, link = read("reddit.xml")
    assert text.body == "Minister Some Body came by today."
    assert link.body == ""
    assert link.title == "Dam opened by Some Body"


def test_a_repost_has_the_writer_of_the_original() -> None:
    forwarded = read("telegram.html")[2]
    assert forwarded.repost_author == "Weather Office"
    assert forwarded.title == "Heavy rain is expected in the north."
    page = Article(forwarded.url, title=forwarded.title, body=forwarded.body, authors=("Ministry",), confidence=0.9)
    assert merge_texts(page, forwarded).repost_author == "Weather Office"


@pytest.mark.parametrize(
    ("title", "creator", "author"),
    [
        ("RT by @rivers: Heavy rain is expected.", "@weather", "@weather"),
        ("RT @weather: Heavy rain is expected.", "", "@weather"),
        ("Reposted by @rivers: Heavy rain is expected.", "@weather", "@weather"),
    ],
)
def test_reposts_in_the_feeds_of_other_programs_are_known(title: str, creator: str, author: str) -> None:
    """These programs make feeds of networks that offer none."""
    item = f"<item><title>{title}</title><link>https://x.example/1</link><dc:creator>{creator}</dc:creator></item>"
    feed = f"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>x</title>{item}</channel></rss>"
    (entry,) = parse_document(feed.encode(), "", FEED.url, FEED).entries
    assert (entry.title, entry.authors, entry.is_repost) == ("Heavy rain is expected.", (author,), True)


def test_an_article_with_a_headline_is_no_post() -> None:
    item = "<item><title>RTL reports: rain</title><link>https://x.example/1</link></item>"
    feed = f"<rss version='2.0'><channel><title>Daily</title>{item}</channel></rss>"
    (entry,) = parse_document(feed.encode(), "", FEED.url, FEED).entries
    assert (entry.authors, entry.is_repost) == ((), False)


def test_a_repost_is_a_duplicate_of_its_original(tmp_path: Path) -> None:
    """Thus a digest lists it below the original."""
    database = open_database(tmp_path)
    forwarded = read("telegram.html")[2]
    original = replace(forwarded, url="https://t.me/weather/7", authors=("Weather Office",), section="")
    for name, article, at in (("weather", original, NOW), ("ministry", forwarded, NOW + MINUTE)):
        kept(database, NewArticle((article.url,), article, True, Stage.EXTRACTED), name=name, now=at)
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET stage = 'matched'")
    asyncio.run(GroupingStep(database, lambda: NOW + 2 * MINUTE).run_all())
    first, second = database.queries.load_articles([1, 2])
    assert second.duplicate_of == first.id
    assert second.article.repost_author == "Weather Office"
    database.close()


def test_a_discovered_channel_is_written_with_all_selectors() -> None:
    """Also those for writers, reposts and replies."""
    preset = find_social_preset("https://t.me/ministry")
    assert preset is not None
    assert preset.listing is not None
    keys = build_source_keys("Ministry", SourceKind.LISTING, listing_keys(preset.listing))
    text = yaml.safe_dump({"sources": {"ministry": keys}}, allow_unicode=True)
    (source,) = parse_configuration(text.encode(), Path("sources.yaml"), {}).sources
    assert (source.listing, source.text_from) == (preset.listing, TextOrigin.FEED)
