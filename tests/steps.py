"""Counting what work costs in steps, which are the same on every machine and under any load."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import monitor

OURS = str(Path(monitor.__file__).parent)
FACTOR = 16
LINEAR = 6 * FACTOR


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of our own code run, and how many functions are called, ours or not, while work is done.

    What a function written in C does inside counts as one call: ``growth`` of processor time shows that.
    """
    taken = 0

    def lines(_frame: FrameType, _what: str, _: object) -> Any:
        nonlocal taken
        taken += 1
        return lines

    def traced(frame: FrameType, _what: str, _: object) -> Any:
        return lines if frame.f_code.co_filename.startswith(OURS) else None

    def called(_frame: FrameType, what: str, _: object) -> None:
        nonlocal taken
        taken += what in {"call", "c_call"}

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(traced)
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return taken


def growth(work: Callable[[int], object], size: int) -> float:
    """Return how many times more processor time work of a size takes than work of a sixteenth of it.

    For work within functions written in C, which ``steps`` cannot see: 16 is linear and 256 quadratic, so a limit of
    ``LINEAR`` is far from both. Each is the least of five, for whatever disturbs a run only adds to it.
    """

    def least(amount: int) -> int:
        times = []
        for _ in range(5):
            began = time.thread_time_ns()
            work(amount)
            times.append(time.thread_time_ns() - began)
        return min(times)

    return least(size) / max(1, least(size // FACTOR))
