"""Checks of a watchlist: each problem is reported with its place."""

import sys
from types import FrameType

from monitor.domain.article import Region
from monitor.domain.watchlist import Examples, Official, Rule, Watchlist
from monitor.match.lint import lint_names, lint_watchlist


def test_an_error_of_a_query_has_its_position() -> None:
    """A query that cannot be read is a issue with the position of the fault and what was expected."""
    (issue,) = lint_watchlist(Watchlist(rules=(Rule("r", query="border AND"), Rule("s", query="guard"))))
    assert (issue.key_path, issue.is_warning) == (("rules", "r", "query"), False)
    assert issue.position == len("border AND")
    assert "; write " in issue.message


def test_an_error_of_an_exclude_query_has_its_position() -> None:
    """Both queries of a rule are checked."""
    found = lint_watchlist(Watchlist(rules=(Rule("r", query="NOT a", exclude="cricket OR"),)))
    assert [issue.key_path for issue in found] == [("rules", "r", "query"), ("rules", "r", "exclude")]


def test_failing_examples_are_errors_at_their_place() -> None:
    """Examples that pass are not reported; each one that fails is an error at its own place."""
    person = Official("giang", "Phan Văn Giang", "Vietnam", examples=Examples(("Phan Van Giang came.", "He came."), ()))
    rule = Rule("b", query="border", regions=(Region.TITLE,), examples=Examples(("The border",), ("No border", "Sea")))
    found = [issue.key_path for issue in lint_watchlist(Watchlist((person,), (rule,)))]
    assert found == [("officials", "giang", "examples", "match", 1), ("rules", "b", "examples", "reject", 0)]


def test_a_name_of_two_officials_is_a_warning() -> None:
    """A name that two officials share is a warning, not an error."""
    (issue,) = lint_watchlist(
        Watchlist((Official("a", "Tô Lâm", "Vietnam"), Official("b", "An Binh", "Laos", aliases=("To Lam",))))
    )
    assert (issue.key_path, issue.is_warning) == (("officials", "b", "aliases", 0), True)


def count_calls(country: str) -> int:
    """Return the number of Python calls in which 100 officials of one country are checked."""
    syllables = ("ban", "del", "fer", "gas", "hor", "jel", "kan", "los", "mer", "nor")
    names = [f"Anna {first.title()}{last}o" for first in syllables for last in syllables]
    watchlist = Watchlist(tuple(Official(f"o{at}", name, country) for at, name in enumerate(names)))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        lint_names(watchlist)
    finally:
        sys.setprofile(None)
    return calls


def test_a_suggestion_for_a_country_is_searched_once() -> None:
    """An import of many people of an unknown country takes about as long as one of people of a known country."""
    for country in ("Laos", "Lemuria"):  # loads the language data, and searches once
        lint_names(Watchlist((Official("a", "Anna Bando", country),)))
    assert count_calls("Lemuria") < 3 * count_calls("Laos")


def test_an_unknown_or_missing_country_is_a_warning() -> None:
    """The nearest known country is suggested."""
    for country, message in (
        ("Vietnm", "did you mean Vietnam?"),
        ("Atlantis", "is not a known country"),
        ("", "add co"),
    ):
        (issue,) = lint_watchlist(Watchlist((Official("a", "Nguyễn Văn An", country),)))
        assert issue.is_warning
        assert message in issue.message
