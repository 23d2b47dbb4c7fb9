"""What workers say of themselves, kept as facts in the ledger for ``monitor status``.

Hand over: while workers are alive, the daemon enqueues what is due in place of collecting it.

Errands: what a worker does for one job. The use cases are those of the daemon: collect a source, read its pages.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from monitor.domain.errors import StoreError
from monitor.domain.poll_state import Lease
from monitor.domain.ports import ApplicationDatabase, Clock, Database
from monitor.domain.source import Source
from monitor.domain.workers import (
    DEAD_WORKER_RETENTION,
    HEARTBEAT_KEY_PREFIX,
    EnqueueResult,
    HeartbeatStore,
    JobQueue,
    WorkerHeartbeat,
)
from monitor.pipeline.build_articles import ProcessOffloader
from monitor.pipeline.collect import POLL_LEASE, Collector, PollResult
from monitor.pipeline.read_pages import PageReader


def save_heartbeat(store: HeartbeatStore, heartbeat: WorkerHeartbeat) -> None:
    """Keep a worker's word in place of the one before."""
    fields = asdict(heartbeat) | {"at": heartbeat.at.isoformat(), "began_at": heartbeat.began_at.isoformat()}
    store.set(HEARTBEAT_KEY_PREFIX + heartbeat.name, json.dumps(fields), heartbeat.at)


def load_heartbeats(store: HeartbeatStore) -> list[WorkerHeartbeat]:
    """Return the last word of each worker, by name."""
    return sorted(map(_parse_heartbeat, store.get_by_prefix(HEARTBEAT_KEY_PREFIX).values()), key=lambda word: word.name)


def delete_heartbeat(store: HeartbeatStore, worker_name: str) -> None:
    """Drop the word of a worker that has ended in good order."""
    store.delete([HEARTBEAT_KEY_PREFIX + worker_name])


async def delete_expired_heartbeats(database: ApplicationDatabase, now: datetime) -> None:
    """Drop the words of workers that fell silent long ago."""
    said = await database.read(load_heartbeats, database.key_values)
    if gone := [HEARTBEAT_KEY_PREFIX + word.name for word in said if now - word.at > DEAD_WORKER_RETENTION]:
        await database.run(database.key_values.delete, gone)


def _parse_heartbeat(text: str) -> WorkerHeartbeat:
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("at", "began_at")}
    return WorkerHeartbeat(**fields | times | {"faults": tuple(fields["faults"])})


EnqueueCallback = Callable[[EnqueueResult], None]


class JobEnqueuer:
    """The ``Crew`` of ``domain/workers.py``. What is told of each look at the queue goes to ``heard``."""

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


T = TypeVar("T")
HostWait = Callable[[str], Awaitable[None]]
MAX_PAGES_PER_JOB = 8
STORE_ATTEMPTS, STORE_RETRY_DELAY = 20, timedelta(seconds=1)
OUTCOME_SUPERSEDED = "late"
"""The outcome of a job that another worker has been given meanwhile."""


@dataclass(frozen=True, slots=True)
class CollectorServices:
    """What both the daemon and a worker collect with. ``rest`` waits until the host of a URL may be asked again.

    ``aside`` is where much pure work is done.
    """

    collector: Collector
    page_reader: PageReader
    wait_for_host: HostWait
    offloader: ProcessOffloader


class JobHandler:
    """Does jobs for the sources of one configuration."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        services: CollectorServices,
        sources: Mapping[str, Source],
        clock: Clock,
    ) -> None:
        self._database, self._queue, self._clock = database, queue, clock
        self._services, self._sources = services, sources

    async def collect(self, source_id: str, token: str) -> PollResult:
        """Collect a source under the lease that its job carries, and let its host rest before the job is over.

        Raises ``StoreError`` if the database cannot be reached for long.
        """
        lease = await self._run_with_retries(self._queue.claim, source_id, token, self._clock() + POLL_LEASE)
        if lease is None:
            return PollResult(source_id, OUTCOME_SUPERSEDED)
        source = self._sources.get(source_id)
        if source is None:  # our configuration is older than the daemon's, or newer
            await self._release(lease)
            return PollResult(source_id, OUTCOME_SUPERSEDED, "this worker does not know the source yet")
        poll = None
        try:
            poll = await self._services.collector.poll(lease, source, wait=True)
        finally:
            if poll is None or poll.next_poll_at is None:  # cut off, or what came of it could not be kept
                await asyncio.shield(self._release(lease))
        await self._services.wait_for_host(source.url)
        return poll

    async def read_pages(self, source_id: str) -> int:
        """Read some of the pages that a source has listed; the rest is a job of its own. Returns how many were tried.

        Raises ``StoreError``.
        """
        source = self._sources.get(source_id)
        if source is None:
            return 0
        readings = await self._services.page_reader.run_due(self._sources, MAX_PAGES_PER_JOB, source_id)
        if readings:
            await self._services.wait_for_host(readings[-1].url)
        return len(readings)

    async def _release(self, lease: Lease) -> None:
        """Make a source due again at once; a lease that was settled or lost is left alone."""
        await self._run_with_retries(self._queue.release, lease.source_id, lease.token)

    async def _run_with_retries(self, work: Callable[..., T], *args: object) -> T:
        """Call the store, again and again while it cannot be reached. Raises the last ``StoreError``."""
        for _ in range(STORE_ATTEMPTS):
            try:
                return await self._database.run(work, *args)
            except StoreError:
                await asyncio.sleep(STORE_RETRY_DELAY.total_seconds())
        return await self._database.run(work, *args)
