"""Pure work on many articles at once, done in a worker process beside this one where there is much of it.

One interpreter keeps one core busy. What a first pass does to thousands of articles and needs no database for is done
on another core. Results are the same wherever it is done: whoever calls does the work here when told to.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from monitor.domain.ports import Workshop

T = TypeVar("T")
FEW = 8
"""So few articles cost less than the way there and back."""

MUCH = 1_000
"""With so many articles to come, a worker is worth its start: it costs as much as 600 of them."""

STEADY = 100.0
"""So many articles a second this process does beside all else; only what is more piles up."""


class Aside:
    """Does pure work elsewhere while there is much of it. Without a workshop, never."""

    def __init__(self, workshop: Workshop | None = None) -> None:
        self._workshop = workshop
        self._piled, self._at = 0.0, 0.0

    def expect(self, articles: int) -> None:
        """Tell that about so many articles are to come at once."""
        now = asyncio.get_running_loop().time()
        left = max(0.0, self._piled - STEADY * (now - self._at))
        self._piled, self._at = min(left + articles, 2.0 * MUCH), now

    async def run(self, work: Callable[..., T], batch: Sequence[Any], *more: object) -> T | None:
        """Do ``work(batch, *more)`` elsewhere; None if it is to be done here. Raises as ``send`` does.

        It is done here if there is little of it, or if no process can be started.
        """
        if self._workshop is None or len(batch) < FEW:
            return None
        self.expect(len(batch))
        if self._piled < MUCH:
            return None
        try:
            return await self.send(work, batch, *more)
        except OSError:
            return None

    async def send(self, work: Callable[..., T], *args: object) -> T:
        """Do some work elsewhere, however little. Raises what it raises, ``WorkerKilled``, or ``OSError``."""
        assert self._workshop is not None  # noqa: S101 - without one, nothing is ever killed that would be tried again
        return await self._workshop.run(work, *args)
