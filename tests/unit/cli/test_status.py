"""Status is one screen: it is well, or what needs somebody and what to do."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli import status
from monitor.cli.status import (
    DaemonStatus,
    StatusReport,
    find_problems,
    format_age,
    parse_daemon_status,
    print_report,
    report_record,
)
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.read_models import DatabaseInfo, DiskSpace, OutboxCounts, SavedConfiguration, SourceStatus

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


def line(name: str, state: SourceState = SourceState.OK, detail: str = "", remedy: str = "") -> SourceStatus:
    memory = PollState(name, state=state, detail=detail, suggestion=remedy, last_success_at=NOW)
    return SourceStatus(memory, name.title(), 7)


DUE = SourceStatus(PollState("one", last_success_at=NOW, next_poll_at=NOW - timedelta(hours=2)), "One", 7)
WELL = StatusReport(
    config=Path("sources.yaml"),
    sources=(line("one"), line("two")),
    outbox=OutboxCounts(),
    database=DatabaseInfo("sqlite", "0003", 5_000_000, 14, 0, 0),
    snapshot=SavedConfiguration("text", NOW),
    config_errors=(),
    daemon=DaemonStatus("running", NOW),
    created_at=NOW,
)
ILL: list[tuple[Callable[[StatusReport], StatusReport], str]] = [
    (
        lambda s: replace(s, config_errors=("sources.yaml:3:1: x; y",)),
        "save it.\n    sources.yaml:3:1: x; y",
    ),
    (lambda s: replace(s, snapshot=SavedConfiguration("t", NOW, ("held back",))), "    held back"),
    (lambda s: replace(s, daemon=DaemonStatus("silent", NOW)), "start it by monitor run"),
    (lambda s: replace(s, daemon=DaemonStatus("stopped", NOW), sources=(DUE,)), "stopped, and sources are due since"),
    (lambda s: replace(s, daemon=DaemonStatus(), sources=()), "Nothing was read yet: start the daemon by monitor run"),
    (lambda s: replace(s, disk_space=DiskSpace(500_000, 10**9)), "Only 0.5 MB are free on the database's disk"),
    (lambda s: replace(s, daemon=DaemonStatus("running", NOW, ("disk: full",))), "The daemon reports: disk: full."),
    (
        lambda s: replace(s, outbox=OutboxCounts(failed=1)),
        "1 delivery was given up: see monitor deliveries list",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(rejected=1, last_rejected_at=NOW - timedelta(hours=20))),
        "A target refused a digest at",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(pending=1, oldest_pending_at=NOW - timedelta(hours=2))),
        "A delivery waits",
    ),
    (lambda s: replace(s, sources=(line("one", SourceState.BLOCKED),)), "1 source needs a look"),
    (lambda s: replace(s, sources=tuple(line(name, SourceState.FAILING) for name in "abc")), "is this machine online"),
]


@pytest.mark.parametrize("daemon", [DaemonStatus("stopped", NOW), DaemonStatus()])
def test_who_reads_by_hand_needs_no_daemon(daemon: DaemonStatus) -> None:
    """A daemon that was stopped a moment ago, or passes made by a timer, are well."""
    assert not list(find_problems(replace(WELL, daemon=daemon, disk_space=DiskSpace(10**9, 10**10))))


def test_a_refusal_is_named_for_a_day() -> None:
    """The other digests have told it, and what nobody replays is no alarm for the 90 days that it is kept."""
    assert not list(
        find_problems(replace(WELL, outbox=OutboxCounts(rejected=1, last_rejected_at=NOW - timedelta(hours=25))))
    )


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing to do the first line says so."""
    print_report(WELL, show_all=False)
    said = capsys.readouterr().out
    assert said.startswith("All is well.\n")
    assert "2 of 2 sources are well." in said
    assert report_record(WELL)["well"] is True


@pytest.mark.parametrize(("make", "words"), ILL)
def test_what_is_wrong_comes_first_with_what_to_do(
    make: Callable[[StatusReport], StatusReport], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each trouble is one paragraph at the top, and programs see that it is not well."""
    sight = make(WELL)
    assert len(list(find_problems(sight))) == 1
    print_report(sight, show_all=False)
    said = capsys.readouterr().out
    assert said.startswith("! ")
    assert words in said
    assert report_record(sight)["well"] is False


def test_many_sources_stay_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Of many sources only those that need somebody are listed, unless all are asked for."""
    bad = line("broken", SourceState.GONE, "answers 410", "find the new address")
    sight = replace(WELL, sources=(*(line(f"source-{n}") for n in range(50)), bad, line("rest", SourceState.PAUSED)))
    print_report(sight, show_all=False)
    said = capsys.readouterr().out
    assert "answers 410. What helps: find the new address" in said
    assert "source-7" not in said
    assert "50 of 51 sources are well; 1 paused. --all lists every one." in said
    print_report(sight, show_all=True)
    assert "source-7" in capsys.readouterr().out


def test_the_daemons_word_is_judged_by_its_age() -> None:
    """A word of this minute is life, an old one is silence, and a goodbye is neither."""
    word = json.dumps({"at": NOW.isoformat(), "stopped": False, "faults": ["disk: full"]})
    assert parse_daemon_status("", NOW) == DaemonStatus()
    assert parse_daemon_status(word, NOW + timedelta(minutes=2)) == DaemonStatus("running", NOW, ("disk: full",))
    assert parse_daemon_status(word, NOW + timedelta(minutes=6)).state == "silent"
    bye = json.dumps({"at": NOW.isoformat(), "stopped": True, "faults": []})
    assert parse_daemon_status(bye, NOW + timedelta(days=1)).state == "stopped"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, "never"),
        (NOW + timedelta(seconds=5), "0s ago"),
        (NOW - timedelta(seconds=90), "90s ago"),
        (NOW - timedelta(minutes=90), "90m ago"),
        (NOW - timedelta(hours=30), "30h ago"),
        (NOW - timedelta(days=3), "3d ago"),
    ],
)
def test_ages_are_short(moment: datetime | None, text: str) -> None:
    """When a source was read last is said in a few letters, so that the remedy has room."""
    assert format_age(moment, NOW) == text


def test_watch_looks_again_until_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --watch the screen is drawn anew at each look."""
    looks: list[StatusReport] = []

    def sleep(_seconds: float) -> None:
        if len(looks) == 3:
            raise KeyboardInterrupt

    def look(_config: Path, _database: str) -> StatusReport:
        looks.append(WELL)
        return WELL

    monkeypatch.setattr(status, "load_report", look)
    monkeypatch.setattr(status, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        status.status(watch=True)
    assert len(looks) == 3
