"""Whole polls beside other readers: the same local feeds, first seen, unchanged, and with two new entries in each.

All sides are whole processes, started, run and ended: ``monitor poll`` (fetch, parse, identify, store, match, group,
digest) against ``reader``'s ``update_feeds`` with ten workers (fetch, parse, store), and over fewer feeds also against
rss2email (no mail sent) and newsboat, where it is installed. They take turns in one run, and after each pass every side
must hold every entry and have been given what the pass is about: whole feeds, or 304 for each. What starting and ending
alone costs is the last row: a daemon pays it once.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from feeds import WATCHED, Feeds, serve_feeds
from frame import ROOT, Rows, Scale, main
from venvs import PeerMissing, Spent, available, interpreter, measure

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
ENTRIES = 30
PASSES = {"first": ENTRIES, "unchanged": ENTRIES, "two new": ENTRIES + 2}  # what each side holds of a feed after it
TARGETS = {  # what: (ratio of feeds a second, ratio of processor time)
    "first": (8.0, 0.2),
    "unchanged": (4.0, 0.33),
    "two new": (4.0, 0.1),
}


@dataclass(frozen=True, slots=True)
class Side:
    """One reader in a folder of its own: how to run a pass, or to start and end alone, and how many entries it holds.

    ``settles`` is for one that remembers the validators of a feed only when it has read it twice.
    """

    run: Callable[[str], Spent]
    holds: Callable[[], int]
    settles: bool = False


def rows_in(database: Path, of: str) -> Callable[[], int]:
    """Return what counts the rows of a table."""

    def count() -> int:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {of}").fetchone()[0])

    return count


def configuration(feeds: Feeds) -> str:
    """Return sources.yaml for these feeds: the text stands in the feed, so no page is fetched."""
    lines = ["settings:", "  database: sqlite:///bench.db", "  allowed_networks: [127.0.0.0/8]", "sources:"]
    lines += [f"  outlet-{number}: {{feed: '{url}', text_from: feed}}" for number, url in enumerate(feeds.urls)]
    return "\n".join([*lines, *WATCHED]) + "\n"


def ours(folder: Path, feeds: Feeds) -> Side:
    """Prepare our side; each pass is a ``monitor poll`` of every source, or of what is due."""
    (folder / "sources.yaml").write_text(configuration(feeds), encoding="utf-8")
    names = [f"outlet-{number}" for number in range(len(feeds.urls))]
    command = [sys.executable, "-m", "monitor", "poll", "--json", "--config", "sources.yaml"]
    places = {"PYTHONPATH": str(ROOT)}
    return Side(
        lambda what: measure(command + names * (what != "start"), folder, places),
        rows_in(folder / "bench.db", "article"),
    )


def with_reader(folder: Path, feeds: Feeds) -> Side:
    """Prepare reader's side; each pass is one update of every feed, or of none."""
    (folder / "urls").write_text("\n".join(feeds.urls), encoding="utf-8")
    (folder / "update.py").write_text(READER, encoding="utf-8")
    python = str(interpreter("reader"))
    update, start = [python, "update.py", "reader.db", "urls"], [python, "-c", NOTHING, "reader.db"]
    return Side(
        lambda what: measure(start if what == "start" else update, folder), rows_in(folder / "reader.db", "entries")
    )


def with_rss2email(folder: Path, feeds: Feeds) -> Side:
    """Prepare rss2email: one feed after the other, no letter sent."""
    lines = ["[DEFAULT]", "from = bench@example.org", "to = bench@example.org", "verbose = error"]
    for number, url in enumerate(feeds.urls):
        lines += [f"[feed.f{number}]", f"url = {url}"]
    (folder / "r2e.cfg").write_text("\n".join(lines), encoding="utf-8")
    command = [str(interpreter("rss2email").with_name("r2e")), "-c", "r2e.cfg", "-d", "r2e.json"]

    def seen() -> int:
        return sum(len(feed["seen"]) for feed in json.loads((folder / "r2e.json").read_bytes())["feeds"])

    return Side(lambda what: measure(command + (["list"] if what == "start" else ["run", "--no-send"]), folder), seen)


