"""`monitor channels`, channels that cannot work, and what `monitor check` reports of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import run_command
from support.stores import open_database

from monitor.domain.errors import MonitorError, UsageError

CONFIGURATION = """
sources: {times: {feed: "https://times.example/rss"}}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules: {people: {officials: [somebody]}}
channels:
  files: {folder: sent}
  chat:
    chat: slak://token-a/token-b
  bot: {chat: "tgram://123"}
digests: {morning: {rules: [people], at: "07:00", channels: [files, chat]}}
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    (tmp_path / "sources.yaml").chmod(0o600)
    return run_command


def test_a_test_message_is_sent_without_a_database(run: Run, tmp_path: Path) -> None:
    """It reaches every target; no database is created, so nothing can be marked as reported."""
    assert run("channels", "test", "files").startswith("sent to files:")
    (mail,) = (tmp_path / "sent").glob("test-*.eml")
    assert "This is a test message of monitor." in (tmp_path / "sent" / f"{mail.stem}.html").read_text()
    assert json.loads((tmp_path / "sent" / f"{mail.stem}.json").read_text())["type"] == "digest"
    assert run("channel", "test", "files", "--json").count('"sent"') == 1
    assert not list(tmp_path.glob("*.db*"))


def test_a_test_message_that_is_not_accepted_is_a_failure(run: Run) -> None:
    """With the reason; a wrong name lists the channels."""
    assert "is not one that Apprise understands" in run("channels", "test", "chat", fails=MonitorError)
    assert "There are: bot, chat, files." in run("channels", "test", "chatt", fails=UsageError)
    assert "is a folder channel" in run("channels", "test", "files", "--to", "a@b.example", fails=UsageError)


def test_check_reports_each_channel_that_cannot_work_at_its_line(run: Run) -> None:
    """The secret part of the URL is not shown. The daemon uses this file, and the message states how."""
    output = run("check", code=1)
    assert output.count("The daemon works without this channel, and deliveries to it wait") == 2
    assert output.splitlines()[-1] == "sources.yaml has 2 errors."
    assert "sources.yaml:8:11: channels.chat.chat: the chat URL (slak://...) is not one that Apprise" in output
    assert "sources.yaml:9:15: channels.bot.chat: the chat URL (tgram://...)" in output
    assert "token-a" not in output


def test_a_channel_that_cannot_work_stops_no_other(run: Run, tmp_path: Path) -> None:
    """The digest reaches the folder; the delivery to the chat waits with the reason, and the list names it."""
    open_database(tmp_path).close()
    output = run("digests", "send", "morning", fails=MonitorError)
    assert "sent to files" in output
    assert "retry to chat: slak#" in output
    assert list((tmp_path / "sent").glob("morning-*.eml"))
    (pending,) = [json.loads(line) for line in run("deliveries", "list", "--state", "pending", "--json").splitlines()]
    assert "Apprise" in pending["last_error"]
    listed = {one["id"]: one for one in map(json.loads, run("channels", "list", "--json").splitlines())}
    assert listed["files"]["problem"] == ""
    assert "Apprise" in listed["chat"]["problem"]
    assert listed["chat"]["digests"] == ["morning"]
