"""Workers at the command line: what is refused and why, and how status shows them."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor import worker
from monitor.cli.main import main
from monitor.cli.status import WorkerOverview, find_worker_problems, format_workers, workers_record
from monitor.domain.workers import QueueCounts, WorkerHeartbeat

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
ALIVE = WorkerHeartbeat("one-7", NOW - timedelta(seconds=3), NOW - timedelta(hours=1), 2, 30, 0, 12)
SILENT = WorkerHeartbeat("two-9", NOW - timedelta(minutes=3), NOW - timedelta(hours=1), 1, 8, 1, 3)
SIGHT = WorkerOverview((ALIVE, SILENT), QueueCounts(1, 4, 2, 1))
POSTGRES = "postgresql+psycopg://nobody@127.0.0.1:9/none"


def said(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """Run a command that fails; return its code and what it says."""
    monkeypatch.setattr(sys, "argv", ["monitor", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


def test_sqlite_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That says what to write where, and what to do on one machine."""
    monkeypatch.chdir(tmp_path)
    code, text = said(["worker", "--database", f"sqlite:///{tmp_path}/monitor.db"], monkeypatch, capsys)
    assert code == 2
    assert "postgresql+psycopg://HOST/NAME" in text
    assert "monitor run does it all" in text
    assert text.count("\n") == 1


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is opened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "is_installed", lambda: False)
    code, text = said(["worker", "--database", POSTGRES], monkeypatch, capsys)
    assert (code, text) == (2, "monitor worker takes its jobs from Procrastinate: pip install 'monitor[postgres]'\n")


def test_a_faulty_door_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As the setting would be."""
    code, text = said(["worker", "--probes", "here"], monkeypatch, capsys)
    assert code == 2
    assert text.startswith('--probes: "here" is no address and port')


def test_status_shows_who_is_alive_and_who_is_not() -> None:
    """With what each has done, and what waits."""
    lines = list(format_workers(SIGHT, NOW))
    assert lines[0] == "1 worker; 4 jobs queued, 2 running, 1 failed."
    assert "one-7: alive" in lines[1]
    assert "30 jobs done, 0 failed, 2 running, 12 new articles" in lines[1]
    assert "two-9: silent" in lines[2]
    (need,) = find_worker_problems(SIGHT, NOW)
    assert "Worker two-9 is silent" in need
    assert "monitor worker" in need


def test_status_as_json_holds_workers_and_jobs() -> None:
    """Also where there are none."""
    told = workers_record(SIGHT, NOW)
    workers = told["workers"]
    assert isinstance(workers, list)
    assert [(one["id"], one["state"], one["done"]) for one in workers] == [
        ("one-7", "alive", 30),
        ("two-9", "silent", 8),
    ]
    assert told["jobs"] == {"queued": 4, "running": 2, "failed": 1}
    assert workers_record(WorkerOverview(), NOW) == {"workers": [], "jobs": {"queued": 0, "running": 0, "failed": 0}}
    assert list(format_workers(WorkerOverview(), NOW)) == []
