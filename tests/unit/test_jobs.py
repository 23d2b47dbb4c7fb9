"""Periodic jobs of the daemon: limits, filling of free slots, draining."""

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
from monitor.pipeline.bounded_matching import MatchingResult
from monitor.pipeline.collect import PollResult
from monitor.pipeline.poll_plan import PollOutcome


class Queue:
    """A pipeline and collector with a number of due sources, some of which hang."""

    def __init__(self, due: int, hanging: int = 0) -> None:
        self.due, self.hanging, self.polled = due, hanging, 0
        self.sources, self.digest_problem, self.worker_problem = {"times": None}, "", ""
        self.collector = self.page_reader = self.delivery_sender = self
        self.recheck = self.send_deliveries = lambda: None

    async def lease(self, limit: int) -> list[Lease]:
        """Lease due sources."""
        taken = min(limit, self.due)
        self.due -= taken
        return [Lease("times", "token", NOON, PollState("times"))] * taken

    async def poll(self, _lease: Lease, _source: object) -> PollResult:
        """Hang, or return at once."""
        if self.hanging:
            self.hanging -= 1
            await asyncio.Event().wait()
        self.polled += 1
        return PollResult("times", PollOutcome.UNCHANGED)

    async def drain(self, _seconds: float) -> None:
        """Deliver nothing."""


def daemon_jobs(pipeline: Any) -> DaemonJobs:
    return DaemonJobs(pipeline, PendingNotices())


def test_every_job_has_a_silence_limit() -> None:
    """The heartbeat of a job without a limit would raise an error at every run."""
    assert {job.name for job in daemon_jobs(SimpleNamespace(**vars(Queue(0)))).jobs()} <= SILENCE_LIMITS_SECONDS.keys()


def test_free_slots_are_filled_again_before_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise polls that hang would limit all others to one poll per slot and second."""
    monkeypatch.setattr(jobs, "REFILL_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "SHUTDOWN_TIMEOUT", timedelta(0))
    pipeline = Queue(due=2 * jobs.MAX_CONCURRENT_POLLS, hanging=jobs.MAX_CONCURRENT_POLLS // 4)

    async def tick() -> None:
        work = daemon_jobs(pipeline)
        await work.collect()
        await work.drain()

    asyncio.run(tick())
    assert pipeline.polled > jobs.MAX_CONCURRENT_POLLS


def test_nothing_is_leased_after_draining(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that runs when the configuration ends starts no poll that would be cancelled."""
    monkeypatch.setattr(jobs, "REFILL_DELAY_SECONDS", 0.0)
    pipeline = Queue(due=2 * jobs.MAX_CONCURRENT_POLLS)

    async def tick() -> None:
        work = daemon_jobs(pipeline)
        await work.drain()
        await work.collect()

    asyncio.run(tick())
    assert pipeline.due == 2 * jobs.MAX_CONCURRENT_POLLS


def test_many_articles_are_processed_in_parts() -> None:
    """Otherwise the first hits would wait until the last article was matched."""
    limits = []

    async def process(limit: float = inf) -> tuple[MatchingResult, tuple[Digest, ...]]:
        limits.append(limit)
        return MatchingResult(), ()

    async def report(_problems: object) -> None:
        pass

    pipeline = SimpleNamespace(**vars(Queue(0)), match_and_compose=process, report_operation=report)
    asyncio.run(daemon_jobs(pipeline).match_and_compose())
    assert limits == [jobs.MAX_ARTICLES_PER_TICK]
