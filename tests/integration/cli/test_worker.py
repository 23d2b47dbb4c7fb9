"""`monitor worker`: rejected options; workers in `monitor status`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor import worker
from monitor.cli.main import main
from monitor.cli.status import format_workers
from monitor.domain.workers import QueueCounts, WorkerHeartbeat
from monitor.pipeline.status_report import WorkerOverview, find_worker_problems, workers_record

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
ALIVE = WorkerHeartbeat("one-7", NOW - timedelta(seconds=3), NOW - timedelta(hours=1), 2, 30, 0, 12)
SILENT = WorkerHeartbeat("two-9", NOW - timedelta(minutes=3), NOW - timedelta(hours=1), 1, 8, 1, 3)
OVERVIEW = WorkerOverview((ALIVE, SILENT), QueueCounts(1, 4, 2, 1))
POSTGRES = "postgresql+psycopg://nobody@127.0.0.1:9/none"


def run_failing(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    """Run a command that fails; return its exit code and standard error."""
    monkeypatch.setattr(sys, "argv", ["monitor", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


def test_sqlite_is_rejected_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the setting and its value, and the alternative on one machine."""
    monkeypatch.chdir(tmp_path)
    code, text = run_failing(["worker", "--database", f"sqlite:///{tmp_path}/monitor.db"], monkeypatch, capsys)
    assert code == 2
    assert "postgresql+psycopg://HOST/NAME" in text
    assert "`monitor run` is enough" in text
    assert text.count("\n") == 1


def test_a_missing_extra_is_reported_with_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database is not opened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "is_installed", lambda: False)
    code, text = run_failing(["worker", "--database", POSTGRES], monkeypatch, capsys)
    assert (code, text) == (2, "`monitor worker` needs Procrastinate: pip install 'monitor[postgres]'\n")


def test_an_invalid_probe_address_is_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same message as for the setting."""
    code, text = run_failing(["worker", "--probes", "here"], monkeypatch, capsys)
    assert code == 2
    assert text.startswith('--probes: "here" is not a valid address and port')


def test_status_shows_live_and_silent_workers() -> None:
    """With the counts of each worker and of the queue."""
    lines = list(format_workers(OVERVIEW, NOW))
    assert lines[0] == "1 worker; 4 jobs queued, 2 running, 1 failed."
    assert "one-7: alive" in lines[1]
    assert "30 jobs done, 0 failed, 2 running, 12 new articles" in lines[1]
    assert "two-9: silent" in lines[2]
    (problem,) = find_worker_problems(OVERVIEW, NOW)
    assert "Worker two-9 has been silent since" in problem
    assert "monitor worker" in problem


def test_status_json_contains_workers_and_jobs() -> None:
    """Both are empty without workers."""
    record = workers_record(OVERVIEW, NOW)
    workers = record["workers"]
    assert isinstance(workers, list)
    assert [(one["id"], one["state"], one["done"]) for one in workers] == [
        ("one-7", "alive", 30),
        ("two-9", "silent", 8),
    ]
    assert record["jobs"] == {"queued": 4, "running": 2, "failed": 1}
    empty = workers_record(WorkerOverview(), NOW)
    assert (empty["workers"], empty["jobs"]) == ([], {"queued": 0, "running": 0, "failed": 0})
    assert list(format_workers(WorkerOverview(), NOW)) == []
