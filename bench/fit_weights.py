"""Fit of the weights of evidence on parts of names alone (`monitor/match/decisions/lone_names.py`).

    python bench/fit_weights.py [--check] [--save] [FOLDER...]

Without a folder the evidence in `tests/quality/lone_names.json` is read: how many names with it were right. It was
taken from news texts by this script, with `--save` and their FOLDER. A FOLDER has labelled texts: `cases.jsonl` and
`officials.yaml`, as in `tests/quality/abroad`, or for each set of news texts `NAME.jsonl.gz`, with the people of each
text (`gold`), and `NAME.people.json`, with their names. A part of a name alone is right if its text names the
official.

The weights are fitted by logistic regression on every second text. The table has, for sums of weights, the precision
and the share of the right names that count, on these texts and on the other half, which was held out. `--check` fails
if the stored weights are not the fitted ones. The evidence depends on the matcher: after a change of its steps, save
it again, and store the weights.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from frame import ROOT

from monitor.config.load import parse_configuration
from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.match.decisions.lone_names import INTERCEPT, THRESHOLD, WEIGHTS, LoneNameEvidence
from monitor.match.engine import compile_watchlist

SAMPLES = ROOT / "tests" / "quality" / "lone_names.json"
HALVES = ("fitted", "held out")
MAX_DIFFERENCE = 0.06
"""Stored weights have one decimal, so they differ by 0.05 at most."""
KINDS = tuple(LoneNameEvidence)
OTHER_PEOPLE = 500
"""People of other sets that are watched too: a name of theirs is wrong."""
RIDGE = 1.0
STEPS = 30
SHOWN_SUMS = (-1.0, 0.0, 0.5, THRESHOLD, 1.5, 2.0, 2.5, 3.0)
Sample = tuple[frozenset[LoneNameEvidence], bool]


def read_passages(folder: Path) -> Iterator[list[Sample]]:
    """Yield the parts of names alone in each passage of a folder."""
    path = folder / "officials.yaml"
    matcher = compile_watchlist(parse_configuration(path.read_bytes(), path, {}).watchlist)
    for case in map(json.loads, (folder / "cases.jsonl").read_text("utf-8").splitlines()):
        published = datetime.fromisoformat(case["published"]).replace(tzinfo=UTC)
        article = Article(
            url="", title=case["title"], body=case["text"], language=case["language"], published_at=published
        )
        ids = [(one, matcher.official_id(one.official_index)) for one in matcher.list_lone_names(article)]
        yield [(one.evidence, name in case["expect"]) for one, name in ids if name not in case["either"]]


def read_news(folder: Path) -> Iterator[list[Sample]]:
    """Yield the parts of names alone in each news text of a folder with sets."""
    sets = {path.name.removesuffix(".people.json"): json.loads(path.read_text("utf-8"))
            for path in sorted(folder.glob("*.people.json"))}  # fmt: skip
    for name, people in sets.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [json.loads(line) for line in lines]
        known = {one["name"] for one in people.values()}
        is_latin = sum(name[0] < "\u0250" for name in known) * 2 > len(known)
        all_names = {one["name"] for other in sets.values() for one in other.values()} - known
        others = sorted(name for name in all_names if (name[0] < "\u0250") is is_latin)
        random.Random(3).shuffle(others)
        officials = [Official(one, about["name"]) for one, about in people.items()]
        officials += [Official(f"other {number}", one) for number, one in enumerate(others[:OTHER_PEOPLE])]
        matcher = compile_watchlist(Watchlist(tuple(officials), (Rule("all", officials=("all",)),)))
        for text in texts:
            article = Article(url="", title=text["title"] or "", body=text["text"], language=text["language"] or "")
            found = matcher.list_lone_names(article)
            yield [(one.evidence, matcher.official_id(one.official_index) in text["gold"]) for one in found]


def to_table(samples: list[Sample]) -> tuple[np.ndarray, np.ndarray]:
    """Return the evidence as a table of zeros and ones, with a column of ones, and which names are right."""
    rows = [[1.0, *(float(kind in evidence) for kind in KINDS)] for evidence, _ in samples]
    return np.array(rows), np.array([float(right) for _, right in samples])


def fit(table: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the weights of a logistic regression, by Newton's method with a penalty on the square of each weight."""
    weights = np.zeros(table.shape[1])
    penalty = np.diag([0.0] + [RIDGE] * len(KINDS))
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (right - odds) - penalty @ weights
        curve = (table * (odds * (1 - odds))[:, None]).T @ table + penalty + 1e-9 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return weights


def print_halves(weights: np.ndarray, halves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Print precision and recall of both halves for some sums of weights."""
    for label, (table, right) in halves.items():
        print(f"{label}: {len(right)} names, {int(right.sum())} right")
        for least in SHOWN_SUMS:
            counted = table @ weights >= least
            hits = float(right[counted].sum())
            precision, recall = hits / max(1, counted.sum()), hits / max(1.0, right.sum())
            print(f"  sum >= {least:4.1f}: precision {precision:.3f}, counted {recall:.3f}")


def read_folders(folders: list[Path]) -> dict[str, list[Sample]]:
    """Return the parts of names alone in the texts of folders; every second text is held out."""
    texts = [
        text
        for folder in folders
        for text in (read_passages if (folder / "cases.jsonl").exists() else read_news)(folder)
    ]
    return {label: [sample for text in texts[at::2] for sample in text] for at, label in enumerate(HALVES)}


def read_samples() -> dict[str, list[Sample]]:
    """Return the saved parts of names alone."""
    return {
        label: [
            (frozenset(LoneNameEvidence[kind] for kind in row["evidence"]), right)
            for row in rows
            for right in (True, False)
            for _ in range(row["right" if right else "wrong"])
        ]
        for label, rows in json.loads(SAMPLES.read_text("utf-8")).items()
    }


def save_samples(halves: dict[str, list[Sample]]) -> None:
    """Write the parts of names alone as counts for each combination of evidence, one per line."""
    lines = []
    for label, samples in halves.items():
        counts = Counter((tuple(sorted(kind.name for kind in evidence)), right) for evidence, right in samples)
        rows = [
            {"evidence": kinds, "right": counts[kinds, True], "wrong": counts[kinds, False]}
            for kinds in sorted({kinds for kinds, _ in counts})
        ]
        lines.append(f'"{label}": [\n  ' + ",\n  ".join(map(json.dumps, rows)) + "\n]")
    SAMPLES.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main() -> None:
    """Print the weights and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail if the stored weights are not the fitted ones")
    parser.add_argument("--save", action="store_true", help="save the evidence of the texts in the folders")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    halves = read_folders(options.folders) if options.folders else read_samples()
    if not halves["fitted"]:
        sys.exit("no text of the fitted half has a part of a name alone; name a folder with news texts, see --help")
    if options.save:
        save_samples(halves)
    tables = {label: to_table(samples) for label, samples in halves.items()}
    weights = fit(*tables["fitted"])
    stored = [INTERCEPT, *(WEIGHTS.get(kind, 0.0) for kind in KINDS)]
    for number, name in enumerate(("INTERCEPT", *(kind.name for kind in KINDS))):
        count = int(tables["fitted"][0][:, number].sum())
        print(f"{name:18} {weights[number]:+.2f}   stored {stored[number]:+.1f}   in {count} names")
    print_halves(np.round(weights, 1), tables)
    if options.check and (difference := float(np.abs(weights - stored).max())) > MAX_DIFFERENCE:
        sys.exit(f"a stored weight differs from the fitted one by {difference:.2f}, more than {MAX_DIFFERENCE}")


if __name__ == "__main__":
    main()
