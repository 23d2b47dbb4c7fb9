"""Whole polls beside ``reader``: the same local feeds, first seen, unchanged, and with two new entries in each.

Both sides are whole processes, started, run and ended: ``monitor poll`` (fetch, parse, identify, store, match, group,
digest) against ``reader``'s ``update_feeds`` with ten workers (fetch, parse, store). They take turns in one run. What
starting and ending alone costs is the last row: a daemon pays it once.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from feeds import NAMES, Feeds, serve_feeds
from venvs import Spent, interpreter, measure

ROOT = Path(__file__).resolve().parents[1]
READER = """
import sys
from reader import make_reader
database, *urls = sys.argv[1:]
reader = make_reader(database)
known = {feed.url for feed in reader.get_feeds()}
for url in open(urls[0]).read().split():
    if url not in known:
        reader.add_feed(url)
results = list(reader.update_feeds_iter(workers=10, scheduled=False))
assert len(results) == len(open(urls[0]).read().split()), "reader left feeds out"
assert not reader.get_feed_counts(broken=True).total, "reader could not read every feed"
"""
NOTHING = "import sys; from reader import make_reader; make_reader(sys.argv[1]).close()"
TARGETS = {  # what: (ratio of feeds a second, ratio of processor time)
    "first": (8.0, 0.2),
    "unchanged": (4.0, 0.33),
    "two new": (4.0, 0.1),
}


def configuration(feeds: Feeds) -> str:
    """Return sources.yaml for these feeds: the text stands in the feed, so no page is fetched."""
    lines = ["settings:", "  database: sqlite:///bench.db", "  allow_networks: [127.0.0.0/8]", "sources:"]
    lines += [f"  outlet-{number}: {{feed: '{url}', article: feed}}" for number, url in enumerate(feeds.urls)]
    lines += ["officials:", *(f"  {name.lower().replace(' ', '-')}: {{name: {name}}}" for name in NAMES)]
    lines += [
        "rules:",
        "  people: {officials: [all]}",
        "digests:",
        "  today: {rules: [people], at: once, to: [outbox]}",
    ]
    return "\n".join(lines) + "\n"


def ours(folder: Path, feeds: Feeds) -> Callable[[str], Spent]:
    """Prepare our side in a folder of its own; each call is a ``monitor poll`` of every source, or of what is due."""
    (folder / "sources.yaml").write_text(configuration(feeds), encoding="utf-8")
    names = [f"outlet-{number}" for number in range(len(feeds.urls))]
    command = [sys.executable, "-m", "monitor", "poll", "--json", "--config", "sources.yaml"]
    return lambda what: measure(command + names * (what != "start"), folder, {"PYTHONPATH": str(ROOT)})


def theirs(folder: Path, feeds: Feeds) -> Callable[[str], Spent]:
    """Prepare reader's side; each call is one update of every feed, or of none."""
    (folder / "urls").write_text("\n".join(feeds.urls), encoding="utf-8")
    (folder / "update.py").write_text(READER, encoding="utf-8")
    python = str(interpreter("reader"))
    update, start = [python, "update.py", "reader.db", "urls"], [python, "-c", NOTHING, "reader.db"]
    return lambda what: measure(start if what == "start" else update, folder)


def run(quick: bool = False, count: int | None = None, rounds: int | None = None) -> list[dict[str, Any]]:
    """Compare and return rows: what, peer, ours, theirs, ratio, target."""
    count = count or (50 if quick else 200)
    spent: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(rounds or (1 if quick else 3)):
        with serve_feeds(count) as feeds, TemporaryDirectory() as home:
            sides = {}
            for side, prepare in (("ours", ours), ("theirs", theirs)):
                (folder := Path(home) / side).mkdir()
                sides[side] = prepare(folder, feeds)
            for what in (*TARGETS, "start"):
                if what == "two new":
                    feeds.turn(1)
                for side, poll in sides.items():
                    spent.setdefault((what, side), []).append(poll(what))
    rows = [row for what in TARGETS for row in _rows(what, count, spent[what, "ours"], spent[what, "theirs"])]
    return [
        *rows,
        _line("start and end alone: CPU s", spent["start", "ours"], spent["start", "theirs"], lambda s: s.cpu),
    ]


def _rows(what: str, count: int, mine: list[Spent], peers: list[Spent]) -> list[dict[str, Any]]:
    faster, cheaper = TARGETS[what]
    name = f"poll {count} feeds, {what}"
    return [
        _line(f"{name}: feeds/s", mine, peers, lambda spent: count / spent.wall, f">= {faster} x"),
        _line(f"{name}: CPU ms a feed", mine, peers, lambda spent: 1000 * spent.cpu / count, f"<= {cheaper} x"),
        _line(f"{name}: peak MB", mine, peers, lambda spent: spent.peak),
    ]


def _line(
    what: str, mine: list[Spent], peers: list[Spent], value: Callable[[Spent], float], target: str = "-"
) -> dict[str, Any]:
    here, there = median(map(value, mine)), median(map(value, peers))
    figures = {"ours": round(here, 2), "theirs": round(there, 2), "ratio": round(here / there, 3)}
    return {"what": what, "peer": "reader", **figures, "target": target}


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
