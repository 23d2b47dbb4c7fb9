"""Run all benches one after the other, print their results, and write the ratios to docs/performance.md.

Each bench is a module in this folder with ``run(scale) -> rows`` (``frame``); it installs the programs for comparison
through ``venvs`` and takes turns with them in one run. A bench that fails is listed with the reason.
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path

import venvs
from frame import ROOT, Rows, Scale, add_scale, table

BENCHES = (
    "start",
    "poll",
    "acquire",
    "extraction",
    "names",
    "stories",
    "window",
    "store",
    "delivery",
    "day",
    "growth",
    "archive",
    "web",
)
MARK = "<!-- measured: everything below this line is written by `make bench` -->"
LIBRARIES = ("httpx", "feedparser", "selectolax", "ahocorasick-rs", "sqlmodel", "lxml", "numpy", "uvloop")


def machine() -> str:
    """Return a description of the machine."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else ():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def versions() -> str:
    """Return the versions of the libraries of this program and of every installed peer."""
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    ours = [f"monitor {revision.stdout.strip() or installed('monitor')}", f"Python {platform.python_version()}"]
    ours += [f"{name} {installed(name)}" for name in LIBRARIES]
    peers = [
        f"{package} {venvs.version(peer, package)}"
        for peer, packages in venvs.PEERS.items()
        if (venvs.HERE / "peers" / peer / "installed").exists()
        for package in packages
    ]
    if venvs.available("newsboat"):
        output = subprocess.run(["newsboat", "--version"], check=True, capture_output=True, text=True).stdout
        peers.append(" ".join(output.split()[:2]))
    return f"{', '.join(ours)}. Peers: {', '.join(peers) or 'none installed'}"


def run_all(names: list[str], scale: Scale) -> tuple[Rows, list[str]]:
    """Run benches by name; one that fails is listed with the reason, and the others continue."""
    rows: Rows = []
    failures = []
    for name in names:
        print(f"== {name}", flush=True)
        try:
            found = importlib.import_module(name).run(scale)
        except Exception as error:  # noqa: BLE001 - the other benches continue; the report lists the error
            traceback.print_exc()
            failures.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            continue
        rows += found
        print(table(found), flush=True)
    return rows, failures


def write(path: Path, rows: Rows, failures: list[str], command: str) -> None:
    """Replace the text below the mark in docs/performance.md; its table has the rows with a figure of a peer."""
    words, _, _ = path.read_text(encoding="utf-8").partition(MARK)
    parts = [
        words + MARK,
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `{command}` on {machine()}.",
        f"{versions()}.",
        table([row for row in rows if row.get("theirs")]),
        *(f"Not measured: {failure}" for failure in failures),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Run the benches and write the report; return 1 if one could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "bench", nargs="*", metavar="BENCH", help=f"names of benches (default: all of {', '.join(BENCHES)})"
    )
    add_scale(parser)
    parser.add_argument("--dry", action="store_true", help="print only, do not change docs/performance.md")
    options = parser.parse_args(argv)
    if unknown := set(options.bench) - set(BENCHES):
        parser.error(f"unknown bench {', '.join(sorted(unknown))}; use one of {', '.join(BENCHES)}")
    rows, failures = run_all(options.bench or list(BENCHES), options.scale)
    print(table(rows), *failures, sep="\n")
    if not options.dry:
        command = " ".join(["python bench/run.py", *(argv if argv is not None else sys.argv[1:])])
        write(ROOT / "docs" / "performance.md", rows, failures, command)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
