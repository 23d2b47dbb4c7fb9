"""Politeness: how many connections a host gets at once, and how long it rests between two requests.

Times are those of the running loop's clock, by which its timers run too.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Host:
    free: asyncio.Semaphore
    gap: float
    next_at: float = 0.0
    users: int = field(default=0)


class Hosts:
    """Hands out turns. ``gap_seconds`` lies between the starts of two requests to one host."""

    def __init__(self, at_once: int = 2, gap_seconds: float = 1.0) -> None:
        self._at_once, self._gap = at_once, gap_seconds
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, name: str, *, own: bool = False) -> AsyncIterator[None]:
        """Wait for a turn at a host and hold it. A host in the user's own networks needs no rest between requests."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._at_once), 0.0 if own else self._gap)
        host.users += 1
        try:
            async with host.free:
                now = _now()
                start, host.next_at = max(now, host.next_at), max(now, host.next_at) + host.gap
                if start > now:
                    await asyncio.sleep(start - now)
                yield
        finally:
            host.users -= 1
            self._forget()

    def slow_down(self, name: str, gap_seconds: float) -> None:
        """Take a host's word (``Crawl-delay``) for how long it wants to rest between requests, up to a minute."""
        if host := self._hosts.get(name):
            host.gap = max(host.gap, min(gap_seconds, 60.0))

    async def rest(self, name: str) -> None:
        """Wait until a host has rested from its last request."""
        host = self._hosts.get(name)
        if host and (left := host.next_at - _now()) > 0:
            await asyncio.sleep(left)

    def _forget(self) -> None:
        """Drop hosts that nobody waits for and that have rested, once there are many."""
        if len(self._hosts) > 4096:
            now = _now()
            for name in [name for name, host in self._hosts.items() if not host.users and host.next_at < now]:
                del self._hosts[name]


def _now() -> float:
    return asyncio.get_running_loop().time()
