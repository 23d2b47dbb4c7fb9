"""What was nearly taken for somebody, said once a week: a spelling that was meant becomes an alias."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from monitor.domain.archive import MissLine
from monitor.domain.digest import DigestPlan, Window
from monitor.domain.official import Official

WEEK = timedelta(days=7)
SHOWN, ASKED = 5, 50  # spellings named, and looked through for what deserves it
CANCELLED = "cancelled by the phrase"
"""So begins the reason of what the reader's own `not` phrases refused; that is no news to him."""


def last_week(plan: DigestPlan, window: Window) -> Window | None:
    """Return the week before a window's end, if a week of the reader's calendar begins in the window, else None.

    So a digest with fixed times says it once a week, the first time after Sunday; one that tells at once never does.
    """
    if plan.schedule.once:
        return None
    zone = ZoneInfo(plan.timezone)
    start, end = (at.astimezone(zone).isocalendar()[:2] for at in (window.start_at, window.end_at))
    return Window(window.end_at - WEEK, window.end_at) if start != end else None


def summed_up(lines: Sequence[MissLine], officials: Iterable[Official]) -> tuple[str, ...]:
    """Say in one sentence which spellings were refused most often; nothing, if none was but by the reader's wish."""
    unwanted = {_place(line) for line in lines if line.reason.startswith(CANCELLED)}
    lines = [line for line in lines if _place(line) not in unwanted]
    if not lines:
        return ()
    names = {official.id: official.name for official in officials}
    told = "; ".join(islice((_told(line, names) for line in lines), SHOWN))
    more = " and more" if len(lines) > SHOWN else ""
    mend = "`monitor names --missed` lists them; if one of them was meant, add it under aliases."
    return (f"Not counted last week, in articles that do not name the person otherwise: {told}{more}. {mend}",)


def _place(line: MissLine) -> tuple[object, ...]:
    """One place in a text is refused for each reason that holds; these are the same for all of them."""
    return line.official_id, line.text, line.articles, line.article_id


def _told(line: MissLine, names: Mapping[str, str]) -> str:
    articles = "one article" if line.articles == 1 else f"{line.articles} articles"
    return f"\u201c{line.text}\u201d for {names.get(line.official_id, line.official_id)} in {articles} ({line.reason})"
