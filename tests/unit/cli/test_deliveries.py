"""`monitor digests` and `monitor deliveries` over a real database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.rows import draft, screened
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.domain.delivery import DeliveryState, Retry
from monitor.domain.errors import MonitorError, UsageError
from monitor.store.database import Database

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db", timezone: Asia/Vientiane}
sources: {times: {feed: "https://times.example/rss"}}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules: {rule: {officials: [somebody]}}
digests: {morning: {rules: [rule], at: "07:00", send_when_empty: true}}
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder with one official and two hits."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = Database.open("sqlite:///monitor.db")
    screened(database, draft("harbour"), draft("bridge"), now=datetime.now(UTC) - timedelta(minutes=1))
    database.close()

    def call(*words: str, fails: type[Exception] | None = None) -> str:
        result = CliRunner().invoke(app, words)
        if fails:
            assert isinstance(result.exception, fails), result.output
        else:
            assert result.exit_code == 0, (result.output, result.exception)
        return result.output if fails is None else result.output + str(result.exception)

    return call


def test_a_digest_is_previewed_sent_and_listed(run: Run, tmp_path: Path) -> None:
    """A preview changes nothing; a sent digest is delivered and listed, and its hits are not sent again."""
    assert "About harbour" in run("digests", "preview", "morning")
    assert "About harbour" in run("digests", "preview", "morning")
    assert run("digests", "list").strip() == "No digest was sent yet."
    assert "2 stories" in run("digests", "send", "morning")
    assert len(list((tmp_path / "outbox").glob("morning-*.eml"))) == 1
    (line,) = [json.loads(text) for text in run("digests", "list", "--json").splitlines()]
    assert (line["digest"], line["hits"], line["deliveries"]) == ("morning", 2, {"sent": 1})
    assert "nothing to send" in run("digests", "list", "--all")
    assert "Nothing found" in run("digests", "preview", "morning")
    assert "About bridge" in run("digests", "preview", "morning", "--since", "1d")
    assert "About bridge" in run("digests", "show", str(line["id"]))
    assert "2 stories" in run("digests", "send", "morning", "--since", "1d")


def test_every_output_format_is_shown(run: Run) -> None:
    """HTML, page and JSON for previews and composed digests; Atom for the sent digests of a name."""
    assert "<h1" in run("digests", "preview", "morning", "--form", "html")
    assert "Content-Security-Policy" in run("digests", "preview", "morning", "--form", "page")
    assert json.loads(run("digests", "preview", "morning", "--json"))["type"] == "digest"
    run("digests", "send", "morning")
    assert run("digests", "list", "morning", "--atom").count("<entry>") == 2
    digest_id = str(json.loads(run("digests", "list", "--json"))["id"])
    assert "<h1" in run("digests", "show", digest_id, "--form", "html")
    assert "Content-Security-Policy" in run("digests", "show", digest_id, "--form", "page")
    assert json.loads(run("digests", "show", digest_id, "--json"))["data"]["digest"] == "morning"


def test_deliveries_are_listed_shown_resent_and_cancelled(run: Run, tmp_path: Path) -> None:
    """A delivery has the documented keys; it is resent under the same message id; a sent one cannot be cancelled."""
    run("digests", "send", "morning")
    (line,) = [json.loads(text) for text in run("deliveries", "list", "--json").splitlines()]
    keys = {"id", "digest", "channel", "target", "state", "attempts", "next_attempt_at", "last_error", "message_id"}
    assert line.keys() == keys
    assert (line["digest"], line["channel"], line["state"], line["attempts"]) == ("morning", "outbox", "sent", 1)
    assert "About harbour" in run("deliveries", "show", str(line["id"]))
    for file in (tmp_path / "outbox").iterdir():
        file.unlink()
    assert "sent to outbox" in run("deliveries", "resend", str(line["id"]))
    (mail,) = (tmp_path / "outbox").glob("*.eml")
    assert f"Message-ID: <{line['message_id']}@localhost>" in mail.read_text()
    assert "only a pending delivery can be cancelled" in run("deliveries", "cancel", str(line["id"]), fails=UsageError)


def test_all_failed_deliveries_are_resent(run: Run, tmp_path: Path) -> None:
    """--failed resends all of them; a failing delivery ends with an error for scripts."""
    (tmp_path / "outbox").write_text("a file where the folder should be")
    assert "1 of 1 deliveries failed" in run("digests", "send", "morning", fails=MonitorError)
    database = Database.open("sqlite:///monitor.db")
    far = datetime.now(UTC) + timedelta(days=1)
    (delivery,) = database.deliveries.lease_deliveries(far, 1, far)
    database.deliveries.record_result(delivery, Retry("no"), far, None)
    assert [one.state for one in database.deliveries.list_deliveries()] == [DeliveryState.FAILED]
    database.close()
    assert DeliveryState.FAILED in run("deliveries", "list", "--state", DeliveryState.FAILED)
    (tmp_path / "outbox").unlink()
    assert "sent to outbox" in run("deliveries", "resend", "--failed")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("digests", "preview", "evening"), "There are: morning"),
        (("digests", "send", "evening"), "There are: morning"),
        (("digests", "show", "99"), "no digest 99"),
        (("digests", "show", "²"), "'²' is not the id of a composed digest"),
        (("digests", "show", "morning"), "`monitor digests preview NAME` shows the digest that would be sent now"),
        (("digests", "list", "evening", "--atom"), "There are: morning"),
        (("digests", "preview", "morning", "--since", "soon"), "--since 'soon'"),
        (("deliveries", "show", "99"), "no delivery 99"),
        (("deliveries", "resend"), "--failed"),
        (("deliveries", "cancel", "99"), "no delivery 99"),
    ],
)
def test_unknown_names_and_ids_are_rejected(run: Run, words: tuple[str, ...], says: str) -> None:
    """The error lists the known names or suggests a command."""
    assert says in run(*words, fails=UsageError)
