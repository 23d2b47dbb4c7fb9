"""Distributed collecting: the daemon enqueues jobs, worker processes run them.

A job runs the same step that the daemon would run: it polls a source, or reads pages of a source.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from monitor.domain.poll_state import Lease
from monitor.domain.ports import Clock
from monitor.domain.source import Source
from monitor.domain.workers import EnqueueResult
from monitor.pipeline.collect import POLL_LEASE, Collector, PollResult
from monitor.pipeline.poll_plan import PollOutcome
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.pipeline.read_pages import PageReader
from monitor.pipeline.store_retry import run_with_retries
from monitor.store.database import Database
from monitor.store.job_queue import JobQueue

EnqueueCallback = Callable[[EnqueueResult], None]


class JobEnqueuer:
    """Part of the daemon that enqueues due work for the worker processes.

    Each time it has done so, it calls the function ``on_enqueued`` with the result.
    """

    def __init__(
        self, database: Database, queue: JobQueue, clock: Clock, on_enqueued: EnqueueCallback = lambda _result: None
    ) -> None:
        self._database, self._queue, self._clock, self._on_enqueued = database, queue, clock, on_enqueued
        self._worker_count = 0

    @property
    def has_workers(self) -> bool:
        """True if a worker process was alive at the last call of ``enqueue_due_jobs``."""
        return self._worker_count > 0

    async def enqueue_due_jobs(self) -> bool:
        """Enqueue due work, and return whether a worker process is alive.

        If no worker process is alive, the daemon must do the work itself. Raises ``StoreError``.
        """
        now = self._clock()
        result = await self._database.run(self._queue.enqueue_due_jobs, now, now + POLL_LEASE)
        self._worker_count = result.alive_workers
        self._on_enqueued(result)
        return self.has_workers


T = TypeVar("T")
HostWait = Callable[[str], Awaitable[None]]
MAX_PAGES_PER_JOB = 8


class CollectorServices(Struct, frozen=True):
    """Objects that collect articles. The daemon and the worker processes use the same ones.

    ``wait_for_host`` is a function that waits until the host of a URL may receive another request. ``offloader`` runs
    pure functions in a process pool.
    """

    collector: Collector
    page_reader: PageReader
    wait_for_host: HostWait
    offloader: ProcessOffloader


class JobHandler:
    """Runner of jobs for the sources of one configuration, in a worker process."""

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
        """Poll a source, then wait until its host may receive another request.

        ``token`` identifies the lease by which the daemon has reserved the source for this job. If the lease is no
        longer valid, the source is not polled. Raises ``StoreError`` if the database stays unreachable.
        """
        lease = await run_with_retries(self._database, self._queue.claim, source_id, token, self._clock() + POLL_LEASE)
        if lease is None:
            return PollResult(source_id, PollOutcome.SUPERSEDED)
        source = self._sources.get(source_id)
        if source is None:  # the configuration of this worker differs from that of the daemon
            await self._release(lease)
            return PollResult(source_id, PollOutcome.SUPERSEDED, "this worker's configuration does not have the source")
        poll = None
        try:
            poll = await self._services.collector.poll(lease, source, wait=True)
        finally:
            if poll is None or poll.next_poll_at is None:  # the poll was cancelled, or its result could not be stored
                await asyncio.shield(self._release(lease))
        await self._services.wait_for_host(source.url)
        return poll

    async def read_pages(self, source_id: str) -> int:
        """Read at most ``MAX_PAGES_PER_JOB`` pages of a source, and return how many were read.

        The daemon enqueues another job for the remaining pages. Raises ``StoreError``.
        """
        source = self._sources.get(source_id)
        if source is None:
            return 0
        pages = await self._services.page_reader.run_due(self._sources, MAX_PAGES_PER_JOB, source_id)
        if pages:
            await self._services.wait_for_host(pages[-1].url)
        return len(pages)

    async def _release(self, lease: Lease) -> None:
        """Release the lease of a job, so that its source is due now.

        If the lease was already used or lost, nothing changes.
        """
        await run_with_retries(self._database, self._queue.release, lease.source_id, lease.token)
