"""Collecting alone beside ``reader``: fetch, parse, identify and store, in a process that is up already.

``bench/poll.py`` compares whole passes of whole processes; here start-up, screening and digests are left out on our
side, and ``reader`` updates feeds that it was told of before. Both sides take turns in one run.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from feeds import serve_feeds
from venvs import interpreter

ROOT = Path(__file__).resolve().parents[1]
OURS = """
import asyncio, json, sys, time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
import uvloop
from monitor.domain.source import ArticleMode, Source, SourceKind
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.collect import Collector
from monitor.schedule.workers import Workers
from monitor.store.database import SqlDatabase

async def main():
    urls = open("urls").read().split()
    now = lambda: datetime.now(UTC)
    sources = {f"s{n}": Source(f"s{n}", f"s{n}", SourceKind.FEED, url, article=ArticleMode.FEED)
               for n, url in enumerate(urls)}
    database = SqlDatabase.open("sqlite:///bench.db")
    database.sources.register(list(sources.values()), now())
    fetcher = HttpFetcher("bench@example.org", [ip_network("127.0.0.0/8")], now)
    async with Workers() as workers:
        collector = Collector(database, fetcher, workers, now, timedelta(days=1))
        for _ in sys.stdin:
            wall, cpu = time.perf_counter(), time.process_time()
            names, polls = list(sources), []
            for start in range(0, len(names), 100):
                polls += await collector.tick(sources, 100, names[start : start + 100])
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


class Side:
    """One side, up and waiting for its next pass."""

    def __init__(self, python: str, code: str, folder: Path, urls: list[str]) -> None:
        folder.mkdir()
        (folder / "urls").write_text("\n".join(urls), encoding="utf-8")
        (folder / "side.py").write_text(code, encoding="utf-8")
        self._process = subprocess.Popen(
            [python, "side.py"],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT) if code is OURS else "", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self) -> dict[str, float]:
        """Make one pass and return what it cost."""
        assert self._process.stdin and self._process.stdout  # noqa: PT018 - both are pipes
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        """Close its input, which ends it."""
        self._process.communicate()


def run(quick: bool = False, count: int | None = None, rounds: int | None = None) -> list[dict[str, Any]]:
    """Compare and return rows: what, peer, ours, theirs, ratio, target."""
    count = count or (50 if quick else 200)
    spent: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(rounds or (1 if quick else 3)):
        with serve_feeds(count) as feeds, TemporaryDirectory() as home:
            sides = {
                "ours": Side(sys.executable, OURS, Path(home) / "ours", feeds.urls),
                "theirs": Side(str(interpreter("reader")), THEIRS, Path(home) / "theirs", feeds.urls),
            }
            for what in TARGETS:
                if what == "two new":
                    feeds.turn(1)
                for side, peer in sides.items():
                    spent.setdefault((what, side), []).append(peer.turn())
            for peer in sides.values():
                peer.end()
    return [row for what in TARGETS for row in _rows(what, count, spent[what, "ours"], spent[what, "theirs"])]


def _rows(what: str, count: int, mine: list[dict[str, float]], peers: list[dict[str, float]]) -> list[dict[str, Any]]:
    def line(unit: str, here: float, there: float, target: str) -> dict[str, Any]:
        return {
            "what": f"collect {count} feeds, {what}: {unit}",
            "peer": "reader",
            "ours": round(here, 2),
            "theirs": round(there, 2),
            "ratio": round(here / there, 3),
            "target": target,
        }

    faster, cheaper = TARGETS[what]
    wall, cpu = ([median(pass_[key] for pass_ in side) for side in (mine, peers)] for key in ("wall", "cpu"))
    return [
        line("feeds/s", count / wall[0], count / wall[1], f">= {faster} x"),
        line("CPU ms a feed", 1000 * cpu[0] / count, 1000 * cpu[1] / count, cheaper),
    ]


def main(argv: list[str] | None = None) -> list[dict[str, Any]]:
    """Print the comparison as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50 feeds, one round")
    parser.add_argument("--feeds", type=int, help="how many feeds (default 200)")
    parser.add_argument("--rounds", type=int, help="how many rounds; the table shows medians (default 3)")
    options = parser.parse_args(argv)
    rows = run(options.quick, options.feeds, options.rounds)
    for row in rows:
        print("{what:45} ours {ours:>10} {peer} {theirs:>10} x{ratio:<8} {target}".format(**row))
    return rows


if __name__ == "__main__":
    main()
