"""What is wrong or doubtful in a watch list is said where it stands."""

from monitor.domain.article import Region
from monitor.domain.watchlist import Examples, Official, Rule, Watchlist
from monitor.match.lint import lint_watchlist


def test_query_fault_points_at_the_letter() -> None:
    """A query that cannot be read is a remark with the position of the fault and what was expected."""
    (remark,) = lint_watchlist(Watchlist(rules=(Rule("r", query="border AND"), Rule("s", query="guard"))))
    assert (remark.key_path, remark.is_warning) == (("rules", "r", "query"), False)
    assert remark.position == len("border AND")
    assert "; write " in remark.message


def test_examples_are_tried() -> None:
    """Examples that hold are silent; those that do not are faults at their own line."""
    person = Official("giang", "Phan Văn Giang", examples=Examples(("Phan Van Giang came.", "He came."), ()))
    rule = Rule("b", query="border", regions=(Region.TITLE,), examples=Examples(("The border",), ("No border", "Sea")))
    found = [remark.key_path for remark in lint_watchlist(Watchlist((person,), (rule,)))]
    assert found == [("officials", "giang", "examples", "match", 1), ("rules", "b", "examples", "reject", 0)]


def test_one_name_of_two_people_is_a_warning() -> None:
    """A name that two officials share is doubtful, not wrong."""
    (remark,) = lint_watchlist(Watchlist((Official("a", "Tô Lâm"), Official("b", "An Binh", aliases=("To Lam",)))))
    assert (remark.key_path, remark.is_warning) == (("officials", "b", "aliases", 0), True)
