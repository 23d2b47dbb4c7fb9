"""Extraction beside trafilatura on real pages: body, titles, dates, and processor time a page, in one run.

    python bench/extraction.py [--rounds N]

The pages and the scorer are the shared development data beside the checkout ($MONITOR_SHARED elsewhere). Both read the
same bytes in processes of their own, round by round in turn, and count their own processor seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from venvs import interpreter, version

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MONITOR_SHARED", ROOT.parent / "shared")) / "eval" / "extraction"
PRELUDE = """
import gzip, json, sys, time
from pathlib import Path
pages = {p.name.removesuffix(".html.gz"): gzip.decompress(p.read_bytes()) for p in sorted(Path(sys.argv[1]).iterdir())}
"""
POSTLUDE = """
for page in list(pages.values())[:5]: extract(page)
before = time.process_time()
rows = [dict(extract(page), id=key) for key, page in pages.items()]
spent = time.process_time() - before
Path(sys.argv[2]).write_text("\\n".join(map(json.dumps, rows)), encoding="utf-8")
print(spent / len(pages) * 1e3)
"""
OURS = """
from monitor.cli.extract import record
from monitor.extract.page import explain_page
def extract(page):
    found = record(explain_page(page, ""))
    return {name: found[name] for name in ("text", "title", "published", "authors")}
"""
PEER = """
import trafilatura
def extract(page):
    found = trafilatura.bare_extraction(page, favor_precision=True, with_metadata=True)
    return dict(text=found.text, title=found.title, published=found.date) if found else {}
"""


def measure(python: Path, code: str, results: Path) -> float:
    """Let one extractor read all pages; return its processor milliseconds a page."""
    script = PRELUDE + code + POSTLUDE
    command = [str(python), "-c", script, str(DATA / "pages"), str(results)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return float(done.stdout)


def score(results: Path) -> dict[str, float]:
    """Run the shared scorer."""
    command = [sys.executable, str(DATA / "score.py"), str(results), "--json"]
    scores: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return scores


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    peer = interpreter("trafilatura")
    runners = {
        "monitor": (Path(sys.executable), OURS),
        f"trafilatura {version('trafilatura', 'trafilatura')}": (peer, PEER),
    }
    with tempfile.TemporaryDirectory() as folder:
        spent: dict[str, list[float]] = {name: [] for name in runners}
        for _ in range(rounds):
            for name, (python, code) in runners.items():
                spent[name].append(measure(python, code, Path(folder) / f"{name}.jsonl"))
        best = {name: min(times) for name, times in spent.items()}
        slowest = max(best.values())
        print(f"{'':20}{'F1':>8}{'P':>8}{'R':>8}{'titles':>8}{'dates':>7}{'wrong':>7}{'ms/page':>9}{'times':>7}")
        for name in runners:
            found = score(Path(folder) / f"{name}.jsonl")
            row = "".join(f"{found[key]:8.4f}" for key in ("f1", "precision", "recall", "title"))
            dates = f"{found['date_right']:7d}{found['date_wrong']:7d}"
            print(f"{name:20}{row}{dates}{best[name]:9.2f}{slowest / best[name]:7.1f}")


if __name__ == "__main__":
    main()
