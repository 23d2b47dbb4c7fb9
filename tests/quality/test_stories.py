"""Stories measured on labelled reports, as the stream that they are: B-cubed F1 (Bagga and Baldwin, 1998).

The texts stand beside the checkout and are left out where they are missing; the thresholds hold on either half of them.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from floors import hold

from monitor.cli.stories import distinct, read_article, read_articles
from monitor.stories.group import group_articles

SHARED = Path(os.environ.get("MONITOR_SHARED", Path(__file__).resolve().parents[3] / "shared"))
DATA = SHARED / "eval" / "stories"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared stories are not here")


def b_cubed(truth: list[str], found: list[str]) -> float:
    """Return the F1 of two ways to group the same things, given as labels side by side."""
    both, true, said = Counter(zip(truth, found, strict=True)), Counter(truth), Counter(found)
    precision = sum(both[pair] / said[pair[1]] for pair in zip(truth, found, strict=True)) / len(truth)
    recall = sum(both[pair] / true[pair[0]] for pair in zip(truth, found, strict=True)) / len(truth)
    return 2 * precision * recall / (precision + recall)


def measured(name: str, half: int | None = None) -> float:
    """Group a file, or the stories of one half of it, and score it."""
    path = DATA / name
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = set(sorted({row["story"] for row in rows})[half or 0 :: 1 if half is None else 2])
    kept = [place for place, row in enumerate(rows) if row["story"] in chosen]
    articles = distinct(read_articles(path))
    groups = group_articles([articles[place] for place in kept])
    return b_cubed([rows[place]["story"] for place in kept], [story for story, _ in groups.values()])


@needs_data
@pytest.mark.parametrize("half", [None, 0, 1])
def test_full_articles(half: int | None) -> None:
    """Three outlets on each of thirty-five events."""
    hold("stories.articles.f1", measured("articles.jsonl", half))


@needs_data
def test_headlines() -> None:
    """Thousands of headlines without a text, with noisy labels."""
    hold("stories.headlines.f1", measured("titles.jsonl"))


@needs_data
@pytest.mark.parametrize("dated", [True, False])
def test_the_seeds(dated: bool) -> None:
    """The two reports of one visit are one story; others by the same people on the same ties are not."""
    times = {"000": "2026-02-14", "003": "2025-03-05"} if dated else {}
    texts = {path.name[:3]: path.read_text(encoding="utf-8") for path in (SHARED / "seeds").glob("*.txt")}
    lines = [{"id": name, "text": text, "published": times.get(name)} for name, text in sorted(texts.items())]
    groups = group_articles([read_article(json.dumps(line)) for line in lines])
    assert groups["003"][0] == groups["004"][0]
    assert len({story for story, _ in groups.values()}) == 4
    assert {copy for _, copy in groups.values()} == {None}
