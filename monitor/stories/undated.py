"""Entries without a date at a first poll: the dates on their pages decide whether they may be reported as news.

At a first poll, nothing shows whether an undated entry was published before the source was watched. Until its page is
read, the entry is quarantined with a reason of this module. Then the date on the page decides. The article is news if
this date is within the backfill, and old otherwise. (The backfill is a period before the first poll; articles of this
period are also reported.) If the page has no date, or if the pages of the source are not read, the number of undated
entries decides: a few are news, and many stay in quarantine.
"""

from collections import Counter
from datetime import datetime, timedelta

from msgspec import Struct

from monitor.domain.poll_state import PollState
from monitor.domain.values import replace
from monitor.stories.novelty import ClassifiedEntry, PollNovelty, plausible_date
from monitor.text.numbers import format_count

MAX_UNDATED_NEWS = 20
"""If at most this number of entries have no date at the first poll of a source, they count as news even if their pages
have no date either. Most lists of articles have at most this number of entries on one page."""
FEW_UNDATED_REASON = "without a date at the first poll"
MANY_UNDATED_REASON = "one of many without a date at the first poll"
UNDATED_REASONS = frozenset({FEW_UNDATED_REASON, MANY_UNDATED_REASON})


class UndatedDecision(Struct, frozen=True):
    """Decision on an undated article: whether it may be reported, and the reason if it stays in quarantine."""

    is_alertable: bool
    quarantine_reason: str = ""


def decide_undated_entries(
    novelty: PollNovelty, poll_state: PollState, backfill: timedelta, now: datetime, *, reads_pages: bool
) -> PollNovelty:
    """Quarantine the undated entries of a first poll until their pages are read, and return the result of the poll.

    Quarantined entries are stored, but not reported. If ``reads_pages`` is false, or if an entry has no URL, the
    decision is made at once: a few undated entries are news, and many stay in quarantine. If the poll is not the first
    one, its result is returned unchanged. An entry that has no publication date, but was last changed more than
    ``backfill`` ago, counts as old and not as undated.
    """
    undated = [one for one in novelty.new if _is_undated(one, backfill, now)]
    if poll_state.baseline_at is not None or not undated:
        return novelty
    are_few = len(undated) <= MAX_UNDATED_NEWS
    counts = Counter[str]()

    def decide(one: ClassifiedEntry) -> ClassifiedEntry:
        if not _is_undated(one, backfill, now):
            return one
        has_page = reads_pages and bool(one.entry.url)
        counts["the dates on the pages decide" if has_page else "reported as news" if are_few else "in quarantine"] += 1
        reason = MANY_UNDATED_REASON if not are_few else FEW_UNDATED_REASON if has_page else ""
        return replace(one, is_alertable=not reason, quarantine_reason=reason)

    new_entries = tuple(map(decide, novelty.new))
    notes = (f"{format_count(count, 'entry', 'entries')} without a date: {text}" for text, count in counts.items())
    return replace(novelty, new=new_entries, summary="; ".join(filter(None, (novelty.summary, *notes))))


def _is_undated(one: ClassifiedEntry, backfill: timedelta, now: datetime) -> bool:
    changed_at = plausible_date(one.entry.updated_at, now)
    is_old = changed_at is not None and changed_at < now - backfill
    return one.entry.published_at is None and not one.quarantine_reason and not is_old


def decide_undated_article(
    quarantine_reason: str, published_at: datetime | None, first_seen_at: datetime, backfill: timedelta
) -> UndatedDecision | None:
    """Decide whether an article without a date at the first poll may be reported, after its page was read.

    ``published_at`` is the date on the page, or None; ``first_seen_at`` is the time of the first poll. With a plausible
    date, the article may be reported if it is not older than ``backfill``. Without a date, it may be reported if only a
    few entries of the first poll had no date. Otherwise it stays in quarantine. Return None for an article that was not
    quarantined for a missing date.
    """
    if quarantine_reason not in UNDATED_REASONS:
        return None
    published_at = plausible_date(published_at, first_seen_at)
    if published_at is not None:
        return UndatedDecision(published_at >= first_seen_at - backfill)
    if quarantine_reason == FEW_UNDATED_REASON:
        return UndatedDecision(is_alertable=True)
    return UndatedDecision(is_alertable=False, quarantine_reason=quarantine_reason)
