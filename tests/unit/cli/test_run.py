"""What a pass by hand says of itself."""

import sys
from pathlib import Path

import pytest

from monitor.cli.common import program
from monitor.cli.run import summary, tell
from monitor.domain.source import SourceState
from monitor.pipeline.collect import Poll
from monitor.pipeline.line import Tally
from monitor.pipeline.screen import Screening


def test_sources_are_counted_once_and_numbers_have_their_nouns(capsys: pytest.CaptureFixture[str]) -> None:
    """A source that came due twice in a long pass is one source, and one article is no articles."""
    tally = Tally(polls=(Poll("a", "new", new=1), Poll("a", "known")), screening=Screening(1, 1))
    assert summary(tally)["sources"] == 1
    tell(tally)
    assert capsys.readouterr().out == "1 source polled, 1 new article, 0 pages read, 1 screened, 1 hit.\n"


def test_faults_lead_to_what_helps(capsys: pytest.CaptureFixture[str]) -> None:
    """The remedies stand in the status."""
    tell(Tally(polls=(Poll("a", "failed", "answers 500", after=SourceState.FAILING),)))
    assert capsys.readouterr().err == f"  a: failing: answers 500\nWhat helps against these: {program()} status\n"


def test_what_is_to_be_typed_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called by its path out of a virtual environment, the program names itself by that path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/monitor", "demo"])
    assert program() == ".venv/bin/monitor"
    (tmp_path / "monitor").touch(0o755)
    assert program() == "monitor"
