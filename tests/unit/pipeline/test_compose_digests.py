"""What is told, when, once, and with what is committed at the same time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import chain, pairwise
from types import SimpleNamespace
from typing import cast

from support.factories import NOW, ONCE, hit, message, watch
from support.fakes import FakeClock
from support.memory_outbox import MemoryOutbox, OutboxDatabase

from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Delivery, DeliveryState
from monitor.domain.digest import Coverage, Digest, DigestPlan, QuietHours, Schedule
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.ports import SourceStore
from monitor.domain.read_models import NearMissSummary, QuarantineSummary
from monitor.domain.source_health import SourceDiagnosis, notice_due, with_diagnosis, with_notice
from monitor.pipeline.compose_digests import DigestComposer
from monitor.schedule.digest_times import CronDigestSchedule

DAILY = DigestPlan("morning", ("people",), Schedule(at=time(7)), ("outbox",), timezone="Asia/Vientiane")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Desk:
    """A daemon's alerting half: a clock, a database, and what came of each look."""

    def __init__(self, configuration: Configuration, start: datetime = NOW) -> None:
        self.clock = FakeClock(start)
        self.outbox = MemoryOutbox()
        self.memories: dict[str, PollState] = {}
        self.database = OutboxDatabase(
            self.outbox,
            cast("SourceStore", SimpleNamespace(load_states_with_notices=lambda _since: list(self.memories.values()))),
        )
        self.configuration = configuration
        self.restart()

    def restart(self) -> None:
        self.alerter = DigestComposer(self.database, CronDigestSchedule(), self.clock)

    def look(self, after: timedelta = timedelta(0)) -> list[Digest]:
        self.clock.advance(after)
        return asyncio.run(self.alerter.run_due(self.configuration))

    def poll(self, name: str, state: SourceState, failures: float = 1.0) -> None:
        """Have a source polled, which is then in this state."""
        now, memory = self.clock.now, self.memories.get(name, PollState(name))
        memory = with_diagnosis(replace(memory, failures=failures), SourceDiagnosis(state, "as told"), now)
        self.memories[name] = with_notice(memory, notice_due(memory, now), now)

    def find(self, *numbers: int) -> None:
        found = self.clock.now - timedelta(seconds=1)
        self.outbox.hits += [hit(number, found_at=found, first_seen_at=found) for number in numbers]


def articles(digests: list[Digest]) -> list[list[int]]:
    return [[item.article_id for story in digest.stories for item in story.items] for digest in digests]


def test_a_hit_is_told_at_once_and_once() -> None:
    """The next look after a hit tells it, the look after that has nothing left to tell."""
    desk = Desk(watch(ONCE))
    desk.find(1)
    assert articles(desk.look()) == [[1]]
    assert desk.look(timedelta(seconds=1)) == []
    desk.find(2)
    assert articles(desk.look(timedelta(seconds=1))) == [[2]]
    assert len(desk.outbox.deliveries) == 2


def test_windows_join_without_a_gap() -> None:
    """Each window begins where the last one ended, so that no hit falls between two."""
    desk = Desk(watch(DAILY), datetime(2026, 5, 3, 20, tzinfo=UTC))
    for number in range(1, 200):
        desk.find(number)
        desk.look(HOUR)
    windows = sorted((digest.window.start_at, digest.window.end_at) for digest in desk.outbox.digests.values())
    assert all(end == start for (_, end), (start, _) in pairwise(windows[1:]))  # the first one opens the digest
    told = [number for numbers in articles([*desk.outbox.digests.values()]) for number in numbers]
    assert sorted(told) == list(range(1, len(told) + 1))
    assert len(told) > 150


def test_a_new_digest_waits_for_its_hour() -> None:
    """The first look at ten does not send the digest of seven; tomorrow's holds what was found since."""
    desk = Desk(watch(DAILY), datetime(2026, 5, 4, 3, tzinfo=UTC))
    desk.find(1)
    assert desk.look() == []
    desk.restart()
    digests = desk.look(21 * HOUR + timedelta(seconds=2))
    assert articles(digests) == [[1]]
    assert not digests[0].late
    assert digests[0].window.end_at == datetime(2026, 5, 5, 0, tzinfo=UTC)


