"""Leases and poll states of sources, on both engines."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from support.rows import MINUTE, NOW, draft, kept, leased, source

from monitor.domain.errors import LeaseLost
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.values import replace
from monitor.pipeline.status_report import read_totals, total_sources
from monitor.store.database import Database


def test_a_new_source_is_due_at_once(database: Database) -> None:
    """And is leased to one worker only."""
    database.sources.register([source()], NOW)
    (lease,) = database.sources.lease_due(NOW, 10, NOW + MINUTE)
    assert lease.poll_state == PollState("times", next_poll_at=NOW)
    assert database.sources.lease_due(NOW, 10, NOW + MINUTE) == []


def test_a_polled_source_is_due_at_its_next_poll_time(database: Database) -> None:
    """Its poll state is complete in the next lease."""
    database.sources.register([source()], NOW)
    memory = PollState(
        "times",
        state=SourceState.GAP,
        detail="no overlap",
        etag='"x"',
        interval=timedelta(minutes=7),
        next_poll_at=NOW + MINUTE,
        last_success_at=NOW,
        failures=0.25,
        polls=3,
        moved_count=2,
    )
    database.sources.record_poll(leased(database), memory)
    assert database.sources.load_poll_states() == {"times": memory}
    assert database.sources.lease_due(NOW, 10, NOW + MINUTE) == []
    assert database.sources.lease_due(NOW + MINUTE, 10, NOW + 2 * MINUTE)[0].poll_state == memory


def test_the_longest_overdue_sources_are_leased_first(database: Database) -> None:
    """If there are more than the limit."""
    database.sources.register([source(name) for name in "abcd"], NOW)
    for number, name in enumerate("dbac"):
        lease = leased(database, name)
        database.sources.record_poll(lease, replace(lease.poll_state, next_poll_at=NOW + number * MINUTE))
    later = NOW + timedelta(hours=1)
    assert [lease.source_id for lease in database.sources.lease_due(later, 3, later + MINUTE)] == ["d", "b", "a"]


def test_a_named_source_is_leased_before_it_is_due(database: Database) -> None:
    """Also a paused one; an unknown name leases nothing."""
    database.sources.register([source(), replace(source("held"), paused="blocked by its host")], NOW)
    database.sources.record_poll(leased(database), PollState("times", next_poll_at=NOW + timedelta(days=1)))
    leases = database.sources.lease_due(NOW, 10, NOW + MINUTE, only={"times", "held", "nobody"})
    assert {lease.source_id for lease in leases} == {"times", "held"}


def test_polls_that_never_end_are_counted_until_one_ends(database: Database) -> None:
    """The count is part of the poll state, whose next value the poll decides."""
    database.sources.register([source()], NOW)
    counts = [leased(database, now=NOW + number * 10 * MINUTE).poll_state.interrupted_polls for number in range(3)]
    assert counts == [0, 1, 2]
    last = leased(database, now=NOW + 30 * MINUTE)
    database.sources.record_poll(last, last.poll_state)
    again = leased(database, now=NOW + 40 * MINUTE)
    assert again.poll_state.interrupted_polls == 3
    database.sources.record_poll(again, replace(again.poll_state, interrupted_polls=0))
    assert leased(database, now=NOW + 50 * MINUTE).poll_state.interrupted_polls == 0


def test_an_expired_lease_is_given_to_another_worker(database: Database) -> None:
    """The late result of the first worker is discarded."""
    database.sources.register([source()], NOW)
    first = leased(database)
    second = leased(database, now=NOW + 10 * MINUTE)
    with pytest.raises(LeaseLost):
        database.sources.record_poll(first, replace(first.poll_state, etag="old"))
    database.sources.record_poll(second, replace(second.poll_state, etag="new"))
    with pytest.raises(LeaseLost):
        database.sources.record_poll(second, second.poll_state)
    assert database.sources.load_poll_states()["times"].etag == "new"


def test_a_removed_source_keeps_its_state_and_articles(database: Database) -> None:
    """A source that is configured again has no new articles."""
    kept(database, draft("a"))
    lease = leased(database)
    database.sources.record_poll(lease, replace(lease.poll_state, etag="kept"))
    database.sources.register([source("other")], NOW)
    assert set(database.sources.load_poll_states()) == {"other"}
    assert [lease.source_id for lease in database.sources.lease_due(NOW, 10, NOW + MINUTE)] == ["other"]
    database.sources.register([source(url="https://times.example/rss")], NOW)
    assert database.sources.load_poll_states()["times"].etag == "kept"
    assert database.articles.known_keys("times", ["guid:a"]) == {"guid:a"}


def test_unchanged_sources_are_not_written_at_the_start(database: Database) -> None:
    """With 10,000 of them a restart would take a second longer."""
    configured = [source("times"), replace(source("held"), paused="asked to stop"), source("post"), source("gone")]
    database.sources.register(configured, NOW)
    said: list[str] = []
    writer = database._connections._write_engine
    event.listen(writer, "before_cursor_execute", lambda *call: said.append(str(call[2]).split()[0]))
    database.sources.register(configured, NOW + MINUTE)
    assert not {"INSERT", "UPDATE"} & set(said)
    database.sources.register([replace(configured[0], name="The Times"), *configured[1:3]], NOW + MINUTE)
    assert {"INSERT", "UPDATE"} <= set(said)
    names = {line.poll_state.source_id: line.name for line in database.queries.list_sources()}
    assert names == {"times": "The Times", "held": configured[1].name, "post": configured[2].name}


def test_a_changed_url_is_polled_at_once_without_validators(database: Database) -> None:
    """They belong to the old URL."""
    database.sources.register([source()], NOW)
    lease = leased(database)
    database.sources.record_poll(
        lease, replace(lease.poll_state, etag="x", body_hash="y", next_poll_at=NOW + 99 * MINUTE)
    )
    database.sources.register([source(url="https://times.example/new")], NOW + MINUTE)
    memory = database.sources.load_poll_states()["times"]
    assert (memory.etag, memory.body_hash, memory.next_poll_at) == ("", "", NOW + MINUTE)


def test_a_paused_source_has_the_reason(database: Database) -> None:
    """It is healthy again when the pause ends."""
    database.sources.register([replace(source(), paused="asked to stop")], NOW)
    memory = database.sources.load_poll_states()["times"]
    assert (memory.state, memory.detail) == (SourceState.PAUSED, "asked to stop")
    assert database.sources.lease_due(NOW, 10, NOW + MINUTE) == []
    database.sources.register([source()], NOW)
    assert database.sources.load_poll_states()["times"].state is SourceState.OK
    assert len(database.sources.lease_due(NOW, 10, NOW + MINUTE)) == 1


def test_a_reload_keeps_running_leases(database: Database) -> None:
    """A poll that runs during a reload can still be recorded."""
    database.sources.register([source()], NOW)
    lease = leased(database)
    database.sources.register([source()], NOW)
    database.sources.record_poll(lease, replace(lease.poll_state, etag="x"))
    assert database.sources.load_poll_states()["times"].etag == "x"


def test_states_of_sources_with_a_notice_are_loaded(database: Database) -> None:
    """Failing ones, and ones that recovered in the window."""
    notices = {"back": "is read again", "ill": "is failing", "calm": "", "before": "is read again"}
    database.sources.register([source(name) for name in notices], NOW)
    for name, notice in notices.items():
        state = SourceState.FAILING if name == "ill" else SourceState.OK
        at = NOW - MINUTE if name == "before" else NOW
        memory = PollState(name, state=state, notice=notice, reported_at=at, last_success_at=at)
        database.sources.record_poll(leased(database, name), memory)
    assert [memory.source_id for memory in database.sources.load_states_with_notices(NOW)] == ["back", "ill"]


def test_sources_are_counted_by_state(database: Database) -> None:
    """A source that left the file is not counted; the first due one tells how late polling is."""
    database.sources.register([source(name) for name in ("times", "post", "left")], NOW)
    database.sources.record_poll(leased(database), PollState("times", next_poll_at=NOW + MINUTE))
    held = replace(source("held"), paused="blocked by its host")
    database.sources.register([source(), source("post"), held], NOW)
    assert database.sources.count_by_state() == {SourceState.OK: 2, SourceState.PAUSED: 1}
    assert database.sources.next_due_at() == NOW


def test_totals_are_the_same_with_and_without_reading_each_source(database: Database) -> None:
    """The desk reads only the totals, `monitor status` each source."""
    sources = [source(name) for name in ("read", "failing", "new", "idle")]
    sources[3] = replace(sources[3], paused="true")
    database.sources.register(sources, NOW)
    for name, state in (("read", SourceState.OK), ("failing", SourceState.FAILING)):
        (lease,) = database.sources.lease_due(NOW, 1, NOW + MINUTE, only={name})
        polled = replace(lease.poll_state, state=state, last_attempt_at=NOW + MINUTE, next_poll_at=NOW + 9 * MINUTE)
        if state is SourceState.OK:
            polled = replace(polled, last_attempt_at=NOW, last_success_at=NOW)
        database.articles.commit_poll(lease, polled, [], NOW)
    totals = read_totals(database)
    assert totals == total_sources(database.queries.list_sources())
    assert (totals.new_count, totals.unhealthy_count, totals.watched_count) == (1, 1, 3)
    assert totals.last_poll_at == NOW + MINUTE
