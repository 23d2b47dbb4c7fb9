"""Write thread: runs all writes to the database, in order.

On SQLite, polls that are waiting to be written share one transaction, because each commit updates the full-text index,
and eight polls change nearly the same pages of the index as one. If the transaction fails, it is rolled back and each
call runs alone, so that only the caller of the failing call gets the error.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from msgspec import Struct

from monitor.store.connections import Connections

T = TypeVar("T")
MAX_BATCH_SIZE = 8
"""Maximum number of calls per commit. Other writes wait for the commit, about 10 ms per call."""


class _WriteCall(Struct, frozen=True):
    """Queued call of a store method, and the future that gets its result."""

    work: Callable[..., Any]
    args: tuple[object, ...]
    future: "asyncio.Future[Any]"


class WriteQueue:
    """Write thread of the database, which calls store methods one after another.

    On SQLite, calls of the methods in ``batchable`` that wait at the same time share a transaction.
    """

    def __init__(self, connections: Connections, batchable: Collection[Callable[..., Any]]) -> None:
        self._connections = connections
        self._batchable = frozenset(batchable) if connections.is_sqlite else frozenset()
        self._thread = ThreadPoolExecutor(1, "store-writer")
        self._pending_calls: deque[_WriteCall] = deque()

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a method on the write thread and return its result. Calls run in the order in which they are made."""
        loop = asyncio.get_running_loop()
        if getattr(work, "__func__", None) not in self._batchable:
            return await loop.run_in_executor(self._thread, work, *args)
        call = _WriteCall(work, args, loop.create_future())
        self._pending_calls.append(call)
        self._thread.submit(self._run_batch, loop)  # once per call; it does nothing if an earlier batch took the call
        result: T = await call.future
        return result

    def close(self) -> None:
        """Finish the queued calls and end the thread."""
        self._thread.shutdown()

    def _run_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        calls = [self._pending_calls.popleft() for _ in range(min(MAX_BATCH_SIZE, len(self._pending_calls)))]
        if not calls:
            return
        results = self._run_in_one_transaction(calls) if len(calls) > 1 else None
        if results is None:
            results = [_run_call(call) for call in calls]
        loop.call_soon_threadsafe(_set_results, calls, results)

    def _run_in_one_transaction(self, calls: list[_WriteCall]) -> list[tuple[Any, BaseException | None]] | None:
        """Run all calls in one transaction, and return their results.

        If a call fails, the transaction is rolled back and the result is None.
        """
        try:
            with self._connections.shared_transaction():
                return [(call.work(*call.args), None) for call in calls]
        except Exception:  # noqa: BLE001 - each call then runs alone, which raises the error again for its caller
            return None


def _run_call(call: _WriteCall) -> tuple[Any, BaseException | None]:
    try:
        return call.work(*call.args), None
    except BaseException as error:  # noqa: BLE001 - the caller gets it; otherwise it would end the thread
        return None, error


def _set_results(calls: list[_WriteCall], results: list[tuple[Any, BaseException | None]]) -> None:
    for call, (result, error) in zip(calls, results, strict=True):
        if call.future.done():  # the caller was cancelled
            continue
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)
