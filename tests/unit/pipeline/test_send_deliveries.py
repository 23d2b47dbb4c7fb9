"""The outbox on its way: schedules, pauses, isolation, and what a crash can cost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from support.factories import NOW, message
from support.fakes import FakeClock
from support.memory_outbox import MemoryOutbox, OutboxDatabase

from monitor.domain.delivery import Delivery, DeliveryResult, DeliveryState, Message, Refused, Retry, SendResult, Sent
from monitor.domain.digest import Digest, Window
from monitor.domain.errors import StoreBusy
from monitor.domain.ports import ChannelSender
from monitor.pipeline.send_deliveries import RETRY_DELAYS, DeliveryAttempt, DeliverySender, next_attempt_time

HOUR = timedelta(hours=1)


@dataclass
class Scripted:
    """A carrier that does as told, and remembers what it was given."""

    act: Callable[[Message, datetime], Awaitable[SendResult]]
    sent: list[tuple[str, str, datetime]] = field(default_factory=list)

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        self.sent.append((message.key, message.target, attempt_at))
        return await self.act(message, attempt_at)


def always(receipt: SendResult) -> Scripted:
    async def act(_message: Message, _at: datetime) -> SendResult:
        return receipt

    return Scripted(act)


def outbox(*messages: Message) -> MemoryOutbox:
    store = MemoryOutbox()
    store.commit_digest(Digest("morning", "Morning", Window(NOW, NOW), NOW, "UTC"), messages, ())
    return store


def pass_over(store: MemoryOutbox, clock: FakeClock, **carriers: ChannelSender) -> list[DeliveryAttempt]:
    """Make one pass with a fresh process."""
    dispatcher = DeliverySender(OutboxDatabase(store), carriers, clock, wait_seconds=1.0)
    return asyncio.run(dispatcher.run_due())


def states(store: MemoryOutbox) -> list[DeliveryState]:
    return [delivery.state for delivery in store.deliveries.values()]


def test_what_is_due_is_sent_once() -> None:
    """Taken, settled, and not sent again by the next pass."""
    store, clock, desk = outbox(message(1), message(2)), FakeClock(NOW), always(Sent())
    assert len(pass_over(store, clock, desk=desk)) == 2
    assert pass_over(store, clock, desk=desk) == []
    assert states(store) == [DeliveryState.SENT] * 2
    assert [key for key, _, _ in desk.sent] == [f"{1:040x}", f"{2:040x}"]


def test_row_43_a_receiver_that_is_down_for_days_is_tried_over_75_hours_then_dead() -> None:
    """Ten attempts, each wait longer than the last, 75 hours in all; then dead, under one key all the time."""
    store, clock, desk = outbox(message()), FakeClock(NOW), always(Retry("HTTP 500"))
    while store.deliveries[1].state is DeliveryState.PENDING:
        clock.now = store.deliveries[1].next_attempt_at or NOW
        pass_over(store, clock, desk=desk)
    times = [at for _, _, at in desk.sent]
    assert len(times) == 10
    assert timedelta(hours=75) <= times[-1] - times[0] <= timedelta(hours=84)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == sorted(waits)
    assert (store.deliveries[1].state, store.deliveries[1].last_error) == (DeliveryState.FAILED, "HTTP 500")
    assert len({key for key, _, _ in desk.sent}) == 1


def test_row_43_a_server_that_comes_back_after_three_days_gets_the_message() -> None:
    """Down for 72 hours is within the schedule: nothing is lost and nobody has to do anything."""

    async def act(_message: Message, at: datetime) -> SendResult:
        return Sent() if at >= NOW + 72 * HOUR else Retry("connection refused")

    store, clock, desk = outbox(message()), FakeClock(NOW), Scripted(act)
    while store.deliveries[1].state is DeliveryState.PENDING:
        clock.now = store.deliveries[1].next_attempt_at or NOW
        pass_over(store, clock, desk=desk)
    assert states(store) == [DeliveryState.SENT]


def test_waits_are_jittered_later_never_sooner() -> None:
    """Two deliveries that failed together do not come back together; a wish of the other side counts if longer."""
    one, other = (Delivery(n, message(n), attempts=3) for n in (1, 2))
    first, second = (next_attempt_time(delivery, Retry("x"), NOW) for delivery in (one, other))
    assert first is not None
    assert second is not None
    assert first != second
    assert RETRY_DELAYS[3] <= first - NOW <= RETRY_DELAYS[3] * 1.1
    assert next_attempt_time(one, Retry("x", retry_after=5 * HOUR), NOW) == NOW + 5 * HOUR
    assert next_attempt_time(one, Sent(), NOW) is None


def test_row_42_a_pause_holds_the_server_and_a_refusal_ends_one_target() -> None:
    """429 or 421 holds all deliveries of the channel; 550 is one recipient's."""
    store, clock = outbox(message(1), message(2, target="b@example.org")), FakeClock(NOW)
    pass_over(store, clock, desk=always(Retry("421 closing", retry_after=HOUR, pause_channel=True)))
    assert all((delivery.next_attempt_at or NOW) >= NOW + HOUR for delivery in store.deliveries.values())

    async def act(message: Message, _at: datetime) -> SendResult:
        return Refused("550 no such user") if message.target.startswith("b@") else Sent()

    clock.advance(24 * HOUR)
    pass_over(store, clock, desk=Scripted(act))
    assert states(store) == [DeliveryState.SENT, DeliveryState.REJECTED]


