"""`monitor forget official`."""

import json
from pathlib import Path

import pytest
from support.command_line import app
from support.feedback_desk import FeedbackDesk
from support.stores import open_database
from typer.testing import CliRunner

from monitor.domain.errors import UsageError

CONFIGURATION = """
settings: {{database: "sqlite:///monitor.db"}}
sources: {{times: {{feed: "https://times.example/rss"}}}}
officials: {{{0}: {{name: Ben Harcastle, country: United Kingdom}}}}
rules: {{people: {{officials: [{0}]}}}}
"""


def test_an_official_is_forgotten_only_if_deleted_in_the_file_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --yes the command counts; the report has the documented keys."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format("ada"))
    desk = FeedbackDesk(open_database(tmp_path))
    desk.compose()
    desk.add()
    desk.compose()
    desk.database.close()
    runner = CliRunner()
    assert isinstance(runner.invoke(app, ["forget", "official", "ada"]).exception, UsageError)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format("ben"))
    counted = runner.invoke(app, ["forget", "official", "ada"]).output
    assert counted.startswith("To be erased with --yes: 2 mentions, 0 near misses, 1 hit, 0 verdicts")
    erased = json.loads(runner.invoke(app, ["forget", "official", "ada", "--yes", "--json"]).output)
    assert (erased["official"], erased["erased"], erased["mentions"], erased["digests"]) == ("ada", True, 2, 1)
    assert erased["kept_articles"] == 1


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_an_id_of_which_nothing_is_stored_is_an_error(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a typing error, so nothing is erased, also not the former texts of edited files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format("ben"))
    open_database(tmp_path).close()
    runner = CliRunner()
    assert runner.invoke(app, ["search", "bridge", "--save-rule", "bridge"]).exit_code == 0
    result = runner.invoke(app, ["forget", "official", "adda", *options])
    assert isinstance(result.exception, UsageError)
    assert "Nothing about an official with the id 'adda' is stored" in str(result.exception)
    assert runner.invoke(app, ["undo", "1"]).exit_code == 0


def test_an_official_that_is_only_in_former_texts_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit that removed or followed it can then not be undone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format("ada"))
    open_database(tmp_path).close()
    runner = CliRunner()
    assert runner.invoke(app, ["search", "bridge", "--save-rule", "bridge"]).exit_code == 0
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format("ben"))
    assert runner.invoke(app, ["forget", "official", "ada", "--yes"]).exit_code == 0
    assert runner.invoke(app, ["undo", "1"]).exit_code != 0
