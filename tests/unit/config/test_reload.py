"""An edited file is taken over, refused or held, and the daemon is never without a configuration."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config.reload import (
    ACCEPTED_HASH_SETTING,
    MIN_UNCHANGED_SECONDS,
    Reloader,
    ReloadOutcome,
    ReloadResult,
    find_database_url,
    hash_configuration,
)
from monitor.config.yaml_document import parse_yaml
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError
from monitor.domain.read_models import SavedConfiguration

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
HOSTILE = {
    "alias bomb": "a: &a [x, x]\nb: &b [*a, *a]\nsources: [*b, *b]\n",
    "merge key": "sources:\n  a: {<<: {feed: 'https://x.example'}}\n",
    "depth": "sources: " + "[" * 5000,
    "tag": "sources: !!python/object/apply:os.system ['true']\n",
    "duplicate key": "sources:\n  a: {feed: 'https://x.example'}\n  a: {feed: 'https://y.example'}\n",
    "two documents": "sources: {}\n---\nsources: {}\n",
    "a tab": "sources:\n\ta: 1\n",
    "nul": "sources: \0\n",
    "no mapping": "- a\n- b\n",
    "huge": "# " + "x" * 5_000_000,
    "not text": "\ufffe\ud800",
    "empty": "",
    "comments alone": "# nothing\n",
    "open quote": 'sources: {a: {feed: "https://x.example\n',
}


def sources(number: int) -> str:
    lines = (f"  s{index}: {{feed: 'https://x.example/{index}'}}\n" for index in range(number))
    return "sources:\n" + "".join(lines)


class FakeLedger:
    """Keeps facts as the database does: over restarts."""

    def __init__(self) -> None:
        self.kept: SavedConfiguration | None = None
        self.facts: dict[str, str] = {}

    def get_saved_configuration(self) -> SavedConfiguration | None:
        return self.kept

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        self.kept = configuration

    def get(self, name: str) -> str:
        return self.facts.get(name, "")

    def set(self, name: str, value: str, now: datetime) -> None:
        self.facts[name] = value


class Daemon:
    """A running daemon's eye on its file; its clock moves only when told."""

    def __init__(self, path: Path, ledger: FakeLedger, environ: dict[str, str] | None = None) -> None:
        self.reloader = Reloader(path, {} if environ is None else environ, ledger)
        self.time = 0.0
        self.configuration, self.change = self.reloader.load_initial(NOW)

    def look(self, wait: float = 2.0) -> ReloadResult | None:
        self.time += wait

        async def run(work: Callable[..., Any], *args: object) -> Any:
            return work(*args)

        now = NOW + timedelta(seconds=self.time)
        change = asyncio.run(self.reloader.check_for_edit(run, now, self.time))
        if change and change.configuration:
            self.configuration = change.configuration
        return change

    def settle(self) -> ReloadResult | None:
        """Look until an edit has rested; return what was told."""
        told = [change for change in (self.look(), self.look()) if change]
        assert len(told) <= 1
        return told[0] if told else None

    @property
    def ids(self) -> list[str]:
        return [source.id for source in self.configuration.sources]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(sources(4), encoding="utf-8")
    return file


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


def write(path: Path, text: str) -> None:
    """Save as careful editors do: another file, put in the place of the old one."""
    other = path.with_suffix(".tmp~")
    other.write_text(text, encoding="utf-8", errors="surrogatepass")
    other.replace(path)


def test_start_takes_the_file_and_keeps_it(path: Path, ledger: FakeLedger) -> None:
    """A good file is used, and its text kept for worse days."""
    daemon = Daemon(path, ledger)
    assert (daemon.ids, daemon.change) == (["s0", "s1", "s2", "s3"], None)
    assert ledger.kept == SavedConfiguration(sources(4), NOW)
    assert daemon.settle() is None


def test_saved_edit_is_taken_once_it_rests(path: Path, ledger: FakeLedger) -> None:
    """An edit is read only after the file was left alone for a moment, whether written in place or renamed."""
    daemon = Daemon(path, ledger)
    write(path, sources(5))
    assert daemon.look() is None
    assert daemon.look(MIN_UNCHANGED_SECONDS / 2) is None
    change = daemon.look(MIN_UNCHANGED_SECONDS)
    assert change is not None
    assert (change.outcome, len(daemon.ids)) == (ReloadOutcome.APPLIED, 5)
    assert ledger.kept is not None
    assert ledger.kept.text == sources(5)
    path.write_text(sources(6), encoding="utf-8")
    assert daemon.settle() is not None
    assert len(daemon.ids) == 6


def test_file_that_keeps_changing_is_not_read(path: Path, ledger: FakeLedger) -> None:
    """While it is being written, piece by piece, nothing is judged; the whole of it is."""
    daemon = Daemon(path, ledger)
    whole = sources(9)
    for length in range(0, len(whole), 40):
        path.write_text(whole[:length], encoding="utf-8")
        assert daemon.look(0.4) is None
    path.write_text(whole, encoding="utf-8")
    assert daemon.settle() is not None
    assert len(daemon.ids) == 9