def test_row_49_a_hanging_target_holds_nobody() -> None:
    """One black hole with a hundred messages, one good target with a hundred: the good one is done in one call."""
    messages = [message(n, target="hole" if n % 2 else "good", channel="hole" if n % 2 else "good") for n in range(200)]
    store, clock = outbox(*messages), FakeClock(NOW)

    async def hang(_message: Message, _at: datetime) -> SendResult:
        await asyncio.Event().wait()
        raise AssertionError

    hole, good = Scripted(hang), always(Sent())

    async def run() -> int:
        dispatcher = DeliverySender(OutboxDatabase(store), {"hole": hole, "good": good}, clock, wait_seconds=1.0)
        done = await dispatcher.run_due()
        again = await dispatcher.run_due()
        await dispatcher.drain(0)
        return len(done) + len(again)

    assert asyncio.run(run()) == 100
    assert len(hole.sent) == 1
    clock.advance(timedelta(minutes=11))
    assert len(pass_over(store, clock, hole=always(Sent()), good=good)) == 100


def test_a_failing_target_rests_and_its_messages_keep_their_order() -> None:
    """After a failure the others of the same target wait with it, and then go out as they were written."""
    store, clock = outbox(*(message(n) for n in range(1, 6))), FakeClock(NOW)
    down = always(Retry("connection refused"))
    pass_over(store, clock, desk=down)
    assert len(down.sent) == 1
    clock.advance(timedelta(minutes=11))
    up = always(Sent())
    pass_over(store, clock, desk=up)
    assert sorted(key for key, _, _ in up.sent) == [f"{n:040x}" for n in range(1, 6)]


def test_row_54_a_rest_ends_with_the_clock_that_gave_it() -> None:
    """A target that failed a day ahead of the real time does not rest for a day when the clock is put right."""
    store, clock = outbox(message(1), message(2)), FakeClock(NOW + timedelta(days=1))
    down, up = always(Retry("connection refused")), always(Sent())
    carriers: dict[str, ChannelSender] = {"desk": down}
    dispatcher = DeliverySender(OutboxDatabase(store), carriers, clock, wait_seconds=1.0)
    asyncio.run(dispatcher.run_due())
    clock.advance(-timedelta(days=1))
    store.commit_digest(Digest("noon", "Noon", Window(NOW, NOW), NOW, "UTC"), [message(3)], ())
    carriers["desk"] = up
    asyncio.run(dispatcher.run_due())
    assert [key for key, _, _ in up.sent] == [f"{3:040x}"]


def test_one_poisoned_message_does_not_stop_the_others() -> None:
    """A message that the target never takes goes its way to the dead letters, the others arrive."""

    async def act(message: Message, _at: datetime) -> SendResult:
        return Retry("451 not this one") if message.key == f"{1:040x}" else Sent()

    store, clock = outbox(*(message(n) for n in range(1, 5))), FakeClock(NOW)
    for _ in range(6):
        pass_over(store, clock, desk=Scripted(act))
        clock.advance(timedelta(minutes=11))
    assert states(store) == [DeliveryState.PENDING] + [DeliveryState.SENT] * 3


def test_row_44_a_crash_after_sending_repeats_one_message_with_its_key() -> None:
    """Killed between send and settle, the next process sends the one message again, recognisably."""

    class Killed(BaseException):
        """Not even the guard around a carrier catches it."""

    async def act(_message: Message, _at: datetime) -> SendResult:
        raise Killed

    store, clock = outbox(message(1), message(2)), FakeClock(NOW)
    dying = Scripted(act)
    pass_over(store, clock, desk=dying)
    clock.advance(timedelta(minutes=11))
    desk = always(Sent())
    pass_over(store, clock, desk=desk)
    assert states(store) == [DeliveryState.SENT] * 2
    assert [key for key, _, _ in (*dying.sent, *desk.sent)].count(f"{1:040x}") == 2
    assert [key for key, _, _ in (*dying.sent, *desk.sent)].count(f"{2:040x}") == 1


def test_an_error_in_a_carrier_is_an_outcome() -> None:
    """A bug in one carrier is recorded on the delivery and tried again; no secret of the error is shown."""

    async def act(_message: Message, _at: datetime) -> SendResult:
        raise ValueError("https://hooks.example.org/T0P-S3CRET")

    store, clock = outbox(message()), FakeClock(NOW)
    pass_over(store, clock, desk=Scripted(act))
    assert store.deliveries[1].last_error == "the attempt failed: ValueError"


def test_a_channel_that_was_removed_keeps_its_deliveries() -> None:
    """They wait for it to come back, and die with a reason otherwise."""
    store, clock = outbox(message(channel="gone")), FakeClock(NOW)
    (attempt,) = pass_over(store, clock)
    assert isinstance(attempt.receipt, Retry)
    assert "sources.yaml" in attempt.receipt.reason


def test_a_busy_database_is_asked_again_to_record_what_was_sent() -> None:
    """What is not recorded would be sent twice."""
    store, clock = outbox(message()), FakeClock(NOW)
    settle, calls = store.record_results, []

    def busy_once(results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        calls.append(now)
        if len(calls) == 1:
            raise StoreBusy("locked")
        return settle(results, now)

    store.record_results = busy_once  # type: ignore[method-assign]  # the fault under test
    pass_over(store, clock, desk=always(Sent()))
    assert (len(calls), states(store)) == (2, [DeliveryState.SENT])


def test_a_lease_that_ends_is_not_outlived() -> None:
    """A slow target's batch stops before its lease does, so nobody else sends the same at the same time."""
    store, clock = outbox(*(message(n) for n in range(1, 6))), FakeClock(NOW)

    async def slow(_message: Message, _at: datetime) -> SendResult:
        clock.advance(timedelta(minutes=5))
        return Sent()

    pass_over(store, clock, desk=Scripted(slow))
    sent = [number for number, delivery in store.deliveries.items() if delivery.state is DeliveryState.SENT]
    assert 2 <= len(sent) <= 5
    assert len(sent) == len(set(sent))
