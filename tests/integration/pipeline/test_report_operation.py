"""Report to the operator: problems of operation, which readers of digests do not see."""

import asyncio
import json
from datetime import timedelta

from integration.pipeline.test_compose_digests import DAILY, DAY, HOUR, Installation
from support.factories import NOW, message, watch
from support.fakes import FakeClock

from monitor.domain.channels import FolderChannel
from monitor.domain.delivery import Retry
from monitor.domain.digest import Digest, Window
from monitor.domain.poll_state import SourceState
from monitor.domain.values import replace
from monitor.pipeline.report_operation import CHECK_INTERVAL, OperatorReporter
from monitor.store.database import Database

OPS, OUTBOX = FolderChannel("ops", "/operator"), FolderChannel("outbox", "/nowhere")
REJECTED = "550 5.1.1 no such mailbox"


class Operator:
    """An installation with a channel for its operator."""

    def __init__(self, database: Database, *operator: str) -> None:
        configuration = watch(DAILY, channels=(OPS, OUTBOX))
        settings = replace(configuration.settings, operator=operator)
        self.installation = Installation(database, replace(configuration, settings=settings))
        self.installation.run()
        self.clock: FakeClock = self.installation.clock
        self.restart()

    def restart(self) -> None:
        """Start a new reporter, which remembers nothing."""
        self.reporter = OperatorReporter(self.installation.database, self.clock)

    def run(self, *problems: str, after: timedelta = CHECK_INTERVAL) -> Digest | None:
        """Advance the clock and send the report that is due."""
        self.clock.advance(after)
        return asyncio.run(self.reporter.run_due(self.installation.configuration, problems))

    def fail_delivery(self, target: str, plan_id: str = "other") -> None:
        """Store a digest whose delivery failed."""
        database, now = self.installation.database, self.clock.now
        sent = replace(message(9, target), plan_id=plan_id, key=f"{plan_id}-{target}-{now}")
        database.digests.commit_digest(Digest(plan_id, "Other", Window(now - DAY, now), now, "UTC"), [sent], ())
        (delivery,) = database.deliveries.lease_deliveries(now, 1, now + HOUR)
        database.deliveries.record_result(delivery, Retry(REJECTED), now, None)


def test_a_failed_delivery_is_reported_with_its_address_error_and_command(database: Database) -> None:
    """Only the channels of the operator get it, and once."""
    operator = Operator(database, "ops")
    operator.fail_delivery("colleague@example.org")
    report = operator.run()
    assert report is not None
    (notice,) = report.notices
    assert notice.startswith(f"1 digest did not reach colleague@example.org (channel desk): {REJECTED}. `monitor ")
    assert "`monitor deliveries resend` sends them again" in notice
    (delivery,) = [one for one in operator.installation.deliveries() if one.message.plan_id == "operator"]
    assert delivery.message.target == "/operator"
    rendered = delivery.message.rendered
    assert rendered.subject == "Operation of monitor, 4 May: 1 problem"
    assert REJECTED in rendered.html
    assert json.loads(rendered.payload)["data"]["operator"] is True
    assert [operator.run(after=HOUR) for _ in range(3)] == [None] * 3


def test_readers_only_learn_how_many_recipients_were_not_reached(database: Database) -> None:
    """No address, response or command is in their digest."""
    operator = Operator(database, "ops")
    for target in ("colleague@example.org", "night@example.org", "colleague@example.org"):
        operator.clock.advance(HOUR)
        operator.fail_delivery(target)
    operator.installation.find(1)
    (digest,) = operator.installation.run(DAY)
    assert digest.notices == ("2 recipients could not be reached.",)
    rendered = operator.installation.deliveries()[-1].message.rendered
    for form in (rendered.text, rendered.html, rendered.payload, *rendered.blocks):
        assert "example.org" not in form
        assert "550" not in form
        assert "`monitor" not in form


def test_without_a_channel_for_the_operator_nothing_is_composed(database: Database) -> None:
    """`monitor status` has the problems."""
    operator = Operator(database)
    operator.fail_delivery("colleague@example.org")
    assert operator.run() is None
    assert not [one for one in operator.installation.digests() if one.plan_id == "operator"]


def test_a_failed_report_is_not_reported(database: Database) -> None:
    """Otherwise a channel that fails would get a report about itself every hour."""
    operator = Operator(database, "ops")
    operator.fail_delivery("ops@example.org", plan_id="operator")
    assert [operator.run(after=HOUR) for _ in range(3)] == [None] * 3
    operator.installation.find(1)
    (digest,) = operator.installation.run(DAY)
    assert digest.notices == ()


def test_problems_of_sources_are_reported_with_suggestions_and_their_end(database: Database) -> None:
    """Problems within minutes share a report, at most one an hour; quarantined articles have the command."""
    operator = Operator(database, "ops")
    operator.run()
    operator.installation.poll("kpl", SourceState.BLOCKED)
    operator.installation.poll("vna", SourceState.GONE)
    operator.installation.quarantine("daily", "one of many old articles", 30)
    first = operator.run()
    assert first is not None
    assert sorted(notice.partition(" since")[0].partition(" (")[0] for notice in first.notices) == [
        "daily: 30 articles were quarantined",
        "kpl is blocked",
        "vna is gone",
    ]
    assert "`monitor articles release daily`" in "".join(first.notices)
    operator.installation.poll("kpl", SourceState.OK)
    later = [operator.run() for _ in range(24)]
    assert [number for number, report in enumerate(later) if report] == [11]
    (report,) = filter(None, later)
    (notice,) = report.notices
    assert notice.startswith("kpl is read again")


def test_other_problems_are_repeated_daily_while_they_last(database: Database) -> None:
    """A rejected configuration is reported at once, also while the database has nothing to report."""
    operator = Operator(database, "ops")
    rejected = "sources.yaml:3:1: this cannot be read as YAML"
    reports = [operator.run(rejected, after=HOUR) for _ in range(30)]
    assert [number for number, report in enumerate(reports) if report] == [0, 24]
    assert [report.notices for report in reports if report] == [(rejected,)] * 2
    assert operator.run(after=HOUR) is None
    again = operator.run(rejected, after=HOUR)
    assert again is not None, "a new problem after the old one ended"


def test_a_new_problem_is_reported_within_a_second(database: Database) -> None:
    """The database is read every few minutes; a rejected configuration does not wait for that."""
    operator = Operator(database, "ops")
    assert operator.run() is None
    report = operator.run("sources.yaml:3:1: this cannot be read as YAML", after=timedelta(seconds=1))
    assert report is not None
    assert operator.run("another problem", after=timedelta(seconds=1)) is None, "at most one report an hour"
    again = operator.run("another problem", after=HOUR)
    assert again is not None
    assert again.notices == ("another problem",)


def test_a_report_is_sent_once_also_after_a_restart(database: Database) -> None:
    """The window of the last report is in the database."""
    operator = Operator(database, "ops")
    operator.fail_delivery("colleague@example.org")
    assert operator.run() is not None
    operator.restart()
    assert operator.run(after=HOUR) is None
    assert operator.clock.now > NOW
