"""Collect feeds, compared with ``reader``: fetch, parse, identify and store, in a process that is already running.

``bench/poll.py`` compares whole passes of whole processes; this bench excludes start-up, matching and digests, and
``reader`` updates feeds that were added before. Both programs take turns in one run.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from feeds import serve_feeds
from frame import ROOT, Rows, Scale, main
from venvs import PeerMissing, interpreter

OURS = """
import asyncio, json, sys, time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
import uvloop
from monitor.domain.source import Source, TextOrigin
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.collect import Collector
from monitor.schedule.process_pool import SubprocessPool
from monitor.store.database import Database

async def main():
    urls = open("urls").read().split()
    now = lambda: datetime.now(UTC)
    sources = {f"s{n}": Source(f"s{n}", f"s{n}", feed=url, text_from=TextOrigin.FEED)
               for n, url in enumerate(urls)}
    database = Database.open("sqlite:///bench.db")
    database.sources.register(list(sources.values()), now())
    fetcher = HttpFetcher("bench@example.org", [ip_network("127.0.0.0/8")], now)
    async with SubprocessPool() as workers:
        collector = Collector(database, fetcher, workers, now, timedelta(days=1))
        for _ in sys.stdin:
            wall, cpu = time.perf_counter(), time.process_time()
            names, polls = list(sources), []
            for start in range(0, len(names), 100):
                polls += await collector.run_due(sources, 100, names[start : start + 100])
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert {poll.outcome for poll in polls} <= {"new", "unchanged"}, polls[0]
            print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)
    database.close()

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""
THEIRS = """
import json, sys, time
from reader import make_reader

reader = make_reader("reader.db")
for url in open("urls").read().split():
    reader.add_feed(url)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    for result in reader.update_feeds_iter(workers=10, scheduled=False):
        pass
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert not reader.get_feed_counts(broken=True).total
    print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)
"""
TARGETS = {"first": (8.0, "<= 0.2 x"), "unchanged": (4.0, "<= 0.8 ms"), "two new": (4.0, "<= 3 ms")}


class Program:
    """A running program that waits for its next pass."""

    def __init__(self, python: str, code: str, folder: Path, urls: list[str]) -> None:
        folder.mkdir()
        (folder / "urls").write_text("\n".join(urls), encoding="utf-8")
        (folder / "program.py").write_text(code, encoding="utf-8")
        self._process = subprocess.Popen(
            [python, "program.py"],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT) if code is OURS else "", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run_pass(self) -> dict[str, float]:
        """Run one pass and return its costs."""
        assert self._process.stdin and self._process.stdout  # noqa: PT018 - both are pipes
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Close its input, which ends the process."""
        self._process.communicate()


def run(scale: Scale = Scale.USUAL, feeds: int = 0, rounds: int = 0) -> Rows:
    """Compare the two programs and return rows."""
    count = feeds or scale.of(50, 100, 300)
    spent: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(rounds or scale.of(1, 2, 2)):
        with serve_feeds(count) as served, TemporaryDirectory() as home:
            programs = {"ours": Program(sys.executable, OURS, Path(home) / "ours", served.urls)}
            try:
                python = str(interpreter("reader"))
                programs["theirs"] = Program(python, THEIRS, Path(home) / "theirs", served.urls)
            except PeerMissing as error:
                print(f"not compared: {error}", flush=True)
            for what in TARGETS:
                if what == "two new":
                    served.update(1)
                for program, peer in programs.items():
                    spent.setdefault((what, program), []).append(peer.run_pass())
            for peer in programs.values():
                peer.close()
    return [row for what in TARGETS for row in _rows(what, count, spent[what, "ours"], spent.get((what, "theirs"), []))]


def _rows(what: str, count: int, mine: list[dict[str, float]], peers: list[dict[str, float]]) -> Rows:
    faster, cheaper = TARGETS[what]

    def line(unit: str, target: str, value: Callable[[dict[str, float]], float]) -> dict[str, Any]:
        here = median(map(value, mine))
        row = {"what": f"collect {count} feeds, {what}: {unit}", "peer": "reader", "ours": round(here, 2)}
        if not peers:
            return row | {"target": target}
        there = median(map(value, peers))
        return row | {"theirs": round(there, 2), "ratio": round(here / there, 3), "target": target}

    return [
        line("feeds/s", f">= {faster} x", lambda one: count / one["wall"]),
        line("CPU ms a feed", cheaper, lambda one: 1000 * one["cpu"] / count),
    ]


if __name__ == "__main__":
    main(__doc__, run, feeds="number of feeds", rounds="number of rounds; the table shows medians")
