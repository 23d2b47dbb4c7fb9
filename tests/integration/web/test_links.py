"""Signed links of digests: what they do, and that neither a scanner nor a forger can act."""

import re
import sqlite3
from asyncio import run
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.desk import CONFIGURATION, SIGNING_KEY, Desk, FixedLoader
from support.rows import NOW, draft, kept
from support.stores import open_database

from monitor.config.load import parse_configuration
from monitor.digest.links import DigestLink, LinkPurpose, fill_links, read_link, sign_link
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.values import replace
from monitor.domain.web_settings import LinkSettings, WebSettings
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.web.api.requests import RateLimiter
from monitor.web.pages import links

URL = "http://127.0.0.1:8788"
WEB = WebSettings(url=URL)
LINK = DigestLink(LinkPurpose.REJECT, "0123456789abcdef0123", date(2026, 3, 20), "s1", 53, "phan-van-giang")
TEXT = "The minister Some Body spoke in Vientiane about rivers. The ministry published the speech of Some Body."


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Send a digest with links about an article that names an official."""
    monkeypatch.setattr(links, "_acts", RateLimiter(links.ACTS_PER_DAY, period=links.DAY_SECONDS))
    database = open_database(tmp_path)
    text = CONFIGURATION.replace("settings: {", f"settings: {{web: {{url: '{URL}'}}, ")
    desk = Desk(database, WEB, loader=FixedLoader(text))
    kept(database, draft("a", body=TEXT))
    run(send(desk))
    return desk


async def send(desk: Desk) -> None:
    configuration = desk.loader.snapshot.configuration
    matcher = BoundedMatcher(compile_watchlist(configuration.watchlist), configuration.watchlist)
    await MatchingStep(desk.database, matcher, desk.clock).run_all()
    await GroupingStep(desk.database, desk.clock, ProcessOffloader(None, 0)).run_all()
    await desk.app.state.composer.send_now(configuration.digests[0], configuration)


def message_of(desk: Desk) -> Message:
    """Return the message of the only delivery, with its links."""
    (line,) = desk.database.desk.list_deliveries(10)
    message = desk.database.deliveries.get_delivery(line.id).message
    return fill_links(message, URL, SIGNING_KEY, timedelta(days=14))


def link_of(desk: Desk, label: str) -> str:
    found = re.search(rf'href="{URL}(/l/[\w-]+)">{label}</a>', message_of(desk).rendered.html)
    assert found, message_of(desk).rendered.html
    return found[1]


def press(desk: Desk, path: str, **fields: str) -> Any:
    """Open a link and press its button, as a browser does."""
    nonce = re.search(r'name="nonce" value="([^"]+)"', desk.get(path).text)
    assert nonce
    return desk.post(path, {"nonce": nonce[1]} | fields)


def test_every_delivery_has_its_own_links_and_the_same_bytes_at_each_attempt(desk: Desk) -> None:
    first, second = message_of(desk), message_of(desk)
    assert first == second
    assert "/l/~" not in first.rendered.html + first.rendered.text
    other = replace(first, key="f" * 40, rendered=desk.database.deliveries.get_delivery(1).message.rendered)
    filled = fill_links(other, URL, SIGNING_KEY, timedelta(days=14))
    assert filled.rendered.html != first.rendered.html


def test_a_link_rejects_and_undoes(desk: Desk) -> None:
    path = link_of(desk, "not Some Body")
    assert "Not <bdi>Some Body</bdi>?" in desk.get(path).text
    done = press(desk, path, reason="namesake")
    assert "Rejected." in done.text
    (change,) = desk.database.feedback.list_changes()
    assert (change.what, change.way, change.reader) == ("reject", "link", "a reader")
    configuration = desk.loader.snapshot.configuration
    digest, _hits = run(desk.app.state.composer.preview(configuration.digests[0], configuration))
    assert [text for text in digest.notices if "rejected by a reader on " in text]
    press(desk, path, reason="namesake")
    assert len(desk.database.feedback.list_changes()) == 1
    assert "Undone." in press(desk, path, undo=str(change.id)).text
    assert desk.database.feedback.list_verdicts() == []


def test_a_link_mutes_its_story_for_its_digest(desk: Desk) -> None:
    press(desk, link_of(desk, "mute"))
    (mark,) = desk.database.feedback.list_marks()
    assert (mark.kind, mark.plan_id, mark.reader) == ("muted", "morning", "")


def test_a_scanner_changes_nothing(desk: Desk) -> None:
    """Neither opening a link many times nor posting without the nonce of its page acts or burns it."""
    path = link_of(desk, "not Some Body")
    written = sqlite3.connect(desk.database._connections.database_file)
    before = written.execute("PRAGMA data_version").fetchone()
    for _ in range(100):
        assert desk.get(path).status_code == 200
        assert desk.client.head(path).status_code == 200
    assert written.execute("PRAGMA data_version").fetchone() == before
    written.close()
    for fields in ({}, {"nonce": ""}, {"nonce": "1.x"}, {"nonce": links.make_nonce("other", SIGNING_KEY, 0)}):
        assert desk.post(path, fields).status_code == 403
    assert desk.post(path, {}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert desk.database.feedback.list_changes() == []
    headers = desk.get(path).headers
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert "noindex" in headers["x-robots-tag"]


def test_a_link_that_has_ended_only_shows(desk: Desk) -> None:
    path = link_of(desk, "not Some Body")
    nonce = re.search(r'name="nonce" value="([^"]+)"', desk.get(path).text)
    assert nonce
    desk.clock.now += timedelta(days=16)
    assert "acted until" in desk.post(path, {"nonce": nonce[1]}).text
    assert desk.database.feedback.list_changes() == []


def test_a_link_may_need_a_login(desk: Desk) -> None:
    desk.context.settings = replace(WEB, links=LinkSettings(login=True))
    path = link_of(desk, "not Some Body")
    assert press(desk, path).status_code == 401
    reader = desk.log_in()
    nonce = re.search(r'name="nonce" value="([^"]+)"', desk.get(path).text)
    assert nonce
    assert "Rejected." in reader.post(path, {"nonce": nonce[1]}).text


def test_acts_of_one_delivery_are_limited(desk: Desk) -> None:
    path = link_of(desk, "mute")
    answers = [press(desk, path).text for _ in range(links.ACTS_PER_DAY + 1)]
    assert "too many requests" in answers[-1]
    assert "too many requests" not in answers[-2]


@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_target_unsubscribes_with_one_click(desk: Desk, form: str) -> None:
    """Mail programs post without a cookie, an origin and a nonce (RFC 8058); later digests skip the target."""
    parts = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    path = message_of(desk).unsubscribe_url.removeprefix(URL)
    assert desk.get(path).status_code == 200
    assert desk.database.digests.load_unsubscribed("morning") == frozenset()
    answer = desk.client.post(
        path,
        content=parts if "multipart" in form else "List-Unsubscribe=One-Click",
        headers={"Content-Type": form},
    )
    assert answer.status_code == 200
    assert len(desk.database.digests.load_unsubscribed("morning")) == 1
    kept(desk.database, draft("b", body=TEXT.replace("rivers", "roads and bridges and schools")))
    desk.clock.now += timedelta(hours=1)
    run(send(desk))
    assert len(desk.database.desk.list_deliveries(10)) == 1
    press(desk, path, undo="1")
    assert desk.database.digests.load_unsubscribed("morning") == frozenset()


@given(st.integers(0, 8 * 70), st.sampled_from(LinkPurpose))
def test_no_changed_bit_is_accepted(bit: int, purpose: LinkPurpose) -> None:
    """Neither for another purpose, delivery, subject or end."""
    token = sign_link(replace(LINK, purpose=purpose), SIGNING_KEY)
    assert read_link(token, SIGNING_KEY) == replace(LINK, purpose=purpose)
    letters = list(token)
    place = bit // 8 % len(letters)
    letters[place] = chr(ord(letters[place]) ^ (1 << bit % 7))
    assert read_link("".join(letters), SIGNING_KEY) is None
    assert read_link(token, "another key" * 4) is None
    assert read_link(token, "") is None


@pytest.mark.parametrize("token", ["x", "~r~s1~~~", "a" * 300, "%00", "AAAA", "é"])
def test_other_links_all_have_the_same_answer(desk: Desk, token: str) -> None:
    assert desk.get(f"/l/{token}").status_code == 404
    assert desk.get(f"/l/unsubscribe/{token}").status_code == 404


def test_a_link_of_one_purpose_does_not_act_for_another(desk: Desk) -> None:
    unsubscribe = message_of(desk).unsubscribe_url.rpartition("/")[2]
    assert desk.get(f"/l/{unsubscribe}").status_code == 404
    assert desk.get(link_of(desk, "mute").replace("/l/", "/l/unsubscribe/")).status_code == 404


def test_without_links_in_the_settings_a_digest_has_none() -> None:
    for web in ("", "web: {}", f"web: {{url: '{URL}', links: no}}"):
        text = f"settings: {{timezone: UTC, {web}}}\nsources: {{a: {{feed: 'https://x.example'}}}}"
        assert not parse_configuration(text.encode(), Path("sources.yaml"), {}).settings.has_acting_links
    message = Message("k" * 40, "p", "c", "t", RenderedDigest("s", "t", "h", "{}"), NOW)
    assert fill_links(message, URL, SIGNING_KEY, timedelta(1)).rendered == message.rendered
