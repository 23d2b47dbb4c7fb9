"""Notices of a digest about the people that it watches: unusual attention and silence."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from monitor.domain.watchlist import Official
from monitor.insight.attention import BASELINE_DAYS, MAX_SILENT_DAYS, Attention, count_periods, find_unusual
from monitor.store.database import Database

MAX_NOTICES = 10
HISTORY_DAYS = BASELINE_DAYS + MAX_SILENT_DAYS + 1


def find_attention(database: Database, official_ids: Iterable[str], end_at: datetime) -> dict[str, Attention]:
    """Return the people with unusual attention in the 24 hours before a time, the greatest number first.

    Days before the archive began are not counted.
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
    """Return a sentence about unusual attention."""
    usual = f"{attention.usual:.0f}" if attention.usual >= 1 else "less than 1"
    if attention.silent_days:
        return f"{name}: no story in {attention.silent_days} days, usually {usual} a day."
    return f"{name}: {attention.count} stories in 24 hours, usually {usual}."


class InsightNotices:
    """Notices about people for the digests with a schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_notices(self, officials: Sequence[Official], end_at: datetime) -> list[str]:
        """Return the notices of a digest about these people; at most ten, the others are counted."""
        names = {official.id: official.name for official in officials}
        found = find_attention(self._database, names, end_at)
        notices = [format_attention(names[one], attention) for one, attention in found.items()]
        more = len(notices) - MAX_NOTICES
        return [*notices[:MAX_NOTICES], *([f"Unusual attention to {more} more people."] if more > 0 else [])]
