"""The timetable of the daemon: what stands on it, and how it fills its places."""

import asyncio
from datetime import timedelta
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from support.fakes import NOON

from monitor import jobs
from monitor.daemon import SILENCE_LIMITS_SECONDS
from monitor.domain.digest import Digest
from monitor.domain.poll_state import Lease, PollState
from monitor.jobs import DaemonJobs, PendingNotices
from monitor.pipeline.collect import PollResult
from monitor.pipeline.match_articles import MatchingResult
from monitor.pipeline.poll_plan import PollOutcome


class Queue:
    """So many due sources, some of which hang; in place of a line and its collector."""

    def __init__(self, due: int, hanging: int = 0) -> None:
        self.due, self.hanging, self.polled = due, hanging, 0
        self.sources = {"times": None}
        self.collector = self.page_reader = self.delivery_sender = self
        self.recheck = self.send_deliveries = lambda: None

    async def lease(self, limit: int) -> list[Lease]:
        """Hand out what is due."""
        taken = min(limit, self.due)
        self.due -= taken
        return [Lease("times", "token", NOON, PollState("times"))] * taken

    async def poll(self, _lease: Lease, _source: object) -> PollResult:
        """Hang, or be done at once."""
        if self.hanging:
            self.hanging -= 1
            await asyncio.Event().wait()
        self.polled += 1
        return PollResult("times", PollOutcome.UNCHANGED)

    async def drain(self, _seconds: float) -> None:
        """Deliver nothing."""


def desk(line: Any) -> DaemonJobs:
    return DaemonJobs(line, PendingNotices())


def test_every_job_has_a_limit_to_its_silence() -> None:
    """A job that nobody expects cannot be missed, and its beat would be an error at every run."""
    assert {job.name for job in desk(SimpleNamespace(**vars(Queue(0)))).jobs()} <= SILENCE_LIMITS_SECONDS.keys()


def test_places_are_filled_again_before_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a few that hang would leave one place a second to each of the others."""
    monkeypatch.setattr(jobs, "REFILL_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "SHUTDOWN_TIMEOUT", timedelta(0))
    line = Queue(due=2 * jobs.MAX_CONCURRENT_POLLS, hanging=jobs.MAX_CONCURRENT_POLLS // 4)

    async def tick() -> None:
        work = desk(line)
        await work.collect()
        await work.drain()

    asyncio.run(tick())
    assert line.polled > jobs.MAX_CONCURRENT_POLLS


def test_nothing_is_leased_once_the_desk_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that is under way when the shift ends starts nothing that would be cut off."""
    monkeypatch.setattr(jobs, "REFILL_DELAY_SECONDS", 0.0)
    line = Queue(due=2 * jobs.MAX_CONCURRENT_POLLS)

    async def tick() -> None:
        work = desk(line)
        await work.drain()
        await work.collect()

    asyncio.run(tick())
    assert line.due == 2 * jobs.MAX_CONCURRENT_POLLS


def test_a_flood_is_told_in_parts() -> None:
    """Else what was found first would wait until the last was looked at."""
    parts = []

    async def tell(_notices: object, enough: float = inf) -> tuple[MatchingResult, tuple[Digest, ...]]:
        parts.append(enough)
        return MatchingResult(), ()

    asyncio.run(desk(SimpleNamespace(**vars(Queue(0)), match_and_compose=tell)).match_and_compose())
    assert parts == [jobs.MAX_ARTICLES_PER_TICK]
