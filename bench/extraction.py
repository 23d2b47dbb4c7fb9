"""Extraction compared with trafilatura on real pages: body, titles, dates, and processor time per page.

The pages and the scorer are the shared development data next to the checkout (or in $MONITOR_SHARED). Both programs
read the same bytes in their own processes, in alternating rounds, and count their own processor seconds.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from frame import ROOT, Rows, Scale, main
from venvs import interpreter, version

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
from monitor.cli.extract import explanation_record
from monitor.extract.extractor import explain_page
def extract(page):
    found = explanation_record(explain_page(page, ""))
    return {name: found[name] for name in ("text", "title", "published", "authors")}
"""
PEER = """
import trafilatura
def extract(page):
    found = trafilatura.bare_extraction(page, favor_precision=True, with_metadata=True)
    return dict(text=found.text, title=found.title, published=found.date) if found else {}
"""


def measure(python: Path, code: str, results: Path) -> float:
    """Extract all pages with one program; return its processor milliseconds per page."""
    script = PRELUDE + code + POSTLUDE
    command = [str(python), "-c", script, str(DATA / "pages"), str(results)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return float(done.stdout)


def score(results: Path) -> dict[str, float]:
    """Run the shared scorer."""
    command = [sys.executable, str(DATA / "score.py"), str(results), "--json"]
    scores: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return scores


def compare(rounds: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Extract all pages with both programs in turns; return the scores and the best time per page of each."""
    peer = f"trafilatura {version('trafilatura', 'trafilatura')}"
    runners = {"monitor": (Path(sys.executable), OURS), peer: (interpreter("trafilatura"), PEER)}
    with tempfile.TemporaryDirectory() as folder:
        spent: dict[str, list[float]] = {name: [] for name in runners}
        for _ in range(rounds):
            for name, (python, code) in runners.items():
                spent[name].append(measure(python, code, Path(folder) / f"{name}.jsonl"))
        return {name: score(Path(folder) / f"{name}.jsonl") for name in runners}, {n: min(t) for n, t in spent.items()}


def run(scale: Scale = Scale.USUAL) -> Rows:
    """Return rows. Raises ``FileNotFoundError`` without the shared pages."""
    if not DATA.exists():
        raise FileNotFoundError(f"the folder of the pages, {DATA}, does not exist")
    scores, times = compare(scale.of(1, 3, 5))
    (ours, theirs), (mine, other) = scores.values(), times.values()
    peer = list(scores)[1]
    dated = ours["date_right"] + ours["date_wrong"] + ours["date_none"]
    rows = [
        {"what": f"pages: {what}", "peer": peer, "ours": f"{ours[key]:.4f}", "theirs": f"{theirs[key]:.4f}"}
        | {"ratio": f"{ours[key] / theirs[key]:.2f}", "target": target}
        for what, key, target in (
            ("F1 of the body", "f1", ">= 0.965"),
            ("precision of the body", "precision", ">= 0.96"),
            ("recall of the body", "recall", ""),
            ("titles right", "title", ">= 0.90"),
        )
    ]
    rows += [
        {"what": f"pages: dates {what}", "peer": peer, "ours": f"{ours[key] / dated:.4f}"}
        | {"theirs": f"{theirs[key] / dated:.4f}", "ratio": "", "target": target}
        for what, key, target in (("right", "date_right", ">= 0.96"), ("wrong", "date_wrong", "<= 0.02"))
    ]
    speed = {"what": "pages: CPU ms a page", "peer": peer, "ours": f"{mine:.2f}", "theirs": f"{other:.2f}"}
    return [*rows, speed | {"ratio": f"{mine / other:.2f}", "target": "<= 0.2"}]


if __name__ == "__main__":
    main(__doc__, run)
