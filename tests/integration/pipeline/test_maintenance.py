"""Maintenance: disk space, backups and expiry."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.domain.errors import StoreFull
from monitor.domain.polling_policy import ClockChange
from monitor.domain.read_models import DiskSpace
from monitor.domain.values import replace
from monitor.pipeline.maintenance import MIN_FREE_BYTES, Maintenance, is_disk_space_low
from monitor.store.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BIG = 1000 * MIN_FREE_BYTES


@dataclass
class FakeMaintenanceStore:
    """Store that records its calls, with a disk of the test's choice."""

    disk: DiskSpace | None = field(default_factory=lambda: DiskSpace(BIG, BIG))
    has_reserve: bool = False
    backups: list[datetime] = field(default_factory=list)
    portions: Iterator[tuple[int, int]] = field(default_factory=lambda: iter(()))
    article_calls: list[tuple[datetime, timedelta, int]] = field(default_factory=list)
    record_calls: list[tuple[datetime, timedelta]] = field(default_factory=list)
    optimized: int = 0

    def measure_disk_space(self) -> DiskSpace | None:
        return self.disk

    def create_reserve(self) -> None:
        self.has_reserve = True

    def release_reserve(self) -> None:
        self.has_reserve = False

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        self.backups.append(now)
        return Path("copy.db")

    def last_backup(self) -> Path | None:
        return Path("copy.db") if self.backups else None

    def delete_expired_articles(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        self.article_calls.append((now, age, after_id))
        return next(self.portions, (0, 0))

    def delete_expired_records(self, now: datetime, age: timedelta) -> int:
        self.record_calls.append((now, age))
        return 3

    def record_clock(self, now: datetime) -> ClockChange:
        return ClockChange()

    def optimize(self) -> None:
        self.optimized += 1


class KeyValues(dict[str, str]):
    """Key-value store in a dict."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # the store's lookup has a default
        return super().get(name, default)

    def set(self, name: str, value: str, now: datetime) -> None:
        self[name] = value


@dataclass
class FakeDatabase:
    """Database that calls its stores directly."""

    maintenance: FakeMaintenanceStore = field(default_factory=FakeMaintenanceStore)
    key_values: KeyValues = field(default_factory=KeyValues)

    async def run(self, work: Callable[..., Any], *args: object) -> Any:
        return work(*args)

    read = run


@dataclass
class Clock:
    """Clock that changes only by assignment."""

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
def test_disk_space_is_low_below_a_limit(room: DiskSpace, already: bool, short: bool) -> None:
    """The limit is fixed on large disks and a share of small ones, and higher for the recovery."""
    assert is_disk_space_low(room, was_low=already) is short


def test_collecting_pauses_while_the_disk_is_full() -> None:
    """The reserve file is released while the disk is full, and created again afterwards."""
    database = FakeDatabase()
    maintenance = Maintenance(cast("Database", database), Clock())
    done = []

    async def work() -> None:
        done.append(1)

    collect = maintenance.skip_when_disk_full(work)

    async def story() -> None:
        await maintenance.check_disk_space()
        await collect()
        assert (database.maintenance.has_reserve, maintenance.low_disk_space) == (True, None)
        database.maintenance.disk = DiskSpace(1000, BIG)
        with pytest.raises(StoreFull, match="free on the database's disk"):
            await maintenance.check_disk_space()
        with pytest.raises(StoreFull, match="paused"):
            await collect()
        assert (database.maintenance.has_reserve, maintenance.low_disk_space) == (False, DiskSpace(1000, BIG))
        database.maintenance.disk = DiskSpace(BIG, BIG)
        await maintenance.check_disk_space()
        await collect()

    asyncio.run(story())
    assert done == [1, 1]
    assert (database.maintenance.has_reserve, maintenance.low_disk_space) == (True, None)


def test_a_backup_is_created_daily() -> None:
    """A restart does not change this; a deleted backup is replaced at once."""
    database, clock = FakeDatabase(), Clock()

    async def hours(count: int) -> None:
        for _ in range(count):
            await Maintenance(cast("Database", database), clock).back_up()
            clock.now += timedelta(hours=1)

    asyncio.run(hours(49))
    assert database.maintenance.backups == [NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)]
    database.maintenance.backups.clear()
    asyncio.run(hours(1))
    assert len(database.maintenance.backups) == 1


def test_a_backup_dated_in_the_future_does_not_stop_daily_backups() -> None:
    """A backup made under a clock in 2099 is ignored."""
    database, clock = FakeDatabase(), Clock(datetime(2099, 1, 1, tzinfo=UTC))
    maintenance = Maintenance(cast("Database", database), clock)
    asyncio.run(maintenance.back_up())
    clock.now = NOW
    asyncio.run(maintenance.back_up())
    assert database.maintenance.backups[1:] == [NOW]


def test_a_postgresql_database_is_neither_measured_nor_backed_up() -> None:
    """Its operators do this."""
    database = FakeDatabase(FakeMaintenanceStore(disk=None))
    maintenance = Maintenance(cast("Database", database), Clock())
    asyncio.run(maintenance.check_disk_space())
    assert asyncio.run(maintenance.back_up()) is None
    assert database.maintenance.backups == []


def test_clean_up_deletes_all_portions() -> None:
    """Each portion continues after the last; then records are deleted and the database is optimized."""
    database = FakeDatabase(replace(FakeMaintenanceStore(), portions=iter([(2, 500), (0, 900), (1, 0)])))
    done = asyncio.run(Maintenance(cast("Database", database), Clock()).clean_up(timedelta(days=30)))
    month = timedelta(days=30)
    assert database.maintenance.article_calls == [(NOW, month, 0), (NOW, month, 500), (NOW, month, 900)]
    assert (done.deleted_articles, done.deleted_records, database.maintenance.optimized) == (3, 3, 1)
    assert database.maintenance.record_calls == [(NOW, month)]


def test_without_a_retention_no_article_is_deleted() -> None:
    """Near misses and finished deliveries are deleted after ninety days."""
    database = FakeDatabase()
    asyncio.run(Maintenance(cast("Database", database), Clock()).clean_up(None))
    assert database.maintenance.article_calls == []
    assert database.maintenance.record_calls == [(NOW, timedelta(days=90))]
