"""Space, backups and retention, as the daemon cares for them."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.domain.errors import StoreFull
from monitor.domain.polling_policy import ClockChange
from monitor.domain.read_models import DiskSpace
from monitor.pipeline.maintenance import MIN_FREE_BYTES, Maintenance, is_disk_space_low
from monitor.store.database import SqlDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BIG = 1000 * MIN_FREE_BYTES


@dataclass
class Upkeep:
    """Records what it is asked for."""

    disk: DiskSpace | None = field(default_factory=lambda: DiskSpace(BIG, BIG))
    ballast: bool = False
    backups: list[datetime] = field(default_factory=list)
    portions: Iterator[tuple[int, int]] = field(default_factory=lambda: iter(()))
    forgotten: list[tuple[datetime, timedelta, int]] = field(default_factory=list)
    rest: list[tuple[datetime, timedelta]] = field(default_factory=list)
    tidied: int = 0

    def measure_disk_space(self) -> DiskSpace | None:
        return self.disk

    def create_reserve(self) -> None:
        self.ballast = True

    def release_reserve(self) -> None:
        self.ballast = False

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        self.backups.append(now)
        return Path("copy.db")

    def last_backup(self) -> Path | None:
        return Path("copy.db") if self.backups else None

    def delete_expired_articles(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        self.forgotten.append((now, age, after_id))
        return next(self.portions, (0, 0))

    def delete_expired_records(self, now: datetime, age: timedelta) -> int:
        self.rest.append((now, age))
        return 3

    def record_clock(self, now: datetime) -> ClockChange:
        return ClockChange()

    def optimize(self) -> None:
        self.tidied += 1


class Ledger(dict[str, str]):
    """Facts in a dict."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # the port's look-up has a default
        return super().get(name, default)

    def set(self, name: str, value: str, now: datetime) -> None:
        self[name] = value


@dataclass
class Database:
    """Calls at once."""

    maintenance: Upkeep = field(default_factory=Upkeep)
    key_values: Ledger = field(default_factory=Ledger)

    async def run(self, work: Callable[..., Any], *args: object) -> Any:
        return work(*args)

    read = run


@dataclass
class Clock:
    """Stands still."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize(
    ("room", "already", "short"),
    [
        (DiskSpace(BIG, BIG), False, False),
        (DiskSpace(MIN_FREE_BYTES, BIG), False, False),
        (DiskSpace(MIN_FREE_BYTES - 1, BIG), False, True),
        (DiskSpace(MIN_FREE_BYTES, BIG), True, True),
        (DiskSpace(2 * MIN_FREE_BYTES, BIG), True, False),
        (DiskSpace(50_000, 1_000_000), False, False),
        (DiskSpace(49_999, 1_000_000), False, True),
        (DiskSpace(60_000, 1_000_000), True, True),
    ],
)
def test_short_of_space(room: DiskSpace, already: bool, short: bool) -> None:
    """By a fixed measure on a big disk, by a share of a small one, and not to and fro at the edge."""
    assert is_disk_space_low(room, was_low=already) is short


def test_row_58_collecting_rests_while_the_disk_is_full_and_goes_on_by_itself() -> None:
    """The ballast is thrown off for what must still be noted, and loaded again afterwards."""
    database = Database()
    care = Maintenance(cast("SqlDatabase", database), Clock())
    done = []

    async def work() -> None:
        done.append(1)

    collect = care.skip_when_disk_full(work)

    async def story() -> None:
        await care.check_disk_space()
        await collect()
        assert (database.maintenance.ballast, care.low_disk_space) == (True, None)
        database.maintenance.disk = DiskSpace(1000, BIG)
        with pytest.raises(StoreFull, match="free on the database's disk"):
            await care.check_disk_space()
        with pytest.raises(StoreFull, match="paused"):
            await collect()
        assert (database.maintenance.ballast, care.low_disk_space) == (False, DiskSpace(1000, BIG))
        database.maintenance.disk = DiskSpace(BIG, BIG)
        await care.check_disk_space()
        await collect()

    asyncio.run(story())
    assert done == [1, 1]
    assert (database.maintenance.ballast, care.low_disk_space) == (True, None)


def test_a_backup_a_day() -> None:
    """Also after a restart; and at once when the backups were taken away."""
    database, clock = Database(), Clock()

    async def hours(count: int) -> None:
        for _ in range(count):
            await Maintenance(cast("SqlDatabase", database), clock).back_up()
            clock.now += timedelta(hours=1)

    asyncio.run(hours(49))
    assert database.maintenance.backups == [NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)]
    database.maintenance.backups.clear()
    asyncio.run(hours(1))
    assert len(database.maintenance.backups) == 1


def test_a_backup_by_a_wrong_clock_does_not_end_the_daily_ones() -> None:
    """One that is dated in 2099 is no reason to wait until then."""
    database, clock = Database(), Clock(datetime(2099, 1, 1, tzinfo=UTC))
    care = Maintenance(cast("SqlDatabase", database), clock)
    asyncio.run(care.back_up())
    clock.now = NOW
    asyncio.run(care.back_up())
    assert database.maintenance.backups[1:] == [NOW]


def test_a_database_on_a_server_is_neither_measured_nor_backed_up() -> None:
    """Its operators do that."""
    database = Database(Upkeep(disk=None))
    care = Maintenance(cast("SqlDatabase", database), Clock())
    asyncio.run(care.check_disk_space())
    assert asyncio.run(care.back_up()) is None
    assert database.maintenance.backups == []


def test_cleaning_goes_on_until_the_end_in_portions() -> None:
    """From where the last portion ended; then loose ends, then the index."""
    database = Database(replace(Upkeep(), portions=iter([(2, 500), (0, 900), (1, 0)])))
    done = asyncio.run(Maintenance(cast("SqlDatabase", database), Clock()).clean_up(timedelta(days=30)))
    month = timedelta(days=30)
    assert database.maintenance.forgotten == [(NOW, month, 0), (NOW, month, 500), (NOW, month, 900)]
    assert (done.deleted_articles, done.deleted_records, database.maintenance.tidied) == (3, 3, 1)
    assert database.maintenance.rest == [(NOW, month)]


def test_without_a_retention_no_article_is_let_go() -> None:
    """Near misses and settled deliveries still are, after ninety days."""
    database = Database()
    asyncio.run(Maintenance(cast("SqlDatabase", database), Clock()).clean_up(None))
    assert database.maintenance.forgotten == []
    assert database.maintenance.rest == [(NOW, timedelta(days=90))]
