"""Run ``monitor``; its event loop stands still from SIGUSR1 on, and its poll tick hangs from SIGUSR2 on."""

import asyncio
import signal
from datetime import timedelta
from threading import Event

from monitor import daemon, jobs
from monitor.cli.main import main

STALLED = Event()


FOR_EVER = Event()


POLL = jobs.DaemonJobs.collect


async def poll(desk: jobs.DaemonJobs) -> None:
    """Poll, or hang."""
    if STALLED.is_set():
        await asyncio.Event().wait()
    await POLL(desk)


daemon.HEARTBEAT_PING_INTERVAL = timedelta(seconds=0.2)  # once a minute is too slow for a test


daemon.SILENCE_LIMITS_SECONDS["poll"] = 1.5


setattr(jobs.DaemonJobs, "collect", poll)  # noqa: B010 - mypy forbids to assign a method


signal.signal(signal.SIGUSR1, lambda *_: FOR_EVER.wait())


signal.signal(signal.SIGUSR2, lambda *_: STALLED.set())


main()
