"""Screening: filters, passages, and what a rule is satisfied by."""

from datetime import UTC, date, datetime

import pytest

from monitor.domain.article import Article, Region
from monitor.domain.errors import QueryError
from monitor.domain.mention import MatchForm
from monitor.domain.watchlist import Official, Role, Rule, Watchlist
from monitor.match.engine import compile_watchlist

GIANG = Official("giang", "Phan Văn Giang", "Vietnam")
ARTICLE = Article(
    url="",
    title="Ministers meet",
    body="It rained. General Phan Van Giang spoke of the border. All went home.",
    language="en",
)


def hits(rule: Rule, source_id: str = "s", article: Article = ARTICLE) -> list[str]:
    """Return the passages of a rule on the article."""
    findings = compile_watchlist(Watchlist((GIANG,), (rule,))).match(article, source_id)
    return [passage.text for hit in findings.hits for passage in hit.passages]


def test_passage_is_the_sentence_with_the_mark() -> None:
    """A hit is proved by the sentence; the mark is the name inside it."""
    findings = compile_watchlist(Watchlist((GIANG,), (Rule("r", officials=("giang",)),))).match(ARTICLE)
    (passage,) = findings.hits[0].passages
    assert passage.text == "General Phan Van Giang spoke of the border."
    assert [ARTICLE.body[start:end] for start, end in passage.marks] == ["Phan Van Giang"]
    assert findings.hits[0].officials == ("giang",)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("r", officials=("giang",)), True),
        (Rule("r", query="border"), True),
        (Rule("r", query="cricket"), False),
        (Rule("r", officials=("giang",), query="cricket"), True),
        (Rule("r", query="border", sources=("s",)), True),
        (Rule("r", query="border", sources=("other",)), False),
        (Rule("r", query="border", languages=("en",)), True),
        (Rule("r", query="border", languages=("vi",)), False),
        (Rule("r", query="border", regions=(Region.TITLE,)), False),
        (Rule("r", officials=("giang",), regions=(Region.TITLE,)), False),
    ],
)
def test_filters(rule: Rule, expected: bool) -> None:
    """Sources, languages and regions narrow a rule; people or a query satisfy it."""
    assert bool(hits(rule)) is expected


def test_faulty_query_names_its_rule() -> None:
    """A query that cannot be read is told with the id of its rule."""
    with pytest.raises(QueryError, match="rule border: "):
        compile_watchlist(Watchlist(rules=(Rule("border", query="a AND"),)))


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("The Lao Defence Minister left on Monday.", 2025, ["Lao Defence Minister"]),
        ("The Lao Defence Minister left on Monday.", 2020, []),
        ("The Thai Defence Minister left on Monday.", 2025, []),
        ("The Defence Minister left on Monday.", 2025, []),
        ("Lao Defence Minister Somsak Keola left.", 2025, []),
    ],
)
def test_posts_alone_are_told_to_rules_that_ask(text: str, year: int, expected: list[str]) -> None:
    """A post without a name is its holder at the time, for rules with roles; other rules never hear of it."""
    holder = Official(
        "som", "Somphone Vongdara", "Laos", roles=(Role("Minister of National Defence", date(2024, 11, 21)),)
    )
    rules = (Rule("asks", officials=("som",), match_positions=True), Rule("names", officials=("som",)))
    article = Article(url="", body=text, language="en", published_at=datetime(year, 5, 5, tzinfo=UTC))
    findings = compile_watchlist(Watchlist((holder,), rules)).match(article)
    assert [one.text for one in findings.mentions if one.form is MatchForm.POSITION] == expected
    assert [hit.rule_id for hit in findings.hits] == ["asks"] * bool(expected)
