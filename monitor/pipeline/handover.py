"""Hand over: while workers are alive, the daemon enqueues what is due in place of collecting it."""

from collections.abc import Callable

from monitor.domain.crew import EnqueueResult, JobQueue
from monitor.domain.ports import Clock, Database
from monitor.pipeline.collect import POLL_LEASE

EnqueueCallback = Callable[[EnqueueResult], None]


class JobEnqueuer:
    """The ``Crew`` of ``domain/crew.py``. What is told of each look at the queue goes to ``heard``."""

    def __init__(
        self, database: Database, queue: JobQueue, clock: Clock, on_enqueued: EnqueueCallback = lambda _told: None
    ) -> None:
        self._database, self._queue, self._clock, self._on_enqueued = database, queue, clock, on_enqueued
        self._worker_count = 0

    @property
    def has_workers(self) -> bool:
        """Whether the last time a worker was there."""
        return self._worker_count > 0

    async def enqueue_due_jobs(self) -> bool:
        """Hand out what is due; False if no worker is alive, and all is to be done here. Raises ``StoreError``."""
        now = self._clock()
        told = await self._database.run(self._queue.enqueue_due_jobs, now, now + POLL_LEASE)
        self._worker_count = told.alive_workers
        self._on_enqueued(told)
        return self.has_workers
