"""Timelines: numbers of articles and stories per day or week. The days begin at midnight in a given time zone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.desk_models import HourCount, StoryHour
from monitor.domain.poll_state import PollState, SourceState

STEPS = ("day", "week")
BLIND_STATES = frozenset(
    {
        SourceState.FAILING,
        SourceState.BLOCKED,
        SourceState.GONE,
        SourceState.NEEDS_JAVASCRIPT,
        SourceState.LOGIN_EXPIRED,
    }
)
"""States in which the document or the pages of a source cannot be read."""


class Bar(Struct, frozen=True):
    """One bar of a timeline: the number of articles from the day ``start`` to the day ``end``, both as YYYY-MM-DD.

    ``stories`` is the number of stories that these articles belong to. ``unread_sources`` is the number of sources that
    could not be read. For a week, it is the highest number on any of its days.
    """

    start: str
    end: str
    count: int
    stories: int = 0
    unread_sources: int = 0


def count_unread_sources(states: Iterable[PollState], days: Sequence[datetime], zone: ZoneInfo) -> Counter[str]:
    """Return a dictionary that maps days (YYYY-MM-DD) to the number of sources that could not be read.

    ``states`` are the present poll states. A source that cannot be read is counted on all days since its problem began,
    and on all days after its last success.
    """
    counts: Counter[str] = Counter()
    dates = [f"{day.astimezone(zone):%Y-%m-%d}" for day in days]
    for state in states:
        if state.state in BLIND_STATES:
            began, last = (_format_day(at, zone) for at in (state.state_since_at, state.last_success_at))
            counts.update(date for date in dates if date >= began or date > last)
    return counts


def _format_day(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return the day of a time as YYYY-MM-DD. For None, return a text that sorts after all days."""
    return f"{moment.astimezone(zone):%Y-%m-%d}" if moment else "9999"


def chart_days(now: datetime, zone: ZoneInfo, count: int) -> list[datetime]:
    """Return the start times of the last ``count`` days in a time zone, oldest first. The last day is today."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        (midnight - timedelta(days=back)).replace(tzinfo=zone).astimezone(now.tzinfo)
        for back in range(count - 1, -1, -1)
    ]


def count_by_day(hours: Iterable[HourCount], zone: ZoneInfo) -> Counter[str]:
    """Return a dictionary that maps days (YYYY-MM-DD) in a time zone to the number of articles."""
    counts: Counter[str] = Counter()
    for hour in hours:
        counts[f"{hour.at.astimezone(zone):%Y-%m-%d}"] += hour.count
    return counts


def stories_by_day(hours: Iterable[StoryHour], zone: ZoneInfo) -> dict[str, set[str]]:
    """Return a dictionary that maps days (YYYY-MM-DD) in a time zone to the ids of the stories."""
    days: dict[str, set[str]] = defaultdict(set)
    for hour in hours:
        days[f"{hour.at.astimezone(zone):%Y-%m-%d}"].add(hour.story_id)
    return days


def build_bars(
    counts: Mapping[str, int],
    days: Sequence[datetime],
    zone: ZoneInfo,
    step: str,
    stories: Mapping[str, set[str]] | None = None,
    unread_sources: Mapping[str, int] | None = None,
) -> tuple[Bar, ...]:
    """Return the bars of a timeline. If ``step`` is "day", each day has a bar, otherwise each week.

    The last week ends with the last day, so the first week may be shorter. ``counts`` maps days (YYYY-MM-DD) to numbers
    of articles, ``stories`` to the ids of stories, and ``unread_sources`` to numbers of sources that could not be read.
    If one of the last two is not given, its numbers are 0.
    """
    unread = unread_sources or {}
    dates = [f"{day.astimezone(zone):%Y-%m-%d}" for day in days]
    size = 1 if step == "day" else 7
    first = len(dates) % size
    groups = [dates[:first]] if first else []
    groups += [dates[start : start + size] for start in range(first, len(dates), size)]
    named: set[str] = set()
    return tuple(
        Bar(
            group[0],
            group[-1],
            sum(counts.get(day, 0) for day in group),
            len(named.union(*(stories.get(day, named) for day in group))) if stories else 0,
            max(unread.get(day, 0) for day in group),
        )
        for group in groups
    )
