"""Simulate a busy day: the daemon with ten thousand sources, a minute of news, and readers of immediate digests.

All ten thousand sources are polled; a thousand of them publish and are polled more often. The bench ends when all
published articles were stored and reported, or when each publishing source should have been polled again.

The daemon runs in its own process; two additional tasks in it measure its event loop and the delay of its leases.
"late" is the delay of a timer of 10 ms, without the time in which its thread waited for a processor; "busy" is the
loop's processor time between two such timers. One source in twenty hangs and one in twenty fails. A thousand officials
are watched; each of twenty readers gets immediate digests about a few of them. ``--why`` prints stack samples of the
loop when it was late.
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from day_setup import OFFICIALS_PER_READER, READERS, WATCHED, Size, configuration, prepare
from frame import ROOT, Rows, Scale, table
from names import generate_officials
from outlets import NAMED_EVERY, serve

TICK_SECONDS = 0.01
MAX_DELAY_SECONDS = 15  # seconds that the last delivery may take after the poll of its source was due
Times = list[tuple[float, float | None, float | None]]  # of each article: published, served, delivered

QUICK = Size(2_000, every=30, busy=200, pace=10, rate=20.0, seconds=10)
FULL = Size(busy=10_000, pace=120)


@contextmanager
def serve_outlets(size: Size, names: list[str], opened: datetime) -> Any:
    """Serve outlets and webhooks from another process; yield its port and the pipe to it."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    total = int(size.rate * size.seconds)
    process = context.Process(target=serve, args=(theirs, size.busy, size.rate, total, names, opened), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.kill()
        process.join()


def simulate(size: Size, *, why: bool = False) -> dict[str, Any]:
    """Simulate a day and return the measured values."""
    officials = generate_officials(WATCHED)
    names = [name for name, _, _ in officials[: READERS * OFFICIALS_PER_READER]]
    opened = datetime.now(UTC).replace(minute=7, second=0, microsecond=0) - timedelta(hours=3)
    with TemporaryDirectory() as home, serve_outlets(size, names, opened) as (port, pipe):
        folder = Path(home)
        (folder / "sources.yaml").write_text(configuration(size, port, officials), encoding="utf-8")
        prepare(folder, size, opened)
        command = [sys.executable, str(Path(__file__).resolve()), "--daemon", *(["--why"] if why else [])]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = (folder / "daemon.log").open("wb")
        daemon = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            times = _wait_for_end(daemon, folder, pipe, size)
        finally:
            daemon.send_signal(signal.SIGTERM)
            printed = daemon.communicate(timeout=60)[0].decode()
        stored = _stored(folder)
        if why:
            print((folder / "daemon.log").read_text(errors="replace"))
    found = next(line for line in printed.splitlines() if line.startswith('{"measured"'))
    return {**json.loads(found), **_summarize(times), "stored": stored}


def _wait_for_end(daemon: Any, folder: Path, pipe: Any, size: Size) -> Times:
    """Start the news when the daemon is ready, and wait until all articles are delivered or the time is up."""
    end = time.monotonic() + 60
    while b'"started"' not in (folder / "daemon.log").read_bytes():
        if daemon.poll() is not None or time.monotonic() > end:
            raise RuntimeError((folder / "daemon.log").read_text(errors="replace")[-2000:])
        time.sleep(0.1)
    time.sleep(10)  # the first polls, which read every source
    command, end = "start", time.monotonic() + size.seconds + 1.2 * size.pace + MAX_DELAY_SECONDS
    while True:
        pipe.send(command)
        times: Times = pipe.recv()
        is_done = all(served for _, served, _ in times) and all(delivered for _, _, delivered in times[::NAMED_EVERY])
        if is_done or time.monotonic() > end:
            return times
        command = "report"
        time.sleep(0.5)


def _stored(folder: Path) -> int:
    """Count the stored articles."""
    with closing(sqlite3.connect(folder / "day.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])


def _summarize(times: Times) -> dict[str, Any]:
    """Return counts of articles, and quantiles of the seconds until delivery."""
    named = times[::NAMED_EVERY]
    delivered = [
        (delivered - published, delivered - served) for published, served, delivered in named if delivered and served
    ]
    summary: dict[str, Any] = {"delivered": len(delivered), "named": len(named), "published": len(times)}
    summary["polled"] = sum(bool(served) for _, served, _ in times)
    for name, place in (("from publication", 0), ("from response", 1)):
        delay_quantiles = quantiles([delays[place] for delays in delivered] or [0.0, 0.0], n=100)
        summary[name] = [round(delay_quantiles[at], 2) for at in (49, 94, 98)]
    return summary


def run_daemon(*, why: bool) -> None:
    """Run the daemon with its loop measured; print the measured values at its end."""
    import uvloop

    from monitor.daemon import run_daemon as watch
    from monitor.store.sources import SourceStore

    late, busy, lags, pauses = list[float](), list[float](), list[float](), list[float]()
    beat = [0.0]
    lease_due = SourceStore.lease_due

    def record_lags(self: Any, now: datetime, *rest: Any) -> Any:
        leases = lease_due(self, now, *rest)
        lags.extend(
            (now - lease.poll_state.next_poll_at).total_seconds() for lease in leases if lease.poll_state.next_poll_at
        )
        return leases

    SourceStore.lease_due = record_lags  # type: ignore[method-assign]  # the bench measures the delay of leases
    started_at = [0.0]

    def record_pause(phase: str, _: object) -> None:
        if phase == "start":
            started_at[0] = time.thread_time()
        else:
            pauses.append(time.thread_time() - started_at[0])

    async def watch_loop() -> None:
        await asyncio.sleep(10)  # another bench measures the start
        pauses.clear()
        while True:
            before, cpu_before, wait_before = time.monotonic(), time.thread_time(), _waited_seconds()
            beat[0] = before
            await asyncio.sleep(TICK_SECONDS)
            late.append(max(0.0, time.monotonic() - before - TICK_SECONDS - (_waited_seconds() - wait_before)))
            busy.append(time.thread_time() - cpu_before)

    async def main() -> float:
        watcher = asyncio.create_task(watch_loop())
        await watch(Path("sources.yaml"), os.environ)
        watcher.cancel()
        return time.monotonic()

    gc.callbacks.append(record_pause)
    if why:
        threading.Thread(target=_sample_stacks, args=(beat, threading.get_ident()), daemon=True).start()
    started = time.monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ended = runner.run(main())
    used, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {
        "measured": round(ended - started, 1),
        "lag": [round(median(lags), 2), round(max(lags), 2)],
        "late": [round(1000 * value, 1) for value in (*_quantiles(late), max(late))],
        "busy": [round(1000 * value, 1) for value in (*_quantiles(busy), max(busy))],
        "collecting": round(1000 * max(pauses, default=0.0), 1),
        "polls": len(lags),
        "queued": round(_waited_seconds() / (ended - started), 2),
        "cpu": round((used.ru_utime + used.ru_stime + children.ru_utime + children.ru_stime) / (ended - started), 2),
        "memory": _memory(),
    }
    print(json.dumps(measured), flush=True)


def _waited_seconds() -> float:
    """Return the seconds in which this thread waited for a processor."""
    return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def _memory() -> list[int]:
    """Return the current and the peak resident memory in megabytes; ``getrusage`` would include the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return [int(status.split(f"{name}:")[1].split()[0]) // 1024 for name in ("VmRSS", "VmHWM")]


def _quantiles(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


def _sample_stacks(beat: list[float], loop: int) -> None:
    """Sample all stacks from a thread while the loop is late, and write the most frequent to stderr."""
    samples = Counter[str]()
    last = time.monotonic()
    while True:
        time.sleep(0.02)
        if beat[0] and time.monotonic() - beat[0] > 0.08:
            frames = sys._current_frames()  # noqa: SLF001 - the only way to read another thread's stack
            for thread, frame in frames.items():
                lines = [f"{Path(f.filename).name}:{f.lineno}:{f.name}" for f in traceback.extract_stack(frame)[-9:]]
                where = "LOOP " if thread == loop else "other "
                if thread != threading.get_ident() and "_worker" not in lines[-1]:
                    samples[where + " < ".join(reversed(lines))] += 1
        if time.monotonic() - last > 20:
            last = time.monotonic()
            for stack, count in samples.most_common(25):
                print(count, stack, file=sys.stderr, flush=True)
            print("--", file=sys.stderr, flush=True)


def run(scale: Scale = Scale.USUAL, size: Size | None = None, *, why: bool = False) -> Rows:
    """Return rows; there is no comparable program."""
    size = size or scale.of(QUICK, Size(), FULL)
    found = simulate(size, why=why)
    name = f"{size.sources:,} sources, {size.rate:g} articles/s"
    rows = (
        ("due lag s, median and worst", found["lag"], "< 5"),
        ("loop late ms, p50, p99, worst", found["late"], "< 100"),
        ("loop busy ms, p50, p99, worst", found["busy"], "< 100"),
        ("garbage collection ms, worst pause", [found["collecting"]], "< 100"),
        ("resident MB, at the end and at the peak", found["memory"], "< 300"),
        ("processor cores used; waited for", [found["cpu"], found["queued"]], "-"),
        ("s from publication to webhook, p50, p95, p99", found["from publication"], f"polled every {size.pace} s"),
        ("s from response to webhook, p50, p95, p99", found["from response"], "-"),
        ("articles published, polled, stored", [found["published"], found["polled"], found["stored"]], "all"),
        ("articles to report, delivered", [found["named"], found["delivered"]], "all"),
    )
    return [
        {"what": f"{name}: {what}", "ours": " / ".join(map(str, ours)), "target": target} for what, ours, target in rows
    ]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=Size().sources)
    parser.add_argument("--every", type=int, default=Size().every, help="seconds between polls of a source")
    parser.add_argument("--busy", type=int, default=Size().busy, help="number of sources that publish")
    parser.add_argument("--pace", type=int, default=Size().pace, help="seconds between polls of a publishing source")
    parser.add_argument("--rate", type=float, default=Size().rate, help="new articles a second")
    parser.add_argument("--seconds", type=int, default=Size().seconds, help="seconds in which articles are published")
    parser.add_argument("--why", action="store_true", help="print stack samples of the loop when it was late")
    parser.add_argument("--daemon", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.daemon:
        run_daemon(why=options.why)
        return
    size = Size(options.sources, options.every, options.busy, options.pace, options.rate, options.seconds)
    print(table(run(size=size, why=options.why)))


if __name__ == "__main__":
    main()
