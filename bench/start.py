"""Costs of starts: help, status, a pass with nothing to do, and the daemon with thousands of sources.

These are whole processes with compiled files. The daemon is timed from its start to its first connection, with a new
database and with one that contains the sources; all sources have one server on loopback, which never responds.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from feeds import WATCHED
from frame import ROOT, Rows, Scale, main
from venvs import measure

COMMANDS = {"--help": (["--help"], 0.25), "status": (["status", "--json"], 0.5), "poll": (["poll", "--json"], 0.6)}
"""Arguments of each command, and its limit in seconds of processor time."""

MONITOR = [sys.executable, "-m", "monitor"]
TIMEOUT_SECONDS = 120.0


def configuration(sources: int, port: int = 9) -> str:
    """Return sources.yaml for this number of sources, each on its own loopback address."""
    lines = ["settings:", "  database: sqlite:///bench.db", "  allowed_networks: [127.0.0.0/8]", "sources:"]
    hosts = (f"127.{1 + n // 62_500}.{n // 250 % 250}.{1 + n % 250}:{port}" for n in range(sources))
    lines += [f"  outlet-{n}: {{name: Outlet {n}, feed: 'http://{host}/feed'}}" for n, host in enumerate(hosts)]
    return "\n".join([*lines, *WATCHED]) + "\n"


def commands(folder: Path, rounds: int) -> Rows:
    """Return rows with the processor time of commands that have nothing to do, on an existing database."""
    (folder / "sources.yaml").write_text(configuration(1).replace("{name", "{paused: for the bench, name", 1), "utf-8")
    place = {"PYTHONPATH": str(ROOT)}
    measure([*MONITOR, "poll"], folder, place)
    spent: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, (words, _) in COMMANDS.items():
            spent.setdefault(name, []).append(measure([*MONITOR, *words], folder, place).cpu)
    return [
        {
            "what": f"monitor {name}, nothing to do: CPU s",
            "ours": round(median(elapsed), 2),
            "target": f"<= {COMMANDS[name][1]}",
        }
        for name, elapsed in spent.items()
    ]


def daemon(folder: Path, listener: socket.socket) -> tuple[float, float]:
    """Start the daemon and return the seconds until its first connection: elapsed time and processor time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (folder / "bench.log").open("wb") as log:
        before = time.monotonic()
        process = subprocess.Popen(
            [*MONITOR, "run"], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
        try:
            listener.settimeout(TIMEOUT_SECONDS)
            caller, _ = listener.accept()
            elapsed = time.monotonic() - before
            ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            caller.close()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return elapsed, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def close_pending(listener: socket.socket) -> None:
    """Close the pending connections of a killed daemon."""
    listener.settimeout(0)
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()


def run(scale: Scale = Scale.USUAL, sources: int = 0, rounds: int = 0) -> Rows:
    """Measure all starts and return rows."""
    sources = sources or scale.of(1_000, 10_000, 10_000)
    rounds = rounds or scale.of(1, 3, 5)
    with TemporaryDirectory() as home:
        rows = commands(Path(home), rounds)
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        with TemporaryDirectory() as home, socket.create_server(("0.0.0.0", 0), backlog=512) as listener:
            (Path(home) / "sources.yaml").write_text(configuration(sources, listener.getsockname()[1]), "utf-8")
            for database in ("new database", "existing database"):
                found.setdefault(database, []).append(daemon(Path(home), listener))
                close_pending(listener)
    for database, elapsed in found.items():
        wall, cpu = (round(median(column), 2) for column in zip(*elapsed, strict=True))
        what = f"monitor run, {sources} sources, {database}: s to the first poll, and CPU s"
        rows.append({"what": what, "ours": f"{wall} / {cpu}", "target": "< 2"})
    return rows


if __name__ == "__main__":
    main(__doc__, run, sources="number of sources of the daemon", rounds="number of rounds; the table shows medians")
