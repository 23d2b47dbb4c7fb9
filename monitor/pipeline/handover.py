"""Hand over: while workers are alive, the daemon enqueues what is due in place of collecting it."""

from collections.abc import Callable

from monitor.domain.crew import Handout, JobQueue
from monitor.domain.ports import Clock, Database
from monitor.pipeline.collect import LEASE

Heard = Callable[[Handout], None]


class Foreman:
    """The ``Crew`` of ``domain/crew.py``. What is told of each look at the queue goes to ``heard``."""

    def __init__(self, database: Database, queue: JobQueue, clock: Clock, heard: Heard = lambda _told: None) -> None:
        self._database, self._queue, self._clock, self._heard = database, queue, clock, heard
        self._workers = 0

    @property
    def is_at_work(self) -> bool:
        """Whether the last time a worker was there."""
        return self._workers > 0

    async def hand_over(self) -> bool:
        """Hand out what is due; False if no worker is alive, and all is to be done here. Raises ``StoreError``."""
        now = self._clock()
        told = await self._database.run(self._queue.hand_out, now, now + LEASE)
        self._workers = told.workers
        self._heard(told)
        return self.is_at_work
