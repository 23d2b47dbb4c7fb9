"""`monitor status`: problems with suggestions, sources and the daemon."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli import status
from monitor.cli.status import describe_entries, print_report
from monitor.domain.article import DuePage
from monitor.domain.backfill import BackfillProgress
from monitor.domain.poll_state import EntryCounts, PollState, SourceState
from monitor.domain.read_models import (
    AbandonedArticle,
    DatabaseInfo,
    DiskSpace,
    OutboxCounts,
    SavedConfiguration,
    SourceStatus,
)
from monitor.domain.values import replace
from monitor.pipeline.status_report import (
    DaemonStatus,
    StatusReport,
    describe_source,
    find_problems,
    format_age,
    parse_daemon_status,
    report_record,
    source_status_record,
)

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


def line(name: str, state: SourceState = SourceState.OK, detail: str = "", suggestion: str = "") -> SourceStatus:
    memory = PollState(name, state=state, detail=detail, suggestion=suggestion, last_success_at=NOW)
    return SourceStatus(memory, name.title(), 7)


DUE = SourceStatus(PollState("one", last_success_at=NOW, next_poll_at=NOW - timedelta(hours=2)), "One", 7)
HEALTHY = StatusReport(
    config=Path("sources.yaml"),
    sources=(line("one"), line("two")),
    outbox=OutboxCounts(),
    database=DatabaseInfo("sqlite", "0003", 5_000_000, 14, 0, 0),
    snapshot=SavedConfiguration("text", NOW),
    config_errors=(),
    daemon=DaemonStatus("running", NOW),
    created_at=NOW,
)
UNHEALTHY: list[tuple[Callable[[StatusReport], StatusReport], str]] = [
    (
        lambda s: replace(s, config_errors=("sources.yaml:3:1: x; y",)),
        "save it.\n    sources.yaml:3:1: x; y",
    ),
    (lambda s: replace(s, snapshot=SavedConfiguration("t", NOW, ("held back",))), "    held back"),
    (
        lambda s: replace(
            s,
            abandoned=(
                AbandonedArticle(1, "one", "One", "A", "https://one.example/a", "took longer than 60 s", NOW),
                AbandonedArticle(2, "one", "One", "B", "https://one.example/b", "took longer than 60 s", NOW),
            ),
        ),
        "https://one.example/b (took longer than 60 s): `monitor articles release one` tries them once more.",
    ),
    (
        lambda s: replace(
            s,
            daemon=DaemonStatus("running", NOW, ("page lag: pages wait for up to 11 min",)),
            waiting_pages=(DuePage(NOW, 1, "one", "https://one.example/a"),),
        ),
        "The daemon reports: page lag: pages wait for up to 11 min, most of them at one.example (1).",
    ),
    (lambda s: replace(s, daemon=DaemonStatus("silent", NOW)), "start it with `monitor run`"),
    (lambda s: replace(s, daemon=DaemonStatus("stopped", NOW)), "The daemon was stopped at 2026"),
    (
        lambda s: replace(s, daemon=DaemonStatus("stopped", NOW - timedelta(days=9)), sources=(DUE,)),
        "stopped, and sources have been due since",
    ),
    (
        lambda s: replace(s, daemon=DaemonStatus(), sources=()),
        "Nothing was polled yet: start the daemon with `monitor run`",
    ),
    (lambda s: replace(s, disk_space=DiskSpace(500_000, 10**9)), "Only 0.5 MB are free on the database's disk"),
    (lambda s: replace(s, daemon=DaemonStatus("running", NOW, ("disk: full",))), "The daemon reports: disk: full."),
    (
        lambda s: replace(s, outbox=OutboxCounts(failed=1)),
        "1 delivery has failed: see `monitor deliveries list",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(rejected=1, last_rejected_at=NOW - timedelta(hours=20))),
        "A target rejected a digest at",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(pending=1, oldest_pending_at=NOW - timedelta(hours=2))),
        "A delivery has been pending since",
    ),
    (lambda s: replace(s, sources=(line("one", SourceState.BLOCKED),)), "1 source is unhealthy"),
    (lambda s: replace(s, sources=tuple(line(name, SourceState.FAILING) for name in "abc")), "is this machine online"),
]


@pytest.mark.parametrize("daemon", [DaemonStatus("stopped", NOW - timedelta(hours=3)), DaemonStatus()])
def test_no_daemon_is_no_problem_if_sources_are_polled_without_it(daemon: DaemonStatus) -> None:
    """Passes made by a timer need no daemon."""
    assert not list(find_problems(replace(HEALTHY, daemon=daemon, disk_space=DiskSpace(10**9, 10**10))))


def test_a_rejected_delivery_is_reported_for_a_day() -> None:
    """It stays in the database for 90 days, but is a problem only for the first day."""
    assert not list(
        find_problems(replace(HEALTHY, outbox=OutboxCounts(rejected=1, last_rejected_at=NOW - timedelta(hours=25))))
    )


def test_a_healthy_report(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line states that there are no problems."""
    print_report(HEALTHY, show_all=False)
    output = capsys.readouterr().out
    assert output.startswith("Healthy: no problems found.\n")
    assert "2 of 2 sources are healthy." in output
    assert report_record(HEALTHY)["healthy"] is True
    one_is_gone = replace(HEALTHY, sources=(*HEALTHY.sources[1:], line("broken", SourceState.GONE, "answers 410", "")))
    print_report(one_is_gone, show_all=False)
    assert "1 of 2 sources is healthy." in capsys.readouterr().out