def with_newsboat(folder: Path, feeds: Feeds) -> Side:
    """Prepare newsboat, with ten threads. Raises ``PeerMissing`` where the system has none."""
    if not available("newsboat"):
        raise PeerMissing("newsboat is not installed on this machine")
    (folder / "urls").write_text("\n".join(feeds.urls), encoding="utf-8")
    (folder / "config").write_text("reload-threads 10\n", encoding="utf-8")
    command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x"]
    places = {"HOME": str(folder)}
    return Side(
        lambda what: measure([*command, "print-unread" if what == "start" else "reload"], folder, places),
        rows_in(folder / "cache.db", "rss_item"),
        settles=True,
    )


PEERS = {"reader": with_reader, "rss2email": with_rss2email, "newsboat": with_newsboat}


def run(scale: Scale = Scale.USUAL, feeds: int = 0, rounds: int = 0, others: int = 0) -> Rows:
    """Compare and return rows: many feeds beside reader alone, some beside every peer."""
    many, some = feeds or scale.of(50, 200, 2000), others or scale.of(0, 100, 300)
    rows = compare(many, rounds or scale.of(1, 2, 1), ["reader"])
    return rows + (compare(some, 1, ["rss2email", "newsboat"]) if some else [])


def compare(count: int, rounds: int, peers: list[str]) -> Rows:
    """Let all sides take turns over so many feeds and return rows."""
    spent: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(rounds):
        with serve_feeds(count, ENTRIES) as served, TemporaryDirectory() as home:
            sides = {}
            for side, prepare in {"ours": ours, **{peer: PEERS[peer] for peer in peers}}.items():
                (folder := Path(home) / side).mkdir()
                try:
                    sides[side] = prepare(folder, served)
                except PeerMissing as error:
                    print(f"left out: {error}", flush=True)
            for what in (*PASSES, "start"):
                if what == "two new":
                    served.turn(1)
                for side, program in sides.items():
                    if what == "unchanged" and program.settles:
                        program.run(what)
                    served.answered()
                    spent.setdefault((what, side), []).append(program.run(what))
                    _check(what, side, program, served)
    there = [peer for peer in peers if ("start", peer) in spent] or peers[:1]
    rows = [row for peer in there for what in PASSES for row in _rows(what, count, peer, spent)]
    starts = f"start and end alone after {count} feeds: CPU s"
    return [*rows, *(_line(starts, "start", peer, spent, lambda s: s.cpu) for peer in there)]


def _check(what: str, side: str, program: Side, served: Feeds) -> None:
    """See that a pass was what it is measured as. Raises ``RuntimeError``."""
    if what == "start":
        return
    count = len(served.urls)
    answers, wanted = served.answered(), (0, count) if what == "unchanged" else (count, 0)
    if answers != wanted:
        raise RuntimeError(f"{side}, {what}: was given {answers[0]} whole feeds and {answers[1]} times 304")
    if (held := program.holds()) != PASSES[what] * count:
        raise RuntimeError(f"{side}, {what}: holds {held} entries, not {PASSES[what] * count}")


def _rows(what: str, count: int, peer: str, spent: dict[tuple[str, str], list[Spent]]) -> Rows:
    faster, cheaper = TARGETS[what] if peer == "reader" else (1, 1)
    name = f"poll {count} feeds, {what}"
    return [
        _line(f"{name}: feeds/s", what, peer, spent, lambda one: count / one.wall, f">= {faster} x"),
        _line(f"{name}: feeds/s a core", what, peer, spent, lambda one: count / one.cpu),
        _line(f"{name}: CPU ms a feed", what, peer, spent, lambda one: 1000 * one.cpu / count, f"<= {cheaper} x"),
        _line(f"{name}: peak MB", what, peer, spent, lambda one: one.peak),
    ]


def _line(
    name: str,
    what: str,
    peer: str,
    spent: dict[tuple[str, str], list[Spent]],
    value: Callable[[Spent], float],
    target: str = "-",
) -> dict[str, Any]:
    here = median(map(value, spent[what, "ours"]))
    row = {"what": name, "peer": peer, "ours": round(here, 2), "target": target}
    if (what, peer) not in spent:
        return row
    there = median(map(value, spent[what, peer]))
    return row | {"theirs": round(there, 2), "ratio": round(here / there, 3)}


if __name__ == "__main__":
    main(
        __doc__,
        run,
        feeds="how many feeds beside reader",
        rounds="how many rounds of these; the table shows medians",
        others="how many feeds beside rss2email and newsboat",
    )
