"""The offline news world: what it serves, and that its annotations tell the truth about it."""

import gzip
import html
import re
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from monitor.demo.content import SEEDS_FOLDER, load_article_templates, load_outlets, parse_age, render_outlet
from monitor.demo.server import DemoServers, load_annotations, run_demo_servers

NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MEGABYTE_LIMIT = 600_000


def plain(text: str) -> str:
    """Compare as a reader does: composed, without invisible characters."""
    return unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\u00ad", "")


def pages() -> dict[str, str]:
    """Map each document of both editions to the source of its page."""
    found = {}
    for outlet in load_outlets():
        for number in (2, 1):
            edition = render_outlet(outlet, "http://x.example", NOW, number)
            for name, path in edition.articles.items():
                found[name] = plain(edition.resources[path].body.decode(outlet.encoding))
    return found


@pytest.fixture(scope="module")
def world() -> Iterator[DemoServers]:
    """Serve the first edition."""
    with run_demo_servers(NOW) as served:
        yield served


def get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_world_is_as_large_as_promised() -> None:
    """At least nine outlets with a list of articles each, 42 articles, under 600 KB."""
    assert len(load_outlets()) >= 9
    assert len(pages()) >= 42
    assert sum(path.stat().st_size for path in SEEDS_FOLDER.rglob("*") if path.is_file()) < MEGABYTE_LIMIT


def test_every_article_is_annotated_and_every_annotation_is_an_article() -> None:
    """Fragments and annotations name the same documents, in both editions."""
    assert set(load_annotations()["documents"]) == set(pages())


def test_annotated_words_stand_in_the_pages() -> None:
    """Each surface form, title, beginning and end that the annotations name is in the page's source."""
    served = pages()
    for name, document in load_annotations()["documents"].items():
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", served[name])).split())
        wanted = [form for forms in document["mentions"].values() for form in forms]
        for words in [*wanted, document["title"], document["first"], document["last"]]:
            assert plain(words) in plain(text), f"{name}: {words}"


def test_annotations_point_at_one_another_and_at_known_officials() -> None:
    """Officials are those of sources.yaml, and an original of a copy exists and shares its story."""
    content = load_annotations()
    for name, document in content["documents"].items():
        assert set(document["mentions"]) | set(document["elsewhere"]) <= set(content["officials"]), name
        assert not set(document["mentions"]) & set(document["elsewhere"]), name
        if original := document.get("copy_of"):
            assert content["documents"][original]["story"] == document["story"]


def test_officials_are_typed_once(world: DemoServers) -> None:
    """The annotations and the demo's configuration watch the same people."""
    assert load_annotations()["officials"] == yaml.safe_load(world.configuration())["officials"]


def test_no_placeholder_is_left() -> None:
    """Every template is filled in."""
    for name, text in pages().items():
        assert "{{" not in text, name
        assert "{%" not in text, name


def test_times_are_relative_to_the_opening() -> None:
    """The same world a day later is a day younger: ages stay as they are written."""
    outlet = next(outlet for outlet in load_outlets() if outlet.id == "delta-wire")
    today = render_outlet(outlet, "http://x.example", NOW, 1).resources["/sitemap-news.xml"].body
    tomorrow = render_outlet(outlet, "http://x.example", NOW + timedelta(days=1), 1).resources["/sitemap-news.xml"].body
    assert b"2026-03-06T07:00:00+07:00" in today
    assert b"2026-03-07T07:00:00+07:00" in tomorrow


def test_an_age_that_is_none_is_refused() -> None:
    """The message says what an age looks like."""
    with pytest.raises(ValueError, match="3h, 45m or 2d"):
        parse_age("yesterday")


def test_second_edition_corrects_withdraws_and_adds() -> None:
    """A replaced article keeps its address; a new one appears."""
    changed = {}
    for outlet in load_outlets():
        first, second = (render_outlet(outlet, "http://x.example", NOW, number) for number in (1, 2))
        before = {name.removesuffix("@2"): path for name, path in first.articles.items()}
        after = {name: path for name, path in second.articles.items() if name.endswith("@2")}
        for name, path in after.items():
            changed[name] = before.get(name.removesuffix("@2")) == path
    assert changed == {
        "delta-wire/giang-leaves-vientiane@2": False,
        "regional-report/border-rescue-drill@2": True,
        "straits-observer/chan-to-visit-vientiane@2": True,
    }


def test_encodings_are_the_outlets_own() -> None:
    """One outlet writes decomposed letters, one gb18030, one declares utf-16 over utf-8."""
    rendered = {outlet.id: render_outlet(outlet, "http://x.example", NOW, 1).resources for outlet in load_outlets()}
    decomposed = rendered["song-hong"]["/rss/thoi-su.rss"].body.decode()
    assert unicodedata.is_normalized("NFD", decomposed)
    assert not unicodedata.is_normalized("NFC", decomposed)
    declared = rendered["mekong-courier"]["/rss/politics-laws.rss"].body
    assert declared.startswith(b'<?xml version="1.0" encoding="utf-16"?>')
    assert "Việt Nam" in declared.decode("utf-8")
    chinese = next(resource for path, resource in rendered["jianghe"].items() if path.endswith("xinjiang-cotton.html"))
    assert "新疆棉花" in chinese.body.decode("gb18030")


def test_unchanged_resources_answer_304(world: DemoServers) -> None:
    """A conditional GET with the entity tag costs no body."""
    url = world.base_urls["regional-report"] + "/atom.xml"
    status, headers, body = get(url)
    assert (status, body[:5]) == (200, b"<?xml")
    assert get(url, **{"If-None-Match": headers["ETag"]})[::2] == (304, b"")


def test_resources_are_compressed_on_request(world: DemoServers) -> None:
    """A client that reads gzip gets gzip, and the same bytes."""
    url = world.base_urls["phnom-penh-ledger"] + "/feed.json"
    plain_body = get(url)[2]
    _, headers, packed = get(url, **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain_body


def test_what_is_not_there_is_404_and_counted(world: DemoServers) -> None:
    """A wrong path answers 404, and the site remembers what was asked for."""
    site = next(site for site in world.servers if site.outlet.id == "jianghe")
    assert get(site.base_url + "/nothing")[0] == 404
    assert site.request_counts["/nothing"] == 1


def test_every_document_is_served(world: DemoServers) -> None:
    """Each article of the edition answers 200 at the address that the world tells."""
    documents = world.article_urls()
    assert len(documents) == sum(1 for o in load_outlets() for f in load_article_templates(o) if f.first_edition == 1)
    for url in list(documents.values())[::7]:
        assert get(url)[0] == 200
