"""Commands on a database with a row that cannot be read: it is named, and the other rows are shown."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import app
from support.rows import draft, screened
from support.stores import open_database
from typer.testing import CliRunner, Result

from monitor.domain.errors import DamagedRow

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules: {rule: {officials: [somebody]}}
digests: {morning: {rules: [rule], at: "07:00", send_when_empty: true}}
"""
Run = Callable[..., Result]
COMMANDS = (
    ("digests", "preview", "morning"),
    ("digests", "list", "--json"),
    ("digests", "send", "morning"),
    ("deliveries", "list", "--json"),
    ("articles", "--json"),
    ("hits", "--json"),
    ("stories", "--json"),
    ("search", "words"),
    ("sources", "list", "--json"),
    ("status", "--json"),
    ("why", "https://times.example/harbour"),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder with four hits."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = open_database(tmp_path)
    drafts = [draft(name) for name in ("harbour", "market", "school", "bridge")]
    screened(database, *drafts, now=datetime.now(UTC) - timedelta(minutes=1))
    database.close()
    return lambda *words: CliRunner().invoke(app, words)


def damage(table: str, column: str, number: int = 1, value: str = '{"') -> None:
    with closing(sqlite3.connect("monitor.db")) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, number))
        connection.commit()


@pytest.mark.parametrize(
    ("damages", "expected"),
    [
        ((("hit", "passages", 1), ("mention", "form", 2), ("near_miss", "region", 2)), "About harbour"),
        ((("hit", "official_ids", 2), ("article_text", "captions", 3)), "row 2 of the table hit cannot be read"),
        ((("mention", "region", 1), ("article", "stage", 2), ("source", "page_quality", 1)), "About bridge"),
        ((("source", "poll_state", 1), ("article", "authors", 4)), "row 4 of the table hit cannot be read"),
    ],
)
def test_damaged_rows_give_no_traceback_and_hide_no_other_row(
    run: Run, damages: tuple[tuple[str, str, int], ...], expected: str
) -> None:
    """Each command ends with its output or with a message that names the row.

    A hit without readable passages is still in the digest.
    """
    for table, column, number in damages:
        damage(table, column, number)
    for command in COMMANDS:
        result = run(*command)
        assert result.exception is None or isinstance(result.exception, DamagedRow | SystemExit), (command, result)
        if command[:2] == ("digests", "preview"):
            shown = result.output if result.exception is None else str(result.exception)
            assert expected in shown


@pytest.mark.parametrize(
    ("command", "table", "column"),
    [
        (("articles",), "article", "authors"),
        (("articles", "--since", "7d"), "article", "authors"),
        (("hits",), "hit", "passages"),
        (("deliveries", "list"), "rendered_digest", "content"),
    ],
)
def test_a_list_goes_on_after_a_part_of_damaged_rows(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], table: str, column: str
) -> None:
    """The older rows follow."""
    monkeypatch.setattr("monitor.cli.common.PART_ROWS", 1)
    for _ in range(3):
        run("digests", "send", "morning")
    whole = [json.loads(line)["id"] for line in run(*command, "--json").stdout.splitlines()]
    assert len(whole) >= 3
    damage(table, column, max(whole) if table != "rendered_digest" else 3)
    damage(table, column, max(whole) - 1 if table != "rendered_digest" else 2)
    result = run(*command, "--json")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == whole[2:]


@pytest.mark.parametrize(("table", "column"), [("digest", "content"), ("article", "authors")])
def test_a_damaged_row_that_is_asked_for_is_named(run: Run, table: str, column: str) -> None:
    """The error has table and id, and what to do."""
    assert run("digests", "send", "morning").exit_code == 0
    damage(table, column)
    result = run(f"{table}s", "show", "1")
    assert isinstance(result.exception, DamagedRow)
    assert str(result.exception).startswith(f"row 1 of the table {table} cannot be read")
