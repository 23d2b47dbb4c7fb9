"""Whether the daemon makes progress: each part beats when it has done something, and silence is a fault.

The answer is a pure function of beats and time, so that a probe, the watchdog and the heartbeat say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

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
