"""Process offloader: runs pure functions in worker processes while many articles wait.

A Python process uses one processor core. If a first poll yields thousands of entries, parsing, building articles and
computing features move to another process. The results are the same in both processes. A worker process is idle
between its answer and the next message, so waiting calls are combined into one message.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from monitor.domain.errors import MonitorError
from monitor.domain.ports import ProcessPool

T = TypeVar("T")
MIN_OFFLOAD_ARTICLES = 8
"""Minimum number of articles in a batch that is sent to a worker process.

The transfer of a smaller batch costs more than the work.
"""

OFFLOAD_THRESHOLD = 1_000
"""If at least this number of articles wait, the work on them is done in a worker process.

Starting the process takes as long as building 900 articles.
"""

DRAIN_RATE = 100.0
"""Number of articles per second that this process can build in addition to its other work.

The estimated number of waiting articles decreases at this rate.
"""

MAX_MESSAGE_ARTICLES = 150
"""Maximum number of articles that one message to a worker process contains.

The process works on these articles for 10 to 20 ms, which is longer than it waits for its next message.
"""

FAILURE_MEMORY_SECONDS = 3600.0
log = logging.getLogger(__name__)


def describe_error(error: BaseException) -> str:
    """Return an error as one line for messages.

    The type of the error is added if it is not an error of this program.
    """
    text = str(error) if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:300]


class _OffloadedCall(Struct, frozen=True):
    """Call that waits for a worker process: function, arguments, number of articles, and future for the result."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    article_count: int
    future: "asyncio.Future[Any]"


class ProcessOffloader:
    """Runner of pure functions in worker processes. It uses these processes only while many articles wait.

    At most ``concurrency`` messages are processed at a time. Without a process pool, its ``run`` methods return None.
    """

    def __init__(self, process_pool: ProcessPool | None = None, concurrency: int = 1) -> None:
        self._process_pool, self._concurrency = process_pool, concurrency
        self._backlog, self._backlog_at = 0.0, 0.0
        self._failure_count, self._failed_at, self._failure = 0, 0.0, ""
        self._queue: deque[_OffloadedCall] = deque()
        self._tasks, self._active_tasks = set[asyncio.Task[None]](), 0

    @property
    def has_pool(self) -> bool:
        """True if there are worker processes that can do work."""
        return self._process_pool is not None

    def add_backlog(self, article_count: int) -> None:
        """Increase the estimated number of waiting articles by ``article_count``.

        ``run_in_pool`` uses worker processes only if this number is high.
        """
        now = asyncio.get_running_loop().time()
        left = max(0.0, self._backlog - DRAIN_RATE * (now - self._backlog_at))
        self._backlog, self._backlog_at = min(left + article_count, 2.0 * OFFLOAD_THRESHOLD), now

    async def run_in_pool(self, work: Callable[..., T], batch: Sequence[Any], *args: object) -> T | None:
        """Run ``work(batch, *args)`` in a worker process, and return its result.

        The result is None if the caller must run the work itself, because the batch is small, few articles wait, or no
        process can be started. Raises every error that ``work`` raises, and ``WorkerKilled``.
        """
        if self._process_pool is None or len(batch) < MIN_OFFLOAD_ARTICLES:
            return None
        self.add_backlog(len(batch))
        return await self.run_if_busy(len(batch), work, batch, *args)

    async def run_if_busy(self, article_count: int, work: Callable[..., T], *args: object) -> T | None:
        """Run ``work(*args)``, which is work on about ``article_count`` articles, in a worker process if many wait.

        The result is None if the caller must run the work itself, because few articles wait, or no process can be
        started. Raises every error that ``work`` raises, and ``WorkerKilled``.
        """
        if self._process_pool is None or self._backlog < OFFLOAD_THRESHOLD:
            return None
        call = _OffloadedCall(work, args, article_count, asyncio.get_running_loop().create_future())
        self._queue.append(call)
        if self._active_tasks < self._concurrency:
            self._active_tasks += 1
            task = asyncio.create_task(self._send_queue())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            result: T = await call.future
        except OSError as error:
            self.record_failure(work.__name__, describe_error(error))
            return None
        except Exception as error:
            self.record_failure(work.__name__, describe_error(error))
            raise
        return result

    def record_failure(self, work_name: str, error: str) -> None:
        """Count work that failed in a worker process, and keep its error for ``problem``.

        The failure is logged, but at most once an hour while calls fail.
        """
        now = asyncio.get_running_loop().time()
        if not self._failure_count or now - self._failed_at > FAILURE_MEMORY_SECONDS:
            self._failure_count = 0
            log.warning("work in a worker process failed", extra={"work": work_name, "error": error})
        self._failure_count, self._failed_at = self._failure_count + 1, now
        self._failure = f"{work_name}: {error}"

    @property
    def problem(self) -> str:
        """One line about calls that failed within the last hour, or an empty string if none failed."""
        if not self._failure_count or asyncio.get_running_loop().time() - self._failed_at > FAILURE_MEMORY_SECONDS:
            return ""
        times = "once" if self._failure_count == 1 else f"{self._failure_count} times"
        return (
            f"work in a worker process failed {times} and was done again in the main process or item by item; "
            f"the last error was {self._failure}"
        )

    async def run_separately(self, work: Callable[..., T], *args: object) -> T:
        """Run one call in a worker process, not together with other calls.

        Raises ``WorkerKilled``, ``OSError`` and every error that ``work`` raises.
        """
        assert self._process_pool is not None  # noqa: S101 - called only after a worker process was used
        return await self._process_pool.run(work, *args)

    async def _send_queue(self) -> None:
        """Send the queued calls to the process pool, several per message, until the queue is empty."""
        try:
            while self._queue:
                calls = [self._queue.popleft()]
                capacity = MAX_MESSAGE_ARTICLES - calls[0].article_count
                while self._queue and self._queue[0].article_count <= capacity:
                    calls.append(self._queue.popleft())
                    capacity -= calls[-1].article_count
                if pending := [call for call in calls if not call.future.done()]:
                    await self._send_message(pending)
        finally:
            self._active_tasks -= 1

    async def _send_message(self, calls: list[_OffloadedCall]) -> None:
        """Send several calls to a worker process in one message, and pass each result to its caller.

        If the message fails, each call is sent in a separate message, so that an error reaches only its own caller.
        """
        try:
            results = await self.run_separately(run_calls, [(call.work, call.args) for call in calls])
        except Exception as error:  # noqa: BLE001 - with several calls, running each alone finds the one that raised it
            if len(calls) == 1 and not calls[0].future.done():
                calls[0].future.set_exception(error)
            for call in calls if len(calls) > 1 else ():
                await self._send_message([call])
            return
        for call, result in zip(calls, results, strict=True):
            if not call.future.done():
                call.future.set_result(result)


def run_calls(calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Run several calls, each a function with its arguments, and return their results. Raises the first exception."""
    return [work(*args) for work, args in calls]