def test_the_first_digest_speaks_of_all_that_it_looks_back_to() -> None:
    """Its period and proof of coverage begin with the backfill, not when it was opened; the next joins on."""
    start = datetime(2026, 5, 4, 3, tzinfo=UTC)
    desk = Desk(watch(DAILY), start)
    assert desk.look() == []
    shown, _ = asyncio.run(desk.alerter.preview(DAILY, desk.configuration))
    assert shown.window.start_at == start - desk.configuration.settings.backfill
    desk.find(1)
    (first,) = desk.look(21 * HOUR + timedelta(seconds=2))
    assert first.window.start_at == start - desk.configuration.settings.backfill
    desk.find(2)
    (second,) = desk.look(DAY)
    assert second.window.start_at == first.window.end_at


def test_a_new_digest_does_not_tell_history() -> None:
    """What was found longer ago than the backfill is not told by a digest that was added today."""
    desk = Desk(watch(ONCE))
    desk.outbox.hits += [hit(1, found_at=NOW - 30 * DAY), hit(2, found_at=NOW - HOUR)]
    digests = desk.look()
    assert articles(digests) == [[2]]
    assert not digests[0].late


def test_after_an_outage_one_late_digest_holds_everything() -> None:
    """A daemon that was down for four days sends one digest, marked late, and no day is lost."""
    desk = Desk(watch(DAILY))
    desk.look()
    for number in range(1, 5):
        desk.find(number)
        desk.clock.advance(DAY)
    desk.restart()
    desk.clock.advance(2 * HOUR)
    desk.find(5)
    digests = desk.look()
    assert articles(digests) == [[5, 4, 3, 2, 1]]
    assert digests[0].late
    assert desk.look(timedelta(seconds=1)) == []


def test_an_urgent_digest_after_an_outage_is_marked_late() -> None:
    """What was found and could have been told more than five minutes ago is late; the quiet hours are no delay."""
    held = replace(ONCE, id="held", quiet_hours=QuietHours(time(22), time(6)))
    desk = Desk(watch(ONCE, held), datetime(2026, 5, 4, 14, tzinfo=UTC))  # nine in the evening in Vientiane
    desk.look()
    desk.clock.advance(2 * HOUR)
    desk.find(1)
    desk.clock.advance(HOUR)
    assert [(digest.id, digest.late) for digest in desk.look()] == [("urgent", True)]
    assert [(digest.id, digest.late) for digest in desk.look(6 * HOUR)] == [("held", False)]


def test_nothing_found_is_said_when_asked_for() -> None:
    """The quiet notice is a digest of its own with the proof of coverage; without it nothing is sent."""
    quiet = replace(DAILY, id="quiet", send_when_empty=True)
    desk = Desk(watch(DAILY, quiet), NOW + HOUR)
    desk.outbox.proof = Coverage(sources=3, read=3, articles=40)
    desk.look()
    digests = desk.look(DAY)
    assert [digest.id for digest in digests] == ["quiet"]
    assert digests[0].coverage.read == 3
    assert len(desk.outbox.deliveries) == 1


def test_a_source_gone_blind_breaks_the_silence_daily_until_it_is_read_again() -> None:
    """Nothing is found, but a source is blocked: told at the next digest, daily while it lasts, and when it is over."""
    desk = Desk(watch(DAILY))
    desk.look()
    desk.poll("kpl", SourceState.BLOCKED)
    told = [desk.look(DAY)]
    desk.poll("kpl", SourceState.BLOCKED)
    told.append(desk.look(DAY))
    desk.poll("kpl", SourceState.OK)
    told += [desk.look(DAY), desk.look(DAY)]
    assert [len(digests) for digests in told] == [1, 1, 1, 0]
    assert told[2][0].notices[0].startswith("kpl is read again")


def test_a_hiccup_and_a_move_do_not_break_the_silence_for_ever() -> None:
    """A single failure is no news; a source that is read at its new address is told once."""
    desk = Desk(watch(DAILY))
    desk.look()
    desk.poll("kpl", SourceState.FAILING, failures=0.25)
    told = [desk.look(DAY)]
    for _ in range(3):
        desk.poll("vna", SourceState.MOVED)
        told.append(desk.look(DAY))
    assert [len(digests) for digests in told] == [0, 1, 0, 0]


