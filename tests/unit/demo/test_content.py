"""Demo outlets: what they serve, and the consistency of their annotations."""

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
    """Return a text in NFKC without invisible characters."""
    return unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\u00ad", "")


def pages() -> dict[str, str]:
    """Return the HTML of each document of both editions by name."""
    found = {}
    for outlet in load_outlets():
        for number in (2, 1):
            edition = render_outlet(outlet, "http://x.example", NOW, number)
            for name, path in edition.articles.items():
                found[name] = plain(edition.resources[path].body.decode(outlet.encoding))
    return found


@pytest.fixture(scope="module")
def servers() -> Iterator[DemoServers]:
    """Serve the first edition."""
    with run_demo_servers(NOW) as servers:
        yield servers


def get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_size_of_the_seeds() -> None:
    """At least nine outlets with a list of articles each, 42 articles, under 600 KB."""
    assert len(load_outlets()) >= 9
    assert len(pages()) >= 42
    assert sum(path.stat().st_size for path in SEEDS_FOLDER.rglob("*") if path.is_file()) < MEGABYTE_LIMIT


def test_every_article_is_annotated_and_every_annotation_is_an_article() -> None:
    """Fragments and annotations name the same documents, in both editions."""
    assert set(load_annotations()["documents"]) == set(pages())


def test_annotated_words_are_in_the_pages() -> None:
    """Each surface form, title, beginning and end that the annotations name is in the page's source."""
    served = pages()
    for name, document in load_annotations()["documents"].items():
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", served[name])).split())
        wanted = [form for forms in document["mentions"].values() for form in forms]
        for words in [*wanted, document["title"], document["first"], document["last"]]:
            assert plain(words) in plain(text), f"{name}: {words}"


def test_annotations_reference_known_officials_and_documents() -> None:
    """All officials are known, and the original of a duplicate exists and belongs to the same story."""
    content = load_annotations()
    for name, document in content["documents"].items():
        assert set(document["mentions"]) | set(document["elsewhere"]) <= set(content["officials"]), name
        assert not set(document["mentions"]) & set(document["elsewhere"]), name
        if original := document.get("copy_of"):
            assert content["documents"][original]["story"] == document["story"]


def test_annotations_and_configuration_have_the_same_officials(servers: DemoServers) -> None:
    """Each official is defined with the same fields."""
    assert load_annotations()["officials"] == yaml.safe_load(servers.configuration())["officials"]
    assert servers.configuration().endswith("\n")


def test_all_placeholders_are_filled() -> None:
    """No page contains template syntax."""
    for name, text in pages().items():
        assert "{{" not in text, name
        assert "{%" not in text, name


def test_times_are_relative_to_the_start() -> None:
    """A start one day later moves all times by one day."""
    outlet = next(outlet for outlet in load_outlets() if outlet.id == "delta-wire")
    today = render_outlet(outlet, "http://x.example", NOW, 1).resources["/sitemap-news.xml"].body
    tomorrow = render_outlet(outlet, "http://x.example", NOW + timedelta(days=1), 1).resources["/sitemap-news.xml"].body
    assert b"2026-03-06T07:00:00+07:00" in today
    assert b"2026-03-07T07:00:00+07:00" in tomorrow


def test_an_invalid_age_is_rejected() -> None:
    """The message shows the valid form."""
    with pytest.raises(ValueError, match="3h, 45m or 2d"):
        parse_age("yesterday")


def test_second_edition_corrects_withdraws_and_adds() -> None:
    """A replaced article keeps its URL; a new one appears."""
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


def test_outlets_have_different_encodings() -> None:
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


def test_unchanged_resources_answer_304(servers: DemoServers) -> None:
    """A conditional GET with the entity tag has no body."""
    url = servers.base_urls["regional-report"] + "/atom.xml"
    status, headers, body = get(url)
    assert (status, body[:5]) == (200, b"<?xml")
    assert get(url, **{"If-None-Match": headers["ETag"]})[::2] == (304, b"")


def test_resources_are_compressed_on_request(servers: DemoServers) -> None:
    """A client that accepts gzip gets the same bytes compressed."""
    url = servers.base_urls["phnom-penh-ledger"] + "/feed.json"
    plain_body = get(url)[2]
    _, headers, packed = get(url, **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain_body


def test_an_unknown_path_is_404_and_counted(servers: DemoServers) -> None:
    """Requests are counted by path."""
    server = next(server for server in servers.servers if server.outlet.id == "jianghe")
    assert get(server.base_url + "/nothing")[0] == 404
    assert server.request_counts["/nothing"] == 1


def test_every_document_is_served(servers: DemoServers) -> None:
    """Each article of the edition answers 200 at its URL in ``article_urls``."""
    documents = servers.article_urls()
    assert len(documents) == sum(1 for o in load_outlets() for f in load_article_templates(o) if f.first_edition == 1)
    for url in list(documents.values())[::7]:
        assert get(url)[0] == 200
