"""Protocols of the services that the pipeline uses: network, process pool, channels, translation, schedule and clock.

``app.py`` passes the real implementations, and tests pass fakes. Stores have no protocol, because tests use SQLite.
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
    """Protocol of the HTTP client.

    Each request follows rules that protect the servers (politeness) and this machine.
    """

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Send one request within the total time limit. A failure of the server is returned as a result, not raised."""
        ...


class ProcessPool(Protocol):
    """Protocol of the process pool.

    It runs parsers of documents from the network, and other pure functions that take a long time.
    """

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run a pure module-level function in a process of the pool, and return its result.

        Exceptions of the function are raised here. Raises ``WorkerKilled`` if the function exceeds its time or memory
        limit.
        """
        ...


class ChannelSender(Protocol):
    """Protocol of the object that sends messages to the targets of one channel."""

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Make one attempt to send a message, within the total time limit.

        A failure of the target is returned as a result, not raised.
        """
        ...


class Translator(Protocol):
    """Protocol of a machine translator that translates into the language ``to``.

    ``name`` identifies the translator in the store, so that translations of different translators are not mixed.
    """

    to: str
    name: str

    async def translate(self, texts: Sequence[TextToTranslate]) -> dict[TextToTranslate, str]:
        """Return a dictionary that maps texts to their translations.

        A text is left out if its translation failed or was not finished within the time limit.
        """
        ...


class DigestSchedule(Protocol):
    """Protocol of an object that computes the times at which digests are due."""

    def last_due(self, plan: DigestPlan, after: datetime, now: datetime) -> datetime | None:
        """Return the latest due time of a digest that is later than ``after`` and not later than ``now``.

        The result is None if the digest was not due in this period.
        """
        ...
