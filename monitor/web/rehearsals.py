"""Rehearsals: trial runs of edited rules on stored articles, for readers of the desk.

They run in a worker process, one at a time, and can be cancelled.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from fastapi import Request
from msgspec import Struct

from monitor.domain.configuration import Configuration
from monitor.domain.errors import UsageError
from monitor.domain.ports import ProcessPool
from monitor.domain.secret import Secret
from monitor.pipeline.rehearsal import Rehearsal
from monitor.web.context import TooManyRequests
from monitor.web.rehearsal_worker import rehearse_in_worker

MAX_DAYS, MAX_KEPT_JOBS = 90, 20
T = TypeVar("T")


class RehearsalJob(Struct, frozen=True):
    """Rehearsal (trial run of edited rules) that was started through the API.

    ``reader_id`` is the reader of the access token with which it was started.
    """

    id: str
    reader_id: int
    task: "asyncio.Task[Rehearsal]"


class Rehearsals:
    """Runner of rehearsals (trial runs of edited rules).

    Only one rehearsal runs at a time, because it occupies a processor; a second one is refused.
    """

    def __init__(self, pool: ProcessPool, database_url: Secret) -> None:
        self._pool, self._database_url = pool, database_url
        self._is_busy = False
        self._jobs: OrderedDict[str, RehearsalJob] = OrderedDict()

    async def run(self, configuration: Configuration, days: int, now: datetime) -> Rehearsal:
        """Try the rules of a configuration on the stored articles of the last ``days`` days.

        Return for each rule how many hits it would add and remove, with examples. Raises ``TooManyRequests`` if another
        rehearsal is running, or ``WorkerKilled`` if this one exceeds its limits.
        """
        if self._is_busy:
            raise TooManyRequests("another rehearsal is running; try again in a moment")
        self._is_busy = True
        try:
            since_at = now - timedelta(days=min(max(days, 1), MAX_DAYS))
            return await self._pool.run(rehearse_in_worker, self._database_url, configuration.watchlist, since_at)
        finally:
            self._is_busy = False

    def start(self, configuration: Configuration, days: int, now: datetime, reader_id: int) -> RehearsalJob:
        """Start a rehearsal (trial run of edited rules), and return its job without waiting for the result.

        The client asks for the result later. Raises ``TooManyRequests`` if another rehearsal is running.
        """
        if self._is_busy:
            raise TooManyRequests("another rehearsal is running; try again in a moment")
        task = asyncio.get_running_loop().create_task(self.run(configuration, days, now))
        job = RehearsalJob(secrets.token_hex(8), reader_id, task)
        self._jobs[job.id] = job
        while len(self._jobs) > MAX_KEPT_JOBS:
            self._jobs.popitem(last=False)[1].task.cancel()
        return job

    def get(self, job_id: str, reader_id: int) -> RehearsalJob:
        """Return a rehearsal that a reader has started. Raises ``UsageError`` if the reader has none with this id."""
        job = self._jobs.get(job_id)
        if job is None or job.reader_id != reader_id:
            raise UsageError(f"there is no job {job_id[:40]!r}")
        return job

    async def aclose(self) -> None:
        """Cancel all rehearsals."""
        for job in self._jobs.values():
            job.task.cancel()
        await asyncio.gather(*(job.task for job in self._jobs.values()), return_exceptions=True)


async def run_until_left(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work`` and return its result. If the client disconnects before it ends, cancel ``work``.

    The body of the request must have been read before.
    """
    task = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(request.receive())  # after the body, only the end of the connection is received
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    if task.cancelled():
        raise TooManyRequests("the request was cancelled")
    return task.result()
