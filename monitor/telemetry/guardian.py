"""What the daemon does about its own health: measure the loop, feed the watchdog, ping the heartbeat."""

import time
from collections.abc import Awaitable, Callable

import structlog

from monitor.domain.delivery import Secret
from monitor.domain.errors import StoreError
from monitor.domain.exchange import Failed, Fetched, FetchRequest
from monitor.domain.ports import Fetcher
from monitor.telemetry.health import EVENT_LOOP, Liveness
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.systemd import SD_WATCHDOG, SystemdNotifier

log = structlog.get_logger("monitor")


def with_heartbeat(
    liveness: Liveness, part: str, work: Callable[[], Awaitable[object]]
) -> Callable[[], Awaitable[None]]:
    """Make a job beat when it is done. What the database refuses is a trouble that is told once, not each time."""

    async def beat() -> None:
        trouble = ""
        try:
            await work()
        except StoreError as error:
            trouble = str(error)
        liveness.beat(part, time.monotonic())
        if liveness.set_problem(part, trouble):
            log.error("in trouble", part=part, reason=trouble) if trouble else log.info("well again", part=part)

    return beat


class Watchdog:
    """Called once a second from the event loop; a loop that is blocked does not call, and systemd restarts us."""

    def __init__(self, liveness: Liveness, notifier: SystemdNotifier, metrics: Metrics) -> None:
        self._liveness, self._notifier, self._metrics = liveness, notifier, metrics
        self._expected_at: float | None = None
        self._last_status = ""

    def tick(self, now: float, interval: float = 1.0) -> None:
        """Beat for the loop, and tell the watchdog only if every part makes progress. ``now`` is monotonic."""
        self._metrics.set_loop_lag(max(0.0, now - self._expected_at) if self._expected_at is not None else 0.0)
        self._expected_at = now + interval
        self._liveness.beat(EVENT_LOOP, now)
        if not self._liveness.is_stalled(now):
            self._notifier.notify(SD_WATCHDOG)
        words = "; ".join(self._liveness.health(now).problems) or "watching"
        if words != self._last_status:
            self._notifier.set_status(words)
            self._last_status = words


async def ping_heartbeat(fetcher: Fetcher, url: Secret, liveness: Liveness, now: float) -> bool:
    """Ask for the heartbeat URL while all is well, or for its ``/fail``; returns whether the ping arrived.

    The other side alarms when pings stop, so a failure here is never more than a line in the log.
    """
    well = liveness.health(now).is_ready
    address = url.reveal() if well else f"{url.reveal().rstrip('/')}/fail"
    outcome = await fetcher.fetch(FetchRequest(address))
    return isinstance(outcome, Fetched) or (isinstance(outcome, Failed) and 200 <= outcome.status < 300)
