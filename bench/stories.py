"""Duplicates and stories compared with MinHash (datasketch, rensa) and a TF-IDF baseline: quality and costs.

Duplicates are measured on the labelled pairs of tests/support/synthetic_articles.py, stories on the shared events
(B-cubed F1) if they exist. The stream has words distributed as in a language, 3.7 KB an article: seven in ten are new,
a fifth are edited copies, a tenth come from templates. Each program counts its processor time in its own process.
"""

import dbm
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from frame import ROOT, Rows, Scale, main
from venvs import PeerMissing, interpreter

SHARED = Path(os.environ.get("MONITOR_SHARED", ROOT.parent / "shared")) / "eval" / "stories"
SEED, OPENED = 11, datetime(2026, 3, 1, tzinfo=UTC)
WORDS = 30_000
PEER = """
import json, sys, time
from itertools import pairwise
kind, path, threshold = sys.argv[1], sys.argv[2], 0.5
rows = [json.loads(line) for line in open(path, encoding="utf-8")]
def shingles(text):
    words = text.lower().split()
    return {" ".join(words[at:at + 5]) for at in range(max(1, len(words) - 4))}
if kind == "datasketch":
    from datasketch import MinHash, MinHashLSH
    def sign(text):
        made = MinHash(num_perm=128)
        made.update_batch([one.encode() for one in shingles(text)])
        return made
    index = MinHashLSH(threshold=threshold, num_perm=128)
    def find(key, signature):
        found = index.query(signature)
        index.insert(key, signature)
        return found
else:
    from rensa import RMinHash, RMinHashLSH
    def sign(text):
        made = RMinHash(num_perm=128, seed=42)
        made.update(list(shingles(text)))
        return made
    index = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=32)
    def find(key, signature):
        found = index.query(signature)
        index.insert(key, signature)
        return found
if "one" in rows[0]:
    print(json.dumps([sign(row["one"]).jaccard(sign(row["other"])) >= threshold for row in rows]))
else:
    before = time.process_time()
    for key, row in enumerate(rows):
        find(key, sign(row["body"]))
    print(json.dumps((time.process_time() - before) / len(rows) * 1e3))
"""


def stream(count: int) -> Iterator[tuple[str, str]]:
    """Yield titles and bodies of a generated stream of news."""
    rng = random.Random(SEED)
    letters = "bcdfghklmnprstvwz"
    words = ["".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(rng.randint(1, 4))) for _ in range(WORDS)]
    weights = list(accumulate(1 / (rank + 8) for rank in range(WORDS)))
    recent: list[list[str]] = []
    templates = [[_sentence(rng, words, weights) for _ in range(28)] for _ in range(20)]
    for _ in range(count):
        kind = rng.random()
        if kind < 0.2 and recent:
            lines = [line for line in rng.choice(recent) if rng.random() > 0.15]
            lines.insert(rng.randrange(len(lines) + 1), _sentence(rng, words, weights))
        elif kind < 0.3:
            lines = [_changed(line, rng) for line in rng.choice(templates)]
        else:
            lines = [_sentence(rng, words, weights) for _ in range(28)]
            recent = [*recent[-999:], lines]
        yield _sentence(rng, words, weights)[:70], "\n".join(lines)


def _sentence(rng: random.Random, words: list[str], weights: list[float]) -> str:
    drawn = rng.choices(words, cum_weights=weights, k=rng.randint(14, 26))
    return " ".join(word.capitalize() if rng.random() < 0.12 else word for word in drawn).capitalize() + "."


def _changed(line: str, rng: random.Random) -> str:
    return " ".join(str(rng.randint(10, 9999)) if rng.random() < 0.25 else word for word in line.split())


def measure_stream(count: int) -> dict[str, float]:
    """Group a stream in this process; return milliseconds per article, in all and in the last tenth, and peak MB.

    The texts are in a file, as the daemon keeps them in the database, so the peak is that of the grouping index.
    """
    from monitor.domain.article import Article
    from monitor.domain.grouping import Placement
    from monitor.stories.features import Vocabulary
    from monitor.stories.grouping import ARTICLES_PER_BATCH, Grouper, IncomingArticle
    from monitor.stories.grouping_window import StoryWindow

    spent = last = copies = 0.0
    window, vocabulary, placed = StoryWindow(), Vocabulary(), list[Placement]()
    with dbm.open(tempfile.mkdtemp() + "/texts", "n") as texts:

        def load_article(number: int) -> tuple[Placement, str, str]:
            title, body = json.loads(texts[str(number)])
            return placed[number], title, body

        batch: list[IncomingArticle] = []
        for number, (title, body) in enumerate(stream(count)):
            texts[str(number)] = json.dumps((title, body))
            at = OPENED + timedelta(seconds=7 * 86_400 * number / count)
            batch.append(
                IncomingArticle(number, Article(url="", title=title, body=body, published_at=at), f"s{number}")
            )
            if len(batch) == ARTICLES_PER_BATCH or number == count - 1:
                before = time.process_time()
                index = window.begin(load_article)
                found = Grouper(index, vocabulary).place(batch)
                changes = index.changes()
                window.load(changes.articles, changes.stories)
                cost = time.process_time() - before
                spent += cost
                last += cost if number >= count * 0.9 else 0.0
                copies += sum(one.duplicate_of is not None for one in found)
                placed += found
                batch = []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"all": spent / count * 1e3, "last": last / (count / 10) * 1e3, "peak": peak, "copies": copies / count}


