"""What a pass by hand says of itself."""

import sys
from pathlib import Path

import pytest

from monitor.cli.common import program_name
from monitor.cli.run import pass_record, print_pass
from monitor.domain.poll_state import SourceState
from monitor.pipeline.collect import PollResult
from monitor.pipeline.match_articles import MatchingResult
from monitor.pipeline.one_pass import PassResult
from monitor.pipeline.poll_plan import PollOutcome


def test_sources_are_counted_once_and_numbers_have_their_nouns(capsys: pytest.CaptureFixture[str]) -> None:
    """A source that came due twice in a long pass is one source, and one article is no articles."""
    tally = PassResult(
        polls=(PollResult("a", PollOutcome.NEW, new_count=1), PollResult("a", PollOutcome.KNOWN)),
        matching=MatchingResult(1, 1),
    )
    assert pass_record(tally)["sources"] == 1
    print_pass(tally)
    assert capsys.readouterr().out == "1 source polled, 1 new article, 0 pages read, 1 screened, 1 hit.\n"


def test_faults_lead_to_what_helps(capsys: pytest.CaptureFixture[str]) -> None:
    """The remedies stand in the status."""
    print_pass(PassResult(polls=(PollResult("a", PollOutcome.FAILED, "answers 500", state_after=SourceState.FAILING),)))
    assert capsys.readouterr().err == f"  a: failing: answers 500\nWhat helps against these: {program_name()} status\n"


def test_what_is_to_be_typed_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called by its path out of a virtual environment, the program names itself by that path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/monitor", "demo"])
    assert program_name() == ".venv/bin/monitor"
    (tmp_path / "monitor").touch(0o755)
    assert program_name() == "monitor"
