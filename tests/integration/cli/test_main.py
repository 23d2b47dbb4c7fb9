"""Command line: exit codes, old commands and the option --config."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import app
from support.stores import open_database
from typer.testing import CliRunner

from monitor.cli import main as command
from monitor.cli.command_groups import NEW_COMMANDS
from monitor.domain.errors import ConfigError, ConfigIssue, InputError, MonitorError, QueryError, StoreFull, UsageError

GIVEN = """
settings: {database: "sqlite:///given.db"}
officials: {som: {name: Som Saath, country: Laos}}
"""
CASES = [
    (ConfigError((ConfigIssue("s.yaml", 1, 2, "unknown key 'sorces'"),)), 1),
    (QueryError("a parenthesis is open", 3, "')'"), 1),
    (InputError('articles.jsonl:3: must be an object with "text"'), 1),
    (UsageError("There is no source 'x'."), 2),
    (StoreFull("The disk is full."), 3),
    (PermissionError(13, "Permission denied", "monitor.db"), 3),
]


INTERRUPTED_AT_IMPORT = """
import os, signal, sys

def interrupt(event, details):
    if event == "import" and details[0] == {module!r}:
        os.kill(os.getpid(), signal.SIGINT)

from monitor.__main__ import main
sys.addaudithook(interrupt)
main()
"""


@pytest.mark.parametrize("module", ["monitor.cli.main", "monitor.cli.articles", "monitor.config.load"])
def test_an_interrupt_during_the_start_ends_quietly(module: str, tmp_path: Path) -> None:
    """Whichever module is being imported: nothing is printed, and a shell gets the exit code 130."""
    (tmp_path / "sources.yaml").write_text(GIVEN)
    words = [sys.executable, "-c", INTERRUPTED_AT_IMPORT.format(module=module), "run"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode in {-signal.SIGINT, 130}


@pytest.mark.parametrize(("error", "code"), CASES, ids=lambda value: type(value).__name__)
def test_an_error_ends_with_a_message_and_an_exit_code(
    error: MonitorError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no traceback."""

    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(command, "create_app", lambda _words: fails)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == code
    message = "monitor.db cannot be used: Permission denied" if isinstance(error, OSError) else error
    assert capsys.readouterr().err == f"{message}\n"


@pytest.mark.parametrize(("words", "code", "says"), [(["--version"], 0, "monitor "), (["pol"], 2, "No such command")])
def test_version_and_unknown_command(
    words: list[str], code: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown command ends with 2, like every usage error."""
    monkeypatch.setattr(sys, "argv", ["monitor", *words])
    with pytest.raises(SystemExit) as ended:
        command.main()
    out, err = capsys.readouterr()
    assert ended.value.code == code
    assert says in out + err


@pytest.mark.parametrize(
    ("old_command", "new_command"),
    [
        ("discover https://daily.example", "sources discover"),
        ("import feeds.opml --write", "sources import"),
        ("export -", "sources export"),
        ("names phan-van-giang", "officials forms"),
        ("names --missed", "officials near-misses"),
        ("names phan-van-giang --missed", "officials near-misses"),
        ("rehearse --since 7d", "backtest"),
        ("digest list", "digests list"),
        ("digest show morning", "digests preview NAME` or `monitor digests show ID"),
        ("digest send morning", "digests send"),
        ("digest", "digests"),
        ("outbox list", "deliveries list"),
        ("outbox show 17", "deliveries show"),
        ("outbox replay --dead", "deliveries resend"),
        ("outbox drop 18", "deliveries cancel"),
        ("evidence 17 --to bundle", "evidence export ID"),
    ],
)
def test_an_old_command_fails_and_names_the_new_one(
    old_command: str, new_command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Old commands are not aliases: they end with 2, before anything is read or written."""
    monkeypatch.setattr(sys, "argv", ["monitor", *old_command.split()])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f" is now `monitor {new_command}`.\n")


