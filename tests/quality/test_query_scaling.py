"""Costs of queries: they grow neither with the archive nor with the number of sources.

Costs are counted in instructions of SQLite's virtual machine, which are the same in every run. Each query runs on two
sizes, one four times the other: a scan would cost four times as much, an index hardly more. ``bench/growth.py`` shows
the curve up to a million articles.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.bulk_data import START, fill, fill_sources
from support.query_costs import article_lookups, count_instructions, source_lookups

from monitor.pipeline import search as searching
from monitor.store.database import Database

SMALL, TIMES = 3_000, 4
FLAT, SLACK = 1.5, 12  # factor, and hundreds of instructions: small tables may be scanned
BOUNDED, BOUND = {"digest: undelivered hits", "articles: of a rule"}, 400  # read at most a thousand hits
BOUNDED |= {"search: a word of a source"}  # looks up a word for 10 articles; a longer list of the word has more levels
LINEAR = {"sources by state", "digest: coverage", "digest: recoveries", "status: all sources"}  # read all sources


def minimum_cost(query: Callable[[], object]) -> int:
    """Return the minimum cost of six runs; a run costs more if a connection has to read the schema again."""
    return min(count_instructions(query) for _ in range(6))


def test_costs_of_queries_do_not_grow_with_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for queries of the daemon and of its users. Searches have small batches, for a small archive."""
    for name, value in {"CANDIDATE_BATCH": 5, "PROBE_BATCH": 5, "MAX_CANDIDATES": 20, "MAX_EVALUATED": 10}.items():
        monkeypatch.setattr(searching, name, value)
    database = Database.open(f"sqlite:///{tmp_path}/pile.db")
    fill_sources(database, 100)
    fill(database, 0, SMALL, 100)
    before = {name: minimum_cost(query) for name, query in article_lookups(database, SMALL).items()}
    fill(database, SMALL, SMALL * TIMES, 100)
    after = {name: minimum_cost(query) for name, query in article_lookups(database, SMALL * TIMES).items()}
    database.close()
    growing = {name: (before[name], cost) for name, cost in after.items() if cost > before[name] * FLAT + SLACK}
    assert {name: costs for name, costs in growing.items() if name not in BOUNDED or costs[1] > BOUND} == {}


def test_costs_of_a_query_about_one_source_do_not_grow_with_the_number_of_sources(tmp_path: Path) -> None:
    """Queries about all sources grow at most linearly."""
    cost: dict[str, list[int]] = {}
    for size in (SMALL // TIMES, SMALL):
        database = Database.open(f"sqlite:///{tmp_path}/{size}.db")
        fill_sources(database, size)
        for name, query in source_lookups(database, START).items():
            cost.setdefault(name, []).append(minimum_cost(query))
        database.close()
    bound = {name: TIMES * 1.1 if name in LINEAR else FLAT for name in cost}
    assert {name: costs for name, costs in cost.items() if costs[1] > costs[0] * bound[name] + SLACK} == {}
