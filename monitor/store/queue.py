"""The queue of Procrastinate, as the daemon fills it and workers begin its jobs: in the same transaction as our leases.

Jobs are deferred by Procrastinate on our own connection. A job's lock is its host: one at a time wherever workers are.
Its queueing lock is its source: one waits at most. A job carries the token of the lease that the source got when the
job was enqueued; the worker that begins it exchanges the token, so whoever overslept holds one that nobody takes.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, text, update

from monitor.domain.crew import COLLECT, QUEUE, READ, SILENT, Handout, QueueCounts
from monitor.domain.errors import StoreBusy
from monitor.domain.source import Lease
from monitor.store.catalogue import ARTICLE, SOURCE
from monitor.store.engine import Connections
from monitor.store.rows import LISTED
from monitor.store.sources import memory_of
from monitor.text.urls import host_of

TURN = 7_310_002  # the number under which PostgreSQL lets one daemon hand out at a time
WAITING = 400  # so many jobs wait at most: the database knows what else is due, and looking into a queue has its price
A_HOST = 8  # of which so many belong to one host, that the others get their turn
CANDIDATES = 2_000
KEPT = timedelta(days=7)

_ALIVE = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - :silent")
_TAKE_BACK = text(
    """DELETE FROM procrastinate_jobs WHERE queue_name = :queue AND (
        status = 'todo' AND :all
        OR status = 'doing' AND NOT EXISTS (
            SELECT FROM procrastinate_workers worker WHERE worker.id = procrastinate_jobs.worker_id
            AND worker.last_heartbeat > now() - :silent))
    RETURNING status, task_name, args"""
)
_HELD = text(
    """SELECT status, lock, queueing_lock FROM procrastinate_jobs
        WHERE queue_name = :queue AND status IN ('todo', 'doing')"""
)
_COUNTS = text("SELECT status, count(*) FROM procrastinate_jobs WHERE queue_name = :queue GROUP BY status")
_FORGET = text(
    """DELETE FROM procrastinate_jobs job WHERE queue_name = :queue AND status NOT IN ('todo', 'doing')
        AND NOT EXISTS (SELECT FROM procrastinate_events WHERE job_id = job.id AND at > now() - :kept)"""
)
_GONE = text("DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - :kept")
_RELEASE = (
    update(SOURCE)
    .where(SOURCE.c.id == bindparam("source"))
    .where(or_(SOURCE.c.lease_token == bindparam("token"), SOURCE.c.lease_token.startswith(bindparam("own"))))
    .values(lease_token="", leased_until_at=None)
)


class SqlQueue:
    """The ``JobQueue`` of ``domain/crew.py``, on PostgreSQL alone."""

    def __init__(self, connections: Connections, silent: timedelta = SILENT) -> None:
        self._connections, self._silent = connections, silent

    def hand_out(self, now: datetime, until_at: datetime) -> Handout:
        """Take back what dead workers held, then enqueue what is due; see the port."""
        with self._connections.writing() as connection:
            workers = self._workers(connection)
            if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:turn)"), {"turn": TURN}).scalar_one():
                return Handout(workers)  # another daemon is just doing it
            back = self._take_back(connection, now, all_of_them=not workers)
            if not workers:
                return Handout(0, taken_back=back)
            held = connection.execute(_HELD, {"queue": QUEUE}).all()
            room = Room(held)
            polls = _lease(connection, room, now, until_at) if room.free else []
            pages = _with_pages(connection, room, now) if room.free else []
            if polls or pages:
                _defer(connection, [*polls, *pages])
        return Handout(workers, len(polls), len(pages), back)

    def claim(self, source_id: str, token: str, until_at: datetime) -> Lease | None:
        """Begin a job; see the port."""
        own = f"{token}.{secrets.token_hex(4)}"
        claim = (
            update(SOURCE)
            .where(SOURCE.c.id == source_id, SOURCE.c.lease_token == token, SOURCE.c.configured)
            .values(lease_token=own, leased_until_at=until_at)
            .returning(SOURCE.c.memory, SOURCE.c.pages)
        )
        with self._connections.writing() as connection:
            row = connection.execute(claim).first()
        return Lease(source_id, own, until_at, memory_of(row)) if row else None

    def release(self, source_id: str, token: str) -> bool:
        """Give a lease back without a poll; False if it had ended."""
        with self._connections.writing() as connection:
            return _release(connection, [(source_id, token)]) > 0

    def counts(self) -> QueueCounts:
        """Count workers that are alive, and jobs."""
        with self._connections.reading() as connection:
            jobs: dict[str, int] = {row[0]: row[1] for row in connection.execute(_COUNTS, {"queue": QUEUE})}
            workers = self._workers(connection)
        ended = sum(jobs.values()) - jobs.get("todo", 0) - jobs.get("doing", 0)
        return QueueCounts(workers, jobs.get("todo", 0), jobs.get("doing", 0), ended)

    def clean(self) -> int:
        """Delete failed jobs of the week before and workers that are long gone; return how many jobs."""
        with self._connections.writing() as connection:
            connection.execute(_GONE, {"kept": KEPT})
            return connection.execute(_FORGET, {"queue": QUEUE, "kept": KEPT}).rowcount

    def _workers(self, connection: Connection) -> int:
        return int(connection.execute(_ALIVE, {"silent": self._silent}).scalar_one())

    def _take_back(self, connection: Connection, now: datetime, *, all_of_them: bool) -> int:
        """Delete the jobs of dead workers (or all), and make due again what they had leased."""
        asked = {"queue": QUEUE, "all": all_of_them, "silent": self._silent}
        rows = connection.execute(_TAKE_BACK, asked).all()
        _release(connection, [(row.args["source"], row.args["token"]) for row in rows if row.task_name == COLLECT])
        dead = [row for row in rows if row.status == "doing"]
        if reading := [row.args["source"] for row in dead if row.task_name == READ]:
            pages = update(ARTICLE).where(LISTED, ARTICLE.c.source_id.in_(reading), ARTICLE.c.lease_token != "")
            connection.execute(pages.values(lease_token="", next_attempt_at=now))
        return len(dead)


class Room:
    """How many more jobs may wait, in all and for each host, and whose job is there already."""

    def __init__(self, held: Iterable[Any]) -> None:
        """``held`` are rows of jobs that wait or run."""
        rows = list(held)
        self._hosts = Counter(row.lock for row in rows if row.status == "todo")
        self.free = WAITING - self._hosts.total()
        self._waiting = {row.queueing_lock for row in rows if row.status == "todo"}
        self._running = {row.queueing_lock for row in rows if row.status == "doing"}

    def take(self, task: str, source_id: str, host: str) -> bool:
        """Take a place for a job, if there is one and the like of it does not wait. A read waits for the one before."""
        key = f"{task}:{source_id}"
        if self.free <= 0 or self._hosts[host] >= A_HOST or key in self._waiting:
            return False
        if task == READ and key in self._running:
            return False
        self.free -= 1
        self._hosts[host] += 1
        self._waiting.add(key)
        return True


def _lease(connection: Connection, room: Room, now: datetime, until_at: datetime) -> list[dict[str, Any]]:
    """Lease due sources for the queue, longest overdue first, as many as there are places for."""
    due = (
        SOURCE.c.configured,
        SOURCE.c.next_poll_at <= now,
        SOURCE.c.paused == "",
        or_(SOURCE.c.leased_until_at.is_(None), SOURCE.c.leased_until_at <= now),
    )
    candidates = select(SOURCE.c.id, SOURCE.c.url).where(*due).order_by(SOURCE.c.next_poll_at).limit(CANDIDATES)
    hosts = {row.id: host_of(row.url) for row in connection.execute(candidates)}
    chosen = [source_id for source_id, host in hosts.items() if room.take(COLLECT, source_id, host)]
    if not chosen:
        return []
    token = secrets.token_hex(8)
    claim = update(SOURCE).where(SOURCE.c.id.in_(chosen), *due).values(lease_token=token, leased_until_at=until_at)
    leased = set(connection.execute(claim.returning(SOURCE.c.id)).scalars())
    return [
        {"task": COLLECT, "host": hosts[source_id], "args": {"source": source_id, "token": token}}
        for source_id in chosen
        if source_id in leased
    ]


def _with_pages(connection: Connection, room: Room, now: datetime) -> list[dict[str, Any]]:
    """Choose sources whose listed articles wait to be read. Their pages are leased by the worker that reads them."""
    listed = (
        select(ARTICLE.c.source_id)
        .where(LISTED, ARTICLE.c.next_attempt_at <= now)
        .order_by(ARTICLE.c.next_attempt_at, ARTICLE.c.id)
        .limit(CANDIDATES)
        .subquery()
    )
    query = select(SOURCE.c.id, SOURCE.c.url).where(SOURCE.c.id.in_(select(listed.c.source_id)), SOURCE.c.configured)
    return [
        {"task": READ, "host": host_of(row.url), "args": {"source": row.id}}
        for row in connection.execute(query)
        if room.take(READ, row.id, host_of(row.url))
    ]


def _defer(connection: Connection, jobs: list[dict[str, Any]]) -> None:
    """Enqueue jobs by Procrastinate, inside our own transaction."""
    from procrastinate import SyncPsycopgConnector
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

    rows = [
        Job(
            queue=QUEUE,
            task_name=job["task"],
            priority=int(job["task"] == COLLECT),  # a poll goes before pages of its host
            lock=job["host"] or None,
            queueing_lock=f"{job['task']}:{job['args']['source']}",
            task_kwargs=job["args"],
        )
        for job in jobs
    ]
    try:
        JobManager(SyncPsycopgConnector()).batch_defer_jobs(rows, connection=connection.connection.driver_connection)
    except ConnectorException as error:
        cause = error.__cause__ or error
        raise StoreBusy(f"the queue did not take its jobs; they will be handed out again ({cause})") from error


def _release(connection: Connection, leases: list[tuple[str, str]]) -> int:
    """End leases given for the queue, and those that workers have made of them."""
    values = [{"source": source_id, "token": token, "own": f"{token}."} for source_id, token in leases if token]
    return sum(connection.execute(_RELEASE, value).rowcount for value in values)
