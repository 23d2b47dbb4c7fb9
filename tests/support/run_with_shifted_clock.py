"""Run ``monitor`` with a clock that a file shifts by a number of seconds while the process runs."""

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

from time_machine import travel

from monitor.cli.main import main

FILE = Path(os.environ["CLOCK_FILE"])


def read_shift() -> float:
    """Return the shift in the file, or the current one while the file is being written."""
    with suppress(OSError, ValueError):
        return float(FILE.read_text(encoding="utf-8"))
    return current_shift


def apply_shifts() -> None:
    """Shift the clock whenever the file changes."""
    global current_shift  # noqa: PLW0603 - the clock of a process is one of its globals
    while True:
        if (new_shift := read_shift()) != current_shift:
            clock.shift(timedelta(seconds=new_shift - current_shift))
            current_shift = new_shift
        sleep(0.02)


current_shift = 0.0
current_shift = read_shift()
clock = travel(datetime.now(UTC) + timedelta(seconds=current_shift), tick=True).start()
threading.Thread(target=apply_shifts, daemon=True).start()
main()
