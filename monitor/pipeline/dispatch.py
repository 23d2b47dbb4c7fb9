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

from monitor.domain.delivery import Delivery, Message, Receipt, Retry, Settlement
from monitor.domain.errors import StoreError
from monitor.domain.ports import Carrier, Clock, Database

log = logging.getLogger(__name__)

# The Standard Webhooks schedule: waits before each further attempt, 75 hours in all.
WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER = 0.1
LEASE = timedelta(minutes=10)
MARGIN = timedelta(minutes=2)  # no attempt starts so shortly before its lease ends: it must be settled in time
REST, LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
ROUND = 0.05  # seconds between two looks for targets that are free again
EACH = 32  # deliveries a target gets in one lease
SETTLING = (0.1, 1.0, 5.0)  # seconds between tries to record an attempt

Target = tuple[str, str]  # channel and target


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and what came of it; a ``Retry`` without a next attempt was given up."""

    delivery: Delivery
    receipt: Receipt
    next_attempt_at: datetime | None


def next_attempt(delivery: Delivery, receipt: Receipt, now: datetime) -> datetime | None:
    """Decide when to try again: by the schedule, or later if the other side asks; None when nothing is left to try.

    The jitter depends on the delivery alone, and only ever makes a wait longer.
    """
    if not isinstance(receipt, Retry) or delivery.attempts >= len(WAITS):
        return None
    wait = WAITS[delivery.attempts]
    seed = hashlib.sha256(f"{delivery.message.key}\0{delivery.attempts}".encode()).digest()
    wait += wait * (JITTER * int.from_bytes(seed[:4]) / 2**32)
    return now + max(wait, receipt.after or wait)


class Dispatcher:
    """Delivers what is due. One instance a process."""

    def __init__(
        self,
        database: Database,
        carriers: Mapping[str, Carrier],
        clock: Clock,
        *,
        slots: int = 256,
        patience: float = 1.0,
    ) -> None:
        """``slots`` targets are worked at together; ``deliver_due`` waits for them ``patience`` seconds at most."""
        self._database = database
        self._carriers = carriers
        self._clock = clock
        self._slots = slots
        self._patience = patience
        self._runners: dict[asyncio.Task[None], Target] = {}
        self._failures: dict[Target, int] = {}
        self._rests: dict[Target, tuple[datetime, datetime]] = {}
        self._attempts: list[Attempt] = []
        self._settlements: list[tuple[Settlement, asyncio.Future[None]]] = []
        self._settler: asyncio.Task[None] | None = None

    async def deliver_due(self, limit: int = 1000) -> list[Attempt]:
        """Start what is due, at most ``limit`` deliveries, and return the attempts that have ended since the last call.

        Slow targets go on after the call returns; ``drain`` waits for them. Raises ``StoreError``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        left, ended = limit, True
        self._sweep()
        while True:
            started = await self._start(left) if ended and left > 0 else 0
            left -= started
            wait = deadline - loop.time()
            if wait <= 0 or not self._runners:
                break
            await asyncio.wait(self._runners, timeout=min(wait, ROUND))
            ended = self._sweep()
        return self._collect()

    async def drain(self, seconds: float) -> list[Attempt]:
        """Wait for the attempts under way and end those that take longer: their leases run out, nothing is lost."""
        if self._runners:
            await asyncio.wait(self._runners, timeout=seconds)
        for runner in self._runners:
            runner.cancel()
        await asyncio.gather(*self._runners, return_exceptions=True)
        self._runners.clear()
        if self._settler:
            await self._settler
        return self._collect()

    def _collect(self) -> list[Attempt]:
        attempts, self._attempts = self._attempts, []
        return attempts

    def _sweep(self) -> bool:
        """Forget the runners that ended; says whether any did, so that their targets are looked at again."""
        ended = [runner for runner in self._runners if runner.done()]
        for runner in ended:
            channel, target = self._runners.pop(runner)
            if not runner.cancelled() and (error := runner.exception()):
                log.error("runner failed", extra={"channel": channel, "target": target}, exc_info=error)
        return bool(ended)

    async def _start(self, limit: int) -> int:
        """Lease what is due for targets that are free, and start a runner for each target."""
        free = self._slots - len(self._runners)
        if free <= 0:
            return 0
        now = self._clock()
        leased = await self._database.run(
            self._database.outbox.lease_deliveries, now, limit, now + LEASE, EACH, self._resting(now)
        )
        queues: dict[Target, list[Delivery]] = defaultdict(list)
        for delivery in leased:
            queues[_target(delivery.message)].append(delivery)
        for target, queue in queues.items():
            runner = asyncio.create_task(self._run(target, queue, now + LEASE - MARGIN))
            self._runners[runner] = target
        return len(leased)

    def _resting(self, now: datetime) -> Collection[Target]:
        """Name who rests or is worked at. A rest that has not begun was given by a clock that has been set back."""
        self._rests = {target: rest for target, rest in self._rests.items() if rest[0] <= now < rest[1]}
        return {*self._rests, *self._runners.values()}

    async def _run(self, target: Target, queue: Sequence[Delivery], until_at: datetime) -> None:
        """Work at one target in order; at its first failure it rests, and so does the rest of its queue."""
        for number, delivery in enumerate(queue):
            now = self._clock()
            if now >= until_at:
                await self._give_back(queue[number:], now)
                return
            receipt = await self._attempt(delivery, now)
            settled_at = self._clock()
            next_at = next_attempt(delivery, receipt, settled_at)
            await self._settle(Settlement(delivery, receipt, next_at))
            self._attempts.append(Attempt(delivery, receipt, next_at))
            if isinstance(receipt, Retry):
                self._failures[target] = self._failures.get(target, 0) + 1
                rest = min(REST * 4 ** min(self._failures[target] - 1, 8), LONGEST_REST)
                until = settled_at + max(rest, (receipt.pause and receipt.after) or rest)
                self._rests[target] = settled_at, until
                await self._give_back(queue[number + 1 :], until)
                return
            self._failures.pop(target, None)

    async def _give_back(self, queue: Sequence[Delivery], at: datetime) -> None:
        await asyncio.gather(*(self._settle(Settlement(delivery, None, at)) for delivery in queue))

    async def _attempt(self, delivery: Delivery, now: datetime) -> Receipt:
        message = delivery.message
        carrier = self._carriers.get(message.channel_id)
        if carrier is None:
            return Retry(f"the channel {message.channel_id} is not in sources.yaml any more")
        try:
            return await carrier.send(message, now)
        except Exception as error:  # one delivery that cannot be sent must not keep the others from their readers
            log.exception("delivery failed", extra={"delivery": delivery.id, "channel": message.channel_id})
            return Retry(f"the attempt failed: {type(error).__name__}")

    async def _settle(self, settlement: Settlement) -> None:
        """Have an attempt recorded, together with those that end at the same time: one commit for all of them."""
        recorded = asyncio.get_running_loop().create_future()
        self._settlements.append((settlement, recorded))
        if self._settler is None or self._settler.done():
            self._settler = asyncio.create_task(self._write())
        await recorded

    async def _write(self) -> None:
        while self._settlements:
            batch, self._settlements = self._settlements, []
            try:
                await self._record([settlement for settlement, _ in batch])
            finally:
                for _, recorded in batch:
                    if not recorded.done():
                        recorded.set_result(None)

    async def _record(self, batch: Sequence[Settlement]) -> None:
        """Write a batch; a busy database is asked again, because what is not recorded is sent twice."""
        for wait in (*SETTLING, None):
            try:
                outbox = self._database.outbox
                for lost in await self._database.run(outbox.settle_deliveries, batch, self._clock()):
                    log.warning("lease lost", extra={"delivery": lost})
            except StoreError:
                if wait is None:
                    log.exception("attempts not recorded", extra={"deliveries": len(batch)})
                    return
                await asyncio.sleep(wait)
                continue
            return


def _target(message: Message) -> Target:
    return message.channel_id, message.target
