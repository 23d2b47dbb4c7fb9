"""The daemon's alerting half, killed with kill -9 at every point and at random ones: nothing lost, little repeated."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

import pytest
from support.factories import watch
from support.rows import draft, screened

import monitor.digest.render  # noqa: F401 - loaded once, not by each process that is forked here
from monitor.domain.channels import FolderChannel
from monitor.domain.delivery import DeliveryState, Message, SendResult, Sent
from monitor.domain.digest import DigestPlan
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.send_deliveries import DeliverySender
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database

T = TypeVar("T")
START = datetime(2026, 5, 4, 8, tzinfo=UTC)
LEASE_ENDS = timedelta(minutes=11)
TARGETS = 3
PLAN = DigestPlan("urgent", ("rule",), at="immediately", channels=tuple(f"desk-{n}" for n in range(TARGETS)))
CHANNELS = tuple(FolderChannel(name, f"/{name}") for name in PLAN.channels)
CONFIGURATION = watch(PLAN, channels=CHANNELS)


@dataclass
class Fate:
    """Kills this process at the n-th point that is passed; 0 lets it live."""

    at: int
    passed: int = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class MortalDatabase:
    """A database before and after each of whose calls the process may die."""

    inner: Database
    fate: Fate

    def __post_init__(self) -> None:
        self.digests, self.deliveries = self.inner.digests, self.inner.deliveries

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.fate.point()
        result = await self.inner.run(work, *args)
        self.fate.point()
        return result

    async def read(self, work: Callable[..., T], *args: object) -> T:
        self.fate.point()
        result = await self.inner.read(work, *args)
        self.fate.point()
        return result


@dataclass
class Receiver:
    """A receiver outside of the process: what it has taken stays taken, whatever dies."""

    file: Path
    fate: Fate

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        self.fate.point()
        with self.file.open("a") as taken:
            taken.write(f"{message.key}\n")
        self.fate.point()
        return Sent()


class Installation:
    """A database, a receiver's log, and processes that come and go."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/monitor.db"
        self.file = folder / "taken"
        self.file.touch()
        self.generation = 0
        self.found = 0

    def find(self, number: int) -> None:
        """Let the watch engine find some articles."""
        database = Database.open(self.url)
        names = [f"a{self.found + one}" for one in range(number)]
        self.found += number
        screened(database, *(draft(name) for name in names), now=self.now())
        database.close()

    def now(self) -> datetime:
        return START + self.generation * LEASE_ENDS

    def live(self, at: int = 0, killed_after: float = 0) -> int:
        """Run one process over what is due; it dies at its fate, or when it is killed. Returns its status."""
        self.generation += 1
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.run(self.work(Fate(at)))
                status = 0
            finally:
                os._exit(status)
        if killed_after:
            signal.sigtimedwait((), killed_after)
            os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    async def work(self, fate: Fate) -> None:
        inner = Database.open(self.url)
        database = cast("Database", MortalDatabase(inner, fate))
        carriers = {name: Receiver(self.file, fate) for name in PLAN.channels}
        alerter = DigestComposer(database, CronDigestSchedule(), self.now)
        dispatcher = DeliverySender(database, carriers, self.now)
        await alerter.run_due(CONFIGURATION)
        await dispatcher.run_due()
        await dispatcher.drain(5)
        inner.close()

    def check(self, kills: int) -> None:
        """Every hit told once by one digest; every delivery sent, with few repeats, each under its own key."""
        database = Database.open(self.url)
        deliveries = database.deliveries.list_deliveries((), 100_000)
        lines = database.deliveries.list_digests("", 100_000)
        untold = database.digests.undelivered_hits(PLAN, self.now() + timedelta(days=1))
        database.close()
        taken = Counter(self.file.read_text().split())
        assert untold == []
        assert sum(line.hit_count for line in lines) == self.found
        assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
        assert taken.keys() == {delivery.message.key for delivery in deliveries}
        assert max(taken.values()) <= 2
        assert sum(taken.values()) - len(taken) <= kills * TARGETS


def test_killed_at_every_point(tmp_path: Path) -> None:
    """Before and after each call of the database and each send: the next process finishes what was begun."""
    installation = Installation(tmp_path)
    kills, point = 0, 0
    while True:
        point += 1
        installation.find(2)
        if installation.live(point) == 0:
            break
        kills += 1
        assert installation.live() == 0
    assert kills >= 18
    installation.check(kills)


def test_random_kills_lose_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Processes killed at random moments: 25 of them, or 200 with --soak. Those that end before are not counted."""
    rounds = 200 if request.config.getoption("--soak") else 25
    chance = random.Random(7)
    installation = Installation(tmp_path)
    kills, latest = 0, 0.4
    while kills < rounds:
        installation.find(chance.randint(0, 3))
        if installation.live(killed_after=chance.uniform(0.001, latest)):
            kills += 1
        else:
            latest *= 0.9  # seconds; a fast machine is done sooner
    assert installation.live() == 0
    assert installation.live() == 0
    installation.check(kills)
