"""Nothing that is asked every second, or by a user, grows with the archive or with the number of sources.

Counted in instructions of SQLite's machine, which are the same at every run. Each look-up is asked at two sizes, one
four times the other: a scan would cost four times as much, an index hardly more. ``bench/growth.py`` shows the curve up
to a million.
"""

from collections.abc import Callable
from pathlib import Path

from support.bulk_data import START, fill, fill_sources
from support.query_costs import article_lookups, source_lookups, steps

from monitor.store.database import Database

SMALL, TIMES = 3_000, 4
FLAT, SLACK = 1.5, 12  # times, and hundreds of instructions: small tables may be scanned
BOUNDED, AT_MOST = {"digest: untold hits", "articles: of a rule"}, 400  # read a thousand hits at the most
WHOLE = {"states", "digest: coverage", "digest: recoveries", "status: every source"}  # ask about every source


def least(look: Callable[[], object]) -> int:
    """Return what a look-up takes once every connection has read the schema, which is done anew when it changes."""
    return min(steps(look) for _ in range(6))


def test_look_ups_do_not_grow_with_the_archive(tmp_path: Path) -> None:
    """Neither those of the daemon, nor those of its users."""
    database = Database.open(f"sqlite:///{tmp_path}/pile.db")
    fill_sources(database, 100)
    fill(database, 0, SMALL, 100)
    before = {name: least(look) for name, look in article_lookups(database, SMALL).items()}
    fill(database, SMALL, SMALL * TIMES, 100)
    after = {name: least(look) for name, look in article_lookups(database, SMALL * TIMES).items()}
    database.close()
    grown = {name: (before[name], taken) for name, taken in after.items() if taken > before[name] * FLAT + SLACK}
    assert {name: both for name, both in grown.items() if name not in BOUNDED or both[1] > AT_MOST} == {}


def test_what_is_asked_of_one_source_does_not_grow_with_the_others(tmp_path: Path) -> None:
    """What asks about every source grows no faster than they do."""
    taken: dict[str, list[int]] = {}
    for size in (SMALL // TIMES, SMALL):
        database = Database.open(f"sqlite:///{tmp_path}/{size}.db")
        fill_sources(database, size)
        for name, look in source_lookups(database, START).items():
            taken.setdefault(name, []).append(least(look))
        database.close()
    bound = {name: TIMES * 1.1 if name in WHOLE else FLAT for name in taken}
    assert {name: both for name, both in taken.items() if both[1] > both[0] * bound[name] + SLACK} == {}
