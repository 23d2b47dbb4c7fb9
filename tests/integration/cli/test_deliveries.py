"""`monitor digests` and `monitor deliveries` over a real database."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import run_command
from support.rows import draft, screened
from support.stores import open_database

from monitor.cli.digests import print_attempts
from monitor.config.load import load_configuration
from monitor.domain.delivery import DeliveryState, Rejected, Retry, SendResult, Sent
from monitor.domain.errors import MonitorError, UsageError
from monitor.pipeline.compose_digests import DigestComposer
from monitor.schedule.digest_times import CronDigestSchedule
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
    database = open_database(tmp_path)
    screened(database, draft("harbour"), draft("bridge"), now=datetime.now(UTC) - timedelta(minutes=1))
    database.close()
    return run_command


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
    repeated, first = [json.loads(text) for text in run("digests", "list", "--json").splitlines()]
    assert (repeated["hits"], first["hits"]) == (2, 2), "hits that are sent again count, too"


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


def test_a_press_review_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    """A PDF, a Word document or Markdown of a preview or of a composed digest."""
    for form, begin in (("pdf", b"%PDF-"), ("docx", b"PK"), ("md", b"# morning\n")):
        file = tmp_path / f"review.{form}"
        assert run("digests", "preview", "morning", "--form", form, "--output", str(file)) == ""
        assert file.read_bytes().startswith(begin)
    assert "About harbour" in run("digests", "preview", "morning", "--form", "md")
    missing = tmp_path / "missing" / "review.md"
    says = run("digests", "preview", "morning", "--output", str(missing), fails=UsageError)
    assert f"{missing} cannot be written: No such file or directory" in says


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


def test_a_cancelled_resend_of_a_sent_delivery_is_listed_as_sent(run: Run) -> None:
    run("digests", "send", "morning")
    database = Database.open("sqlite:///monitor.db")
    (delivery,) = database.deliveries.list_deliveries()
    database.deliveries.resend(delivery.id, datetime.now(UTC))
    database.close()
    assert "is not sent again" in run("deliveries", "cancel", str(delivery.id))
    (line,) = [json.loads(text) for text in run("deliveries", "list", "--json").splitlines()]
    assert (line["state"], line["attempts"]) == ("sent", 1)


def test_all_failed_deliveries_are_resent(run: Run, tmp_path: Path) -> None:
    """--failed resends all of them; a failing delivery ends with an error for scripts."""
    (tmp_path / "outbox").write_text("a file where the folder should be")
    assert "1 of 1 delivery failed" in run("digests", "send", "morning", fails=MonitorError)
    database = Database.open("sqlite:///monitor.db")
    far = datetime.now(UTC) + timedelta(days=1)
    (delivery,) = database.deliveries.lease_deliveries(far, 1, far)
    database.deliveries.record_result(delivery, Retry("no"), far, None)
    assert [one.state for one in database.deliveries.list_deliveries()] == [DeliveryState.FAILED]
    database.close()
    assert DeliveryState.FAILED in run("deliveries", "list", "--state", DeliveryState.FAILED)
    (tmp_path / "outbox").unlink()
    assert "sent to outbox" in run("deliveries", "resend", "--failed")


def test_resending_failed_deliveries_without_any_prints_a_message(run: Run) -> None:
    """A message states that none has failed."""
    run("digests", "send", "morning")
    assert "No delivery has the state failed; nothing is sent." in run("deliveries", "resend", "--failed")


def test_a_delivery_that_a_daemon_took_is_shown_with_its_state(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The command does not state that no delivery was due."""
    run("digests", "send", "morning")
    database = Database.open("sqlite:///monitor.db")
    deliveries = database.deliveries.list_deliveries()
    database.close()
    print_attempts([], deliveries)
    assert capsys.readouterr().out.startswith("sent to outbox: ")


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


def refuse(folder: Path, results: list[SendResult]) -> None:
    """Send a digest by mail to two recipients, with these results."""
    text = CONFIGURATION.replace("digests: {morning: {", "digests: {morning: {channels: [mail], ")
    mail = (
        "channels: {mail: {email: {to: [a@b.example, c@d.example], from: m@e.example, server: 'smtp://127.0.0.1:9'}}}\n"
    )
    (folder / "sources.yaml").write_text(text + mail)
    database, now = Database.open("sqlite:///monitor.db"), datetime.now(UTC)
    configuration = load_configuration(folder / "sources.yaml", {})
    composer = DigestComposer(database, CronDigestSchedule(), lambda: now)
    asyncio.run(composer.send_now(configuration.digests[0], configuration))
    leased = database.deliveries.lease_deliveries(now, 10, now + timedelta(minutes=5))
    for delivery, result in zip(leased, results, strict=True):
        database.deliveries.record_result(delivery, result, now, None)
    database.close()


def test_a_rejected_delivery_can_be_dismissed(run: Run, tmp_path: Path) -> None:
    """It stays in the list and is not reported any more; a sent delivery cannot be dismissed; resending undoes it."""
    refuse(tmp_path, [Sent(), Rejected("no such mailbox")])
    assert "A target rejected a digest" in run("status")
    assert "only a rejected or failed delivery" in run("deliveries", "dismiss", "1", fails=UsageError)
    assert run("deliveries", "dismiss", "2").strip() == "2: morning to c@d.example is dismissed."
    assert "rejected, dismissed" in run("deliveries", "list")
    assert "rejected a digest" not in run("status")
    assert json.loads(run("status", "--json"))["deliveries"]["rejected"] == 0
    run("deliveries", "resend", "2", fails=MonitorError)
    assert "dismissed" not in run("deliveries", "list")


def test_a_sent_mail_is_sent_to_another_address(run: Run, tmp_path: Path) -> None:
    """As a new delivery with its own Message-ID; the old one stays sent."""
    refuse(tmp_path, [Sent(), Sent()])
    assert "not a valid" in run("deliveries", "resend", "1", "--to", "nobody", fails=UsageError)
    run("deliveries", "resend", "1", "--to", "new@b.example", fails=MonitorError)  # nothing listens at the port
    new, _, old = map(json.loads, run("deliveries", "list", "--json").splitlines())
    assert (new["target"], new["state"], old["target"], old["state"]) == (
        "new@b.example",
        "pending",
        "a@b.example",
        "sent",
    )
    assert new["message_id"] != old["message_id"]


def test_a_delivery_that_failed_twice_is_a_problem_at_once(run: Run, tmp_path: Path) -> None:
    """With the reason, before the digest is overdue."""
    refuse(tmp_path, [Sent(), Sent()])
    database, now = Database.open("sqlite:///monitor.db"), datetime.now(UTC)
    for attempt in range(2):
        at = now + timedelta(minutes=attempt)
        if not attempt:
            database.deliveries.resend(1, at)
        (leased,) = database.deliveries.lease_deliveries(at, 10, at + timedelta(minutes=5))
        assert ("not accepted" in run("status")) is False
        database.deliveries.record_result(leased, Retry("535 wrong password"), at, at + timedelta(seconds=1))
    database.close()
    assert "1 delivery was not accepted and will be tried again: 535 wrong password" in run("status")
