"""A day in small: the real daemon with ten thousand sources, a busy minute of news, readers who are told at once.

The daemon runs as it always does, in a process of its own; two tasks beside it measure its event loop and how late it
leases. "late" is by how much a timer of 10 ms came too late, less what its thread waited for a processor that others
had; "busy" is the loop's own processor time between two such timers. One source in twenty hangs and one in twenty
fails. A thousand officials are watched; each of twenty readers is told at once of a few of them. ``--why`` prints where
the loop stood when it was late.
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from desks import EACH, READERS, WATCHED, Size, configuration, prepare
from frame import ROOT, Rows, Scale, table
from names import crowd
from outlets import serve

TICK = 0.01
PATIENCE = 40  # seconds after the news ended; what was not polled by then is not counted


QUICK, FULL = Size(2_000, 30, 20.0, 10), Size(10_000, 300, 40.0, 60)


@contextmanager
def world(size: Size, names: list[str], opened: datetime) -> Any:
    """Serve outlets and webhooks from a process of their own; yields its port and the pipe to it."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    total = int(size.rate * size.seconds)
    process = context.Process(target=serve, args=(theirs, size.sources, size.rate, total, names, opened), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.kill()
        process.join()


def live(size: Size, *, why: bool = False) -> dict[str, Any]:
    """Live through a day and return what was measured."""
    people = crowd(WATCHED)
    names = [name for name, _, _ in people[: READERS * EACH]]
    opened = datetime.now(UTC).replace(minute=7, second=0, microsecond=0) - timedelta(hours=3)
    with TemporaryDirectory() as home, world(size, names, opened) as (port, pipe):
        folder = Path(home)
        (folder / "sources.yaml").write_text(configuration(size, port, people), encoding="utf-8")
        prepare(folder, size, opened)
        command = [sys.executable, str(Path(__file__).resolve()), "--daemon", *(["--why"] if why else [])]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = (folder / "daemon.log").open("wb")
        daemon = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            seen = _watch(daemon, folder, pipe, size)
        finally:
            daemon.send_signal(signal.SIGTERM)
            printed = daemon.communicate(timeout=60)[0].decode()
        if why:
            print((folder / "daemon.log").read_text(errors="replace"))
    found = next(line for line in printed.splitlines() if line.startswith('{"measured"'))
    return {**json.loads(found), **_ways(seen)}


def _watch(daemon: Any, folder: Path, pipe: Any, size: Size) -> dict[int, list[float | None]]:
    """Let the news begin once the daemon watches, and wait until all was told, or the time is up."""
    end = time.monotonic() + 60
    while b"watching" not in (folder / "daemon.log").read_bytes():
        if daemon.poll() is not None or time.monotonic() > end:
            raise RuntimeError((folder / "daemon.log").read_text(errors="replace")[-2000:])
        time.sleep(0.1)
    time.sleep(10)  # the first polls, when everything is looked at for the first time
    word, end = "start", time.monotonic() + size.seconds + PATIENCE
    while True:
        pipe.send(word)
        seen = pipe.recv()
        if time.monotonic() > end or all(told for _, served, told in seen.values()):
            return dict(seen)
        word = "report"
        time.sleep(0.5)


def _ways(seen: dict[int, Any]) -> dict[str, Any]:
    """Sum up how long articles were on their way."""
    told = [(told - published, told - served) for published, served, told in seen.values() if told and served]
    ways = {"told": len(told), "polled": sum(bool(served) for _, served, _ in seen.values()), "named": len(seen)}
    for name, place in (("published", 0), ("served", 1)):
        times = quantiles([way[place] for way in told] or [0.0, 0.0], n=100)
        ways[name] = [round(times[at], 2) for at in (49, 94, 98)]
    return ways


def run_daemon(*, why: bool) -> None:
    """Be the daemon, with its loop watched; print what was seen at its end."""
    import uvloop

    from monitor.daemon import serve as watch
    from monitor.store.sources import SqlSources

    late, busy, lags, pauses = list[float](), list[float](), list[float](), list[float]()
    beat = [0.0]
    lease_due = SqlSources.lease_due

    def noted(self: Any, now: datetime, *rest: Any) -> Any:
        leases = lease_due(self, now, *rest)
        lags.extend((now - lease.memory.next_poll_at).total_seconds() for lease in leases if lease.memory.next_poll_at)
        return leases

    SqlSources.lease_due = noted  # type: ignore[method-assign]  # the bench listens
    begun = [0.0]

    def collected(phase: str, _: object) -> None:
        if phase == "start":
            begun[0] = time.thread_time()
        else:
            pauses.append(time.thread_time() - begun[0])

    async def watch_loop() -> None:
        await asyncio.sleep(10)  # starting up is measured by another bench
        pauses.clear()
        while True:
            before, worked, queued = time.monotonic(), time.thread_time(), _queued()
            beat[0] = before
            await asyncio.sleep(TICK)
            late.append(max(0.0, time.monotonic() - before - TICK - (_queued() - queued)))
            busy.append(time.thread_time() - worked)

    async def main() -> float:
        watcher = asyncio.create_task(watch_loop())
        await watch(Path("sources.yaml"), os.environ)
        watcher.cancel()
        return time.monotonic()

    gc.callbacks.append(collected)
    if why:
        threading.Thread(target=_explain, args=(beat, threading.get_ident()), daemon=True).start()
    started = time.monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ended = runner.run(main())
    used, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {
        "measured": round(ended - started, 1),
        "lag": [round(median(lags), 2), round(max(lags), 2)],
        "late": [round(1000 * value, 1) for value in (*_points(late), max(late))],
        "busy": [round(1000 * value, 1) for value in (*_points(busy), max(busy))],
        "collecting": round(1000 * max(pauses, default=0.0), 1),
        "polls": len(lags),
        "queued": round(_queued() / (ended - started), 2),
        "cpu": round((used.ru_utime + used.ru_stime + children.ru_utime + children.ru_stime) / (ended - started), 2),
        "memory": _memory(),
    }
    print(json.dumps(measured), flush=True)


def _queued() -> float:
    """Return how many seconds this thread has waited for a processor that others had."""
    return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def _memory() -> list[int]:
    """Return the megabytes that are resident now, and that were at the peak; ``getrusage`` counts the parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return [int(status.split(f"{name}:")[1].split()[0]) // 1024 for name in ("VmRSS", "VmHWM")]


def _points(values: list[float]) -> tuple[float, float]:
    points = quantiles(values, n=100)
    return points[49], points[98]


def _explain(beat: list[float], loop: int) -> None:
    """Watch the loop from a thread, and write to stderr where it stood when its beat was late."""
    seen = Counter[str]()
    last = time.monotonic()
    while True:
        time.sleep(0.02)
        if beat[0] and time.monotonic() - beat[0] > 0.08:
            frames = sys._current_frames()  # noqa: SLF001 - the one way to see another thread's stack
            for thread, frame in frames.items():
                lines = [f"{Path(f.filename).name}:{f.lineno}:{f.name}" for f in traceback.extract_stack(frame)[-9:]]
                where = "LOOP " if thread == loop else "other "
                if thread != threading.get_ident() and "_worker" not in lines[-1]:
                    seen[where + " < ".join(reversed(lines))] += 1
        if time.monotonic() - last > 20:
            last = time.monotonic()
            for stack, count in seen.most_common(25):
                print(count, stack, file=sys.stderr, flush=True)
            print("--", file=sys.stderr, flush=True)


def run(scale: Scale = Scale.USUAL, size: Size | None = None, *, why: bool = False) -> Rows:
    """Return rows; nobody else does this, so there is no peer."""
    size = size or scale.of(QUICK, Size(), FULL)
    found = live(size, why=why)
    name = f"{size.sources:,} sources every {size.every} s, {size.rate:g} articles/s"
    rows = (
        ("due lag s, median and worst", found["lag"], "< 5"),
        ("loop late ms, p50, p99, worst", found["late"], "< 100"),
        ("loop busy ms, p50, p99, worst", found["busy"], "< 100"),
        ("garbage collection ms, worst pause", [found["collecting"]], "< 100"),
        ("resident MB, at the end and at the peak", found["memory"], "< 300"),
        ("share of a core; waited for one", [found["cpu"], found["queued"]], "-"),
        ("s from publication to webhook, p50, p95, p99", found["published"], f"pace is {size.every} s"),
        ("s from answer to webhook, p50, p95, p99", found["served"], "-"),
        ("told, of polled, of published", [found["told"], found["polled"], found["named"]], "all polled"),
    )
    return [
        {"what": f"{name}: {what}", "ours": " / ".join(map(str, ours)), "target": target} for what, ours, target in rows
    ]


def main() -> None:
    """Live through one day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=Size().sources)
    parser.add_argument("--every", type=int, default=Size().every, help="seconds between polls of a source")
    parser.add_argument("--rate", type=float, default=Size().rate, help="new articles a second")
    parser.add_argument("--seconds", type=int, default=Size().seconds, help="how long news comes")
    parser.add_argument("--why", action="store_true", help="print where the loop stood when it was late")
    parser.add_argument("--daemon", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.daemon:
        run_daemon(why=options.why)
        return
    size = Size(options.sources, options.every, options.rate, options.seconds)
    print(table(run(size=size, why=options.why)))


if __name__ == "__main__":
    main()
