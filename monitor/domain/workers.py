"""Collecting on several machines: the job queue between daemon and worker processes, and the heartbeats of workers."""

from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

QUEUE_NAME, COLLECT_TASK, READ_PAGES_TASK = "monitor", "collect", "read"
"""Name of the job queue, and of its two kinds of jobs: polling a source, and reading the pages of its articles."""

HEARTBEAT_INTERVAL = timedelta(seconds=5)
WORKER_TIMEOUT = timedelta(seconds=20)
"""Time without a heartbeat after which a worker process is considered dead and its jobs are requeued."""

DEAD_WORKER_RETENTION = timedelta(hours=1)
"""Time for which `monitor status` still shows a dead worker process."""

HEARTBEAT_KEY_PREFIX = "worker:"
"""Prefix of the keys of heartbeats in the key-value store; the name of the worker process follows."""


class EnqueueResult(Struct, frozen=True):
    """The result of enqueuing due work: how many jobs are new, and how many were requeued from dead worker processes.

    If ``alive_workers`` is 0, the queue was emptied, and the daemon does the work itself.
    """

    alive_workers: int
    poll_jobs: int = 0
    page_jobs: int = 0
    requeued_jobs: int = 0


class QueueCounts(Struct, frozen=True):
    """The number of living worker processes, and the numbers of jobs by state.

    Successful jobs are not counted, because they are deleted immediately. Failed jobs are deleted after a week.
    """

    workers: int = 0
    queued: int = 0
    running: int = 0
    failed: int = 0


class WorkerHeartbeat(Struct, frozen=True):
    """A sign of life that a worker process saved at the time ``at``, with its numbers of jobs.

    ``running`` is the number of jobs that were running at that time. Since the start of the process at ``began_at``,
    ``done`` jobs have succeeded and ``failed`` jobs have failed, and the polls have found ``new`` new articles.
    """

    name: str
    at: datetime
    began_at: datetime
    running: int = 0
    done: int = 0
    failed: int = 0
    new: int = 0
    problems: tuple[str, ...] = ()


class WorkerPoolPort(Protocol):
    """Protocol of the object with which the daemon enqueues jobs for worker processes."""

    async def enqueue_due_jobs(self) -> bool:
        """Enqueue jobs for all due work.

        The result is False if no worker process is alive; then the daemon must do the work. Raises ``StoreError`` if
        the database fails.
        """
        ...

    @property
    def has_workers(self) -> bool:
        """Return whether a worker process was alive at the last call of ``enqueue_due_jobs``."""
        ...
