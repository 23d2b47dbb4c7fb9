"""Count the steps of a call; the count is the same on every machine and under any load."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import monitor

PRODUCT_FOLDER = str(Path(monitor.__file__).parent)
FACTOR = 16
LINEAR = 6 * FACTOR


def steps(work: Callable[[], object]) -> int:
    """Return the number of executed lines of this project plus the number of calls of any function during ``work``.

    A function written in C counts as one call, whatever it does; use ``growth`` for these.
    """
    count = 0

    def count_line(_frame: FrameType, _event: str, _: object) -> Any:
        nonlocal count
        count += 1
        return count_line

    def trace_call(frame: FrameType, _event: str, _: object) -> Any:
        return count_line if frame.f_code.co_filename.startswith(PRODUCT_FOLDER) else None

    def count_call(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace_call)
    sys.setprofile(count_call)
    try:
        work()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return count


def growth(work: Callable[[int], object], size: int) -> float:
    """Return the processor time of work of a size, divided by that of work of a sixteenth of the size.

    For functions written in C, which ``steps`` does not count. 16 is linear and 256 quadratic, so a limit of ``LINEAR``
    is far from both. Each time is the minimum of five, because other load only adds time.
    """

    def minimum_time(amount: int) -> int:
        times = []
        for _ in range(5):
            started = time.thread_time_ns()
            work(amount)
            times.append(time.thread_time_ns() - started)
        return min(times)

    return minimum_time(size) / max(1, minimum_time(size // FACTOR))
