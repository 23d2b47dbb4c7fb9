"""Status is one screen: it is well, or what needs somebody and what to do."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli import status
from monitor.cli.status import Daemon, Sight, age, needs, read_daemon, record, show
from monitor.domain.archive import DatabaseFacts, OutboxCounts, Room, Snapshot, SourceLine
from monitor.domain.source import SourceMemory, SourceState

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


def line(name: str, state: SourceState = SourceState.OK, detail: str = "", remedy: str = "") -> SourceLine:
    memory = SourceMemory(name, state=state, detail=detail, remedy=remedy, last_success_at=NOW)
    return SourceLine(memory, name.title(), 7)


DUE = SourceLine(SourceMemory("one", last_success_at=NOW, next_poll_at=NOW - timedelta(hours=2)), "One", 7)
WELL = Sight(
    config=Path("sources.yaml"),
    sources=(line("one"), line("two")),
    outbox=OutboxCounts(),
    database=DatabaseFacts("sqlite", "0003", 5_000_000, 14, 0, 0),
    snapshot=Snapshot("text", NOW),
    faults=(),
    daemon=Daemon("running", NOW),
    at=NOW,
)
ILL: list[tuple[Callable[[Sight], Sight], str]] = [
    (
        lambda s: replace(s, faults=("sources.yaml:3:1: x; y",)),
        "save it.\n    sources.yaml:3:1: x; y",
    ),
    (lambda s: replace(s, snapshot=Snapshot("t", NOW, ("held back",))), "    held back"),
    (lambda s: replace(s, daemon=Daemon("silent", NOW)), "start it by monitor run"),
    (lambda s: replace(s, daemon=Daemon("stopped", NOW), sources=(DUE,)), "stopped, and sources are due since"),
    (lambda s: replace(s, daemon=Daemon(), sources=()), "Nothing was read yet: start the daemon by monitor run"),
    (lambda s: replace(s, room=Room(500_000, 10**9)), "Only 0.5 MB are free on the database's disk"),
    (lambda s: replace(s, daemon=Daemon("running", NOW, ("disk: full",))), "The daemon reports: disk: full."),
    (
        lambda s: replace(s, outbox=OutboxCounts(dead=1)),
        "1 delivery was given up: see monitor outbox list",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(refused=1, refused_at=NOW - timedelta(hours=20))),
        "A target refused a digest at",
    ),
    (
        lambda s: replace(s, outbox=OutboxCounts(pending=1, oldest_at=NOW - timedelta(hours=2))),
        "A delivery waits",
    ),
    (lambda s: replace(s, sources=(line("one", SourceState.BLOCKED),)), "1 source needs a look"),
    (lambda s: replace(s, sources=tuple(line(name, SourceState.FAILING) for name in "abc")), "is this machine online"),
]


@pytest.mark.parametrize("daemon", [Daemon("stopped", NOW), Daemon()])
def test_who_reads_by_hand_needs_no_daemon(daemon: Daemon) -> None:
    """A daemon that was stopped a moment ago, or passes made by a timer, are well."""
    assert not list(needs(replace(WELL, daemon=daemon, room=Room(10**9, 10**10))))


def test_a_refusal_is_named_for_a_day() -> None:
    """The other digests have told it, and what nobody replays is no alarm for the 90 days that it is kept."""
    assert not list(needs(replace(WELL, outbox=OutboxCounts(refused=1, refused_at=NOW - timedelta(hours=25)))))


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing to do the first line says so."""
    show(WELL, everything=False)
    said = capsys.readouterr().out
    assert said.startswith("All is well.\n")
    assert "2 of 2 sources are well." in said
    assert record(WELL)["well"] is True


@pytest.mark.parametrize(("make", "words"), ILL)
def test_what_is_wrong_comes_first_with_what_to_do(
    make: Callable[[Sight], Sight], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each trouble is one paragraph at the top, and programs see that it is not well."""
    sight = make(WELL)
    assert len(list(needs(sight))) == 1
    show(sight, everything=False)
    said = capsys.readouterr().out
    assert said.startswith("! ")
    assert words in said
    assert record(sight)["well"] is False


def test_many_sources_stay_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Of many sources only those that need somebody are listed, unless all are asked for."""
    bad = line("broken", SourceState.GONE, "answers 410", "find the new address")
    sight = replace(WELL, sources=(*(line(f"source-{n}") for n in range(50)), bad, line("rest", SourceState.PAUSED)))
    show(sight, everything=False)
    said = capsys.readouterr().out
    assert "answers 410. What helps: find the new address" in said
    assert "source-7" not in said
    assert "50 of 51 sources are well; 1 paused. --all lists every one." in said
    show(sight, everything=True)
    assert "source-7" in capsys.readouterr().out


def test_the_daemons_word_is_judged_by_its_age() -> None:
    """A word of this minute is life, an old one is silence, and a goodbye is neither."""
    word = json.dumps({"at": NOW.isoformat(), "stopped": False, "faults": ["disk: full"]})
    assert read_daemon("", NOW) == Daemon()
    assert read_daemon(word, NOW + timedelta(minutes=2)) == Daemon("running", NOW, ("disk: full",))
    assert read_daemon(word, NOW + timedelta(minutes=6)).state == "silent"
    bye = json.dumps({"at": NOW.isoformat(), "stopped": True, "faults": []})
    assert read_daemon(bye, NOW + timedelta(days=1)).state == "stopped"


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
    assert age(moment, NOW) == text


def test_watch_looks_again_until_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --watch the screen is drawn anew at each look."""
    looks: list[Sight] = []

    def sleep(_seconds: float) -> None:
        if len(looks) == 3:
            raise KeyboardInterrupt

    def look(_config: Path, _database: str) -> Sight:
        looks.append(WELL)
        return WELL

    monkeypatch.setattr(status, "look", look)
    monkeypatch.setattr(status, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        status.status(watch=True)
    assert len(looks) == 3
