"""Health of the daemon: heartbeats of its components, the systemd watchdog and the heartbeat ping.

A component is a part of the daemon, such as the event loop or a periodic job. It reports a heartbeat after each piece
of work. A component that has reported no heartbeat for too long is unhealthy. Health depends only on heartbeats,
reported problems and time, so probes, watchdog and ping always agree. Messages to systemd use the protocol of
``sd_notify(3)``; without systemd, they are not sent.
"""

import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from threading import Lock

import structlog
from msgspec import Struct

from monitor.domain.errors import CanaryLost, StoreError
from monitor.domain.fetch_result import Failed, Fetched, FetchRequest
from monitor.domain.ports import Fetcher
from monitor.domain.secret import Secret
from monitor.telemetry.metrics import Metrics

SD_READY = "READY=1"
SD_STOPPING = "STOPPING=1"
SD_WATCHDOG = "WATCHDOG=1"


class SystemdNotifier:
    """Sender of messages to systemd, through the socket that the environment variable ``NOTIFY_SOCKET`` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def notify(self, *assignments: str) -> bool:
        """Send assignments such as ``READY=1`` to systemd. Return whether they were sent; no exception is raised."""
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
        """Set the line that ``systemctl status`` shows. Return whether it was sent to systemd."""
        return self.notify(f"STATUS={' '.join(text.split())}")


EVENT_LOOP = "event loop"
WORKER_PROCESSES = "worker processes"  # no heartbeat either: the main process does the work without them
DIGESTS = "digests"  # no heartbeat: the job that composes digests continues when one fails


class HealthStatus(Struct, frozen=True):
    """Health of the daemon at one time.

    ``is_live`` is true if the event loop runs, and ``is_ready`` if every component is healthy. ``problems`` has one
    line for each problem.
    """

    is_live: bool
    is_ready: bool
    problems: tuple[str, ...] = ()


class Liveness:
    """Record of the heartbeats and problems of the daemon's components. Any thread can read it.

    ``limits`` maps each component to the maximum number of seconds between two heartbeats. Until the first heartbeat,
    the seconds are counted from the start. Times are from a monotonic clock, so that a change of the wall clock has no
    effect.
    """

    def __init__(self, limits: Mapping[str, float], started_at: float) -> None:
        self._limits = dict(limits)
        self._beats = dict.fromkeys(self._limits, started_at)
        self._problems: dict[str, str] = {}
        self._lock = Lock()

    def beat(self, part: str, now: float) -> None:
        """Record a heartbeat of a component at the time ``now``.

        Raises ``KeyError`` if the component is not in ``limits``.
        """
        with self._lock:
            self._beats[part] = max(self._beats[part], now)

    def set_problem(self, part: str, problem: str) -> bool:
        """Record a problem of a component, such as a full disk; the component may still have heartbeats.

        An empty text removes the problem. Return whether the problem has changed.
        """
        with self._lock:
            before = self._problems.pop(part, "")
            if problem:
                self._problems[part] = problem
        return problem != before

    def health(self, now: float) -> HealthStatus:
        """Return the health of the daemon at ``now``, a time of the monotonic clock."""
        with self._lock:
            beats, known_problems = dict(self._beats), dict(self._problems)
        silent = {part: now - beat for part, beat in beats.items() if now - beat > self._limits[part]}
        problems = [f"{part}: no progress for {length:.0f} s" for part, length in silent.items()]
        problems += [f"{part}: {problem}" for part, problem in known_problems.items()]
        return HealthStatus(EVENT_LOOP not in silent, not problems, tuple(problems))

    def is_stalled(self, now: float) -> bool:
        """Return whether a component has had no heartbeat for too long, so that a restart of the daemon may help.

        Problems recorded by ``set_problem``, such as a full disk, do not count.
        """
        with self._lock:
            return any(now - beat > self._limits[part] for part, beat in self._beats.items())


log = structlog.get_logger("monitor")


def with_heartbeat(
    liveness: Liveness, part: str, work: Callable[[], Awaitable[object]]
) -> Callable[[], Awaitable[None]]:
    """Return a function that runs the job ``work`` and then records a heartbeat of the component ``part``.

    If the job raises a database error, or ``CanaryLost`` (a test article did not pass through all steps), this error is
    recorded as the problem of the component and logged once, and the heartbeat is recorded nevertheless. Other errors
    are raised, and no heartbeat is recorded.
    """

    async def beat() -> None:
        problem = ""
        try:
            await work()
        except (StoreError, CanaryLost) as error:
            problem = str(error)
        liveness.beat(part, time.monotonic())
        if liveness.set_problem(part, problem):
            if problem:
                log.error("component failing", component=part, reason=problem)
            else:
                log.info("component recovered", component=part)

    return beat


class Watchdog:
    """Reporter that tells systemd regularly that the daemon works.

    The event loop calls it once per second. If the loop is blocked, systemd gets no message and restarts the daemon.
    """

    def __init__(self, liveness: Liveness, notifier: SystemdNotifier, metrics: Metrics) -> None:
        self._liveness, self._notifier, self._metrics = liveness, notifier, metrics
        self._expected_at: float | None = None
        self._last_status = ""

    def tick(self, now: float, interval: float = 1.0) -> None:
        """Record a heartbeat of the event loop. Report to systemd that the daemon works, unless a component is stalled.

        A component is stalled if it has had no heartbeat for too long. ``now`` is a time of the monotonic clock in
        seconds. ``interval`` is the planned time until the next call; if that call is late, the difference is the delay
        of the loop.
        """
        self._metrics.set_loop_lag(max(0.0, now - self._expected_at) if self._expected_at is not None else 0.0)
        self._expected_at = now + interval
        self._liveness.beat(EVENT_LOOP, now)
        if not self._liveness.is_stalled(now):
            self._notifier.notify(SD_WATCHDOG)
        problems = self._liveness.health(now).problems
        self._metrics.set_unhealthy_components(len(problems))
        words = "; ".join(problems) or "running"
        if words != self._last_status:
            self._notifier.set_status(words)
            self._last_status = words


async def ping_heartbeat(fetcher: Fetcher, url: Secret, liveness: Liveness, now: float) -> bool:
    """Request the heartbeat URL, with ``/fail`` added if the daemon is unhealthy. Return whether the request succeeded.

    The monitoring service behind the URL alerts the operator when requests stop, so a failed request raises no error.
    """
    is_healthy = liveness.health(now).is_ready
    address = url.reveal() if is_healthy else f"{url.reveal().rstrip('/')}/fail"
    result = await fetcher.fetch(FetchRequest(address))
    return isinstance(result, Fetched) or (isinstance(result, Failed) and 200 <= result.status < 300)
