"""An outbox in memory, for tests of what is told and how it is delivered."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar, cast

from support.fakes import NoSources

from monitor.domain.delivery import Delivery, DeliveryResult, DeliveryState, Message, Refused, Retry, SendResult, Sent
from monitor.domain.digest import INITIAL_WINDOW_LEAD, Coverage, Digest, DigestPlan, ReportableHit, Window
from monitor.domain.errors import LeaseLost
from monitor.domain.ports import ArticleStore, OutboxStore, SourceStore
from monitor.domain.read_models import NearMissSummary, QuarantineSummary

T = TypeVar("T")


@dataclass
class MemoryOutbox:
    """An ``OutboxStore`` in a few dictionaries."""

    hits: list[ReportableHit] = field(default_factory=list)
    proof: Coverage = field(default_factory=Coverage)
    digests: dict[tuple[str, datetime], Digest] = field(default_factory=dict)
    told: set[tuple[str, int]] = field(default_factory=set)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    missed: list[NearMissSummary] = field(default_factory=list)
    asked: list[Window] = field(default_factory=list)
    held: list[QuarantineSummary] = field(default_factory=list)

    def last_window_end(self, plan_id: str) -> datetime | None:
        return max((d.window.end_at for (name, _), d in self.digests.items() if name == plan_id), default=None)

    def initial_lookback_start(self, plan_id: str) -> datetime | None:
        starts = [digest.window.start_at for (name, _), digest in self.digests.items() if name == plan_id]
        return starts[0] + INITIAL_WINDOW_LEAD if len(starts) == 1 else None

    def undelivered_hits(self, plan: DigestPlan, before: datetime) -> list[ReportableHit]:
        return [
            hit
            for hit in self.hits
            if hit.rule_id in plan.rules and hit.found_at < before and (plan.id, hit.id) not in self.told
        ]

    def hits_between(self, plan: DigestPlan, since: datetime, before: datetime) -> list[ReportableHit]:
        return [hit for hit in self.hits if hit.rule_id in plan.rules and since <= hit.found_at < before]

    def load_coverage(self, window: Window) -> Coverage:
        return self.proof

    def count_daily_mentions(
        self, official_ids: Collection[str], days: Sequence[datetime]
    ) -> dict[str, tuple[int, ...]]:
        return {official: tuple(range(len(days))) for official in official_ids}

    def list_near_misses(self, official_ids: Collection[str], window: Window, limit: int) -> list[NearMissSummary]:
        self.asked.append(window)
        return [line for line in self.missed if line.official_id in official_ids][:limit]

    def list_quarantined(self, window: Window) -> list[QuarantineSummary]:
        return self.held

    def commit_digest(self, digest: Digest, messages: Sequence[Message], reported_hit_ids: Sequence[int]) -> bool:
        identity = digest.id, digest.window.start_at
        if identity in self.digests or any((digest.id, hit) in self.told for hit in reported_hit_ids):
            return False
        self.digests[identity] = digest
        self.told |= {(digest.id, hit) for hit in reported_hit_ids}
        for message in messages:
            number = len(self.deliveries) + 1
            self.deliveries[number] = Delivery(number, message, next_attempt_at=message.created_at)
        return True

    def create_digest(self, initial_digest: Digest, plan: DigestPlan, before: datetime) -> bool:
        return self.commit_digest(initial_digest, (), [hit.id for hit in self.undelivered_hits(plan, before)])

    def lease_deliveries(
        self,
        now: datetime,
        limit: int,
        expires_at: datetime,
        max_per_target: int = 16,
        paused_targets: Collection[tuple[str, str]] = (),
    ) -> list[Delivery]:
        leased: list[Delivery] = []
        turns: dict[tuple[str, str], int] = {}
        for delivery in sorted(self.deliveries.values(), key=lambda one: (one.next_attempt_at or now, one.id)):
            target = delivery.message.channel_id, delivery.message.target
            due = delivery.next_attempt_at is not None and delivery.next_attempt_at <= now
            if delivery.state is not DeliveryState.PENDING or not due or target in paused_targets:
                continue
            turns[target] = turns.get(target, 0) + 1
            if turns[target] <= max_per_target and len(leased) < limit:
                token = f"{delivery.id}-{now.timestamp()}"
                first = delivery.first_attempt_at or now
                leased.append(replace(delivery, token=token, next_attempt_at=expires_at, first_attempt_at=first))
        self.deliveries |= {delivery.id: delivery for delivery in leased}
        return leased

    def record_result(
        self, delivery: Delivery, send_result: SendResult, now: datetime, next_attempt_at: datetime | None
    ) -> None:
        known = self.deliveries[delivery.id]
        if known.token != delivery.token or not known.token:
            raise LeaseLost(f"the lease of delivery {delivery.id} ended")
        match send_result:
            case Sent():
                state, error = DeliveryState.SENT, ""
            case Refused(reason):
                state, error = DeliveryState.REJECTED, reason
            case Retry(reason):
                state, error = (DeliveryState.PENDING if next_attempt_at else DeliveryState.FAILED), reason
        self.deliveries[delivery.id] = replace(
            known, state=state, attempts=known.attempts + 1, last_error=error, next_attempt_at=next_attempt_at, token=""
        )
        if isinstance(send_result, Retry) and send_result.pause_channel and next_attempt_at:
            self._hold(delivery.message.channel_id, next_attempt_at)

    def record_results(self, results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        lost = []
        for one in results:
            try:
                if one.send_result is not None:
                    self.record_result(one.delivery, one.send_result, now, one.next_attempt_at)
                else:
                    known = self.deliveries[one.delivery.id]
                    self.deliveries[known.id] = replace(known, token="", next_attempt_at=one.next_attempt_at)
            except LeaseLost:
                lost.append(one.delivery.id)
        return lost

    def _hold(self, channel_id: str, until: datetime) -> None:
        for number, delivery in self.deliveries.items():
            if delivery.message.channel_id == channel_id and delivery.state is DeliveryState.PENDING:
                later = max(delivery.next_attempt_at or until, until)
                self.deliveries[number] = replace(delivery, next_attempt_at=later)

    def list_failed_deliveries(self, after: datetime, before: datetime) -> list[Delivery]:
        lost = {DeliveryState.FAILED, DeliveryState.REJECTED}
        return [delivery for delivery in self.deliveries.values() if delivery.state in lost]


@dataclass
class OutboxDatabase:
    """A ``Database`` that calls its stores at once."""

    outbox: OutboxStore
    sources: SourceStore = field(default_factory=lambda: cast("SourceStore", NoSources()))
    articles: ArticleStore = field(default_factory=lambda: cast("ArticleStore", None))

    async def run(self, work: Callable[..., T], *args: object) -> T:
        return work(*args)
