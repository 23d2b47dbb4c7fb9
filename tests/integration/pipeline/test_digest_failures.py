"""Digests that cannot be composed: retries, the plain list, and what is reported."""

import asyncio
import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from support.factories import NOW, ONCE, watch
from support.fakes import FakeClock

from monitor.domain.article import Article, NewArticle, Region, Stage
from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Delivery
from monitor.domain.digest import Digest, DigestPlan
from monitor.domain.errors import StoreError
from monitor.domain.mention import Findings, Passage, RuleHit
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.pipeline.compose_digests import DigestComposer
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.connections import Connections
from monitor.store.database import Database

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OTHER = DigestPlan("border", ("border",), at="immediately", channels=("outbox",), timezone="UTC")
PASSAGE = Passage("Ada Example spoke.", Region.BODY, 0, 18, ((0, 11),))


class Installation:
    """Digest composer on a database file whose rows can be damaged."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        self.url = f"sqlite:///{folder / 'monitor.db'}"
        self.database = Database.open(self.url)
        self.configuration, self.clock = configuration, FakeClock(NOW)
        self.composer = DigestComposer(self.database, CronDigestSchedule(), self.clock)
        self.database.sources.register([Source("daily", "Daily", feed="https://daily.example/rss")], NOW)

    def find(self, *titles: str, rule: str = "people") -> None:
        """Store articles, each with a hit of a rule."""
        found_at = self.clock.now - SECOND
        (lease,) = self.database.sources.lease_due(found_at, 1, found_at + HOUR, only={"daily"})
        new = [
            NewArticle(
                (f"guid:{title}",),
                Article(f"https://daily.example/{title}", title=f"<{title}>", body="Ada Example spoke."),
                is_alertable=True,
                stage=Stage.EXTRACTED,
            )
            for title in titles
        ]
        self.database.articles.commit_poll(lease, lease.poll_state, new, found_at)
        findings = Findings(hits=(RuleHit(rule, ("ada-example",), (PASSAGE,)),))
        stored = self.database.articles.unmatched(len(titles))
        self.database.findings.save([(one, findings) for one in stored], found_at)

    def damage(self, table: str, column: str, value: str) -> None:
        """Overwrite a column of all rows."""
        connections = Connections(self.url)
        with connections.write_transaction() as connection:
            connection.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})
        connections.close()

    def run(self, after: timedelta = timedelta(0)) -> list[Digest]:
        """Advance the clock and compose what is due."""
        self.clock.advance(after)
        return asyncio.run(self.composer.run_due(self.configuration))

    def run_often(self, duration: timedelta) -> list[tuple[timedelta, Digest]]:
        """Compose what is due every five seconds; return the digests with their time since now."""
        start, found = self.clock.now, []
        while self.clock.now - start < duration:
            found += [(self.clock.now - start, digest) for digest in self.run(after=5 * SECOND)]
        return found

    def deliveries(self) -> list[Delivery]:
        """Return all deliveries, oldest first."""
        return self.database.deliveries.list_deliveries(limit=1000)[::-1]


@pytest.fixture
def damaged(tmp_path: Path) -> Installation:
    """Return an installation with two hits that cannot be read."""
    installation = Installation(tmp_path, watch(ONCE))
    installation.run()
    installation.find("one", "two")
    installation.damage("hit", "kind", "other")
    return installation


def test_a_digest_that_fails_three_times_is_sent_as_headlines_and_links(damaged: Installation) -> None:
    """Its attempts are 10 and 20 seconds apart, and nothing is reported twice."""
    (sent,) = damaged.run_often(5 * MINUTE)
    assert sent[0] == timedelta(seconds=35)
    (delivery,) = damaged.deliveries()
    rendered = delivery.message.rendered
    assert rendered.subject == "urgent: 2 articles, as a list"
    for title in ("one", "two"):
        assert f"Daily: <{title}>\nhttps://daily.example/{title}" in rendered.text
        assert f'<a href="https://daily.example/{title}">Daily: &lt;{title}&gt;</a>' in rendered.html
    assert [story["title"] for story in json.loads(rendered.payload)["data"]["stories"]] == ["<one>", "<two>"]
    assert "It lists headlines and links only." in rendered.text


def test_a_failing_digest_is_described_without_texts_of_articles(damaged: Installation) -> None:
    """The line for health and status has the digest, the number of failures and the type of the error."""
    damaged.run()
    assert damaged.composer.failures.describe().startswith("urgent failed 1 time (")
    damaged.run(after=10 * SECOND)
    assert damaged.composer.failures.describe().startswith("urgent failed 2 times (")


def test_the_problem_ends_with_the_next_digest_that_is_composed(damaged: Installation) -> None:
    """After the plain list, the first digest without an error is complete again."""
    damaged.run_often(MINUTE)
    damaged.find("three")
    damaged.run(after=HOUR)
    assert damaged.composer.failures.describe() == ""
    (story,) = json.loads(damaged.deliveries()[-1].message.rendered.payload)["data"]["stories"]
    assert [passage["text"] for passage in story["items"][0]["passages"]] == ["Ada Example spoke."]


def test_the_log_has_one_traceback_an_hour(damaged: Installation, caplog: pytest.LogCaptureFixture) -> None:
    """Attempts continue all day, each at most ten minutes after the one before."""
    damaged.damage("article", "first_seen_at", "never")  # the plain list fails as well
    with caplog.at_level(logging.ERROR):
        damaged.run_often(2 * HOUR)
    tracebacks = [record for record in caplog.records if record.exc_info]
    assert len(tracebacks) == 2
    attempts = int(damaged.composer.failures.describe().split()[2])
    assert attempts >= 12


def test_a_failing_digest_does_not_stop_the_others(tmp_path: Path) -> None:
    """A digest of another rule is sent at once."""
    installation = Installation(tmp_path, watch(ONCE, OTHER))
    installation.run()
    installation.find("one")
    installation.damage("hit", "kind", "other")
    installation.find("two", rule="border")
    assert [digest.plan_id for digest in installation.run()] == ["border"]


def test_a_template_that_includes_itself_is_replaced_by_the_built_in_one(tmp_path: Path) -> None:
    """The digest is complete, and the problem of the template is kept for the operator."""
    (tmp_path / "digest.html").write_text("{% include 'digest.html' %}", encoding="utf-8")
    configuration = watch(ONCE)
    settings = replace(configuration.settings, template_dir=str(tmp_path))
    installation = Installation(tmp_path, replace(configuration, settings=settings))
    installation.run()
    installation.find("one")
    (digest,) = installation.run()
    assert digest.stories
    (problem,) = installation.deliveries()[0].message.rendered.template_problems
    assert problem.startswith("The template digest.html in the templates folder failed")


def test_a_database_error_is_raised(tmp_path: Path) -> None:
    """The daemon reports it as a problem of the database, not of a digest."""
    installation = Installation(tmp_path, watch(ONCE))
    installation.run()
    installation.damage("hit", "passages", "[]")
    connections = Connections(installation.url)
    with connections.write_transaction() as connection:
        connection.execute(text("DROP TABLE hit"))
    connections.close()
    with pytest.raises(StoreError):
        installation.run(after=SECOND)
    assert installation.composer.failures.describe() == ""