def test_editors_leave_other_files_beside_it(path: Path, ledger: FakeLedger) -> None:
    """Swap and backup files of editors are nobody's business, and touching the file is no edit."""
    daemon = Daemon(path, ledger)
    for name in (".sources.yaml.swp", "sources.yaml~", "#sources.yaml#", "4913"):
        (path.parent / name).write_text("x", encoding="utf-8")
    write(path, sources(4))
    assert daemon.settle() is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_file_is_refused_with_its_line(path: Path, ledger: FakeLedger, text: str) -> None:
    """Whatever the file holds, the daemon says where the fault is and goes on with what it has."""
    daemon = Daemon(path, ledger)
    write(path, text)
    change = daemon.settle()
    assert change is not None
    assert (change.outcome, change.configuration, daemon.ids) == (
        ReloadOutcome.REJECTED,
        None,
        ["s0", "s1", "s2", "s3"],
    )
    assert all(fault.line >= 1 and fault.column >= 1 for fault in change.issues)
    assert change.message.splitlines()[0].endswith("the configuration of 2026-11-22 07:00 UTC stays in use:")
    assert change.message.splitlines()[1].startswith(f"{path}:")
    assert ledger.kept == SavedConfiguration(sources(4), NOW, tuple(map(str, change.issues)))


def test_alias_bomb_costs_nothing(path: Path, ledger: FakeLedger) -> None:
    """Nine levels of nine aliases, four thousand million values in a few lines, are refused line by line."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Daemon(path, ledger)
    assert {fault.line for fault in caught.value.issues} == set(range(1, 11))


def test_bad_edit_is_told_once(path: Path, ledger: FakeLedger) -> None:
    """One edit, one notice: not at every look, not when the file is touched, not after a restart."""
    daemon = Daemon(path, ledger)
    write(path, "sources: [")
    assert daemon.settle() is not None
    for _ in range(5):
        assert daemon.look() is None
    write(path, "sources: [")
    assert daemon.settle() is None
    again = Daemon(path, ledger)
    assert again.change is not None
    assert (again.change.outcome, again.change.is_new) == (ReloadOutcome.REJECTED, False)
    write(path, "sources: {")
    assert again.settle() is not None


def test_deleted_file_changes_nothing(path: Path, ledger: FakeLedger) -> None:
    """Without a file the daemon goes on, says so once, and takes the file when it comes back."""
    daemon = Daemon(path, ledger)
    path.unlink()
    change = daemon.settle()
    assert change is not None
    assert "there is no such file" in change.message
    assert daemon.look() is None
    assert len(daemon.ids) == 4
    write(path, sources(4))
    back = daemon.settle()
    assert back is not None
    assert back.outcome is ReloadOutcome.APPLIED
    assert ledger.kept is not None
    assert ledger.kept.errors == ()


def test_every_truncation_is_survived(path: Path, ledger: FakeLedger) -> None:
    """A file cut at any letter is refused, held, or is a smaller file; nothing else happens."""
    whole = sources(4) + "officials: {a: {name: Phan Văn Giang, aliases: ['潘文江']}}\n"
    path.write_text(whole, encoding="utf-8")
    daemon = Daemon(path, ledger)
    data = whole.encode()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        daemon.settle()
        assert isinstance(daemon.configuration, Configuration)
        assert len(daemon.ids) >= 2


def test_restart_with_a_broken_file_runs(path: Path, ledger: FakeLedger) -> None:
    """A daemon that is started again while its file is broken, or gone, watches with the last good one."""
    Daemon(path, ledger)
    write(path, "sources: [\n")
    daemon = Daemon(path, ledger)
    assert len(daemon.ids) == 4
    assert daemon.change is not None
    assert f"{path}:2:1: this cannot be read as YAML" in daemon.change.message
    path.unlink()
    assert len(Daemon(path, ledger).ids) == 4


def test_a_single_pass_keeps_what_a_daemon_can_start_with(path: Path, ledger: FakeLedger) -> None:
    """After ``monitor poll`` the file breaks: the daemon starts with what the pass had. A pass keeps no broken file,
    and none that loses more than half of the sources: that is for the user to confirm.
    """
    path.write_text(sources(4))
    Reloader(path, {}, ledger).save_if_valid(NOW)
    for text in ("sources: [", sources(1)):
        path.write_text(text)
        Reloader(path, {}, ledger).save_if_valid(NOW)
        assert len(Daemon(path, ledger).configuration.sources) == 4


def test_without_a_good_one_the_faults_are_told(path: Path, ledger: FakeLedger) -> None:
    """A first start with a broken file ends with its faults; so does one whose last good text needs a lost secret."""
    write(path, "sources: [\n")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        Daemon(path, ledger)
    write(path, "settings: {heartbeat_url: '${BEAT}'}\n")
    Daemon(path, ledger, {"BEAT": "https://hc.example/x"})
    write(path, "rules: [\n")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        Daemon(path, ledger, {})


def test_another_file_is_no_edit(path: Path, ledger: FakeLedger) -> None:
    """A mistyped file name is a fault, not a reason to watch by an older file; nor does a new file lose sources."""
    Daemon(path, ledger)
    with pytest.raises(ConfigError, match="there is no such file"):
        Daemon(path.with_name("source.yaml"), ledger)
    other = path.with_name("other.yaml")
    other.write_text("sources: {x: {feed: 'https://x.example'}}\n", encoding="utf-8")
    assert Daemon(other, ledger).ids == ["x"]


def test_mass_deletion_is_held_until_confirmed(path: Path, ledger: FakeLedger) -> None:
    """A hundred sources that become three are held, once told, and taken when the user confirms this very file."""
    write(path, sources(100))
    daemon = Daemon(path, ledger)
    write(path, sources(3))
    change = daemon.settle()
    assert change is not None
    assert (change.outcome, len(daemon.ids)) == (ReloadOutcome.AWAITING_CONFIRMATION, 100)
    assert "more than half of the sources are removed (s3, s4, " in change.message
    assert "and 87 more" in change.message
    assert daemon.look() is None
    assert len(Daemon(path, ledger).ids) == 100
    ledger.facts[ACCEPTED_HASH_SETTING] = hash_configuration(b"another file")
    assert daemon.look() is None
    ledger.facts[ACCEPTED_HASH_SETTING] = hash_configuration(path.read_bytes())
    taken = daemon.look()
    assert taken is not None
    assert (taken.outcome, len(daemon.ids)) == (ReloadOutcome.APPLIED, 3)
    assert Daemon(path, ledger).change is None


def test_ordinary_edits_are_not_held(path: Path, ledger: FakeLedger) -> None:
    """Half of the sources may go, and the only one may be exchanged for another."""
    daemon = Daemon(path, ledger)
    write(path, sources(2))
    assert daemon.settle() is not None
    assert len(daemon.ids) == 2
    write(path, "sources: {s0: {feed: 'https://y.example'}}\n")
    daemon.settle()
    write(path, "sources: {other: {feed: 'https://z.example'}}\n")
    daemon.settle()
    assert daemon.ids == ["other"]


def test_secrets_are_read_again_when_asked(path: Path, ledger: FakeLedger) -> None:
    """A changed secret is no edit; asked to read again, the daemon takes it over."""
    environ = {"BEAT": "https://hc.example/one"}
    write(path, "settings: {heartbeat_url: '${BEAT}'}\n")
    daemon = Daemon(path, ledger, environ)
    environ["BEAT"] = "https://hc.example/two"
    assert daemon.settle() is None
    daemon.reloader.force_reload()
    assert daemon.settle() is not None
    assert daemon.configuration.settings.heartbeat_url is not None
    assert daemon.configuration.settings.heartbeat_url.reveal().endswith("two")
    assert daemon.settle() is None


def test_a_file_is_read_for_its_database_no_further_than_needed(path: Path, tmp_path: Path) -> None:
    """Ten thousand sources after it are read once, not twice; what stands before it is no hindrance."""
    (tmp_path / "mine.db").touch()
    settings = "settings:\n  zones: [a, b]\n  database: sqlite:///mine.db\n"
    sources = "".join(f"  s{n}: {{feed: 'https://s{n}.example/feed'}}\n" for n in range(1000))
    for text in (f"{settings}sources:\n{sources}", f"sources:\n{sources}{settings}"):
        write(path, text)
        found = find_database_url(path, {})
        assert found is not None
        assert found.reveal() == f"sqlite:///{tmp_path}/mine.db"
    document = parse_yaml(f"{settings}sources:\n{sources}".encode(), stop_after_key="settings")
    assert document.value == {"settings": {"zones": ["a", "b"], "database": "sqlite:///mine.db"}}


def test_database_is_found_in_a_broken_file(path: Path, tmp_path: Path) -> None:
    """The last good configuration lies in the database that the broken file still names, or in the default one."""
    (tmp_path / "mine.db").touch()
    for text in (
        "settings:\n  database: sqlite:///mine.db # here\nsources: [",
        "settings: {database: 'sqlite:///mine.db'}",
    ):
        write(path, text)
        found = find_database_url(path, {})
        assert found is not None
        assert found.reveal() == f"sqlite:///{tmp_path}/mine.db"
    write(path, "settings:\n  database: postgresql+psycopg://u:${PW}@host/name\n")
    found = find_database_url(path, {"PW": "x/y"})
    assert found is not None
    assert found.reveal() == "postgresql+psycopg://u:x%2Fy@host/name"
    path.unlink()
    assert find_database_url(path, {}) is None
    (tmp_path / "monitor.db").touch()
    assert find_database_url(path, {}) is not None