def find_duplicates() -> tuple[list[bool], list[bool], Path]:
    """Compare the labelled pairs; return the true and the found results, and a file of the pairs for the peers."""
    from support.synthetic_articles import pairs

    from monitor.stories.fingerprints import normalize_text
    from monitor.stories.near_duplicates import compare_texts

    path = ROOT / "bench" / "peers" / "pairs.jsonl"
    truth, found, lines = [], [], []
    for pair in pairs(SEED, 30):
        one, other = (normalize_text(each.title, each.body) for each in (pair.one, pair.other))
        found.append(len({*one.fingerprints} & {*other.fingerprints}) >= 2 and compare_texts(one, other).is_duplicate)
        truth.append(pair.copy)
        lines.append(json.dumps({"one": pair.one.body, "other": pair.other.body}))
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return truth, found, path


def tf_idf(rows: list[dict[str, Any]], threshold: float) -> list[str]:
    """Group articles in their order by the cosine to each story's centroid over all words: the usual baseline."""
    import math
    from collections import Counter

    seen: Counter[str] = Counter()
    centroids: dict[str, Counter[str]] = {}
    groups = []
    for number, row in enumerate(rows):
        counts = Counter(f"{row['title']} {row['text']}".lower().split())
        seen.update(counts.keys())
        weights = {word: count * math.log((number + 2) / seen[word]) for word, count in counts.items()}
        norm = math.hypot(*weights.values()) or 1.0
        best, name = threshold, ""
        for story, centroid in centroids.items():
            dot = sum(weight * centroid[word] for word, weight in weights.items() if word in centroid)
            cosine = dot / norm / (math.hypot(*centroid.values()) or 1.0)
            if cosine > best:
                best, name = cosine, story
        centroids.setdefault(name or str(number), Counter()).update(weights)
        groups.append(name or str(number))
    return groups


def peer(kind: str, path: Path) -> Any:
    """Run a peer on a file in its own environment."""
    command = [str(interpreter("copies")), "-c", PEER, kind, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def quality(truth: list[bool], found: list[bool]) -> str:
    """Return precision and recall as text."""
    hit = sum(one and other for one, other in zip(truth, found, strict=True))
    return f"P {hit / max(1, sum(found)):.3f} R {hit / sum(truth):.3f}"


def run(scale: Scale = Scale.USUAL, articles: int = 0) -> Rows:
    """Measure duplicates and stories; ``articles`` is the length of the stream."""
    count = articles or scale.of(2_000, 10_000, 50_000)
    truth, found, path = find_duplicates()
    command = [sys.executable, str(Path(__file__)), "--stream", str(count)]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    sample = ROOT / "bench" / "peers" / "stream.jsonl"
    few = min(count, 2_000)
    sample.write_text("\n".join(json.dumps({"body": body}) for _, body in stream(few)), encoding="utf-8")
    rows = []
    for kind in ("datasketch", "rensa"):
        try:
            theirs = quality(truth, peer(kind, path))
        except PeerMissing as error:
            print(f"not compared: {error}", flush=True)
            continue
        rows.append(_row("duplicates, labelled pairs", kind, quality(truth, found), theirs, "", "P >= 0.98, R >= 0.95"))
        cost = float(peer(kind, sample))
        mine = f"{ours['all']:.2f} (with stories)"
        rows.append(
            _row(f"CPU ms an article, {count:,}", kind, mine, f"{cost:.2f}", f"{ours['all'] / cost:.2f}", "<= 1")
        )
    rows.append(_row(f"CPU ms an article, last tenth of {count:,}", "-", f"{ours['last']:.2f}", "", "", "<= 1"))
    rows.append(_row(f"peak MB, {count:,} articles", "-", f"{ours['peak']:.0f}", "", "", "< 500 at 100,000"))
    return rows + (_events(scale) if SHARED.exists() else [])


def _events(scale: Scale) -> Rows:
    from quality.measures import b_cubed, stories

    rows = []
    for name, what, threshold in (("articles.jsonl", "full articles", 0.25), ("titles.jsonl", "headlines", 0.3)):
        texts = [json.loads(line) for line in (SHARED / name).read_text(encoding="utf-8").splitlines()]
        if scale is Scale.QUICK and len(texts) > 1000:
            continue
        mine = stories(SHARED / name).values["f1"]
        theirs = b_cubed([row["story"] for row in texts], tf_idf(texts, threshold))[2]
        aim = ">= 0.95" if what == "full articles" else ">= 0.70"
        rows.append(_row(f"stories, {what}: B-cubed F1", "TF-IDF", f"{mine:.3f}", f"{theirs:.3f}", "", aim))
    return rows


def _row(what: str, against: str, ours: str, theirs: str, ratio: str, target: str) -> dict[str, Any]:
    return {"what": what, "peer": against, "ours": ours, "theirs": theirs, "ratio": ratio, "target": target}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        print(json.dumps(measure_stream(int(sys.argv[2]))))
    else:
        main(__doc__, run, articles="length of the stream")
