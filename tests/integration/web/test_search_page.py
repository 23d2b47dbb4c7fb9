"""Search and people: queries in the language of the rules, filters, counts and timelines."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.desk import Desk
from support.rows import NOW, draft, found, kept, screened
from support.stores import open_database

from monitor.domain.errors import QueryError
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.match.query.parser import parse_query
from monitor.pipeline import search as searching
from monitor.pipeline.search import SearchPart, SearchRequest, compile_search, search_articles, to_index_query
from monitor.store.database import Database

UTC = ZoneInfo("UTC")
TEXTS = {
    "river": "A river rises near the bridge.",
    "minister": "The minister resigned on Monday.",
    "far": "The minister of rivers spoke of many other things before anybody resigned.",
    "lao": "ທ່ານ ທອງລຸນ ສີສຸລິດ ຢ້ຽມຢາມ",
    "chinese": "老挝国家主席会见防长",
}


@pytest.fixture
def search(tmp_path: Path) -> Callable[..., SearchPart]:
    """Return a function that searches the texts."""
    database = open_database(tmp_path)
    kept(database, *(draft(name, body=body) for name, body in TEXTS.items()))

    def run(text: str, **wanted: object) -> SearchPart:
        query = compile_search(text, ("somebody",)) if text else None
        return search_articles(database, SearchRequest(query, replace(ArticleFilter(limit=50), **wanted), UTC))  # type: ignore[arg-type]

    return run


def names(part: SearchPart) -> list[str]:
    return [one.line.title.removeprefix("About ") for one in part.found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("minister", ["far", "minister"]),
        ("river OR resigned", ["far", "minister", "river"]),
        ("minister NEAR/3 resigned", ["minister"]),
        ('"minister of rivers"', ["far"]),
        ("river*", ["far", "river"]),
        ("minister NOT rivers", ["minister"]),
        ("title:minister", ["minister"]),
        ("ທອງລຸນ", ["lao"]),
        ("国家主席", ["chinese"]),
        ("nothing", []),
    ],
)
def test_queries_of_rules_find_articles(search: Callable[..., SearchPart], query: str, expected: list[str]) -> None:
    """The index finds the words, and the engine checks the rest."""
    assert names(search(query)) == expected


def test_results_have_passages_and_counts(search: Callable[..., SearchPart]) -> None:
    part = search("minister")
    assert [passage.text for passage in part.found[1].passages] == [
        "About minister",
        "The minister resigned on Monday.",
    ]
    assert part.counts.sources == (("times", 2),)
    assert part.counts.days == ((f"{NOW:%Y-%m-%d}", 2),)


def test_a_query_without_a_certain_word_needs_a_short_period(search: Callable[..., SearchPart]) -> None:
    """Else every article would be read."""
    with pytest.raises(QueryError):
        search("/resig.*/")
    assert names(search("/resig.*/", since_at=NOW - timedelta(days=1))) == ["far", "minister"]
    with pytest.raises(QueryError):
        search("/resig.*/", since_at=NOW - timedelta(days=30), until_at=NOW)


@pytest.mark.parametrize(
    ("query", "is_known"),
    [("a b", True), ("a OR /x/", False), ("NOT a b", True), ("/x/ b", True), ("/x/", False), ("@p", False)],
)
def test_required_words_are_known(query: str, is_known: bool) -> None:
    assert (to_index_query(parse_query(query).root) is not None) is is_known


def test_parts_of_a_search_have_each_article_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if candidates do not satisfy the query, and if articles are stored between two parts."""
    monkeypatch.setattr(searching, "CANDIDATE_BATCH", 3)
    monkeypatch.setattr(searching, "MAX_CANDIDATES", 3)
    database = open_database(tmp_path)
    kept(database, *(draft(f"n{number}", body="a b" if number % 2 else "b a") for number in range(20)))
    query = compile_search('"a b"', ())
    request = SearchRequest(query, ArticleFilter(limit=2), UTC)
    titles: list[str] = []
    for number in range(100):
        part = search_articles(database, request)
        titles += names(part)
        if part.next_id is None:
            break
        request = replace(request, before_id=part.next_id)
        kept(database, draft(f"new{number}", body="a b"), now=NOW + timedelta(hours=number + 1))
    assert titles == [f"n{number}" for number in range(19, 0, -2)]


def test_a_fault_is_shown_at_its_place(desk: Desk) -> None:
    answer = desk.log_in().get("/search?q=river+AND+%28")
    assert answer.status_code == 422
    assert "river AND (" in answer.text.replace("<mark>", "").replace("</mark>", "")
    assert 'aria-invalid="true"' in answer.text


def test_people_are_listed_with_their_numbers(desk: Desk) -> None:
    reader = desk.log_in()
    text = reader.get("/people").text
    assert text.index("Some Body") < text.index("Other One")
    assert "Other One" not in reader.get("/people?q=some").text
    assert "Nobody found" in reader.get("/people?country=Nowhere").text
    assert reader.get("/people?rule=nothing").status_code == 404


def test_a_person_has_timeline_forms_and_near_misses(desk: Desk, database: Database) -> None:
    reader = desk.log_in()
    text = reader.get("/people/somebody?span=7d").text
    assert "2 articles in 7 days" in text
    assert "Times" in text
    assert "About b" in text
    assert ">Some Body</bdi></th><td>full</td>" in text
    csv = reader.get("/people/somebody/timeline.csv?span=7d").text.splitlines()
    assert csv[-1] == "somebody,2026-03-01,2026-03-01,2"
    assert len(csv) == 8
    assert reader.get("/people/nobody").status_code == 404
    assert reader.get("/people/somebody?span=1s").status_code == 400


def test_people_named_in_the_same_articles_are_counted(desk: Desk, database: Database) -> None:
    both = kept(database, draft("c"), now=NOW)
    mentions = (*found(official="somebody").mentions, *found(official="other").mentions)
    database.findings.save([(both[0], replace(found("rule"), mentions=mentions))], NOW)
    sample = database.desk.load_official_sample("somebody", NOW - timedelta(days=1))
    assert [(one.id, one.count) for one in sample.named_with] == [("other", 1)]
    assert sample.size == 3
    assert [(one.id, one.count) for one in sample.outlets] == [("times", 3)]


def test_a_week_is_compared_with_the_usual_one(desk: Desk, database: Database) -> None:
    for week in range(1, 5):
        screened(database, draft(f"w{week}"), now=NOW - timedelta(days=7 * week))
    text = desk.log_in().get("/people").text
    assert '<td class="number">2</td><td class="number soft">1</td>' in text


@pytest.mark.parametrize("wrong", ["since=soon", "until=2026-13-01", "person=nobody", "source=x", "rule=x", "before=x"])
def test_a_wrong_filter_is_named_and_the_form_is_kept(desk: Desk, wrong: str) -> None:
    answer = desk.log_in().get(f"/search?q=river&language=lo&{wrong}")
    assert answer.status_code == 400
    assert wrong.partition("=")[0] in answer.text.partition('role="alert">')[2].partition("</p>")[0]
    assert all(f'value="{kept_value}"' in answer.text for kept_value in ("river", "lo"))
    if wrong.startswith(("since", "until")):
        assert f'value="{wrong.partition("=")[2]}"' in answer.text
