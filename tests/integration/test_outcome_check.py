"""Outcome check: late deliveries, articles and digests are problems of the daemon's health."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from support.factories import NOW, message, watch
from support.fakes import FakeClock

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.digest import Digest, DigestPlan, Window
from monitor.domain.source import Source
from monitor.pipeline import outcome_check
from monitor.pipeline.outcome_check import OutcomeCheck
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database

DAILY = DigestPlan("morning", ("people",), at=time(7), channels=("outbox",), timezone="UTC")
SEVEN = datetime(2026, 5, 4, 7, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Open an empty database."""
    opened = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    yield opened
    opened.close()


def find_problems(database: Database, now: datetime) -> dict[str, str]:
    """Return the problems at a time, without the components that have none."""
    check = OutcomeCheck(database, CronDigestSchedule(), watch(DAILY), lambda: now)
    return {component: problem for component, problem in asyncio.run(check.run()).items() if problem}


def compose(database: Database, end_at: datetime) -> None:
    """Store a digest whose window ends at a time, with a delivery composed then."""
    digest = Digest(DAILY.id, "Morning", Window(end_at - HOUR, end_at), end_at, "UTC")
    database.digests.commit_digest(digest, (), ())


def test_an_empty_database_has_no_problem(database: Database) -> None:
    """There is nothing to be late."""
    assert find_problems(database, NOW) == {}


@pytest.mark.parametrize(("minutes", "is_overdue"), [(14, False), (16, True)])
def test_a_digest_that_is_not_composed_in_time_is_overdue(database: Database, minutes: int, is_overdue: bool) -> None:
    """A quarter of an hour after its time it is reported as a problem."""
    compose(database, SEVEN - 24 * HOUR)
    found = find_problems(database, SEVEN + minutes * MINUTE)
    assert found == ({"digest times": "morning is overdue"} if is_overdue else {})


def test_the_first_digest_of_a_plan_is_overdue_like_any_other(database: Database) -> None:
    """Its time counts from the start of the program, because the plan has no window yet."""
    clock = FakeClock(SEVEN - MINUTE)
    check = OutcomeCheck(database, CronDigestSchedule(), watch(DAILY), clock)
    assert asyncio.run(check.run())["digest times"] == ""
    clock.advance(20 * MINUTE)
    assert asyncio.run(check.run())["digest times"] == "morning is overdue"


def test_a_digest_that_was_composed_is_not_overdue(database: Database) -> None:
    """Its window ends at the time at which it was due."""
    compose(database, SEVEN)
    assert find_problems(database, SEVEN + 23 * HOUR) == {}


def test_a_delivery_that_waits_for_more_than_an_hour_is_a_problem(database: Database) -> None:
    """The mail server may be down; within the hour greylisting is normal."""
    sent = message()
    compose(database, NOW)
    digest = Digest("other", "Other", Window(NOW - HOUR, NOW), NOW, "UTC")
    database.digests.commit_digest(digest, (sent,), ())
    assert find_problems(database, sent.created_at + HOUR) == {}
    late = find_problems(database, sent.created_at + 2 * HOUR)
    assert late == {"delivery": "a delivery has been pending for 120 minutes"}


def test_an_article_that_waits_to_be_matched_is_a_problem(database: Database) -> None:
    """Until it is matched, it is not reported to anybody."""
    database.sources.register([Source("daily", "Daily", feed="https://daily.example/rss")], NOW)
    (lease,) = database.sources.lease_due(NOW, 1, NOW + HOUR, only={"daily"})
    article = Article("https://daily.example/1", title="A visit", body="Ada Example spoke.")
    new = NewArticle(("guid:1",), article, is_alertable=True, stage=Stage.EXTRACTED)
    database.articles.commit_poll(lease, lease.poll_state, [new], NOW)
    assert find_problems(database, NOW + 15 * MINUTE) == {}
    late = find_problems(database, NOW + 20 * MINUTE)
    assert late == {"matching": "an article has waited to be matched for 20 minutes"}


def test_a_write_ahead_log_that_grows_is_a_problem(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that reads for hours prevents the checkpoint of SQLite's log; when it ends, the problem ends."""
    monkeypatch.setattr(outcome_check, "MAX_LOG_BYTES", 5_000_000)
    reader = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM article").fetchone()
    for number in range(80):
        database.key_values.set(f"fact {number}", "x" * 100_000, NOW)
    assert find_problems(database, NOW)["database log"].startswith("the write-ahead log has grown to ")
    reader.close()
    database.key_values.set("fact", "x", NOW)  # this write triggers a checkpoint
    database.key_values.set("fact", "y", NOW)
    database.close()
    assert not (tmp_path / "monitor.db-wal").exists()
