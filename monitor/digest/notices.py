"""What was stored without alerting, said in the next digest: a flood that was none can then be released.

What was nearly taken for somebody, said once a week: a spelling that was meant becomes an alias.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from monitor.domain.digest import DigestPlan, Window
from monitor.domain.read_models import NearMissSummary, QuarantineSummary
from monitor.domain.watchlist import Official

MAX_SOURCES_SHOWN = 5


def format_quarantine_notices(lines: Sequence[QuarantineSummary]) -> tuple[str, ...]:
    """Say for each source how many articles alerted nobody, why, and how they are made news."""
    said = [
        f"{line.outlet}: {line.article_count} articles were stored without alerting ({line.reason}). "
        f"If they are news after all, `monitor articles release {line.source_id}` makes them so."
        for line in lines[:MAX_SOURCES_SHOWN]
    ]
    if len(lines) > MAX_SOURCES_SHOWN:
        said.append(
            f"The same holds for "
            f"{sum(line.article_count for line in lines[MAX_SOURCES_SHOWN:])} articles of other sources."
        )
    return tuple(said)


WEEK = timedelta(days=7)
MAX_SPELLINGS_SHOWN, MAX_SPELLINGS_QUERIED = 5, 50  # spellings named, and looked through for what deserves it
EXCLUDED_REASON_PREFIX = "cancelled by the phrase"
"""So begins the reason of what the reader's own `exclude_phrases` refused; that is no news to him."""


def find_weekly_window(plan: DigestPlan, window: Window) -> Window | None:
    """Return the week before a window's end, if a week of the reader's calendar begins in the window, else None.

    So a digest with fixed times says it once a week, the first time after Sunday; one that tells at once never does.
    """
    if plan.schedule.is_immediate:
        return None
    zone = ZoneInfo(plan.timezone)
    start, end = (at.astimezone(zone).isocalendar()[:2] for at in (window.start_at, window.end_at))
    return Window(window.end_at - WEEK, window.end_at) if start != end else None


def format_near_miss_notices(lines: Sequence[NearMissSummary], officials: Iterable[Official]) -> tuple[str, ...]:
    """Say in one sentence which spellings were refused most often; nothing, if none was but by the reader's wish."""
    unwanted = {_build_occurrence_key(line) for line in lines if line.reason.startswith(EXCLUDED_REASON_PREFIX)}
    lines = [line for line in lines if _build_occurrence_key(line) not in unwanted]
    if not lines:
        return ()
    names = {official.id: official.name for official in officials}
    told = "; ".join(islice((_format_near_miss(line, names) for line in lines), MAX_SPELLINGS_SHOWN))
    more = " and more" if len(lines) > MAX_SPELLINGS_SHOWN else ""
    mend = "`monitor officials near-misses` lists them; if one of them was meant, add it under aliases."
    return (f"Not counted last week, in articles that do not name the person otherwise: {told}{more}. {mend}",)


def _build_occurrence_key(line: NearMissSummary) -> tuple[object, ...]:
    """One place in a text is refused for each reason that holds; these are the same for all of them."""
    return line.official_id, line.text, line.articles, line.article_id


def _format_near_miss(line: NearMissSummary, names: Mapping[str, str]) -> str:
    articles = "one article" if line.articles == 1 else f"{line.articles} articles"
    return f"\u201c{line.text}\u201d for {names.get(line.official_id, line.official_id)} in {articles} ({line.reason})"
