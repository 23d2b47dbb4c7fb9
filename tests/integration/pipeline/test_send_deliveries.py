"""Delivery step: schedule of attempts, pauses, isolation of targets, and crashes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from support.factories import NOW, message
from support.fakes import FakeClock

from monitor.domain.delivery import Delivery, DeliveryResult, DeliveryState, Message, Rejected, Retry, SendResult, Sent
from monitor.domain.digest import Digest, Window
from monitor.domain.errors import StoreBusy
from monitor.domain.ports import ChannelSender
from monitor.pipeline.send_deliveries import RETRY_DELAYS, DeliveryAttempt, DeliverySender, next_attempt_time
from monitor.store.database import Database

HOUR = timedelta(hours=1)


@dataclass
class Scripted:
    """Sender with a given behaviour, which records what it sent."""

    act: Callable[[Message, datetime], Awaitable[SendResult]]
    sent: list[tuple[str, str, datetime]] = field(default_factory=list)

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        self.sent.append((message.key, message.target, attempt_at))
        return await self.act(message, attempt_at)


def always(receipt: SendResult) -> Scripted:
    async def act(_message: Message, _at: datetime) -> SendResult:
        return receipt

    return Scripted(act)


def store(database: Database, *messages: Message, name: str = "morning") -> None:
    """Store a digest with these messages as pending deliveries."""
    database.digests.commit_digest(Digest(name, name.title(), Window(NOW, NOW), NOW, "UTC"), messages, ())


def run(database: Database, clock: FakeClock, **senders: ChannelSender) -> list[DeliveryAttempt]:
    """Send what is due in a new process."""
    sender = DeliverySender(database, senders, clock, wait_seconds=1.0)

    async def run_and_drain() -> list[DeliveryAttempt]:
        attempts = await sender.run_due()
        return [*attempts, *await sender.drain(30)]

    return asyncio.run(run_and_drain())


def deliveries(database: Database) -> list[Delivery]:
    """Return all deliveries, oldest first."""
    return database.deliveries.list_deliveries(limit=1000)[::-1]


def states(database: Database) -> list[DeliveryState]:
    return [delivery.state for delivery in deliveries(database)]


def test_a_due_delivery_is_sent_once(database: Database) -> None:
    """It is recorded as sent, and the next run does not send it again."""
    store(database, message(1), message(2))
    clock, desk = FakeClock(NOW), always(Sent())
    assert len(run(database, clock, desk=desk)) == 2
    assert run(database, clock, desk=desk) == []
    assert states(database) == [DeliveryState.SENT] * 2
    assert [key for key, _, _ in desk.sent] == [f"{1:040x}", f"{2:040x}"]


def test_a_receiver_that_stays_down_is_tried_for_75_hours(database: Database) -> None:
    """Ten attempts with growing waits and one key; then the delivery has failed."""
    store(database, message())
    clock, desk = FakeClock(NOW), always(Retry("HTTP 500"))
    while deliveries(database)[0].state is DeliveryState.PENDING:
        clock.now = deliveries(database)[0].next_attempt_at or NOW
        run(database, clock, desk=desk)
    times = [at for _, _, at in desk.sent]
    assert len(times) == 10
    assert timedelta(hours=75) <= times[-1] - times[0] <= timedelta(hours=84)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == sorted(waits)
    assert (deliveries(database)[0].state, deliveries(database)[0].last_error) == (DeliveryState.FAILED, "HTTP 500")
    assert len({key for key, _, _ in desk.sent}) == 1


def test_a_receiver_that_is_down_for_three_days_gets_the_message(database: Database) -> None:
    """An outage of 72 hours is within the schedule of attempts."""

    async def act(_message: Message, at: datetime) -> SendResult:
        return Sent() if at >= NOW + 72 * HOUR else Retry("connection refused")

    store(database, message())
    clock, desk = FakeClock(NOW), Scripted(act)
    while deliveries(database)[0].state is DeliveryState.PENDING:
        clock.now = deliveries(database)[0].next_attempt_at or NOW
        run(database, clock, desk=desk)
    assert states(database) == [DeliveryState.SENT]


def test_jitter_only_lengthens_the_wait() -> None:
    """Deliveries that failed together are retried at different times; a longer Retry-After has priority."""
    one, other = (Delivery(n, message(n), attempts=3) for n in (1, 2))
    first, second = (next_attempt_time(delivery, Retry("x"), NOW) for delivery in (one, other))
    assert first is not None
    assert second is not None
    assert first != second
    assert RETRY_DELAYS[3] <= first - NOW <= RETRY_DELAYS[3] * 1.1
    assert next_attempt_time(one, Retry("x", retry_after=5 * HOUR), NOW) == NOW + 5 * HOUR
    assert next_attempt_time(one, Sent(), NOW) is None


def test_a_pause_delays_the_channel_and_a_refusal_ends_one_target(database: Database) -> None:
    """429 or 421 delays all deliveries of the channel; 550 concerns one recipient."""
    store(database, message(1), message(2, target="b@example.org"))
    clock = FakeClock(NOW)
    run(database, clock, desk=always(Retry("421 closing", retry_after=HOUR, pause_channel=True)))
    assert all((delivery.next_attempt_at or NOW) >= NOW + HOUR for delivery in deliveries(database))

    async def act(message: Message, _at: datetime) -> SendResult:
        return Rejected("550 no such user") if message.target.startswith("b@") else Sent()

    clock.advance(24 * HOUR)
    run(database, clock, desk=Scripted(act))
    assert states(database) == [DeliveryState.SENT, DeliveryState.REJECTED]


def test_a_hanging_target_delays_no_other_target(database: Database) -> None:
    """With 100 messages each for a hanging and a working target, the second gets all; the first gets one attempt."""
    messages = [message(n, target="hole" if n % 2 else "good", channel="hole" if n % 2 else "good") for n in range(200)]
    store(database, *messages)
    clock = FakeClock(NOW)

    async def hang(_message: Message, _at: datetime) -> SendResult:
        await asyncio.Event().wait()
        raise AssertionError

    hole, good = Scripted(hang), always(Sent())

    async def run_until_sent() -> None:
        sender = DeliverySender(database, {"hole": hole, "good": good}, clock, wait_seconds=0.1)
        while len(good.sent) < 100:
            await sender.run_due()
        await sender.drain(0)

    asyncio.run(run_until_sent())
    assert len(hole.sent) == 1
    clock.advance(timedelta(minutes=11))
    assert len(run(database, clock, hole=always(Sent()), good=good)) == 100


def test_a_failing_target_is_paused_and_its_messages_keep_their_order(database: Database) -> None:
    """After a failure the target's other messages wait, and are sent in their order later."""
    store(database, *(message(n) for n in range(1, 6)))
    clock = FakeClock(NOW)
    down = always(Retry("connection refused"))
    run(database, clock, desk=down)
    assert len(down.sent) == 1
    clock.advance(timedelta(minutes=11))
    up = always(Sent())
    run(database, clock, desk=up)
    assert sorted(key for key, _, _ in up.sent) == [f"{n:040x}" for n in range(1, 6)]


