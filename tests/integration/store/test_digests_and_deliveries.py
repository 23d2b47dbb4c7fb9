"""Digests and deliveries on both engines: each hit is reported once, and none is lost."""

from datetime import timedelta

import pytest
from support.rows import MINUTE, NOW, digest, draft, found, kept, message, plan, screened, source

from monitor.domain.article import Region
from monitor.domain.delivery import DeliveryState, Rejected, Retry, Sent
from monitor.domain.digest import INITIAL_WINDOW_LEAD, DigestQuery, Window
from monitor.domain.errors import LeaseLost, UsageError
from monitor.domain.mention import NearMiss
from monitor.domain.poll_state import EntryCounts, PollState, SourceState
from monitor.domain.read_models import ArticleFilter, QuarantineSummary
from monitor.domain.values import replace
from monitor.store.database import Database

HOUR = timedelta(hours=1)


def test_each_digest_reports_a_hit_once(database: Database) -> None:
    """Two digests of one rule each report it, and neither reports it twice."""
    screened(database, draft("a"), draft("b"))
    first = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    assert [hit.article.title for hit in first] == ["About a", "About b"]
    assert (first[0].outlet, first[0].official_ids, first[0].passages) == (
        "Times",
        ("somebody",),
        found("r").hits[0].passages,
    )
    assert first[0].mentions == found("r").mentions
    assert database.digests.commit_digest(digest("one"), [message("1")], [hit.id for hit in first])
    assert database.digests.undelivered_hits(plan("one"), NOW + MINUTE) == []
    assert len(database.digests.undelivered_hits(plan("two"), NOW + MINUTE)) == 2


def test_a_hit_that_another_process_reported_is_not_reported_again(database: Database) -> None:
    """Two processes that opened a digest at different moments have different windows; the second leaves nothing."""
    screened(database, draft("a"), draft("b"))
    first, second = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    assert database.digests.commit_digest(digest("one"), [message("1")], [first.id])
    later = digest("one", NOW - HOUR, NOW + MINUTE)
    assert not database.digests.commit_digest(later, [message("2")], [second.id, first.id])
    assert len(database.deliveries.list_deliveries()) == 1
    assert database.digests.last_window_end("one") == NOW
    assert [hit.id for hit in database.digests.undelivered_hits(plan("one"), NOW + MINUTE)] == [second.id]
    assert database.digests.commit_digest(later, [message("2")], [second.id])


def test_a_new_digest_does_not_report_older_hits(database: Database) -> None:
    """Hits found before the first window are not reported, however many they are; later ones are."""
    screened(database, *(draft(f"old-{n}") for n in range(5)), now=NOW - HOUR)
    screened(database, draft("new"))
    opening = digest("one", NOW - 2 * HOUR, NOW - MINUTE)
    assert database.digests.create_digest(opening, plan("one"), NOW - MINUTE)
    assert not database.digests.create_digest(opening, plan("one"), NOW - MINUTE)
    assert [hit.article.title for hit in database.digests.undelivered_hits(plan("one"), NOW + MINUTE)] == ["About new"]
    assert len(database.digests.undelivered_hits(plan("two"), NOW + MINUTE)) == 6
    assert database.digests.last_window_end("one") == NOW - MINUTE
    assert database.digests.initial_lookback_start("one") == opening.window.start_at + INITIAL_WINDOW_LEAD
    assert database.digests.initial_lookback_start("two") is None
    assert database.digests.commit_digest(digest("one"), [message("1")], [])
    assert database.digests.initial_lookback_start("one") is None


def test_only_hits_of_the_plans_rules_and_period_are_returned(database: Database) -> None:
    """Hits of other rules, or found at or after the end, wait."""
    screened(database, draft("a"), rules=("other",))
    assert database.digests.undelivered_hits(plan("one"), NOW + MINUTE) == []
    assert database.digests.undelivered_hits(plan("one", "other"), NOW) == []
    assert len(database.digests.undelivered_hits(plan("one", "other", "rule"), NOW + MINUTE)) == 1


def test_a_window_is_written_once(database: Database) -> None:
    """The second writer of the same window writes nothing at all (a daemon killed after its commit)."""
    screened(database, draft("a"))
    (hit,) = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    assert database.digests.commit_digest(digest("one"), [message("1")], [])
    assert not database.digests.commit_digest(digest("one"), [message("2")], [hit.id])
    assert [one.message.key for one in database.deliveries.list_deliveries()] == ["1"]
    assert database.digests.undelivered_hits(plan("one"), NOW + MINUTE) == [hit]
    assert database.digests.last_window_end("one") == digest("one").window.end_at
    assert database.digests.last_window_end("two") is None


