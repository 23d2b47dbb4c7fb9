"""Reload of an edited file: it is applied, rejected or held, and the daemon always has a configuration."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.fakes import FakeKeyValueStore, run_inline

from monitor.config.reload import (
    MIN_UNCHANGED_SECONDS,
    Reloader,
    ReloadOutcome,
    ReloadResult,
    find_database_url,
    hash_configuration,
)
from monitor.config.yaml_document import parse_yaml
from monitor.domain.configuration import Configuration
from monitor.domain.configuration_edits import ACCEPTED_HASH_SETTING
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


class Daemon:
    """Running daemon with a reloader; its clock moves only with ``check``."""

    def __init__(self, path: Path, key_values: FakeKeyValueStore, environ: dict[str, str] | None = None) -> None:
        self.reloader = Reloader(path, {} if environ is None else environ, key_values)
        self.time = 0.0
        self.configuration, self.change = self.reloader.load_initial(NOW)

    def check(self, wait: float = 2.0) -> ReloadResult | None:
        self.time += wait

        now = NOW + timedelta(seconds=self.time)
        change = asyncio.run(self.reloader.check_for_edit(run_inline, now, self.time))
        if change and change.configuration:
            self.configuration = change.configuration
        return change

    def check_twice(self) -> ReloadResult | None:
        """Check the file until an edit is complete; return the reported result."""
        results = [change for change in (self.check(), self.check()) if change]
        assert len(results) <= 1
        return results[0] if results else None

    @property
    def ids(self) -> list[str]:
        return [source.id for source in self.configuration.sources]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(sources(4), encoding="utf-8")
    return file


@pytest.fixture
def key_values() -> FakeKeyValueStore:
    return FakeKeyValueStore()


def write(path: Path, text: str) -> None:
    """Save like an editor that replaces the file by a new one."""
    other = path.with_suffix(".tmp~")
    other.write_text(text, encoding="utf-8", errors="surrogatepass")
    other.replace(path)


def test_a_start_loads_and_saves_the_file(path: Path, key_values: FakeKeyValueStore) -> None:
    """A valid file is applied, and its text is saved in the database."""
    daemon = Daemon(path, key_values)
    assert (daemon.ids, daemon.change) == (["s0", "s1", "s2", "s3"], None)
    assert key_values.saved == SavedConfiguration(sources(4), NOW)
    assert daemon.check_twice() is None


def test_an_edit_is_applied_once_the_file_is_unchanged(path: Path, key_values: FakeKeyValueStore) -> None:
    """An edit is read only after the file was unchanged for a moment, whether written in place or renamed."""
    daemon = Daemon(path, key_values)
    write(path, sources(5))
    assert daemon.check() is None
    assert daemon.check(MIN_UNCHANGED_SECONDS / 2) is None
    change = daemon.check(MIN_UNCHANGED_SECONDS)
    assert change is not None
    assert (change.outcome, len(daemon.ids)) == (ReloadOutcome.APPLIED, 5)
    assert key_values.saved is not None
    assert key_values.saved.text == sources(5)
    path.write_text(sources(6), encoding="utf-8")
    assert daemon.check_twice() is not None
    assert len(daemon.ids) == 6


def test_a_file_that_keeps_changing_is_not_read(path: Path, key_values: FakeKeyValueStore) -> None:
    """A file that is being written in parts is read once, when it is complete."""
    daemon = Daemon(path, key_values)
    whole = sources(9)
    for length in range(0, len(whole), 40):
        path.write_text(whole[:length], encoding="utf-8")
        assert daemon.check(0.4) is None
    path.write_text(whole, encoding="utf-8")
    assert daemon.check_twice() is not None
    assert len(daemon.ids) == 9


def test_other_files_of_editors_are_ignored(path: Path, key_values: FakeKeyValueStore) -> None:
    """Swap and backup files and a touched file are not an edit."""
    daemon = Daemon(path, key_values)
    for name in (".sources.yaml.swp", "sources.yaml~", "#sources.yaml#", "4913"):
        (path.parent / name).write_text("x", encoding="utf-8")
    write(path, sources(4))
    assert daemon.check_twice() is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_rejected_with_its_line(path: Path, key_values: FakeKeyValueStore, text: str) -> None:
    """The daemon reports the place of the error and keeps its configuration."""
    daemon = Daemon(path, key_values)
    write(path, text)
    change = daemon.check_twice()
    assert change is not None
    assert (change.outcome, change.configuration, daemon.ids) == (
        ReloadOutcome.REJECTED,
        None,
        ["s0", "s1", "s2", "s3"],
    )
    assert all(issue.line >= 1 and issue.column >= 1 for issue in change.issues)
    assert change.message.splitlines()[0].endswith("the configuration of 2026-11-22 07:00 UTC stays in use:")
    assert change.message.splitlines()[1].startswith(f"{path}:")
    assert key_values.saved == SavedConfiguration(sources(4), NOW, tuple(map(str, change.issues)))


def test_an_alias_bomb_costs_no_time(path: Path, key_values: FakeKeyValueStore) -> None:
    """Nine levels of nine aliases, four thousand million values in a few lines, are rejected line by line."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Daemon(path, key_values)
    assert {issue.line for issue in caught.value.issues} == set(range(1, 11))


