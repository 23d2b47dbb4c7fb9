"""Workers in ``monitor status``: who is alive, what they have done, and what waits for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.common import format_time
from monitor.domain.crew import DEAD_WORKER_RETENTION, WORKER_TIMEOUT, QueueCounts, WorkerHeartbeat

if TYPE_CHECKING:
    from monitor.store.database import SqlDatabase


@dataclass(frozen=True, slots=True)
class WorkerOverview:
    """What one look at workers and queue brought; without PostgreSQL there are none."""

    heartbeats: tuple[WorkerHeartbeat, ...] = ()
    job_counts: QueueCounts = field(default_factory=QueueCounts)


def load_worker_overview(database: "SqlDatabase", now: datetime) -> WorkerOverview:
    """Look at the workers that spoke of late, and count the jobs."""
    from monitor.pipeline.words import load_heartbeats

    if database.job_queue is None:
        return WorkerOverview()
    words = tuple(word for word in load_heartbeats(database.key_values) if now - word.at <= DEAD_WORKER_RETENTION)
    return WorkerOverview(words, database.job_queue.count_jobs())


def worker_state(heartbeat: WorkerHeartbeat, now: datetime) -> str:
    """Tell whether a worker is alive, by its last word."""
    return "silent" if now - heartbeat.at > WORKER_TIMEOUT else "alive"


def workers_record(overview: WorkerOverview, now: datetime) -> dict[str, object]:
    """Give the keys of ``status --json`` that speak of workers."""
    workers = [
        {
            "id": word.name,
            "state": worker_state(word, now),
            "seen_at": word.at,
            "began_at": word.began_at,
            "running": word.running,
            "done": word.done,
            "failed": word.failed,
            "articles": word.new,
            "faults": list(word.faults),
        }
        for word in overview.heartbeats
    ]
    queue = overview.job_counts
    return {
        "workers": workers,
        "jobs": {"queued": queue.queued, "running": queue.running, "failed": queue.failed},
    }


def find_worker_problems(overview: WorkerOverview, now: datetime) -> Iterator[str]:
    """Yield what is wrong with workers, each with what to do."""
    for word in overview.heartbeats:
        if worker_state(word, now) == "silent":
            yield (
                f"Worker {word.name} is silent since {format_time(word.at)}: see its log, "
                "and start it by monitor worker; "
                "others have taken its work over."
            )
        else:
            yield from (f"Worker {word.name} reports: {fault}." for fault in word.faults)


def format_workers(overview: WorkerOverview, now: datetime) -> Iterator[str]:
    """Yield a line for the queue and one for each worker; nothing where there are no workers."""
    queue = overview.job_counts
    if not (overview.heartbeats or queue.workers or queue.queued):
        return
    alive = f"{queue.workers} worker{'s' if queue.workers != 1 else ''}"
    yield f"{alive}; {queue.queued} jobs queued, {queue.running} running, {queue.failed} failed."
    for word in overview.heartbeats:
        yield (
            f"  {word.name}: {worker_state(word, now)}, seen {format_time(word.at)}; "
            f"{word.done} jobs done, {word.failed} failed, "
            f"{word.running} running, {word.new} new articles."
        )
