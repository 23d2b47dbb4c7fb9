"""A bounded number of tasks side by side, so that one that hangs holds up only its own place."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta


class TaskSlots:
    """Starts work without waiting for it, and knows how much more may be started."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def free_count(self) -> int:
        """How many more may be started now."""
        return self._size - len(self._tasks)

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Run ``work`` in the background; it must handle its own errors."""
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, max_wait: timedelta) -> int:
        """Wait for what is running, then cancel the rest; returns how many were cancelled."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=max_wait.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)
