"""Protocols of what the pipeline needs from outside: network, worker processes, channels, schedule and clock.

``app.py`` passes the real implementations, tests pass fakes. Database stores have no protocol: tests use SQLite.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.domain.delivery import Message, SendResult
from monitor.domain.digest import DigestPlan
from monitor.domain.fetch_result import FetchRequest, FetchResult
from monitor.domain.translation import TextToTranslate

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


class Translator(Protocol):
    """Machine translation into the language ``to``. ``name`` distinguishes translators in the store."""

    to: str
    name: str

    async def translate(self, texts: Sequence[TextToTranslate]) -> dict[TextToTranslate, str]:
        """Return the translations that were made within the deadline; a failure is a missing translation."""
        ...


class DigestSchedule(Protocol):
    """Times at which digests are due."""

    def last_due(self, plan: DigestPlan, after: datetime, now: datetime) -> datetime | None:
        """Return the latest due time of the digest after ``after`` and not after ``now``, or None."""
        ...
