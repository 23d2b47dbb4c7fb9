"""Common parts of all benches: scale, row, table and command line.

A row is a dict with the keys what, peer, ours, theirs, ratio and target, all optional.
"""

import argparse
import sys
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ("what", "peer", "ours", "theirs", "ratio", "target")
Rows = list[dict[str, Any]]

sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # this checkout, and the generators of its tests


class Scale(IntEnum):
    """Duration of a bench run: all benches take two minutes, six minutes, or twenty."""

    QUICK = 0
    USUAL = 1
    FULL = 2

    def of(self, quick: T, usual: T, full: T) -> T:
        """Return the value for this scale."""
        return (quick, usual, full)[self]


def add_scale(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose a scale; the option is called ``scale``."""
    either = parser.add_mutually_exclusive_group()
    for name, scale, text in (
        ("--quick", Scale.QUICK, "small sizes, one round"),
        ("--full", Scale.FULL, "large sizes"),
    ):
        either.add_argument(name, dest="scale", action="store_const", const=scale, default=Scale.USUAL, help=text)


def table(rows: Rows) -> str:
    """Format rows as a Markdown table that is also readable in a terminal."""
    cells = [[str(row.get(column, "")) for column in COLUMNS] for row in rows]
    widths = [max(len(line[i]) for line in [list(COLUMNS), *cells]) for i in range(len(COLUMNS))]
    lines = [list(COLUMNS), ["-" * width for width in widths], *cells]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)


def main(description: str | None, run: Callable[..., Rows], **numbers: str) -> None:
    """Run the command line of one bench: a scale, and integers that are passed to ``run`` by name."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_scale(parser)
    for name, text in numbers.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=text)
    options = vars(parser.parse_args())
    scale = options.pop("scale")
    print(table(run(scale, **{name: number for name, number in options.items() if number is not None})))
