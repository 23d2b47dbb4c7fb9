"""Duplicates on several hundred labelled pairs generated from a seed (``support/synthetic_articles.py``).

The edits: other headline, new lead, dropped, added and reordered paragraphs, captions, credits, tails, another outlet's
spelling and diacritics, light rewriting, all of these, and excerpts of a third. The look-alikes: prices, weather, match
previews, ambassadors' notes, follow-ups that repeat the background, reports that share quotations. The rules were
developed on this generator, so results on other texts are a little worse. The last test groups whole families, where a
wrong link has the largest effect.
"""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from quality.measures import duplicates
from support.baselines import assert_floor, assert_floors
from support.synthetic_articles import Pair, article, edits, lookalikes, pairs, report

from monitor.domain.article import Article
from monitor.domain.values import replace
from monitor.stories.edited_copies import have_common_text, is_edited_copy
from monitor.stories.fingerprints import normalize_text
from monitor.stories.grouping import group_articles
from monitor.stories.near_duplicates import compare_texts

SEED = 20260305
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
EDITED = Path(__file__).parent / "edited"


@pytest.fixture(scope="module")
def compared() -> list[tuple[Pair, bool]]:
    """Compare every pair as grouping does: by fingerprints, then by text."""
    results = []
    for pair in pairs(SEED, 45):
        one, other = (normalize_text(each.title, each.body) for each in (pair.one, pair.other))
        is_candidate = len({*one.fingerprints} & {*other.fingerprints}) >= 2
        results.append((pair, is_candidate and compare_texts(one, other).is_duplicate))
    return results


def test_duplicates_are_found_and_no_others(compared: list[tuple[Pair, bool]]) -> None:
    """Excerpts are found, too."""
    wrong = Counter((pair.copy, pair.kind) for pair, found in compared if found != pair.copy)
    right = sum(found and pair.copy for pair, found in compared)
    assert_floor("copies.pairs.precision", right / sum(found for _, found in compared), wrong)
    assert_floor("copies.pairs.recall", right / sum(pair.copy for pair, _ in compared), wrong)
    excerpts = [found for pair, found in compared if pair.kind == "excerpt"]
    assert_floor("copies.excerpts.recall", sum(excerpts) / len(excerpts), wrong)


def test_the_quick_test_excludes_no_copy() -> None:
    """Pairs that it excludes would not be found by the whole comparison."""
    labelled = [
        (normalize_text(pair.one.title, pair.one.body), normalize_text(pair.other.title, pair.other.body))
        for pair in pairs(SEED, 15)
    ]
    unrelated = [(first[0], second[1]) for first, second in combinations(labelled[::6], 2)]
    excluded = [both for both in (*labelled, *unrelated) if not have_common_text(*both)]
    assert not any(compare_texts(*both).is_duplicate or is_edited_copy(*both) for both in excluded)
    assert len(excluded) > 100


def test_texts_of_one_template_are_never_duplicates(compared: list[tuple[Pair, bool]]) -> None:
    """Price reports, forecasts, previews and ambassadors' notes are articles of their own."""
    kinds = {"gold", "weather", "match", "envoy"}
    assert [pair.kind for pair, found in compared if pair.kind in kinds and found] == []


def test_all_versions_of_a_report_are_one_family() -> None:
    """Grouping in a stream puts all edits of a report in one family, without its look-alikes."""
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
    minutes = rng.sample(range(len(articles)), len(articles))
    dated = [
        (name, replace(one, published_at=NOON + timedelta(minutes=minute)))
        for minute, (name, one) in zip(minutes, articles, strict=True)
    ]
    families = defaultdict(list)
    for name, (_, lead) in group_articles(dated).items():
        families[lead or name].append(name)
    found = {frozenset(pair) for members in families.values() for pair in combinations(sorted(members), 2)}
    owners = defaultdict(list)
    for name, owner in truth.items():
        owners[owner].append(name)
    true = {frozenset(pair) for members in owners.values() for pair in combinations(sorted(members), 2)}
    wrong = [sorted(pair) for pair in found - true]
    assert_floor("copies.families.precision", len(found & true) / len(found), wrong[:20])
    assert_floor("copies.families.recall", len(found & true) / len(true), [sorted(pair) for pair in true - found][:20])


@pytest.mark.parametrize("half", ["developed", "scored"])
def test_copies_edited_by_hand_are_duplicates(half: str) -> None:
    """Editors rewrite, shorten, localise, and merge texts with local background; other events are not duplicates."""
    score = duplicates(EDITED / f"copies-{half}.jsonl")
    assert_floors(f"copies.edited.{half}", score.values, score.shown)
