"""A day in small: the real daemon with ten thousand sources, a busy minute of news, readers who are told at once.

Ten thousand sources are polled all the while, a thousand of them more often, and it is those that publish. The bench
ends when all that was published was read and told, or when each of them should have been polled again and was not.

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

from desks import EACH, READERS, WATCHED, Size, configuration, prepare
from frame import ROOT, Rows, Scale, table
from names import crowd
from outlets import NAMING, serve

TICK = 0.01
PATIENCE = 15  # seconds in which the last article may come late to its reader, after its source was due
Seen = list[tuple[float, float | None, float | None]]  # of each article: published, handed out, told

QUICK = Size(2_000, every=30, busy=200, pace=10, rate=20.0, seconds=10)
FULL = Size(busy=10_000, pace=120)


@contextmanager
def world(size: Size, names: list[str], opened: datetime) -> Any:
    """Serve outlets and webhooks from a process of their own; yields its port and the pipe to it."""
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
        stored = _stored(folder)
        if why:
            print((folder / "daemon.log").read_text(errors="replace"))
    found = next(line for line in printed.splitlines() if line.startswith('{"measured"'))
    return {**json.loads(found), **_ways(seen), "stored": stored}


def _watch(daemon: Any, folder: Path, pipe: Any, size: Size) -> Seen:
    """Let the news begin once the daemon watches, and wait until all was read and told, or the time is up."""
    end = time.monotonic() + 60
    while b'"started"' not in (folder / "daemon.log").read_bytes():
        if daemon.poll() is not None or time.monotonic() > end:
            raise RuntimeError((folder / "daemon.log").read_text(errors="replace")[-2000:])
        time.sleep(0.1)
    time.sleep(10)  # the first polls, when everything is looked at for the first time
    word, end = "start", time.monotonic() + size.seconds + 1.2 * size.pace + PATIENCE
    while True:
        pipe.send(word)
        seen: Seen = pipe.recv()
        done = all(served for _, served, _ in seen) and all(told for _, _, told in seen[::NAMING])
        if done or time.monotonic() > end:
            return seen
        word = "report"
        time.sleep(0.5)


def _stored(folder: Path) -> int:
    """Count the articles that the daemon has kept."""
    with closing(sqlite3.connect(folder / "day.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])


def _ways(seen: Seen) -> dict[str, Any]:
    """Sum up how long articles were on their way."""
    named = seen[::NAMING]
    told = [(told - published, told - served) for published, served, told in named if told and served]
    ways: dict[str, Any] = {"told": len(told), "named": len(named), "published": len(seen)}
    ways["polled"] = sum(bool(served) for _, served, _ in seen)
    for name, place in (("from publication", 0), ("from answer", 1)):
        times = quantiles([way[place] for way in told] or [0.0, 0.0], n=100)
        ways[name] = [round(times[at], 2) for at in (49, 94, 98)]
    return ways


def run_daemon(*, why: bool) -> None:
    """Be the daemon, with its loop watched; print what was seen at its end."""
    import uvloop

    from monitor.daemon import run_daemon as watch
    from monitor.store.sources import SourceStore

    late, busy, lags, pauses = list[float](), list[float](), list[float](), list[float]()
    beat = [0.0]
    lease_due = SourceStore.lease_due

    def noted(self: Any, now: datetime, *rest: Any) -> Any:
        leases = lease_due(self, now, *rest)
        lags.extend(
            (now - lease.poll_state.next_poll_at).total_seconds() for lease in leases if lease.poll_state.next_poll_at
        )
        return leases

    SourceStore.lease_due = noted  # type: ignore[method-assign]  # the bench listens
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
    name = f"{size.sources:,} sources, {size.rate:g} articles/s"
    rows = (
        ("due lag s, median and worst", found["lag"], "< 5"),
        ("loop late ms, p50, p99, worst", found["late"], "< 100"),
        ("loop busy ms, p50, p99, worst", found["busy"], "< 100"),
        ("garbage collection ms, worst pause", [found["collecting"]], "< 100"),
        ("resident MB, at the end and at the peak", found["memory"], "< 300"),
        ("share of a core; waited for one", [found["cpu"], found["queued"]], "-"),
        ("s from publication to webhook, p50, p95, p99", found["from publication"], f"polled every {size.pace} s"),
        ("s from answer to webhook, p50, p95, p99", found["from answer"], "-"),
        ("articles published, polled, stored", [found["published"], found["polled"], found["stored"]], "all"),
        ("alerts due, told", [found["named"], found["told"]], "all"),
    )
    return [
        {"what": f"{name}: {what}", "ours": " / ".join(map(str, ours)), "target": target} for what, ours, target in rows
    ]


def main() -> None:
    """Live through one day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=Size().sources)
    parser.add_argument("--every", type=int, default=Size().every, help="seconds between polls of a source")
    parser.add_argument("--busy", type=int, default=Size().busy, help="how many of the sources publish")
    parser.add_argument("--pace", type=int, default=Size().pace, help="seconds between polls of one that publishes")
    parser.add_argument("--rate", type=float, default=Size().rate, help="new articles a second")
    parser.add_argument("--seconds", type=int, default=Size().seconds, help="how long news comes")
    parser.add_argument("--why", action="store_true", help="print where the loop stood when it was late")
    parser.add_argument("--daemon", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.daemon:
        run_daemon(why=options.why)
        return
    size = Size(options.sources, options.every, options.busy, options.pace, options.rate, options.seconds)
    print(table(run(size=size, why=options.why)))


if __name__ == "__main__":
    main()
