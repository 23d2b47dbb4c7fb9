"""The one thread that writes, and how work that waits for it shares a commit.

A commit moves the full-text index on, and the pages of the index that it changes are much the same for one poll as for
eight. So what polls leave behind is written together when it has to wait anyway. If anything goes wrong in common,
nothing was written, and each is written by itself: whoever is at fault hears of it, and nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.store.connections import Connections

T = TypeVar("T")
MAX_BATCH_SIZE = 8
"""So many pieces of work share a commit at most: others wait for it, 10 ms a piece."""


@dataclass(frozen=True, slots=True)
class _WriteCall:
    """A piece of work, and who waits for what comes of it."""

    work: Callable[..., Any]
    args: tuple[object, ...]
    future: "asyncio.Future[Any]"


class WriteQueue:
    """Calls the store's methods one after the other. ``joined`` are those that may share a transaction on SQLite."""

    def __init__(self, connections: Connections, batchable: Collection[Callable[..., Any]]) -> None:
        self._connections = connections
        self._batchable = frozenset(batchable) if connections.is_sqlite else frozenset()
        self._thread = ThreadPoolExecutor(1, "store-writer")
        self._pending_calls: deque[_WriteCall] = deque()

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a method when its turn comes; never later than what is asked for after it."""
        loop = asyncio.get_running_loop()
        if getattr(work, "__func__", None) not in self._batchable:
            return await loop.run_in_executor(self._thread, work, *args)
        call = _WriteCall(work, args, loop.create_future())
        self._pending_calls.append(call)
        self._thread.submit(self._run_batch, loop)  # one for each call: whoever finds none waiting has nothing to do
        result: T = await call.future
        return result

    def close(self) -> None:
        """Finish what was handed over."""
        self._thread.shutdown()

    def _run_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        calls = [self._pending_calls.popleft() for _ in range(min(MAX_BATCH_SIZE, len(self._pending_calls)))]
        if not calls:
            return
        outcomes = self._run_in_one_transaction(calls) if len(calls) > 1 else None
        if outcomes is None:
            outcomes = [_run_call(call) for call in calls]
        loop.call_soon_threadsafe(_set_results, calls, outcomes)

    def _run_in_one_transaction(self, calls: list[_WriteCall]) -> list[tuple[Any, BaseException | None]] | None:
        """Write all in one transaction; None if that was not possible, and then nothing is written."""
        try:
            with self._connections.shared_transaction():
                return [(call.work(*call.args), None) for call in calls]
        except Exception:  # noqa: BLE001 - whose it is shows when each is written by itself, which raises it again
            return None


def _run_call(call: _WriteCall) -> tuple[Any, BaseException | None]:
    try:
        return call.work(*call.args), None
    except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits, as from any executor
        return None, error


def _set_results(calls: list[_WriteCall], outcomes: list[tuple[Any, BaseException | None]]) -> None:
    for call, (result, error) in zip(calls, outcomes, strict=True):
        if call.future.done():  # nobody waits any more
            continue
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)
