"""Notices in digests about the officials they cover: unusual attention, and posts whose holder may have changed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from monitor.domain.configuration import Configuration
from monitor.domain.digest import DigestPlan, PeopleNotices
from monitor.domain.succession import Announcement
from monitor.domain.watchlist import Official
from monitor.insight.attention import BASELINE_DAYS, MAX_SILENT_DAYS, Attention, count_periods, find_unusual
from monitor.store.database import Database

MAX_NOTICES = 10
SPIKE_INTERVAL = timedelta(minutes=1)
HISTORY_DAYS = BASELINE_DAYS + MAX_SILENT_DAYS + 1


def find_attention(database: Database, official_ids: Iterable[str], end_at: datetime) -> dict[str, Attention]:
    """Return a dictionary that maps the ids of officials to their unusual attention in the 24 hours before ``end_at``.

    Officials without unusual attention are left out. The officials with the most stories are first. Days before the
    first article of the archive do not count as silent.
    """
    first_at = database.desk.first_article_at()
    if first_at is None:
        return {}
    days = min(HISTORY_DAYS, (end_at - first_at) // timedelta(days=1))
    hours = database.desk.list_story_hours(list(official_ids), end_at - timedelta(days=days))
    found = {}
    for official_id, some in hours.items():
        if unusual := find_unusual(count_periods(some, end_at, days)):
            found[official_id] = unusual
    return dict(sorted(found.items(), key=lambda item: (-item[1].count, item[0])))


def format_attention(name: str, attention: Attention) -> str:
    """Return a sentence that reports unusual attention to a person."""
    usual = f"{attention.usual:.0f}" if attention.usual >= 1 else "less than 1"
    if attention.silent_days:
        return f"{name}: no story in {attention.silent_days} days, usually {usual} a day."
    return f"{name}: {attention.count} stories in 24 hours, usually {usual}."


class InsightNotices:
    """Builder of the notices about people in digests: unusual attention, and posts whose holder may have changed.

    Only digests with fixed times have notices about unusual attention.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._spikes: dict[frozenset[str], tuple[datetime, frozenset[str]]] = {}

    async def find_spikes(self, official_ids: Collection[str], end_at: datetime) -> frozenset[str]:
        """Return the officials who were named in unusually many stories in the 24 hours before ``end_at``.

        The result is cached for ``SPIKE_INTERVAL``, because each immediate digest asks for it every second.
        """
        key = frozenset(official_ids)
        self._spikes = {
            one: kept for one, kept in self._spikes.items() if timedelta(0) <= end_at - kept[0] < SPIKE_INTERVAL
        }
        if key in self._spikes:
            return self._spikes[key][1]
        found = await self._database.read(find_attention, self._database, key, end_at)
        spiking = frozenset(one for one, attention in found.items() if not attention.silent_days)
        self._spikes[key] = end_at, spiking
        return spiking

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
        """Return the notices about these officials for a digest that covers the time until ``end_at``.

        If any official has a configured role, new articles are first searched for statements about the posts of all
        officials. A preview omits this search.
        """
        found, announced = tuple[str, ...](), tuple[Announcement, ...]()
        if configuration.watchlist.has_roles:
            # loads the matching engine, which a poll may not need
            from monitor.insight.succession import search_statements

            if not is_preview:
                await search_statements(self._database, configuration, now)
            found, announced = await self._database.read(self._load_successions, plan.id, officials, now)
        attention: list[str] = []
        if not plan.schedule.is_immediate:
            attention = await self._database.read(load_attention_notices, self._database, officials, end_at)
        return PeopleNotices((*found, *attention), announced)

    def _load_successions(
        self, plan_id: str, officials: Sequence[Official], now: datetime
    ) -> tuple[tuple[str, ...], tuple[Announcement, ...]]:
        """Return notices about posts that may have changed hands, and records of what the notices announce.

        The records are stored with the digest. Changes that an earlier digest of the same plan has announced are left
        out.
        """
        from monitor.insight.succession import LOOKBACK, find_successions, format_succession, is_announced

        store = self._database.successions
        statements = store.list_statements(now - LOOKBACK, [one.id for one in officials])
        if not statements:
            return (), ()
        announced = store.list_announced(plan_id)
        found = [one for one in find_successions(statements, officials, now.date()) if not is_announced(one, announced)]
        found = found[:MAX_NOTICES]
        return tuple(map(format_succession, found)), tuple(one.announcement for one in found)


def load_attention_notices(database: Database, officials: Sequence[Official], end_at: datetime) -> list[str]:
    """Return notices about unusual attention to these officials in the 24 hours before ``end_at``.

    There are at most ten notices about officials. If more officials have unusual attention, a last notice gives their
    number.
    """
    names = {official.id: official.name for official in officials}
    found = find_attention(database, names, end_at)
    notices = [format_attention(names[one], attention) for one, attention in found.items()]
    more = len(notices) - MAX_NOTICES
    return [*notices[:MAX_NOTICES], *([f"Unusual attention to {more} more people."] if more > 0 else [])]
