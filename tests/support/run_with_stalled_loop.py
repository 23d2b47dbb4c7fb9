"""Run ``monitor``; its event loop stands still from SIGUSR1 on, and its poll tick hangs from SIGUSR2 on.

It leaves a file ``standing`` when the loop stands still, and ``stood`` three ticks of the watchdog later.
"""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from monitor import daemon, jobs
from monitor.cli.main import main

STALLED = Event()
FOR_EVER = Event()
POLL = jobs.DaemonJobs.collect
TICKS = 3.0  # seconds, of the one in which systemd hears one sign of life and the heartbeat five


async def poll(daemon_jobs: jobs.DaemonJobs) -> None:
    """Poll, or hang."""
    if STALLED.is_set():
        await asyncio.Event().wait()
    await POLL(daemon_jobs)


def stand(*_: object) -> None:
    """Block the loop for ever."""
    Thread(target=tell_later, daemon=True).start()
    FOR_EVER.wait()


def tell_later() -> None:
    """Leave word that the loop has begun to stand still, and that it has done so for a while."""
    Path("standing").touch()
    FOR_EVER.wait(TICKS)
    Path("stood").touch()


daemon.HEARTBEAT_PING_INTERVAL = timedelta(seconds=0.2)  # once a minute is too slow for a test
daemon.SILENCE_LIMITS_SECONDS["poll"] = 1.5
setattr(jobs.DaemonJobs, "collect", poll)  # noqa: B010 - mypy forbids to assign a method
signal.signal(signal.SIGUSR1, stand)
signal.signal(signal.SIGUSR2, lambda *_: STALLED.set())
main()
