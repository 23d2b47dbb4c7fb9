"""The queue between the daemon and its workers: Procrastinate's jobs and our leases in one transaction."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from integration.store.conftest import emptied
from sqlalchemy import text
from support.rows import MINUTE, NOW, draft, kept, source

from monitor.domain.article import Stage
from monitor.domain.errors import LeaseLost, StoreBusy
from monitor.domain.poll_state import Lease
from monitor.domain.values import replace
from monitor.domain.workers import EnqueueResult, QueueCounts
from monitor.store.database import Database
from monitor.store.job_queue import MAX_QUEUED_JOBS_PER_HOST, JobQueue

pytestmark = pytest.mark.xdist_group("postgres")
LATER = NOW + 5 * MINUTE


@pytest.fixture
def database(shared: str) -> Iterator[Database]:
    """Open an empty PostgreSQL."""
    opened = Database.open(emptied(shared))
    yield opened
    opened.close()


@pytest.fixture
def queue(database: Database) -> JobQueue:
    """Return its queue."""
    assert database.job_queue is not None
    return database.job_queue


def sql(database: Database, query: str, **values: object) -> list[Any]:
    with database._connections.write_transaction() as connection:
        found = connection.execute(text(query), values)
        return list(found) if found.returns_rows else []


def hire(database: Database) -> int:
    """Let a worker be alive, and return its number."""
    return int(sql(database, "SELECT worker_id FROM procrastinate_register_worker_v1()")[0][0])


def silence(database: Database, worker: int) -> None:
    """Let a worker have fallen silent a minute ago."""
    sql(
        database,
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = :id",
        id=worker,
    )


def jobs(database: Database) -> list[Any]:
    return sql(database, "SELECT task_name, lock, queueing_lock, args, status FROM procrastinate_jobs ORDER BY id")


def fetch(database: Database, worker: int) -> dict[str, str] | None:
    """Begin the next job as Procrastinate's worker does, and return its arguments."""
    query = "SELECT args FROM procrastinate_fetch_job_v2(ARRAY['monitor'], :worker)"
    found: dict[str, str] | None = sql(database, query, worker=worker)[0][0]
    return found


def claimed(queue: JobQueue, job: dict[str, str] | None) -> Lease:
    assert job is not None
    lease = queue.claim(job["source_id"], job["token"], LATER)
    assert lease is not None
    return lease


def test_a_due_source_is_enqueued_once(database: Database, queue: JobQueue) -> None:
    """With the lease in the same transaction; its lock is its host, and neither daemon nor queue takes it again."""
    hire(database)
    database.sources.register([source(), replace(source("held"), paused="by its owner")], NOW)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1, poll_jobs=1)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1)
    assert queue.enqueue_due_jobs(LATER + MINUTE, LATER + 2 * MINUTE) == EnqueueResult(1), (
        "it waits although its lease has ended"
    )
    assert database.sources.lease_due(NOW, 10, LATER) == []
    ((task, lock, queueing_lock, args, status),) = jobs(database)
    assert (task, lock, queueing_lock, status) == ("collect", "times.example", "collect:times", "todo")
    assert args["source_id"] == "times"


def test_without_workers_the_queue_is_emptied(database: Database, queue: JobQueue) -> None:
    """The daemon collects by itself, at once."""
    worker = hire(database)
    database.sources.register([source(), source("post", "https://post.example/")], NOW)
    queue.enqueue_due_jobs(NOW, LATER)
    assert fetch(database, worker)
    silence(database, worker)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(0, requeued_jobs=1)
    assert jobs(database) == []
    assert {lease.source_id for lease in database.sources.lease_due(NOW, 10, LATER)} == {"times", "post"}


def test_a_job_is_claimed_once(database: Database, queue: JobQueue) -> None:
    """The worker exchanges the token of the job; a second claim gets none."""
    worker = hire(database)
    database.sources.register([source()], NOW)
    queue.enqueue_due_jobs(NOW, LATER)
    job = fetch(database, worker)
    lease = claimed(queue, job)
    assert job is not None
    assert queue.claim("times", job["token"], LATER) is None
    database.sources.record_poll(lease, replace(lease.poll_state, etag="kept", next_poll_at=LATER))
    assert queue.release("times", lease.token) is False
    assert database.sources.load_poll_states()["times"].etag == "kept"


def test_jobs_of_a_dead_worker_are_requeued(database: Database, queue: JobQueue) -> None:
    """A late result of the dead worker is discarded."""
    frozen, other = hire(database), hire(database)
    database.sources.register([source()], NOW)
    queue.enqueue_due_jobs(NOW, LATER)
    stale = claimed(queue, fetch(database, frozen))
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(2)
    silence(database, frozen)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1, poll_jobs=1, requeued_jobs=1)
    fresh = claimed(queue, fetch(database, other))
    with pytest.raises(LeaseLost):
        database.articles.commit_poll(stale, stale.poll_state, [draft("a")], NOW)
    assert len(database.articles.commit_poll(fresh, fresh.poll_state, [draft("a")], NOW)) == 1


