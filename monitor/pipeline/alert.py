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

from monitor.digest.address import address
from monitor.digest.held import said_held
from monitor.digest.misses import ASKED, last_week, summed_up
from monitor.domain.delivery import Delivery, Message
from monitor.domain.digest import OPENING, Digest, DigestPlan, HitRecord, Window
from monitor.domain.health import recoveries, troubles
from monitor.domain.official import Official
from monitor.domain.ports import Clock, Database, Timetable
from monitor.domain.settings import Configuration
from monitor.stories.floods import OLD

log = logging.getLogger(__name__)

LATE = timedelta(minutes=5)
DAYS = 14  # of the chart
TICK = timedelta(microseconds=1)
ALONE_EVERY, ALONE_LOOK = timedelta(hours=1), timedelta(minutes=5)  # notices without any hit


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast messages told at once may follow one another, so that a flood becomes few of them.

    ``free`` messages in ``per`` go out as they come; for each further ``free`` the wait between two doubles, from
    ``gap`` to ``longest``. What is found in between is told together.
    """

    free: int = 12
    per: timedelta = timedelta(minutes=10)
    gap: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=2)

    def wait(self, sent: int) -> timedelta:
        """Return how long the next message waits after the last, when so many were sent in ``per``."""
        return min(self.gap * 2 ** min(sent // self.free - 1, 16), self.longest) if sent >= self.free else timedelta(0)


@dataclass(frozen=True, slots=True)
class _Due:
    """A window to be told, the hits found before its end, and whether it comes late."""

    window: Window
    hits: Sequence[HitRecord]
    late: bool


class Alerter:
    """Tells what was found. One instance a process."""

    def __init__(self, database: Database, timetable: Timetable, clock: Clock, pace: Pace | None = None) -> None:
        self._database = database
        self._timetable = timetable
        self._clock = clock
        self._pace = pace or Pace()
        self._looked: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}
        self._sent: dict[str, deque[datetime]] = defaultdict(deque)

    async def compose_due(self, configuration: Configuration, notices: Sequence[str] = ()) -> list[Digest]:
        """Compose every digest that is due and return those that go out. ``notices`` stand at their head."""
        digests = []
        for plan in configuration.digests:
            try:
                digest = await self._tell(plan, configuration, notices)
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
        start = min(await self._begin(plan, last or now - configuration.settings.backfill), now - TICK)
        untold = await self._database.run(outbox.untold, plan, now + TICK)
        hits = untold if last else [hit for hit in untold if hit.found_at >= start]
        if since is not None:
            start = since
            hits = await self._database.run(outbox.retell, plan, since, now + TICK)
        told = {hit.id for hit in untold}
        whole = told <= {hit.id for hit in hits}  # else the older ones wait, and the newer ones with them
        due = _Due(Window(start, now), hits, late=False)
        return await self._compose(plan, configuration, due, ()), tuple(sorted(told)) if whole else ()

    async def send_now(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None = None
    ) -> tuple[Digest, tuple[Message, ...]]:
        """Put what ``preview`` shows into the outbox at once, and mark it told."""
        if await self._database.run(self._database.outbox.last_window_end, plan.id) is None:
            await self._open(plan, self._clock(), configuration.settings.backfill)
        digest, told = await self.preview(plan, configuration, since)
        messages = await self._commit(plan, configuration, digest, told)
        return digest, messages or ()

    async def _tell(self, plan: DigestPlan, configuration: Configuration, notices: Sequence[str]) -> Digest | None:
        due = await self._due(plan, configuration)
        if due is None:
            return None
        failed = await self._database.run(self._database.outbox.failed, due.window.start_at, due.window.end_at)
        noticed = await self._database.run(self._database.sources.noticed, due.window.start_at)
        period = due.window.start_at, due.window.end_at
        notes = [*notices, *_failures(failed), *recoveries(noticed, *period)]
        digest = await self._compose(plan, configuration, due, notes)
        told = tuple(hit.id for hit in due.hits)
        noted = bool(notes or troubles(noticed, *period))
        if plan.schedule.once and not (digest.stories or digest.overflow):
            plan = replace(plan, to=_heard_nowhere_else(plan, configuration.digests))
        worth = _worth_telling(plan, digest, noted=noted)
        messages = await self._commit(plan if worth else None, configuration, digest, told)
        if messages is None or not worth:
            return None
        self._sent[plan.id].append(self._clock())
        return digest

    async def _due(self, plan: DigestPlan, configuration: Configuration) -> _Due | None:
        """Find the window that is to be told now, if any."""
        now = self._clock()
        looked = self._looked.get(plan.id)
        self._looked[plan.id] = now
        last = await self._database.run(self._database.outbox.last_window_end, plan.id)
        opened = last is None
        if last is None:
            last = await self._open(plan, now, configuration.settings.backfill)
        due = self._timetable.last_due(plan, _since(last, looked, now), now)
        if due is None or (plan.schedule.once and self._too_soon(plan, now)):
            return None
        late = not plan.schedule.once and now - due > LATE
        end = max(now if late or plan.schedule.once else due, last + TICK)
        hits = await self._database.run(self._database.outbox.untold, plan, max(end, due) + TICK)
        if plan.schedule.once:
            if not hits:
                alone = await self._must_tell_troubles(plan, configuration, last, now)
                return _Due(Window(last, end), (), late=False) if alone else None
            late = not opened and self._timetable.last_due(plan, hits[0].found_at, now - LATE) is not None
        return _Due(Window(await self._begin(plan, last), end), hits, late)

    async def _begin(self, plan: DigestPlan, last: datetime) -> datetime:
        """Return where the window after ``last`` begins: the first one speaks of all that its digest looked back to."""
        if plan.schedule.once:
            return last
        return await self._database.run(self._database.outbox.opened_from, plan.id) or last

    async def _must_tell_troubles(
        self, plan: DigestPlan, configuration: Configuration, last: datetime, now: datetime
    ) -> bool:
        """Decide whether the state of the sources is to be told without any hit, to who hears of it nowhere else.

        What changes within minutes is told together, and at most once an hour.
        """
        asked = self._asked.get(plan.id)
        if asked is not None and asked <= now < asked + ALONE_LOOK:
            return False
        self._asked[plan.id] = now
        if asked is None or now - last < ALONE_EVERY or not _heard_nowhere_else(plan, configuration.digests):
            return False
        noticed = await self._database.run(self._database.sources.noticed, last)
        return bool(troubles(noticed, last, now) or recoveries(noticed, last, now))

    async def _open(self, plan: DigestPlan, now: datetime, backfill: timedelta) -> datetime:
        """Begin a digest that is new: what was found before the backfill is history, the rest is still to be told.

        One that tells at once looks back as far as the backfill; one with fixed times begins to wait for the next.
        """
        start = now - backfill
        end = start if plan.schedule.once else now - TICK
        opening = Digest(plan.id, plan.title, Window(start - OPENING, end), now, plan.timezone)
        await self._database.run(self._database.outbox.begin_digest, opening, plan, start)
        return end

    def _too_soon(self, plan: DigestPlan, now: datetime) -> bool:
        sent = self._sent[plan.id]
        while sent and not now - self._pace.per < sent[0] <= now:
            sent.popleft()
        return bool(sent) and now - sent[-1] < self._pace.wait(len(sent))

    async def _compose(
        self, plan: DigestPlan, configuration: Configuration, due: _Due, notices: Sequence[str]
    ) -> Digest:
        from monitor.digest.compose import compose  # as below

        database, outbox = self._database, self._database.outbox
        officials = _watched(plan, configuration, due.hits)
        days = _days(due.window.end_at, ZoneInfo(plan.timezone))
        coverage = await database.run(outbox.coverage, due.window)
        daily = await database.run(outbox.daily_mentions, [official.id for official in officials], days)
        held = await database.run(outbox.held_back, due.window)
        floods = said_held([line for line in held if line.reason != OLD])  # a single old article is no flood
        notices = [*notices, *floods, *await self._missed(plan, due.window, officials)]
        now = self._clock()
        return await asyncio.to_thread(
            compose, plan, due.window, due.hits, coverage, officials, daily, now, due.late, notices
        )

    async def _missed(self, plan: DigestPlan, window: Window, officials: Sequence[Official]) -> tuple[str, ...]:
        """Say once a week what was nearly found; it is no reason to send a digest that says nothing else."""
        week = last_week(plan, window)
        if week is None:
            return ()
        wanted = [official.id for official in officials]
        lines = await self._database.run(self._database.outbox.misses, wanted, week, ASKED)
        return summed_up(lines, officials)

    async def _commit(
        self, plan: DigestPlan | None, configuration: Configuration, digest: Digest, told: Sequence[int]
    ) -> tuple[Message, ...] | None:
        """Write the digest with its deliveries, or without any if ``plan`` is None; None if it was written before."""
        messages: tuple[Message, ...] = ()
        if plan:
            from monitor.digest.render import render  # long to load, and most passes have nothing to tell

            rendered = await asyncio.to_thread(render, digest, configuration.settings.templates)
            channels = [channel for channel in configuration.channels if channel.id in plan.to]
            messages = address(digest, rendered, channels, self._clock())
        outbox = self._database.outbox
        written = await self._database.run(outbox.commit_digest, digest, messages, told)
        return messages if written else None


def _since(last: datetime, looked: datetime | None, now: datetime) -> datetime:
    """Return the moment after which a time counts as not yet told: the end of the last window.

    A window that ended after the last look was told before the clock jumped back; then the last look counts.
    """
    if last < now and (looked is None or last <= looked):
        return last
    return looked if looked is not None and looked < now else now - TICK


def _worth_telling(plan: DigestPlan, digest: Digest, *, noted: bool) -> bool:
    """Tell what was found; without anything found, what the reader asked for or must know: notices and troubles."""
    asked = plan.quiet_notice and not plan.schedule.once
    return bool(plan.to) and bool(digest.stories or digest.overflow or noted or asked)


def _heard_nowhere_else(plan: DigestPlan, plans: Sequence[DigestPlan]) -> tuple[str, ...]:
    """Return the channels of a digest to which no digest with a fixed time goes."""
    served = {channel for other in plans if not other.schedule.once for channel in other.to}
    return tuple(channel for channel in plan.to if channel not in served)


def _watched(plan: DigestPlan, configuration: Configuration, hits: Sequence[HitRecord]) -> tuple[Official, ...]:
    """Return the officials of the plan's rules and of its hits, in the order of the file."""
    named = {official for rule in configuration.watch.rules if rule.id in plan.rules for official in rule.officials}
    named |= {official for hit in hits for official in hit.officials}
    return tuple(official for official in configuration.watch.officials if official.id in named)


def _days(end: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the midnights at which the last two weeks' days began in the reader's zone; the last day is today."""
    today = end.astimezone(zone).date()
    dates = (today - timedelta(days=back) for back in range(DAYS - 1, -1, -1))
    return tuple(datetime.combine(date, time(), zone).astimezone(UTC) for date in dates)


def _failures(deliveries: Sequence[Delivery]) -> list[str]:
    """Say which targets did not get their digests, so that a dead channel is heard of through the others."""
    targets: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        targets[delivery.message.channel_id, delivery.message.target].append(delivery)
    return [
        f"{len(lost)} {'digest' if len(lost) == 1 else 'digests'} did not reach {target} (channel {channel}): "
        f"{lost[-1].last_error}. `monitor outbox list` shows them, `monitor outbox replay` sends them again."
        for (channel, target), lost in targets.items()
    ]
