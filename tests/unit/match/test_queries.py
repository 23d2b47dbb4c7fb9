"""Query language: valid queries, errors, and the places that queries find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steps import LINEAR, growth

from monitor.domain.article import Article
from monitor.domain.errors import QueryError
from monitor.match.article_text import normalize_article
from monitor.match.query.evaluate import compile_query, evaluate_query
from monitor.match.query.parser import parse_query

SIZES = (12_500, 200_000)
TEXT = Article(
    url="",
    title="Border guards of Việt Nam and Laos meet",
    body="Patrols near the border were agreed in Viêng Chăn. No football was played. Cường spoke; Cuong left.",
)


def found(query: str, article: Article = TEXT) -> list[str] | None:
    """Return the printed words that satisfy a query."""
    page = normalize_article(article)
    synonyms = [["Vietnam", "Viet Nam"]]
    places = evaluate_query(compile_query(query, ["a-b"], synonyms), page, lambda _official_id: [(0, 6)])
    return None if places is None else [page.folded.original_slice(*place) for place in places]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("football", ["football"]),
        ("FOOTBALL", ["FOOTBALL".lower()]),
        ("foot", None),
        ("foot*", ["football"]),
        ('"viet nam"', ["Việt Nam"]),
        ("vietnam", ["Việt Nam"]),
        ("vieng", ["Viêng"]),
        ("=Cường", ["Cường"]),
        ("=cường", None),
        ("cuong", ["Cường", "Cuong"]),
        ("border AND cricket", None),
        ("border cricket", None),
        ("cricket OR football", ["football"]),
        ("football NOT cricket", ["football"]),
        ("football NOT border", None),
        ("title:border", ["Border"]),
        ("body:guards", None),
        ("title:(guards AND NOT football)", ["guards"]),
        ("border NEAR/3 patrols", ["Patrols", "border"]),
        ("border NEAR/1 patrols", None),
        ("(patrol* OR guard*) NEAR/2 border", ["Border", "guards", "Patrols", "border"]),
        ("/pat+rols?/", ["Patrols"]),
        ("/viêng/", ["Viêng"]),
        ("@a-b", ["Border"]),
        ("@a-b NEAR/4 laos", None),
        ("@a-b NEAR/5 laos", ["Border", "Laos"]),
    ],
)
def test_each_construct_of_the_language_finds_its_places(query: str, expected: list[str] | None) -> None:
    """Each construct of the language on one article."""
    assert found(query) == expected


@pytest.mark.parametrize(
    ("query", "position", "expected"),
    [
        ("", 0, "a word"),
        ("a AND", 5, "a word"),
        ("a OR OR b", 5, "a word"),
        ("(a", 0, "a closing )"),
        ("a)", 1, "an operator"),
        ('say "x', 4, "a closing"),
        ("xx* *y", 4, "* at the end"),
        ("NOT a", 0, "something that must be found"),
        ("foo:bar", 0, "title:"),
        ("a NEAR/0 b", 2, "NEAR/1"),
        ("(a AND b) NEAR/2 c", 0, "a word, a phrase or an OR"),
        ("x @nobody", 2, "the id of a configured official"),
        ("x /(a/", 2, "RE2"),
        ("/a*/", 0, "one that needs"),
        ("/x", 0, "/pattern/"),
        ("@", 0, "the id of an official"),
    ],
)
def test_errors_have_a_position_and_the_expected_text(query: str, position: int, expected: str) -> None:
    """An error has the position of the character and what would be valid there."""
    with pytest.raises(QueryError) as caught:
        compile_query(query, ["a-b"])
    assert caught.value.position == position
    assert caught.value.expected.startswith(expected)


@given(st.text(st.sampled_from('ab "()*=/@:-\\ANDORT1é '), max_size=60))
def test_any_text_is_parsed_or_raises_a_query_error(query: str) -> None:
    """No input causes another exception."""
    position = 0
    try:
        parse_query(query)
    except QueryError as error:
        position = error.position
    assert 0 <= position <= len(query)


def test_deep_and_long_queries_are_errors() -> None:
    """Neither depth nor length causes another exception in the parser."""
    for query in ("(" * 5000 + "a" + ")" * 5000, "a NEAR/2 " * 4000 + "a", "title:" * 3000 + "a", "a " * 20_000):
        with pytest.raises(QueryError):
            parse_query(query)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", ".*.*=.*;", "(x+x+)+y", "([a-z]+)*1"])
def test_the_cost_of_a_pattern_is_linear_in_the_text(pattern: str) -> None:
    """Patterns that take a backtracking engine hours cost sixteen times as much on sixteen times the text."""
    query = compile_query(f"border AND /{pattern}/", [])
    pages = {
        size: normalize_article(Article(url="", title="Border", body="a" * size + "x" * size + "=")) for size in SIZES
    }

    def run(size: int) -> None:
        assert evaluate_query(query, pages[size], lambda _official_id: []) is None

    assert growth(run, max(SIZES)) < LINEAR


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "(?<!a)b", "a{1001}"])
def test_patterns_that_need_backtracking_are_errors(pattern: str) -> None:
    """The error names the syntax that is valid, and the position of the pattern."""
    with pytest.raises(QueryError) as caught:
        compile_query(f"border AND /{pattern}/", [])
    assert caught.value.position == len("border AND ")
    assert "RE2" in caught.value.expected


def test_required_literals_of_a_query_are_known() -> None:
    """The words that a text must have are derived from the query; other texts are skipped."""
    assert compile_query("border AND (Laos OR Lao)", []).required_literals == frozenset({"border"})
    assert compile_query("/x/ OR border", []).required_literals is None
