"""Prometheus metrics with a fixed set of labels."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from monitor.domain.delivery import Message, Rejected, RenderedDigest, Retry, SendResult, Sent
from monitor.domain.errors import WorkerKilled
from monitor.domain.fetch_result import (
    Blocked,
    Failed,
    FailureCause,
    Fetched,
    FetchRequest,
    FetchResult,
    Gone,
    NotModified,
)
from monitor.domain.poll_state import SourceState
from monitor.domain.secret import Secret
from monitor.telemetry.metrics import GaugeValues, MeteredChannelSender, MeteredFetcher, MeteredProcessPool, Metrics

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)


class FakeFetcher:
    """Fetcher that returns the given results."""

    def __init__(self, *outcomes: FetchResult) -> None:
        self.outcomes = list(outcomes)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        return self.outcomes.pop(0)


class BusySender:
    """Sender that reports every target as busy."""

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        return Retry("busy")


class KillingPool:
    """Process pool that kills every job."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        raise WorkerKilled("too slow")


def values(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_fetches_are_counted_by_result() -> None:
    """Each result has a series from the start, and forbidden addresses have one more."""
    metrics = Metrics("1.2.3")
    outcomes = (
        Fetched("https://secret.example/x", 200, (), b""),
        NotModified(),
        Blocked("no"),
        Gone("gone"),
        Failed("private", cause=FailureCause.FORBIDDEN_ADDRESS),
    )
    fetcher = MeteredFetcher(FakeFetcher(*outcomes), metrics)
    for outcome in outcomes:
        assert asyncio.run(fetcher.fetch(FetchRequest("https://secret.example/x"))) is outcome
    found = values(metrics)
    for name in ("fetched", "not_modified", "blocked", "gone", "failed"):
        assert found[f'monitor_fetch_total{{outcome="{name}"}}'] == 1
    assert found["monitor_fetch_seconds_count"] == 5
    assert found["monitor_ssrf_blocked_total"] == 1
    assert found['monitor_build_info{version="1.2.3"}'] == 1


def test_deliveries_and_killed_processes_are_counted() -> None:
    """Attempts are counted by kind and result; an unknown kind is "other", so that no name becomes a label."""
    metrics = Metrics("1")
    message = Message("k", "d", "c", "t", RenderedDigest("s", "t", "h", "{}"), NOW)
    asyncio.run(MeteredChannelSender(BusySender(), "email", metrics).send(message, NOW))
    for receipt in (Sent(), Rejected("no")):
        metrics.record_delivery("https://hooks.example/T1", receipt)
    with pytest.raises(WorkerKilled):
        asyncio.run(MeteredProcessPool(KillingPool(), metrics).run(len, b""))
    found = values(metrics)
    assert found['monitor_delivery_total{kind="email",outcome="retry"}'] == 1
    assert found['monitor_delivery_total{kind="other",outcome="sent"}'] == 1
    assert found["monitor_parse_killed_total"] == 1
    assert "hooks.example" not in metrics.render().decode()


def test_gauges_have_every_source_state() -> None:
    """States without a source are zero."""
    metrics = Metrics("1")
    metrics.set_gauges(
        GaugeValues(
            {SourceState.OK: 40, SourceState.BLOCKED: 2},
            3.5,
            1,
            2,
            timedelta(hours=1).total_seconds(),
            10,
            20,
            page_lag_seconds=4.5,
        )
    )
    metrics.record_reload(NOW, is_success=True)
    metrics.record_reload(NOW + timedelta(hours=1), is_success=False)
    metrics.record_new_articles(7)
    metrics.record_job_problem("failed")
    metrics.record_job_problem("some text nobody thought of")
    found = values(metrics)
    assert found['monitor_sources{state="ok"}'] == 40
    assert found['monitor_sources{state="gap"}'] == 0
    assert (found["monitor_due_lag_seconds"], found["monitor_page_lag_seconds"]) == (3.5, 4.5)
    assert (found["monitor_outbox_pending"], found["monitor_outbox_failed"]) == (1, 2)
    assert found["monitor_outbox_oldest_seconds"] == 3600
    assert (found["monitor_db_size_bytes"], found["monitor_disk_free_bytes"]) == (10, 20)
    assert found["monitor_config_reload_success"] == 0
    assert found["monitor_config_last_success_timestamp_seconds"] == NOW.timestamp()
    assert found["monitor_items_new_total"] == 7
    assert found['monitor_job_problems_total{problem="other"}'] == 1


def test_the_number_of_series_never_grows() -> None:
    """It is the same after ten thousand different events as after ten."""
    metrics = Metrics("1")

    def work(number: int) -> int:
        for index in range(number):
            metrics.record_fetch(Failed(f"host-{index} is down"), index)
            metrics.record_delivery(f"kind-{index}", Retry(str(index)))
            metrics.record_job_problem(f"trouble {index}")
        return len(values(metrics))

    assert work(10) == work(10_000)


def test_two_daemons_in_one_process_have_separate_metrics() -> None:
    """The registry belongs to the object, not to the process."""
    first, second = Metrics("1"), Metrics("1")
    first.record_killed_process()
    assert values(second)["monitor_parse_killed_total"] == 0


def test_secrets_are_not_in_metrics() -> None:
    """A test secret in URLs, reasons and kinds does not appear."""
    metrics = Metrics("1")
    canary = Secret("c4nary-token").reveal()
    metrics.record_fetch(Failed(canary), 1)
    metrics.record_delivery(canary, Sent(canary))
    metrics.record_job_problem(canary)
    assert canary not in metrics.render().decode()
