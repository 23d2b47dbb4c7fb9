"""Event loops whose clock a test moves, so that no result depends on how busy the machine is."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
HANG = 120  # seconds without any event, after which a test has failed
TURNS = 20  # of a loop, until all that is under way on it waits for something


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs with that of the machine and can be set forward: for tests with sockets or threads."""

    _ahead = 0.0

    def time(self) -> float:
        """Return the seconds on the loop's clock."""
        return super().time() + self._ahead

    def skip(self, seconds: float) -> None:
        """Set the clock forward; timers that are due by then run at the next turn."""
        self._ahead += seconds


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop on which time passes only when all tasks wait, and then at once: for tests without sockets or threads.

    Its clock begins at zero. ``leapt`` is told of the seconds of every leap, so that other clocks can follow.
    """

    def __init__(self, leapt: Callable[[float], object] = lambda _seconds: None) -> None:
        self._leapt, self._now = leapt, 0.0
        super().__init__(_Leaping(self.skip))

    def time(self) -> float:
        """Return the seconds on the loop's clock."""
        return self._now

    def skip(self, seconds: float) -> None:
        """Set the clock forward, as if the loop had stood still for so long."""
        self._now += seconds
        self._leapt(seconds)


class _Leaping(selectors.DefaultSelector):
    def __init__(self, skip: Callable[[float], None]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> Any:
        """Leap to the next timer instead of waiting for it; without any timer, wait for a thread."""
        if timeout is None:
            if not (events := super().select(HANG)):
                raise TimeoutError("all tasks wait, and no timer or thread will wake them")
            return events
        if not (events := super().select(0)) and timeout > 0:
            self._skip(timeout)
        return events


def skip(seconds: float) -> None:
    """Set the clock of the running loop forward."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop | LeapingLoop)
    loop.skip(seconds)


async def turn() -> None:
    """Let all others on the loop go on until they wait for a time or for somebody outside."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def skipping(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a loop whose clock can be set forward."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(work)


def leaping(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a loop that never waits."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)
