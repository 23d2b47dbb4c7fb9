"""Grouping an article with more and more articles in the window: processor time, memory, and the time to load it.

The window is filled with random fingerprints and with stories made of the terms of generated articles; each article is
a story of its own, and the stories of the last 16 of 30 days are open. Then 2,000 generated articles are grouped in
batches of 200, in one transaction each, with their features computed before, as a worker process does. Each size has a
process of its own.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from frame import Rows, Scale, main

NEW, BATCH, FIRST_ID, TERMS = 2_000, 200, 10_000, 48
OPEN_SHARE = 16 / 30


def measure(filled: int) -> dict[str, float]:
    """Fill a window, load it and group articles; return microseconds an article, megabytes and seconds."""
    from feeds import body
    from support.bulk_data import connection as connection_of
    from support.rows import NOW, leased, source

    from monitor.domain.article import NewArticle, Stage
    from monitor.domain.source import Source, TextOrigin
    from monitor.parse.dispatch import parse_document
    from monitor.pipeline.build_articles import build_articles
    from monitor.store.database import Database
    from monitor.stories.features import Vocabulary
    from monitor.stories.fingerprints import extract_grouping_text, pack_features, unpack_features
    from monitor.stories.grouping import Grouper, IncomingArticle
    from monitor.stories.grouping_window import StoryWindow

    feed = Source("times", "Times", feed="https://times.example/rss", text_from=TextOrigin.FEED)
    articles = []
    for number in range(NEW // 25):
        document = parse_document(body(number, 25), "application/rss+xml", feed.url, feed)
        articles += [article for article, _, _ in build_articles(document.entries, feed)]
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/window.db")
        database.sources.register([source("times", feed.url)], NOW)
        vocabulary = Vocabulary()
        fill(database, filled, articles, vocabulary)
        lease = leased(database)
        new = [NewArticle((f"url:{at}",), article, True, Stage.EXTRACTED) for at, article in enumerate(articles)]
        database.articles.commit_poll(lease, lease.poll_state, new, NOW + timedelta(minutes=1))
        with connection_of(database) as connection:
            connection.exec_driver_sql("UPDATE article SET stage = 'matched' WHERE stage = 'extracted'")
        gc.collect()
        before, started = resident_megabytes(), time.process_time()
        window = StoryWindow()
        database.stories.load_window(window)
        loading, grown = time.process_time() - started, resident_megabytes() - before
        waiting, spent = database.stories.ungrouped(NEW), 0.0
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            texts = [extract_grouping_text(stored.article) for stored in batch]
            incoming = [
                IncomingArticle(stored.id, stored.article, f"s{stored.id}", features)
                for stored, features in zip(batch, unpack_features(pack_features(texts), texts), strict=True)
            ]
            started = time.process_time()
            database.stories.apply_grouping(
                batch, window, lambda index, incoming=incoming: Grouper(index, vocabulary).place(incoming)
            )
            spent += time.process_time() - started
        database.close()
    return {"article": spent / len(waiting) * 1e3, "load": loading, "memory": grown}


def fill(database: Any, filled: int, articles: list[Any], vocabulary: Any) -> None:
    """Fill the window of a database, and let the vocabulary learn the articles."""
    import numpy as np
    from support.bulk_data import connection as connection_of
    from support.rows import NOW

    from monitor.domain.grouping import StoryCentroid
    from monitor.stories.clustering import MAX_TOP_TERMS
    from monitor.stories.fingerprints import ArticleFeatures, extract_grouping_text
    from monitor.stories.grouping_window import pack_centroid

    features = [ArticleFeatures(extract_grouping_text(article)).term_features for article in articles]
    for one in features:
        vocabulary.learn(one)
    vectors = [vocabulary.weight_terms(one) for one in features]
    all_terms, random = np.concatenate([one.terms for one in vectors]), np.random.default_rng(5)
    at = NOW.isoformat(timespec="microseconds").replace("+00:00", "Z")
    rows, indexed, centroids = [], [], []
    for number in range(FIRST_ID, FIRST_ID + filled):
        terms = random.permutation(np.unique(random.choice(all_terms, TERMS))).astype("<u4")
        weights = vectors[number % len(vectors)].weights[: len(terms)].astype("<f4")
        terms = terms[: len(weights)]
        fingerprints = random.integers(1, 2**63 - 1, 33).astype("<u8")
        rows.append((number, at, f"s{number}"))
        indexed.append((number, fingerprints.tobytes(), terms[:MAX_TOP_TERMS].tobytes()))
        if number - FIRST_ID >= filled * (1 - OPEN_SHARE):
            parts = (terms.tobytes(), weights.tobytes(), bytes(len(terms)))
            centroid = StoryCentroid(f"s{number}", *parts, frozenset({(3, 1)}), 1, NOW, NOW)
            centroids.append((centroid.id, pack_centroid(centroid), at))
    if not filled:
        return
    texts = "url, canonical_url, title, authors, agency, section, language, partial_reason, quarantine_reason"
    with connection_of(database) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO article (id, source_id, first_seen_at, story_id, {texts}, last_error, lease_token, stage, "
            "confidence, is_alertable, version_count, attempts) VALUES "
            f"(?, 'times', ?, ?, {', '.join(chr(39) * 2 for _ in range(11))}, 'grouped', 1, 1, 0, 0)",
            rows,
        )
        connection.exec_driver_sql("INSERT INTO indexed_article VALUES (?, 1, ?, ?)", indexed)
        connection.exec_driver_sql("INSERT INTO story_centroid VALUES (?, 1, ?, ?)", centroids)
        connection.exec_driver_sql("INSERT OR REPLACE INTO grouping_state VALUES (1, 1, 0)")


def resident_megabytes() -> float:
    """Return the memory that this process uses now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


def run(scale: Scale = Scale.USUAL, articles: int = 0) -> Rows:
    """Measure three sizes of the window; ``articles`` is the largest."""
    largest, rows = articles or scale.of(10_000, 100_000, 300_000), list[dict[str, Any]]()
    for size in (largest // 10, largest // 3, largest):
        command = [sys.executable, str(Path(__file__)), "--measure", str(size)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        what = f"grouping with {size:,} articles in the window"
        rows += [
            {"what": f"{what}: CPU ms an article", "ours": f"{found['article']:.2f}", "target": "<= 0.35"},
            {"what": f"{what}: CPU s to load", "ours": f"{found['load']:.2f}", "target": "<= 2 at 100,000"},
            {"what": f"{what}: MB", "ours": f"{found['memory']:.0f}", "target": "<= 120 at 100,000"},
        ]
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        main(__doc__, run, articles="largest number of articles in the window")