def test_a_pause_ends_when_the_clock_moves_back(database: Database) -> None:
    """A target paused under a clock one day ahead is not paused for a day after the clock is corrected."""
    store(database, message(1), message(2))
    clock = FakeClock(NOW + timedelta(days=1))
    down, up = always(Retry("connection refused")), always(Sent())
    senders: dict[str, ChannelSender] = {"desk": down}
    sender = DeliverySender(database, senders, clock, wait_seconds=1.0)
    asyncio.run(sender.run_due())
    clock.advance(-timedelta(days=1))
    store(database, message(3), name="noon")
    senders["desk"] = up
    asyncio.run(sender.run_due())
    assert [key for key, _, _ in up.sent] == [f"{3:040x}"]


def test_a_message_that_always_fails_does_not_stop_the_others(database: Database) -> None:
    """A message that the target never accepts is retried alone; the others are sent."""

    async def act(message: Message, _at: datetime) -> SendResult:
        return Retry("451 not this one") if message.key == f"{1:040x}" else Sent()

    store(database, *(message(n) for n in range(1, 5)))
    clock = FakeClock(NOW)
    for _ in range(6):
        run(database, clock, desk=Scripted(act))
        clock.advance(timedelta(minutes=11))
    assert states(database) == [DeliveryState.PENDING] + [DeliveryState.SENT] * 3


def test_a_crash_after_sending_repeats_one_message_with_its_key(database: Database) -> None:
    """After a crash before the result is recorded, the next process sends that message again with its key."""

    class Killed(BaseException):
        """Not even the guard around a carrier catches it."""

    async def act(_message: Message, _at: datetime) -> SendResult:
        raise Killed

    store(database, message(1), message(2))
    clock = FakeClock(NOW)
    dying = Scripted(act)
    run(database, clock, desk=dying)
    clock.advance(timedelta(minutes=11))
    desk = always(Sent())
    run(database, clock, desk=desk)
    assert states(database) == [DeliveryState.SENT] * 2
    assert [key for key, _, _ in (*dying.sent, *desk.sent)].count(f"{1:040x}") == 2
    assert [key for key, _, _ in (*dying.sent, *desk.sent)].count(f"{2:040x}") == 1


def test_an_error_in_a_sender_is_a_temporary_failure(database: Database) -> None:
    """An unexpected error is recorded and retried; its text, which may hold a secret, is not stored."""

    async def act(_message: Message, _at: datetime) -> SendResult:
        raise ValueError("https://hooks.example.org/T0P-S3CRET")

    store(database, message())
    clock = FakeClock(NOW)
    run(database, clock, desk=Scripted(act))
    assert deliveries(database)[0].last_error == "the attempt failed: ValueError"


def test_deliveries_of_a_removed_channel_are_retried(database: Database) -> None:
    """The reason names sources.yaml; they are sent if the channel is configured again."""
    store(database, message(channel="gone"))
    clock = FakeClock(NOW)
    (attempt,) = run(database, clock)
    assert isinstance(attempt.receipt, Retry)
    assert "sources.yaml" in attempt.receipt.reason


def test_recording_a_result_is_retried_while_the_database_is_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unrecorded delivery would be sent twice."""
    store(database, message())
    clock = FakeClock(NOW)
    record_results, calls = database.deliveries.record_results, list[datetime]()

    def fail_once(results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        calls.append(now)
        if len(calls) == 1:
            raise StoreBusy("locked")
        return record_results(results, now)

    monkeypatch.setattr(database.deliveries, "record_results", fail_once)  # the injected fault
    run(database, clock, desk=always(Sent()))
    assert (len(calls), states(database)) == (2, [DeliveryState.SENT])


def test_sending_stops_before_the_lease_expires(database: Database) -> None:
    """A slow target's batch ends before its lease, so that no other process sends the same message."""
    store(database, *(message(n) for n in range(1, 6)))
    clock = FakeClock(NOW)

    async def slow(_message: Message, _at: datetime) -> SendResult:
        clock.advance(timedelta(minutes=5))
        return Sent()

    run(database, clock, desk=Scripted(slow))
    sent = [delivery.id for delivery in deliveries(database) if delivery.state is DeliveryState.SENT]
    assert 2 <= len(sent) <= 5
    assert len(sent) == len(set(sent))
