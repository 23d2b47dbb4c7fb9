"""Suggestions for failures of sources."""

import pytest

from monitor.domain.fetch_result import Failed, FailureCause
from monitor.domain.source_health import suggestion_for


@pytest.mark.parametrize("fault", [fault for fault in FailureCause if fault is not FailureCause.OTHER])
def test_every_known_cause_has_a_suggestion(fault: FailureCause) -> None:
    """`monitor status` shows a suggestion for each of them."""
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
def test_the_status_code_decides_before_the_cause(status: int, words: str) -> None:
    """The server's response is more specific."""
    assert words in suggestion_for(Failed("x", status=status, cause=FailureCause.TIMEOUT))


def test_an_unknown_failure_has_no_suggestion() -> None:
    """The user cannot fix an error of the program."""
    assert suggestion_for(Failed("unexpected KeyError")) == ""
