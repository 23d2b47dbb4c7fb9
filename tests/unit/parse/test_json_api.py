"""JSON APIs: articles found by JMESPath, pages, and the reason why nothing was found."""

import json
import sys
from datetime import UTC, datetime

import pytest

from monitor.domain.article import MAX_AUTHOR_CHARS, MAX_AUTHORS
from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Feed, Source
from monitor.domain.special_sources import Api
from monitor.parse.dispatch import parse_document
from monitor.pipeline.feed_documents import build_api_request, classify_parse_error

URL = "https://api.example/v1/news?lang=en"
DOCUMENT = {
    "data": {
        "items": [
            {
                "slug": "visit-1",
                "headline": "A < B & Giang",
                "when": 1772712000,
                "text": "First.\n\nSecond & last.",
                "by": ["An", "Bo"],
            },
            {
                "slug": "visit-2",
                "headline": "Second",
                "when": "2026-03-05T12:00:00Z",
                "text": "<p>HTML</p>",
                "by": "An",
            },
            {"headline": "Without an address"},
        ]
    },
    "paging": {"next": "/v1/news?page=2", "cursor": "abc=="},
}
KEYS = {
    "items": "data.items",
    "link": "slug && join('', ['/news/', slug])",
    "title": "headline",
    "published": "when",
    "text": "text",
    "authors": "by",
}


def parse(document: object = None, **keys: object) -> Feed:
    api = Api(URL, **(KEYS | keys))  # type: ignore[arg-type]  # keys of the API
    body = json.dumps(DOCUMENT if document is None else document).encode()
    return parse_document(body, "application/json", URL, Source("a", api=api))


def test_articles_are_found_by_their_expressions() -> None:
    """Titles are plain text, texts plain or HTML, and dates also seconds since 1970."""
    feed = parse()
    first, second = feed.entries
    assert (first.url, first.title) == ("https://api.example/news/visit-1", "A < B & Giang")
    assert first.published_at == second.published_at == datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert first.content == "<p>First.</p><p>Second &amp; last.</p>"
    assert (first.authors, second.authors, second.content) == (("An", "Bo"), ("An",), "<p>HTML</p>")
    assert (feed.empty_count, feed.nested_urls) == (1, ())


def test_authors_are_short_texts() -> None:
    """Other values, however deep, are left out, and so are long lists."""
    deep = json.loads("[" * 400 + "1" + "]" * 400)
    people = ["An", 7, deep, {"name": "Bo"}, "x" * 5_000, *(f"P{number}" for number in range(1_000))]
    items = [{"slug": "a", "headline": "A", "by": people}, {"slug": "b", "headline": "B", "by": deep}]
    first, second = parse({"data": {"items": items}}).entries
    assert (first.authors[:2], second.authors) == (("An", "x" * MAX_AUTHOR_CHARS), ())
    assert len(first.authors) == MAX_AUTHORS


@pytest.mark.parametrize(
    ("keys", "url"),
    [
        ({"next": "paging.next"}, "https://api.example/v1/news?page=2"),
        ({"next": "paging.cursor", "next_parameter": "cursor"}, "https://api.example/v1/news?lang=en&cursor=abc%3D%3D"),
        ({"next": "paging.missing"}, ""),
    ],
)
def test_the_next_page_is_an_address_or_a_cursor(keys: dict[str, str], url: str) -> None:
    assert parse(max_pages=3, **keys).nested_urls == ((url,) if url else ())
    assert parse(**keys).nested_urls == ()


def test_a_cursor_is_sent_in_the_body_of_a_post() -> None:
    """And not in the address."""
    api = Api(URL, body={"size": 20}, next="paging.cursor", next_parameter="cursor", max_pages=2)
    assert build_api_request(api, URL) == (URL, b'{"size": 20}')
    assert build_api_request(api, f"{URL}&cursor=abc%3D%3D") == (URL, b'{"size": 20, "cursor": "abc=="}')
    assert build_api_request(Api(URL), URL) == (URL, None)


@pytest.mark.parametrize(
    ("document", "keys", "fault", "reason"),
    [
        ({"data": None}, {}, DocumentFault.LAYOUT_CHANGED, "'data.items' finds nothing"),
        ({"data": {"items": {}}}, {}, DocumentFault.LAYOUT_CHANGED, "a dict in the document, not a list"),
        (None, {"link": "address"}, DocumentFault.LAYOUT_CHANGED, "none has a link at 'address'"),
        (None, {"link": "join(slug)"}, DocumentFault.WRONG_SELECTOR, "cannot be evaluated"),
    ],
)
def test_the_reason_why_nothing_is_found_is_stated(
    document: object, keys: dict[str, str], fault: DocumentFault, reason: str
) -> None:
    with pytest.raises(NotAFeed, match=reason) as raised:
        parse(document, **keys)
    assert raised.value.fault is fault


def test_a_page_instead_of_json_is_stated() -> None:
    with pytest.raises(NotAFeed, match="not valid JSON; it begins with '<html>"):
        parse_document(b"<html><p>Sorry</p>", "text/html", URL, Source("a", api=Api(URL)))


def test_without_the_extra_the_reason_names_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(NotAFeed, match=r"pip install 'monitor\[api\]'") as raised:
        parse()
    assert "install the extra" in getattr(classify_parse_error(raised.value, Source("a")), "suggestion", "")
