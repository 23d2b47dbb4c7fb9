"""Suggestions for failures of sources."""

import pytest

from monitor.domain.fetch_result import Failed, FailureCause
from monitor.domain.source import SourceKind
from monitor.domain.source_health import suggest_for_document, suggestion_for


@pytest.mark.parametrize("cause", [cause for cause in FailureCause if cause is not FailureCause.OTHER])
def test_every_known_cause_has_a_suggestion(cause: FailureCause) -> None:
    """`monitor status` shows a suggestion for each of them."""
    assert suggestion_for(Failed("x", cause=cause), SourceKind.FEED)


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
    assert words in suggestion_for(Failed("x", status=status, cause=FailureCause.TIMEOUT), SourceKind.FEED)


def test_an_unknown_failure_has_no_suggestion() -> None:
    """The user cannot fix an error of the program."""
    assert suggestion_for(Failed("unexpected KeyError"), SourceKind.FEED) == ""


@pytest.mark.parametrize("kind", SourceKind)
def test_the_suggestion_for_a_changed_document_names_the_keys_that_describe_it(kind: SourceKind) -> None:
    """A source without such keys needs another address."""
    words = f"`{kind.value}:`" if kind.is_page else "monitor sources discover"
    assert words in suggest_for_document(kind)
    assert words in suggestion_for(Failed("x", cause=FailureCause.LAYOUT_CHANGED), kind)
