"""The ports of ``domain/ports.py`` with a meter on them: whoever is behind, and whoever calls, knows nothing of it."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from monitor.domain.delivery import Message, Receipt
from monitor.domain.errors import WorkerKilled
from monitor.domain.exchange import Outcome, Request
from monitor.domain.ports import Carrier, Fetcher, Workshop
from monitor.telemetry.metrics import Metrics

T = TypeVar("T")


class MeteredFetcher:
    """A ``Fetcher`` whose exchanges are counted and timed."""

    def __init__(self, fetcher: Fetcher, metrics: Metrics) -> None:
        self._fetcher, self._metrics = fetcher, metrics

    async def fetch(self, request: Request) -> Outcome:
        """Fetch as the fetcher behind does."""
        began = time.monotonic()
        outcome = await self._fetcher.fetch(request)
        self._metrics.fetched(outcome, time.monotonic() - began)
        return outcome


class MeteredCarrier:
    """A ``Carrier`` whose attempts are counted by the kind of its channel."""

    def __init__(self, carrier: Carrier, kind: str, metrics: Metrics) -> None:
        self._carrier, self._kind, self._metrics = carrier, kind, metrics

    async def send(self, message: Message, attempt_at: datetime) -> Receipt:
        """Send as the carrier behind does."""
        receipt = await self._carrier.send(message, attempt_at)
        self._metrics.delivered(self._kind, receipt)
        return receipt


class MeteredWorkshop:
    """A ``Workshop`` whose killed workers are counted."""

    def __init__(self, workshop: Workshop, metrics: Metrics) -> None:
        self._workshop, self._metrics = workshop, metrics

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run as the workshop behind does."""
        try:
            return await self._workshop.run(work, *args)
        except WorkerKilled:
            self._metrics.killed()
            raise
