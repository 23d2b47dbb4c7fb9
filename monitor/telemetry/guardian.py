"""What the daemon does about its own health: measure the loop, feed the watchdog, ping the heartbeat."""

import time
from collections.abc import Awaitable, Callable

import structlog

from monitor.domain.delivery import Secret
from monitor.domain.errors import StoreError
from monitor.domain.exchange import Failed, Fetched, Request
from monitor.domain.ports import Fetcher
from monitor.telemetry.health import LOOP, Pulse
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.systemd import WATCHDOG, Notifier

log = structlog.get_logger("monitor")


def beating(pulse: Pulse, part: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """Make a job beat when it is done. What the database refuses is a trouble that is told once, not each time."""

    async def beat() -> None:
        trouble = ""
        try:
            await work()
        except StoreError as error:
            trouble = str(error)
        pulse.beat(part, time.monotonic())
        if pulse.trouble(part, trouble):
            log.error("in trouble", part=part, reason=trouble) if trouble else log.info("well again", part=part)

    return beat


class Guardian:
    """Called once a second from the event loop; a loop that is blocked does not call, and systemd restarts us."""

    def __init__(self, pulse: Pulse, notifier: Notifier, metrics: Metrics) -> None:
        self._pulse, self._notifier, self._metrics = pulse, notifier, metrics
        self._due: float | None = None
        self._told = ""

    def tick(self, now: float, every: float = 1.0) -> None:
        """Beat for the loop, and tell the watchdog only if every part makes progress. ``now`` is monotonic."""
        self._metrics.lagged(max(0.0, now - self._due) if self._due is not None else 0.0)
        self._due = now + every
        self._pulse.beat(LOOP, now)
        if not self._pulse.hung(now):
            self._notifier.tell(WATCHDOG)
        words = "; ".join(self._pulse.health(now).faults) or "watching"
        if words != self._told:
            self._notifier.status(words)
            self._told = words


async def ping_heartbeat(fetcher: Fetcher, url: Secret, pulse: Pulse, now: float) -> bool:
    """Ask for the heartbeat URL while all is well, or for its ``/fail``; returns whether the ping arrived.

    The other side alarms when pings stop, so a failure here is never more than a line in the log.
    """
    well = pulse.health(now).ready
    address = url.reveal() if well else f"{url.reveal().rstrip('/')}/fail"
    outcome = await fetcher.fetch(Request(address))
    return isinstance(outcome, Fetched) or (isinstance(outcome, Failed) and 200 <= outcome.status < 300)
