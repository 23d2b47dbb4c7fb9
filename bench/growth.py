"""What grows with the archive, and with the number of sources: every look-up of the daemon and of its users.

    python bench/growth.py --articles 1000000

A database is filled in bulk (tests/support/bulk_data.py) and asked at three sizes, each ten times the one before.
A look-up is
measured in instructions of SQLite's machine, in hundreds, which are the same on every machine and at every run, and in
processor milliseconds, the median of five. What grows with the logarithm stays under three times the first column.
"""

import tempfile

from frame import Rows, Scale, main

FLAT = 3.0  # times what it was at a hundredth of the size


def grow_articles(to: int) -> dict[str, list[tuple[int, float]]]:
    """Fill a database with articles and measure the look-ups at a hundredth, at a tenth and at the end."""
    from support.bulk_data import fill, fill_sources
    from support.query_costs import article_lookups, measure

    from monitor.store.database import Database

    found: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        database, there = Database.open(f"sqlite:///{folder}/pile.db"), 0
        fill_sources(database, 1000)
        for size in (to // 100, to // 10, to):
            fill(database, there, size, 1000)
            there = size
            for name, look in article_lookups(database, size).items():
                found.setdefault(name, []).append(measure(look))
        database.close()
    return found


def grow_sources(to: int) -> dict[str, list[tuple[int, float]]]:
    """Configure sources and measure what is asked of them, at a hundredth, at a tenth and at the end."""
    from support.bulk_data import START, fill_sources
    from support.query_costs import measure, source_lookups

    from monitor.store.database import Database

    found: dict[str, list[tuple[int, float]]] = {}
    for size in (to // 100, to // 10, to):
        with tempfile.TemporaryDirectory() as folder:
            database = Database.open(f"sqlite:///{folder}/pile.db")
            fill_sources(database, size)
            for name, look in source_lookups(database, START).items():
                found.setdefault(name, []).append(measure(look))
            database.close()
    return found


def rows_of(found: dict[str, list[tuple[int, float]]], to: int, what: str, target: str) -> Rows:
    """Lay the curves out: milliseconds at three sizes, the growth of the instructions."""
    rows = []
    for name, points in found.items():
        growth = points[-1][0] / max(points[0][0], 1)
        times = " / ".join(f"{milliseconds:.2f}" for _, milliseconds in points)
        sizes = " / ".join(f"{size:,}" for size in (to // 100, to // 10, to))
        rows.append(
            {"what": f"{name}: CPU ms at {sizes} {what}", "ours": times, "ratio": f"{growth:.2f}", "target": target}
        )
    return rows


def run(scale: Scale = Scale.USUAL, articles: int = 0, sources: int = 0) -> Rows:
    """Return rows; the ratio is that of SQLite's instructions, the last to the first."""
    articles = articles or scale.of(10_000, 50_000, 200_000)
    sources = sources or scale.of(10_000, 50_000, 100_000)
    rows = rows_of(grow_articles(articles), articles, "articles", f"<= {FLAT:g} x")
    whole = rows_of(grow_sources(sources), sources, "sources", "<= 100 x")
    return [*rows, *whole]


if __name__ == "__main__":
    main(__doc__, run, articles="how many articles at the end", sources="how many sources at the end")
