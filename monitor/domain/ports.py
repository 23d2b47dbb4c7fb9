"""Protocols of what the pipeline needs from outside: network, worker processes, channels, schedule and clock.

``app.py`` passes the real implementations, tests pass fakes. Database stores have no protocol: tests use SQLite.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.domain.delivery import Message, SendResult
from monitor.domain.digest import DigestPlan
from monitor.domain.fetch_result import FetchRequest, FetchResult

T = TypeVar("T")
Clock = Callable[[], datetime]


class Fetcher(Protocol):
    """HTTP client that follows the rules of politeness and safety."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Send one GET request within the total deadline; failures of the server are results, not exceptions."""
        ...


class ProcessPool(Protocol):
    """Worker processes for untrusted input and heavy pure functions."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run a pure module-level function in a worker process. Raises what it raises, or ``WorkerKilled``."""
        ...


class ChannelSender(Protocol):
    """Sender of one channel."""

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Attempt to send a message once, within a total deadline; failures of the receiver are results."""
        ...


class DigestSchedule(Protocol):
    """Times at which digests are due."""

    def last_due(self, plan: DigestPlan, after: datetime, now: datetime) -> datetime | None:
        """Return the latest due time of the digest after ``after`` and not after ``now``, or None."""
        ...
