"""Addition of a source on the desk and by the API: search for feeds, preview, and sources.yaml."""

import asyncio
import dataclasses
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from support.desk import CONFIGURATION, Desk, FixedLoader
from support.fakes import InlineProcessPool
from support.http_server import Loopback, reply, serving

from monitor.app import open_fetcher
from monitor.domain.readers import Role, Scope
from monitor.domain.source import Listing
from monitor.store.database import Database
from monitor.web.pages.add_source import LISTING_FIELDS
from monitor.web.source_setup import FETCHES_PER_MINUTE, SourceSetup

TEXT = " ".join(["The minister said on Monday that the two countries would build a road and a bridge."] * 20)
ITEMS = "".join(
    f"<li class=news><a href='/a{number}'>Headline {number}</a> <i>0{number}/11/2026</i></li>" for number in range(1, 4)
)
PAGES = {
    "/": b"<html><link rel='alternate' type='application/rss+xml' href='/rss'></html>",
    "/rss": b"<rss version='2.0'><channel><title>Daily</title>"
    b"<item><title>One</title><link>/a1</link></item></channel></rss>",
    "/news": f"<html><title>${{HOME}}</title><ul>{ITEMS}<li class=news>no link</li></ul></html>".encode(),
    "/a1": f"<html><article><h1>Headline 1</h1><p>{TEXT}</p><p class=ad>Buy {TEXT}</p></article></html>".encode(),
}
LISTING = {"kind": "listing", "list_items": "li.news", "list_published": "i", "published_format": "%d/%m/%Y"}


class Site:
    """Site on loopback, in a thread of its own, because the client of the desk has its own event loop."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))
        self.thread.start()
        self.started.wait()

    async def _serve(self) -> None:
        async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            body = PAGES.get(path)
            if path == "/private":
                writer.write(reply(status="302 Found", Location="http://10.0.0.1/secret"))
            else:
                writer.write(reply(body or b"", "200 OK" if body else "404 Not Found", Content_Type="text/html"))

        self.stop = asyncio.Event()
        async with serving(respond) as server:
            self.server: Loopback = server
            self.started.set()
            await self.stop.wait()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()
        self.loop.close()

    def asked(self, path: str) -> int:
        """Return how often a path was requested."""
        return sum(one.path == path for one in self.server.asked)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write sources.yaml, in which loopback is allowed."""
    path = tmp_path / "sources.yaml"
    path.write_text(CONFIGURATION.replace("timezone:", "allowed_networks: [127.0.0.0/8], timezone:"), encoding="utf-8")
    return path


@pytest.fixture
def desk(database: Database, config: Path) -> Desk:
    return open_desk(database, config)


def open_desk(database: Database, config: Path) -> Desk:
    """Return a desk that adds sources to a file."""
    setup = SourceSetup(open_fetcher, InlineProcessPool())
    return Desk(database, loader=FixedLoader(config.read_text(encoding="utf-8")), source_setup=setup, file=config)


def test_a_feed_is_found_previewed_and_written(desk: Desk, site: Site, config: Path) -> None:
    """Every other byte of the file is kept, and the change is on the page Changes."""
    before = config.read_text(encoding="utf-8")
    reader = desk.log_in()
    found = reader.post("/add-source", {"url": site.server.url("/"), "do": "discover"}).text
    assert site.server.url("/rss") in found
    fields = {"url": site.server.url("/rss"), "kind": "feed", "name": "Daily: politics", "language": "en"}
    shown = reader.post("/add-source", fields | {"do": "preview"}).text
    assert "1 article in the list" in shown
    assert "The minister said on Monday" in shown
    assert config.read_text(encoding="utf-8") == before
    answer = reader.post("/add-source", fields | {"id": "daily", "do": "add"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources?added=daily&done=1")
    written = config.read_text(encoding="utf-8")
    entry = f'  daily:\n    name: "Daily: politics"\n    feed: "{fields["url"]}"\n    language: en\n'
    assert written.replace(entry, "") == before
    assert "sources.daily in sources.yaml" in reader.get("/changes").text
    again = reader.post("/add-source", fields | {"id": "daily", "do": "add"})
    assert again.status_code == 422
    assert "is used by another source" in again.text
    assert 'action="/feedback/undo"' in reader.get("/sources?added=daily&done=1").text
    listed = open_desk(desk.database, config).log_in().get("/sources?added=daily&done=1").text
    assert re.search(r"Daily: politics</bdi></th><td><span class=\"tag \">not polled yet<", listed)
    assert "2 not polled yet" in listed  # nobody has polled the Post, either
    assert "No daemon is running" in listed
    status = json.dumps({"at": desk.clock().isoformat(), "stopped": False})
    desk.database.key_values.set("daemon", status, desk.clock())
    other = open_desk(desk.database, config).log_in()
    listed = other.get("/sources?added=daily&done=1&q=POLITICS").text
    assert "not polled yet" in listed
    assert "reads sources.yaml within seconds" in listed
    assert "Daily" not in other.get("/sources?q=times").text
    assert reader.post("/feedback/undo", {"change": "1"}).status_code == 303
    assert config.read_text(encoding="utf-8") == before


def test_the_settings_can_forbid_it(database: Database, config: Path, site: Site) -> None:
    """With ``settings.web.edit: false`` the desk still previews, and neither adds a source nor undoes an edit."""
    fields = {"url": site.server.url("/rss"), "kind": "feed", "id": "daily"}
    open_desk(database, config).log_in().post("/add-source", fields | {"do": "add"})
    config.write_text(config.read_text().replace("settings: {", "settings: {web: {edit: false}, "), encoding="utf-8")
    before, reader = config.read_bytes(), open_desk(database, config).log_in()
    shown = reader.post("/add-source", fields | {"do": "preview"}).text
    assert "settings.web.edit is false" in shown
    assert "1 article in the list" in shown
    assert reader.post("/add-source", fields | {"id": "other", "do": "add"}).status_code == 403
    assert reader.post("/feedback/undo", {"change": "1"}).status_code == 403
    assert "<button" not in reader.get("/changes").text.partition('id="c1"')[2].partition("</tr>")[0]
    assert config.read_bytes() == before


def test_selectors_are_tried_on_documents_that_were_fetched_once(desk: Desk, site: Site) -> None:
    """The page names what is missing; only the button for it requests the documents again."""
    reader, url = desk.log_in(), site.server.url("/news")

    def preview(action: str = "preview", **fields: str) -> str:
        answer = reader.post("/add-source", LISTING | fields | {"url": url, "do": action})
        return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text)))

    lists, pages = site.asked("/news"), site.asked("/a1")
    assert "nothing on the page matches 'li.wrong'" in preview(list_items="li.wrong")
    shown = preview()
    assert "3 articles in the list" in shown
    assert "1 item has no link" in shown
    assert "Sun 1 Nov" in shown
    assert "no date" in preview(list_published="b")
    assert "Buy The minister" in shown
    assert "Buy The minister" not in preview(page_remove=".ad")
    assert "3 articles in the list" in preview(article="²", max_pages="²")
    assert "is not a valid CSS selector" in preview(list_items="li[")
    assert (site.asked("/news") - lists, site.asked("/a1") - pages) == (1, 1)
    preview("fetch")
    assert site.asked("/news") - lists == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "http://0x0a000001/",
        "file:///etc/passwd",
        "gopher://10.0.0.1/",
        "{site}/private",
    ],
)
@pytest.mark.parametrize("action", ["discover", "preview"])
def test_addresses_inside_the_network_are_refused(desk: Desk, site: Site, url: str, action: str) -> None:
    """By the guard of the daemon, also after a redirect; the rules of the configuration count."""
    url = url.replace("{site}", site.server.url("").rstrip("/"))
    text = desk.log_in().post("/add-source", {"url": url, "kind": "feed", "do": action}).text
    assert re.search("address|valid|URL|secret", re.sub("<[^>]+>", " ", text.partition("Nothing is saved")[2]))
    assert "articles in the list" not in text
    assert "root:" not in text


