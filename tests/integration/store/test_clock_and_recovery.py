"""Polls, pages and deliveries that a dead process or a wrong clock put off are due again, on both engines."""

from datetime import datetime, timedelta

from support.rows import MINUTE, NOW, digest, draft, found, kept, leased, message, plan, screened, source

from monitor.domain.article import Stage
from monitor.domain.delivery import Retry, Sent
from monitor.domain.mention import Findings
from monitor.domain.polling_policy import ClockChange
from monitor.domain.values import replace
from monitor.store.database import Database

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def planned_by(database: Database, wrong: timedelta) -> None:
    """Let a clock that is wrong plan a poll, a page and a delivery in three hours."""
    now = NOW + wrong
    database.maintenance.record_clock(now)
    lease = leased(database, now=now)
    database.sources.record_poll(lease, replace(lease.poll_state, next_poll_at=now + 3 * HOUR))
    (unread,) = database.articles.lease_pages(now, 5, now + MINUTE)
    database.articles.postpone_page(unread, "late", now + 3 * HOUR)
    (delivery,) = database.deliveries.lease_deliveries(now, 5, now + MINUTE)
    database.deliveries.record_result(delivery, Retry("down"), now, now + 3 * HOUR)


def due(database: Database, after: timedelta) -> tuple[int, int, int]:
    """Count the polls, pages and deliveries that are due a time span after NOW."""
    now, until = NOW + after, NOW + after + MINUTE
    return (
        len(database.sources.lease_due(now, 5, until)),
        len(database.articles.lease_pages(now, 5, until)),
        len(database.deliveries.lease_deliveries(now, 5, until)),
    )


def filled(database: Database) -> None:
    database.sources.register([source()], NOW)
    kept(database, draft("page", stage=Stage.LISTED))
    database.digests.commit_digest(digest("one"), [message("k1")], ())


def test_times_planned_under_a_fast_clock_are_shifted_when_it_is_corrected(database: Database) -> None:
    """The clock was a day ahead and is put right: all comes after the three hours that were meant, not after 27."""
    filled(database)
    planned_by(database, DAY)
    assert database.maintenance.record_clock(NOW + MINUTE) == ClockChange(set_back_by=DAY - MINUTE)
    assert due(database, 2 * HOUR) == (0, 0, 0)
    assert due(database, 3 * HOUR + MINUTE) == (1, 1, 1)
    assert database.maintenance.record_clock(NOW + 2 * MINUTE) == ClockChange()


def test_correcting_a_slow_clock_changes_nothing(database: Database) -> None:
    """Set forward, or back by seconds, the clock leaves every plan as it is."""
    filled(database)
    planned_by(database, timedelta(0))
    assert database.maintenance.record_clock(NOW - timedelta(seconds=20)) == ClockChange()
    assert due(database, 2 * HOUR) == (0, 0, 0)
    assert database.maintenance.record_clock(NOW + DAY) == ClockChange()
    assert due(database, DAY) == (1, 1, 1)


def test_a_lease_from_a_fast_clock_ends_when_the_clock_is_corrected(database: Database) -> None:
    """Leases of a dead process with a fast clock end after the usual minutes."""
    filled(database)
    database.maintenance.record_clock(NOW + DAY)
    database.sources.lease_due(NOW + DAY, 5, NOW + DAY + 5 * MINUTE)
    database.maintenance.record_clock(NOW)
    assert due(database, 4 * MINUTE)[0] == 0
    assert due(database, 6 * MINUTE)[0] == 1


def test_a_hit_with_a_time_in_the_future_is_reported_now(database: Database) -> None:
    """A hit of the fast clock is not kept from its reader for a day."""
    database.maintenance.record_clock(NOW + DAY)
    screened(database, draft("a"), now=NOW + DAY)
    database.maintenance.record_clock(NOW)
    assert len(database.digests.undelivered_hits(plan("one"), NOW + MINUTE)) == 1


def settled(database: Database) -> None:
    """Keep an article in which nothing is found, with a near miss, and a delivery that is done."""
    filled(database)
    database.maintenance.record_clock(NOW)
    for stored in kept(database, draft("plain")):
        database.findings.save([(stored, Findings(near_misses=found().near_misses))], NOW)
    (delivery,) = database.deliveries.lease_deliveries(NOW, 5, NOW + MINUTE)
    database.deliveries.record_result(delivery, Sent(), NOW, None)


def let_go(database: Database, now: datetime) -> tuple[int, int]:
    """Let go of what is older than two years; count articles and others."""
    return database.maintenance.delete_expired_articles(now, 730 * DAY)[0], database.maintenance.delete_expired_records(
        now, 90 * DAY
    )


def test_a_clock_in_2099_deletes_nothing(database: Database) -> None:
    """The clock change is reported once; nothing expires, even after weeks."""
    settled(database)
    wrong = NOW.replace(year=2099)
    turn = database.maintenance.record_clock(wrong)
    assert (turn.ahead_by, turn.trusted_after // DAY) == (wrong - NOW, 266)
    for _ in range(40 * 24):
        wrong += HOUR
        assert database.maintenance.record_clock(wrong) == ClockChange()
    assert let_go(database, wrong) == (0, 0)
    assert database.maintenance.record_clock(NOW + 40 * DAY).set_back_by == wrong - NOW - 40 * DAY
    assert let_go(database, NOW + 40 * DAY) == (0, 0)
    for day in range(42, 102, 2):
        assert database.maintenance.record_clock(NOW + day * DAY) == ClockChange()
    assert let_go(database, NOW + 100 * DAY) == (0, 2)


def test_data_expires_again_after_the_program_was_off_for_years(database: Database) -> None:
    """A machine that was off for years must run with the new time for a hundredth of the pause."""
    settled(database)
    now = NOW + 1000 * DAY
    assert database.maintenance.record_clock(now) == ClockChange(ahead_by=1000 * DAY, trusted_after=10 * DAY)
    assert let_go(database, now) == (0, 0)
    for _ in range(11 * 24):
        now += HOUR
        database.maintenance.record_clock(now)
    assert let_go(database, now) == (1, 1)