def test_an_invalid_edit_is_reported_once(path: Path, key_values: FakeKeyValueStore) -> None:
    """It is not reported at every check, when the file is touched, or after a restart."""
    daemon = Daemon(path, key_values)
    write(path, "sources: [")
    assert daemon.check_twice() is not None
    for _ in range(5):
        assert daemon.check() is None
    write(path, "sources: [")
    assert daemon.check_twice() is None
    again = Daemon(path, key_values)
    assert again.change is not None
    assert (again.change.outcome, again.change.is_new) == (ReloadOutcome.REJECTED, False)
    write(path, "sources: {")
    assert again.check_twice() is not None


def test_a_deleted_file_changes_nothing(path: Path, key_values: FakeKeyValueStore) -> None:
    """Without a file the daemon continues, reports this once, and applies the file when it exists again."""
    daemon = Daemon(path, key_values)
    path.unlink()
    change = daemon.check_twice()
    assert change is not None
    assert "there is no such file" in change.message
    assert daemon.check() is None
    assert len(daemon.ids) == 4
    write(path, sources(4))
    back = daemon.check_twice()
    assert back is not None
    assert back.outcome is ReloadOutcome.APPLIED
    assert key_values.saved is not None
    assert key_values.saved.errors == ()


def test_any_truncated_file_is_rejected_held_or_smaller(path: Path, key_values: FakeKeyValueStore) -> None:
    """The daemon continues, whatever the character at which the file is cut off."""
    whole = sources(4) + "officials: {a: {name: Phan Văn Giang, aliases: ['潘文江']}}\n"
    path.write_text(whole, encoding="utf-8")
    daemon = Daemon(path, key_values)
    data = whole.encode()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        daemon.check_twice()
        assert isinstance(daemon.configuration, Configuration)
        assert len(daemon.ids) >= 2


def test_a_restart_with_an_invalid_file_uses_the_last_valid_one(path: Path, key_values: FakeKeyValueStore) -> None:
    """A daemon that starts while its file is invalid or missing uses the last valid configuration."""
    Daemon(path, key_values)
    write(path, "sources: [\n")
    daemon = Daemon(path, key_values)
    assert len(daemon.ids) == 4
    assert daemon.change is not None
    assert f"{path}:2:1: this cannot be read as YAML" in daemon.change.message
    path.unlink()
    assert len(Daemon(path, key_values).ids) == 4


def test_a_single_pass_saves_the_configuration_for_a_start(path: Path, key_values: FakeKeyValueStore) -> None:
    """If the file becomes invalid after ``monitor poll``, a daemon starts with the configuration of the pass.

    A pass saves neither an invalid file nor one without more than half of the sources, which the user must confirm.
    """
    path.write_text(sources(4))
    Reloader(path, {}, key_values).save_if_valid(NOW)
    for text in ("sources: [", sources(1)):
        path.write_text(text)
        Reloader(path, {}, key_values).save_if_valid(NOW)
        assert len(Daemon(path, key_values).configuration.sources) == 4


def test_a_start_without_a_valid_configuration_fails_with_the_errors(path: Path, key_values: FakeKeyValueStore) -> None:
    """A first start with an invalid file fails; so does one whose last valid text needs a missing secret."""
    write(path, "sources: [\n")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        Daemon(path, key_values)
    write(path, "settings: {heartbeat_url: '${BEAT}'}\n")
    Daemon(path, key_values, {"BEAT": "https://hc.example/x"})
    write(path, "rules: [\n")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        Daemon(path, key_values, {})