def test_who_is_only_told_at_once_still_hears_of_a_blind_source() -> None:
    """Without any digest at a fixed time, changes of minutes go out together, and once an hour at most."""
    desk = Desk(watch(ONCE))
    desk.look()
    desk.clock.advance(HOUR)
    desk.poll("kpl", SourceState.BLOCKED)
    desk.poll("vna", SourceState.GONE)
    first = desk.look(timedelta(minutes=6))
    desk.poll("kpl", SourceState.OK)
    soon = [desk.look(timedelta(minutes=6)) for _ in range(9)]
    later = [digests for _ in range(5) if (digests := desk.look(timedelta(minutes=6)))]
    assert [len(first), sum(map(len, soon)), len(later)] == [1, 0, 1]
    assert later[0][0].notices[0].startswith("kpl is read again")
    assert [delivery.message.target for delivery in desk.outbox.deliveries.values()] == ["/nowhere"] * 2
    assert desk.look(3 * HOUR) == []


def test_who_has_a_digest_at_a_fixed_time_is_not_woken_for_a_source() -> None:
    """The same channel hears of it in the morning; quiet hours hold what is told at once."""
    desk = Desk(watch(ONCE, DAILY))
    desk.look()
    desk.clock.advance(HOUR)
    desk.poll("kpl", SourceState.BLOCKED)
    told = list(chain(*(desk.look(timedelta(minutes=6)) for _ in range(250))))
    assert [digest.id for digest in told] == ["morning"]
    held = Desk(watch(replace(ONCE, quiet_hours=QuietHours(time(0), time(23, 59)))))
    held.look()
    held.clock.advance(HOUR)
    held.poll("kpl", SourceState.BLOCKED)
    assert [held.look(timedelta(minutes=6)) for _ in range(20)] == [[]] * 20


def test_a_flood_is_said_but_breaks_no_silence() -> None:
    """What was held back stands at the head of the next digest; single old articles are not worth a word."""
    desk = Desk(watch(DAILY))
    desk.look()
    desk.outbox.held = [
        QuarantineSummary("kpl", "KPL", "one of many old articles", 30),
        QuarantineSummary("kpl", "KPL", "published before the source was watched", 2),
    ]
    assert desk.look(DAY) == []
    desk.find(1)
    (digest,) = desk.look(DAY)
    assert [notice.partition(" (")[0] for notice in digest.notices] == ["KPL: 30 articles were stored without alerting"]


def test_a_dead_delivery_is_told_through_the_next_digest() -> None:
    """Every following digest says which target did not get its own, and how to send it again."""
    desk = Desk(watch(ONCE))
    lost = Delivery(9, message(9), DeliveryState.FAILED, last_error="HTTP 500")
    desk.outbox.deliveries[9] = lost
    desk.find(1)
    notice = desk.look()[0].notices[0]
    assert "desk@example.org" in notice
    assert "HTTP 500" in notice
    assert "deliveries resend" in notice


def test_row_45_the_digest_its_deliveries_and_its_marks_are_one_write() -> None:
    """A second process that composes the same window writes nothing: no delivery, no mark."""
    desk = Desk(watch(ONCE))
    desk.find(1)
    (digest,) = desk.look()
    before = dict(desk.outbox.deliveries), set(desk.outbox.told)
    assert not desk.outbox.commit_digest(digest, [message()], [77])
    assert (desk.outbox.deliveries, desk.outbox.told) == before


def test_row_50_a_flood_becomes_few_messages_and_nothing_is_lost() -> None:
    """900 hits, one a second, are told by fewer and fewer messages that hold more and more of them."""
    desk = Desk(watch(ONCE))
    digests = []
    for number in range(1, 901):
        desk.find(number)
        digests += desk.look(timedelta(seconds=1))
    assert len(digests) < 110
    digests += desk.look(timedelta(minutes=10))
    shown = [number for numbers in articles(digests) for number in numbers]
    assert sorted(shown) == list(range(1, 901))
    assert [len(numbers) for numbers in articles(digests[:12])] == [1] * 12


def test_ordinary_alerts_are_not_slowed_down() -> None:
    """Thirty alerts in ten minutes each go out within five seconds of the hit."""
    desk = Desk(watch(ONCE))
    for number in range(1, 31):
        desk.find(number)
        told = [desk.look(timedelta(seconds=1)) for _ in range(5)]
        assert sum(map(len, told)) == 1
        desk.clock.advance(timedelta(seconds=15))


