"""Whole polls compared with other feed readers: the same local feeds, first, unchanged, and with two new entries.

All programs are whole processes: ``monitor poll`` (fetch, parse, identify, store, match, group, digest) against
``reader``'s ``update_feeds`` with ten workers (fetch, parse, store), and with fewer feeds also against rss2email (no
mail sent) and newsboat, if it is installed. They take turns in one run. After each pass every program must have every
entry and must have received whole feeds, or 304 for each. The last row is the cost of start and end alone, which a
daemon has only once.
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
assert len(results) == len(open(urls[0]).read().split()), "reader omitted feeds"
assert not reader.get_feed_counts(broken=True).total, "reader could not read every feed"
"""
NOTHING = "import sys; from reader import make_reader; make_reader(sys.argv[1]).close()"
ENTRIES = 30
PASSES = {
    "first": ENTRIES,
    "unchanged": ENTRIES,
    "two new": ENTRIES + 2,
}  # entries of a feed that each program has after it
TARGETS = {  # what: (ratio of feeds a second, ratio of processor time)
    "first": ("1.5", "1.2"),
    "unchanged": ("1.2", "1.2"),
    "two new": ("2.5", "0.5"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A feed reader in its own folder: functions that run a pass, or start and end it alone, and count its entries.

    ``reads_twice`` is true if it stores the validators of a feed only at the second poll.
    """

    run: Callable[[str], Spent]
    count_entries: Callable[[], int]
    reads_twice: bool = False


def rows_in(database: Path, table: str) -> Callable[[], int]:
    """Return a function that counts the rows of a table."""

    def count() -> int:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    return count


def configuration(feeds: Feeds) -> str:
    """Return sources.yaml for these feeds; the feeds contain the whole text, so no page is fetched."""
    lines = ["settings:", "  database: sqlite:///bench.db", "  allowed_networks: [127.0.0.0/8]", "sources:"]
    lines += [f"  outlet-{number}: {{feed: '{url}', text_from: feed}}" for number, url in enumerate(feeds.urls)]
    return "\n".join([*lines, *WATCHED]) + "\n"


def ours(folder: Path, feeds: Feeds) -> Program:
    """Prepare this program; each pass is a ``monitor poll`` of every source, or of none."""
    (folder / "sources.yaml").write_text(configuration(feeds), encoding="utf-8")
    names = [f"outlet-{number}" for number in range(len(feeds.urls))]
    command = [sys.executable, "-m", "monitor", "poll", "--json", "--config", "sources.yaml"]
    places = {"PYTHONPATH": str(ROOT)}
    return Program(
        lambda what: measure(command + names * (what != "start"), folder, places),
        rows_in(folder / "bench.db", "article"),
    )


def with_reader(folder: Path, feeds: Feeds) -> Program:
    """Prepare reader; each pass is one update of every feed, or of none."""
    (folder / "urls").write_text("\n".join(feeds.urls), encoding="utf-8")
    (folder / "update.py").write_text(READER, encoding="utf-8")
    python = str(interpreter("reader"))
    update, start = [python, "update.py", "reader.db", "urls"], [python, "-c", NOTHING, "reader.db"]
    return Program(
        lambda what: measure(start if what == "start" else update, folder), rows_in(folder / "reader.db", "entries")
    )


def with_rss2email(folder: Path, feeds: Feeds) -> Program:
    """Prepare rss2email: it polls one feed after the other and sends no mail."""
    lines = ["[DEFAULT]", "from = bench@example.org", "to = bench@example.org", "verbose = error"]
    for number, url in enumerate(feeds.urls):
        lines += [f"[feed.f{number}]", f"url = {url}"]
    (folder / "r2e.cfg").write_text("\n".join(lines), encoding="utf-8")
    command = [str(interpreter("rss2email").with_name("r2e")), "-c", "r2e.cfg", "-d", "r2e.json"]

    def seen() -> int:
        return sum(len(feed["seen"]) for feed in json.loads((folder / "r2e.json").read_bytes())["feeds"])

    return Program(
        lambda what: measure(command + (["list"] if what == "start" else ["run", "--no-send"]), folder), seen
    )


def with_newsboat(folder: Path, feeds: Feeds) -> Program:
    """Prepare newsboat with ten threads. Raises ``PeerMissing`` if it is not installed."""
    if not available("newsboat"):
        raise PeerMissing("newsboat is not installed on this machine")
    (folder / "urls").write_text("\n".join(feeds.urls), encoding="utf-8")
    (folder / "config").write_text("reload-threads 10\n", encoding="utf-8")
    command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x"]
    places = {"HOME": str(folder)}
    return Program(
        lambda what: measure([*command, "print-unread" if what == "start" else "reload"], folder, places),
        rows_in(folder / "cache.db", "rss_item"),
        reads_twice=True,
    )


PEERS = {"reader": with_reader, "rss2email": with_rss2email, "newsboat": with_newsboat}


def run(scale: Scale = Scale.USUAL, feeds: int = 0, rounds: int = 0, others: int = 0) -> Rows:
    """Compare and return rows: many feeds with reader, fewer with the other programs."""
    many, some = feeds or scale.of(50, 200, 2000), others or scale.of(0, 100, 300)
    rows = compare(many, rounds or scale.of(1, 3, 1), ["reader"])
    rows += compare(min(many, 200), 1, ["reader"], has_markup=True)
    return rows + (compare(some, 1, ["rss2email", "newsboat"]) if some else [])


def compare(count: int, rounds: int, peers: list[str], *, has_markup: bool = False) -> Rows:
    """Run all programs in turns with this number of feeds and return rows."""
    spent: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(rounds):
        with serve_feeds(count, ENTRIES, has_markup=has_markup) as served, TemporaryDirectory() as home:
            programs = {}
            for name, prepare in {"ours": ours, **{peer: PEERS[peer] for peer in peers}}.items():
                (folder := Path(home) / name).mkdir()
                try:
                    programs[name] = prepare(folder, served)
                except PeerMissing as error:
                    print(f"not compared: {error}", flush=True)
            for what in (*PASSES, "start"):
                if what == "two new":
                    served.update(1)
                for name, program in programs.items():
                    if what == "unchanged" and program.reads_twice:
                        program.run(what)
                    served.count_responses()
                    spent.setdefault((what, name), []).append(program.run(what))
                    _check(what, name, program, served)
    there = [peer for peer in peers if ("start", peer) in spent] or peers[:1]
    kind = "feeds with markup" if has_markup else "feeds"
    rows = [row for peer in there for what in PASSES for row in _rows(what, count, kind, peer, spent)]
    starts = f"only start and end, with {count} {kind}: CPU s"
    return [*rows, *(_line(starts, "start", peer, spent, lambda s: s.cpu) for peer in there)]


def _check(what: str, name: str, program: Program, served: Feeds) -> None:
    """Check that a pass did what is measured. Raises ``RuntimeError``."""
    if what == "start":
        return
    count = len(served.urls)
    answers, wanted = served.count_responses(), (0, count) if what == "unchanged" else (count, 0)
    if answers != wanted:
        raise RuntimeError(f"{name}, {what}: received {answers[0]} whole feeds and {answers[1]} times 304")
    if (found := program.count_entries()) != PASSES[what] * count:
        raise RuntimeError(f"{name}, {what}: has {found} entries instead of {PASSES[what] * count}")


def _rows(what: str, count: int, kind: str, peer: str, spent: dict[tuple[str, str], list[Spent]]) -> Rows:
    faster, cheaper = TARGETS[what] if peer == "reader" else ("1", "1")
    name = f"poll {count} {kind}, {what}"
    cpu, wall = f"{name}: CPU ms a feed", f"{name}: ms a feed"
    return [
        _line(f"{name}: feeds/s", what, peer, spent, lambda one: count / one.wall, f">= {faster} x"),
        _line(cpu, what, peer, spent, lambda one: 1000 * one.cpu / count, f"<= {cheaper} x"),
        _net_line(f"{wall}, without the start", what, peer, spent, lambda one: 1000 * one.wall / count),
        _net_line(f"{cpu}, without the start", what, peer, spent, lambda one: 1000 * one.cpu / count),
        _line(f"{name}: peak MB", what, peer, spent, lambda one: one.peak),
    ]


def _net_line(
    name: str, what: str, peer: str, spent: dict[tuple[str, str], list[Spent]], value: Callable[[Spent], float]
) -> dict[str, Any]:
    """Return a row with the medians of a pass less the medians of a start and end without a feed."""
    here, there = (
        median(map(value, spent[what, one])) - median(map(value, spent["start", one])) if (what, one) in spent else None
        for one in ("ours", peer)
    )
    row = {"what": name, "peer": peer, "ours": round(here or 0.0, 2), "target": "-"}
    return row if there is None else row | {"theirs": round(there, 2), "ratio": round((here or 0.0) / there, 3)}


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
        feeds="number of feeds in the comparison with reader",
        rounds="number of rounds with reader; the table shows medians",
        others="number of feeds in the comparison with rss2email and newsboat",
    )