def test_another_file_name_is_not_an_edit(path: Path, key_values: FakeKeyValueStore) -> None:
    """A mistyped file name is an error instead of a fallback on an older file; a new file removes no sources."""
    Daemon(path, key_values)
    with pytest.raises(ConfigError, match="there is no such file"):
        Daemon(path.with_name("source.yaml"), key_values)
    other = path.with_name("other.yaml")
    other.write_text("sources: {x: {feed: 'https://x.example'}}\n", encoding="utf-8")
    assert Daemon(other, key_values).ids == ["x"]


def test_removal_of_most_sources_is_held_until_confirmed(path: Path, key_values: FakeKeyValueStore) -> None:
    """If a hundred sources become three, this is reported once, and applied when the user confirms this file."""
    write(path, sources(100))
    daemon = Daemon(path, key_values)
    write(path, sources(3))
    change = daemon.check_twice()
    assert change is not None
    assert (change.outcome, len(daemon.ids)) == (ReloadOutcome.AWAITING_CONFIRMATION, 100)
    assert "more than half of the sources are removed (s3, s4, " in change.message
    assert "and 87 more" in change.message
    assert daemon.check() is None
    assert len(Daemon(path, key_values).ids) == 100
    key_values.values[ACCEPTED_HASH_SETTING] = hash_configuration(b"another file")
    assert daemon.check() is None
    key_values.values[ACCEPTED_HASH_SETTING] = hash_configuration(path.read_bytes())
    taken = daemon.check()
    assert taken is not None
    assert (taken.outcome, len(daemon.ids)) == (ReloadOutcome.APPLIED, 3)
    assert Daemon(path, key_values).change is None


def test_a_changed_id_is_held_until_it_is_named_or_confirmed(path: Path, key_values: FakeKeyValueStore) -> None:
    """Otherwise all articles of the source would be stored again."""
    write(path, sources(3))
    daemon = Daemon(path, key_values)
    renamed = sources(3).replace("s1:", "first:")
    write(path, renamed)
    change = daemon.check_twice()
    assert change
    assert (change.outcome, daemon.ids) == (ReloadOutcome.AWAITING_CONFIRMATION, ["s0", "s1", "s2"])
    assert "first has the address of s1" in change.message
    assert "add formerly: [s1] to keep its history, or confirm with: monitor check --accept" in change.message
    assert Daemon(path, key_values).ids == ["s0", "s1", "s2"]
    named = renamed.replace("first: {", "first: {formerly: [s1], ")
    write(path, named)
    daemon.check_twice()
    assert daemon.ids == ["s0", "first", "s2"]
    write(path, named.replace("s2:", "second:"))
    daemon.check_twice()
    assert daemon.ids == ["s0", "first", "s2"]
    key_values.values[ACCEPTED_HASH_SETTING] = hash_configuration(path.read_bytes())
    daemon.check()
    assert daemon.ids == ["s0", "first", "second"]


def test_ordinary_edits_are_not_held(path: Path, key_values: FakeKeyValueStore) -> None:
    """Half of the sources may be removed, and a single one may be replaced by another."""
    daemon = Daemon(path, key_values)
    write(path, sources(2))
    assert daemon.check_twice() is not None
    assert len(daemon.ids) == 2
    write(path, "sources: {s0: {feed: 'https://y.example'}}\n")
    daemon.check_twice()
    write(path, "sources: {other: {feed: 'https://z.example'}}\n")
    daemon.check_twice()
    assert daemon.ids == ["other"]


def test_a_changed_secret_is_applied_on_request(path: Path, key_values: FakeKeyValueStore) -> None:
    """A changed secret is not an edit; a requested reload applies it."""
    environ = {"BEAT": "https://hc.example/one"}
    write(path, "settings: {heartbeat_url: '${BEAT}'}\n")
    daemon = Daemon(path, key_values, environ)
    environ["BEAT"] = "https://hc.example/two"
    assert daemon.check_twice() is None
    daemon.reloader.force_reload()
    assert daemon.check_twice() is not None
    assert daemon.configuration.settings.heartbeat_url is not None
    assert daemon.configuration.settings.heartbeat_url.reveal().endswith("two")
    assert daemon.check_twice() is None


def test_reading_the_database_setting_stops_after_it(path: Path, tmp_path: Path) -> None:
    """Ten thousand sources after it are read once and not twice; keys before it do not matter."""
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


def test_the_database_setting_is_read_from_an_invalid_file(path: Path, tmp_path: Path) -> None:
    """The last valid configuration is in the database that the invalid file names, or in the default one."""
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
