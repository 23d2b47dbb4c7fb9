"""Wait for a condition that another process or thread fulfils."""

import os
import signal
import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05  # seconds between two checks of a condition


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = PAUSE_SECONDS) -> bool:
    """Check a condition repeatedly until it holds or the time is up; return whether it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
        signal.sigtimedwait((), pause)
    return True
