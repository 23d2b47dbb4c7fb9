"""The outbox on its way: lease, send outside of any transaction, settle. At least once, each time with the same key.

A target is worked at by one runner, in order. One that fails rests, for longer each time, so that a hanging server
costs one attempt now and then and never holds the others.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.delivery import Delivery, DeliveryResult, Message, Retry, SendResult
from monitor.domain.errors import StoreError
from monitor.domain.ports import ChannelSender, Clock, Database

log = logging.getLogger(__name__)

# The Standard Webhooks schedule: waits before each further attempt, 75 hours in all.
RETRY_DELAYS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
RETRY_JITTER = 0.1
DELIVERY_LEASE = timedelta(minutes=10)
LEASE_MARGIN = timedelta(minutes=2)  # no attempt starts so shortly before its lease ends: it must be settled in time
MIN_TARGET_PAUSE, MAX_TARGET_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
REFILL_INTERVAL_SECONDS = 0.05  # seconds between two looks for targets that are free again
MAX_DELIVERIES_PER_TARGET = 32  # deliveries a target gets in one lease
RECORD_RETRY_SECONDS = (0.1, 1.0, 5.0)  # seconds between tries to record an attempt

TargetKey = tuple[str, str]  # channel and target


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt and what came of it; a ``Retry`` without a next attempt was given up."""

    delivery: Delivery
    receipt: SendResult
    next_attempt_at: datetime | None


def next_attempt_time(delivery: Delivery, receipt: SendResult, now: datetime) -> datetime | None:
    """Decide when to try again: by the schedule, or later if the other side asks; None when nothing is left to try.

    The jitter depends on the delivery alone, and only ever makes a wait longer.
    """
    if not isinstance(receipt, Retry) or delivery.attempts >= len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[delivery.attempts]
    seed = hashlib.sha256(f"{delivery.message.key}\0{delivery.attempts}".encode()).digest()
    wait += wait * (RETRY_JITTER * int.from_bytes(seed[:4]) / 2**32)
    return now + max(wait, receipt.retry_after or wait)


