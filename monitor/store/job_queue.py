"""Job queue for worker processes, on PostgreSQL with Procrastinate: its tables, enqueuing, claiming and requeuing.

The tables of Procrastinate are created and migrated together with the tables of this program, by the scripts in the
installed package of Procrastinate. Its schema does not state its version, so the name of the last applied script is
stored as a comment on its main table.

Jobs are enqueued on a connection of this program, in the transaction that leases their sources. The lock of a job is
its host, so that one job per host runs at a time. Its queueing lock is its source, so that at most one job per source
is queued. A job contains the token of the source's lease. The worker that claims the job exchanges the token for a new
one. A worker that claims the job too late therefore has an invalid token.
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
from monitor.store.sources import INTERRUPTED, LEASE_COLUMNS, interruption_marks, lease_from_row, next_lease_token
from monitor.text.urls import extract_host

PROCRASTINATE = "procrastinate"
_SCHEMA_COMMENT_PREFIX = "kept by monitor, schema "  # These names are stored in databases and must not change.
_SELECT_SCHEMA_COMMENT = """SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class') AS comment,
                  to_regclass('procrastinate_jobs') IS NOT NULL AS table_exists"""


def is_installed() -> bool:
    """Return whether the library Procrastinate, one of the optional packages for PostgreSQL, is installed."""
    return find_spec(PROCRASTINATE) is not None


def pending_migrations(connection: Connection) -> tuple[str, ...]:
    """Return the migrations of the library Procrastinate that are not applied yet, oldest first; none on SQLite.

    Raises ``SchemaMismatch`` if the tables of the queue belong to another program, or to a newer version of
    Procrastinate.
    """
    if connection.dialect.name == "sqlite" or not is_installed():
        return ()
    found = connection.execute(text(_SELECT_SCHEMA_COMMENT)).one()
    names = [path.stem for path in _migration_scripts()]
    if not found.table_exists:
        return tuple(names)
    comment = str(found.comment or "")
    if not comment.startswith(_SCHEMA_COMMENT_PREFIX):
        raise SchemaMismatch(
            "the database has tables of Procrastinate that belong to another program; use a database for monitor alone"
        )
    applied = comment.removeprefix(_SCHEMA_COMMENT_PREFIX)
    if applied > names[-1]:
        raise SchemaMismatch(
            f"the job queue in the database has schema {applied}, newer than {names[-1]} of the installed "
            "Procrastinate; install the newer version"
        )
    return tuple(name for name in names if name > applied)


def apply_migrations(connection: Connection) -> None:
    """Apply the pending migrations, inside a transaction. Raises the same errors as ``pending_migrations``."""
    steps = pending_migrations(connection)
    if not steps:
        return
    scripts = {path.stem: path for path in _migration_scripts()}
    is_new = steps == tuple(scripts)
    for path in [_sql_dir() / "schema.sql"] if is_new else [scripts[step] for step in steps]:
        # without parameters, because only then the driver accepts several statements and a literal %
        script = path.read_text(encoding="utf-8")
        connection.execution_options(no_parameters=True).exec_driver_sql(script)
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{_SCHEMA_COMMENT_PREFIX}{steps[-1]}'")


def _sql_dir() -> Path:
    spec = find_spec(PROCRASTINATE)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - callers asked is_installed()
    return Path(spec.origin).parent / "sql"


def _migration_scripts() -> list[Path]:
    """Return the migration scripts of Procrastinate, oldest first. Their names consist of version and number."""
    return sorted((_sql_dir() / "migrations").glob("*.sql"))


ENQUEUE_LOCK_ID = 7_310_002  # an advisory lock of PostgreSQL: only one daemon at a time enqueues
MAX_QUEUED_JOBS = 400
"""Maximum number of queued jobs.

