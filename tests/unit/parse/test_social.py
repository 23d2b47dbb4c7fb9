"""Accounts of social networks: where their posts are read."""

import pytest

from monitor.domain.source import Source
from monitor.extract.feed_content import article_from_entry
from monitor.parse.dispatch import parse_document
from monitor.parse.social import build_listing_source, find_social_preset

YOUTUBE = "https://www.youtube.com/feeds/videos.xml?"


@pytest.mark.parametrize(
    ("url", "feeds"),
    [
        ("https://mastodon.social/@ministry", ["https://mastodon.social/@ministry.rss"]),
        ("https://mastodon.social/@ministry@gov.example", ["https://gov.example/@ministry.rss"]),
        ("https://bsky.app/profile/ministry.example", ["https://bsky.app/profile/ministry.example/rss"]),
        ("https://www.youtube.com/channel/UC1234567890123456789012", [f"{YOUTUBE}channel_id=UC1234567890123456789012"]),
        ("https://m.youtube.com/watch?v=x&list=PLabc", [f"{YOUTUBE}playlist_id=PLabc"]),
        ("https://www.youtube.com/user/ministry", [f"{YOUTUBE}user=ministry"]),
        ("https://old.reddit.com/r/laos/", ["https://www.reddit.com/r/laos/new/.rss"]),
        ("https://www.reddit.com/u/someone", ["https://www.reddit.com/user/someone/submitted/.rss"]),
        ("https://github.com/someone", ["https://github.com/someone.atom"]),
        ("https://letter.substack.com/archive", ["https://letter.substack.com/feed"]),
        ("https://substack.com/@letter", ["https://letter.substack.com/feed"]),
        ("https://medium.com/@someone", ["https://medium.com/feed/@someone"]),
    ],
)
def test_an_account_has_the_feed_of_its_network(url: str, feeds: list[str]) -> None:
    preset = find_social_preset(url)
    assert preset is not None
    assert list(preset.feeds) == feeds


def test_a_repository_has_several_feeds() -> None:
    preset = find_social_preset("https://github.com/someone/project/issues")
    assert preset is not None
    assert [feed.rpartition("/")[2] for feed in preset.feeds] == ["releases.atom", "commits.atom", "tags.atom"]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/@ministry",
        "https://www.tiktok.com/@someone",
        "https://github.com/topics",
        "https://t.me/+secret",
        "https://daily.example/news",
        "https://mastodon.social/@ministry/1234",
        "https://[bad",
    ],
)
def test_other_addresses_are_searched_as_usual(url: str) -> None:
    """The page of a YouTube handle names its feed itself."""
    assert find_social_preset(url) is None


def test_a_telegram_channel_is_read_from_its_public_page() -> None:
    """Each post has its address, its date, its text, and its first sentence as its title."""
    preset = find_social_preset("https://t.me/ministry")
    assert preset is not None
    assert preset.listing is not None
    html = """<html><head><title>Ministry – Telegram</title></head><body>
    <div class="tgme_widget_message_wrap"><div class="tgme_widget_message">
     <div class="tgme_widget_message_text js-message_text">General Phan Van Giang visited the border.<br>He thanked
     the guards. <a href="https://daily.example/1">Read on</a></div>
     <a class="tgme_widget_message_date" href="https://t.me/ministry/41">
     <time datetime="2026-03-05T09:00:00+00:00">09:00</time></a>
    </div></div></body></html>"""
    source = build_listing_source("s", preset.listing)
    (entry,) = parse_document(html.encode(), "text/html; charset=utf-8", preset.listing.url, source).entries
    article = article_from_entry(entry, source)
    assert (entry.url, entry.published_at and entry.published_at.hour) == ("https://t.me/ministry/41", 9)
    assert article.title == "General Phan Van Giang visited the border."
    assert "He thanked the guards." in article.body


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Short post", "Short post"),
        ("The minister has left. He will be back.", "The minister has left."),
        ("@desk@press.example @other The minister has left.", "The minister has left."),
        ("国防部长潘文江访问老挝边境部队并发表讲话。随后他返回河内。", "国防部长潘文江访问老挝边境部队并发表讲话。"),
        ("word " * 60, None),
    ],
)
def test_a_post_without_a_title_gets_its_first_words(text: str, title: str | None) -> None:
    """At most a hundred characters, cut between words."""
    feed = f"<rss version='2.0'><channel><item><link>https://m.example/1</link><description>{text}</description></item></channel></rss>"
    source = Source("s", feed="https://m.example/@a.rss")
    (entry,) = parse_document(feed.encode(), "", source.feed, source).entries
    found = article_from_entry(entry, source).title
    assert found == title or (title is None and len(found) <= 100 and found.endswith("…"))
