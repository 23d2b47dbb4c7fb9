"""The query language: what it reads, how it refuses, what it finds."""

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
    """Return the original words that satisfy a query."""
    page = normalize_article(article)
    synonyms = [["Vietnam", "Viet Nam"]]
    places = evaluate_query(compile_query(query, ["a-b"], synonyms), page, lambda _who: [(0, 6)])
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
def test_finds_what_is_meant(query: str, expected: list[str] | None) -> None:
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
def test_faults_name_place_and_cure(query: str, position: int, expected: str) -> None:
    """A fault says at which character it stands and what would be right there."""
    with pytest.raises(QueryError) as caught:
        compile_query(query, ["a-b"])
    assert caught.value.position == position
    assert caught.value.expected.startswith(expected)


@given(st.text(st.sampled_from('ab "()*=/@:-\\ANDORT1é '), max_size=60))
def test_any_text_is_read_or_refused(query: str) -> None:
    """No input brings anything but a query or a query error."""
    position = 0
    try:
        parse_query(query)
    except QueryError as error:
        position = error.position
    assert 0 <= position <= len(query)


def test_deep_and_long_queries_are_refused() -> None:
    """Neither depth nor length breaks the reader."""
    for query in ("(" * 5000 + "a" + ")" * 5000, "a NEAR/2 " * 4000 + "a", "title:" * 3000 + "a", "a " * 20_000):
        with pytest.raises(QueryError):
            parse_query(query)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", ".*.*=.*;", "(x+x+)+y", "([a-z]+)*1"])
def test_no_pattern_takes_longer_than_its_text(pattern: str) -> None:
    """What would keep a backtracking engine busy for hours costs sixteen times as much on sixteen times the text."""
    query = compile_query(f"border AND /{pattern}/", [])
    pages = {
        size: normalize_article(Article(url="", title="Border", body="a" * size + "x" * size + "=")) for size in SIZES
    }

    def look(size: int) -> None:
        assert evaluate_query(query, pages[size], lambda _who: []) is None

    assert growth(look, max(SIZES)) < LINEAR


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "(?<!a)b", "a{1001}"])
def test_what_needs_backtracking_is_refused(pattern: str) -> None:
    """In words that name the engine, and where the pattern stands."""
    with pytest.raises(QueryError) as caught:
        compile_query(f"border AND /{pattern}/", [])
    assert caught.value.position == len("border AND ")
    assert "RE2" in caught.value.expected


def test_needed_words_are_known() -> None:
    """What must stand in a text is found out, so that other texts cost nothing."""
    assert compile_query("border AND (Laos OR Lao)", []).required_literals == frozenset({"border"})
    assert compile_query("/x/ OR border", []).required_literals is None
