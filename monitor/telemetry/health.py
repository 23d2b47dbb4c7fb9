"""Whether the daemon makes progress: each part beats when it has done something, and silence is a fault.

The answer is a pure function of beats and time, so that a probe, the watchdog and the heartbeat say the same.

A few words to systemd, in the protocol of ``sd_notify(3)``; without systemd they go nowhere.

What the daemon does about its own health: measure the loop, feed the watchdog, ping the heartbeat.
"""

import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import structlog

from monitor.domain.errors import StoreError
from monitor.domain.fetch_result import Failed, Fetched, FetchRequest
from monitor.domain.ports import Fetcher
from monitor.domain.secret import Secret
from monitor.telemetry.metrics import Metrics

SD_READY = "READY=1"
SD_STOPPING = "STOPPING=1"
SD_WATCHDOG = "WATCHDOG=1"


class SystemdNotifier:
    """Speaks to the socket that the environment names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def notify(self, *assignments: str) -> bool:
        """Send assignments such as ``READY``; returns whether somebody listens. Never raises."""
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(assignments).encode(), self._address)
        except OSError:
            return False
        return True

    def set_status(self, text: str) -> bool:
        """Send one line for ``systemctl status``."""
        return self.notify(f"STATUS={' '.join(text.split())}")


EVENT_LOOP = "event loop"


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """``live``: the process answers. ``ready``: every part makes progress. ``faults`` say which does not."""

    is_live: bool
    is_ready: bool
    problems: tuple[str, ...] = ()


class Liveness:
    """The beats of the daemon's parts. Beats come from the loop, questions from any thread.

    ``limits`` names each part and for how many seconds it may be silent; a part that never beat is silent since the
    pulse began. Times are those of a monotonic clock, so that a jump of the wall clock is no fault.
    """

    def __init__(self, limits: Mapping[str, float], started_at: float) -> None:
        self._limits = dict(limits)
        self._beats = dict.fromkeys(self._limits, started_at)
        self._problems: dict[str, str] = {}
        self._lock = Lock()

    def beat(self, part: str, now: float) -> None:
        """Record that a part has just done its work. Raises ``KeyError`` for a part without a limit."""
        with self._lock:
            self._beats[part] = max(self._beats[part], now)

    def set_problem(self, part: str, problem: str) -> bool:
        """Record what is wrong with a part although it beats, such as a full disk; an empty text ends it.

        Returns whether that is news.
        """
        with self._lock:
            before = self._problems.pop(part, "")
            if problem:
                self._problems[part] = problem
        return problem != before

    def health(self, now: float) -> HealthStatus:
        """Judge the beats."""
        with self._lock:
            beats, troubles = dict(self._beats), dict(self._problems)
        silent = {part: now - beat for part, beat in beats.items() if now - beat > self._limits[part]}
        faults = [f"{part}: no progress for {length:.0f} s" for part, length in silent.items()]
        faults += [f"{part}: {what}" for part, what in troubles.items()]
        return HealthStatus(EVENT_LOOP not in silent, not faults, tuple(faults))

    def is_stalled(self, now: float) -> bool:
        """Tell whether a restart is the remedy: some part is silent. A trouble that is known is no reason for one."""
        with self._lock:
            return any(now - beat > self._limits[part] for part, beat in self._beats.items())


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
            if trouble:
                log.error("component failing", component=part, reason=trouble)
            else:
                log.info("component recovered", component=part)

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
        words = "; ".join(self._liveness.health(now).problems) or "running"
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