def test_hits_between_includes_reported_hits(database: Database) -> None:
    """A digest may be shown again for a period."""
    screened(database, draft("a"))
    (hit,) = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    database.digests.commit_digest(digest("one"), [], [hit.id])
    assert database.digests.hits_between(plan("one"), NOW - HOUR, NOW + HOUR) == [hit]
    assert database.digests.hits_between(plan("one"), NOW + MINUTE, NOW + HOUR) == []


def test_a_delivery_is_leased_and_its_result_recorded(database: Database) -> None:
    """By one worker; afterwards it is not due."""
    database.digests.commit_digest(digest("one"), [message("1")], [])
    (delivery,) = database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE)
    assert delivery.message == message("1")
    assert database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE) == []
    database.deliveries.record_result(delivery, Sent("250 ok"), NOW, None)
    assert database.deliveries.lease_deliveries(NOW + HOUR, 10, NOW + 2 * HOUR) == []
    assert database.deliveries.get_delivery(delivery.id).state is DeliveryState.SENT


def test_quarantined_articles_are_counted_by_source_and_reason(database: Database) -> None:
    """Of the window alone, the most first; what is news does not count."""
    flood = [replace(draft(f"a{n}"), is_alertable=False, quarantine_reason="dug up") for n in range(3)]
    kept(database, *flood, replace(draft("b"), is_alertable=False, quarantine_reason="old"), draft("c"))
    kept(database, replace(draft("later"), is_alertable=False, quarantine_reason="dug up"), now=NOW + MINUTE)
    found = database.digests.list_quarantined(Window(NOW - MINUTE, NOW + timedelta(seconds=1)))
    assert found == [QuarantineSummary("times", "Times", "dug up", 3), QuarantineSummary("times", "Times", "old", 1)]


def test_a_crash_between_sending_and_recording_repeats_the_same_message(database: Database) -> None:
    """The lease ends, the same key goes out again, and the first sender can no longer settle."""
    database.digests.commit_digest(digest("one"), [message("1")], [])
    (first,) = database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE)
    (second,) = database.deliveries.lease_deliveries(NOW + MINUTE, 10, NOW + HOUR)
    assert second.message == first.message
    with pytest.raises(LeaseLost):
        database.deliveries.record_result(first, Sent(), NOW, None)
    database.deliveries.record_result(second, Sent(), NOW, None)


def test_a_retry_waits_and_a_failure_is_listed(database: Database) -> None:
    """The first attempt counts; the last error is stored."""
    database.digests.commit_digest(digest("one"), [message("1")], [])
    (delivery,) = database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE)
    database.deliveries.record_result(delivery, Retry("451 later"), NOW, NOW + HOUR)
    assert database.deliveries.lease_deliveries(NOW + HOUR - MINUTE, 10, NOW + HOUR) == []
    (again,) = database.deliveries.lease_deliveries(NOW + HOUR, 10, NOW + 2 * HOUR)
    assert (again.attempts, again.last_error, again.first_attempt_at) == (1, "451 later", NOW)
    database.deliveries.record_result(again, Retry("451 never"), NOW + HOUR, None)
    assert database.deliveries.get_delivery(again.id).state is DeliveryState.FAILED
    assert database.deliveries.count_outbox().failed == 1
    assert [one.id for one in database.deliveries.list_failed_deliveries(NOW, NOW + 2 * HOUR)] == [again.id]


def test_a_target_with_many_deliveries_does_not_delay_another(database: Database) -> None:
    """Each target gets its turn before anyone gets a second one."""
    many = [message(f"a{number}") for number in range(20)]
    database.digests.commit_digest(digest("one"), [*many, message("b", target="other")], [])
    leased = database.deliveries.lease_deliveries(NOW, 3, NOW + MINUTE)
    assert {delivery.message.key for delivery in leased} == {"a0", "a1", "b"}


