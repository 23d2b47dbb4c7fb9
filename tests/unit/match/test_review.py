"""What is wrong or doubtful in a watch list is said where it stands."""

from monitor.domain.article import Region
from monitor.domain.official import Examples, Official
from monitor.domain.rule import Rule, Watch
from monitor.match.review import review_watch


def test_query_fault_points_at_the_letter() -> None:
    """A query that cannot be read is a remark with the position of the fault and what was expected."""
    (remark,) = review_watch(Watch(rules=(Rule("r", query="border AND"), Rule("s", query="guard"))))
    assert (remark.path, remark.warning) == (("rules", "r", "query"), False)
    assert remark.position == len("border AND")
    assert "; write " in remark.message


def test_examples_are_tried() -> None:
    """Examples that hold are silent; those that do not are faults at their own line."""
    person = Official("giang", "Phan Văn Giang", examples=Examples(("Phan Van Giang came.", "He came."), ()))
    rule = Rule("b", query="border", regions=(Region.TITLE,), examples=Examples(("The border",), ("No border", "Sea")))
    found = [remark.path for remark in review_watch(Watch((person,), (rule,)))]
    assert found == [("officials", "giang", "examples", "match", 1), ("rules", "b", "examples", "reject", 0)]


def test_one_name_of_two_people_is_a_warning() -> None:
    """A name that two officials share is doubtful, not wrong."""
    (remark,) = review_watch(Watch((Official("a", "Tô Lâm"), Official("b", "An Binh", aliases=("To Lam",)))))
    assert (remark.path, remark.warning) == (("officials", "b", "aliases", 0), True)
