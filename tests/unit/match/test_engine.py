"""Matching engine: filters and passages of rules, and positions without a name."""

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
    """The passage of a hit is the sentence, and its mark is the name inside it."""
    findings = compile_watchlist(Watchlist((GIANG,), (Rule("r", officials=("giang",)),))).match(ARTICLE)
    (passage,) = findings.hits[0].passages
    assert passage.text == "General Phan Van Giang spoke of the border."
    assert [ARTICLE.body[start:end] for start, end in passage.highlights] == ["Phan Van Giang"]
    assert findings.hits[0].official_ids == ("giang",)


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
        (Rule("r", officials=("giang",), exclude="cricket"), True),
        (Rule("r", officials=("giang",), exclude="cricket OR rained"), False),
        (Rule("r", query="border", exclude="@giang"), False),
        (Rule("r", officials=("all",), exclude="title:rained"), True),
        (Rule("r", officials=("all",), regions=(Region.BODY,), exclude="title:ministers"), False),
    ],
)
def test_rules_filter_by_source_language_region_and_exclude(rule: Rule, expected: bool) -> None:
    """Sources, languages, regions and `exclude` restrict a rule; a mention or a query satisfies it."""
    assert bool(hits(rule)) is expected


def test_an_error_of_a_query_names_its_rule() -> None:
    """The error of a query that is not valid has the id of its rule."""
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
def test_positions_without_a_name_count_only_for_rules_that_match_positions(
    text: str, year: int, expected: list[str]
) -> None:
    """A position without a name means its holder on that date, and only for rules that match positions."""
    holder = Official(
        "som", "Somphone Vongdara", "Laos", roles=(Role("Minister of National Defence", date(2024, 11, 21)),)
    )
    rules = (Rule("asks", officials=("som",), match_positions=True), Rule("names", officials=("som",)))
    article = Article(url="", body=text, language="en", published_at=datetime(year, 5, 5, tzinfo=UTC))
    findings = compile_watchlist(Watchlist((holder,), rules)).match(article)
    assert [one.text for one in findings.mentions if one.form is MatchForm.POSITION] == expected
    assert [hit.rule_id for hit in findings.hits] == ["asks"] * bool(expected)
