"""Commands for the set-up: init, check, schema."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli import setup
from monitor.domain.errors import UsageError

app = typer.Typer()
for command in (setup.init, setup.check, setup.schema):
    app.command()(command)


def test_the_file_of_init_passes_check(tmp_path: Path) -> None:
    """The first file of a user is valid without edits, and its schema is in the same folder."""
    folder = tmp_path / "new"
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(folder)]).exit_code == 0
    checked = runner.invoke(app, ["check", "-c", str(folder / "sources.yaml")])
    assert (checked.exit_code, checked.stdout.count("\n")) == (0, 1), checked.output
    assert "is valid: 2 sources, 2 officials, 2 rules, 1 channel, 1 digest." in checked.stdout
    assert json.loads((folder / "sources.schema.json").read_text(encoding="utf-8"))["properties"]["officials"]


def test_init_never_overwrites(tmp_path: Path) -> None:
    """An existing file stays the same, byte for byte."""
    (tmp_path / "sources.yaml").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert isinstance(result.exception, UsageError)
    assert (tmp_path / "sources.yaml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "sources.schema.json").exists()


def test_check_prints_all_errors_and_exits_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors have the form file:line:column: message, as lines or as one JSON document."""
    monkeypatch.chdir(tmp_path)
    Path("sources.yaml").write_text("rules:\n  r: {query: 'a AND'}\n  s: {}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("sources.yaml:2:19: rules.r.query: ")
    assert lines[1].startswith("sources.yaml:3:3: rules.s: a rule needs officials or a query; add")
    found = json.loads(CliRunner().invoke(app, ["check", "--json"]).stdout)
    assert not found["valid"]
    assert [(error["line"], error["column"]) for error in found["errors"]] == [(2, 19), (3, 3)]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_check_prints_warnings_also_if_there_are_errors(options: list[str], tmp_path: Path) -> None:
    """Otherwise the next run, after the errors are corrected, finds something again."""
    text = "sources: {a: {feed: 'http://10.1.2.3/f', poll: x}}\nofficials: {o: {name: Dr Lee, country: Kenya}}\n"
    text += "rules: {r: {officials: o}}\ndigests: {d: {rules: r, at: 25}}\n"
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "sources.yaml"), *options])
    assert result.exit_code == 1
    for words in ('no key "poll', "digests.d.at", "sources.a.feed: this address is in a private", "a form of address"):
        assert words in result.stdout.replace('\\"', '"')
    assert "no digest has this rule" not in result.stdout
    if options:
        assert len(json.loads(result.stdout)["warnings"]) == 2
    else:
        assert [": warning: " in line for line in result.stdout.splitlines()] == [False, False, True, True]


def test_schema_is_json() -> None:
    """The schema is printed to stdout."""
    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout)["additionalProperties"] is False


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_complete_commands_and_ids(shell: str, tmp_path: Path) -> None:
    """Bash and zsh get a script that completes commands and the ids in the user's file, even an invalid one."""
    (tmp_path / "sources.yaml").write_text("sources: {kpl: {}, kpl-two: {}, other: {}}\nx: [", encoding="utf-8")
    monitor = [sys.executable, "-c", "import sys; sys.argv[0] = 'monitor'; from monitor.cli.main import main; main()"]

    def ask(**more: str) -> str:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}
        return subprocess.run(monitor, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False).stdout

    assert "_MONITOR_COMPLETE" in ask(_MONITOR_COMPLETE=f"source_{shell}")
    words = {"COMP_WORDS": "monitor poll kp", "COMP_CWORD": "2", "_TYPER_COMPLETE_ARGS": "monitor poll kp"}
    found = ask(_MONITOR_COMPLETE=f"complete_{shell}", **words)
    assert "kpl" in found
    assert "kpl-two" in found
    assert "other" not in found
