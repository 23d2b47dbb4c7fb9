"""The timetable of the daemon: what stands on it, and how it fills its places."""

import asyncio
from datetime import timedelta
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import NOON

from monitor import jobs
from monitor.daemon import LIMITS
from monitor.domain.digest import Digest
from monitor.domain.source import Lease, SourceMemory
from monitor.jobs import Board, Desk
from monitor.pipeline.collect import Poll
from monitor.pipeline.screen import Screening


class Queue:
    """So many due sources, some of which hang; in place of a line and its collector."""

    def __init__(self, due: int, hanging: int = 0) -> None:
        self.due, self.hanging, self.polled = due, hanging, 0
        self.sources = {"times": None}
        self.collector = self.reader = self.dispatcher = self
        self.recheck = self.dispatch = lambda: None

    async def lease(self, limit: int) -> list[Lease]:
        """Hand out what is due."""
        taken = min(limit, self.due)
        self.due -= taken
        return [Lease("times", "token", NOON, SourceMemory("times"))] * taken

    async def poll(self, _lease: Lease, _source: object) -> Poll:
        """Hang, or be done at once."""
        if self.hanging:
            self.hanging -= 1
            await asyncio.Event().wait()
        self.polled += 1
        return Poll("times", "unchanged")

    async def drain(self, _seconds: float) -> None:
        """Deliver nothing."""


def desk(line: Any) -> Desk:
    return Desk(line, Board())


def test_every_job_has_a_limit_to_its_silence() -> None:
    """A job that nobody expects cannot be missed, and its beat would be an error at every run."""
    assert {job.name for job in desk(SimpleNamespace(**vars(Queue(0)))).jobs()} <= LIMITS.keys()


def test_places_are_filled_again_before_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a few that hang would leave one place a second to each of the others."""
    monkeypatch.setattr(jobs, "BETWEEN", 0.0)
    monkeypatch.setattr(jobs, "PATIENCE", timedelta(0))
    line = Queue(due=2 * jobs.POLLS, hanging=jobs.POLLS // 4)

    async def tick() -> None:
        work = desk(line)
        await work.poll()
        await work.drain()

    asyncio.run(tick())
    assert line.polled > jobs.POLLS


def test_nothing_is_leased_once_the_desk_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that is under way when the shift ends starts nothing that would be cut off."""
    monkeypatch.setattr(jobs, "BETWEEN", 0.0)
    line = Queue(due=2 * jobs.POLLS)

    async def tick() -> None:
        work = desk(line)
        await work.drain()
        await work.poll()

    asyncio.run(tick())
    assert line.due == 2 * jobs.POLLS


def test_a_flood_is_told_in_parts() -> None:
    """Else what was found first would wait until the last was looked at."""
    parts = []

    async def tell(_notices: object, enough: float = inf) -> tuple[Screening, tuple[Digest, ...]]:
        parts.append(enough)
        return Screening(), ()

    asyncio.run(desk(SimpleNamespace(**vars(Queue(0)), tell=tell)).tell())
    assert parts == [jobs.TOLD_AT_ONCE]