Whenever jobs are enqueued, the whole queue is read, so the queue must be short. Further sources and pages stay due in
their tables and are enqueued later.
"""

MAX_QUEUED_JOBS_PER_HOST = 8
"""Maximum number of queued jobs per host, so that one host with many sources does not fill the queue."""

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
    .values(lease_token=interruption_marks().concat(bindparam("added")), lease_expires_at=None)
)


class JobQueue:
    """Queue of the jobs that the daemon gives to its worker processes.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections, worker_timeout: timedelta = WORKER_TIMEOUT) -> None:
        self._connections, self._worker_timeout = connections, worker_timeout

    def enqueue_due_jobs(self, now: datetime, expires_at: datetime) -> EnqueueResult:
        """Lease due sources and enqueue a job for each. The work of dead workers is requeued first.

        A job is also enqueued for each source with pages to read. If no worker is alive, all jobs are cancelled
        instead. If several processes call this at the same time, each due source is enqueued once. Return the numbers
        of live workers, of new jobs and of requeued jobs.
        """
        with self._connections.write_transaction() as connection:
            workers = self._count_alive_workers(connection)
            lock = text("SELECT pg_try_advisory_xact_lock(:lock_id)")
            if not connection.execute(lock, {"lock_id": ENQUEUE_LOCK_ID}).scalar_one():
                return EnqueueResult(workers)  # another daemon is enqueuing now
            requeued = self._requeue_orphaned_jobs(connection, now, include_queued=not workers)
            if not workers:
                return EnqueueResult(0, requeued_jobs=requeued)
            quota = QueueQuota(connection.execute(_SELECT_ACTIVE_JOBS, {"queue": QUEUE_NAME}).all())
            polls = _lease_due_sources(connection, quota, now, expires_at) if quota.free_slots else []
            pages = _select_page_jobs(connection, quota, now) if quota.free_slots else []
            if polls or pages:
                _insert_jobs(connection, [*polls, *pages])
        return EnqueueResult(workers, len(polls), len(pages), requeued)

    def claim(self, source_id: str, token: str, expires_at: datetime) -> Lease | None:
        """Replace the lease of a job's source by a new lease of the worker that runs the job. Return the new lease.

        ``token`` is the lease token in the job. The result is None if this token is not valid any more.
        """
        job_token = token.rstrip(INTERRUPTED)
        own = f"{job_token}.{secrets.token_hex(4)}{token[len(job_token) :]}"
        claim = (
            update(SOURCE)
            .where(SOURCE.c.id == source_id, SOURCE.c.lease_token == token, SOURCE.c.configured)
            .values(lease_token=own, lease_expires_at=expires_at)
            .returning(*LEASE_COLUMNS)
        )
        with self._connections.write_transaction() as connection:
            row = connection.execute(claim).first()
        return lease_from_row(row, expires_at) if row else None

    def release(self, source_id: str, token: str) -> bool:
        """Release the lease of a job whose source was not polled, so that the source is due again.

        The result is False if the lease has expired.
        """
        with self._connections.write_transaction() as connection:
            return _release_leases(connection, [(source_id, token)]) > 0

    def count_jobs(self) -> QueueCounts:
        """Return the number of live workers, and the number of jobs in each state."""
        with self._connections.read_transaction() as connection:
            jobs: dict[str, int] = {
                row[0]: row[1] for row in connection.execute(_COUNT_JOBS_BY_STATUS, {"queue": QUEUE_NAME})
            }
            workers = self._count_alive_workers(connection)
        failed = sum(jobs.values()) - jobs.get("todo", 0) - jobs.get("doing", 0)
        return QueueCounts(workers, jobs.get("todo", 0), jobs.get("doing", 0), failed)

    def delete_old_jobs(self) -> int:
        """Delete failed jobs older than a week, and records of workers that died long ago.

        Return the number of deleted jobs.
        """
        with self._connections.write_transaction() as connection:
            connection.execute(_DELETE_DEAD_WORKERS, {"kept": FINISHED_JOB_RETENTION})
            return connection.execute(
                _DELETE_FINISHED_JOBS, {"queue": QUEUE_NAME, "kept": FINISHED_JOB_RETENTION}
            ).rowcount

    def _count_alive_workers(self, connection: Connection) -> int:
        return int(connection.execute(_COUNT_ALIVE_WORKERS, {"silent": self._worker_timeout}).scalar_one())

    def _requeue_orphaned_jobs(self, connection: Connection, now: datetime, *, include_queued: bool) -> int:
        """Delete the jobs that dead workers were running, and release their leases, so that the work is due again.

        Polls that were running count as interrupted. With ``include_queued``, queued jobs are deleted, too. Return the
        number of deleted jobs that were running.
        """
        parameters = {"queue": QUEUE_NAME, "all": include_queued, "silent": self._worker_timeout}
        rows = connection.execute(_DELETE_ORPHANED_JOBS, parameters).all()
        running = [row for row in rows if row.status == "doing"]
        for jobs, added in ((running, INTERRUPTED), ([row for row in rows if row.status != "doing"], "")):
            polls = [row.args for row in jobs if row.task_name == COLLECT_TASK]
            _release_leases(connection, [(poll["source_id"], poll["token"]) for poll in polls], added)
        if reading := [row.args["source_id"] for row in running if row.task_name == READ_PAGES_TASK]:
            pages = update(ARTICLE).where(IS_LISTED, ARTICLE.c.source_id.in_(reading), ARTICLE.c.lease_token != "")
            connection.execute(pages.values(lease_token="", next_attempt_at=now))
        return len(running)


