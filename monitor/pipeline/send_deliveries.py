"""Delivery step: sends the deliveries in the outbox, and records the results.

While a delivery is sent, it is leased: no other process may send it. No transaction is open during this time. Every
delivery is sent at least once. All attempts to send it carry the same key, so that the receiver can detect repetitions.

One task sends all deliveries of a target, one after another. If a target fails, it is paused, and the pause is longer
after each failure, so that a server that does not answer cannot delay other targets.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from monitor.domain.delivery import Delivery, DeliveryResult, Message, Retry, SendResult, Sent
from monitor.domain.errors import StoreError
from monitor.domain.ports import ChannelSender, Clock
from monitor.store.database import Database

log = logging.getLogger(__name__)

# The Standard Webhooks schedule: waits before each further attempt, 75 hours in all.
RETRY_DELAYS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
RETRY_JITTER = 0.1
DELIVERY_LEASE = timedelta(minutes=10)
LEASE_MARGIN = timedelta(minutes=2)  # no attempt starts this close to the end of its lease; it must be recorded in time
MIN_TARGET_PAUSE, MAX_TARGET_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
REFILL_INTERVAL_SECONDS = 0.05  # time between two checks for targets that are free again
MAX_DELIVERIES_PER_TARGET = 32  # maximum number of deliveries in one lease
RECORD_RETRY_SECONDS = (0.1, 1.0, 5.0)  # time between attempts to record a result

TargetKey = tuple[str, str]  # channel and target


class DeliveryAttempt(Struct, frozen=True):
    """Result of one attempt to send a delivery.

    If ``receipt`` is a ``Retry`` and ``next_attempt_at`` is None, this was the last attempt.
    """

    delivery: Delivery
    receipt: SendResult
    next_attempt_at: datetime | None


def next_attempt_time(delivery: Delivery, receipt: SendResult, now: datetime) -> datetime | None:
    """Return the time of the next attempt to send a delivery, or None if no further attempt is made.

    The time follows from the schedule of retries. It is later if the target asks for a longer wait. A small delay is
    added, so that retries do not coincide. This delay depends only on the delivery and the number of the attempt.
    """
    if not isinstance(receipt, Retry) or delivery.attempts >= len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[delivery.attempts]
    seed = hashlib.sha256(f"{delivery.message.key}\0{delivery.attempts}".encode()).digest()
    wait += wait * (RETRY_JITTER * int.from_bytes(seed[:4]) / 2**32)
    return now + max(wait, receipt.retry_after or wait)


class DeliverySender:
    """Sender of due deliveries. Each process has one instance."""

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, ChannelSender],
        clock: Clock,
        *,
        max_targets: int = 256,
        wait_seconds: float = 1.0,
        fill_links: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        """Prepare to send to at most ``max_targets`` targets at the same time.

        ``run_due`` waits at most ``wait_seconds`` for the targets. ``fill_links`` is a function that returns a message
        in which markers are replaced by signed links, just before the message is sent.
        """
        self._fill_links = fill_links
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
        """Start at most ``limit`` due deliveries, and return the attempts that ended since the last call.

        Deliveries to slow targets continue after this method has returned; ``drain`` waits for them. Raises
        ``StoreError``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        remaining, has_free_target = limit, True
        self._remove_finished_tasks()
        while True:
            remaining -= await self._start_due(remaining) if has_free_target and remaining > 0 else 0
            wait = deadline - loop.time()
            if wait <= 0 or not self._target_tasks:
                break
            await asyncio.wait(self._target_tasks, timeout=min(wait, REFILL_INTERVAL_SECONDS))
            has_free_target = self._remove_finished_tasks()
        return self._pop_attempts()

    async def drain(self, seconds: float) -> list[DeliveryAttempt]:
        """Wait up to ``seconds`` for running attempts, cancel the ones that have not ended, and return all results.

        Cancelled deliveries are sent later, when their leases have expired.
        """
        if self._target_tasks:
            await asyncio.wait(self._target_tasks, timeout=seconds)
        for task in self._target_tasks:
            task.cancel()
        await asyncio.gather(*self._target_tasks, return_exceptions=True)
        self._target_tasks.clear()
        if self._record_task:
            await self._record_task
        return self._pop_attempts()

    def _pop_attempts(self) -> list[DeliveryAttempt]:
        attempts, self._attempts = self._attempts, []
        return attempts

    def _remove_finished_tasks(self) -> bool:
        """Remove finished tasks, and return whether there were any.

        The targets of finished tasks are free again and may have further due deliveries.
        """
        finished = [task for task in self._target_tasks if task.done()]
        for task in finished:
            channel, target = self._target_tasks.pop(task)
            if not task.cancelled() and (error := task.exception()):
                log.error("delivery task failed", extra={"channel": channel, "target": target}, exc_info=error)
        return bool(finished)

    async def _start_due(self, limit: int) -> int:
        """Lease due deliveries (reserve them for a limited time), and start a task for each of their targets.

        Targets that are paused, or to which a task is already sending, are left out. Return the number of leased
        deliveries.
        """
        free = self._max_targets - len(self._target_tasks)
        if free <= 0:
            return 0
        now = self._clock()
        leased = await self._database.run(
            self._database.deliveries.lease_deliveries,
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
            task = asyncio.create_task(self._send_to_target(target, queue, now + DELIVERY_LEASE - LEASE_MARGIN))
            self._target_tasks[task] = target
        return len(leased)

    def _blocked_targets(self, now: datetime) -> Collection[TargetKey]:
        """Return the targets to which nothing may be sent now: they are paused, or a task is already sending to them.

        If the beginning of a pause is in the future, the clock was set back. The pause is then deleted.
        """
        self._pauses = {target: pause for target, pause in self._pauses.items() if pause[0] <= now < pause[1]}
        return {*self._pauses, *self._target_tasks.values()}

    async def _send_to_target(self, target: TargetKey, queue: Sequence[Delivery], until_at: datetime) -> None:
        """Send the queued deliveries of one target, one after another.

        At the first failure, the target is paused, and its remaining deliveries are released.
        """
        for number, delivery in enumerate(queue):
            now = self._clock()
            if now >= until_at:
                await self._release(queue[number:], now)
                return
            receipt = await self._send(delivery, now)
            finished_at = self._clock()
            next_at = next_attempt_time(delivery, receipt, finished_at)
            await self._record_result(DeliveryResult(delivery, receipt, next_at))
            self._attempts.append(DeliveryAttempt(delivery, receipt, next_at))
            _log_attempt(self._attempts[-1])
            if isinstance(receipt, Retry):
                self._failures[target] = self._failures.get(target, 0) + 1
                pause = min(MIN_TARGET_PAUSE * 4 ** min(self._failures[target] - 1, 8), MAX_TARGET_PAUSE)
                paused_until = finished_at + max(pause, (receipt.pause_channel and receipt.retry_after) or pause)
                self._pauses[target] = finished_at, paused_until
                await self._release(queue[number + 1 :], paused_until)
                return
            self._failures.pop(target, None)

    async def _release(self, queue: Sequence[Delivery], at: datetime) -> None:
        await asyncio.gather(*(self._record_result(DeliveryResult(delivery, None, at)) for delivery in queue))

    async def _send(self, delivery: Delivery, now: datetime) -> SendResult:
        message = delivery.message
        sender = self._senders.get(message.channel_id)
        if sender is None:
            return Retry(f"the channel {message.channel_id} is no longer in sources.yaml")
        try:
            return await sender.send(self._fill_links(message), now)
        except Exception as error:  # an error in one delivery must not stop the others
            log.exception("delivery attempt failed", extra={"delivery": delivery.id, "channel": message.channel_id})
            return Retry(f"the attempt failed: {type(error).__name__}")

    async def _record_result(self, result: DeliveryResult) -> None:
        """Record the result of an attempt, in one commit with other results from the same time."""
        recorded = asyncio.get_running_loop().create_future()
        self._unrecorded_results.append((result, recorded))
        if self._record_task is None or self._record_task.done():
            self._record_task = asyncio.create_task(self._record_pending())
        await recorded

    async def _record_pending(self) -> None:
        while self._unrecorded_results:
            batch, self._unrecorded_results = self._unrecorded_results, []
            try:
                await self._save_results([result for result, _ in batch])
            finally:
                for _, recorded in batch:
                    if not recorded.done():
                        recorded.set_result(None)

    async def _save_results(self, batch: Sequence[DeliveryResult]) -> None:
        """Store several results in one transaction.

        If the database is busy, the call is repeated, because a delivery whose result is not recorded is sent twice.
        """
        for wait in (*RECORD_RETRY_SECONDS, None):
            try:
                record = self._database.deliveries.record_results
                for lost in await self._database.run(record, batch, self._clock()):
                    log.warning("delivery lease lost", extra={"delivery": lost})
            except StoreError:
                if wait is None:
                    log.exception("delivery results not recorded", extra={"deliveries": len(batch)})
                    return
                await asyncio.sleep(wait)
                continue
            return


def _log_attempt(attempt: DeliveryAttempt) -> None:
    """Log an attempt with its digest and target. If the attempt failed, the reason is also logged."""
    message, result = attempt.delivery.message, attempt.receipt
    fields: dict[str, object] = {
        "delivery": attempt.delivery.id,
        "digest": message.plan_id,
        "channel": message.channel_id,
        "target": message.target,
    }
    if isinstance(result, Sent):
        log.info("sent", extra=fields)
        return
    fields["reason"] = result.reason
    if attempt.next_attempt_at:
        log.warning("not sent, will be tried again", extra={**fields, "next_attempt_at": attempt.next_attempt_at})
    else:
        log.error("not sent", extra=fields)


def _target_key(message: Message) -> TargetKey:
    return message.channel_id, message.target
