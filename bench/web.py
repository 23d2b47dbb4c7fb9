"""Pages of the desk on a large database: processor time of each page on the server, and its size.

The database is made by tests/support/bulk_data.py, with 10,000 sources; the configuration watches 1,000 people.
Processor time of all threads is measured, because the machine is shared; the first request of each page is left out,
because it fills caches. A limit: 150 ms at the median, 500 ms at the 95th percentile, 100 KB.
"""

import statistics
import tempfile
import time
from pathlib import Path

from frame import Rows, Scale, main

SOURCES, PEOPLE, MAX_MEDIAN_MS, MAX_P95_MS, MAX_KB = 10_000, 1_000, 150, 500, 100
OFFICIALS = 40  # that the articles name


def build_configuration() -> str:
    """Return the text of a configuration with all sources and people."""
    sources = "\n".join(f"  s{n}: {{name: Outlet {n}, feed: 'https://s{n}.example/rss'}}" for n in range(SOURCES))
    people = "\n".join(
        f"  {f'p{n}' if n < OFFICIALS else f'q{n}'}: {{name: Person Number{n}, country: Laos}}" for n in range(PEOPLE)
    )
    return (
        f"sources:\n{sources}\nofficials:\n{people}\nrules: {{people: {{officials: all}}}}\n"
        "digests: {daily: {rules: all, at: '07:00'}}\n"
    )


def pages(articles: int) -> list[str]:
    """Return the pages to measure; the newest article is ``articles``."""
    newest = articles - articles % 10
    return [
        *("/", "/?by=story", "/?by=outlet", f"/story/s{articles - 10}", f"/article/{newest}", "/people", "/people/p1"),
        *("/people/p1?span=2y", "/search?q=border", "/search?q=w777", "/search?q=border+NEAR/3+defence"),
        *("/search?person=p1", "/search?source=s7", "/search?language=lo", "/sources", "/sources/s7", "/digests"),
        *(f"/digests/{articles // 40 - 2}", "/outbox", "/changes", "/status", "/me"),
        *("/rules", "/rules?find=s9000", "/successions", "/digests/next/daily"),
        *("/api/v1/articles", "/api/v1/hits?official=p1", "/api/v1/stories", "/api/v1/people/p1/timeline?span=2y"),
    ]


def measure(file: Path, articles: int, rounds: int) -> Rows:
    """Return a row for each page."""
    from support import bulk_data
    from support.desk import Desk, FixedClock, FixedLoader

    from monitor.store.database import Database
    from monitor.web.api.requests import RateLimiter

    database = Database.open(f"sqlite:///{file}")
    configuration = file.with_suffix(".yaml")
    configuration.write_text(build_configuration(), encoding="utf-8")
    loader = FixedLoader(build_configuration())
    desk = Desk(database, clock=FixedClock(bulk_data.now(articles)), loader=loader, file=configuration)
    desk.api.state.limiter = desk.api.state.search_limiter = RateLimiter(10**9)
    rows: Rows = []
    with desk.client:
        reader = desk.log_in()
        for page in pages(articles):
            first = reader.get(page)
            assert first.status_code == 200, (page, first.text[:500])
            spent = []
            for _ in range(rounds):
                started = time.process_time()
                reader.get(page)
                spent.append(1000 * (time.process_time() - started))
            median, worst = statistics.median(spent), sorted(spent)[int(0.95 * (len(spent) - 1))]
            size = len(first.content) / 1000
            rows.append(
                {
                    "what": page,
                    "ours": f"{median:.0f} ms, p95 {worst:.0f} ms, {size:.0f} KB",
                    "target": f"{MAX_MEDIAN_MS} ms, p95 {MAX_P95_MS} ms, {MAX_KB} KB",
                    "ratio": f"{median / MAX_MEDIAN_MS:.2f}",
                }
            )
    database.close()
    return rows


def run(scale: Scale = Scale.USUAL, articles: int = 0, rounds: int = 0) -> Rows:
    """Make a database and measure every page."""
    from support import bulk_data

    from monitor.store.database import Database

    count = articles or scale.of(20_000, 200_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "web.db"
        database = Database.open(f"sqlite:///{file}")
        bulk_data.fill_sources(database, SOURCES)
        bulk_data.fill(database, 0, count, SOURCES)
        database.close()
        return measure(file, count, rounds or scale.of(3, 10, 20))


if __name__ == "__main__":
    main(__doc__, run, articles="articles in the database", rounds="requests of each page")
