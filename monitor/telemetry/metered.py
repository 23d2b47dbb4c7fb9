"""The ports of ``domain/ports.py`` with a meter on them: whoever is behind, and whoever calls, knows nothing of it."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from monitor.domain.delivery import Message, SendResult
from monitor.domain.errors import WorkerKilled
from monitor.domain.exchange import FetchRequest, FetchResult
from monitor.domain.ports import ChannelSender, Fetcher, ProcessPool
from monitor.telemetry.metrics import Metrics

T = TypeVar("T")


class MeteredFetcher:
    """A ``Fetcher`` whose exchanges are counted and timed."""

    def __init__(self, fetcher: Fetcher, metrics: Metrics) -> None:
        self._fetcher, self._metrics = fetcher, metrics

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch as the fetcher behind does."""
        began = time.monotonic()
        outcome = await self._fetcher.fetch(request)
        self._metrics.record_fetch(outcome, time.monotonic() - began)
        return outcome


class MeteredChannelSender:
    """A ``Carrier`` whose attempts are counted by the kind of its channel."""

    def __init__(self, sender: ChannelSender, kind: str, metrics: Metrics) -> None:
        self._sender, self._kind, self._metrics = sender, kind, metrics

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send as the carrier behind does."""
        receipt = await self._sender.send(message, attempt_at)
        self._metrics.record_delivery(self._kind, receipt)
        return receipt


class MeteredProcessPool:
    """A ``Workshop`` whose killed workers are counted."""

    def __init__(self, pool: ProcessPool, metrics: Metrics) -> None:
        self._pool, self._metrics = pool, metrics

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run as the workshop behind does."""
        try:
            return await self._pool.run(work, *args)
        except WorkerKilled:
            self._metrics.record_killed_process()
            raise