class QueueQuota:
    """Counter of the jobs that may still be enqueued, in total and for each host.

    The object also knows which jobs exist already, so that no job is enqueued twice.
    """

    def __init__(self, active_jobs: Iterable[Any]) -> None:
        """Count the existing jobs. ``active_jobs`` are the table rows of queued and running jobs."""
        rows = list(active_jobs)
        self._queued_by_host = Counter(row.lock for row in rows if row.status == "todo")
        self.free_slots = MAX_QUEUED_JOBS - self._queued_by_host.total()
        self._queued_keys = {row.queueing_lock for row in rows if row.status == "todo"}
        self._running_keys = {row.queueing_lock for row in rows if row.status == "doing"}

    def try_reserve(self, task: str, source_id: str, host: str) -> bool:
        """Reserve a slot in the queue for a job. Return whether the job may be enqueued.

        A job is refused if the queue or the quota of the host is full, or if a job with the same task and source is
        queued. A job that reads pages is also refused while another such job of the same source is running.
        """
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
    """Lease sources that are due to be polled, the longest overdue first. Return a job for each leased source.

    ``quota`` limits the number of jobs, in total and for each host.
    """
    due = (
        SOURCE.c.configured,
        SOURCE.c.next_poll_at <= now,
        SOURCE.c.paused == "",
        or_(SOURCE.c.lease_expires_at.is_(None), SOURCE.c.lease_expires_at <= now),
    )
    candidates = select(SOURCE.c.id, SOURCE.c.url).where(*due).order_by(SOURCE.c.next_poll_at).limit(MAX_CANDIDATES)
    hosts = {row.id: extract_host(row.url) for row in connection.execute(candidates)}
    chosen = [source_id for source_id, host in hosts.items() if quota.try_reserve(COLLECT_TASK, source_id, host)]
    if not chosen:
        return []
    token = secrets.token_hex(8)
    claim = update(SOURCE).where(SOURCE.c.id.in_(chosen), *due).returning(SOURCE.c.id, SOURCE.c.lease_token)
    claim = claim.values(lease_token=next_lease_token(token), lease_expires_at=expires_at)
    tokens = {row.id: row.lease_token for row in connection.execute(claim)}
    return [
        {"task": COLLECT_TASK, "host": hosts[source_id], "args": {"source_id": source_id, "token": tokens[source_id]}}
        for source_id in chosen
        if source_id in tokens
    ]


def _select_page_jobs(connection: Connection, quota: QueueQuota, now: datetime) -> list[dict[str, Any]]:
    """Return as many jobs that read pages as the quota allows, one for each source with due pages.

    Pages are not leased here, but by the worker that runs the job.
    """
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
    """Enqueue jobs with Procrastinate, inside the transaction of the caller."""
    from procrastinate import SyncPsycopgConnector
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

    rows = [
        Job(
            queue=QUEUE_NAME,
            task_name=job["task"],
            priority=int(job["task"] == COLLECT_TASK),  # polls run before page jobs of the same host
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
        raise StoreBusy(f"jobs could not be enqueued and will be enqueued later ({cause})") from error


def _release_leases(connection: Connection, leases: list[tuple[str, str]], added: str = "") -> int:
    """End leases of sources that were taken for jobs. Return the number of ended leases.

    ``leases`` has a pair for each job: the id of the source, and the lease token in the job. If a worker has claimed
    the job, it has replaced this token by a new one; the lease is ended nevertheless. A token ends with one character
    for each interrupted poll of the source. The row of the source keeps these characters, and ``added`` is appended to
    them: one more such character, or an empty text.
    """
    values = [
        {"source_id": source_id, "token": token, "own": f"{token.rstrip(INTERRUPTED)}.", "added": added}
        for source_id, token in leases
        if token
    ]
    return sum(connection.execute(_RELEASE_LEASE, value).rowcount for value in values)
