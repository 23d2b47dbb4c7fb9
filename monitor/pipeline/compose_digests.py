"""Composes what is due and commits it whole: the digest, its deliveries and the marks on its hits at once.

A window runs from the end of the last one, so no hit falls between two digests, whatever happened in between. It can
be done again at any moment: a window that is written is not written twice.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.digest.messages import build_messages
from monitor.digest.notices import (
    MAX_SPELLINGS_QUERIED,
    find_weekly_window,
    format_near_miss_notices,
    format_quarantine_notices,
)
from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Delivery, Message
from monitor.domain.digest import INITIAL_WINDOW_LEAD, Digest, DigestPlan, ReportableHit, Window
from monitor.domain.ports import Clock, Database, DigestSchedule
from monitor.domain.source_health import problem_notices, recovery_notices
from monitor.domain.watchlist import Official
from monitor.stories.novelty import PREDATES_SOURCE_REASON

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=5)
CHART_DAYS = 14  # of the chart
TIME_RESOLUTION = timedelta(microseconds=1)
SOURCE_NOTICE_INTERVAL, SOURCE_NOTICE_CHECK_INTERVAL = (
    timedelta(hours=1),
    timedelta(minutes=5),
)  # notices without any hit


@dataclass(frozen=True, slots=True)
class MessageRate:
    """How fast messages told at once may follow one another, so that a flood becomes few of them.

    ``free`` messages in ``per`` go out as they come; for each further ``free`` the wait between two doubles, from
    ``gap`` to ``longest``. What is found in between is told together.
    """

    burst_size: int = 12
    period: timedelta = timedelta(minutes=10)
    min_delay: timedelta = timedelta(seconds=2)
    max_delay: timedelta = timedelta(minutes=2)

    def delay_after(self, sent_count: int) -> timedelta:
        """Return how long the next message waits after the last, when so many were sent in ``per``."""
        return (
            min(self.min_delay * 2 ** min(sent_count // self.burst_size - 1, 16), self.max_delay)
            if sent_count >= self.burst_size
            else timedelta(0)
        )


@dataclass(frozen=True, slots=True)
class _DueWindow:
    """A window to be told, the hits found before its end, and whether it comes late."""

    window: Window
    hits: Sequence[ReportableHit]
    is_overdue: bool


class DigestComposer:
    """Tells what was found. One instance a process."""

    def __init__(
        self, database: Database, timetable: DigestSchedule, clock: Clock, rate: MessageRate | None = None
    ) -> None:
        self._database = database
        self._timetable = timetable
        self._clock = clock
        self._rate = rate or MessageRate()
        self._checked_at: dict[str, datetime] = {}
        self._notices_checked_at: dict[str, datetime] = {}
        self._sent_at: dict[str, deque[datetime]] = defaultdict(deque)

    async def run_due(self, configuration: Configuration, notices: Sequence[str] = ()) -> list[Digest]:
        """Compose every digest that is due and return those that go out. ``notices`` stand at their head."""
        digests = []
        for plan in configuration.digests:
            try:
                digest = await self._run_plan(plan, configuration, notices)
            except Exception:  # one digest that cannot be composed must not silence the others
                log.exception("digest failed", extra={"digest": plan.id})
                continue
            if digest:
                digests.append(digest)
        return digests

    async def preview(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None = None
    ) -> tuple[Digest, tuple[int, ...]]:
        """Compose what would be told now, or everything found ``since``, told or not; nothing is written.

        Returns the digest and the hits that it tells for the first time; none, if it leaves older ones untold.
        """
        now = self._clock()
        outbox = self._database.outbox
        last = await self._database.run(outbox.last_window_end, plan.id)
        start = min(
            await self._window_start(plan, last or now - configuration.settings.backfill), now - TIME_RESOLUTION
        )
        untold = await self._database.run(outbox.undelivered_hits, plan, now + TIME_RESOLUTION)
        hits = untold if last else [hit for hit in untold if hit.found_at >= start]
        if since is not None:
            start = since
            hits = await self._database.run(outbox.hits_between, plan, since, now + TIME_RESOLUTION)
        told = {hit.id for hit in untold}
        whole = told <= {hit.id for hit in hits}  # else the older ones wait, and the newer ones with them
        due = _DueWindow(Window(start, now), hits, is_overdue=False)
        return await self._compose_digest(plan, configuration, due, ()), tuple(sorted(told)) if whole else ()

    async def send_now(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None = None
    ) -> tuple[Digest, tuple[Message, ...]]:
        """Put what ``preview`` shows into the outbox at once, and mark it told."""
        if await self._database.run(self._database.outbox.last_window_end, plan.id) is None:
            await self._start_plan(plan, self._clock(), configuration.settings.backfill)
        digest, told = await self.preview(plan, configuration, since)
        messages = await self._commit(plan, configuration, digest, told)
        return digest, messages or ()

    async def _run_plan(self, plan: DigestPlan, configuration: Configuration, notices: Sequence[str]) -> Digest | None:
        due = await self._find_due_window(plan, configuration)
        if due is None:
            return None
        failed = await self._database.run(
            self._database.outbox.list_failed_deliveries, due.window.start_at, due.window.end_at
        )
        noticed = await self._database.run(self._database.sources.load_states_with_notices, due.window.start_at)
        period = due.window.start_at, due.window.end_at
        notes = [*notices, *_delivery_failure_notices(failed), *recovery_notices(noticed, *period)]
        digest = await self._compose_digest(plan, configuration, due, notes)
        told = tuple(hit.id for hit in due.hits)
        noted = bool(notes or problem_notices(noticed, *period))
        if plan.schedule.is_immediate and not (digest.stories or digest.overflow):
            plan = replace(plan, channels=_channels_without_scheduled_digest(plan, configuration.digests))
        worth = _should_send(plan, digest, has_notices=noted)
        messages = await self._commit(plan if worth else None, configuration, digest, told)
        if messages is None or not worth:
            return None
        self._sent_at[plan.id].append(self._clock())
        return digest

    async def _find_due_window(self, plan: DigestPlan, configuration: Configuration) -> _DueWindow | None:
        """Find the window that is to be told now, if any."""
        now = self._clock()
        looked = self._checked_at.get(plan.id)
        self._checked_at[plan.id] = now
        last = await self._database.run(self._database.outbox.last_window_end, plan.id)
        opened = last is None
        if last is None:
            last = await self._start_plan(plan, now, configuration.settings.backfill)
        due = self._timetable.last_due(plan, _due_after(last, looked, now), now)
        if due is None or (plan.schedule.is_immediate and self._is_rate_limited(plan, now)):
            return None
        late = not plan.schedule.is_immediate and now - due > OVERDUE_AFTER
        end = max(now if late or plan.schedule.is_immediate else due, last + TIME_RESOLUTION)
        hits = await self._database.run(self._database.outbox.undelivered_hits, plan, max(end, due) + TIME_RESOLUTION)
        if plan.schedule.is_immediate:
            if not hits:
                alone = await self._needs_source_notice(plan, configuration, last, now)
                return _DueWindow(Window(last, end), (), is_overdue=False) if alone else None
            late = not opened and self._timetable.last_due(plan, hits[0].found_at, now - OVERDUE_AFTER) is not None
        return _DueWindow(Window(await self._window_start(plan, last), end), hits, late)

    async def _window_start(self, plan: DigestPlan, last_end: datetime) -> datetime:
        """Return where the window after ``last`` begins: the first one speaks of all that its digest looked back to."""
        if plan.schedule.is_immediate:
            return last_end
        return await self._database.run(self._database.outbox.initial_lookback_start, plan.id) or last_end

    async def _needs_source_notice(
        self, plan: DigestPlan, configuration: Configuration, last_end: datetime, now: datetime
    ) -> bool:
        """Decide whether the state of the sources is to be told without any hit, to who hears of it nowhere else.

        What changes within minutes is told together, and at most once an hour.
        """
        asked = self._notices_checked_at.get(plan.id)
        if asked is not None and asked <= now < asked + SOURCE_NOTICE_CHECK_INTERVAL:
            return False
        self._notices_checked_at[plan.id] = now
        if (
            asked is None
            or now - last_end < SOURCE_NOTICE_INTERVAL
            or not _channels_without_scheduled_digest(plan, configuration.digests)
        ):
            return False
        noticed = await self._database.run(self._database.sources.load_states_with_notices, last_end)
        return bool(problem_notices(noticed, last_end, now) or recovery_notices(noticed, last_end, now))

    async def _start_plan(self, plan: DigestPlan, now: datetime, backfill: timedelta) -> datetime:
        """Begin a digest that is new: what was found before the backfill is history, the rest is still to be told.

        One that tells at once looks back as far as the backfill; one with fixed times begins to wait for the next.
        """
        start = now - backfill
        end = start if plan.schedule.is_immediate else now - TIME_RESOLUTION
        opening = Digest(plan.id, plan.title, Window(start - INITIAL_WINDOW_LEAD, end), now, plan.timezone)
        await self._database.run(self._database.outbox.create_digest, opening, plan, start)
        return end

    def _is_rate_limited(self, plan: DigestPlan, now: datetime) -> bool:
        sent = self._sent_at[plan.id]
        while sent and not now - self._rate.period < sent[0] <= now:
            sent.popleft()
        return bool(sent) and now - sent[-1] < self._rate.delay_after(len(sent))

    async def _compose_digest(
        self, plan: DigestPlan, configuration: Configuration, due: _DueWindow, notices: Sequence[str]
    ) -> Digest:
        from monitor.digest.compose import compose_digest  # as below

        database, outbox = self._database, self._database.outbox
        officials = _relevant_officials(plan, configuration, due.hits)
        days = _chart_days(due.window.end_at, ZoneInfo(plan.timezone))
        coverage = await database.run(outbox.load_coverage, due.window)
        daily = await database.run(outbox.count_daily_mentions, [official.id for official in officials], days)
        held = await database.run(outbox.list_quarantined, due.window)
        floods = format_quarantine_notices(
            [line for line in held if line.reason != PREDATES_SOURCE_REASON]
        )  # a single old article is no flood
        notices = [*notices, *floods, *await self._near_miss_notices(plan, due.window, officials)]
        now = self._clock()
        return await asyncio.to_thread(
            compose_digest, plan, due.window, due.hits, coverage, officials, daily, now, due.is_overdue, notices
        )

    async def _near_miss_notices(
        self, plan: DigestPlan, window: Window, officials: Sequence[Official]
    ) -> tuple[str, ...]:
        """Say once a week what was nearly found; it is no reason to send a digest that says nothing else."""
        week = find_weekly_window(plan, window)
        if week is None:
            return ()
        wanted = [official.id for official in officials]
        lines = await self._database.run(self._database.outbox.list_near_misses, wanted, week, MAX_SPELLINGS_QUERIED)
        return format_near_miss_notices(lines, officials)

    async def _commit(
        self, plan: DigestPlan | None, configuration: Configuration, digest: Digest, hit_ids: Sequence[int]
    ) -> tuple[Message, ...] | None:
        """Write the digest with its deliveries, or without any if ``plan`` is None; None if it was written before."""
        messages: tuple[Message, ...] = ()
        if plan:
            from monitor.digest.render import render_digest  # long to load, and most passes have nothing to tell

            rendered = await asyncio.to_thread(render_digest, digest, configuration.settings.template_dir)
            channels = [channel for channel in configuration.channels if channel.id in plan.channels]
            messages = build_messages(digest, rendered, channels, self._clock())
        outbox = self._database.outbox
        written = await self._database.run(outbox.commit_digest, digest, messages, hit_ids)
        return messages if written else None


def _due_after(last_end: datetime, checked_at: datetime | None, now: datetime) -> datetime:
    """Return the moment after which a time counts as not yet told: the end of the last window.

    A window that ended after the last look was told before the clock jumped back; then the last look counts.
    """
    if last_end < now and (checked_at is None or last_end <= checked_at):
        return last_end
    return checked_at if checked_at is not None and checked_at < now else now - TIME_RESOLUTION


def _should_send(plan: DigestPlan, digest: Digest, *, has_notices: bool) -> bool:
    """Tell what was found; without anything found, what the reader asked for or must know: notices and troubles."""
    asked = plan.send_when_empty and not plan.schedule.is_immediate
    return bool(plan.channels) and bool(digest.stories or digest.overflow or has_notices or asked)


def _channels_without_scheduled_digest(plan: DigestPlan, plans: Sequence[DigestPlan]) -> tuple[str, ...]:
    """Return the channels of a digest to which no digest with a fixed time goes."""
    served = {channel for other in plans if not other.schedule.is_immediate for channel in other.channels}
    return tuple(channel for channel in plan.channels if channel not in served)


def _relevant_officials(
    plan: DigestPlan, configuration: Configuration, hits: Sequence[ReportableHit]
) -> tuple[Official, ...]:
    """Return the officials of the plan's rules and of its hits, in the order of the file."""
    named = {official for rule in configuration.watchlist.rules if rule.id in plan.rules for official in rule.officials}
    named |= {official for hit in hits for official in hit.official_ids}
    return tuple(official for official in configuration.watchlist.officials if official.id in named)


def _chart_days(end: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the midnights at which the last two weeks' days began in the reader's zone; the last day is today."""
    today = end.astimezone(zone).date()
    dates = (today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1))
    return tuple(datetime.combine(date, time(), zone).astimezone(UTC) for date in dates)


def _delivery_failure_notices(deliveries: Sequence[Delivery]) -> list[str]:
    """Say which targets did not get their digests, so that a dead channel is heard of through the others."""
    targets: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        targets[delivery.message.channel_id, delivery.message.target].append(delivery)
    return [
        f"{len(lost)} {'digest' if len(lost) == 1 else 'digests'} did not reach {target} (channel {channel}): "
        f"{lost[-1].last_error}. `monitor deliveries list` shows them, `monitor deliveries resend` sends them again."
        for (channel, target), lost in targets.items()
    ]
