"""Notices in a digest about unusual attention to its officials: spikes and silences."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.domain.watchlist import Official
from monitor.insight.attention import BASELINE_DAYS, MAX_SILENT_DAYS, Attention, count_periods, find_unusual
from monitor.store.database import Database

MAX_NOTICES = 10
HISTORY_DAYS = BASELINE_DAYS + MAX_SILENT_DAYS + 1


def find_attention(database: Database, official_ids: Iterable[str], end_at: datetime) -> dict[str, Attention]:
    """Return the officials with unusual attention in the 24 hours before ``end_at``, by id, most stories first.

    Days before the first article of the archive are not counted as silent.
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
    """Source of the notices about unusual attention, for digests with fixed times."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_notices(self, officials: Sequence[Official], end_at: datetime) -> list[str]:
        """Return notices about unusual attention to these officials in the 24 hours before ``end_at``.

        There are at most ten; a last one gives the number of the others.
        """
        names = {official.id: official.name for official in officials}
        found = find_attention(self._database, names, end_at)
        notices = [format_attention(names[one], attention) for one, attention in found.items()]
        more = len(notices) - MAX_NOTICES
        return [*notices[:MAX_NOTICES], *([f"Unusual attention to {more} more people."] if more > 0 else [])]