def test_one_job_per_host_runs_at_a_time(database: Database, queue: JobQueue) -> None:
    """Jobs of other hosts run meanwhile."""
    worker = hire(database)
    database.sources.register([source("a"), source("b"), source("c", "https://other.example/")], NOW)
    assert queue.enqueue_due_jobs(NOW, LATER).poll_jobs == 3
    begun = [fetch(database, worker), fetch(database, worker)]
    assert {job["source_id"] for job in begun if job} in ({"a", "c"}, {"b", "c"})
    assert fetch(database, worker) is None


def test_one_host_does_not_fill_the_queue(database: Database, queue: JobQueue) -> None:
    """The others get their turn, however many sources it has."""
    hire(database)
    many = [source(f"s{number}") for number in range(3 * MAX_QUEUED_JOBS_PER_HOST)]
    database.sources.register([*many, source("other", "https://other.example/")], NOW)
    assert queue.enqueue_due_jobs(NOW, LATER).poll_jobs == MAX_QUEUED_JOBS_PER_HOST + 1


def test_pages_of_a_source_are_read_by_one_job_at_a_time(database: Database, queue: JobQueue) -> None:
    """The pages of a worker that dies are due at once."""
    worker = hire(database)
    kept(database, draft("a", stage=Stage.LISTED), draft("b", stage=Stage.LISTED))
    lease = database.sources.load_poll_states()["times"]
    assert lease is not None
    sql(database, "UPDATE source SET next_poll_at = :later", later=LATER)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1, page_jobs=1)
    assert fetch(database, worker) == {"source_id": "times"}
    assert database.articles.lease_pages(NOW, 10, LATER, "post") == []
    (unread,) = database.articles.lease_pages(NOW, 1, LATER, "times")
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1), "one is enough"
    silence(database, worker)
    hire(database)
    assert queue.enqueue_due_jobs(NOW, LATER) == EnqueueResult(1, page_jobs=1, requeued_jobs=1)
    with pytest.raises(LeaseLost):
        database.articles.save_page(unread, unread.article)
    assert len(database.articles.lease_pages(NOW, 10, LATER, "times")) == 2


def test_a_released_source_is_due_at_once(database: Database, queue: JobQueue) -> None:
    """For a worker that cannot run the job."""
    worker = hire(database)
    database.sources.register([source()], NOW)
    queue.enqueue_due_jobs(NOW, LATER)
    lease = claimed(queue, fetch(database, worker))
    assert queue.release("times", lease.token)
    assert [one.source_id for one in database.sources.lease_due(NOW, 10, LATER)] == ["times"]


def test_polls_of_dead_workers_count_as_interrupted(database: Database, queue: JobQueue) -> None:
    """A poll that only waited in the queue does not."""
    counts = []
    database.sources.register([source()], NOW)
    for _ in range(3):
        worker = hire(database)
        queue.enqueue_due_jobs(NOW, LATER)
        counts.append(claimed(queue, fetch(database, worker)).poll_state.interrupted_polls)
        silence(database, worker)
    assert counts == [0, 1, 2]
    hire(database)
    queue.enqueue_due_jobs(NOW, LATER)
    for (worker_id,) in sql(database, "SELECT id FROM procrastinate_workers"):
        silence(database, worker_id)
    queue.enqueue_due_jobs(NOW, LATER)
    (lease,) = database.sources.lease_due(NOW, 10, LATER)
    assert lease.poll_state.interrupted_polls == 3


def test_failed_jobs_are_kept_for_a_week(database: Database, queue: JobQueue) -> None:
    """To be counted; jobs that wait or run are never cleaned."""
    worker = hire(database)
    database.sources.register([source(), source("post", "https://post.example/")], NOW)
    queue.enqueue_due_jobs(NOW, LATER)
    fetch(database, worker)
    sql(database, "UPDATE procrastinate_jobs SET status = 'failed' WHERE status = 'doing'")
    assert queue.count_jobs() == QueueCounts(workers=1, queued=1, failed=1)
    assert queue.delete_old_jobs() == 0
    sql(database, "UPDATE procrastinate_events SET at = at - interval '8 days'")
    assert queue.delete_old_jobs() == 1
    assert queue.count_jobs() == QueueCounts(workers=1, queued=1)


def test_an_enqueue_that_fails_leases_nothing(database: Database, queue: JobQueue) -> None:
    """Jobs and leases commit together."""
    hire(database)
    database.sources.register([source()], NOW)
    with database._connections.write_transaction() as connection:
        connection.execute(text("ALTER TABLE procrastinate_jobs ADD CONSTRAINT refuse CHECK (lock IS NULL) NOT VALID"))
    try:
        with pytest.raises(StoreBusy, match="refuse"):
            queue.enqueue_due_jobs(NOW, LATER)
    finally:
        sql(database, "ALTER TABLE procrastinate_jobs DROP CONSTRAINT refuse")
    assert queue.enqueue_due_jobs(NOW, NOW + timedelta(minutes=1)) == EnqueueResult(1, poll_jobs=1)
