"""Run ``monitor``; its event loop is blocked from SIGUSR1 on, and its poll job hangs from SIGUSR2 on.

The file ``loop_blocked`` is created when the loop is blocked, and ``loop_blocked_long`` after ``LONG_SECONDS``.
"""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from monitor import daemon, jobs
from monitor.cli.main import main

POLL_HANGS = Event()
NEVER_SET = Event()
POLL = jobs.DaemonJobs.collect
LONG_SECONDS = 3.0  # in this time systemd normally gets three pings and the heartbeat URL fifteen


async def poll(daemon_jobs: jobs.DaemonJobs) -> None:
    """Poll, or hang."""
    if POLL_HANGS.is_set():
        await asyncio.Event().wait()
    await POLL(daemon_jobs)


def block_loop(*_: object) -> None:
    """Block the event loop permanently."""
    Thread(target=mark_block, daemon=True).start()
    NEVER_SET.wait()


def mark_block() -> None:
    """Create a file at the start of the block and another one later."""
    Path("loop_blocked").touch()
    NEVER_SET.wait(LONG_SECONDS)
    Path("loop_blocked_long").touch()


daemon.HEARTBEAT_PING_INTERVAL = timedelta(seconds=0.2)  # once a minute is too slow for a test
daemon.SILENCE_LIMITS_SECONDS["poll"] = 1.5
setattr(jobs.DaemonJobs, "collect", poll)  # noqa: B010 - mypy forbids to assign a method
signal.signal(signal.SIGUSR1, block_loop)
signal.signal(signal.SIGUSR2, lambda *_: POLL_HANGS.set())
main()