class DeliverySender:
    """Delivers what is due. One instance a process."""

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, ChannelSender],
        clock: Clock,
        *,
        max_targets: int = 256,
        wait_seconds: float = 1.0,
    ) -> None:
        """``slots`` targets are worked at together; ``deliver_due`` waits for them ``patience`` seconds at most."""
        self._database = database
        self._senders = senders
        self._clock = clock
        self._max_targets = max_targets
        self._wait_seconds = wait_seconds
        self._target_tasks: dict[asyncio.Task[None], TargetKey] = {}
        self._failures: dict[TargetKey, int] = {}
        self._pauses: dict[TargetKey, tuple[datetime, datetime]] = {}
        self._attempts: list[DeliveryAttempt] = []
        self._unrecorded_results: list[tuple[DeliveryResult, asyncio.Future[None]]] = []
        self._record_task: asyncio.Task[None] | None = None

    async def run_due(self, limit: int = 1000) -> list[DeliveryAttempt]:
        """Start what is due, at most ``limit`` deliveries, and return the attempts that have ended since the last call.

        Slow targets go on after the call returns; ``drain`` waits for them. Raises ``StoreError``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        left, ended = limit, True
        self._remove_finished_tasks()
        while True:
            started = await self._start_due(left) if ended and left > 0 else 0
            left -= started
            wait = deadline - loop.time()
            if wait <= 0 or not self._target_tasks:
                break
            await asyncio.wait(self._target_tasks, timeout=min(wait, REFILL_INTERVAL_SECONDS))
            ended = self._remove_finished_tasks()
        return self._pop_attempts()

    async def drain(self, seconds: float) -> list[DeliveryAttempt]:
        """Wait for the attempts under way and end those that take longer: their leases run out, nothing is lost."""
        if self._target_tasks:
            await asyncio.wait(self._target_tasks, timeout=seconds)
        for runner in self._target_tasks:
            runner.cancel()
        await asyncio.gather(*self._target_tasks, return_exceptions=True)
        self._target_tasks.clear()
        if self._record_task:
            await self._record_task
        return self._pop_attempts()

    def _pop_attempts(self) -> list[DeliveryAttempt]:
        attempts, self._attempts = self._attempts, []
        return attempts

    def _remove_finished_tasks(self) -> bool:
        """Forget the runners that ended; says whether any did, so that their targets are looked at again."""
        ended = [runner for runner in self._target_tasks if runner.done()]
        for runner in ended:
            channel, target = self._target_tasks.pop(runner)
            if not runner.cancelled() and (error := runner.exception()):
                log.error("runner failed", extra={"channel": channel, "target": target}, exc_info=error)
        return bool(ended)

    async def _start_due(self, limit: int) -> int:
        """Lease what is due for targets that are free, and start a runner for each target."""
        free = self._max_targets - len(self._target_tasks)
        if free <= 0:
            return 0
        now = self._clock()
        leased = await self._database.run(
            self._database.outbox.lease_deliveries,
            now,
            limit,
            now + DELIVERY_LEASE,
            MAX_DELIVERIES_PER_TARGET,
            self._blocked_targets(now),
        )
        queues: dict[TargetKey, list[Delivery]] = defaultdict(list)
        for delivery in leased:
            queues[_target_key(delivery.message)].append(delivery)
        for target, queue in queues.items():
            runner = asyncio.create_task(self._send_to_target(target, queue, now + DELIVERY_LEASE - LEASE_MARGIN))
            self._target_tasks[runner] = target
        return len(leased)

    def _blocked_targets(self, now: datetime) -> Collection[TargetKey]:
        """Name who rests or is worked at. A rest that has not begun was given by a clock that has been set back."""
        self._pauses = {target: rest for target, rest in self._pauses.items() if rest[0] <= now < rest[1]}
        return {*self._pauses, *self._target_tasks.values()}

    async def _send_to_target(self, target: TargetKey, queue: Sequence[Delivery], until_at: datetime) -> None:
        """Work at one target in order; at its first failure it rests, and so does the rest of its queue."""
        for number, delivery in enumerate(queue):
            now = self._clock()
            if now >= until_at:
                await self._release(queue[number:], now)
                return
            receipt = await self._send(delivery, now)
            settled_at = self._clock()
            next_at = next_attempt_time(delivery, receipt, settled_at)
            await self._record_result(DeliveryResult(delivery, receipt, next_at))
            self._attempts.append(DeliveryAttempt(delivery, receipt, next_at))
            if isinstance(receipt, Retry):
                self._failures[target] = self._failures.get(target, 0) + 1
                rest = min(MIN_TARGET_PAUSE * 4 ** min(self._failures[target] - 1, 8), MAX_TARGET_PAUSE)
                until = settled_at + max(rest, (receipt.pause_channel and receipt.retry_after) or rest)
                self._pauses[target] = settled_at, until
                await self._release(queue[number + 1 :], until)
                return
            self._failures.pop(target, None)

    async def _release(self, queue: Sequence[Delivery], at: datetime) -> None:
        await asyncio.gather(*(self._record_result(DeliveryResult(delivery, None, at)) for delivery in queue))

    async def _send(self, delivery: Delivery, now: datetime) -> SendResult:
        message = delivery.message
        carrier = self._senders.get(message.channel_id)
        if carrier is None:
            return Retry(f"the channel {message.channel_id} is not in sources.yaml any more")
        try:
            return await carrier.send(message, now)
        except Exception as error:  # one delivery that cannot be sent must not keep the others from their readers
            log.exception("delivery failed", extra={"delivery": delivery.id, "channel": message.channel_id})
            return Retry(f"the attempt failed: {type(error).__name__}")

    async def _record_result(self, result: DeliveryResult) -> None:
        """Have an attempt recorded, together with those that end at the same time: one commit for all of them."""
        recorded = asyncio.get_running_loop().create_future()
        self._unrecorded_results.append((result, recorded))
        if self._record_task is None or self._record_task.done():
            self._record_task = asyncio.create_task(self._record_pending())
        await recorded

    async def _record_pending(self) -> None:
        while self._unrecorded_results:
            batch, self._unrecorded_results = self._unrecorded_results, []
            try:
                await self._save_results([settlement for settlement, _ in batch])
            finally:
                for _, recorded in batch:
                    if not recorded.done():
                        recorded.set_result(None)

    async def _save_results(self, batch: Sequence[DeliveryResult]) -> None:
        """Write a batch; a busy database is asked again, because what is not recorded is sent twice."""
        for wait in (*RECORD_RETRY_SECONDS, None):
            try:
                outbox = self._database.outbox
                for lost in await self._database.run(outbox.record_results, batch, self._clock()):
                    log.warning("lease lost", extra={"delivery": lost})
            except StoreError:
                if wait is None:
                    log.exception("attempts not recorded", extra={"deliveries": len(batch)})
                    return
                await asyncio.sleep(wait)
                continue
            return


def _target_key(message: Message) -> TargetKey:
    return message.channel_id, message.target
