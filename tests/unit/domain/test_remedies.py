"""Each usual failure of a source comes with what helps."""

import pytest

from monitor.domain.exchange import Failed, Fault
from monitor.domain.remedies import remedy_of


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.OTHER])
def test_every_known_fault_has_a_remedy(fault: Fault) -> None:
    """A row of ``monitor status`` never leaves its reader alone with what the system said."""
    assert remedy_of(Failed("x", fault=fault))


@pytest.mark.parametrize(
    ("status", "words"), [(404, "monitor discover"), (429, "every"), (500, "outlet has to mend"), (522, "outlet has")]
)
def test_a_status_says_more_than_the_fault(status: int, words: str) -> None:
    """The server's own word comes first."""
    assert words in remedy_of(Failed("x", status=status, fault=Fault.SLOW))


def test_what_is_not_known_is_not_guessed() -> None:
    """An error of the program itself has no remedy for its user."""
    assert remedy_of(Failed("unexpected KeyError")) == ""