def test_a_pause_delays_the_channel_and_a_stop_rejects_the_target(database: Database) -> None:
    """Other deliveries are not affected."""
    messages = [message("1"), message("2", target="other"), message("3", channel="chat"), message("4", channel="chat")]
    database.digests.commit_digest(digest("one"), messages, [])
    leased = {
        one.message.key: one for one in database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE, max_per_target=1)
    }
    database.deliveries.record_result(leased["1"], Retry("429", pause_channel=True), NOW, NOW + HOUR)
    database.deliveries.record_result(leased["3"], Rejected("410 gone", stop_target=True), NOW, None)
    found = database.deliveries.list_deliveries()
    assert database.deliveries.list_deliveries((), 2, found[0].id) == found[1:3], "the list continues below an id"
    states = {one.message.key: one for one in found}
    assert states["4"].state is DeliveryState.REJECTED
    assert states["2"].next_attempt_at == NOW + MINUTE
    database.deliveries.record_result(leased["2"], Sent(), NOW, None)


def test_failed_deliveries_are_resent_and_pending_ones_cancelled(database: Database) -> None:
    """A resent delivery keeps its key; only a pending one can be cancelled."""
    database.digests.commit_digest(digest("one"), [message("1"), message("2", target="other")], [])
    first, second = database.deliveries.lease_deliveries(NOW, 10, NOW + MINUTE)
    database.deliveries.record_result(first, Retry("down"), NOW, None)
    replayed = database.deliveries.resend(first.id, NOW + HOUR)
    assert (replayed.state, replayed.attempts, replayed.message.key) == (DeliveryState.PENDING, 0, first.message.key)
    assert database.deliveries.cancel(second.id, NOW).state is DeliveryState.CANCELLED
    for wrong in (second.id, 999):
        with pytest.raises(UsageError):
            database.deliveries.cancel(wrong, NOW)
    with pytest.raises(UsageError):
        database.deliveries.resend(999, NOW)


def test_the_record_of_a_sent_delivery_survives_a_cancelled_resend(database: Database) -> None:
    """Also after failed attempts of the resend; the retries of a resend have the whole schedule."""
    database.digests.commit_digest(digest("one"), [message("1")], [])
    for _attempt in range(3):
        (leased,) = database.deliveries.lease_deliveries(NOW, 1, NOW + MINUTE)
        is_last = leased.attempts == 2
        database.deliveries.record_result(leased, Sent() if is_last else Retry("busy"), NOW, None if is_last else NOW)
    for now in (NOW + HOUR, NOW + 2 * HOUR):  # pressed twice
        database.deliveries.resend(leased.id, now)
    assert database.deliveries.count_outbox().retried == 0
    assert database.deliveries.cancel(leased.id, NOW + 3 * HOUR).state is DeliveryState.SENT
    (line,) = database.desk.list_deliveries(10)
    assert (line.state, line.attempts, line.finished_at, line.last_error) == (DeliveryState.SENT, 3, NOW, "")
    database.deliveries.resend(leased.id, NOW + HOUR)
    (again,) = database.deliveries.lease_deliveries(NOW + HOUR, 1, NOW + 2 * HOUR)
    assert again.attempts == 0
    database.deliveries.record_result(again, Retry("down"), NOW + HOUR, NOW + 2 * HOUR)
    (again,) = database.deliveries.lease_deliveries(NOW + 2 * HOUR, 1, NOW + 3 * HOUR)
    assert again.attempts == 1
    assert database.deliveries.cancel(again.id, NOW + 3 * HOUR).state is DeliveryState.SENT
    (line,) = database.desk.list_deliveries(10)
    assert (line.finished_at, line.last_error) == (NOW, "")
    database.deliveries.resend(again.id, NOW + 4 * HOUR)
    (last,) = database.deliveries.lease_deliveries(NOW + 4 * HOUR, 1, NOW + 5 * HOUR)
    database.deliveries.record_result(last, Sent(), NOW + 4 * HOUR, None)
    (line,) = database.desk.list_deliveries(10)
    assert (line.state, line.attempts, line.finished_at) == (DeliveryState.SENT, 1, NOW + 4 * HOUR)


def test_stored_digests_are_listed_and_loaded(database: Database) -> None:
    """With the states of their deliveries; a hit has the digest that reported it first."""
    screened(database, draft("a"))
    (hit,) = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    database.digests.commit_digest(digest("one"), [message("1")], [hit.id])
    (line,) = database.deliveries.list_digests("one")
    assert (line.plan_id, line.hit_count, line.delivery_states) == ("one", 1, (DeliveryState.PENDING,))
    assert database.deliveries.get_digest(line.id) == digest("one")
    (summary,) = database.queries.list_hits(ArticleFilter())
    assert (summary.reported_at, summary.plan_id) == (NOW, "one")
    with pytest.raises(UsageError):
        database.deliveries.get_digest(999)


