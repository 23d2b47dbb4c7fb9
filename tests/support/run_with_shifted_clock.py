"""Run ``monitor`` by a clock that a file sets while it runs: so many seconds before or after the real time."""

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

from time_machine import travel

from monitor.cli.main import main

FILE = Path(os.environ["CLOCK_FILE"])


def wanted() -> float:
    """Read the file; while it is being written the clock stays as it is."""
    with suppress(OSError, ValueError):
        return float(FILE.read_text(encoding="utf-8"))
    return shown


def follow() -> None:
    """Shift the clock whenever the file says so."""
    global shown  # noqa: PLW0603 - the clock of a process is one of its globals
    while True:
        if (now := wanted()) != shown:
            clock.shift(timedelta(seconds=now - shown))
            shown = now
        sleep(0.02)


shown = 0.0
shown = wanted()
clock = travel(datetime.now(UTC) + timedelta(seconds=shown), tick=True).start()
threading.Thread(target=follow, daemon=True).start()
main()
