"""Each usual failure of a source comes with what helps."""

import pytest

from monitor.domain.fetch_result import Failed, FailureCause
from monitor.domain.source_health import suggestion_for


@pytest.mark.parametrize("fault", [fault for fault in FailureCause if fault is not FailureCause.OTHER])
def test_every_known_fault_has_a_remedy(fault: FailureCause) -> None:
    """A row of ``monitor status`` never leaves its reader alone with what the system said."""
    assert suggestion_for(Failed("x", cause=fault))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "monitor sources discover"),
        (429, "poll_interval"),
        (500, "only the outlet can fix it"),
        (522, "only the outlet"),
    ],
)
def test_a_status_says_more_than_the_fault(status: int, words: str) -> None:
    """The server's own word comes first."""
    assert words in suggestion_for(Failed("x", status=status, cause=FailureCause.TIMEOUT))


def test_what_is_not_known_is_not_guessed() -> None:
    """An error of the program itself has no remedy for its user."""
    assert suggestion_for(Failed("unexpected KeyError")) == ""
