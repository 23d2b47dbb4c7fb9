"""Composing and sending, killed at every point and at random times: nothing is lost, little is repeated."""

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
class KillPoint:
    """Kill this process at the n-th call of ``point``; 0 never kills it."""

    kill_at: int
    passed: int = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KillableDatabase:
    """Database that can kill the process before and after each call."""

    inner: Database
    kill_point: KillPoint

    def __post_init__(self) -> None:
        self.digests, self.deliveries = self.inner.digests, self.inner.deliveries

    async def run(self, work: Callable[..., T], *args: object) -> T:
        self.kill_point.point()
        result = await self.inner.run(work, *args)
        self.kill_point.point()
        return result

    async def read(self, work: Callable[..., T], *args: object) -> T:
        self.kill_point.point()
        result = await self.inner.read(work, *args)
        self.kill_point.point()
        return result


@dataclass
class Receiver:
    """Receiver outside of the process: its file survives a kill."""

    file: Path
    kill_point: KillPoint

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        self.kill_point.point()
        with self.file.open("a") as received:
            received.write(f"{message.key}\n")
        self.kill_point.point()
        return Sent()


class Installation:
    """A database, the log of a receiver, and processes that are started and killed."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/monitor.db"
        self.file = folder / "taken"
        self.file.touch()
        self.generation = 0
        self.found = 0

    def find(self, number: int) -> None:
        """Store articles that have hits."""
        database = Database.open(self.url)
        names = [f"a{self.found + one}" for one in range(number)]
        self.found += number
        screened(database, *(draft(name) for name in names), now=self.now())
        database.close()

    def now(self) -> datetime:
        return START + self.generation * LEASE_ENDS

    def run_process(self, at: int = 0, killed_after: float = 0) -> int:
        """Run one process until it ends, reaches its kill point, or is killed after a time; return its exit code."""
        self.generation += 1
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.run(self.work(KillPoint(at)))
                status = 0
            finally:
                os._exit(status)
        if killed_after:
            signal.sigtimedwait((), killed_after)
            os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    async def work(self, kill_point: KillPoint) -> None:
        inner = Database.open(self.url)
        database = cast("Database", KillableDatabase(inner, kill_point))
        senders = {name: Receiver(self.file, kill_point) for name in PLAN.channels}
        composer = DigestComposer(database, CronDigestSchedule(), self.now)
        sender = DeliverySender(database, senders, self.now)
        await composer.run_due(CONFIGURATION)
        await sender.run_due()
        await sender.drain(5)
        inner.close()

    def check(self, kills: int) -> Counter[str]:
        """Assert that each hit is in one digest and each delivery is sent under its own key, with few repeats.

        Return the number of times that each key was received. A kill repeats each delivery under way at most once.
        """
        database = Database.open(self.url)
        deliveries = database.deliveries.list_deliveries((), 100_000)
        lines = database.deliveries.list_digests("", 100_000)
        undelivered = database.digests.undelivered_hits(PLAN, self.now() + timedelta(days=1))
        database.close()
        received = Counter(self.file.read_text().split())
        assert undelivered == []
        assert sum(line.hit_count for line in lines) == self.found
        assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
        assert received.keys() == {delivery.message.key for delivery in deliveries}
        assert sum(received.values()) - len(received) <= kills * TARGETS
        return received


def test_a_kill_at_any_point_loses_nothing(tmp_path: Path) -> None:
    """The kill is before or after a database call or a send; the next process completes the work."""
    installation = Installation(tmp_path)
    kills, point = 0, 0
    while True:
        point += 1
        installation.find(2)
        if installation.run_process(point) == 0:
            break
        kills += 1
        assert installation.run_process() == 0
    assert kills >= 18
    assert max(installation.check(kills).values()) <= 2  # a whole process follows each kill


def test_kills_at_random_times_lose_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """There are 25 kills, or 200 with --soak; processes that end before their kill are not counted."""
    rounds = 200 if request.config.getoption("--soak") else 25
    chance = random.Random(7)
    installation = Installation(tmp_path)
    kills, latest = 0, 0.4
    while kills < rounds:
        installation.find(chance.randint(0, 3))
        if installation.run_process(killed_after=chance.uniform(0.001, latest)):
            kills += 1
        else:
            latest *= 0.9  # seconds; a fast machine needs less
    assert installation.run_process() == 0
    assert installation.run_process() == 0
    installation.check(kills)
