"""The tables of Procrastinate, on PostgreSQL: made and migrated along with ours, from the scripts that come with it.

Which of its scripts were applied last is written as a comment on its main table, because its schema does not say. A
later Procrastinate brings further scripts; they are applied in order, in the transaction of our own migrations.

The queue of Procrastinate, as the daemon fills it and workers begin its jobs: in the same transaction as our leases.

Jobs are deferred by Procrastinate on our own connection. A job's lock is its host: one at a time wherever workers are.
Its queueing lock is its source: one waits at most. A job carries the token of the lease that the source got when the
job was enqueued; the worker that begins it exchanges the token, so whoever overslept holds one that nobody takes.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, text, update

from monitor.domain.errors import SchemaMismatch, StoreBusy
from monitor.domain.poll_state import Lease
from monitor.domain.workers import COLLECT_TASK, QUEUE_NAME, READ_PAGES_TASK, WORKER_TIMEOUT, EnqueueResult, QueueCounts
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, SOURCE
from monitor.store.row_mapping import IS_LISTED
from monitor.store.sources import poll_state_from_row
from monitor.text.urls import extract_host

PROCRASTINATE = "procrastinate"
_SCHEMA_COMMENT_PREFIX = "kept by monitor, schema "
_SELECT_SCHEMA_COMMENT = """SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class') AS said,
                  to_regclass('procrastinate_jobs') IS NOT NULL AS there"""


def is_installed() -> bool:
    """Tell whether Procrastinate is there, which comes with the extra ``postgres``."""
    return find_spec(PROCRASTINATE) is not None


def pending_migrations(connection: Connection) -> tuple[str, ...]:
    """Return the scripts of the installed Procrastinate that the database lacks, oldest first.

    Raises ``SchemaMismatch`` if its tables are not ours, or were made by a newer one.
    """
    if connection.dialect.name == "sqlite" or not is_installed():
        return ()
    found = connection.execute(text(_SELECT_SCHEMA_COMMENT)).one()
    names = [path.stem for path in _migration_scripts()]
    if not found.there:
        return tuple(names)
    said = str(found.said or "")
    if not said.startswith(_SCHEMA_COMMENT_PREFIX):
        raise SchemaMismatch(
            "the database holds tables of Procrastinate which this program has not made: give it a database of its own"
        )
    applied = said.removeprefix(_SCHEMA_COMMENT_PREFIX)
    if applied > names[-1]:
        raise SchemaMismatch(
            f"the queue in the database has schema {applied}, and the installed Procrastinate knows {names[-1]}: "
            "install the newer version again"
        )
    return tuple(name for name in names if name > applied)


def apply_migrations(connection: Connection) -> None:
    """Apply what is lacking, inside a transaction. Raises as ``lacking`` does."""
    steps = pending_migrations(connection)
    if not steps:
        return
    scripts = {path.stem: path for path in _migration_scripts()}
    new = steps == tuple(scripts)
    for path in [_sql_dir() / "schema.sql"] if new else [scripts[step] for step in steps]:
        # without parameters, for only so does the driver take several statements at once, and a % as it stands
        script = path.read_text(encoding="utf-8")
        connection.execution_options(no_parameters=True).exec_driver_sql(script)
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{_SCHEMA_COMMENT_PREFIX}{steps[-1]}'")


def _sql_dir() -> Path:
    spec = find_spec(PROCRASTINATE)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - callers asked is_installed()
    return Path(spec.origin).parent / "sql"


def _migration_scripts() -> list[Path]:
    """Return its migrations in their order, which is that of their names (version, then number)."""
    return sorted((_sql_dir() / "migrations").glob("*.sql"))


ENQUEUE_LOCK_ID = 7_310_002  # the number under which PostgreSQL lets one daemon hand out at a time
MAX_QUEUED_JOBS = (
    400  # so many jobs wait at most: the database knows what else is due, and looking into a queue has its price
)
MAX_QUEUED_JOBS_PER_HOST = 8  # of which so many belong to one host, that the others get their turn
MAX_CANDIDATES = 2_000
FINISHED_JOB_RETENTION = timedelta(days=7)

_COUNT_ALIVE_WORKERS = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - :silent")
_DELETE_ORPHANED_JOBS = text(
    """DELETE FROM procrastinate_jobs WHERE queue_name = :queue AND (
        status = 'todo' AND :all
        OR status = 'doing' AND NOT EXISTS (
            SELECT FROM procrastinate_workers worker WHERE worker.id = procrastinate_jobs.worker_id
            AND worker.last_heartbeat > now() - :silent))
    RETURNING status, task_name, args"""
)
_SELECT_ACTIVE_JOBS = text(
    """SELECT status, lock, queueing_lock FROM procrastinate_jobs
        WHERE queue_name = :queue AND status IN ('todo', 'doing')"""
)
_COUNT_JOBS_BY_STATUS = text(
    "SELECT status, count(*) FROM procrastinate_jobs WHERE queue_name = :queue GROUP BY status"
)
_DELETE_FINISHED_JOBS = text(
    """DELETE FROM procrastinate_jobs job WHERE queue_name = :queue AND status NOT IN ('todo', 'doing')
        AND NOT EXISTS (SELECT FROM procrastinate_events WHERE job_id = job.id AND at > now() - :kept)"""
)
_DELETE_DEAD_WORKERS = text("DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - :kept")
_RELEASE_LEASE = (
    update(SOURCE)
    .where(SOURCE.c.id == bindparam("source_id"))
    .where(or_(SOURCE.c.lease_token == bindparam("token"), SOURCE.c.lease_token.startswith(bindparam("own"))))
    .values(lease_token="", leased_until_at=None)
)


class JobQueue:
    """The ``JobQueue`` of ``domain/workers.py``, on PostgreSQL alone."""

    def __init__(self, connections: Connections, worker_timeout: timedelta = WORKER_TIMEOUT) -> None:
        self._connections, self._worker_timeout = connections, worker_timeout

    def enqueue_due_jobs(self, now: datetime, expires_at: datetime) -> EnqueueResult:
        """Take back what dead workers held, then enqueue what is due."""
        with self._connections.write_transaction() as connection:
            workers = self._count_alive_workers(connection)
            if not connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:turn)"), {"turn": ENQUEUE_LOCK_ID}
            ).scalar_one():
                return EnqueueResult(workers)  # another daemon is just doing it
            back = self._requeue_orphaned_jobs(connection, now, include_queued=not workers)
            if not workers:
                return EnqueueResult(0, requeued_jobs=back)
            held = connection.execute(_SELECT_ACTIVE_JOBS, {"queue": QUEUE_NAME}).all()
            room = QueueQuota(held)
            polls = _lease_due_sources(connection, room, now, expires_at) if room.free_slots else []
            pages = _select_page_jobs(connection, room, now) if room.free_slots else []
            if polls or pages:
                _insert_jobs(connection, [*polls, *pages])
        return EnqueueResult(workers, len(polls), len(pages), back)

    def claim(self, source_id: str, token: str, expires_at: datetime) -> Lease | None:
        """Exchange the lease of a job for the worker's own; return None if the job's lease has expired."""
        own = f"{token}.{secrets.token_hex(4)}"
        claim = (
            update(SOURCE)
            .where(SOURCE.c.id == source_id, SOURCE.c.lease_token == token, SOURCE.c.configured)
            .values(lease_token=own, leased_until_at=expires_at)
            .returning(SOURCE.c.memory, SOURCE.c.pages)
        )
        with self._connections.write_transaction() as connection:
            row = connection.execute(claim).first()
        return Lease(source_id, own, expires_at, poll_state_from_row(row)) if row else None

    def release(self, source_id: str, token: str) -> bool:
        """Give a lease back without a poll; False if it had ended."""
        with self._connections.write_transaction() as connection:
            return _release_leases(connection, [(source_id, token)]) > 0

    def count_jobs(self) -> QueueCounts:
        """Count workers that are alive, and jobs."""
        with self._connections.read_transaction() as connection:
            jobs: dict[str, int] = {
                row[0]: row[1] for row in connection.execute(_COUNT_JOBS_BY_STATUS, {"queue": QUEUE_NAME})
            }
            workers = self._count_alive_workers(connection)
        ended = sum(jobs.values()) - jobs.get("todo", 0) - jobs.get("doing", 0)
        return QueueCounts(workers, jobs.get("todo", 0), jobs.get("doing", 0), ended)

    def delete_old_jobs(self) -> int:
        """Delete failed jobs of the week before and workers that are long gone; return how many jobs."""
        with self._connections.write_transaction() as connection:
            connection.execute(_DELETE_DEAD_WORKERS, {"kept": FINISHED_JOB_RETENTION})
            return connection.execute(
                _DELETE_FINISHED_JOBS, {"queue": QUEUE_NAME, "kept": FINISHED_JOB_RETENTION}
            ).rowcount

    def _count_alive_workers(self, connection: Connection) -> int:
        return int(connection.execute(_COUNT_ALIVE_WORKERS, {"silent": self._worker_timeout}).scalar_one())

    def _requeue_orphaned_jobs(self, connection: Connection, now: datetime, *, include_queued: bool) -> int:
        """Delete the jobs of dead workers (or all), and make due again what they had leased."""
        asked = {"queue": QUEUE_NAME, "all": include_queued, "silent": self._worker_timeout}
        rows = connection.execute(_DELETE_ORPHANED_JOBS, asked).all()
        _release_leases(
            connection, [(row.args["source_id"], row.args["token"]) for row in rows if row.task_name == COLLECT_TASK]
        )
        dead = [row for row in rows if row.status == "doing"]
        if reading := [row.args["source_id"] for row in dead if row.task_name == READ_PAGES_TASK]:
            pages = update(ARTICLE).where(IS_LISTED, ARTICLE.c.source_id.in_(reading), ARTICLE.c.lease_token != "")
            connection.execute(pages.values(lease_token="", next_attempt_at=now))
        return len(dead)


class QueueQuota:
    """How many more jobs may wait, in all and for each host, and whose job is there already."""

    def __init__(self, active_jobs: Iterable[Any]) -> None:
        """``held`` are rows of jobs that wait or run."""
        rows = list(active_jobs)
        self._queued_by_host = Counter(row.lock for row in rows if row.status == "todo")
        self.free_slots = MAX_QUEUED_JOBS - self._queued_by_host.total()
        self._queued_keys = {row.queueing_lock for row in rows if row.status == "todo"}
        self._running_keys = {row.queueing_lock for row in rows if row.status == "doing"}

    def try_reserve(self, task: str, source_id: str, host: str) -> bool:
        """Take a place for a job, if there is one and the like of it does not wait. A read waits for the one before."""
        key = f"{task}:{source_id}"
        if self.free_slots <= 0 or self._queued_by_host[host] >= MAX_QUEUED_JOBS_PER_HOST or key in self._queued_keys:
            return False
        if task == READ_PAGES_TASK and key in self._running_keys:
            return False
        self.free_slots -= 1
        self._queued_by_host[host] += 1
        self._queued_keys.add(key)
        return True


def _lease_due_sources(
    connection: Connection, quota: QueueQuota, now: datetime, expires_at: datetime
) -> list[dict[str, Any]]:
    """Lease due sources for the queue, longest overdue first, as many as there are places for."""
    due = (
        SOURCE.c.configured,
        SOURCE.c.next_poll_at <= now,
        SOURCE.c.paused == "",
        or_(SOURCE.c.leased_until_at.is_(None), SOURCE.c.leased_until_at <= now),
    )
    candidates = select(SOURCE.c.id, SOURCE.c.url).where(*due).order_by(SOURCE.c.next_poll_at).limit(MAX_CANDIDATES)
    hosts = {row.id: extract_host(row.url) for row in connection.execute(candidates)}
    chosen = [source_id for source_id, host in hosts.items() if quota.try_reserve(COLLECT_TASK, source_id, host)]
    if not chosen:
        return []
    token = secrets.token_hex(8)
    claim = update(SOURCE).where(SOURCE.c.id.in_(chosen), *due).values(lease_token=token, leased_until_at=expires_at)
    leased = set(connection.execute(claim.returning(SOURCE.c.id)).scalars())
    return [
        {"task": COLLECT_TASK, "host": hosts[source_id], "args": {"source_id": source_id, "token": token}}
        for source_id in chosen
        if source_id in leased
    ]


def _select_page_jobs(connection: Connection, quota: QueueQuota, now: datetime) -> list[dict[str, Any]]:
    """Choose sources whose listed articles wait to be read. Their pages are leased by the worker that reads them."""
    listed = (
        select(ARTICLE.c.source_id)
        .where(IS_LISTED, ARTICLE.c.next_attempt_at <= now)
        .order_by(ARTICLE.c.next_attempt_at, ARTICLE.c.id)
        .limit(MAX_CANDIDATES)
        .subquery()
    )
    query = select(SOURCE.c.id, SOURCE.c.url).where(SOURCE.c.id.in_(select(listed.c.source_id)), SOURCE.c.configured)
    return [
        {"task": READ_PAGES_TASK, "host": extract_host(row.url), "args": {"source_id": row.id}}
        for row in connection.execute(query)
        if quota.try_reserve(READ_PAGES_TASK, row.id, extract_host(row.url))
    ]


def _insert_jobs(connection: Connection, jobs: list[dict[str, Any]]) -> None:
    """Enqueue jobs by Procrastinate, inside our own transaction."""
    from procrastinate import SyncPsycopgConnector
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

    rows = [
        Job(
            queue=QUEUE_NAME,
            task_name=job["task"],
            priority=int(job["task"] == COLLECT_TASK),  # a poll goes before pages of its host
            lock=job["host"] or None,
            queueing_lock=f"{job['task']}:{job['args']['source_id']}",
            task_kwargs=job["args"],
        )
        for job in jobs
    ]
    try:
        JobManager(SyncPsycopgConnector()).batch_defer_jobs(rows, connection=connection.connection.driver_connection)
    except ConnectorException as error:
        cause = error.__cause__ or error
        raise StoreBusy(f"the queue did not take its jobs; they will be handed out again ({cause})") from error


def _release_leases(connection: Connection, leases: list[tuple[str, str]]) -> int:
    """End leases given for the queue, and those that workers have made of them."""
    values = [{"source_id": source_id, "token": token, "own": f"{token}."} for source_id, token in leases if token]
    return sum(connection.execute(_RELEASE_LEASE, value).rowcount for value in values)
