"""Costs of a search with filters, of counts, and of a person over time, in archives of two sizes.

    python bench/archive.py --articles 1000000

A database is filled in bulk (tests/support/bulk_data.py) and asked at a tenth and at the whole of the size. The times
are processor milliseconds, the median of five; a ratio near 1 means that the cost does not grow with the archive.
"""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from frame import Rows, Scale, main

FLAT = 2.0


def build_requests(database: object, size: int) -> dict[str, Callable[[], object]]:
    """Return the requests, by label, to a database with ``size`` articles."""
    from support.bulk_data import now

    from monitor.domain.article import Region
    from monitor.domain.read_models import ArticleFilter
    from monitor.domain.watchlist import Official
    from monitor.insight.people import load_history
    from monitor.insight.search import MAX_PARTS, Search, count_articles, find_articles, limit_to_regions
    from monitor.pipeline.search import compile_search
    from monitor.store.database import Database

    assert isinstance(database, Database)
    zone, at = ZoneInfo("Asia/Vientiane"), now(size)
    officials = {name: Official(name, "Some Body") for name in ("p1", "p2", "rare")}

    def search(text: str, region: Region | None = None, count: str = "", **wanted: object) -> object:
        query = compile_search(text, list(officials)) if text else None
        if query and region:
            query = limit_to_regions(query, [region])
        asked = Search(text, ArticleFilter(**wanted), (region,) if region else ())  # type: ignore[arg-type]
        if count:
            return count_articles(database, asked, query, zone, count)
        return find_articles(database, asked, query, zone, 50, "newest", MAX_PARTS)

    month, early = at - timedelta(days=30), now(20_000)
    return {
        "two words": lambda: search("border defence"),
        "a phrase near a word": lambda: search('"border guards" NEAR/9 trade'),
        "words in titles": lambda: search("border report", region=Region.TITLE),
        "a common word of a source": lambda: search("border", source_id="s1"),
        "a common word of an official": lambda: search("border", official_id="p1"),
        "a common word of a rare official": lambda: search("border", official_id="rare"),
        "a common word of a rule": lambda: search("border", rule_id="people"),
        "a common word of a group": lambda: search("border", source_ids=tuple(f"s{n}" for n in range(20))),
        "a common word in a rare language": lambda: search("border", language="lo"),
        "a common word in the last month": lambda: search("border", since_at=month),
        "a common word of an early period": lambda: search("border", until_at=early),
        "a rare word": lambda: search("w777"),
        "a source": lambda: search("", source_id="s1"),
        "an official": lambda: search("", official_id="p1"),
        "an official of a source": lambda: search("", official_id="p1", source_id="s250"),
        "an early period": lambda: search("", until_at=early),
        "count a common word by day": lambda: search("border", count="day"),
        "count a common word of a source by day": lambda: search("border", count="day", source_id="s1"),
        "count an official by source": lambda: search("", count="source", official_id="p1"),
        "count the last month by official": lambda: search("border", count="official", since_at=month),
        "a person, 30 days": lambda: load_history(database, officials, "p1", 30, "day", at, zone),
        "a person, two years": lambda: load_history(database, officials, "p1", 730, "week", at, zone),
    }


def run(scale: Scale = Scale.USUAL, articles: int = 0) -> Rows:
    """Return rows with milliseconds at both sizes and their ratio."""
    from support.bulk_data import fill, fill_sources
    from support.query_costs import measure

    from monitor.store.database import Database

    total = articles or scale.of(20_000, 100_000, 1_000_000)
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        database, filled = Database.open(f"sqlite:///{folder}/pile.db"), 0
        fill_sources(database, 1000)
        for size in (total // 10, total):
            fill(database, filled, size, 1000)
            filled = size
            for name, request in build_requests(database, size).items():
                found.setdefault(name, []).append(measure(request)[1])
        database.close()
    return [
        {
            "what": f"{name}: CPU ms at {total // 10:,} / {total:,} articles",
            "ours": " / ".join(f"{milliseconds:.1f}" for milliseconds in times),
            "ratio": f"{times[-1] / max(times[0], 0.1):.2f}",
            "target": f"<= {FLAT:g} x",
        }
        for name, times in found.items()
    ]


if __name__ == "__main__":
    main(__doc__, run, articles="number of articles at the end")