def test_row_53_each_window_once_over_the_clock_change() -> None:
    """Looking every minute through both nights of the year, a daily digest goes out exactly once a day."""
    for start in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        plan = replace(DAILY, timezone="Europe/Berlin", schedule=Schedule(at=time(2, 30)), send_when_empty=True)
        desk = Desk(watch(plan), start)
        assert sum(len(desk.look(timedelta(minutes=7))) for _ in range(60)) == 1


def test_row_54_a_jumping_clock_neither_storms_nor_stalls() -> None:
    """A day forward and back again: the digest of the real day still comes, no hit is lost or told twice."""
    desk = Desk(watch(replace(DAILY, send_when_empty=True), ONCE))
    desk.look()
    told = []
    for jump, number in ((DAY, 1), (-DAY, 2), (timedelta(seconds=1), 3), (timedelta(seconds=1), 4)):
        desk.clock.advance(jump)
        desk.find(number)
        told += desk.look()
    urgent = [numbers for digest, numbers in zip(told, articles(told), strict=True) if digest.id == "urgent"]
    assert sorted(chain(*urgent)) == [1, 2, 3, 4]
    assert len(told) <= 6
    assert [digest.id for digest in desk.look(DAY)] == ["morning"]


def test_one_digest_that_fails_does_not_silence_the_others() -> None:
    """An error in one plan is logged, the other plan is told."""
    broken = replace(ONCE, id="broken", timezone="Nowhere/Atlantis")
    desk = Desk(watch(broken, ONCE))
    desk.find(1)
    assert [digest.id for digest in desk.look()] == ["urgent"]


def test_a_preview_writes_nothing_and_sending_marks_it_told() -> None:
    """``digests preview`` may be asked any number of times; ``digests send`` reports, and --since tells again."""
    desk = Desk(watch(DAILY))
    desk.look()
    desk.find(1)
    desk.clock.advance(HOUR)
    ask = desk.alerter.preview(DAILY, desk.configuration)
    digest, hits = asyncio.run(ask)
    assert articles([digest]) == [[1]]
    assert (hits, desk.outbox.deliveries) == ((1,), {})
    asyncio.run(desk.alerter.send_now(DAILY, desk.configuration))
    assert len(desk.outbox.deliveries) == 1
    digest, _ = asyncio.run(desk.alerter.preview(DAILY, desk.configuration))
    assert digest.stories == ()
    asyncio.run(desk.alerter.send_now(DAILY, desk.configuration, since=NOW - 2 * DAY))
    assert len(desk.outbox.deliveries) == 2


def test_a_digest_of_the_last_hour_leaves_the_older_hits_to_the_next() -> None:
    """Sending a part by hand marks nothing as told, because what is older would be passed over."""
    desk = Desk(watch(DAILY))
    desk.look()
    desk.find(1)
    desk.clock.advance(3 * HOUR)
    desk.find(2)
    since = desk.clock.now - HOUR
    digest, _ = asyncio.run(desk.alerter.send_now(DAILY, desk.configuration, since))
    assert articles([digest]) == [[2]]
    desk.clock.advance(DAY)
    assert sorted(chain(*articles(desk.look()))) == [1, 2]


def test_a_digest_sent_by_hand_before_any_daemon_tells_no_history() -> None:
    """The first digest ever, sent or shown by hand, begins with the backfill; the next holds nothing older either."""
    desk = Desk(watch(DAILY))
    desk.outbox.hits += [hit(1, found_at=NOW - 30 * DAY), hit(2, found_at=NOW - HOUR)]
    shown, _ = asyncio.run(desk.alerter.preview(DAILY, desk.configuration))
    sent, _ = asyncio.run(desk.alerter.send_now(DAILY, desk.configuration))
    assert articles([shown, sent]) == [[2], [2]]
    assert desk.look(DAY + HOUR) == []


def test_what_was_nearly_found_is_said_once_a_week_and_never_alone() -> None:
    """A digest that goes out anyway carries the line once a week; the line is no reason to send one."""
    desk = Desk(watch(DAILY))
    desk.outbox.missed.append(
        NearMissSummary("ada-example", "Example", "no title", 2, 7, "A title", "https://times.example/7")
    )
    quiet = list(chain.from_iterable(desk.look(HOUR) for _ in range(8 * 24)))
    assert quiet == []
    lines: list[str] = []
    for number in range(14 * 24):
        if number % 24 == 0:
            desk.find(number + 1)
        lines += [notice for digest in desk.look(HOUR) for notice in digest.notices]
    assert len([line for line in lines if "near-misses" in line]) == 2
