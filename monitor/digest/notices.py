"""Notices of a digest: quarantined articles, near misses, names that readers often rejected, retracted hits, muted
stories.

A near miss is a text that resembles a watched name but was not counted as a mention. Near misses are reported once a
week, so that the user can add a correct spelling as an alias.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from monitor.domain.delivery import Delivery
from monitor.domain.digest import OPERATOR_PLAN_ID, DigestPlan, Window
from monitor.domain.feedback import MarkKind, RepeatedRejection, Retraction
from monitor.domain.marks import MarkedHits
from monitor.domain.read_models import NearMissSummary, QuarantineSummary
from monitor.domain.watchlist import Official
from monitor.text.numbers import format_count

MAX_SOURCES_SHOWN = 5


def format_quarantine_notices(lines: Sequence[QuarantineSummary], *, with_commands: bool = False) -> tuple[str, ...]:
    """Return one notice for each source with quarantined articles, with their number and the reason.

    A quarantined article is stored, but not reported. If ``with_commands`` is true, the notice is for the operator: it
    names the command that releases the articles.
    """
    notices = []
    for line in lines[:MAX_SOURCES_SHOWN]:
        release = (
            f" If they are news, release them with `monitor articles release {line.source_id}`."
            if with_commands
            else ""
        )
        articles = format_count(line.article_count, "article")
        verb = "was" if line.article_count == 1 else "were"
        notices.append(f"{line.outlet}: {articles} {verb} quarantined ({line.reason}).{release}")
    if len(lines) > MAX_SOURCES_SHOWN:
        notices.append(
            f"The same applies to "
            f"{sum(line.article_count for line in lines[MAX_SOURCES_SHOWN:])} articles of other sources."
        )
    return tuple(notices)


def format_retractions(retractions: Sequence[Retraction], officials: Iterable[Official]) -> tuple[str, ...]:
    """Return one notice for each reader's verdict that withdraws hits.

    ``retractions`` are the withdrawn hits that this digest plan has reported before.
    """
    names = {official.id: official.name for official in officials}
    by_verdict: dict[int, list[Retraction]] = {}
    for one in retractions:
        by_verdict.setdefault(one.verdict_id, []).append(one)
    notices = []
    for group in by_verdict.values():
        first = group[0]
        ids = dict.fromkeys(official for one in group for official in one.official_ids if official)
        people = ", ".join(names.get(official, official) for official in ids)
        outlets = list(dict.fromkeys(one.outlet for one in group))
        more = f" and {len(outlets) - 1} more" if len(outlets) > 1 else ""
        subject = f" about {people}" if people else ""
        notices.append(
            f"Taken back{subject}: \u201c{first.title}\u201d ({outlets[0]}{more}), reported before and {first.verdict}."
        )
    return tuple(notices)


WEEK = timedelta(days=7)
MAX_SPELLINGS_SHOWN, MAX_SPELLINGS_QUERIED = 5, 50  # spellings shown in the notice, and read to choose them
EXCLUDED_REASON_PREFIX = "cancelled by the phrase"
"""Prefix of the rejection reason of a mention that an exclude phrase has cancelled.

Such a mention is not reported as a near miss, because the user has asked for the rejection.
"""


def find_weekly_window(plan: DigestPlan, window: Window) -> Window | None:
    """Return the week for which a digest reports near misses, or None if the digest does not report them.

    ``window`` is the period of the digest. If a calendar week begins in it, the result is the seven days before the end
    of ``window``. The week begins on Monday in the time zone of the digest plan. A digest with fixed times therefore
    reports near misses once a week, in its first digest after Sunday. For an immediate digest, the result is always
    None.
    """
    if plan.schedule.is_immediate:
        return None
    zone = ZoneInfo(plan.timezone)
    start, end = (at.astimezone(zone).isocalendar()[:2] for at in (window.start_at, window.end_at))
    return Window(window.end_at - WEEK, window.end_at) if start != end else None


def format_near_miss_notices(lines: Sequence[NearMissSummary], officials: Iterable[Official]) -> tuple[str, ...]:
    """Return one notice with the most frequent near misses; without any, return no notice.

    A near miss is a text that resembles a watched name but was not counted as a mention. Texts that an exclude phrase
    has cancelled are left out.
    """
    excluded = {_build_occurrence_key(line) for line in lines if line.reason.startswith(EXCLUDED_REASON_PREFIX)}
    lines = [line for line in lines if _build_occurrence_key(line) not in excluded]
    if not lines:
        return ()
    names = {official.id: official.name for official in officials}
    spellings = "; ".join(islice((_format_near_miss(line, names) for line in lines), MAX_SPELLINGS_SHOWN))
    more = " and more" if len(lines) > MAX_SPELLINGS_SHOWN else ""
    suggestion = "If one of them was meant, add it as an alias of the person."
    return (
        f"Not counted last week, in articles that do not name the person otherwise: {spellings}{more}. {suggestion}",
    )


def format_repeated_rejections(found: Sequence[RepeatedRejection], officials: Iterable[Official]) -> tuple[str, ...]:
    """Return one notice with the spellings of names that readers have often rejected in the last 30 days.

    Without any such spelling, no notice is returned.
    """
    if not found:
        return ()
    names = {official.id: official.name for official in officials}
    parts = [
        f"{names.get(one.official_id, one.official_id)}"
        + (f" as \u201c{one.written}\u201d" if one.written else "")
        + f", {one.count} times"
        for one in found[:MAX_SPELLINGS_SHOWN]
    ]
    return (f"Rejected by readers in the last 30 days: {'; '.join(parts)}. `monitor suggest` shows what would help.",)


def _build_occurrence_key(line: NearMissSummary) -> tuple[object, ...]:
    """Return a key that is the same for all near misses with the same text in the same articles.

    Their reasons may differ.
    """
    return line.official_id, line.text, line.article_count, line.article_id


def _format_near_miss(line: NearMissSummary, names: Mapping[str, str]) -> str:
    articles = "one article" if line.article_count == 1 else f"{line.article_count} articles"
    return f"\u201c{line.text}\u201d for {names.get(line.official_id, line.official_id)} in {articles} ({line.reason})"


def format_unreached_notice(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """Return one sentence with the number of recipients that these deliveries did not reach.

    If all were reached, no sentence is returned. Names and reasons are left out, because they are not for readers.
    Reports to the operator do not count.
    """
    targets = {
        (delivery.message.channel_id, delivery.message.target)
        for delivery in deliveries
        if delivery.message.plan_id != OPERATOR_PLAN_ID
    }
    if not targets:
        return ()
    return (f"{'One recipient' if len(targets) == 1 else f'{len(targets)} recipients'} could not be reached.",)


def format_muted_notices(marked: MarkedHits, zone: ZoneInfo) -> list[str]:
    """Return one line for each muted story with hidden hits.

    It states the number of hidden articles, and the time until which the story is muted.
    """
    notices = []
    for one, hits in marked.hidden.values():
        if one.mark.kind is MarkKind.MUTED:
            count = len({hit.article_id for hit in hits})
            reports = "one report" if count == 1 else f"{count} reports"
            until = f" (until {one.ends_at.astimezone(zone):%-d %b %Y})" if one.ends_at else ""
            notices.append(f"Muted: {reports} of “{one.title}” [{one.mark.story_id}]{until}.")
    return notices
