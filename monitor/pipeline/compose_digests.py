"""Digest step: composes due digests, and stores each with its deliveries and the record of the hits that it reports.

A hit is one match of a rule in an article. The window of a digest is the period that it covers. It starts at the end
of the last window, so no hit falls between two digests. The step may be repeated at any time, because a window that is
stored is not stored again.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.digest.compose import compose_digest
from monitor.digest.fallback import compose_fallback, render_fallback
from monitor.digest.messages import build_messages
from monitor.digest.notices import (
    MAX_SPELLINGS_QUERIED,
    find_weekly_window,
    format_muted_notices,
    format_near_miss_notices,
    format_quarantine_notices,
    format_repeated_rejections,
    format_retractions,
    format_unreached_notice,
)
from monitor.digest.translations import add_translations, list_texts
from monitor.domain.channels import FolderChannel
from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import (
    INITIAL_WINDOW_LEAD,
    Digest,
    DigestInputs,
    DigestPlan,
    DigestQuery,
    LastWindow,
    PeopleNotices,
    ReportableHit,
    ReportedContent,
    Window,
)
from monitor.domain.errors import StoreError
from monitor.domain.marks import MarkedHits, apply_marks
from monitor.domain.poll_state import PollState
from monitor.domain.ports import Clock, DigestSchedule, Translator
from monitor.domain.source_health import problem_notices, recovery_notices
from monitor.domain.succession import Announcement
from monitor.domain.values import replace
from monitor.domain.watchlist import Official
from monitor.pipeline.digest_failures import DigestFailures
from monitor.pipeline.report_operation import select_bulk_changes
from monitor.pipeline.spikes import hold_hits, list_spike_rules
from monitor.store.database import Database

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=5)
CHART_DAYS = 14
TIME_RESOLUTION = timedelta(microseconds=1)
SOURCE_NOTICE_INTERVAL = timedelta(hours=1)  # minimum time between two digests that contain only notices about sources
SOURCE_NOTICE_CHECK_INTERVAL = timedelta(minutes=5)


class MessageRate(Struct, frozen=True):
    """Rate limit for immediate digests, so that many hits (articles that satisfy a rule) at once cause few messages.

    ``burst_size`` messages per ``period`` are sent without delay. For each further ``burst_size`` messages, the delay
    between two messages doubles, from ``min_delay`` to ``max_delay``. All hits that are found during a delay are in one
    message.
    """

    burst_size: int = 12
    period: timedelta = timedelta(minutes=10)
    min_delay: timedelta = timedelta(seconds=2)
    max_delay: timedelta = timedelta(minutes=2)

    def delay_after(self, sent_count: int) -> timedelta:
        """Return the minimum time until the next message, after ``sent_count`` messages in the last ``period``."""
        return (
            min(self.min_delay * 2 ** min(sent_count // self.burst_size - 1, 16), self.max_delay)
            if sent_count >= self.burst_size
            else timedelta(0)
        )


class _DueWindow(Struct, frozen=True):
    """A period (``window``) for which a digest must be composed now.

    - ``hits_before`` is a time. Hits (articles that satisfy a rule) that were found later are left to the next digest.
    - ``is_overdue`` is true if the digest is composed much later than planned.
    - ``is_first`` is true if the digest plan had no digest before.
    """

    window: Window
    hits_before: datetime
    is_overdue: bool
    is_first: bool


class NoticeSource(Protocol):
    """Protocol of an object that finds notices about the officials of a digest, such as "unusually many stories"."""

    async def load_notices(
        self,
        plan: DigestPlan,
        configuration: Configuration,
        officials: Sequence[Official],
        end_at: datetime,
        now: datetime,
        *,
        is_preview: bool,
    ) -> PeopleNotices:
        """Return the notices about some officials for a digest. ``end_at`` is the end of the period that it covers.

        For a preview, nothing in the database is changed.
        """
        ...

    async def find_spikes(self, official_ids: Collection[str], end_at: datetime) -> frozenset[str]:
        """Return the given officials who were named in unusually many stories in the 24 hours before ``end_at``."""
        ...


class DigestComposer:
    """Composer of due digests. Each process has one instance.

    ``notice_source`` has the notices about the officials of a digest. Without it, digests have no such notices.
    """

    def __init__(
        self,
        database: Database,
        timetable: DigestSchedule,
        clock: Clock,
        rate: MessageRate | None = None,
        translator: Translator | None = None,
        notice_source: NoticeSource | None = None,
    ) -> None:
        self._translator, self._notice_source = translator, notice_source
        self._database = database
        self._timetable = timetable
        self._clock = clock
        self._rate = rate or MessageRate()
        self._checked_at: dict[str, datetime] = {}
        self._notices_checked_at: dict[str, datetime] = {}
        self._sent_at: dict[str, deque[datetime]] = defaultdict(deque)
        self.failures = DigestFailures()
        self.template_problems: dict[str, tuple[str, ...]] = {}

    async def run_due(self, configuration: Configuration) -> list[Digest]:
        """Compose every due digest, and return the digests that are sent.

        A digest that fails is tried again later. After several failures a plain list is sent instead, and ``failures``
        has the reason. If the database fails for one digest, ``StoreError`` is raised after all other digests were
        tried.
        """
        digests = []
        store_error: StoreError | None = None
        for plan in configuration.digests:
            if self.failures.must_wait(plan.id, self._clock()):
                continue
            try:
                digest = await self._run_plan(plan, configuration)
            except StoreError as error:
                store_error = error
                continue
            except Exception as error:  # noqa: BLE001 - any error in one digest must not stop the others
                self.failures.record(plan.id, error, self._clock())
                continue
            if digest:
                digests.append(digest)
        if store_error:
            raise store_error
        return digests

    async def preview(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None = None
    ) -> tuple[Digest, tuple[int, ...]]:
        """Compose a digest as it would be sent now, without storing anything.

        Return the digest, and the ids of the hits (matches of rules in articles) that would be recorded as reported if
        it were sent. If ``since`` is given, the digest has exactly the hits that were found since then, reported or
        not. In this case no ids are returned, because sending such a digest records nothing.
        """
        digest, hit_ids, _inputs, _people = await self._preview(plan, configuration, since, is_preview=True)
        return digest, hit_ids

    async def _preview(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None, *, is_preview: bool
    ) -> tuple[Digest, tuple[int, ...], DigestInputs, PeopleNotices]:
        now = self._clock()
        last = await self._database.read(self._database.digests.load_last_window, plan)
        start_at = _window_start(last) if last else now - configuration.settings.backfill
        start_at = since if since is not None else min(start_at, now - TIME_RESOLUTION)
        window = Window(start_at, now)
        query = replace(
            _build_query(plan, configuration, window, now + TIME_RESOLUTION),
            found_since=None if last else start_at,
            period_start_at=since,
        )
        inputs = await self._database.read(self._database.digests.load_inputs, plan, query)
        if since is None:
            inputs = await self._hold_hits(plan, configuration, inputs, window.end_at)
        is_complete = inputs.undelivered_hit_ids <= {hit.id for hit in inputs.hits}
        people = await self._load_people_notices(plan, configuration, inputs, window, is_preview=is_preview)
        digest = await self._compose(plan, configuration, window, inputs, people)
        return digest, tuple(sorted(inputs.undelivered_hit_ids)) if is_complete else (), inputs, people

    async def send_now(
        self, plan: DigestPlan, configuration: Configuration, since: datetime | None = None
    ) -> tuple[Digest, tuple[Message, ...]]:
        """Compose the same digest as ``preview``, store it with its deliveries, and record its articles as reported."""
        if await self._database.read(self._database.digests.load_last_window, plan) is None:
            await self._start_plan(plan, self._clock(), configuration.settings.backfill)
        digest, hit_ids, inputs, people = await self._preview(plan, configuration, since, is_preview=False)
        rendered = await self._render(plan, digest, configuration)
        messages = await self._commit(plan, configuration, digest, rendered, hit_ids, inputs, people.announced)
        return digest, messages or ()

    async def _run_plan(self, plan: DigestPlan, configuration: Configuration) -> Digest | None:
        due = await self._find_due_window(plan, configuration)
        if due is None:
            return None
        try:
            return await self._run_window(plan, configuration, due)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - articles and templates of others can fail in any way
            if not self.failures.record(plan.id, error, self._clock()):
                return None
            return await self._run_fallback(plan, configuration, due)

    async def _run_window(self, plan: DigestPlan, configuration: Configuration, due: _DueWindow) -> Digest | None:
        """Compose and store the digest of a period, and return the digest if it is sent, otherwise None."""
        inputs = await self._load_inputs(plan, configuration, due)
        if inputs is None:
            return None
        window = due.window
        source_notices = recovery_notices(inputs.source_states, window.start_at, window.end_at)
        notices = [*format_unreached_notice(inputs.failed_deliveries), *source_notices]
        people = await self._load_people_notices(plan, configuration, inputs, window, is_preview=False)
        has_notices = bool(
            notices
            or inputs.retractions
            or people.announced
            or problem_notices(inputs.source_states, window.start_at, window.end_at)
        )
        is_overdue = self._is_overdue(plan, due, _mark_hits(plan, inputs, window.end_at).shown)
        digest = await self._compose(plan, configuration, window, inputs, people, notices, is_overdue=is_overdue)
        if plan.schedule.is_immediate and not (digest.stories or digest.omitted_articles or inputs.retractions):
            plan = replace(plan, channels=_channels_without_scheduled_digest(plan, configuration.digests))
        should_send = _should_send(plan, digest, has_notices=has_notices)
        rendered = await self._render(plan, digest, configuration) if should_send else None
        settled = inputs if should_send else _without_waiting_hits(plan, inputs, window.end_at)
        hit_ids = tuple(hit.id for hit in settled.hits)
        announced = people.announced if should_send else ()
        is_stored = await self._commit(plan, configuration, digest, rendered, hit_ids, inputs, announced) is not None
        self.failures.clear(plan.id)
        return digest if is_stored and should_send else None

    async def _run_fallback(self, plan: DigestPlan, configuration: Configuration, due: _DueWindow) -> Digest | None:
        """Store a plain digest with headlines and links instead of a digest that could not be composed.

        Return the plain digest, or None if it has no headlines.
        """
        hits = await self._database.read(self._database.digests.list_headlines, plan, due.hits_before)
        if not hits:
            return None
        items = tuple({item.article_id: item for item in hits.values()}.values())
        digest = compose_fallback(plan, due.window, items, self._clock())
        is_stored = await self._commit(plan, configuration, digest, render_fallback(digest), tuple(hits)) is not None
        return digest if is_stored else None

    async def _find_due_window(self, plan: DigestPlan, configuration: Configuration) -> _DueWindow | None:
        """Return the period for which a digest must be composed now, or None if the digest plan is not due."""
        now = self._clock()
        checked_at = self._checked_at.get(plan.id)
        self._checked_at[plan.id] = now
        last = await self._database.read(self._database.digests.load_last_window, plan)
        is_first = last is None
        if last is None:
            last = await self._start_plan(plan, now, configuration.settings.backfill)
        due_at = self._timetable.last_due(plan, _due_after(last.end_at, checked_at, now), now)
        if due_at is None or (plan.schedule.is_immediate and self._is_rate_limited(plan, now)):
            return None
        is_overdue = not plan.schedule.is_immediate and now - due_at > OVERDUE_AFTER
        end_at = max(
            now if is_overdue or plan.schedule.is_immediate else due_at,
            last.end_at + TIME_RESOLUTION,
        )
        window = Window(_window_start(last), end_at)
        return _DueWindow(window, max(end_at, due_at) + TIME_RESOLUTION, is_overdue, is_first)

    async def _load_inputs(
        self, plan: DigestPlan, configuration: Configuration, due: _DueWindow
    ) -> DigestInputs | None:
        """Return the inputs of a due digest, or None if an immediate digest has nothing to report."""
        end_at = due.window.end_at

        async def load(query: DigestQuery) -> DigestInputs:
            inputs = await self._database.read(self._database.digests.load_inputs, plan, query)
            return await self._hold_hits(plan, configuration, inputs, end_at)

        query = _build_query(plan, configuration, due.window, due.hits_before)
        if not plan.schedule.is_immediate:
            return await load(query)
        inputs = _without_waiting_hits(plan, await load(replace(query, requires_hits=True)), end_at)
        if inputs.has_reports:
            return inputs
        if not self._is_source_notice_check_due(plan, configuration, due.window.start_at):
            return None
        inputs = _without_waiting_hits(plan, await load(query), end_at)
        has_notice = _has_source_notice(inputs.source_states, due.window)
        return inputs if inputs.hits or has_notice else None

    async def _hold_hits(
        self, plan: DigestPlan, configuration: Configuration, inputs: DigestInputs, end_at: datetime
    ) -> DigestInputs:
        """Remove from the content of a digest the articles that must wait, because their rule has the key ``spike``.

        Such articles wait until unusually many stories name an official of the rule.
        """
        rules = list_spike_rules(plan, configuration.watchlist.rules)
        officials = {one for hit in inputs.hits if hit.rule_id in rules for one in hit.official_ids}
        if not officials or self._notice_source is None:
            return inputs
        return hold_hits(inputs, rules, await self._notice_source.find_spikes(officials, end_at), end_at)

    def _is_overdue(self, plan: DigestPlan, due: _DueWindow, hits: Sequence[ReportableHit]) -> bool:
        if not plan.schedule.is_immediate or not hits:
            return due.is_overdue
        latest = self._clock() - OVERDUE_AFTER
        return not due.is_first and self._timetable.last_due(plan, hits[0].found_at, latest) is not None

    def _is_source_notice_check_due(self, plan: DigestPlan, configuration: Configuration, last_end: datetime) -> bool:
        """Return whether an immediate digest that has no hits must now be checked for notices about sources.

        If there are such notices, the digest is sent with them alone. This is necessary only for channels that no
        scheduled digest uses. A digest that contains only notices is sent at most once an hour, so that changes within
        a few minutes are reported in one message.
        """
        now = self._clock()
        checked_at = self._notices_checked_at.get(plan.id)
        if checked_at is not None and checked_at <= now < checked_at + SOURCE_NOTICE_CHECK_INTERVAL:
            return False
        self._notices_checked_at[plan.id] = now
        return (
            checked_at is not None
            and now - last_end >= SOURCE_NOTICE_INTERVAL
            and bool(_channels_without_scheduled_digest(plan, configuration.digests))
        )

    async def _start_plan(self, plan: DigestPlan, now: datetime, backfill: timedelta) -> LastWindow:
        """Store an empty initial digest of a new digest plan, and return its window (the period that it covers).

        Articles that were found longer than ``backfill`` ago count as reported by it. The first real digest covers all
        later articles. An immediate plan sends this digest at once, and a scheduled plan at its next scheduled time.
        """
        start_at = now - backfill
        is_immediate = plan.schedule.is_immediate
        end_at = start_at if is_immediate else now - TIME_RESOLUTION
        initial = Digest(plan.id, plan.title, Window(start_at - INITIAL_WINDOW_LEAD, end_at), now, plan.timezone)
        await self._database.run(self._database.digests.create_digest, initial, plan, start_at)
        return LastWindow(end_at, None if is_immediate else start_at)

    def _is_rate_limited(self, plan: DigestPlan, now: datetime) -> bool:
        sent = self._sent_at[plan.id]
        while sent and not now - self._rate.period < sent[0] <= now:
            sent.popleft()
        return bool(sent) and now - sent[-1] < self._rate.delay_after(len(sent))

    async def _compose(
        self,
        plan: DigestPlan,
        configuration: Configuration,
        window: Window,
        inputs: DigestInputs,
        people: PeopleNotices,
        notices: Sequence[str] = (),
        *,
        is_overdue: bool = False,
    ) -> Digest:
        officials = _relevant_officials(plan, configuration, inputs)
        marked = _mark_hits(plan, inputs, window.end_at)
        notices = [
            *notices,
            *format_retractions(inputs.retractions, officials),
            *format_muted_notices(marked, ZoneInfo(plan.timezone)),
            *format_quarantine_notices(select_bulk_changes(inputs.quarantined)),
            *format_near_miss_notices(inputs.near_misses, officials),
            *format_repeated_rejections(inputs.repeated_rejections, officials),
            *people.notices,
        ]
        digest = await asyncio.to_thread(
            compose_digest,
            plan,
            window,
            (*marked.shown, *filter(plan.accepts, inputs.followed)),
            inputs.coverage,
            officials,
            inputs.daily_mentions,
            self._clock(),
            is_overdue,
            notices,
        )
        titles = dict.fromkeys(one.title or one.outlet for one in inputs.retractions)
        return await self._translate(replace(digest, retracted_titles=tuple(titles)))

    async def _translate(self, digest: Digest) -> Digest:
        """Add translations to the texts of a digest: stored translations, and new ones that are ready in time.

        The new translations are stored.
        """
        translator = self._translator
        if translator is None or not (texts := list_texts(digest, translator.to)):
            return digest
        store, languages = self._database.translations, (translator.to, translator.name)
        found = await self._database.read(store.load, texts, *languages)
        if missing := [text for text in texts if text not in found]:
            made = await translator.translate(missing)
            if made:
                await self._database.run(store.save, made, *languages, self._clock())
            found |= made
        return add_translations(digest, translator.to, found)

    async def _load_people_notices(
        self,
        plan: DigestPlan,
        configuration: Configuration,
        inputs: DigestInputs,
        window: Window,
        *,
        is_preview: bool,
    ) -> PeopleNotices:
        """Return the notices about the officials of a digest. For a preview, nothing is stored."""
        officials = _relevant_officials(plan, configuration, inputs)
        if self._notice_source is None or not officials:
            return PeopleNotices()
        load, now = self._notice_source.load_notices, self._clock()
        return await load(plan, configuration, officials, window.end_at, now, is_preview=is_preview)

    async def _render(self, plan: DigestPlan, digest: Digest, configuration: Configuration) -> RenderedDigest:
        from monitor.digest.render import render_digest  # imported late, as above

        writes_files = any(
            isinstance(channel, FolderChannel) and channel.id in plan.channels for channel in configuration.channels
        )
        rendered = await asyncio.to_thread(
            render_digest,
            digest,
            configuration.settings.template_dir,
            configuration.settings.link_url,
            with_page=writes_files,
            with_links=configuration.settings.has_acting_links,
        )
        for problem in rendered.template_problems:
            log.warning("digest template failed", extra={"digest": plan.id, "problem": problem})
        self.template_problems[plan.id] = rendered.template_problems
        return rendered

    async def _commit(
        self,
        plan: DigestPlan,
        configuration: Configuration,
        digest: Digest,
        rendered: RenderedDigest | None,
        hit_ids: Sequence[int],
        inputs: DigestInputs | None = None,
        announced: Sequence[Announcement] = (),
    ) -> tuple[Message, ...] | None:
        """Store the digest and, if it is rendered, its deliveries; return the messages to deliver.

        The result is None in two cases: another process has already stored the digest, or a verdict of a reader has
        changed one of its hits in the meantime. In the second case, the next run composes the digest again.
        """
        messages: tuple[Message, ...] = ()
        if rendered:
            channels = [channel for channel in configuration.channels if channel.id in plan.channels]
            load_unsubscribed = self._database.digests.load_unsubscribed
            unsubscribed = inputs.unsubscribed if inputs else await self._database.read(load_unsubscribed, plan.id)
            built = build_messages(digest, rendered, channels, self._clock())
            messages = tuple(one for one in built if (one.channel_id, one.target) not in unsubscribed)
        content = replace(_reported_content(plan, digest, inputs), announced=tuple(announced)) if inputs else None
        is_stored = await self._database.run(self._database.digests.commit_digest, digest, messages, hit_ids, content)
        if is_stored and rendered:
            self._sent_at[plan.id].append(self._clock())
        return messages if is_stored else None


def _mark_hits(plan: DigestPlan, inputs: DigestInputs, end_at: datetime) -> MarkedHits:
    """Return which hits (articles that satisfy a rule) a digest shows, and which ones it hides.

    Hits are hidden if readers have marked their story as muted or irrelevant.
    """
    reported = (hit for hit in inputs.hits if hit.id not in inputs.unreported_hit_ids)
    return apply_marks(filter(plan.accepts, reported), inputs.marks, end_at)


def _without_waiting_hits(plan: DigestPlan, inputs: DigestInputs, end_at: datetime) -> DigestInputs:
    """Return the inputs of a digest, without hits if it would contain only a line about a muted story.

    A hit is one match of a rule in an article. The removed hits are reported later, in a digest that has more to show.
    """
    has_news = bool(inputs.retractions) or any(map(plan.accepts, inputs.followed))
    return inputs if has_news or not _mark_hits(plan, inputs, end_at).must_wait else replace(inputs, hits=())


def _reported_content(plan: DigestPlan, digest: Digest, inputs: DigestInputs) -> ReportedContent:
    """Return a record of what a digest reports. The record is stored with the digest."""
    marked = apply_marks(inputs.hits, inputs.marks, digest.window.end_at)
    not_accepted = {hit.id for hit in inputs.hits if not plan.accepts(hit)}
    return ReportedContent(
        {hit.id: hit.official_ids for hit in inputs.hits},
        marked.hidden_ids | not_accepted | inputs.unreported_hit_ids,
        inputs.retractions,
        tuple(hit.article_id for hit in inputs.followed),
    )


def _window_start(last: LastWindow) -> datetime:
    """Return the start of the period that the next digest covers.

    It is the end of the previous period. The first scheduled digest also covers the time before its plan was added,
    back to ``lookback_start_at``.
    """
    return last.lookback_start_at or last.end_at


def _build_query(plan: DigestPlan, configuration: Configuration, window: Window, hits_before: datetime) -> DigestQuery:
    rules = [rule for rule in configuration.watchlist.rules if rule.id in plan.rules]
    return DigestQuery(
        window,
        hits_before,
        official_ids=frozenset(official for rule in rules for official in rule.officials),
        chart_days=_chart_days(window.end_at, ZoneInfo(plan.timezone)),
        near_miss_window=find_weekly_window(plan, window),
        near_miss_limit=MAX_SPELLINGS_QUERIED,
    )


def _has_source_notice(poll_states: Sequence[PollState], window: Window) -> bool:
    return bool(
        problem_notices(poll_states, window.start_at, window.end_at)
        or recovery_notices(poll_states, window.start_at, window.end_at)
    )


def _due_after(last_end: datetime, checked_at: datetime | None, now: datetime) -> datetime:
    """Return the time from which scheduled times of a digest count as due. Earlier ones are already dealt with.

    Normally, this is ``last_end``, the end of the last period of the digest. If ``last_end`` is in the future, or later
    than the last check (``checked_at``), the clock has been set back. The result is then the time of the last check, or
    the present time if there was no check or its time is in the future, too.
    """
    if last_end < now and (checked_at is None or last_end <= checked_at):
        return last_end
    return checked_at if checked_at is not None and checked_at < now else now - TIME_RESOLUTION


def _should_send(plan: DigestPlan, digest: Digest, *, has_notices: bool) -> bool:
    """Return whether to send the digest: it has hits or notices, or the plan also sends empty digests."""
    sends_empty = plan.send_when_empty and not plan.schedule.is_immediate
    return bool(plan.channels) and bool(digest.stories or digest.omitted_articles or has_notices or sends_empty)


def _channels_without_scheduled_digest(plan: DigestPlan, plans: Sequence[DigestPlan]) -> tuple[str, ...]:
    """Return the channels of an immediate digest that no scheduled digest uses."""
    scheduled = {channel for other in plans if not other.schedule.is_immediate for channel in other.channels}
    return tuple(channel for channel in plan.channels if channel not in scheduled)


def _relevant_officials(plan: DigestPlan, configuration: Configuration, inputs: DigestInputs) -> tuple[Official, ...]:
    """Return the officials that a digest may have notices about, in the order of the watchlist.

    They are the officials of the digest's rules, and the officials named in the articles and retractions of the digest.
    """
    named = {official for rule in configuration.watchlist.rules if rule.id in plan.rules for official in rule.officials}
    named |= {official for hit in inputs.hits for official in hit.official_ids}
    named |= {official for one in inputs.retractions for official in one.official_ids}
    return tuple(official for official in configuration.watchlist.officials if official.id in named)


def _chart_days(end: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the starts, in UTC, of the last ``CHART_DAYS`` days in a time zone. The last day contains ``end``."""
    today = end.astimezone(zone).date()
    dates = (today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1))
    return tuple(datetime.combine(date, time(), zone).astimezone(UTC) for date in dates)
