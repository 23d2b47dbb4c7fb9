"""Digest times: computes when daily, cron and immediate digests are due, in their time zone and outside quiet hours.

Cron lines have the meaning of crontab(5): Sunday is 0 or 7, and if both day of month and day of week are restricted, a
day needs to satisfy only one of them. APScheduler interprets both differently, so the fields are translated here. If
the end of summer time repeats an hour, a fixed time in this hour fires only at its first occurrence. If the start of
summer time skips a fixed time, it fires nevertheless.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.domain.digest import DigestPlan, QuietHours
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LOOKBACK_SPANS = tuple(timedelta(hours=hours) for hours in (0.2, 3, 48, 32 * 24, 400 * 24, 4 * 366 * 24))


def _parse_weekday(text: str) -> int:
    name = text.strip().lower()[:3]
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    number = int(text)
    if not 0 <= number <= 7:
        raise ValueError(text)
    return number


def _expand_weekdays(field: str) -> str:
    """Convert the day-of-week field of a cron line to names of days.

    Numbers would be ambiguous: crontab counts from Sunday, but APScheduler from Monday.
    """
    chosen: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = 0, 6
        else:
            low = _parse_weekday(first)
            high = _parse_weekday(last) if dash else (6 if step else low)
        if high < low:
            high += 7
        chosen |= {day % 7 for day in range(low, high + 1, int(step or 1))}
    return ",".join(WEEKDAYS[day] for day in sorted(chosen))


def _build_triggers(minute: str, hour: str, day: str, month: str, weekday: str) -> "tuple[CronTrigger, ...]":
    from apscheduler.triggers.cron import CronTrigger

    fixed = {"minute": minute, "hour": hour, "month": month, "second": 0, "timezone": UTC}
    names = "*" if weekday in {"*", "?"} else _expand_weekdays(weekday)
    if day in {"*", "?"} or day.startswith("*/") or names == "*" or weekday.startswith("*"):
        return (CronTrigger(day="*" if day == "?" else day, day_of_week=names, **fixed),)
    return (CronTrigger(day=day, **fixed), CronTrigger(day_of_week=names, **fixed))


@lru_cache(maxsize=256)
def _compile_schedule(at: tuple[time, ...], cron: str) -> "tuple[CronTrigger, ...]":
    """Convert a schedule to APScheduler triggers, which read local times as if they were UTC.

    The caller applies the time zone later. Raises ``UsageError`` for an invalid cron expression.
    """
    from apscheduler.triggers.cron import CronTrigger

    if at:
        return tuple(CronTrigger(hour=one.hour, minute=one.minute, second=one.second, timezone=UTC) for one in at)
    fields = cron.split()
    if len(fields) != 5:
        raise UsageError(f'cron "{cron}" has {len(fields)} fields; 5 are expected: minute hour day month weekday')
    try:
        return _build_triggers(*fields)
    except ValueError as error:
        raise UsageError(
            f'cron "{cron}" is not a valid expression ({error}); expected for example "0 7 * * mon-fri"'
        ) from error


def _instants_at(wall_time: datetime, zone: ZoneInfo, *, is_hourly: bool) -> Iterator[datetime]:
    """Yield the instants at which a clock in ``zone`` shows a local time.

    If the end of summer time repeats this time, there are two such instants; the second one is yielded only for an
    hourly schedule. If the start of summer time skips the time, the instant is computed as if the clock had not been
    changed (PEP 495, fold 0).
    """
    first = wall_time.replace(tzinfo=zone, fold=0).astimezone(UTC)
    yield first
    second = wall_time.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if is_hourly and second > first:
        yield second


def _to_wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the local time in ``zone`` at an instant. The result has the time zone UTC only as a label.

    The triggers of APScheduler, as they are used here, read local times as if they were UTC.
    """
    return moment.astimezone(zone).replace(tzinfo=UTC, fold=0)


def _iter_fire_times(plan: DigestPlan, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every instant after ``start`` and up to ``end`` at which the schedule of a digest plan fires.

    Days on which no digest is sent (``except_on``) are left out. Quiet hours are not applied here.
    """
    zone = ZoneInfo(plan.timezone)
    offsets = {moment.astimezone(zone).utcoffset() for moment in (start - DAY, start, end, end + DAY)}
    margin = timedelta(0) if len(offsets) == 1 else timedelta(hours=3)
    first, last = _to_wall_time(start, zone) - margin, _to_wall_time(end, zone) + margin
    for trigger in _compile_schedule(plan.schedule.at, plan.schedule.cron):
        hourly = not plan.schedule.at and plan.schedule.cron.split()[1].startswith("*")
        cursor = first
        while (fire := trigger.get_next_fire_time(None, cursor)) is not None and fire <= last:
            for moment in _instants_at(fire.replace(tzinfo=None), zone, is_hourly=hourly):
                if start < moment <= end and fire.date() not in plan.except_on:
                    yield moment
            cursor = fire + SECOND


def end_of_quiet_hours(quiet_hours: QuietHours | None, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the end of the quiet hours in which ``moment`` is; outside quiet hours, return ``moment`` itself."""
    if quiet_hours is None:
        return moment
    local = moment.astimezone(zone)
    local_time = local.time()
    spans_midnight = quiet_hours.start > quiet_hours.end
    is_quiet = (
        (local_time >= quiet_hours.start or local_time < quiet_hours.end)
        if spans_midnight
        else quiet_hours.start <= local_time < quiet_hours.end
    )
    if not is_quiet:
        return moment
    day = local.date() if local_time < quiet_hours.end else local.date() + DAY
    ends = [datetime.combine(day, quiet_hours.end).replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return next((end for end in ends if end > moment), ends[-1])


class CronDigestSchedule:
    """Schedule of digests by local times, cron lines and quiet hours. It computes when a digest was last due."""

    def last_due(self, plan: DigestPlan, after: datetime, now: datetime) -> datetime | None:
        """Return the latest time after ``after`` and up to ``now`` at which a digest was due.

        The result is None if it was not due. No digest is due within quiet hours. If the schedule fires within them,
        the digest is due at their end. A digest without fixed times (immediate) is due at any moment outside quiet
        hours. Raises ``UsageError`` for an invalid cron expression.
        """
        zone = ZoneInfo(plan.timezone)
        if now <= after or end_of_quiet_hours(plan.quiet_hours, zone, now) > now:
            return None
        if plan.schedule.is_immediate:
            return now
        earliest = after - DAY  # an earlier start, because quiet hours delay a time by less than a day
        for span in LOOKBACK_SPANS:
            start = max(earliest, now - span)
            due = (end_of_quiet_hours(plan.quiet_hours, zone, fire) for fire in _iter_fire_times(plan, start, now))
            latest = max((moment for moment in due if after < moment <= now), default=None)
            if latest is not None or start == earliest:
                return latest
        return None
