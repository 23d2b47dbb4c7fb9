"""Fit of the weights of evidence that an article belongs to a story (`monitor/stories/similarity.py`).

    python bench/fit_story_weights.py [FILE...]

Each FILE has labelled articles, as in `tests/quality/edited`; without files, the `FILES` of the repository are read.
The articles are placed one after another in their true stories. Each candidate story that the index finds for an
article is a sample; it is right if it is the true story. The weights are fitted by logistic regression. The table has,
for some sums of weights, how many of the right and of the wrong candidates reach them.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from frame import ROOT

from monitor.cli.stories import number_duplicate_ids, read_articles
from monitor.domain.grouping import Placement
from monitor.stories.clustering import MAX_CANDIDATE_STORIES, extend_centroid, start_centroid, top_terms
from monitor.stories.features import Vocabulary
from monitor.stories.fingerprints import ArticleFeatures, extract_grouping_text
from monitor.stories.grouping import sort_articles
from monitor.stories.grouping_window import StoryWindow
from monitor.stories.similarity import WEIGHTS, list_evidence

QUALITY = ROOT / "tests" / "quality"
FILES = (
    QUALITY / "edited" / "stories-developed.jsonl",
    QUALITY / "stories" / "articles.jsonl",
    QUALITY / "stories" / "headlines.jsonl",
)
RIDGE = 0.1
STEPS = 6000
START = {"excess": 1.0, "lack": -1.0}
UNFITTED = ("lack", "full_text", "full_text_excess", "full_text_lack")
"""Weights that are not fitted: the labelled texts are short and often alike, so they say little about the cosine."""
SHOWN_SUMS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


def read_samples(path: Path) -> Iterator[tuple[tuple[float, ...], bool]]:
    """Yield the evidence on each candidate story of each article, and whether it is the article's story."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    articles = number_duplicate_ids(read_articles(path))
    labels = {name: row for (name, _), row in zip(articles, rows, strict=True)}
    vocabulary, index = Vocabulary(), StoryWindow().begin(lambda _: (None, "", ""))
    for number, (name, article) in enumerate(sort_articles(articles)):
        if labels[name].get("copy_of"):
            continue
        story = labels[name]["story"]
        features = ArticleFeatures(extract_grouping_text(article)).term_features
        vocabulary.learn(features)
        vector = vocabulary.weight_terms(features)
        candidates = index.similar_stories(top_terms(vector), MAX_CANDIDATE_STORIES)
        values = list_evidence(vector, features, candidates)
        yield from ((row, one.id == story) for row, one in zip(values, candidates, strict=True) if row)
        centroid = index.get_centroid(story)
        if centroid is None:
            index.save_centroid(start_centroid(story, vector, features))
        else:
            index.save_centroid(extend_centroid(centroid, vector, features))
        index.place(Placement(number, story), top_terms(vector))


def fit(table: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the weights of a logistic regression, by accelerated gradient descent with a penalty on their squares.

    The weights in ``UNFITTED`` stay as they are. Evidence that an article belongs to a story cannot get a weight below
    zero, and evidence against it no weight above: with few samples, it otherwise would.
    """
    given = WEIGHTS._asdict()
    start = np.array([value if one in UNFITTED else START.get(one, 0.0) for one, value in given.items()])
    is_fitted = np.array([one not in UNFITTED for one in given])
    low = np.array([-np.inf if one == "base" or value < 0 else 0.0 for one, value in given.items()])
    high = np.array([np.inf if one == "base" or value >= 0 else 0.0 for one, value in given.items()])
    step = 1 / (np.linalg.norm(table, 2) ** 2 / 4 + RIDGE)
    weights, ahead, momentum = start.copy(), start.copy(), 1.0
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-np.clip(table @ ahead, -30, 30)))
        slope = (table.T @ (odds - right) + RIDGE * (ahead - start)) * is_fitted
        moved = np.clip(ahead - step * slope, low, high)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        weights, momentum = moved, following
    return weights


def main() -> None:
    """Print the weights and the figures."""
    files = [Path(one) for one in sys.argv[1:]] or list(FILES)
    samples = [sample for path in files for sample in read_samples(path)]
    table = np.array([row for row, _ in samples])
    right = np.array([float(is_right) for _, is_right in samples])
    weights = np.round(fit(table, right), 2)
    for name, weight in zip(WEIGHTS._fields, weights, strict=True):
        print(f"    {name}={weight},")
    print(f"{len(right)} candidates, {int(right.sum())} right")
    for least in SHOWN_SUMS:
        counted = table @ weights >= least
        print(f"  sum >= {least:4.1f}: right {right[counted].sum() / right.sum():.3f}, "
              f"wrong {(1 - right[counted]).sum() / (1 - right).sum():.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
