"""Distributed collecting: the job queue between daemon and workers, and the workers' heartbeats."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

QUEUE_NAME, COLLECT_TASK, READ_PAGES_TASK = "monitor", "collect", "read"
"""Names of the queue and of its tasks."""

HEARTBEAT_INTERVAL = timedelta(seconds=5)
WORKER_TIMEOUT = timedelta(seconds=20)
"""A worker without a heartbeat for this long is considered dead, and its jobs are requeued."""

DEAD_WORKER_RETENTION = timedelta(hours=1)
"""Time for which a dead worker is still displayed."""

HEARTBEAT_KEY_PREFIX = "worker:"
"""Prefix of the keys under which heartbeats are in the key-value store."""


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """Result of one run of the enqueuer: new jobs, and jobs requeued from dead workers.

    If ``alive_workers`` is 0, the queue is emptied and the daemon collects by itself.
    """

    alive_workers: int
    poll_jobs: int = 0
    page_jobs: int = 0
    requeued_jobs: int = 0


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Jobs by state. Successful jobs are deleted at once, failed ones after a week."""

    workers: int = 0
    queued: int = 0
    running: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class WorkerHeartbeat:
    """Status of a worker at the time ``at``; the counts are since ``began_at``."""

    name: str
    at: datetime
    began_at: datetime
    running: int = 0
    done: int = 0
    failed: int = 0
    new: int = 0
    problems: tuple[str, ...] = ()


class WorkerPoolPort(Protocol):
    """Protocol by which the daemon enqueues work for worker processes and asks whether one is alive."""

    async def enqueue_due_jobs(self) -> bool:
        """Enqueue due work; return False if no worker is alive and the daemon must collect. Raises ``StoreError``."""
        ...

    @property
    def has_workers(self) -> bool:
        """Return whether a worker was alive at the last call of ``enqueue_due_jobs``."""
        ...
