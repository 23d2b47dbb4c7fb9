"""Reports of the program's own problems to the operator, through the channels of ``settings.operator``.

Readers of digests get the news, and learn which sources could not be read. The operator gets what is needed to fix
problems: addresses that cannot be reached, responses of mail servers, commands and suggestions. The report is a digest
without stories, with the id ``operator``.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.digest.messages import build_messages
from monitor.digest.notices import format_quarantine_notices
from monitor.domain.channels import Channel, FolderChannel
from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Delivery
from monitor.domain.digest import (
    INITIAL_WINDOW_LEAD,
    OPERATOR_PLAN_ID,
    Digest,
    DigestInputs,
    DigestPlan,
    DigestQuery,
    Window,
)
from monitor.domain.ports import Clock
from monitor.domain.read_models import QuarantineSummary
from monitor.domain.source_health import problem_notices, recovery_notices
from monitor.store.database import Database
from monitor.stories.novelty import PREDATES_SOURCE_REASON

CHECK_INTERVAL = timedelta(minutes=5)  # problems that begin within minutes share one report
REPORT_INTERVAL = timedelta(hours=1)  # minimum time between two reports
REMINDER_INTERVAL = timedelta(days=1)  # time between two reports of a problem that lasts
TITLE = "Operation of monitor"


class OperatorReporter:
    """Sender of reports to the operator, at most one per hour. Each process has one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._checked_at: datetime | None = None
        self._wait_until: datetime | None = None
        self._reported_at: dict[str, datetime] = {}

    async def run_due(self, configuration: Configuration, problems: Sequence[str] = ()) -> Digest | None:
        """Send the problems since the last report to the operator, and return the report.

        The result is None if no report is sent, for example because no problem is new or the last report is too recent.
        ``problems`` are the present problems that are not in the database, such as a rejected configuration. While such
        a problem lasts, it is reported again every day.
        """
        now = self._clock()
        channels = [channel for channel in configuration.channels if channel.id in configuration.settings.operator]
        self._reported_at = {text: at for text, at in self._reported_at.items() if text in problems}
        new = [one for one in problems if not self._is_reported(one, now)]
        if not channels or not self._must_check(now, has_problems=bool(new)):
            return None
        self._checked_at = now
        plan = DigestPlan(OPERATOR_PLAN_ID, (), tuple(channel.id for channel in channels), at="immediately")
        start_at = await self._find_start(plan, now)
        if not start_at <= now - REPORT_INTERVAL:
            self._wait_until = start_at + REPORT_INTERVAL
            return None
        window = Window(start_at, now)
        query = DigestQuery(window, now, frozenset(), ())
        inputs = await self._database.read(self._database.digests.load_inputs, plan, query)
        notices = (*new, *format_problems(inputs, window))
        if not notices:
            return None
        timezone = configuration.settings.timezone
        digest = Digest(
            plan.id, TITLE, window, now, timezone, coverage=inputs.coverage, notices=notices, is_for_operator=True
        )
        sent = await self._send(digest, configuration, channels)
        self._reported_at |= dict.fromkeys(new, now) if sent else {}
        return sent

    def _must_check(self, now: datetime, *, has_problems: bool) -> bool:
        """Return whether to read the problems that are stored in the database now.

        Normally they are read every few minutes, but not shortly after a report. If there is a new problem that is not
        in the database (``has_problems``), they are read before these minutes have passed, so that one report contains
        all problems. If the clock was set back, they are always read at once.
        """
        if self._checked_at is None or now < self._checked_at:
            return True
        return now >= max(
            self._wait_until or now, self._checked_at if has_problems else self._checked_at + CHECK_INTERVAL
        )

    def _is_reported(self, problem: str, now: datetime) -> bool:
        reported_at = self._reported_at.get(problem)
        return reported_at is not None and reported_at <= now < reported_at + REMINDER_INTERVAL

    async def _find_start(self, plan: DigestPlan, now: datetime) -> datetime:
        """Return the start of the period that the next report covers, which is the end of the last report.

        If there was no report before, return a time that is long enough ago for the first report to be due now.
        """
        last = await self._database.read(self._database.digests.load_last_window, plan)
        if last:
            return last.end_at
        start_at = now - REPORT_INTERVAL
        initial = Digest(plan.id, TITLE, Window(start_at - INITIAL_WINDOW_LEAD, start_at), now, plan.timezone)
        await self._database.run(self._database.digests.create_digest, initial, plan, start_at)
        return start_at

    async def _send(self, digest: Digest, configuration: Configuration, channels: Sequence[Channel]) -> Digest | None:
        from monitor.digest.render import render_digest  # imported late: slow to import, and most passes report nothing

        writes_files = any(isinstance(channel, FolderChannel) for channel in channels)
        rendered = await asyncio.to_thread(
            render_digest, digest, configuration.settings.template_dir, with_page=writes_files
        )
        messages = build_messages(digest, rendered, channels, self._clock())
        is_stored = await self._database.run(self._database.digests.commit_digest, digest, messages, ())
        return digest if is_stored else None


def format_problems(inputs: DigestInputs, window: Window) -> list[str]:
    """Return one line for each stored problem that must be reported to the operator.

    Problems are failed deliveries, quarantined articles (stored without a report), and sources whose state has changed.
    """
    return [
        *format_failed_deliveries(inputs.failed_deliveries),
        *format_quarantine_notices(select_bulk_changes(inputs.quarantined), with_commands=True),
        *problem_notices(inputs.source_states, window.start_at, window.end_at),
        *recovery_notices(inputs.source_states, window.start_at, window.end_at),
    ]


def select_bulk_changes(lines: Sequence[QuarantineSummary]) -> list[QuarantineSummary]:
    """Return the summaries of quarantined articles (stored without a report) that readers and the operator are to see.

    Articles that were published before their source was added are left out, because they do not belong to a bulk change
    (a poll with implausibly many new entries).
    """
    return [line for line in lines if line.reason != PREDATES_SOURCE_REASON]


def format_failed_deliveries(deliveries: Sequence[Delivery]) -> list[str]:
    """Return one line for each target with failed deliveries: its address, the last error and what to do.

    Failed reports to the operator are left out. Otherwise the report about them would fail on the same channel, and
    cause another report.
    """
    targets: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.message.plan_id != OPERATOR_PLAN_ID:
            targets[delivery.message.channel_id, delivery.message.target].append(delivery)
    return [
        f"{len(failed)} {'digest' if len(failed) == 1 else 'digests'} did not reach {target} (channel {channel}): "
        f"{failed[-1].last_error}. `monitor deliveries list` shows them, `monitor deliveries resend` sends them again."
        for (channel, target), failed in targets.items()
    ]
