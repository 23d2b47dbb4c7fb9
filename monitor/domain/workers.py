"""Work on several machines: one daemon hands collecting out, workers do it; what they say of themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from monitor.domain.poll_state import Lease

QUEUE_NAME, COLLECT_TASK, READ_PAGES_TASK = "monitor", "collect", "read"
"""The names under which jobs lie in the queue."""

HEARTBEAT_INTERVAL = timedelta(seconds=5)
WORKER_TIMEOUT = timedelta(seconds=20)
"""A worker whose heart has not beaten for so long is taken for dead, and its work is given to others."""

DEAD_WORKER_RETENTION = timedelta(hours=1)
"""For so long a worker that fell silent is still shown."""

HEARTBEAT_KEY_PREFIX = "worker:"
"""What the facts in the ledger begin with in which workers speak of themselves."""


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """What one look at the queue did: jobs handed out, and jobs taken back from workers that are dead.

    ``workers`` is how many are alive; without any, nothing stays in the queue.
    """

    alive_workers: int
    poll_jobs: int = 0
    page_jobs: int = 0
    requeued_jobs: int = 0


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Jobs by what has become of them; those that succeeded are not kept, those that failed for a week."""

    workers: int = 0
    queued: int = 0
    running: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class WorkerHeartbeat:
    """What a worker said of itself at ``at``; counts are since it began."""

    name: str
    at: datetime
    began_at: datetime
    running: int = 0
    done: int = 0
    failed: int = 0
    new: int = 0
    faults: tuple[str, ...] = ()


class JobQueue(Protocol):
    """The queue between the daemon and its workers. Every method is one transaction and may raise ``StoreError``."""

    def enqueue_due_jobs(self, now: datetime, expires_at: datetime) -> EnqueueResult:
        """Take back what dead workers held; then lease due sources until a time and enqueue a job for each.

        Sources with pages to read get a job, too. Where no worker is alive, all jobs are taken back instead. However
        many daemons call this, one job comes of one due time.
        """
        ...

    def claim(self, source_id: str, token: str, expires_at: datetime) -> Lease | None:
        """Begin a job: turn the lease of the queue into one of the worker's own; None if the job came too late."""
        ...

    def release(self, source_id: str, token: str) -> bool:
        """Give a lease back without a poll, so that the source is due again; False if it had ended."""
        ...

    def count_jobs(self) -> QueueCounts:
        """Count workers that are alive, and jobs."""
        ...

    def delete_old_jobs(self) -> int:
        """Delete failed jobs of the week before and workers that are long gone; return how many jobs."""
        ...


class WorkerPoolPort(Protocol):
    """Workers elsewhere, as the daemon sees them."""

    async def enqueue_due_jobs(self) -> bool:
        """Hand out what is due; False if no worker is alive, and all is to be done here. Raises ``StoreError``."""
        ...

    @property
    def has_workers(self) -> bool:
        """Whether the last time somebody was there."""
        ...


class HeartbeatStore(Protocol):
    """Where workers leave their words; the store's ledger is one."""

    def get_by_prefix(self, prefix: str) -> dict[str, str]:
        """Return the facts whose names begin so."""
        ...

    def set(self, name: str, value: str, now: datetime) -> None:
        """Keep a fact under a name."""
        ...

    def delete(self, names: Collection[str]) -> None:
        """Forget facts."""
        ...
