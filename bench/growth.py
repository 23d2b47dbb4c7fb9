"""Costs of queries of the daemon and its users while the archive, or the number of sources, grows.

    python bench/growth.py --articles 1000000

A database is filled in bulk (tests/support/bulk_data.py) and queried at three sizes, each ten times the one before.
Costs are instructions of SQLite's virtual machine, in hundreds, which are the same on every machine and in every run,
and processor milliseconds, the median of five. Logarithmic growth stays below three times the first column.
"""

import tempfile

from frame import Rows, Scale, main

FLAT = 3.0  # factor to the cost at a hundredth of the size


def grow_articles(total: int) -> dict[str, list[tuple[int, float]]]:
    """Fill a database with articles and measure the queries at a hundredth, a tenth and the whole of the size."""
    from support.bulk_data import fill, fill_sources
    from support.query_costs import article_lookups, measure

    from monitor.store.database import Database

    found: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        database, filled = Database.open(f"sqlite:///{folder}/pile.db"), 0
        fill_sources(database, 1000)
        for size in (total // 100, total // 10, total):
            fill(database, filled, size, 1000)
            filled = size
            for name, query in article_lookups(database, size).items():
                found.setdefault(name, []).append(measure(query))
        database.close()
    return found


def grow_sources(total: int) -> dict[str, list[tuple[int, float]]]:
    """Configure sources and measure their queries at a hundredth, a tenth and the whole of the number."""
    from support.bulk_data import START, fill_sources
    from support.query_costs import measure, source_lookups

    from monitor.store.database import Database

    found: dict[str, list[tuple[int, float]]] = {}
    for size in (total // 100, total // 10, total):
        with tempfile.TemporaryDirectory() as folder:
            database = Database.open(f"sqlite:///{folder}/pile.db")
            fill_sources(database, size)
            for name, query in source_lookups(database, START).items():
                found.setdefault(name, []).append(measure(query))
            database.close()
    return found


def rows_of(found: dict[str, list[tuple[int, float]]], total: int, what: str, target: str) -> Rows:
    """Return rows with milliseconds at three sizes and the growth of the instructions."""
    rows = []
    for name, points in found.items():
        growth = points[-1][0] / max(points[0][0], 1)
        times = " / ".join(f"{milliseconds:.2f}" for _, milliseconds in points)
        sizes = " / ".join(f"{size:,}" for size in (total // 100, total // 10, total))
        rows.append(
            {"what": f"{name}: CPU ms at {sizes} {what}", "ours": times, "ratio": f"{growth:.2f}", "target": target}
        )
    return rows


def run(scale: Scale = Scale.USUAL, articles: int = 0, sources: int = 0) -> Rows:
    """Return rows; the ratio is the last count of SQLite instructions divided by the first."""
    articles = articles or scale.of(10_000, 50_000, 200_000)
    sources = sources or scale.of(10_000, 50_000, 100_000)
    rows = rows_of(grow_articles(articles), articles, "articles", f"<= {FLAT:g} x")
    source_rows = rows_of(grow_sources(sources), sources, "sources", "<= 100 x")
    return [*rows, *source_rows]


if __name__ == "__main__":
    main(__doc__, run, articles="number of articles at the end", sources="number of sources at the end")
