"""Due times of digests: clock changes, quiet hours and outages."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import pytest

from monitor.domain.digest import DigestPlan, QuietHours, Schedule
from monitor.domain.errors import UsageError
from monitor.schedule.digest_times import CronDigestSchedule

DAY = timedelta(days=1)
NIGHT = QuietHours(time(22), time(6))


def plan(schedule: Schedule, zone: str = "Europe/Berlin", hold: QuietHours | None = None) -> DigestPlan:
    at: tuple[time, ...] | Literal["immediately"] = "immediately" if schedule.is_immediate else schedule.at
    return DigestPlan("morning", ("rule",), ("desk",), at, schedule.cron, timezone=zone, quiet_hours=hold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sweep(digest: DigestPlan, start: datetime, end: datetime, step: timedelta = timedelta(minutes=5)) -> list[datetime]:
    """Check every few minutes as the daemon does; each window starts at the end of the last one."""
    timetable, last_due_at, fires = CronDigestSchedule(), start, []
    now = start
    while now <= end:
        due = timetable.last_due(digest, last_due_at, now)
        if due is not None:
            fires.append(due)
            last_due_at = due
        now += step
    return fires


@pytest.mark.parametrize(
    ("schedule", "start", "end", "expected"),
    [
        (Schedule(at=(time(2, 30),)), "2026-10-24T12:00", "2026-10-26T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        (Schedule(at=(time(2, 30),)), "2026-03-28T12:00", "2026-03-30T12:00", ["2026-03-29T01:30", "2026-03-30T00:30"]),
        (Schedule(cron="30 2 * * *"), "2026-10-24T12:00", "2026-10-25T12:00", ["2026-10-25T00:30"]),
        (Schedule(cron="30 2 * * *"), "2026-03-28T12:00", "2026-03-29T12:00", ["2026-03-29T01:30"]),
    ],
    ids=["daily autumn", "daily spring", "cron autumn", "cron spring"],
)
def test_clock_changes_send_each_window_once(schedule: Schedule, start: str, end: str, expected: list[str]) -> None:
    """A repeated hour fires once, at its first occurrence; a skipped one still fires."""
    assert sweep(plan(schedule), utc(start), utc(end)) == [utc(moment) for moment in expected]


def test_an_hourly_digest_fires_in_both_repeated_hours() -> None:
    """It fires 25 times on the long day and 23 times on the short one."""
    hourly = plan(Schedule(cron="0 * * * *"))
    assert len(sweep(hourly, utc("2026-10-24T22:00"), utc("2026-10-25T23:00"))) == 25
    assert len(sweep(hourly, utc("2026-03-28T23:00"), utc("2026-03-29T22:00"))) == 23


def test_a_changed_zone_moves_only_the_hour() -> None:
    """After a change of the zone the next digest is due at the new hour, once."""
    before, after = plan(Schedule(at=(time(7),)), "Asia/Vientiane"), plan(Schedule(at=(time(7),)), "Europe/Berlin")
    last_due_at = CronDigestSchedule().last_due(before, utc("2026-05-01T00:00") - DAY, utc("2026-05-01T00:00"))
    assert last_due_at == utc("2026-05-01T00:00")
    assert CronDigestSchedule().last_due(after, last_due_at, utc("2026-05-01T12:00")) == utc("2026-05-01T05:00")


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 7 * * mon-fri", "mon tue wed thu fri"),
        ("0 7 * * 1-5", "mon tue wed thu fri"),
        ("0 7 * * 0", "sun"),
        ("0 7 * * 7", "sun"),
        ("0 7 * * 5-7", "fri sat sun"),
        ("0 7 * * sat,sun", "sat sun"),
        ("0 7 * * 1/2", "mon wed fri"),
        ("0 7 * * fri-mon", "fri sat sun mon"),
    ],
)
def test_weekdays_have_the_meaning_of_crontab(cron: str, days: str) -> None:
    """Sunday is 0 and 7; ranges, steps and names are accepted."""
    fires = sweep(plan(Schedule(cron=cron), "UTC"), utc("2026-05-03T00:00"), utc("2026-05-10T00:00"), DAY / 24)
    assert {fire.strftime("%a").lower() for fire in fires} == set(days.split())


def test_day_of_month_and_weekday_together_mean_either() -> None:
    """As in crontab(5), if both fields are restricted, a match of either one is sufficient."""
    fires = sweep(plan(Schedule(cron="0 7 13 * fri"), "UTC"), utc("2026-05-01T00:00"), utc("2026-05-31T00:00"), DAY / 4)
    assert [fire.day for fire in fires] == [1, 8, 13, 15, 22, 29]


def test_after_an_outage_of_days_one_digest_is_due() -> None:
    """A daemon that was down for four days finds the latest missed time, once."""
    daily = plan(Schedule(at=(time(7),)), "UTC")
    now = utc("2026-05-05T09:30")
    due = CronDigestSchedule().last_due(daily, utc("2026-05-01T07:00"), now)
    assert due == utc("2026-05-05T07:00")
    assert CronDigestSchedule().last_due(daily, now, now + timedelta(hours=1)) is None


def test_quiet_hours_delay_digests_and_drop_none() -> None:
    """A time at night is due in the morning; an immediate digest waits for the morning too."""
    late = plan(Schedule(at=(time(23),)), "Asia/Vientiane", NIGHT)
    fires = sweep(late, utc("2026-05-01T00:00"), utc("2026-05-03T00:00"))
    assert fires == [utc("2026-05-01T23:00"), utc("2026-05-02T23:00")]
    once = plan(Schedule(is_immediate=True), "Asia/Vientiane", NIGHT)
    night, morning = utc("2026-05-01T20:00"), utc("2026-05-01T23:00")
    assert CronDigestSchedule().last_due(once, night - DAY, night) is None
    assert CronDigestSchedule().last_due(once, night - DAY, morning) == morning


def test_a_time_before_quiet_hours_is_due_after_them() -> None:
    """The evening digest that a restart missed is sent as soon as the quiet hours end."""
    evening = plan(Schedule(cron="0 21,23 * * *"), "UTC", NIGHT)
    timetable = CronDigestSchedule()
    assert timetable.last_due(evening, utc("2026-05-01T12:00"), utc("2026-05-01T21:30")) == utc("2026-05-01T21:00")
    assert timetable.last_due(evening, utc("2026-05-01T12:00"), utc("2026-05-01T23:30")) is None
    early = plan(Schedule(at=(time(21),)), "UTC", NIGHT)
    assert timetable.last_due(early, utc("2026-05-01T12:00"), utc("2026-05-02T06:00")) == utc("2026-05-01T21:00")


def test_quiet_hours_end_once_in_a_repeated_hour() -> None:
    """Quiet hours that end within the repeated hour last until the clock passes their end for the second time."""
    once = plan(Schedule(is_immediate=True), hold=QuietHours(time(22), time(2, 30)))
    due = [
        CronDigestSchedule().last_due(once, utc("2026-10-24T00:00"), utc(f"2026-10-25T{at}"))
        for at in ("00:00", "01:31")
    ]
    assert [moment is not None for moment in due] == [False, True]


@pytest.mark.parametrize("cron", ["0 7 * *", "61 7 * * *", "0 7 * * funday", "0 7 * * 9", ""])
def test_the_error_for_an_invalid_cron_shows_a_valid_one(cron: str) -> None:
    """It contains the invalid expression and an example."""
    with pytest.raises(UsageError, match="expected"):
        CronDigestSchedule().last_due(plan(Schedule(cron=cron)), utc("2026-05-01T00:00"), utc("2026-05-02T00:00"))


def test_several_times_a_day_and_excepted_days() -> None:
    """Each time fires on each day but the excepted ones, as days of the digest's zone."""
    digest = DigestPlan(
        *("morning", ("rule",), ("desk",), (time(7), time(17))),
        timezone="Asia/Vientiane",
        except_on=(date(2026, 12, 25),),
    )
    fired = sweep(digest, utc("2026-12-24T06:00"), utc("2026-12-26T12:00"))
    assert fired == [utc("2026-12-24T10:00"), utc("2026-12-26T00:00"), utc("2026-12-26T10:00")]