def test_a_secret_is_never_sent_to_an_address_of_the_form(desk: Desk, config: Path) -> None:
    """Neither in the address nor in another field, and the file is unchanged."""
    before, reader = config.read_bytes(), desk.log_in()
    for fields in ({"url": "https://x.example/${HOME}"}, {"url": "https://x.example/", "name": "file:/etc/hostname"}):
        for action in ("preview", "add"):
            answer = reader.post("/add-source", {"kind": "feed", "do": action} | fields)
            assert answer.status_code == 422
            assert "refers to a secret" in answer.text
    assert config.read_bytes() == before


def test_adding_needs_the_right_to_configure(desk: Desk, site: Site) -> None:
    """A viewer cannot make the desk fetch an address."""
    viewer = desk.log_in("anna", Role.VIEWER)
    asked = len(site.server.asked)
    assert viewer.get("/add-source").status_code == 403
    assert viewer.post("/add-source", {"url": site.server.url("/"), "do": "discover"}).status_code == 403
    assert "Add a source" not in viewer.get("/sources").text
    assert len(site.server.asked) == asked


def test_the_api_finds_feeds_and_previews(desk: Desk, site: Site) -> None:
    """With the scope configure, and only with keys that fetch without secrets, cookies and a browser."""
    account = desk.log_in().account
    create = partial(desk.database.readers.create_token, account.id, "t")
    token, reading = (create({scope}, desk.clock(), timedelta(days=1))[1] for scope in (Scope.CONFIGURE, Scope.READ))

    def post(path: str, body: dict[str, Any], key: Any = token) -> Any:
        return desk.client.post(f"/api/v1/sources/{path}", json=body, headers={"Authorization": f"Bearer {key}"})

    found = post("discover", {"url": site.server.url("/")}).json()
    assert [one["url"] for one in found["items"]] == [site.server.url("/rss")]
    source = {"listing": {"url": site.server.url("/news"), "items": "li.news"}, "selectors": {"remove": [".ad"]}}
    shown = post("preview", {"source": source}).json()
    assert (shown["entries"], shown["unlinked"], shown["article"]["title"]) == (3, 1, "Headline 1")
    assert shown["article"]["text"].startswith("The minister")
    assert [one["title"] for one in shown["first"]][:1] == ["Headline 1"]
    assert post("preview", {"source": source | {"headers": {"X": "y"}}}).status_code == 400
    assert post("preview", {"source": {"feed": "ftp://x"}}).status_code == 422
    assert post("discover", {"url": "https://x.example"}, reading).status_code == 403


def test_requests_are_limited(desk: Desk, site: Site) -> None:
    """Each reader makes the desk fetch at most twenty documents a minute."""
    reader = desk.log_in()
    for _ in range(FETCHES_PER_MINUTE // 2):  # a list and a page each
        reader.post("/add-source", LISTING | {"url": site.server.url("/news"), "do": "fetch"})
    assert "too many requests" in reader.post("/add-source", {"url": site.server.url("/"), "do": "discover"}).text
    other = desk.log_in("bob", Role.EDITOR)
    assert "/rss" in other.post("/add-source", {"url": site.server.url("/"), "do": "discover"}).text


def test_the_form_has_a_field_for_each_selector_of_a_list() -> None:
    """Otherwise a discovered channel would be added without its writers, reposts and replies."""
    assert set(LISTING_FIELDS) == {field.name for field in dataclasses.fields(Listing)} - {"url", "max_pages"}