@pytest.mark.parametrize("new_command", NEW_COMMANDS.values())
def test_a_suggested_command_exists(new_command: str) -> None:
    """Each command that replaces an old one can be run."""
    for suggestion in new_command.split("` or `monitor "):
        words = [word for word in suggestion.split() if not word.isupper()]
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "given.yaml", "officials", "forms", "som"),
        ("officials", "-c", "given.yaml", "forms", "som"),
        ("officials", "forms", "som", "-c", "given.yaml"),
        ("-c", "other.yaml", "officials", "forms", "som", "--config", "given.yaml"),
        ("--config", "given.yaml", "stories"),
        ("--config", "given.yaml", "articles"),
        ("articles", "-c", "given.yaml", "show", "7"),
        ("-c", "given.yaml", "check"),
    ],
)
def test_config_is_accepted_before_and_after_a_command(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file given closest to the command is read, also when the environment names another file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.yaml").write_text(GIVEN, encoding="utf-8")
    monkeypatch.setenv("MONITOR_CONFIG", "missing.yaml")
    result = CliRunner().invoke(app, words)
    output = f"{result.output} {result.exception}"
    assert ".yaml" not in output or "given.yaml is valid" in output
    assert ("given.db" in output) == (words[-1] in {"stories", "articles", "7"})
    assert result.exit_code == 0 or "there is no database" in output


@pytest.mark.parametrize("group", ["articles", "channels", "deliveries", "digests", "people", "sources", "stories"])
def test_a_group_without_a_command_lists(group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`monitor stories` is `monitor stories list`, with the same options; its help and its other commands remain."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(GIVEN, encoding="utf-8")
    open_database(tmp_path, "given").close()
    for options in ([], ["--json"], ["--config", "sources.yaml"]):
        short, long = (CliRunner().invoke(app, [*words, *options]) for words in ([group], [group, "list"]))
        assert (short.exit_code, short.output) == (long.exit_code, long.output)
        assert short.exit_code == 0
    assert "Commands:" in CliRunner().invoke(app, [group, "--help"]).output
    assert "No such command" in CliRunner().invoke(app, [group, "lsit"]).output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("hits --limit many", "'--limit' / '-n': 'many' is not a whole number"),
        ("hits --limit 0", "this is too small; write 1 or more"),
        ("undo 99999999999999999999", "'CHANGE': this is too big; write"),
        ("reject a1 --reason dislike", "'dislike' is not one of 'namesake'"),
    ],
)
def test_an_invalid_option_is_described(words: str, message: str) -> None:
    """The message does not use the wording of a library."""
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code == 2
    assert message in result.output
    assert "Value error" not in result.output


PLAN = "rules: {people: {officials: [som]}}\ndigests: {morning: {rules: [people], at: '07:00'}}\n"
LOOKING_COMMANDS = (
    *("status", "hits", "search harbour", "articles", "articles show 1", "stories", "stories show s1", "why 1"),
    *("digests list", "digests preview morning", "digests show 1", "deliveries list", "deliveries show 1"),
    *("sources list", "officials near-misses", "evidence export 1", "db check", "db backup", "backtest"),
)


@pytest.mark.parametrize("words", LOOKING_COMMANDS)
def test_a_command_that_looks_creates_no_database(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the missing file and how to name another one; the exit code is 3."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(GIVEN + PLAN)
    monkeypatch.setattr(sys, "argv", ["monitor", *words.split()])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 3
    assert f"there is no database {tmp_path}/given.db. If the daemon uses another" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["sources.yaml"]


def test_the_database_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`MONITOR_DATABASE` replaces the database of the file, and --database replaces both."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(GIVEN, encoding="utf-8")
    open_database(tmp_path, "daemon").close()
    monkeypatch.setenv("MONITOR_DATABASE", f"sqlite:///{tmp_path}/daemon.db")
    assert "There are no hits." in CliRunner().invoke(app, ["hits"]).output
    result = CliRunner().invoke(app, ["hits", "--database", f"sqlite:///{tmp_path}/other.db"])
    assert "other.db" in str(result.exception)


def test_config_of_the_environment_is_used_without_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a command of a group."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.yaml").write_text(GIVEN, encoding="utf-8")
    monkeypatch.setenv("MONITOR_CONFIG", "given.yaml")
    assert "Som Saath" in CliRunner().invoke(app, ["officials", "forms", "som"]).output


def test_files_of_the_program_are_private(tmp_path: Path) -> None:
    """The database, its lock, digests and backups can be read by their owner only, whatever the umask of the shell."""
    (tmp_path / "sources.yaml").write_text(
        "officials: {som: {name: Som Saath, country: Laos}}\nsources: {a: {feed: 'https://x.example/f', paused: x}}\n",
        encoding="utf-8",
    )
    shell = "umask 022; for words in poll 'db backup'; do $PYTHON -m monitor $words || exit 1; done"
    environ = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    created = [path for path in tmp_path.rglob("*") if path.name != "sources.yaml"]
    assert {path.stat().st_mode & 0o777 for path in created if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in created if path.is_dir()} <= {0o700}
    assert any(path.suffix == ".db" for path in created)
