"""The command line ends every error in a sentence and an exit code."""

import sys

import pytest

from monitor.cli import main as command
from monitor.domain.errors import ConfigError, ConfigIssue, InputError, MonitorError, QueryError, StoreFull, UsageError

CASES = [
    (ConfigError((ConfigIssue("s.yaml", 1, 2, "unknown key 'sorces'"),)), 1),
    (QueryError("a parenthesis is open", 3, "')'"), 1),
    (InputError('articles.jsonl:3: must be an object with "text"'), 1),
    (UsageError("There is no source 'x'."), 2),
    (StoreFull("The disk is full."), 3),
    (PermissionError(13, "Permission denied", "monitor.db"), 3),
]


@pytest.mark.parametrize(("error", "code"), CASES, ids=lambda value: type(value).__name__)
def test_an_error_is_a_sentence_and_a_code(
    error: MonitorError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts read the code, people the sentence; nobody sees a traceback."""

    def fails(**_: object) -> None:
        raise error

    monkeypatch.setattr(command, "app", fails)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == code
    said = "monitor.db cannot be used: Permission denied" if isinstance(error, OSError) else error
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(("words", "code", "says"), [(["--version"], 0, "monitor "), (["pol"], 2, "No such command")])
def test_what_typer_says_itself(
    words: list[str], code: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage errors end with 2, as everywhere."""
    monkeypatch.setattr(sys, "argv", ["monitor", *words])
    with pytest.raises(SystemExit) as ended:
        command.main()
    out, err = capsys.readouterr()
    assert ended.value.code == code
    assert says in out + err
