"""Politeness: limits the concurrent requests to each host, and enforces a delay between them.

Times are in seconds of the event loop's clock, which also drives its timers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MAX_SHORT_WAIT_SECONDS = 0.2
"""If a request to a host must wait at most this long, it counts as allowed now. It then waits before it is sent.

The value is shorter than the time after which callers ask again.
"""


@dataclass(slots=True)
class _HostState:
    semaphore: asyncio.Semaphore
    delay_seconds: float
    next_request_at: float = 0.0
    user_count: int = field(default=0)


class HostLimiter:
    """Limiter for requests: limits the concurrent requests to each host, and enforces a delay between their starts.

    ``delay_seconds`` is the delay for a host whose robots.txt does not demand a longer one.
    """

    def __init__(self, max_concurrent: int = 2, delay_seconds: float = 1.0) -> None:
        self._max_concurrent, self._delay_seconds = max_concurrent, delay_seconds
        self._hosts: dict[str, _HostState] = {}

    @asynccontextmanager
    async def slot(self, host_name: str, *, is_own: bool = False) -> AsyncIterator[None]:
        """Wait until a request to a host may start. The request counts as running until the context ends.

        If ``is_own`` is true, the host is in the user's own network and has no delay.
        """
        host = self._hosts.get(host_name)
        if host is None:
            host = self._hosts[host_name] = _HostState(
                asyncio.Semaphore(self._max_concurrent), 0.0 if is_own else self._delay_seconds
            )
        host.user_count += 1
        try:
            async with host.semaphore:
                now = _now()
                start, host.next_request_at = (
                    max(now, host.next_request_at),
                    max(now, host.next_request_at) + host.delay_seconds,
                )
                if start > now:
                    await asyncio.sleep(start - now)
                yield
        finally:
            host.user_count -= 1
            self._evict_idle_hosts()

    def raise_delay(self, host_name: str, delay_seconds: float) -> None:
        """Raise the delay of a host to the ``Crawl-delay`` in its robots.txt, but at most to 60 seconds."""
        if host := self._hosts.get(host_name):
            host.delay_seconds = max(host.delay_seconds, min(delay_seconds, 60.0))

    async def wait_until_ready(self, host_name: str) -> None:
        """Wait until the delay after the last request to a host has passed."""
        host = self._hosts.get(host_name)
        if host and (remaining := host.next_request_at - _now()) > 0:
            await asyncio.sleep(remaining)

    def free_request_count(self, host_name: str) -> int:
        """Return how many requests to a host may start now.

        The result is 1 for a host to which no request was sent before, because its delay is not known yet.
        """
        host = self._hosts.get(host_name)
        if host is None:
            return 1
        free = self._max_concurrent - host.user_count
        if host.delay_seconds:
            free = min(free, 1)
        return max(0, free) if host.next_request_at - _now() <= MAX_SHORT_WAIT_SECONDS else 0

    def _evict_idle_hosts(self) -> None:
        """Delete the state of idle hosts, if more than 4096 hosts are stored.

        A host is idle if no request to it is running and its delay has passed.
        """
        if len(self._hosts) > 4096:
            now = _now()
            for name in [
                name for name, host in self._hosts.items() if not host.user_count and host.next_request_at < now
            ]:
                del self._hosts[name]


def _now() -> float:
    return asyncio.get_running_loop().time()
