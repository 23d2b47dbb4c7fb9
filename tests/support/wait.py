"""Waiting for what another process or thread does, without sleeping for longer than it takes."""

import os
import signal
import time
from collections.abc import Callable

PAUSE = 0.05  # seconds between two looks at a condition


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = PAUSE) -> bool:
    """Look again and again until the condition holds or the time is up; returns whether it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        os.sched_yield()
        signal.sigtimedwait((), pause)
    return True
