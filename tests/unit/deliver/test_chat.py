"""Chat sender: golden payloads, splitting by story, and no mentions or formatting from foreign text."""

import asyncio
import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from support.factories import NOW, message

from monitor.deliver.chat import ChatSender, count_utf16_units, split_paragraphs
from monitor.domain.channels import ChatChannel
from monitor.domain.delivery import Retry, Sent
from monitor.domain.errors import UsageError
from monitor.domain.secret import Secret

pytestmark = pytest.mark.filterwarnings("ignore:.imghdr. is deprecated")  # a library that Apprise imports
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
DISCORD = "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"
TEAMS = "workflows://prod-1.example.org:443/643e69f83c8944/wIABCDEF"
HOSTILE_TEXT = "Visit <!channel> @everyone <@U123> *b* <b>x</b> & [l](x) {{7*7}} <at>all</at>\nhttps://x.example/a_b"
ZWSP = "\u200b"


class FakeChatServices:
    """Fake servers of the chat services below the ``requests`` library; fails the calls listed in ``failing``."""

    def __init__(self, failing: set[int] | None = None) -> None:
        self.posts: list[dict[str, Any]] = []
        self.failing = failing or set()
        self.calls = 0

    def answer(self, method: str, url: str, **options: Any) -> Any:
        self.calls += 1
        answer = requests.Response()
        answer.status_code = 500 if self.calls in self.failing else 200
        answer._content = b"ok" if "slack" in url else b'{"ok":true,"result":[]}'
        if answer.status_code == 200:
            self.posts.append(json.loads(options["data"]) if isinstance(options.get("data"), str) else options)
        return answer


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FakeChatServices:
    fake = FakeChatServices()
    monkeypatch.setattr(requests.sessions.Session, "request", fake.answer)
    return fake


def send(url: str, *blocks: str) -> Sent | Retry:
    sender = ChatSender(ChatChannel("chat", Secret(url)))
    receipt = asyncio.run(sender.send(message(blocks=blocks), NOW))
    assert isinstance(receipt, Sent | Retry)
    return receipt


def test_slack_gets_text_without_mentions(service: FakeChatServices) -> None:
    """Slack's special characters are escaped and its Markdown is turned off."""
    assert isinstance(send(SLACK, HOSTILE_TEXT), Sent)
    (post,) = service.posts
    assert post["mrkdwn"] is False
    assert post["attachments"][0]["text"] == (
        f"Visit &lt;!channel&gt; @{ZWSP}everyone &lt;@{ZWSP}U123&gt; *b* &lt;b&gt;x&lt;/b&gt; &amp; [l](x) {{{{7*7}}}} "
        "&lt;at&gt;all&lt;/at&gt;\nhttps://x.example/a_b"
    )


def test_discord_gets_escaped_markdown(service: FakeChatServices) -> None:
    """Markdown and mentions are escaped; URLs are unchanged."""
    assert isinstance(send(DISCORD, HOSTILE_TEXT), Sent)
    (post,) = service.posts
    assert post["content"] == (
        f"Visit <!channel\\> @{ZWSP}everyone <@{ZWSP}U123\\> \\*b\\* <b\\>x</b\\> & \\[l\\]\\(x\\) {{{{7\\*7}}}} "
        "<at\\>all</at\\>\nhttps://x.example/a_b"
    )


def test_telegram_gets_escaped_html(service: FakeChatServices) -> None:
    """Special characters are escaped, and no text is lost as a tag."""
    assert isinstance(send(TELEGRAM, HOSTILE_TEXT), Sent)
    (post,) = service.posts
    assert post["parse_mode"] == "HTML"
    assert post["text"].replace("\r\n", "\n") == (
        f"Visit &lt;!channel&gt; @{ZWSP}everyone &lt;@{ZWSP}U123&gt; *b* &lt;b&gt;x&lt;/b&gt; &amp; [l](x) {{{{7*7}}}} "
        "&lt;at&gt;all&lt;/at&gt;\nhttps://x.example/a_b"
    )


def test_teams_gets_escaped_markdown(service: FakeChatServices) -> None:
    """Markdown is escaped; a mention would need an entity, which is never sent."""
    assert isinstance(send(TEAMS, HOSTILE_TEXT), Sent)
    card = service.posts[0]["attachments"][0]["content"]
    text = next(part["text"] for part in card["body"] if part.get("id") == "body")
    assert "\\*b\\*" in text
    assert "https://x.example/a_b" in text
    assert "entities" not in card["msteams"]


def test_a_long_digest_is_split_between_stories(service: FakeChatServices) -> None:
    """Each part is within the service's limit, numbered, and contains complete stories."""
    stories = [f"Story {number}: " + "word " * 60 + f"end{number}" for number in range(12)]
    assert send(DISCORD, *stories) == Sent("3 parts")
    texts = [post["content"] for post in service.posts]
    assert all(count_utf16_units(text) <= 2000 for text in texts)
    assert all(text.count("Story ") == text.count("end") for text in texts)
    assert texts[0].endswith("(1/3)")


def test_a_retry_continues_with_the_part_that_failed(service: FakeChatServices) -> None:
    """Parts that were accepted are not sent again."""
    service.failing = {2}
    sender = ChatSender(ChatChannel("chat", Secret(DISCORD)))
    one = message(blocks=tuple(f"Story {number}: " + "word " * 300 for number in range(3)))
    first = asyncio.run(sender.send(one, NOW))
    assert first == Retry("the chat service did not accept part 2 of 3")
    assert asyncio.run(sender.send(one, NOW)) == Sent("3 parts")
    numbers = [post["content"][-5:] for post in service.posts]
    assert numbers == ["(1/3)", "(2/3)", "(3/3)"]


def test_an_unknown_service_is_reported_without_its_secret() -> None:
    """The error contains only the URL scheme."""
    with pytest.raises(UsageError) as caught:
        ChatSender(ChatChannel("chat", Secret("carrierpigeon://token-of-mine/loft")))
    assert "carrierpigeon" in str(caught.value)
    assert "token-of-mine" not in str(caught.value)


@given(st.lists(st.text(max_size=120), max_size=12), st.integers(20, 200))
def test_splitting_keeps_all_text_and_the_limit(paragraphs: list[str], limit: int) -> None:
    """No text is longer than the limit in UTF-16 units, and only white space is lost."""
    texts = split_paragraphs(paragraphs, limit)
    assert all(count_utf16_units(text) <= limit for text in texts)
    assert "".join("".join(texts).split()) == "".join("".join(paragraphs).split())
