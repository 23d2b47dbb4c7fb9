"""Event loops with a clock that a test moves, so that no result depends on the load of the machine."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
TIMEOUT_SECONDS = 120  # without any event; then the test fails
MAX_TURNS = 20  # of a loop; after them every task waits for a timer, socket or thread


class SkippingLoop(asyncio.SelectorEventLoop):
    """Event loop with the machine's clock, which can be moved forward: for tests with sockets or threads."""

    _offset = 0.0

    def time(self) -> float:
        """Return the seconds on the loop's clock."""
        return super().time() + self._offset

    def skip(self, seconds: float) -> None:
        """Set the clock forward; timers that are due by then run in the next turn."""
        self._offset += seconds


class JumpingLoop(asyncio.SelectorEventLoop):
    """Event loop whose clock jumps to the next timer when all tasks wait: for tests without sockets or threads.

    Its clock begins at zero. ``on_jump`` is called with the seconds of each jump, so that other clocks can follow.
    """

    def __init__(self, on_jump: Callable[[float], object] = lambda _seconds: None) -> None:
        self._on_jump, self._now = on_jump, 0.0
        super().__init__(_JumpingSelector(self.skip))

    def time(self) -> float:
        """Return the seconds on the loop's clock."""
        return self._now

    def skip(self, seconds: float) -> None:
        """Set the clock forward, as if the loop had been blocked for this time."""
        self._now += seconds
        self._on_jump(seconds)


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, skip: Callable[[float], None]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> Any:
        """Jump to the next timer instead of waiting for it; without any timer, wait for a thread."""
        if timeout is None:
            if not (events := super().select(TIMEOUT_SECONDS)):
                raise TimeoutError("all tasks wait, and there is no timer or thread that ends the wait")
            return events
        if not (events := super().select(0)) and timeout > 0:
            self._skip(timeout)
        return events


def skip(seconds: float) -> None:
    """Set the clock of the running loop forward."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop | JumpingLoop)
    loop.skip(seconds)


async def run_ready_tasks() -> None:
    """Run the other tasks of the loop until each waits for a timer, socket or thread."""
    for _ in range(MAX_TURNS):
        await asyncio.sleep(0)


def run_skipping(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a ``SkippingLoop``."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def run_jumping(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a ``JumpingLoop``."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)
