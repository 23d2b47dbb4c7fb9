"""`monitor db` and `monitor evidence` over a real database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import run_command
from support.rows import MINUTE, NOW, draft, found, kept

from monitor.domain.article import Stage
from monitor.domain.errors import InputError, UsageError
from monitor.domain.fetch_result import Fetched
from monitor.store.database import Database

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules: {rule: {officials: [somebody]}}
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder with one matched article whose page was kept."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = Database.open("sqlite:///monitor.db")
    kept(database, draft("harbour", stage=Stage.LISTED))
    (unread,) = database.articles.lease_pages(NOW, 1, NOW + MINUTE)
    database.articles.save_page(unread, unread.article, Fetched("https://x", 200, (), b"page", fetched_at=NOW))
    database.findings.save([(one, found("rule")) for one in database.articles.unmatched(1)], NOW)
    database.close()
    return run_command


def test_a_database_is_upgraded_backed_up_and_checked(run: Run, tmp_path: Path) -> None:
    """Each command prints its result as text and as JSON."""
    assert "nothing to do" in run("db", "upgrade")
    assert json.loads(run("db", "upgrade", "--json"))["applied"] == []
    assert "verified" in run("db", "backup")
    made = json.loads(run("db", "backup", "--to", "elsewhere", "--json"))
    assert (tmp_path / made["backup"]).stat().st_size == made["bytes"]
    assert run("db", "check").strip() == "The database has no damage."
    assert json.loads(run("db", "check", "--json")) == {"errors": []}


def test_upgrade_creates_a_new_database(run: Run) -> None:
    """All migrations are applied and listed."""
    applied = json.loads(run("db", "upgrade", "--database", "sqlite:///other.db", "--json"))["applied"]
    assert applied[0] == "0001"
    assert f"Schema {applied[-1]}" in run("db", "upgrade", "--database", "sqlite:///other.db")


def test_check_of_a_damaged_database_exits_with_1(run: Run, tmp_path: Path) -> None:
    """The output lists the damage and suggests a backup."""
    file = tmp_path / "monitor.db"
    file.write_bytes(b"no database" * 1000)
    assert "restore a backup" in run("db", "check", code=1)
    assert json.loads(run("db", "check", "--json", code=1))["errors"]


def test_evidence_of_an_article_is_exported(run: Run, tmp_path: Path) -> None:
    """Into a new folder; an existing folder and an unknown article are rejected."""
    assert "verify.py" in run("evidence", "export", "1")
    assert (tmp_path / "evidence-1" / "page.body").read_bytes() == b"page"
    assert json.loads(run("evidence", "export", "1", "--to", "other", "--json")) == {"article": 1, "folder": "other"}
    assert "already exists" in run("evidence", "export", "1", fails=UsageError)
    assert "no article 7" in run("evidence", "export", "7", fails=UsageError)


def test_a_changed_export_is_reported(run: Run, tmp_path: Path) -> None:
    """An untouched export is valid; a changed page ends with 1 and is named. Neither needs the configuration."""
    run("evidence", "export", "1")
    (tmp_path / "sources.yaml").unlink()
    assert run("evidence", "verify", "evidence-1").startswith("The evidence is unchanged. The chain ends with ")
    result = json.loads(run("evidence", "verify", "evidence-1", "--json"))
    last_hash = (tmp_path / "evidence-1" / "chain.txt").read_text().split()[-1]
    assert result == {"folder": "evidence-1", "valid": True, "errors": [], "last_hash": last_hash}
    (tmp_path / "evidence-1" / "page.body").write_bytes(b"another page")
    assert "page.body was changed" in run("evidence", "verify", "evidence-1", code=1)
    assert json.loads(run("evidence", "verify", "evidence-1", "--json", code=1))["valid"] is False


def test_a_folder_without_evidence_is_rejected(run: Run, tmp_path: Path) -> None:
    """A folder of something else, a missing folder and a truncated file are errors of the caller, not damage."""
    assert "SHA256SUMS is missing" in run("evidence", "verify", str(tmp_path), fails=UsageError)
    assert "SHA256SUMS is missing" in run("evidence", "verify", "nowhere", fails=UsageError)
    run("evidence", "export", "1")
    (tmp_path / "evidence-1" / "chain.txt").write_text("")
    assert "the evidence cannot be read" in run("evidence", "verify", "evidence-1", fails=InputError)
