"""Copies measured on several hundred labelled pairs generated from a seed (``support/synthetic_articles.py``).

The edits: other headline, new lead, dropped, added and reordered paragraphs, captions, credits, tails, another house's
spelling and marks, light rewriting, all of it at once, excerpts of a third. The look-alikes: prices, weather, match
previews, ambassadors' notes, follow-ups that take up the background, reports that share quotations. The rules were
held against this generator while they were made, so other texts will fare a little worse. Pairs are then measured
again where a wrong link costs most: in families, through grouping.
"""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from support.baselines import assert_floor
from support.synthetic_articles import Pair, article, edits, lookalikes, pairs, report

from monitor.domain.article import Article
from monitor.stories.fingerprints import normalize_text
from monitor.stories.grouping import group_articles
from monitor.stories.near_duplicates import compare_texts

SEED = 20260305
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def judged() -> list[tuple[Pair, bool]]:
    """Judge every pair as grouping does: found by prints, then compared."""
    verdicts = []
    for pair in pairs(SEED, 45):
        one, other = (normalize_text(each.title, each.body) for each in (pair.one, pair.other))
        found = len({*one.fingerprints} & {*other.fingerprints}) >= 2
        verdicts.append((pair, found and compare_texts(one, other).is_duplicate))
    return verdicts


def test_pairs(judged: list[tuple[Pair, bool]]) -> None:
    """What is said to be a copy is one, and copies are found, excerpts too."""
    wrong = Counter((pair.copy, pair.kind) for pair, said in judged if said != pair.copy)
    right = sum(said and pair.copy for pair, said in judged)
    assert_floor("copies.pairs.precision", right / sum(said for _, said in judged), wrong)
    assert_floor("copies.pairs.recall", right / sum(pair.copy for pair, _ in judged), wrong)
    excerpts = [said for pair, said in judged if pair.kind == "excerpt"]
    assert_floor("copies.excerpts.recall", sum(excerpts) / len(excerpts), wrong)


def test_templates_are_never_copies(judged: list[tuple[Pair, bool]]) -> None:
    """Not one price report, forecast, preview or ambassador's note is taken for another."""
    kinds = {"gold", "weather", "match", "envoy"}
    assert [pair.kind for pair, said in judged if pair.kind in kinds and said] == []


def test_families() -> None:
    """Grouped as a stream, all edits of a report are one family and its look-alikes are not in it."""
    rng = random.Random(SEED)
    articles: list[tuple[str, Article]] = []
    truth: dict[str, str] = {}
    for number in range(30):
        paragraphs = report(rng, rng.randrange(10, 26))
        versions = [("first", paragraphs), *edits(paragraphs, rng)]
        for place, (_, text) in enumerate(versions):
            truth[f"{number}-{place}"] = f"{number}"
            articles.append((f"{number}-{place}", article(text, rng)))
        for place, (_, text) in enumerate(lookalikes(paragraphs, rng)):
            truth[f"{number}-x{place}"] = f"{number}-x{place}"
            articles.append((f"{number}-x{place}", article(text, rng)))
    hours = rng.sample(range(len(articles)), len(articles))
    dated = [
        (name, replace(one, published_at=NOON + timedelta(minutes=hour)))
        for hour, (name, one) in zip(hours, articles, strict=True)
    ]
    families = defaultdict(list)
    for name, (_, lead) in group_articles(dated).items():
        families[lead or name].append(name)
    said = {frozenset(pair) for members in families.values() for pair in combinations(sorted(members), 2)}
    owners = defaultdict(list)
    for name, owner in truth.items():
        owners[owner].append(name)
    true = {frozenset(pair) for members in owners.values() for pair in combinations(sorted(members), 2)}
    wrong = [sorted(pair) for pair in said - true]
    assert_floor("copies.families.precision", len(said & true) / len(said), wrong[:20])
    assert_floor("copies.families.recall", len(said & true) / len(true), [sorted(pair) for pair in true - said][:20])
