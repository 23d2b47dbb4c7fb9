"""Three-way comparison: no line of either text is lost, and the merged text has the changes of both."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.config.text_merge import compare_three

BASE = "a\nb\nc\nd\ne\nf"
TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "", "long line"]), max_size=12).map("\n".join)


def test_changes_of_different_lines_are_merged() -> None:
    regions, merged = compare_three(BASE, BASE.replace("b", "B\nB2"), BASE.replace("e\n", ""))
    assert merged == "a\nB\nB2\nc\nd\nf"
    assert [(one.line, one.base, one.theirs, one.mine) for one in regions] == [
        (2, ("b",), ("B", "B2"), ("b",)),
        (5, ("e",), ("e",), ()),
    ]
    assert [(one.is_only_theirs, one.is_only_mine, one.is_conflict) for one in regions] == [
        (True, False, False),
        (False, True, False),
    ]


def test_two_changes_of_one_line_keep_mine_and_show_all_three() -> None:
    (region,), merged = compare_three(BASE, BASE.replace("c", "theirs"), BASE.replace("c", "mine"))
    assert merged == BASE.replace("c", "mine")
    assert (region.base, region.theirs, region.mine) == (("c",), ("theirs",), ("mine",))
    assert region.is_conflict
    (region,), merged = compare_three(BASE, BASE.replace("c", "same"), BASE.replace("c", "same"))
    assert not region.is_conflict
    assert merged == BASE.replace("c", "same")


@given(TEXTS, TEXTS, TEXTS)
def test_the_regions_hold_everything_that_was_changed(base: str, theirs: str, mine: str) -> None:
    """Lines outside of the regions are equal in all three texts, in the same order."""
    regions, merged = compare_three(base, theirs, mine)
    for name, text in (("base", base), ("theirs", theirs), ("mine", mine)):
        changed = [line for one in regions for line in getattr(one, name)]
        assert len(text.split("\n")) - len(changed) == len(base.split("\n")) - sum(len(one.base) for one in regions)
    for one in regions:
        assert mine.split("\n")[one.line - 1 : one.line - 1 + len(one.mine)] == list(one.mine)
    if mine == base:
        assert merged == theirs
    if theirs == base:
        assert merged == mine


def test_changes_of_neighbouring_lines_are_separate() -> None:
    """In this file each entry is often one line. An insertion between them belongs to the changed line it touches."""
    regions, merged = compare_three(BASE, BASE.replace("b", "B"), BASE.replace("c", "C"))
    assert merged == BASE.replace("b", "B").replace("c", "C")
    assert not any(one.is_conflict for one in regions)
    (region,), merged = compare_three(BASE, BASE.replace("b\nc", "B\nnew\nC"), BASE.replace("c", "X"))
    assert region.is_conflict
    assert merged == BASE.replace("c", "X")
