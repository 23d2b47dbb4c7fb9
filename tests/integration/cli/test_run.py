"""Output of `monitor poll`."""

import sys
from pathlib import Path

import pytest

from monitor.cli.common import program_name
from monitor.cli.run import pass_record, print_pass
from monitor.domain.poll_state import SourceState
from monitor.pipeline.bounded_matching import MatchingResult
from monitor.pipeline.collect import PollResult
from monitor.pipeline.one_pass import PassResult
from monitor.pipeline.poll_plan import PollOutcome


def test_sources_are_counted_once_and_nouns_agree_with_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """A source that was polled twice in one pass counts once; 1 is followed by a singular."""
    result = PassResult(
        polls=(PollResult("a", PollOutcome.NEW, new_count=1), PollResult("a", PollOutcome.KNOWN)),
        matching=MatchingResult(1, 1),
    )
    assert pass_record(result)["sources"] == 1
    print_pass(result)
    assert capsys.readouterr().out == "1 source polled, 1 new article, 0 pages read, 1 matched, 1 hit.\n"


def test_problems_refer_to_status(capsys: pytest.CaptureFixture[str]) -> None:
    """`monitor status` shows the suggestions."""
    print_pass(PassResult(polls=(PollResult("a", PollOutcome.FAILED, "answers 500", state_after=SourceState.FAILING),)))
    assert capsys.readouterr().err == f"  a: failing: answers 500\nSuggestions: {program_name()} status\n"


def test_suggested_commands_start_with_the_path_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the program is not on PATH, its path is shown instead of its name."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/monitor", "demo"])
    assert program_name() == ".venv/bin/monitor"
    (tmp_path / "monitor").touch(0o755)
    assert program_name() == "monitor"