def test_coverage_counts_read_sources_and_lists_problems(database: Database) -> None:
    """Of the window, with the present state of the sources."""
    kept(database, draft("a"), draft("b"))
    database.sources.register([source(url="https://times.example/rss"), source("post"), source("calm")], NOW)
    states = {"times": SourceState.OK, "post": SourceState.BLOCKED, "calm": SourceState.OK}
    for lease in database.sources.lease_due(NOW, 10, NOW + MINUTE):
        memory = PollState(lease.source_id, state=states[lease.source_id], detail="403", suggestion="ask them")
        success = NOW if lease.source_id == "times" else None
        database.sources.record_poll(lease, replace(memory, last_success_at=success, state_since_at=NOW))
    coverage = database.digests.load_coverage(Window(NOW - HOUR, NOW + HOUR))
    assert (coverage.source_count, coverage.read_count, coverage.article_count) == (3, 1, 2)
    (fault,) = coverage.problems
    assert (fault.source_id, fault.state, fault.detail, fault.suggestion) == (
        "post",
        SourceState.BLOCKED,
        "403",
        "ask them",
    )
    assert database.digests.load_coverage(Window(NOW + MINUTE, NOW + HOUR)).article_count == 0


def test_coverage_counts_entries_that_were_held_merged_or_dropped(database: Database) -> None:
    """Held ones of the window, the others in the last documents of the sources read in it."""
    kept(database, replace(draft("a"), is_alertable=False, quarantine_reason="dug up"), draft("b"))
    database.sources.register([source(url="https://times.example/rss"), source("post"), source("calm")], NOW)
    counts = {
        "times": EntryCounts(total=9, new=5, merged=3, empty=1),
        "post": EntryCounts(total=7, known=7, left_out=20),
        "calm": EntryCounts(total=2, new=2),
    }
    for lease in database.sources.lease_due(NOW, 10, NOW + MINUTE):
        read = replace(lease.poll_state, last_success_at=NOW, counts=counts[lease.source_id])
        database.sources.record_poll(lease, read)
    query = DigestQuery(Window(NOW - HOUR, NOW + HOUR), NOW + HOUR, frozenset(), (NOW,))
    coverage = database.digests.load_inputs(plan("one"), query).coverage
    assert (coverage.quarantined_count, coverage.merged_count, coverage.dropped_count) == (1, 3, 21)
    later = DigestQuery(Window(NOW + HOUR, NOW + 2 * HOUR), NOW + 2 * HOUR, frozenset(), (NOW,))
    coverage = database.digests.load_inputs(plan("one"), later).coverage
    assert (coverage.quarantined_count, coverage.merged_count, coverage.dropped_count) == (0, 0, 0)


def test_mentions_are_counted_by_day(database: Database) -> None:
    """An article counts once a day per official, however often it names the official."""
    day = timedelta(days=1)
    for number, name in enumerate(("a", "b", "c")):
        screened(database, draft(name), now=NOW + (number > 0) * day)
    days = [NOW - MINUTE, NOW - MINUTE + day, NOW - MINUTE + 2 * day]
    assert database.digests.count_daily_mentions(["somebody", "nobody"], days) == {
        "somebody": (1, 2, 0),
        "nobody": (0, 0, 0),
    }
    assert database.digests.count_daily_mentions(["somebody"], []) == {"somebody": ()}


def test_near_misses_are_counted_in_articles_that_do_not_name_the_official(database: Database) -> None:
    """A refused spelling counts once an article, the most frequent first; where the person is named nothing counts."""
    day = timedelta(days=1)
    screened(database, draft("a"), draft("b"), now=NOW)
    screened(database, draft("c"), now=NOW + day)
    week = Window(NOW - day, NOW + 2 * day)
    (line,) = database.digests.list_near_misses(["other", "somebody"], week, 10)
    assert (line.official_id, line.text, line.reason, line.article_count) == ("other", "Other", "a street", 3)
    assert (line.title, line.url) == ("About c", "https://times.example/c")
    assert database.digests.list_near_misses(["other"], Window(NOW - day, NOW + MINUTE), 10)[0].article_count == 2
    assert database.digests.list_near_misses(["somebody"], week, 10) == []
    named = replace(found("rule"), near_misses=(NearMiss("somebody", "Body", Region.BODY, 5, 9, "no title"),))
    (stored,) = kept(database, draft("d"), now=NOW + day)
    database.findings.save([(stored, named)], NOW + day)
    assert database.digests.list_near_misses(["somebody"], week, 10) == []