@pytest.mark.parametrize(("make", "words"), UNHEALTHY)
def test_a_problem_comes_first_with_a_suggestion(
    make: Callable[[StatusReport], StatusReport], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each problem is one line at the top; the JSON has "healthy": false."""
    report = make(HEALTHY)
    assert len(list(find_problems(report))) == 1
    print_report(report, show_all=False)
    output = capsys.readouterr().out
    assert output.startswith("! ")
    assert words in output
    assert report_record(report)["healthy"] is False


def test_healthy_sources_of_a_long_list_are_omitted(capsys: pytest.CaptureFixture[str]) -> None:
    """Of more than 20 sources only the unhealthy ones are listed, unless --all is given."""
    bad = line("broken", SourceState.GONE, "answers 410", "find the new address")
    report = replace(
        HEALTHY, sources=(*(line(f"source-{n}") for n in range(50)), bad, line("rest", SourceState.PAUSED))
    )
    print_report(report, show_all=False)
    output = capsys.readouterr().out
    assert "answers 410. Suggestion: find the new address" in output
    assert "source-7" not in output
    assert "50 of 51 sources are healthy; 1 paused. --all lists every source." in output
    print_report(report, show_all=True)
    assert "source-7" in capsys.readouterr().out


def test_the_daemon_state_depends_on_the_age_of_its_report() -> None:
    """A recent report means running, an old one silent; a daemon that ended is stopped."""
    stored = json.dumps({"at": NOW.isoformat(), "stopped": False, "problems": ["disk: full"]})
    assert parse_daemon_status("", NOW) == DaemonStatus()
    assert parse_daemon_status(stored, NOW + timedelta(seconds=59)) == DaemonStatus("running", NOW, ("disk: full",))
    assert parse_daemon_status(stored, NOW + timedelta(seconds=61)).state == "silent"
    stopped = json.dumps({"at": NOW.isoformat(), "stopped": True, "problems": []})
    assert parse_daemon_status(stopped, NOW + timedelta(days=1)).state == "stopped"


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
    """Only the largest unit is shown."""
    assert format_age(moment, NOW) == text


def test_watch_repeats_the_report_until_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --watch the report is loaded and printed each time."""
    reports: list[StatusReport] = []

    def sleep(_seconds: float) -> None:
        if len(reports) == 3:
            raise KeyboardInterrupt

    def load(_config: Path, _database: str) -> StatusReport:
        reports.append(HEALTHY)
        return HEALTHY

    monkeypatch.setattr(status, "load_report", load)
    monkeypatch.setattr(status, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        status.status(watch=True)
    assert len(reports) == 3


def test_entries_that_were_merged_held_or_dropped_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """They are with their source, in one line for all sources, and in --json, although nothing is wrong."""
    counts = EntryCounts(total=30, new=2, known=23, quarantined=3, merged=1, empty=1, left_out=40)
    one = line("one")
    report = replace(HEALTHY, sources=(replace(one, poll_state=replace(one.poll_state, counts=counts)), line("two")))
    print_report(report, show_all=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "Entries of the last documents: 3 in quarantine, 1 listed twice, 1 empty, 40 left out" in shown
    assert describe_source(report.sources[0].poll_state) == (
        "Last document: 30 entries: 2 new, 3 in quarantine, 23 known, 1 listed twice, 1 empty, 40 left out"
    )
    record = source_status_record(report.sources[0])
    assert record["entries"] == {
        "total": 30, "new": 2, "quarantined": 3, "known": 23, "merged": 1, "empty": 1, "left_out": 40, "unaccounted": 0
    }  # fmt: skip
    assert describe_entries((line("two"),)) == ""


def test_each_source_has_the_day_from_which_its_archive_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """That of the first poll, or an earlier one that a backfill has reached."""
    states = [replace(line(name).poll_state, baseline_at=NOW) for name in ("one", "two", "six")]
    reached = BackfillProgress("two", NOW - timedelta(days=400), NOW, complete_since_at=NOW - timedelta(days=300))
    begun = BackfillProgress("six", NOW - timedelta(days=400), NOW, pending_urls=("https://six.example/map.xml",))
    sources = tuple(SourceStatus(state, "Name", 7) for state in (*states, PollState("new")))
    report = replace(HEALTHY, sources=sources, backfills={"two": reached, "six": begun})
    records = {one["id"]: one["complete_since"] for one in report_record(report)["sources"]}
    assert records == {"one": NOW, "two": NOW - timedelta(days=300), "six": NOW, "new": None}
    print_report(report, show_all=True)
    shown = capsys.readouterr().out
    assert "complete since" in shown
    assert f"{(NOW - timedelta(days=300)).astimezone():%Y-%m-%d}" in shown
