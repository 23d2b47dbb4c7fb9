"""Embedded text: pages that show their article only after scripts ran still have it in their data."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from steps import LINEAR, growth

from monitor.domain.article import Article
from monitor.extract.extractor import extract_page
from monitor.extract.page_data import MAX_RESOLVED_VALUES, find_titled_objects

TITLE = "Kikötői daruk érkeztek a folyóra"
A = "A város képviselő-testülete kedden úgy döntött, hogy megvásárolja a két régi darut, és kiállítja őket a rakparton."
B = "Kovácsné Példa Ilona alpolgármester szerint a felújítás nyárig tart, és a költségek felét a megye fedezi majd."
C = "A hajósok egyesülete felajánlotta gyűjteményét, amelyet eddig egy falu végi pajtában őriztek a tagjai."
FOOTER = "<footer><p>Példa Hírlap, Fő utca 12.</p></footer>"
NOTICE = "<div class=info><p>Kérjük, engedélyezze a szkripteket a böngészőjében az oldal megtekintéséhez.</p></div>"


def read(inside: str, head: str = "") -> Article:
    page = f"<html><head><title>{TITLE} | Példa Hírlap</title>{head}</head><body>{inside}</body></html>"
    return extract_page(page.encode(), "https://hirlap.example/varos/daruk-3", "")


def script(data: object, kind: str = "application/json", before: str = "") -> str:
    return f"<script type='{kind}'>{before}{json.dumps(data)}</script>"


def json_ld(body: str) -> str:
    claims = {"@type": "NewsArticle", "headline": TITLE, "datePublished": "2026-05-05T08:00:00Z", "articleBody": body}
    return script(claims, "application/ld+json")


@pytest.mark.parametrize("shown", [FOOTER, NOTICE + FOOTER, f"<h1>{TITLE}</h1>{NOTICE}", ""])
@pytest.mark.parametrize(
    "body", [f"{A}\n\n{B}\n{C}", f"<p>{A}</p><p>{B}</p><p>{C}</p>", f"&lt;p&gt;{A}&lt;/p&gt;{B}<br>{C}"]
)
def test_the_body_in_json_ld_is_read_if_the_page_shows_none(shown: str, body: str) -> None:
    """The claimed body replaces a footer or a notice."""
    found = read(f"<div id=app></div>{shown}", json_ld(body))
    assert "Kovácsné Példa Ilona" in found.body
    assert "Fő utca" not in found.body
    assert found.confidence > 0.5


def test_a_shown_article_is_preferred_to_json_ld() -> None:
    """A claimed body that the page shows, or that is shorter, replaces nothing."""
    shown = f"<main><h1>{TITLE}</h1><p>{A}</p><p>{B}</p><p>{C}</p></main>"
    assert read(shown, json_ld(f"{A} {B} {C}")).body == f"{A}\n{B}\n{C}"
    assert read(shown, json_ld("Röviden.")).body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize(
    "story",
    [
        {"headline": TITLE, "body": f"<p>{A}</p><p>{B}</p><p>{C}</p>"},
        {"title": {"rendered": TITLE}, "content": {"rendered": f"<p>{A}</p><p>{B}</p><p>{C}</p>"}},
        {"title": TITLE, "blocks": [{"type": "p", "text": text} for text in (A, B, C)]},
        {
            "title": TITLE,
            "content": [{"kind": "text", "model": {"blocks": [{"model": {"text": A + " " + B}}]}}, {"text": C}],
        },
    ],
)
def test_the_article_in_the_page_data_is_read(story: dict[str, object]) -> None:
    """Data for scripts hold the story below its headline; other stories in them are not read."""
    other = {"headline": "Más hír a faluból", "body": f"<p>{A.replace('kedden', 'Minta Pál szerint')}</p>" * 9}
    data = {"props": {"pageProps": {"related": [other], "story": story}}}
    for inside in (
        f"<div id=__next></div>{script(data)}",
        f"<div id=root></div><script>window.__INITIAL_STATE__ = {json.dumps(data)};</script>",
    ):
        found = read(inside + FOOTER)
        assert "Kovácsné Példa Ilona" in found.body
        assert C in found.body
        assert "Minta Pál" not in found.body


STORY = {"title": TITLE, "content": f"<p>{A}</p><p>{B}</p><p>{C}</p>"}
OTHER = {"title": "Más hír a faluból", "content": f"<p>{A.replace('kedden', 'Minta Pál szerint')}</p>" * 9}
PAYLOAD = [{"data": 1}, {"story": 2, "more": 5}, {"title": 3, "content": 4}, TITLE, STORY["content"], [6]]
PAYLOAD += [{"title": 7, "content": 8}, OTHER["title"], OTHER["content"]]
ARGUMENTS = json.dumps(list(STORY.values()))[1:-1]
APOLLO = {"Story:1": {"title": TITLE, "content": {"__ref": "Body:1"}}, "Body:1": {"html": STORY["content"]}, "X": OTHER}
FUSION = {
    "headlines": {"basic": TITLE},
    "content_elements": [{"content": text} for text in (A, B, C)],
    "related": [OTHER],
}


@pytest.mark.parametrize(
    "code",
    [
        f"var a = 1; window.__STATE__={json.dumps({'story': STORY, 'more': [OTHER]})};(function() {{var s;}}());",
        f"window.__STATE__ = JSON.parse({json.dumps(json.dumps({'story': STORY, 'more': [OTHER]}))});",
        f"window.__NUXT__=(function(a,b,c){{return {{s:{{title:a,body:b}}}}}}({ARGUMENTS},void 0));",
        f"window.__APOLLO_STATE__={json.dumps(APOLLO)};",
        f"window.Fusion=window.Fusion||{{}};Fusion.globalContent={json.dumps(FUSION)};Fusion.x={{}};",
        f"self.__next_f.push([1,{json.dumps('5:' + json.dumps(['$', {'story': STORY}]))}])",
        json.dumps(PAYLOAD),
    ],
)
def test_the_article_in_the_data_of_a_framework_is_read(code: str) -> None:
    """Values of variables, JSON in strings, arguments, references by name or number, and streamed rows."""
    kind = "type='application/json'" if code.startswith("[") else ""
    found = read(f"<div id=__nuxt></div><script {kind}>{code}</script>{FOOTER}")
    assert found.body == f"{A}\n{B}\n{C}"


def test_the_article_in_noscript_is_read_if_the_page_shows_none() -> None:
    """Old pages write their text by script, and once more for readers without scripts."""
    inner = f"<div><h1>{TITLE}</h1><p>{A}</p><p>{B}</p><p>{C}</p></div>"
    assert read(f"<noscript>{inner}</noscript>{FOOTER}").body == f"{A}\n{B}\n{C}"


def test_noscript_next_to_an_article_is_dropped() -> None:
    """The fallback of a picture, or a second copy, is not text."""
    inside = (
        f"<main><h1>{TITLE}</h1><p>{A}</p><noscript><p>{B.replace('Ilona', 'Anna') * 3}</p></noscript><p>{C}</p></main>"
    )
    assert read(inside).body == f"{A}\n{C}"


def test_invalid_page_data_are_ignored() -> None:
    """Scripts that are not data cost nothing and change nothing."""
    assert read("<script>var a = {b: function() { return 1 }};</script>" * 3 + "x" * 10).body in {"", "x" * 10}


@pytest.mark.parametrize(
    ("code", "size"),
    [
        (lambda size: "var a=1;" + "=(function(" * size, 40_000),
        (lambda size: json.dumps([1, "\n" * size + "x" * 300]), 30_000),
    ],
)
def test_page_data_are_read_in_linear_time(code: Callable[[int], str], size: int) -> None:
    """Functions without an end, and empty lines, cost no more than other data."""

    def work(amount: int) -> None:
        tree = LexborHTMLParser(f"<script id=DATA>{code(amount)}{' ' * 300}</script>")
        assert list(find_titled_objects(tree, [TITLE])) == []

    assert growth(work, size) < LINEAR


def test_values_that_refer_to_themselves_are_resolved_up_to_a_limit() -> None:
    """In all objects of one script together."""
    items = [{"title": 50, **{f"k{n}": n for n in range(50)}} for _ in range(50)]
    tree = LexborHTMLParser(f"<script type='application/json'>{json.dumps([*items, TITLE])}</script>")
    waiting: list[Any] = [node for node, _root in find_titled_objects(tree, [TITLE])]
    found = {}
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict) and id(node) not in found:
            found[id(node)] = node
            waiting += node.values()
    assert 1_000 < len(found) < 2 * MAX_RESOLVED_VALUES
