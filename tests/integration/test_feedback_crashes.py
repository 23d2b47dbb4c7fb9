"""A process killed while it gives a verdict: the verdict and its effect are stored both, or neither."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.feedback_desk import FeedbackDesk, notices, reported

from monitor.store.database import Database

TESTS = Path(__file__).parents[1]
CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials:
  ada: {name: Ada Lovell, country: United Kingdom}
  ben: {name: Ben Harcastle, country: United Kingdom}
rules: {people: {officials: [ada, ben]}}
"""


def run(folder: Path, commit: int, when: str, *words: str) -> int:
    """Run a command that is killed before or after a commit; return its exit code."""
    script = str(TESTS / "support" / "crash_at_commit.py")
    command = [sys.executable, script, str(commit), when, *words, "--by", "ann"]
    return subprocess.run(command, cwd=folder, check=False, timeout=120).returncode


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("is_reported", [False, True])
def test_a_killed_rejection_has_happened_whole_or_not_at_all(tmp_path: Path, when: str, is_reported: bool) -> None:
    """The digest afterwards agrees with the verdicts that are stored."""
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    desk = FeedbackDesk(Database.open(f"sqlite:///{tmp_path}/monitor.db"))
    desk.compose()
    article = desk.add()
    if is_reported:
        assert reported(desk.compose()) == [article]
    desk.actor()
    desk.database.close()
    assert run(tmp_path, 1, when, "reject", "a1") == 137

    again = FeedbackDesk(Database.open(f"sqlite:///{tmp_path}/monitor.db"))
    again.clock.now = desk.clock.now
    is_given = when == "after"
    verdicts = again.database.feedback.list_verdicts()
    assert [one.official_id for one in verdicts] == (["ada"] if is_given else [])
    assert len(again.database.feedback.list_changes()) == len(verdicts)
    again.clock.now = max([again.clock.now, *(one.made_at for one in verdicts)])
    digests = again.compose()
    assert reported(digests) == ([] if is_given or is_reported else [article])
    assert len(notices(digests)) == int(is_given and is_reported)
    assert again.compose() == []
    again.database.close()
