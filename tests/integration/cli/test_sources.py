"""`monitor sources list`."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import app
from support.stores import open_database
from typer.testing import CliRunner

from monitor.domain.errors import UsageError
from monitor.domain.source import Source
from monitor.domain.values import replace

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources:
  times: {name: The Times, feed: "https://times.example/rss"}
  herald: {sitemap: "https://herald.example/map.xml"}
  tribune: {feed: "https://tribune.example/rss", paused: moved to another address}
"""
KEYS = ["id", "name", "kind", "url", "state", "last_success_at", "next_poll_at", "articles", "groups"]
KEYS += ["complete_since"]
POLLED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder with three sources, one of which was polled."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    database = open_database(tmp_path)
    times = Source("times", "The Times", feed="https://times.example/rss")
    database.sources.register([times], POLLED_AT)
    (lease,) = database.sources.lease_due(POLLED_AT, 1, POLLED_AT + timedelta(minutes=5))
    next_poll_at = POLLED_AT + timedelta(minutes=10)
    after = replace(lease.poll_state, last_success_at=POLLED_AT, next_poll_at=next_poll_at)
    database.articles.commit_poll(lease, after, [], POLLED_AT)
    database.close()

    def call(*words: str) -> str:
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, UsageError):
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return call


def test_sources_are_listed_with_their_state(run: Run) -> None:
    """Every configured source is listed: the polled one with its times, a new one and a paused one without."""
    times, herald, tribune = map(json.loads, run("sources", "list", "--json").splitlines())
    assert list(times) == KEYS
    assert (times["id"], times["name"], times["kind"], times["state"]) == ("times", "The Times", "feed", "ok")
    assert (times["last_success_at"], times["next_poll_at"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z")
    assert (herald["kind"], herald["state"], herald["last_success_at"]) == ("sitemap", "never polled", None)
    assert (tribune["state"], tribune["next_poll_at"]) == ("paused", None)
    table = run("sources", "list")
    assert "The Times" in table
    assert "never polled" in table


def test_sources_are_listed_for_spreadsheets(run: Run) -> None:
    """The columns of --csv are the keys of --json; both at once are rejected."""
    rows = list(csv.DictReader(io.StringIO(run("sources", "list", "--csv").removeprefix("\ufeff"))))
    assert list(rows[0]) == KEYS
    assert [row["id"] for row in rows] == ["times", "herald", "tribune"]
    assert "choose one" in run("sources", "list", "--csv", "--json")


def test_a_configuration_without_sources_is_reported(run: Run, tmp_path: Path) -> None:
    """A sentence instead of an empty table."""
    (tmp_path / "empty.yaml").write_text('settings: {database: "sqlite:///monitor.db"}', encoding="utf-8")
    assert run("-c", "empty.yaml", "sources", "list").strip() == "No source is configured in empty.yaml."
